//! What tells that something which is not seen here works on an object: a label or an annotation
//! that only such objects have.

use std::collections::BTreeSet;

use super::kinds::{CONFIG_MAP, SECRET};
use crate::{
    cluster::{Cluster, Object},
    yaml::Node,
};

/// The labels and annotations that say nothing of who works on an object.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    /// Those that objects of other kinds have as well.
    shared: BTreeSet<&'a str>,
}

/// Prefixes of labels and annotations that describe an object.
const DESCRIPTIVE: &[&str] = &[
    "app.kubernetes.io",
    "config.kubernetes.io",
    "helm.sh",
    "internal.config.kubernetes.io",
    "kubectl.kubernetes.io",
];

/// Annotations that say how an object is applied.
const APPLYING: &[&str] = &[
    "argocd.argoproj.io/compare-options",
    "argocd.argoproj.io/hook",
    "argocd.argoproj.io/hook-delete-policy",
    "argocd.argoproj.io/sync-options",
    "argocd.argoproj.io/sync-wave",
];

impl<'a> Marks<'a> {
    /// The labels and annotations of a cluster's objects.
    pub fn of(cluster: &Cluster<'a>) -> Self {
        let others = cluster.objects().iter().filter(|object| !holds_data(object));
        Self { shared: others.flat_map(|object| keys(object)).collect() }
    }

    /// Whether an object is marked for something that is not seen here.
    pub fn is_marked(&self, object: &Object<'_>) -> bool {
        keys(object).any(|key| {
            let prefix = key.split_once('/').map(|(prefix, _)| prefix);
            !prefix.is_some_and(|prefix| DESCRIPTIVE.contains(&prefix))
                && !APPLYING.contains(&key)
                && !self.shared.contains(key)
        })
    }
}

/// Whether an object is a ConfigMap or a Secret.
pub(super) fn holds_data(object: &Object<'_>) -> bool {
    [CONFIG_MAP, SECRET].iter().any(|kind| object.is(kind.group, kind.kind))
}

/// The keys of the labels and annotations of an object.
fn keys<'a>(object: &Object<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let node = object.node;
    let maps = ["labels", "annotations"].into_iter().filter_map(|map| node.at(&["metadata", map]));
    maps.filter_map(Node::as_mapping).flatten().map(|entry| entry.key.as_str())
}
