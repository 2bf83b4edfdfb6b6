//! What a pod is waiting for.

use serde_json::Value;

use super::{
    super::json::{condition, holds, list, number, text},
    shortened,
};

/// A container that has ended with a failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super::super) struct FailedContainer {
    pub pod: String,
    pub container: String,
    /// How often it was started again: a log is shown once for each.
    pub restarts: i64,
}

/// Whether the pod is ready, and stays.
pub(in super::super::super) fn is_ready(pod: &Value) -> bool {
    holds(pod, "Ready") && !is_ending(pod)
}

/// Why a pod is not ready; nothing if it is, or has done its work.
pub(super) fn reasons(
    pod: &Value,
    events: &[&Value],
    failed: &mut Vec<FailedContainer>,
) -> Vec<String> {
    if is_ready(pod) || text(pod, "/status/phase") == "Succeeded" {
        return Vec::new();
    }
    if is_ending(pod) {
        return vec!["is ending".to_owned()];
    }
    let reason = text(pod, "/status/reason");
    if text(pod, "/status/phase") == "Failed" && !reason.is_empty() {
        return vec![format!("{reason}: {}", shortened(text(pod, "/status/message")))];
    }
    if let Some(condition) = condition(pod, "PodScheduled").filter(|_| !holds(pod, "PodScheduled"))
    {
        return vec![format!("Pending: {}", shortened(text(condition, "/message")))];
    }
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let mut reasons = Vec::new();
    for status in statuses.into_iter().flat_map(|pointer| list(pod, pointer)) {
        let Some(reason) = container(status, events) else { continue };
        let name = text(status, "/name");
        reasons.push(format!("{name}: {reason}"));
        if has_failed(status) {
            failed.push(FailedContainer {
                pod: text(pod, "/metadata/name").to_owned(),
                container: name.to_owned(),
                restarts: number(status, "/restartCount"),
            });
        }
    }
    let waits = statuses.into_iter().all(|pointer| list(pod, pointer).is_empty());
    let warning = || {
        let last = events.iter().rev().find(|event| text(event, "/type") == "Warning")?;
        Some(format!("{}: {}", text(last, "/reason"), shortened(text(last, "/message"))))
    };
    let starting = |reason: &String| reason.ends_with(STARTING);
    if waits || (!reasons.is_empty() && reasons.iter().all(starting)) {
        return vec![warning().unwrap_or_else(|| "starting".to_owned())];
    }
    reasons
}

/// A container of which there is nothing to say yet.
const STARTING: &str = ": starting";

/// What a container is waiting for; `None` if it is ready or has done its work.
fn container(status: &Value, events: &[&Value]) -> Option<String> {
    if let Some(waiting) = status.pointer("/state/waiting") {
        return Some(match text(waiting, "/reason") {
            "" | "ContainerCreating" | "PodInitializing" => "starting".to_owned(),
            "CrashLoopBackOff" => match status.pointer("/lastState/terminated") {
                Some(last) => format!("CrashLoopBackOff: {}", ended(last)),
                None => "CrashLoopBackOff".to_owned(),
            },
            reason => match shortened(text(waiting, "/message")) {
                message if message.is_empty() => reason.to_owned(),
                message => format!("{reason}: {message}"),
            },
        });
    }
    if let Some(terminated) = status.pointer("/state/terminated") {
        return (number(terminated, "/exitCode") != 0).then(|| ended(terminated));
    }
    let is_ready = status.pointer("/ready").and_then(Value::as_bool).unwrap_or_default();
    if is_ready {
        return None;
    }
    let probe = events.iter().rev().find(|event| {
        text(event, "/reason") == "Unhealthy"
            && text(event, "/involvedObject/fieldPath").contains(text(status, "/name"))
    });
    let restarts = match number(status, "/restartCount") {
        0 => String::new(),
        1 => ", started again once".to_owned(),
        count => format!(", started again {count} times"),
    };
    Some(match probe {
        Some(event) => {
            format!("runs, not ready{restarts}: {}", shortened(text(event, "/message")))
        }
        None => format!("runs, not ready{restarts}"),
    })
}

/// How a container ended.
fn ended(terminated: &Value) -> String {
    let exit = format!("exit {}", number(terminated, "/exitCode"));
    match text(terminated, "/reason") {
        "" | "Error" | "Completed" => exit,
        reason => format!("{exit} ({reason})"),
    }
}

fn has_failed(status: &Value) -> bool {
    let exit = |pointer: &str| number(status, pointer) != 0;
    exit("/state/terminated/exitCode")
        || (status.pointer("/state/waiting").is_some() && exit("/lastState/terminated/exitCode"))
}

fn is_ending(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_some()
}
