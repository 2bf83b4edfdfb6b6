//! `ResourceQuotas`.
//!
//! Source: `ValidateResourceQuotaSpec` of `pkg/apis/core/validation/validation.go`;
//! `IsIntegerResourceName`, `IsResourceQuotaScopeValidForResource` of
//! `pkg/apis/core/helper/helpers.go`.

use super::{
    report::{Fault, Report},
    resources,
    value::{entries, get, items, quantity, spec, text, texts},
};
use crate::{
    schema::formats::Format,
    yaml::{Entry, Node},
};

/// What is counted.
const WHOLE: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];
/// What a pod uses.
const COMPUTE: &[&str] =
    &["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const OPPOSITES: &[(&str, &str)] =
    &[("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];

/// Source: `ValidateResourceQuantityValue`.
pub(super) fn amounts(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    for entry in entries(spec, "hard") {
        let name = entry.key.as_str();
        let is_counted = WHOLE.contains(&name) || is_extended(name);
        if let Some(amount) = quantity(&entry.value).filter(|_| is_counted) {
            resources::whole_number(&amount, &entry.value, report);
        }
    }
}

fn is_extended(name: &str) -> bool {
    name.contains('/')
        && !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && Format::QualifiedName.check(&format!("requests.{name}")).is_ok()
}

/// Source: `validateResourceQuotaScopes`, `validateScopedResourceSelectorRequirement`.
pub(super) fn scopes(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    let hard = entries(spec, "hard");
    let list: Vec<_> = texts(spec, "scopes").collect();
    for (scope, at) in &list {
        applies(scope, at, hard, report);
    }
    opposites(&list, report);
    let Some(selector) = get(spec, "scopeSelector") else { return };
    let mut selected = Vec::new();
    for requirement in items(selector, "matchExpressions") {
        let Some(at) = get(requirement, "scopeName") else { continue };
        let scope = text(requirement, "scopeName");
        applies(scope, at, hard, report);
        selected.push((scope, at));
        let has_values = matches!(scope, "PriorityClass" | "VolumeAttributesClass");
        if let Some(operator) = get(requirement, "operator")
            && !has_values
            && operator.as_str() != Some("Exists")
        {
            let says = format!("must be `Exists` for the scope `{}`", scope.replace('`', "'"));
            report.add(Fault::depends(operator, says));
        }
    }
    opposites(&selected, report);
}

/// A scope is for resources that it can tell apart.
fn applies(scope: &str, at: &Node, hard: &[Entry], report: &mut Report<'_>) {
    let is_covered = |name: &str| match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => name == "pods" || COMPUTE.contains(&name),
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => {
            matches!(name, "persistentvolumeclaims" | "requests.storage")
        }
        _ => true,
    };
    let is_standard = |name: &str| !name.contains('/');
    let other = hard.iter().find(|one| is_standard(&one.key) && !is_covered(&one.key));
    if let Some(other) = other {
        let says = format!("is not for `{}`, which this quota limits", other.key.replace('`', "'"));
        report.add(Fault::depends(at, says).beside(&other.value, "the resource"));
    }
}

fn opposites(scopes: &[(&str, &Node)], report: &mut Report<'_>) {
    for (one, opposite) in OPPOSITES {
        let find = |name| scopes.iter().find(|(scope, _)| scope == name);
        if let (Some((_, other)), Some((_, at))) = (find(one), find(opposite)) {
            let says = format!("must not be beside `{one}`: nothing is both");
            report.add(Fault::depends(at, says).beside(other, "the opposite"));
        }
    }
}
