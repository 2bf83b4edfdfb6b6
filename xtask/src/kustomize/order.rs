//! The order of the result: `sortOptions` and `--reorder`.
//!
//! Source: kustomize's `SortOrderTransformer`.

use std::cmp::Ordering;

use super::kustomization::LegacyOrder;
use crate::{
    resource::{Gvk, Resource},
    yaml::Text,
};

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Compares two kinds in kustomize's own order, whatever a kustomization says.
pub fn compare_kinds(a: &Gvk, b: &Gvk) -> Ordering {
    let key = |gvk: &Gvk| {
        let place = |kinds: &[&str]| kinds.iter().position(|kind| *kind == gvk.kind);
        let rank = match (place(&FIRST), place(&LAST)) {
            (Some(at), _) => (0, at),
            (None, None) => (1, 0),
            (None, Some(at)) => (2, at),
        };
        (rank, stable_name(gvk))
    };
    key(a).cmp(&key(b))
}

fn or(text: &Text, other: &'static str) -> Text {
    if text.is_empty() { Text::const_new(other) } else { text.clone() }
}

fn stable_name(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

/// Sorts by kind, those of `order` first and last; then by group, version, kind, namespace, name.
pub fn legacy(resources: &mut [Resource], order: Option<&LegacyOrder>) {
    let texts = |kinds: &[&'static str]| kinds.iter().map(|&kind| Text::const_new(kind)).collect();
    let default = LegacyOrder { first: texts(&FIRST), last: texts(&LAST) };
    let order = order.unwrap_or(&default);
    let rank = |kind: &str| -> isize {
        let place = |kinds: &[Text]| kinds.iter().rposition(|other| other == kind);
        let signed = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
        match (place(&order.last), place(&order.first)) {
            (Some(at), _) => signed(at) + 1,
            (None, Some(at)) => signed(at) - signed(order.first.len()),
            (None, None) => 0,
        }
    };
    resources.sort_by_cached_key(|resource| {
        let id = resource.id();
        Key {
            rank: rank(&id.gvk.kind),
            gvk: stable_name(&id.gvk),
            id: format!("{}|{}|{}", id.gvk, or(&id.namespace, "~X"), or(&id.name, "~N")),
            is_namespace: is_namespace(&id.gvk),
            is_core: id.gvk.group.is_empty(),
        }
    });
}

fn is_namespace(gvk: &Gvk) -> bool {
    gvk.kind == "Namespace"
}

#[derive(PartialEq, Eq)]
struct Key {
    rank: isize,
    gvk: String,
    id: String,
    is_namespace: bool,
    is_core: bool,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank
            .cmp(&other.rank)
            .then_with(|| {
                // Kubernetes' own namespaces come before the same kind of other groups.
                if self.is_namespace && other.is_namespace {
                    other.is_core.cmp(&self.is_core).then_with(|| self.gvk.cmp(&other.gvk))
                } else {
                    self.gvk.cmp(&other.gvk)
                }
            })
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
