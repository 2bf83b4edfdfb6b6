//! Whether what is named is there: an object, what another one makes, what every cluster has, or
//! what is declared.

use super::{
    kinds::NAMESPACE,
    name::Target,
    produced::{Produced, Production},
};
use crate::cluster::{Cluster, External, Object};

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'f, 'a> {
    /// An object.
    Object(&'f Object<'a>),
    /// What another object makes.
    Produced(&'f Produced<'a>),
    /// What is declared to be there.
    External(&'a External),
    /// What every cluster has, or what cannot be known from here.
    Given,
}

/// What every cluster has: group, kind, namespace and name. An empty namespace stands for every one,
/// and a name that ends in `*` for all that begin with the rest.
///
/// Source: the bootstrap policy of Kubernetes' RBAC, its service account and root CA controllers,
/// and the built-in classes of its API server.
const GIVEN: &[(&str, &str, &str, &str)] = &[
    ("", "ConfigMap", "", "kube-root-ca.crt"),
    ("", "Service", "default", "kubernetes"),
    ("", "ServiceAccount", "", "default"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "catch-all"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "exempt"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "global-default"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "leader-election"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "node-high"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "system"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", "workload-*"),
    ("rbac.authorization.k8s.io", "ClusterRole", "", "admin"),
    ("rbac.authorization.k8s.io", "ClusterRole", "", "cluster-admin"),
    ("rbac.authorization.k8s.io", "ClusterRole", "", "edit"),
    ("rbac.authorization.k8s.io", "ClusterRole", "", "system:*"),
    ("rbac.authorization.k8s.io", "ClusterRole", "", "view"),
    ("scheduling.k8s.io", "PriorityClass", "", "system-*"),
];

/// The namespaces of what the cluster itself runs, of which nothing is known here.
pub(super) const SYSTEM_NAMESPACES: &[&str] = &["kube-node-lease", "kube-public", "kube-system"];

/// Finds what is named.
pub(super) struct Resolver<'c, 'a> {
    pub cluster: &'c Cluster<'a>,
    pub production: Production<'a>,
}

impl<'c, 'a> Resolver<'c, 'a> {
    pub fn new(cluster: &'c Cluster<'a>) -> Self {
        Self { cluster, production: Production::of(cluster) }
    }

    /// What a name stands for that an object in a namespace uses; `None` for nothing.
    pub fn find<'f>(&'f self, from: &Object<'_>, target: &Target<'_>) -> Option<Found<'f, 'a>> {
        let Target { group, kind, name, .. } = *target;
        let namespace = target.namespace.as_deref();
        let object = match namespace {
            Some(namespace) => self.cluster.find(group, kind, namespace, name),
            None => self.cluster.find_unscoped(group, kind, name),
        };
        match (object, self.production.find(target)) {
            // What adds to an object may add any key.
            (Some(_), Some(produced)) if produced.keys.is_none() => {
                return Some(Found::Produced(produced));
            }
            (Some(object), _) => return Some(Found::Object(object)),
            (None, Some(produced)) => return Some(Found::Produced(produced)),
            (None, None) => {}
        }
        let written = namespace.unwrap_or_default();
        if is_given(target)
            || self.production.has_class(target)
            || namespace.is_some_and(|one| SYSTEM_NAMESPACES.contains(&one))
        {
            return Some(Found::Given);
        }
        if let Some(external) = self.cluster.external(group, kind, written, name) {
            return Some(Found::External(external));
        }
        // What is in a namespace of others is theirs; what an object uses beside it is not.
        let is_elsewhere = namespace.is_some_and(|one| {
            from.namespace() != one && self.cluster.external("", NAMESPACE.kind, "", one).is_some()
        });
        is_elsewhere.then_some(Found::Given)
    }
}

fn is_given(target: &Target<'_>) -> bool {
    let namespace = target.namespace.as_deref().unwrap_or_default();
    GIVEN.iter().any(|&(group, kind, within, name)| {
        let is_name = match name.strip_suffix('*') {
            Some(start) => target.name.starts_with(start),
            None => target.name == name,
        };
        is_name
            && target.kind == kind
            && target.group == group
            && (within.is_empty() || within == namespace)
    })
}
