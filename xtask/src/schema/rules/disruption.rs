//! `PodDisruptionBudgets`.
//!
//! Source: `pkg/apis/policy/validation/validation.go`.

use super::{report::Report, value::spec};
use crate::yaml::Node;

/// Source: `ValidatePodDisruptionBudgetSpec`.
pub(super) fn one_bound(budget: &Node, report: &mut Report<'_>) {
    if let Some(spec) = spec(budget) {
        report.at_most_one(spec, &["minAvailable", "maxUnavailable"]);
    }
}
