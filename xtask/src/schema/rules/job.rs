//! Jobs and `CronJobs`.
//!
//! Source: `pkg/apis/batch/validation/validation.go`.

use std::collections::BTreeSet;

use super::{
    report::{Fault, Report},
    value::{at, entries, get, integer, is_set, is_true, items, metadata_entries, spec, text},
    workload,
};
use crate::{
    diag::codes,
    schema::{formats::Format, scalar},
    yaml::Node,
};

/// The labels that the server gives the pods of a job.
const JOB_NAME_LABELS: &[&str] = &["job-name", "batch.kubernetes.io/job-name"];
const UID_LABELS: &[&str] = &["controller-uid", "batch.kubernetes.io/controller-uid"];
const MOST_FAILED_INDEXES: i128 = 100_000;
const MOST_PARALLEL: i128 = 100_000;
/// From here on an indexed job is kept smaller in other respects.
const MANY_COMPLETIONS: i128 = 100_000;
const MOST_WITH_MANY_COMPLETIONS: i128 = 10_000;

/// Source: `ValidateJob`, `ValidateJobSpec`, `validateGeneratedSelector`.
pub(super) fn job(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    job_spec(spec, report);
    hostnames(object, spec, report);
    if is_true(spec, "manualSelector") {
        match get(spec, "selector") {
            None => {
                report.add(Fault::missing(spec, &["selector"], "`manualSelector` is true"));
            }
            Some(_) => workload::selector_matches_labels(object, report),
        }
    } else {
        generated_selector(object, spec, report);
    }
}

/// The server selects the pods by the name and the UID of the job.
fn generated_selector(object: &Node, spec: &Node, report: &mut Report<'_>) {
    const LONGEST_LABEL: usize = 63;
    let named = at(object, &["metadata", "name"]);
    let name = named.and_then(Node::as_str);
    if let Some(at) = named
        && let Some(length) = name.map(str::len).filter(|length| *length > LONGEST_LABEL)
    {
        let says = format!(
            "must have at most {LONGEST_LABEL} characters, not {length}: it becomes a label of the \
             pods"
        );
        report.add(Fault::new(codes::SCHEMA_NAME, at, says));
    }
    let selector = get(spec, "selector");
    let wanted = selector.map_or(&[][..], |selector| entries(selector, "matchLabels"));
    let is_own = |key: &str, value: Option<&str>| {
        name.is_none() || JOB_NAME_LABELS.contains(&key) && value == name
    };
    if let Some(selector) = selector
        && !wanted.iter().all(|entry| is_own(&entry.key, entry.value.as_str()))
    {
        let why = "the server makes it, unless `manualSelector` is true";
        report.add(Fault::excluded(selector, why));
    }
    let labels = get(spec, "template").map_or(&[][..], |one| metadata_entries(one, "labels"));
    for entry in labels {
        let key = entry.key.as_str();
        let is_name = JOB_NAME_LABELS.contains(&key) && !is_own(key, entry.value.as_str());
        if is_name || UID_LABELS.contains(&key) {
            report.add(Fault::excluded(&entry.value, "the server sets this label"));
        }
    }
}

/// The pods of an indexed job are named for it and their index.
fn hostnames(object: &Node, spec: &Node, report: &mut Report<'_>) {
    let completions = integer(spec, "completions").filter(|count| *count > 0);
    let (Some(name), Some(completions)) = (at(object, &["metadata", "name"]), completions) else {
        return;
    };
    let longest = format!("{}-{}", name.as_str().unwrap_or_default(), completions - 1);
    if text(spec, "completionMode") == "Indexed" && Format::Dns1123Label.check(&longest).is_err() {
        let says = format!(
            "makes a pod {}, which must be a DNS label of at most 63 characters",
            scalar::shown(&longest)
        );
        report.add(Fault::new(codes::SCHEMA_NAME, name, says));
    }
}

/// Source: `ValidateJobTemplateSpec`.
pub(super) fn cron_job(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = at(object, &["spec", "jobTemplate", "spec"]) else { return };
    job_spec(spec, report);
    if let Some(selector) = get(spec, "selector") {
        report.add(Fault::excluded(selector, "the server makes it for each job"));
    }
    if let Some(manual) = get(spec, "manualSelector")
        && is_true(spec, "manualSelector")
    {
        let says = "must not be true: the jobs would take each other's pods";
        report.add(Fault::depends(manual, says));
    }
}

/// Source: `validateJobSpec`.
fn job_spec(spec: &Node, report: &mut Report<'_>) {
    if text(spec, "completionMode") == "Indexed" {
        indexed(spec, report);
    } else {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            if let Some(at) = get(spec, field) {
                report.add(Fault::excluded(at, "`completionMode` is not `Indexed`"));
            }
        }
    }
    if is_set(spec, "maxFailedIndexes") && !is_set(spec, "backoffLimitPerIndex") {
        let why = "`maxFailedIndexes` counts the indexes that reach it";
        report.add(Fault::missing(spec, &["backoffLimitPerIndex"], why));
    }
    if let Some(policy) = get(spec, "podFailurePolicy") {
        failure_policy(spec, policy, report);
    }
}

fn indexed(spec: &Node, report: &mut Report<'_>) {
    let completions = integer(spec, "completions");
    if completions.is_none() {
        report.add(Fault::missing(spec, &["completions"], "`completionMode` is `Indexed`"));
    }
    let mut at_most = |field: &str, most: i128, of: &str| {
        if let Some(at) = get(spec, field)
            && integer(spec, field) > Some(most)
        {
            report.add(Fault::order(at, format!("must be at most {most}{of}")));
        }
    };
    let is_large = completions.is_some_and(|count| count > MANY_COMPLETIONS)
        && is_set(spec, "backoffLimitPerIndex");
    if is_large {
        at_most("parallelism", MOST_WITH_MANY_COMPLETIONS, " with so many completions");
        at_most("maxFailedIndexes", MOST_WITH_MANY_COMPLETIONS, " with so many completions");
    } else {
        at_most("parallelism", MOST_PARALLEL, " for an indexed job");
        let most = completions.map_or(MOST_FAILED_INDEXES, |all| all.min(MOST_FAILED_INDEXES));
        at_most("maxFailedIndexes", most, ", the number of completions");
    }
    if is_large && !is_set(spec, "maxFailedIndexes") {
        let why = format!("there are more than {MANY_COMPLETIONS} completions");
        report.add(Fault::missing(spec, &["maxFailedIndexes"], &why));
    }
    success_policy(spec, completions, report);
}

/// Source: `validatePodFailurePolicy`, `validatePodReplacementPolicy`.
fn failure_policy(spec: &Node, policy: &Node, report: &mut Report<'_>) {
    if let Some(replacement) = get(spec, "podReplacementPolicy")
        && replacement.as_str() != Some("Failed")
    {
        let says = "must be `Failed`: there is a `podFailurePolicy`";
        report.add(Fault::depends(replacement, says).beside(policy, "the policy"));
    }
    if let Some(restart) = at(spec, &["template", "spec", "restartPolicy"])
        && restart.as_str() == Some("OnFailure")
    {
        let says = "must be `Never`: a `podFailurePolicy` is for pods that fail";
        report.add(Fault::depends(restart, says).beside(policy, "the policy"));
    }
    let pod = at(spec, &["template", "spec"]);
    let containers = ["containers", "initContainers"].into_iter();
    let containers = containers.flat_map(|list| pod.map_or(&[][..], |pod| items(pod, list)));
    let names: BTreeSet<&str> = containers.map(|container| text(container, "name")).collect();
    for rule in items(policy, "rules") {
        failure_rule(spec, rule, &names, report);
    }
}

/// Source: `validatePodFailurePolicyRule`, `validatePodFailurePolicyRuleOnExitCodes`.
fn failure_rule(spec: &Node, rule: &Node, names: &BTreeSet<&str>, report: &mut Report<'_>) {
    if let Some(action) = get(rule, "action")
        && action.as_str() == Some("FailIndex")
        && !is_set(spec, "backoffLimitPerIndex")
    {
        let says = "must not be `FailIndex`: `backoffLimitPerIndex` is not set";
        report.add(Fault::depends(action, says));
    }
    let conditions = get(rule, "onPodConditions");
    let conditions = conditions.filter(|_| !items(rule, "onPodConditions").is_empty());
    let codes_of = get(rule, "onExitCodes");
    match (codes_of, conditions) {
        (None, None) => {
            let says = "must have `onExitCodes` or `onPodConditions`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, rule, says));
        }
        (Some(other), Some(at)) => {
            let says = "must have only one of `onExitCodes` and `onPodConditions`";
            let fault = Fault::new(codes::SCHEMA_ONE_OF, at, says).of(rule);
            report.add(fault.beside(other, "the other one"));
        }
        _ => {}
    }
    let Some(exit) = codes_of else { return };
    if let Some(name) = get(exit, "containerName")
        && !names.contains(name.as_str().unwrap_or_default())
    {
        let given = scalar::shown(name.as_str().unwrap_or_default());
        let says = format!("must be the name of one of the pod's containers, and none is {given}");
        report.add(Fault::unknown_name(name, says));
    }
    let Some(list) = get(exit, "values") else { return };
    let mut last = i128::MIN;
    for value in items(exit, "values") {
        let Some(code) = value.as_scalar().and_then(scalar::integer) else {
            continue;
        };
        if code == 0 && text(exit, "operator") == "In" {
            report.add(Fault::depends(value, "must not be 0 with `In`: 0 is no failure"));
        }
        if code < last {
            let says = format!("must be in order: {code} comes after {last}");
            report.add(Fault::order(value, says).of(list));
        }
        last = code;
    }
}

/// Source: `validateSuccessPolicyRule`.
fn success_policy(spec: &Node, completions: Option<i128>, report: &mut Report<'_>) {
    let Some(policy) = get(spec, "successPolicy") else { return };
    for rule in items(policy, "rules") {
        if !is_set(rule, "succeededCount") && !is_set(rule, "succeededIndexes") {
            let says = "must have `succeededCount` or `succeededIndexes`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, rule, says));
        }
        let Some(completions) = completions else { continue };
        let mut most = completions;
        if let Some(at) = get(rule, "succeededIndexes") {
            match indexes(text(rule, "succeededIndexes"), completions) {
                Ok(count) => most = most.min(count),
                Err(must) => report.add(Fault::new(codes::SCHEMA_FORMAT, at, must)),
            }
        }
        if let Some(at) = get(rule, "succeededCount")
            && integer(rule, "succeededCount") > Some(most)
        {
            report.add(Fault::order(at, format!("must be at most {most}, the number of indexes")));
        }
    }
}

/// How many indexes `1,3-5` names; else what it must be.
///
/// Source: `validateIndexesFormat`, `parseIndexInterval`.
fn indexes(text: &str, completions: i128) -> Result<i128, String> {
    let wrong = || {
        format!("must be indexes below {completions} and ranges of them in order, such as `1,3-5`")
    };
    if text.is_empty() {
        return Ok(0);
    }
    let mut count = 0;
    let mut last = -1;
    for part in text.split(',') {
        let (first, end) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<i32>().map(i128::from).map_err(|_| wrong());
        let (first, end) = (number(first)?, number(end)?);
        if first <= last || first > end || end >= completions || part.contains('-') && first == end
        {
            return Err(wrong());
        }
        count += end - first + 1;
        last = end;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::indexes;

    #[test]
    fn indexes_are_in_order_and_below_the_completions() {
        assert_eq!(indexes("", 5), Ok(0));
        assert_eq!(indexes("0,2-4", 5), Ok(4));
        for wrong in ["5", "2,1", "1-1", "3-2", "1,1", "a", "1,", "-1"] {
            assert!(indexes(wrong, 5).is_err(), "{wrong}");
        }
    }
}
