//! What Gatekeeper's admission is told not to look at.
//!
//! Source: `pkg/webhook/policy.go` and the `Config` resource of Gatekeeper 3.23.1, and the label that
//! its own webhook configuration leaves namespaces out by.

use super::{
    matching::Wildcard,
    namespaces::{Namespaces, name_around},
};
use crate::{
    cluster::{Cluster, Object},
    yaml::Node,
};

/// The label of a namespace whose objects the webhook never sees.
const IGNORE_LABEL: &str = "admission.gatekeeper.sh/ignore";

/// Which objects are not reviewed.
pub(super) struct Exemptions<'a> {
    /// Names of namespaces, with wildcards.
    namespaces: Vec<&'a str>,
}

impl<'a> Exemptions<'a> {
    /// Those of the cluster's `Config`.
    pub(super) fn of(cluster: &Cluster<'a>) -> Self {
        let configs = cluster.of_kind("config.gatekeeper.sh", "Config").map(|one| one.node);
        let entries = configs
            .filter_map(|config| config.at(&["spec", "match"]).and_then(Node::as_sequence))
            .flatten()
            .filter(|entry| texts(entry, "processes").any(|one| one == "*" || one == "webhook"));
        Self { namespaces: entries.flat_map(|one| texts(one, "excludedNamespaces")).collect() }
    }

    /// Whether an object is not reviewed.
    pub(super) fn has(&self, object: &Object<'_>, namespaces: &Namespaces) -> bool {
        let is_namespace = object.is("", "Namespace");
        let name = if is_namespace { Some(object.id.name.clone()) } else { name_around(object) };
        let Some(name) = name else { return false };
        let is_ignored =
            |namespace: &Node| namespace.at(&["metadata", "labels", IGNORE_LABEL]).is_some();
        self.namespaces.iter().any(|exempt| Wildcard(exempt).matches(&name))
            || namespaces.get(&name).is_some_and(is_ignored)
    }
}

/// The texts in a list.
fn texts<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a str> {
    node.get(key).and_then(Node::as_sequence).into_iter().flatten().filter_map(Node::as_str)
}
