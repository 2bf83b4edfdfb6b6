//! Waiting until workloads are ready, with a line whenever something changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    super::context::note,
    kubectl::Kubectl,
    process::Interrupted,
    state::{FailedContainer, KINDS, Progress, Snapshot, Stage, progress},
};

/// How often the cluster is asked.
pub(in super::super) const POLL: Duration = Duration::from_secs(1);

/// How many warnings of the cluster are shown for what did not become ready.
const WARNINGS: usize = 5;

/// How often in a row the cluster may not answer.
const PATIENCE: u32 = 5;

/// How many lines of a log are shown for what failed.
const LOG_LINES: &str = "20";

/// A workload: its kind and its name.
pub(in super::super) type Workload<'a> = (&'a str, &'a str);

/// The objects of a namespace that say how far its workloads are.
pub(in super::super) fn snapshot(kubectl: &Kubectl, namespace: &str) -> Result<Snapshot> {
    Ok(Snapshot::new(kubectl.get(&["--namespace", namespace, KINDS])?))
}

/// Waits until every workload is done; whether that was so within `timeout`. What keeps them is
/// said while waiting, and all there is to know of it when the time is over.
pub(in super::super) fn until_done(
    kubectl: &Kubectl,
    namespace: &str,
    workloads: &[Workload<'_>],
    timeout: Duration,
) -> Result<bool> {
    let end = Instant::now() + timeout;
    let mut said: BTreeMap<Workload<'_>, String> = BTreeMap::new();
    let mut logs = BTreeSet::new();
    let mut unanswered = 0;
    loop {
        let now = match snapshot(kubectl, namespace) {
            Ok(now) => now,
            // An API server that is started again, mostly that of a cluster that has just come up.
            Err(error) if unanswered < PATIENCE && !error.is::<Interrupted>() => {
                unanswered += 1;
                note(&format!("    no answer: {error:#}"));
                kubectl.interrupt.sleep(POLL)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        unanswered = 0;
        let all: Vec<(Workload<'_>, Progress)> = workloads
            .iter()
            .map(|&(kind, name)| ((kind, name), progress(&now, kind, name)))
            .collect();
        for (workload, progress) in &all {
            if said.get(workload) != Some(&progress.text) {
                note(&format!("    {}", progress.text));
                said.insert(*workload, progress.text.clone());
            }
            for container in &progress.failed {
                if logs.insert(container.clone()) {
                    last_words(kubectl, namespace, container);
                }
            }
        }
        if all.iter().all(|(_, progress)| progress.stage == Stage::Done) {
            return Ok(true);
        }
        let failed = all.iter().any(|(_, progress)| progress.stage == Stage::Failed);
        if failed || Instant::now() >= end {
            if !failed {
                note(&format!("not ready after {} s:", timeout.as_secs()));
            }
            for ((kind, name), progress) in &all {
                if progress.stage != Stage::Done {
                    explain(kubectl, namespace, &now, (kind, name), progress);
                }
            }
            return Ok(false);
        }
        kubectl.interrupt.sleep(POLL)?;
    }
}

/// The last line that a container has printed.
fn last_words(kubectl: &Kubectl, namespace: &str, container: &FailedContainer) {
    let FailedContainer { pod, container, .. } = container;
    let args = ["logs", "--namespace", namespace, pod, "--container", container, "--tail", "1"];
    // There is no log of a container that did not start, and that is no failure of ours.
    let Ok(text) = kubectl.text(&args) else { return };
    if let Some(line) = text.lines().next_back() {
        note(&format!("      {pod} {container} said: {line}"));
    }
}

/// All there is to know of a workload that did not become ready.
fn explain(
    kubectl: &Kubectl,
    namespace: &str,
    snapshot: &Snapshot,
    (kind, name): Workload<'_>,
    progress: &Progress,
) {
    note(&format!("  {}", progress.text));
    if let Some(object) = snapshot.find(kind, name) {
        let warnings = snapshot.warnings(object);
        for line in warnings.iter().skip(warnings.len().saturating_sub(WARNINGS)) {
            note(&format!("    {line}"));
        }
    }
    let object = format!("{}/{name}", kind.to_lowercase());
    if progress.stage == Stage::Failed {
        let args = ["logs", "--namespace", namespace, &object, "--tail", LOG_LINES];
        for line in kubectl.text(&args).unwrap_or_default().lines() {
            note(&format!("    | {line}"));
        }
    }
    let look = ["describe", "--namespace", namespace, &object];
    note(&format!("    to look further: {}", kubectl.line(&look)));
}
