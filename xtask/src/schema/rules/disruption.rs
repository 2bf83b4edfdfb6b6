//! `PodDisruptionBudgets`.
//!
//! Source: `pkg/apis/policy/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{get, spec},
};
use crate::{diag::codes, yaml::Node};

/// Source: `ValidatePodDisruptionBudgetSpec`.
pub(super) fn one_bound(budget: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(budget) else { return };
    if let (Some(least), Some(most)) = (get(spec, "minAvailable"), get(spec, "maxUnavailable")) {
        let says = "must have only one of `minAvailable` and `maxUnavailable`";
        let fault = Fault::new(codes::SCHEMA_ONE_OF, most, says).of(spec);
        report.add(fault.beside(least, "the other one"));
    }
}
