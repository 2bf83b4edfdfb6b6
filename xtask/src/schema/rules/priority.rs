//! `PriorityClasses` and Leases.
//!
//! Source: `pkg/apis/scheduling/validation/validation.go`, `pkg/apis/scheduling/v1/helpers.go`,
//! `pkg/apis/coordination/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{at, get, integer, is_true, spec, text},
};
use crate::{diag::codes, yaml::Node};

/// `HighestUserDefinablePriority`.
const HIGHEST: i128 = 1_000_000_000;
/// The classes that every cluster has.
const SYSTEM: &[(&str, i128)] =
    &[("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// Source: `ValidatePriorityClass`, `IsKnownSystemPriorityClass`.
pub(super) fn class(class: &Node, report: &mut Report<'_>) {
    let value = integer(class, "value").unwrap_or(0);
    let name = at(class, &["metadata", "name"]);
    if let Some(at) = name
        && let Some(name) = at.as_str().filter(|name| name.starts_with("system-"))
    {
        let known = SYSTEM.iter().find(|(known, _)| *known == name);
        if known.is_none_or(|(_, known)| *known != value || is_true(class, "globalDefault")) {
            let says = "must not start with `system-`: such names are the cluster's own";
            report.add(Fault::new(codes::SCHEMA_NAME, at, says));
        }
    } else if let Some(at) = get(class, "value")
        && value > HIGHEST
    {
        let says = format!("must be at most {HIGHEST}: what is above is for the cluster's own");
        report.add(Fault::new(codes::SCHEMA_RANGE, at, says));
    }
}

/// Source: `ValidateLeaseSpec`.
pub(super) fn lease(lease: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(lease) else { return };
    if let Some(at) = get(spec, "preferredHolder")
        && !text(spec, "preferredHolder").is_empty()
        && text(spec, "strategy").is_empty()
    {
        report.add(Fault::excluded(at, "there is no `strategy`"));
    }
}
