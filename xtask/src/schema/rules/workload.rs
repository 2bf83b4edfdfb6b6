//! Deployments, `ReplicaSets`, `DaemonSets`, `StatefulSets` and `ReplicationControllers`.
//!
//! Source: `pkg/apis/apps/validation/validation.go`, and `ValidateReplicationControllerSpec` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    report::{Fault, Report},
    selector,
    value::{Fields, at, entries, get, has_some, integer, integer_or_percent, spec, text},
};
use crate::{
    diag::codes,
    schema::scalar::shown,
    yaml::{Entry, Node},
};

/// Source: `ValidatePodTemplateSpecForReplicaSet`, `ValidateDaemonSetSpec`,
/// `ValidatePodTemplateSpecForStatefulSet`.
pub(super) fn selector_matches_labels(object: &Node, report: &mut Report<'_>) {
    if let Some(selector) = at(object, &["spec", "selector"]) {
        // The schema refuses a selector without any field.
        let is_empty = |field| !has_some(selector, field);
        if is_empty("matchLabels") && is_empty("matchExpressions") && has_fields(selector) {
            let says = "must select something: it has no labels and no expressions";
            report.add(Fault::new(codes::SCHEMA_LENGTH, selector, says));
        }
        let wanted = entries(selector, "matchLabels");
        compare(object, selector, wanted, report, selector::selects);
    }
}

fn has_fields(selector: &Node) -> bool {
    let mut entries = selector.as_mapping().into_iter().flatten();
    entries.any(|entry| !entry.value.is_null())
}

/// Source: `ValidatePodTemplateSpecForRC`; an empty selector is the labels of the template.
pub(super) fn plain_selector_matches_labels(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    let wanted = entries(spec, "selector");
    if let Some(selector) = get(spec, "selector").filter(|_| !wanted.is_empty()) {
        compare(object, selector, wanted, report, |_, labels| {
            Some(wanted.iter().all(|entry| {
                let label = labels.get(&entry.key);
                label.is_some_and(|label| label.as_str() == entry.value.as_str())
            }))
        });
    } else if let Some(template) = get(spec, "template")
        && at(template, &["metadata", "labels"]).is_none()
    {
        let why = "it selects the pods, as there is no `selector`";
        report.add(Fault::missing(template, &["metadata", "labels"], why));
    }
}

/// Reports labels that a selector does not select; `wanted` are those that it names.
fn compare(
    object: &Node,
    selector: &Node,
    wanted: &[Entry],
    report: &mut Report<'_>,
    selects: impl Fn(&Node, &Fields<'_>) -> Option<bool>,
) {
    let Some(template) = at(object, &["spec", "template"]) else { return };
    let labels = at(template, &["metadata", "labels"]);
    let given = Fields::of(labels);
    if selects(selector, &given) != Some(false) {
        return;
    }
    let code = codes::SCHEMA_SELECTOR_MISMATCH;
    let fault = if let Some(labels) = labels {
        let is_lacking = |one: &&Entry| {
            given.get(&one.key).and_then(Node::as_str).unwrap_or_default()
                != one.value.as_str().unwrap_or_default()
                || given.get(&one.key).is_none()
        };
        let says = match wanted.iter().find(is_lacking) {
            Some(Entry { key, value, .. }) => {
                let label = format!("{key}: {}", value.as_str().unwrap_or_default());
                format!("must have {}, which the selector asks for", shown(&label))
            }
            None => "must have what the expressions of the selector ask for".to_owned(),
        };
        Fault::new(code, labels, says)
    } else {
        let why = "the selector selects by labels";
        Fault::missing(template, &["metadata", "labels"], why).code(code)
    };
    report.add(fault.beside(selector, "the selector"));
}

/// Source: `ValidateDeploymentStrategy`, `ValidateRollingUpdateDeployment`.
pub(super) fn deployment_strategy(object: &Node, report: &mut Report<'_>) {
    let Some(strategy) = at(object, &["spec", "strategy"]) else { return };
    let Some(update) = get(strategy, "rollingUpdate") else { return };
    if text(strategy, "type") == "Recreate" {
        report.add(Fault::excluded(update, "`type` is `Recreate`"));
    } else if is_zero(update, "maxUnavailable")
        && is_zero(update, "maxSurge")
        && let (Some(unavailable), Some(surge)) =
            (get(update, "maxUnavailable"), get(update, "maxSurge"))
    {
        let says = "must not be 0 while `maxSurge` is 0: no pod could be replaced";
        report.add(Fault::depends(unavailable, says).beside(surge, "no more pods than before"));
    }
}

fn is_zero(update: &Node, field: &str) -> bool {
    get(update, field).and_then(integer_or_percent) == Some(0)
}

/// Source: `ValidateDeploymentSpec`.
pub(super) fn deployment_progress_deadline(object: &Node, report: &mut Report<'_>) {
    const DEFAULT: i128 = 600;
    let Some(spec) = spec(object) else { return };
    let ready = integer(spec, "minReadySeconds").unwrap_or(0);
    let deadline = integer(spec, "progressDeadlineSeconds");
    if deadline.unwrap_or(DEFAULT) > ready {
        return;
    }
    let ready_at = get(spec, "minReadySeconds");
    match (get(spec, "progressDeadlineSeconds"), ready_at) {
        (Some(at), ready_at) => {
            let says = format!("must be more than `minReadySeconds`, {ready}");
            let fault = Fault::order(at, says);
            report.add(match ready_at {
                Some(other) => fault.beside(other, "until a pod is ready"),
                None => fault,
            });
        }
        (None, Some(at)) => {
            let says = format!("must be less than `progressDeadlineSeconds`, {DEFAULT} by default");
            report.add(Fault::order(at, says));
        }
        (None, None) => {}
    }
}

/// Source: `ValidateRollingUpdateDaemonSet`.
pub(super) fn daemon_set_update(object: &Node, report: &mut Report<'_>) {
    let Some(strategy) = at(object, &["spec", "updateStrategy"]) else { return };
    let Some(update) = get(strategy, "rollingUpdate") else { return };
    if text(strategy, "type") == "OnDelete" {
        return;
    }
    let value = |field, default| get(update, field).map_or(Some(default), integer_or_percent);
    let (unavailable, surge) = (value("maxUnavailable", 1), value("maxSurge", 0));
    match (unavailable, surge) {
        (Some(0), Some(0)) => {
            if let Some(at) = get(update, "maxUnavailable") {
                report.add(Fault::depends(at, "must not be 0 while `maxSurge` is 0"));
            }
        }
        (Some(unavailable), Some(surge)) if unavailable != 0 && surge != 0 => {
            let Some(at) = get(update, "maxSurge") else { return };
            let says = "must not be set while `maxUnavailable` is not 0";
            let fault = Fault::depends(at, says);
            report.add(match get(update, "maxUnavailable") {
                Some(other) => fault.beside(other, "the other one"),
                None => fault.help("set `maxUnavailable: 0`; its default is 1"),
            });
        }
        _ => {}
    }
}

/// Source: `ValidateStatefulSetSpec`, `validateRollingUpdateStatefulSet`.
pub(super) fn stateful_set_update(object: &Node, report: &mut Report<'_>) {
    let Some(strategy) = at(object, &["spec", "updateStrategy"]) else { return };
    let Some(update) = get(strategy, "rollingUpdate") else { return };
    if text(strategy, "type") == "OnDelete" {
        report.add(Fault::excluded(update, "`type` is `OnDelete`"));
    } else if let Some(at) = get(update, "maxUnavailable")
        && at.as_str().is_some()
        && is_zero(update, "maxUnavailable")
    {
        let says = "must be more than `0%`";
        report.add_since("1.35", Fault::new(codes::SCHEMA_RANGE, at, says));
    }
}
