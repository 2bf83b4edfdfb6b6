//! `HorizontalPodAutoscalers`.
//!
//! Source: `pkg/apis/autoscaling/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{at, get, integer, is_set, items, spec, text},
};
use crate::{diag::codes, schema::formats::Format, yaml::Node};

/// The fields for the types of metrics, in the order in which the server looks at them.
const SOURCES: &[(&str, &str)] = &[
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

/// Source: `validateHorizontalPodAutoscalerSpec`.
pub(super) fn replicas(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    if let (Some(least), Some(most)) = (integer(spec, "minReplicas"), integer(spec, "maxReplicas"))
        && least > most
        && let (Some(other), Some(at)) = (get(spec, "minReplicas"), get(spec, "maxReplicas"))
    {
        let fault = Fault::order(at, format!("must not be below `minReplicas`, {least}"));
        report.add(fault.beside(other, "the least"));
    }
}

/// Source: `validateMetrics`, `validateMetricSpec`.
pub(super) fn metrics(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    let metrics = items(spec, "metrics");
    for metric in metrics {
        let kind = text(metric, "type");
        let wanted = SOURCES.iter().find(|(name, _)| *name == kind);
        let Some((_, wanted)) = wanted else { continue };
        if !is_set(metric, wanted) {
            report.add(Fault::missing(metric, &[wanted], &format!("`type` is `{kind}`")));
        }
        for (_, field) in SOURCES.iter().filter(|(_, field)| field != wanted) {
            if let Some(at) = get(metric, field) {
                report.add(Fault::excluded(at, &format!("`type` is `{kind}`")));
            }
        }
        if let Some(source) = get(metric, wanted) {
            target(wanted, source, report);
        }
    }
    let counts_nothing = |metric: &Node| !matches!(text(metric, "type"), "Object" | "External");
    if let Some(at) = get(spec, "minReplicas")
        && integer(spec, "minReplicas") == Some(0)
        && metrics.iter().all(counts_nothing)
    {
        let says = "must not be 0: only an `Object` or `External` metric is there without pods";
        report.add_since("1.37", Fault::depends(at, says));
    }
}

/// Source: `validateObjectSource` and the like.
fn target(kind: &str, source: &Node, report: &mut Report<'_>) {
    if let Some(name) = get(source, "name")
        && kind == "containerResource"
        && let Err(must) = Format::ContainerResourceName.check(text(source, "name"))
    {
        report.add(Fault::new(codes::SCHEMA_FORMAT, name, format!("must be {must}")));
    }
    let Some(target) = get(source, "target") else { return };
    let (fields, is_exclusive): (&[&str], _) = match kind {
        "object" => (&["averageValue", "value"], false),
        "external" => (&["averageValue", "value"], true),
        "pods" => (&["averageValue"], false),
        _ => (&["averageUtilization", "averageValue"], true),
    };
    let count = fields.iter().filter(|field| is_set(target, field)).count();
    if count == 0 {
        report.exactly_one(target, fields);
    } else if is_exclusive {
        report.at_most_one(target, fields);
    }
}

/// Source: `validateScalingRules`; the defaults have policies.
pub(super) fn behavior(object: &Node, report: &mut Report<'_>) {
    for direction in ["scaleUp", "scaleDown"] {
        let rules = at(object, &["spec", "behavior", direction]);
        if let Some(policies) = rules.and_then(|rules| get(rules, "policies"))
            && policies.as_sequence().is_some_and(<[Node]>::is_empty)
        {
            report.add(Fault::new(codes::SCHEMA_LENGTH, policies, "must have a policy"));
        }
    }
}
