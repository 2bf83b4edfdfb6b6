//! Objects that no manifest has, because an object makes them: the Secret of a Certificate, the
//! claims of a StatefulSet.
//!
//! Source: the types of the controllers that make them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    certificates,
    field::Field,
    kinds::{CONFIG_MAP, NAMESPACE, PERSISTENT_VOLUME_CLAIM, SECRET, STORAGE_CLASS},
    name::{Kind, Target},
};
use crate::{
    cluster::{Cluster, Object},
    diag::Anchor,
    yaml::Text,
};

/// An object that another one makes.
#[derive(Clone, Debug)]
pub(super) struct Produced<'a> {
    /// What makes it, for messages: ``Certificate `web` ``.
    pub by: String,
    /// Where its name is written.
    pub at: Anchor,
    /// The keys of its data, if they are known.
    pub keys: Option<Vec<&'a str>>,
}

/// All objects that others make.
#[derive(Debug, Default)]
pub(super) struct Production<'a> {
    /// By kind, namespace and name. An empty namespace stands for every one, and a name that ends
    /// in `-*` for all that have a number there.
    made: BTreeMap<(Text, Text, Text), Produced<'a>>,
    /// The classes of volumes that are made by hand, which need no object.
    classes: BTreeSet<&'a str>,
}

/// Kinds that make a Secret whose keys are not known: where its name is.
const SECRET_MAKERS: &[(&str, &str, &str)] = &[
    ("onepassword.com", "OnePasswordItem", "metadata.name"),
    ("secrets.hashicorp.com", "VaultDynamicSecret", "spec.destination.name"),
    ("secrets.hashicorp.com", "VaultPKISecret", "spec.destination.name"),
    ("secrets.hashicorp.com", "VaultStaticSecret", "spec.destination.name"),
];

impl<'a> Production<'a> {
    /// What the objects of a cluster make.
    pub fn of(cluster: &Cluster<'a>) -> Self {
        let mut production = Self::default();
        let cluster_namespace = certificates::cluster_namespace(cluster);
        for object in cluster.objects() {
            certificates::produced(object, &cluster_namespace, &mut production);
            of_object(object, &mut production);
        }
        production
    }

    /// The object that is named, if another one makes it.
    pub fn find(&self, target: &Target<'_>) -> Option<&Produced<'a>> {
        if self.made.is_empty() || !target.group.is_empty() {
            return None;
        }
        let kind = Text::from(target.kind);
        let get = |namespace: Text, name: &str| {
            self.made.get(&(kind.clone(), namespace, Text::from(name)))
        };
        let namespace = target.namespace.clone().unwrap_or_default();
        let numbered = target
            .name
            .rsplit_once('-')
            .filter(|(_, number)| target.kind == PERSISTENT_VOLUME_CLAIM.kind && is_number(number));
        get(namespace.clone(), target.name)
            .or_else(|| get(Text::default(), target.name))
            .or_else(|| get(namespace, &format!("{}-*", numbered?.0)))
    }

    /// Whether volumes that are made by hand are of a class.
    pub fn has_class(&self, target: &Target<'_>) -> bool {
        target.kind == STORAGE_CLASS.kind
            && target.group == STORAGE_CLASS.group
            && self.classes.contains(target.name)
    }

    /// The names of what is made of a kind in a namespace.
    pub fn names(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &str> {
        let (kind, namespace) = (Text::from(kind), Text::from(namespace));
        let first = (kind.clone(), namespace.clone(), Text::default());
        let rest = self.made.range(first..);
        rest.take_while(move |((one, other, _), _)| *one == kind && *other == namespace)
            .map(|((_, _, name), _)| name.as_str())
    }

    /// That an object makes one of a kind, whose name is in a field.
    pub(super) fn add(
        &mut self,
        by: &Object<'a>,
        kind: Kind,
        namespace: Text,
        name: Field<'a, '_>,
        keys: Option<Vec<&'a str>>,
    ) {
        let Some(text) = name.text() else { return };
        self.insert(by, kind, (namespace, text.into()), name, keys);
    }

    fn insert(
        &mut self,
        by: &Object<'a>,
        kind: Kind,
        (namespace, name): (Text, Text),
        at: Field<'a, '_>,
        keys: Option<Vec<&'a str>>,
    ) {
        let produced = Produced { by: by.to_string(), at: by.at(at.node.span), keys };
        self.made.entry((kind.kind.into(), namespace, name)).or_insert(produced);
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn of_object<'a>(object: &Object<'a>, out: &mut Production<'a>) {
    let root = Field::root(object.node);
    let gvk = &object.id.gvk;
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "PersistentVolume") => out.classes.extend(root.text_at("spec.storageClassName")),
        ("apps", "StatefulSet") => claims(object, &root, out),
        ("argoproj.io", "Application") => namespace_of_application(object, &root, out),
        ("argoproj.io", "ApplicationSet") => {
            if let Some(template) = root.get("spec.template") {
                namespace_of_application(object, &template, out);
            }
        }
        ("bitnami.com", "SealedSecret") => sealed_secret(object, &root, out),
        ("external-secrets.io", "ExternalSecret") => external_secret(object, &root, out),
        ("external-secrets.io", "ClusterExternalSecret") => {
            let own = root.get("metadata.name");
            let name = root.get("spec.externalSecretSpec.target.name");
            let name = name.or_else(|| root.get("spec.externalSecretName")).or(own);
            if let Some(name) = name {
                out.add(object, SECRET, Text::default(), name, None);
            }
        }
        ("trust.cert-manager.io", "Bundle") => bundle(object, &root, out),
        (group, kind) => {
            let maker = SECRET_MAKERS.iter().find(|maker| maker.0 == group && maker.1 == kind);
            let name = maker.and_then(|maker| root.get(maker.2));
            if let Some(name) = name.or_else(|| root.get("spec.writeConnectionSecretToRef.name")) {
                let namespace = root.text_at("spec.writeConnectionSecretToRef.namespace");
                let namespace = namespace.map_or_else(|| object.namespace(), Text::from);
                out.add(object, SECRET, namespace, name, None);
            }
        }
    }
}

/// A claim for each template and pod, `<template>-<set>-<number>`.
fn claims<'a>(object: &Object<'a>, root: &Field<'a, '_>, out: &mut Production<'a>) {
    for template in root.items("spec.volumeClaimTemplates") {
        let Some(at) = template.get("metadata.name") else { continue };
        let Some(name) = at.text() else { continue };
        let name = Text::from(format!("{name}-{}-*", object.id.name));
        out.insert(object, PERSISTENT_VOLUME_CLAIM, (object.namespace(), name), at, None);
    }
}

/// The namespace that Argo CD makes if it is asked to.
fn namespace_of_application<'a>(
    object: &Object<'a>,
    root: &Field<'a, '_>,
    out: &mut Production<'a>,
) {
    let mut options = root.items("spec.syncPolicy.syncOptions");
    if options.any(|option| option.text() == Some("CreateNamespace=true"))
        && let Some(name) = root.get("spec.destination.namespace")
    {
        out.add(object, NAMESPACE, Text::default(), name, None);
    }
}

fn sealed_secret<'a>(object: &Object<'a>, root: &Field<'a, '_>, out: &mut Production<'a>) {
    let own = root.get("metadata.name");
    let Some(name) = root.get("spec.template.metadata.name").or(own) else { return };
    let maps = ["spec.encryptedData", "spec.template.data"].map(|path| root.get(path));
    let keys =
        maps.iter().flatten().flat_map(|map| map.entries().map(|(key, _)| key).collect::<Vec<_>>());
    out.add(object, SECRET, object.namespace(), name, Some(keys.collect()));
}

/// The keys are known if each is listed: the ones of a template take the place of all others unless
/// they are to be merged.
fn external_secret<'a>(object: &Object<'a>, root: &Field<'a, '_>, out: &mut Production<'a>) {
    let own = root.get("metadata.name");
    let Some(name) = root.get("spec.target.name").or(own) else { return };
    let all = root.get("spec.dataFrom").or_else(|| root.get("spec.target.template.templateFrom"));
    let is_merged = root.text_at("spec.target.creationPolicy") == Some("Merge");
    let keys = (all.is_none() && !is_merged).then(|| {
        let data: Vec<_> = root.items("spec.data").collect();
        let data = data.iter().filter_map(|one| one.text_at("secretKey"));
        let template = root.get("spec.target.template.data");
        let template =
            template.iter().flat_map(|map| map.entries().map(|(key, _)| key).collect::<Vec<_>>());
        data.chain(template).collect()
    });
    out.add(object, SECRET, object.namespace(), name, keys);
}

/// A ConfigMap or a Secret in every namespace that is selected.
fn bundle<'a>(object: &Object<'a>, root: &Field<'a, '_>, out: &mut Production<'a>) {
    let Some(name) = root.get("metadata.name") else { return };
    for (field, kind) in [("spec.target.configMap", CONFIG_MAP), ("spec.target.secret", SECRET)] {
        if root.get(field).is_some() {
            out.add(object, kind, Text::default(), name, None);
        }
    }
}
