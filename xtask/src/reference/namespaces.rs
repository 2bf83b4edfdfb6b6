//! Namespaces that objects are in and that nothing makes.

use std::collections::{BTreeMap, BTreeSet};

use super::{kinds::NAMESPACE, missing::near, resolve::Resolver};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    resource::is_known,
    yaml::{Node, Text},
};

/// Kinds whose objects are in no namespace, of groups that have others as well, beside those that
/// kustomize knows.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("cert-manager.io", "ClusterIssuer"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterPushSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

/// Groups whose other kinds all have namespaces.
const NAMESPACED_GROUPS: &[&str] = &[
    "acme.cert-manager.io",
    "argoproj.io",
    "bitnami.com",
    "cert-manager.io",
    "external-secrets.io",
    "externaldns.k8s.io",
    "gateway.networking.k8s.io",
    "monitoring.coreos.com",
    "resource.k8s.io",
    "snapshot.storage.k8s.io",
    "traefik.io",
];

/// Checks the namespaces of all objects, each once for every application that uses it.
pub(super) fn check(resolver: &Resolver<'_, '_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let cluster = resolver.cluster;
    let names = || cluster.of_kind("", NAMESPACE.kind).map(|object| object.id.name.as_str());
    // Some files rarely have the namespaces that they are for.
    if !cluster.is_closed() && names().next().is_none() {
        return;
    }
    let namespaced = defined(cluster);
    let mut used: BTreeMap<(Text, &str), (&Object<'_>, &Node, usize)> = BTreeMap::new();
    for object in cluster.objects() {
        let Some(node) = object.node.at(&["metadata", "namespace"]) else { continue };
        let Some(namespace) = node.as_str().filter(|name| !name.is_empty()) else { continue };
        if is_namespaced(object, &namespaced) {
            let place = used.entry((namespace.into(), object.app));
            place.or_insert((object, node, 0)).2 += 1;
        }
    }
    for ((namespace, app), (object, node, count)) in used {
        if cluster.has_namespace(&namespace)
            || resolver.production.find(&NAMESPACE.named(Text::default(), &namespace)).is_some()
        {
            continue;
        }
        let message = if count == 1 {
            format!("{object} is in namespace `{namespace}`, which nothing makes")
        } else {
            format!(
                "{count} objects of `{app}` are in namespace `{namespace}`, which nothing makes"
            )
        };
        let code = codes::REFERENCE_MISSING_NAMESPACE;
        let diagnostic = cluster.missing(code, message, object.at(node.span));
        let names: Vec<_> = names().take(MAX_COMPARED).collect();
        out.push(match near(&namespace, &names) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }
}

/// How many namespaces are compared with a wrong one.
const MAX_COMPARED: usize = 200;

/// Whether objects of the kind of this one are in no namespace for certain.
pub(super) fn is_unscoped(object: &Object<'_>) -> bool {
    let gvk = &object.id.gvk;
    object.id.is_cluster_scoped || CLUSTER_SCOPED.contains(&(gvk.group.as_str(), gvk.kind.as_str()))
}

/// Whether objects of a kind are in namespaces for certain.
fn is_namespaced(object: &Object<'_>, defined: &BTreeSet<(&str, &str)>) -> bool {
    let gvk = &object.id.gvk;
    let (group, kind) = (gvk.group.as_str(), gvk.kind.as_str());
    if is_unscoped(object) {
        return false;
    }
    is_known(group, &gvk.version, kind)
        || !group.contains('.')
        || NAMESPACED_GROUPS.contains(&group)
        || defined.contains(&(group, kind))
}

/// The kinds with namespaces that the objects of a cluster define.
fn defined<'a>(cluster: &Cluster<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let definitions = cluster.of_kind("apiextensions.k8s.io", "CustomResourceDefinition");
    let mut defined = BTreeSet::new();
    for definition in definitions {
        let node = definition.node;
        let text = |path: &[&str]| node.at(path).and_then(Node::as_str);
        if text(&["spec", "scope"]) == Some("Namespaced")
            && let Some(group) = text(&["spec", "group"])
            && let Some(kind) = text(&["spec", "names", "kind"])
        {
            defined.insert((group, kind));
        }
    }
    defined
}
