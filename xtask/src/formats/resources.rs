//! Names of what containers, quotas and limit ranges count.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` and `.../pkg/apis/core/helper`.

use super::keys::{qualified_name, qualified_or};
use super::names::SUBDOMAIN_LIMIT;
use super::text::{Fault, Verdict, at_most};

/// What a container requests. A quota counts an extended resource with `requests.` before its name,
/// so the name must not begin with that, and must leave room for it.
pub(super) fn of_container(text: &str) -> Verdict {
    qualified_or(text, |name| {
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
    })?;
    match text.split_once('/') {
        Some((prefix, _)) if !text.contains("kubernetes.io/") => {
            if text.starts_with("requests.") {
                return Err(Fault::new("starts with `requests.`, which only a quota may have"));
            }
            at_most(prefix, SUBDOMAIN_LIMIT - "requests.".len())
                .map_err(|fault| fault.of("the prefix before `/`"))
        }
        _ => Ok(()),
    }
}

/// What a quota counts.
pub(super) fn of_quota(text: &str) -> Verdict {
    qualified_or(text, |name| {
        name.starts_with("hugepages-")
            || name.starts_with("requests.hugepages-")
            || matches!(
                name,
                "cpu"
                    | "memory"
                    | "ephemeral-storage"
                    | "requests.cpu"
                    | "requests.memory"
                    | "requests.storage"
                    | "requests.ephemeral-storage"
                    | "limits.cpu"
                    | "limits.memory"
                    | "limits.ephemeral-storage"
                    | "pods"
                    | "resourcequotas"
                    | "services"
                    | "replicationcontrollers"
                    | "secrets"
                    | "persistentvolumeclaims"
                    | "configmaps"
                    | "services.nodeports"
                    | "services.loadbalancers"
            )
    })
}

/// What a limit range limits.
pub(super) fn any(text: &str) -> Verdict {
    if text == "storage" { Ok(()) } else { of_quota(text) }
}

/// A container's resource that the downward API shows. What follows `hugepages-` is not looked at.
pub(super) fn field(text: &str) -> Verdict {
    let Some(name) = text.strip_prefix("limits.").or_else(|| text.strip_prefix("requests.")) else {
        return Err(Fault::plain());
    };
    match name {
        "cpu" | "memory" | "ephemeral-storage" => Ok(()),
        _ if name.starts_with("hugepages-") => Ok(()),
        _ => Err(qualified_name(name).err().unwrap_or_else(Fault::plain)),
    }
}
