//! The annotations of a pod that are older than the fields for them.
//!
//! Source: `ValidatePodSpecificAnnotations` of `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use super::{
    pod::Pod,
    report::{Fault, Report},
    value::{annotation, metadata_entries, text},
};
use crate::{
    diag::codes,
    schema::{formats::Format, scalar::shown},
};

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// Source: `GetDeletionCostFromPodAnnotations` of `pkg/apis/core/helper/helpers.go`.
pub(super) fn deletion_cost(pod: &Pod<'_>, report: &mut Report<'_>) {
    let cost = annotation(pod.template, "controller.kubernetes.io/pod-deletion-cost");
    let Some((cost, at)) = cost else { return };
    let digits = cost.strip_prefix('-').unwrap_or(cost);
    let is_odd = digits.starts_with('0') && digits.len() > 1 || cost.starts_with('+');
    if is_odd || cost.parse::<i32>().is_err() {
        let says = "must be an integer of 32 bits without `+` and leading zeros";
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
    }
}

/// Source: `ValidatePodSpecificAnnotations`.
pub(super) fn mirror(pod: &Pod<'_>, report: &mut Report<'_>) {
    if let Some((_, at)) = annotation(pod.template, "kubernetes.io/config.mirror")
        && text(pod.spec, "nodeName").is_empty()
    {
        let why = "it marks what a node runs by itself, and `spec.nodeName` is missing";
        report.add(Fault::excluded(at, why));
    }
}

/// Source: `ValidateAppArmorPodAnnotations`.
pub(super) fn app_armor(pod: &Pod<'_>, report: &mut Report<'_>) {
    let mut names = None;
    for entry in metadata_entries(pod.template, "annotations") {
        let Some(name) = entry.key.strip_prefix(APP_ARMOR) else { continue };
        let names = names.get_or_insert_with(|| -> BTreeSet<&str> {
            pod.containers().map(|container| text(container.node, "name")).collect()
        });
        if !names.contains(name) {
            let says = format!("names a container, and none is {}", shown(name));
            report.add(Fault::unknown_name(&entry.value, says));
        }
        let profile = entry.value.as_str().unwrap_or_default();
        let is_known = matches!(profile, "" | "runtime/default" | "unconfined");
        if !is_known && !profile.starts_with("localhost/") {
            let says = "must be `runtime/default`, `unconfined` or `localhost/PROFILE`";
            report.add(Fault::new(codes::SCHEMA_FORMAT, &entry.value, says));
        }
    }
}

/// Source: `ValidateSeccompPodAnnotations`.
pub(super) fn seccomp(pod: &Pod<'_>, report: &mut Report<'_>) {
    for entry in metadata_entries(pod.template, "annotations") {
        if entry.key != SECCOMP_OF_POD && !entry.key.starts_with(SECCOMP_OF_CONTAINER) {
            continue;
        }
        let profile = entry.value.as_str().unwrap_or_default();
        let is_known = match profile.strip_prefix("localhost/") {
            Some(path) => Format::DescendingPath.check(path).is_ok(),
            None => matches!(profile, "runtime/default" | "docker/default" | "unconfined"),
        };
        if !is_known {
            let says = "must be `runtime/default`, `unconfined` or `localhost/PROFILE`";
            report.add(Fault::new(codes::SCHEMA_FORMAT, &entry.value, says));
        }
    }
}
