//! `data.inventory`: the other objects of the cluster, for policies that compare.
//!
//! Source: `processUnstructured` and the cache of namespaces in Gatekeeper's `pkg/target`.

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Fault,
    matching::{of_mapping, string},
    object::{get, gvk, is_namespace, name, namespace},
    rego::{Value, value_of},
    secret::{self, Values},
};
use crate::yaml::{Node, Text};

/// Some objects, by what identifies them. Of two with the same identity the later one counts.
#[derive(Debug)]
pub struct Inventory<'a> {
    /// What tells it from every other one of this run.
    pub(super) number: u64,
    /// By scope: `cluster`, or `namespace` and its name; then by group and version, kind and name.
    objects: BTreeMap<Vec<Text>, &'a Node>,
    namespaces: BTreeMap<&'a str, &'a Node>,
    value: OnceLock<Value>,
}

impl Default for Inventory<'_> {
    fn default() -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            objects: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            value: OnceLock::new(),
        }
    }
}

impl<'a> Inventory<'a> {
    /// Adds an object. It needs a version and a kind.
    pub fn add(&mut self, object: &'a Node) -> Result<(), Fault> {
        let gvk = gvk(object);
        let name = name(object);
        for (field, text) in [("version", &gvk.version), ("kind", &gvk.kind)] {
            if text.is_empty() {
                return Err(Fault::new(object, format!("the object `{name}` has no {field}")));
            }
        }
        let namespace = namespace(object);
        let mut path: Vec<Text> = if namespace.is_empty() {
            vec!["cluster".into()]
        } else {
            vec!["namespace".into(), namespace.into()]
        };
        let version = gvk.api_version();
        if is_namespace(&gvk) {
            check_namespace(object)?;
            if namespace.is_empty() && version == "v1" {
                self.namespaces.insert(name, object);
            }
        }
        path.extend([version, gvk.kind, name.into()]);
        self.objects.insert(path, object);
        self.value = OnceLock::new();
        Ok(())
    }

    /// A Namespace among the objects.
    pub fn namespace(&self, name: &str) -> Option<&'a Node> {
        self.namespaces.get(name).copied()
    }

    /// The Secrets in it with placeholders for their values, which are added to `values`.
    pub(super) fn masked(&self, values: &mut Values) -> Masked {
        let secrets = self
            .objects
            .iter()
            .filter_map(|(path, object)| Some((path.clone(), secret::masked(object, values)?)));
        Masked(secrets.collect())
    }

    /// With what is masked in place of what it masks.
    pub(super) fn with<'m>(&self, masked: &'m Masked) -> Inventory<'m>
    where
        'a: 'm,
    {
        let mut objects = self.objects.clone();
        objects.extend(masked.0.iter().map(|(path, object)| (path.clone(), object)));
        Inventory { objects, namespaces: self.namespaces.clone(), ..Inventory::default() }
    }

    /// As the code of a policy sees it. It is made when it is first needed.
    pub(super) fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let mut root = Tree::default();
            for (path, object) in &self.objects {
                let mut tree = &mut root;
                for step in path {
                    tree = tree.children.entry(step).or_default();
                }
                tree.object = Some(object);
            }
            root.value()
        })
    }
}

/// Objects that take the place of those with the same path.
#[derive(Debug, Default)]
pub(super) struct Masked(Vec<(Vec<Text>, Node)>);

impl Masked {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Checks the types of a Namespace, which Gatekeeper reads as what it is.
fn check_namespace(object: &Node) -> Result<(), Fault> {
    let metadata = get(object, "metadata");
    for key in ["labels", "annotations"] {
        let Some(texts) = metadata.and_then(|metadata| get(metadata, key)) else { continue };
        let path = format!("metadata.{key}");
        for entry in of_mapping(texts, &path)?.into_iter().flatten() {
            string(&entry.value, format!("{path}.{}", entry.key))?;
        }
    }
    for key in ["spec", "status"] {
        if let Some(part) = get(object, key) {
            of_mapping(part, key)?;
        }
    }
    Ok(())
}

/// Objects by the steps of their paths.
#[derive(Default)]
struct Tree<'t, 'a> {
    object: Option<&'a Node>,
    children: BTreeMap<&'t str, Tree<'t, 'a>>,
}

impl Tree<'_, '_> {
    fn value(&self) -> Value {
        if let Some(object) = self.object {
            return value_of(object);
        }
        let mut value = Value::new_object();
        if let Ok(map) = value.as_object_mut() {
            for (key, child) in &self.children {
                map.insert(Value::from(*key), child.value());
            }
        }
        value
    }
}
