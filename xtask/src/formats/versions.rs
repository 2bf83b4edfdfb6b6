//! Groups and versions of the API.
//!
//! Source: `ParseGroupVersion` of `k8s.io/apimachinery/pkg/runtime/schema` and
//! `k8s.io/kubernetes/pkg/apis/admissionregistration/validation`.

use super::names::{dns1035_label, dns1123_subdomain};
use super::text::{Fault, Verdict, not_empty};

/// `[GROUP/]VERSION`, each with the syntax of its name.
pub(super) fn api_version(text: &str) -> Verdict {
    match text.split_once('/') {
        None => dns1035_label(text),
        Some((_, version)) if version.contains('/') => Err(Fault::new("has more than one `/`")),
        Some((group, version)) => {
            dns1123_subdomain(group).map_err(|fault| fault.of("the group"))?;
            dns1035_label(version).map_err(|fault| fault.of("the version"))
        }
    }
}

/// `GROUP/VERSION`, whatever they consist of.
pub(super) fn group_version(text: &str) -> Verdict {
    match text.split_once('/') {
        None => Err(Fault::new("has no `/`")),
        Some((_, version)) if version.contains('/') => Err(Fault::new("has more than one `/`")),
        Some((group, version)) => {
            not_empty(group).map_err(|fault| fault.of("the group"))?;
            not_empty(version).map_err(|fault| fault.of("the version"))
        }
    }
}
