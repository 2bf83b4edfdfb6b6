//! What service accounts, bindings of roles and tokens name.
//!
//! Source: the types of Kubernetes' `core/v1` and `rbac/v1`.

use super::{
    field::Field,
    kinds::{SECRET, SERVICE_ACCOUNT},
    name::{Collector, Kind},
    pods,
};
use crate::yaml::Text;

const GROUP: &str = "rbac.authorization.k8s.io";
const ROLE: Kind = Kind::namespaced(GROUP, "Role");
const CLUSTER_ROLE: Kind = Kind::cluster(GROUP, "ClusterRole");

/// The references of an object of one of these kinds.
pub(super) fn references<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let gvk = &out.object.id.gvk;
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ServiceAccount") => {
            for secret in root.items("secrets") {
                out.name(secret.get("name"), SECRET);
            }
            pods::pull_secrets(root, out);
        }
        ("", "Secret") if root.text_at("type") == Some("kubernetes.io/service-account-token") => {
            if let Some(annotations) = root.get("metadata.annotations") {
                out.name(annotations.key("kubernetes.io/service-account.name"), SERVICE_ACCOUNT);
            }
        }
        (GROUP, "RoleBinding" | "ClusterRoleBinding") => binding(root, out),
        _ => {}
    }
}

fn binding<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let role = match root.text_at("roleRef.kind") {
        Some("Role") if out.object.id.gvk.kind == "RoleBinding" => Some(ROLE),
        Some("ClusterRole") => Some(CLUSTER_ROLE),
        _ => None,
    };
    if let Some(role) = role {
        out.name(root.get("roleRef.name"), role);
    }
    for subject in root.items("subjects") {
        if subject.text_at("kind") == Some("ServiceAccount")
            && let Some(namespace) = subject.text_at("namespace")
        {
            out.name_in(subject.get("name"), SERVICE_ACCOUNT, Text::from(namespace));
        }
    }
}
