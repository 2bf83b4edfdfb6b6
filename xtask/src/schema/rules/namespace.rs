//! Namespaces.
//!
//! Source: `PolicyToEvaluate` of `pod-security-admission/api/helpers.go`, which the admission plugin
//! `PodSecurity` calls for a namespace.

use super::{
    report::{Fault, Report},
    value::metadata_entries,
};
use crate::{diag::codes, yaml::Node};

/// The labels that say which pods a namespace takes.
pub(super) fn pod_security_labels(namespace: &Node, report: &mut Report<'_>) {
    for entry in metadata_entries(namespace, "labels") {
        let Some(name) = entry.key.strip_prefix("pod-security.kubernetes.io/") else { continue };
        let value = entry.value.as_str().unwrap_or_default();
        let says = match name {
            "enforce" | "audit" | "warn"
                if !matches!(value, "privileged" | "baseline" | "restricted") =>
            {
                "must be `privileged`, `baseline` or `restricted`"
            }
            "enforce-version" | "audit-version" | "warn-version" if !is_version(value) => {
                "must be `latest` or a version such as `v1.36`"
            }
            _ => continue,
        };
        report.add(Fault::new(codes::SCHEMA_ENUM, &entry.value, says));
    }
}

fn is_version(value: &str) -> bool {
    value == "latest"
        || value.strip_prefix("v1.").is_some_and(|minor| {
            let has_digits = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
            has_digits && (minor == "0" || !minor.starts_with('0')) && minor.parse::<u32>().is_ok()
        })
}
