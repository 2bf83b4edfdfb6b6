//! Where pods run: tolerations, affinity and spreading.
//!
//! Source: `ValidateTolerations`, `validateAffinity`, `validateTopologySpreadConstraints` of
//! `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeMap;

use super::{
    pod::Pod,
    report::{Fault, Report},
    resources,
    value::{at, entries, get, items, text, texts},
};
use crate::{diag::codes, yaml::Node};

/// Source: `ValidateTolerations`.
pub(super) fn tolerations(pod: &Pod<'_>, report: &mut Report<'_>) {
    for one in items(pod.spec, "tolerations") {
        toleration(one, report);
    }
}

fn toleration(toleration: &Node, report: &mut Report<'_>) {
    let operator = text(toleration, "operator");
    if text(toleration, "key").is_empty() && operator != "Exists" {
        report.add(if let Some(at) = get(toleration, "operator") {
            Fault::depends(at, "must be `Exists`: without a `key` every taint is meant")
        } else {
            let why = "without a `key` only `Exists` is possible";
            Fault::missing(toleration, &["operator"], why)
        });
    }
    if let Some(seconds) = get(toleration, "tolerationSeconds")
        && text(toleration, "effect") != "NoExecute"
    {
        let why = "`tolerationSeconds` says when a pod is evicted";
        let fault = match get(toleration, "effect") {
            Some(at) => Fault::depends(at, format!("must be `NoExecute`: {why}")),
            None => Fault::missing(toleration, &["effect"], why),
        };
        report.add(fault.beside(seconds, "the time until then"));
    }
    if let Some(value) = get(toleration, "value")
        && let Some(at) = get(toleration, "operator")
        && operator == "Exists"
        && !text(toleration, "value").is_empty()
    {
        let fault = Fault::depends(at, "must not be `Exists`, which takes no `value`");
        report.add(fault.beside(value, "the value").help("remove the value"));
    }
}

/// Source: `validateOverhead`, `validateTolerations` of `pkg/apis/node/validation/validation.go`.
pub(super) fn runtime_class(class: &Node, report: &mut Report<'_>) {
    if let Some(scheduling) = get(class, "scheduling") {
        let mut seen = BTreeMap::new();
        for one in items(scheduling, "tolerations") {
            toleration(one, report);
            let key = ["key", "operator", "value", "effect"].map(|field| text(one, field));
            if let Some(first) = seen.insert(key, one) {
                let fault = Fault::new(codes::SCHEMA_DUPLICATE, one, "repeats an item before it");
                report.add(fault.beside(first, "the first one"));
            }
        }
    }
    let Some(overhead) = get(class, "overhead") else { return };
    for entry in entries(overhead, "podFixed") {
        resources::amount(entry, report);
    }
}

/// Source: `validateTopologySpreadConstraints`, `validateMinDomains`.
pub(super) fn topology_spread(pod: &Pod<'_>, report: &mut Report<'_>) {
    for constraint in items(pod.spec, "topologySpreadConstraints") {
        if let Some(domains) = get(constraint, "minDomains")
            && let Some(other) = get(constraint, "whenUnsatisfiable")
            && other.as_str() != Some("DoNotSchedule")
        {
            let fault = Fault::excluded(domains, "`whenUnsatisfiable` is not `DoNotSchedule`");
            report.add(fault.beside(other, "schedules a pod anyway"));
        }
        label_keys(constraint, report);
    }
}

/// Source: `validatePodAffinityTerm`.
pub(super) fn affinity(pod: &Pod<'_>, report: &mut Report<'_>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = at(pod.spec, &["affinity", kind]) else { continue };
        for term in items(affinity, "requiredDuringSchedulingIgnoredDuringExecution") {
            label_keys(term, report);
        }
        for weighted in items(affinity, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = get(weighted, "podAffinityTerm") {
                label_keys(term, report);
            }
        }
    }
}

/// Label keys whose values are those of the pod itself add to a selector.
///
/// Source: `ValidateMatchLabelKeysAndMismatchLabelKeys`.
fn label_keys(term: &Node, report: &mut Report<'_>) {
    let selector = get(term, "labelSelector");
    let mut matched = BTreeMap::new();
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let Some(list) = get(term, field).filter(|_| !items(term, field).is_empty()) else {
            continue;
        };
        if selector.is_none() {
            report.add(Fault::excluded(list, "it adds to `labelSelector`, which is not set"));
        }
        for (key, item) in texts(term, field) {
            if field == "matchLabelKeys" {
                matched.insert(key, item);
            } else if let Some(other) = matched.get(key) {
                let says = format!("must not be in `mismatchLabelKeys` as well: `{key}`");
                report.add(Fault::depends(other, says).beside(item, "the other one"));
            }
        }
    }
    let Some(selector) = selector.filter(|_| !matched.is_empty()) else { return };
    let of_labels = entries(selector, "matchLabels").iter();
    let of_labels = of_labels.map(|entry| (entry.key.as_str(), &entry.value));
    let mut seen: BTreeMap<&str, &Node> = of_labels.collect();
    for expression in items(selector, "matchExpressions") {
        let key = text(expression, "key");
        // The server adds its own requirement for the key, and takes one that stands there.
        if let (Some(item), Some(other)) = (matched.get(key), seen.get(key)) {
            let says = "must not be a key of `labelSelector` as well";
            report.add_since("1.34", Fault::depends(item, says).beside(other, "the other one"));
        }
        seen.insert(key, expression);
    }
}
