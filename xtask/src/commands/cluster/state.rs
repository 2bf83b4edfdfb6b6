//! What a workload is waiting for, read from the objects of its namespace.
//!
//! Source: the conditions of `kubectl rollout status` for what is ready. Invariant: nothing here
//! asks a cluster or knows the time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{condition, holds, list, number, text};

mod pod;

pub(in super::super) use pod::{FailedContainer, is_ready};

/// The kinds that a snapshot needs.
pub(in super::super) const KINDS: &str =
    "deployments,statefulsets,daemonsets,replicasets,jobs,pods,events";

/// The longest message that is shown, in characters.
const MAX_MESSAGE: usize = 220;

/// The objects of a namespace at one moment.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Snapshot {
    objects: Vec<Value>,
    /// By the uid of an owner, what it owns.
    owned: BTreeMap<String, Vec<usize>>,
    /// By the uid of an object, its events, oldest first.
    events: BTreeMap<String, Vec<usize>>,
}

/// How far a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Stage {
    Waiting,
    Done,
    /// It will not get further by itself.
    Failed,
}

/// How far a workload is, and why not further.
#[derive(Clone, Debug)]
pub(in super::super) struct Progress {
    pub stage: Stage,
    /// In one line.
    pub text: String,
    /// The containers that have failed, whose logs tell more.
    pub failed: Vec<FailedContainer>,
}

impl Snapshot {
    pub fn new(objects: Vec<Value>) -> Self {
        let (mut owned, mut events) = (BTreeMap::new(), BTreeMap::new());
        let add = |map: &mut BTreeMap<String, Vec<usize>>, uid: &str, at| {
            map.entry(uid.to_owned()).or_default().push(at);
        };
        for (at, object) in objects.iter().enumerate() {
            if text(object, "/kind") == "Event" {
                add(&mut events, text(object, "/involvedObject/uid"), at);
                continue;
            }
            for owner in list(object, "/metadata/ownerReferences") {
                add(&mut owned, text(owner, "/uid"), at);
            }
        }
        let time = |at: &usize| objects.get(*at).map(event_time).unwrap_or_default().to_owned();
        for all in events.values_mut() {
            all.sort_by_cached_key(time);
        }
        Self { objects, owned, events }
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        let fits = |object: &&Value| {
            text(object, "/kind") == kind && text(object, "/metadata/name") == name
        };
        self.objects.iter().find(fits)
    }

    /// The pods that an object owns, directly or through others.
    pub fn pods<'a>(&'a self, object: &'a Value) -> Vec<&'a Value> {
        self.tree(object).into_iter().filter(|one| text(one, "/kind") == "Pod").collect()
    }

    /// Warnings about an object and what it owns, oldest first, as lines: the last of each reason.
    pub fn warnings(&self, object: &Value) -> Vec<String> {
        let mut last: BTreeMap<(String, &str), &Value> = BTreeMap::new();
        for event in self.tree(object).into_iter().flat_map(|one| self.events(one)) {
            if text(event, "/type") == "Warning" {
                let about = text(event, "/involvedObject/kind").to_lowercase();
                let about = format!("{about}/{}", text(event, "/involvedObject/name"));
                last.insert((about, text(event, "/reason")), event);
            }
        }
        let mut events: Vec<_> = last.into_iter().collect();
        events.sort_by_key(|(_, event)| event_time(event));
        let line = |((about, reason), event): ((String, &str), &Value)| {
            format!("{about}: {reason}: {}", shortened(text(event, "/message")))
        };
        events.into_iter().map(line).collect()
    }

    /// An object and everything that it owns.
    fn tree<'a>(&'a self, object: &'a Value) -> Vec<&'a Value> {
        let mut tree = vec![object];
        let mut at = 0;
        while let Some(one) = tree.get(at) {
            let owned = self.owned.get(text(one, "/metadata/uid"));
            tree.extend(owned.into_iter().flatten().filter_map(|at| self.objects.get(*at)));
            at += 1;
        }
        tree
    }

    fn events(&self, object: &Value) -> impl DoubleEndedIterator<Item = &Value> {
        let events = self.events.get(text(object, "/metadata/uid"));
        events.into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }
}

/// How far the workload of this kind and name is.
pub(in super::super) fn progress(snapshot: &Snapshot, kind: &str, name: &str) -> Progress {
    let Some(object) = snapshot.find(kind, name) else {
        let text = format!("{name}: there is no such {kind}");
        return Progress { stage: Stage::Waiting, text, failed: Vec::new() };
    };
    if kind == "Job" {
        return job(snapshot, object, name);
    }
    let count = Count::of(object, kind);
    let done = count.is_current && count.ready >= count.wanted && count.surplus == 0;
    let mut line = format!("{name} {}/{} ready", count.ready, count.wanted);
    let mut failed = Vec::new();
    if !done {
        let reasons = reasons(snapshot, object, count.wanted, &mut failed);
        if count.ready >= count.wanted {
            line.push_str(", being replaced");
        }
        push_reasons(&mut line, &reasons);
    }
    Progress { stage: if done { Stage::Done } else { Stage::Waiting }, text: line, failed }
}

/// The pods of a workload by number.
struct Count {
    wanted: i64,
    ready: i64,
    /// Pods of an older template, or too many.
    surplus: i64,
    /// Whether the controller has seen the current template, and all pods are of it.
    is_current: bool,
}

impl Count {
    fn of(object: &Value, kind: &str) -> Self {
        let status = |field: &str| number(object, &format!("/status/{field}"));
        let seen = status("observedGeneration") >= number(object, "/metadata/generation");
        if kind == "DaemonSet" {
            let wanted = status("desiredNumberScheduled");
            return Self {
                wanted,
                ready: status("numberReady"),
                surplus: 0,
                is_current: seen && status("updatedNumberScheduled") >= wanted,
            };
        }
        let wanted = object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
        let updated = match kind {
            "StatefulSet"
                if text(object, "/status/currentRevision")
                    == text(object, "/status/updateRevision") =>
            {
                status("replicas")
            }
            _ => status("updatedReplicas"),
        };
        Self {
            wanted,
            ready: status("readyReplicas"),
            surplus: status("replicas") - wanted,
            is_current: seen && updated >= wanted,
        }
    }
}

fn job(snapshot: &Snapshot, object: &Value, name: &str) -> Progress {
    let mut failed = Vec::new();
    if holds(object, "Complete") {
        return Progress { stage: Stage::Done, text: format!("{name}: completed"), failed };
    }
    if let Some(condition) = condition(object, "Failed").filter(|_| holds(object, "Failed")) {
        let (reason, message) = (text(condition, "/reason"), text(condition, "/message"));
        let line = format!("{name}: failed: {reason}: {}", shortened(message));
        return Progress { stage: Stage::Failed, text: line, failed };
    }
    let reasons = reasons(snapshot, object, 1, &mut failed);
    let mut line = format!("{name}: running");
    push_reasons(&mut line, &reasons);
    Progress { stage: Stage::Waiting, text: line, failed }
}

/// Why a workload is not ready.
fn reasons(
    snapshot: &Snapshot,
    object: &Value,
    wanted: i64,
    failed: &mut Vec<FailedContainer>,
) -> Vec<String> {
    let pods = snapshot.pods(object);
    let alive: Vec<&Value> = pods
        .iter()
        .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .copied()
        .collect();
    let lacks_pods = i64::try_from(alive.len()).unwrap_or(i64::MAX) < wanted;
    let mut reasons: Vec<String> = refused(snapshot, object, lacks_pods).into_iter().collect();
    let several = pods.len() > 1 || wanted > 1;
    for pod in pods {
        let said = pod::reasons(pod, &snapshot.events(pod).collect::<Vec<_>>(), failed);
        let name = text(pod, "/metadata/name");
        let prefix = if several { format!("{name}: ") } else { String::new() };
        reasons.extend(said.into_iter().map(|reason| format!("{prefix}{reason}")));
    }
    reasons.dedup();
    reasons
}

/// Why no pod is made: a quota or the pod security of the namespace, mostly. An event may be of an
/// earlier time, and counts only where pods are lacking.
fn refused(snapshot: &Snapshot, object: &Value, lacks_pods: bool) -> Option<String> {
    let refusal =
        |one: &&Value| text(one, "/type") == "ReplicaFailure" && holds(object, "ReplicaFailure");
    if let Some(condition) = list(object, "/status/conditions").iter().find(refusal) {
        let (reason, message) = (text(condition, "/reason"), text(condition, "/message"));
        return Some(format!("{reason}: {}", shortened(message)));
    }
    if !lacks_pods {
        return None;
    }
    let last = snapshot
        .tree(object)
        .into_iter()
        .filter(|one| text(one, "/kind") != "Pod")
        .flat_map(|one| snapshot.events(one))
        .filter(|event| text(event, "/reason") == "FailedCreate")
        .max_by_key(|event| event_time(event))?;
    Some(format!("FailedCreate: {}", shortened(text(last, "/message"))))
}

fn push_reasons(line: &mut String, reasons: &[String]) {
    if !reasons.is_empty() {
        line.push_str(": ");
        line.push_str(&reasons.join("; "));
    }
}

/// When an event was last seen.
fn event_time(event: &Value) -> &str {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .map(|pointer| text(event, pointer))
        .find(|time| !time.is_empty())
        .unwrap_or_default()
}

/// A message in one line that is not too long.
fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches(':');
    if line.chars().count() <= MAX_MESSAGE {
        return line.to_owned();
    }
    let cut: String = line.chars().take(MAX_MESSAGE).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
