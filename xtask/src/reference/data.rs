//! The keys in the data of a ConfigMap or a Secret.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    kinds::{CONFIG_MAP, SECRET},
    resolve::Found,
};
use crate::{
    cluster::Object,
    diag::Anchor,
    yaml::{Node, Text},
};

/// The fields that hold the data of a ConfigMap or a Secret.
const DATA: [&str; 3] = ["data", "binaryData", "stringData"];

/// The keys of the objects that were asked for.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    of_objects: BTreeMap<(Text, Text, Text), BTreeSet<&'a str>>,
}

impl<'a> Keys<'a> {
    /// Whether there is a key; `None` if that cannot be known.
    pub fn has(&mut self, found: &Found<'_, 'a>, key: &str) -> Option<bool> {
        match found {
            Found::Object(object) => {
                (!is_filled_later(object)).then(|| self.of(object).contains(key))
            }
            Found::Produced(produced) => Some(produced.keys.as_ref()?.contains(&key)),
            Found::External(external) => {
                let keys = &external.keys;
                (!keys.is_empty()).then(|| keys.iter().any(|one| one == key))
            }
            Found::Given => None,
        }
    }

    /// The keys that there are, as far as they are known.
    pub fn all(&mut self, found: &Found<'_, 'a>) -> Vec<&'a str> {
        match found {
            Found::Object(object) => self.of(object).iter().copied().collect(),
            Found::Produced(produced) => produced.keys.clone().unwrap_or_default(),
            Found::External(external) => external.keys.iter().map(String::as_str).collect(),
            Found::Given => Vec::new(),
        }
    }

    fn of(&mut self, object: &Object<'a>) -> &BTreeSet<&'a str> {
        let id = (object.id.gvk.kind.clone(), object.namespace(), object.id.name.clone());
        self.of_objects.entry(id).or_insert_with(|| keys(object.node).collect())
    }
}

/// The keys of the data of an object.
fn keys(node: &Node) -> impl Iterator<Item = &str> {
    let maps = DATA.into_iter().filter_map(|field| node.get(field)?.as_mapping());
    maps.flatten().map(|entry| entry.key.as_str())
}

/// Whether an object has no data although it is one that holds some.
pub(super) fn is_empty(object: &Object<'_>) -> bool {
    (object.is(CONFIG_MAP.group, CONFIG_MAP.kind) || object.is(SECRET.group, SECRET.kind))
        && keys(object.node).next().is_none()
}

/// Whether something in the cluster fills an object that has no data: it is a token, or it is marked
/// with an annotation or a label for whoever does.
pub(super) fn is_filled_later(object: &Object<'_>) -> bool {
    let has = |path: &[&str]| {
        let map = object.node.at(path).and_then(Node::as_mapping);
        map.into_iter().flatten().any(|entry| !is_common(&entry.key))
    };
    is_empty(object)
        && (object.node.get("type").is_some_and(|one| one.as_str() != Some("Opaque"))
            || has(&["metadata", "annotations"])
            || has(&["metadata", "labels"]))
}

/// Whether a label or annotation describes an object for people, or is for what applies it.
fn is_common(key: &str) -> bool {
    let Some((prefix, _)) = key.split_once('/') else { return true };
    matches!(
        prefix,
        "app.kubernetes.io" | "argocd.argoproj.io" | "config.kubernetes.io" | "helm.sh"
    )
}

/// Where the data of an object is written, or its name if there is none.
pub(super) fn anchor(object: &Object<'_>) -> Anchor {
    let mapping = object.node.as_mapping();
    let mut entries = DATA.into_iter().filter_map(|field| mapping?.entry(field));
    entries.next().map_or_else(|| object.name_anchor(), |entry| object.at(entry.key_span))
}
