//! What the API server knows of kinds: the resource, the versions, whether there are namespaces.
//!
//! Source: the discovery of Kubernetes 1.36 for its own kinds, definitions in the cluster for others.
//! A custom kind without a definition has its resource by the rule that controller-gen has, and is
//! in a namespace if it says so.

use std::collections::BTreeMap;

use compact_str::{ToCompactString, format_compact};

use super::super::object::{namespace, text};
use crate::{
    cluster::Cluster,
    resource::Gvk,
    yaml::{Node, Text},
};

/// The kinds that decide what an API server takes.
pub(super) const ADMISSION: (&str, &[&str]) = (
    super::GROUP,
    &[
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ],
);

/// The kinds of Kubernetes that are in no namespace, with their groups.
const CLUSTER_SCOPED: &[(&str, &[&str])] = &[
    ("", &["Namespace", "Node", "PersistentVolume"]),
    ADMISSION,
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    (
        "authorization.k8s.io",
        &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
];

/// The versions of the one kind of Kubernetes that is served in several.
const AUTOSCALER_VERSIONS: [&str; 2] = ["v1", "v2"];

/// The definitions of custom kinds in a cluster.
#[derive(Debug, Default)]
pub(super) struct Kinds<'a> {
    /// By group and kind.
    defined: BTreeMap<(Text, Text), Definition<'a>>,
}

#[derive(Debug)]
struct Definition<'a> {
    plural: &'a str,
    is_namespaced: bool,
    /// Those that are served, each with its schema.
    versions: Vec<(&'a str, Option<&'a Node>)>,
    /// Whether objects become other versions by nothing but their `apiVersion`.
    is_plain: bool,
}

/// Another version in which an object can be asked for.
#[derive(Clone, Debug)]
pub(super) struct Equivalent {
    pub version: Text,
    /// Whether it differs in nothing but the version.
    pub is_plain: bool,
}

/// The groups of Kubernetes itself with kinds in namespaces only. Projects of Kubernetes have groups
/// that end in the same way, and custom kinds.
const OTHER_GROUPS: [&str; 8] = [
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "policy",
];

/// Whether a group is one of Kubernetes itself.
pub(super) fn is_built_in(group: &str) -> bool {
    OTHER_GROUPS.contains(&group) || CLUSTER_SCOPED.iter().any(|(one, _)| *one == group)
}

impl<'a> Kinds<'a> {
    /// Those that are defined in a cluster.
    pub fn of(cluster: &Cluster<'a>) -> Self {
        let definitions = cluster.of_kind("apiextensions.k8s.io", "CustomResourceDefinition");
        let each = definitions.filter_map(|one| {
            let spec = one.node.get("spec")?;
            let key = (spec.text_at(&["group"])?.into(), spec.text_at(&["names", "kind"])?.into());
            let versions = spec.get("versions").and_then(Node::as_sequence).unwrap_or_default();
            let served = versions.iter().filter_map(|version| {
                let is_served = version.get("served").and_then(Node::scalar_text) == Some("true");
                let schema = version.at(&["schema", "openAPIV3Schema"]);
                is_served.then_some((version.text_at(&["name"])?, schema))
            });
            let definition = Definition {
                plural: spec.text_at(&["names", "plural"])?,
                is_namespaced: spec.text_at(&["scope"]) != Some("Cluster"),
                versions: served.collect(),
                is_plain: spec.text_at(&["conversion", "strategy"]) != Some("Webhook"),
            };
            Some((key, definition))
        });
        Self { defined: each.collect() }
    }

    fn defined(&self, gvk: &Gvk) -> Option<&Definition<'a>> {
        self.defined.get(&(gvk.group.clone(), gvk.kind.clone()))
    }

    /// The resource of a kind: what rules name.
    pub fn resource(&self, gvk: &Gvk) -> Text {
        if let Some(defined) = self.defined(gvk) {
            return defined.plural.into();
        }
        plural(&gvk.kind)
    }

    /// Whether an object of a kind is in a namespace.
    pub fn is_namespaced(&self, gvk: &Gvk, object: Option<&Node>) -> bool {
        if let Some(defined) = self.defined(gvk) {
            return defined.is_namespaced;
        }
        if is_built_in(&gvk.group) {
            let known = CLUSTER_SCOPED.iter().find(|(group, _)| *group == gvk.group);
            return !known.is_some_and(|(_, kinds)| kinds.contains(&gvk.kind.as_str()));
        }
        object.is_none_or(|object| !namespace(object).is_empty())
    }

    /// The schema of a custom kind, if that is known.
    pub fn schema(&self, gvk: &Gvk) -> Option<&'a Node> {
        let defined = self.defined(gvk)?;
        defined.versions.iter().find(|(name, _)| *name == gvk.version)?.1
    }

    /// The other versions that are served of a kind.
    pub fn equivalents(&self, gvk: &Gvk) -> Vec<Equivalent> {
        let other = |name: &&str, is_plain| {
            let version = name.to_compact_string();
            (version != gvk.version).then_some(Equivalent { version, is_plain })
        };
        if let Some(defined) = self.defined(gvk) {
            let names = defined.versions.iter().map(|(name, _)| name);
            return names.filter_map(|name| other(name, defined.is_plain)).collect();
        }
        if gvk.group == "autoscaling" && gvk.kind == "HorizontalPodAutoscaler" {
            return AUTOSCALER_VERSIONS.iter().filter_map(|name| other(name, false)).collect();
        }
        Vec::new()
    }
}

/// The resource of a kind by rule.
fn plural(kind: &str) -> Text {
    let name = kind.to_lowercase();
    let is_vowel = |c: char| "aeiou".contains(c);
    if name == "endpoints" {
        return name.into();
    }
    if let Some(stem) = name.strip_suffix('y')
        && !stem.ends_with(is_vowel)
    {
        return format_compact!("{stem}ies");
    }
    let takes_es = ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end));
    format_compact!("{name}{}", if takes_es { "es" } else { "s" })
}

/// The group, version and kind of parameters.
pub(super) fn of_parameters(policy: &Node) -> Option<Gvk> {
    let kind = policy.at(&["spec", "paramKind"]).filter(|kind| !kind.is_null())?;
    Some(Gvk::new(text(kind, &["apiVersion"]), text(kind, &["kind"])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_kinds_of_projects_of_kubernetes_are_custom_kinds() {
        for group in ["", "apps", "policy", "rbac.authorization.k8s.io", "storage.k8s.io"] {
            assert!(is_built_in(group), "{group}");
        }
        for group in ["gateway.networking.k8s.io", "snapshot.storage.k8s.io", "cert-manager.io"] {
            assert!(!is_built_in(group), "{group}");
        }
    }

    #[test]
    fn a_kind_has_its_resource_by_rule() {
        let table = [
            ("Pod", "pods"),
            ("Endpoints", "endpoints"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Gateway", "gateways"),
            ("IPAddress", "ipaddresses"),
            ("StorageClass", "storageclasses"),
            ("ServiceCIDR", "servicecidrs"),
            ("CSIStorageCapacity", "csistoragecapacities"),
            ("Prometheus", "prometheuses"),
        ];
        for (kind, resource) in table {
            assert_eq!(plural(kind), resource);
        }
    }
}
