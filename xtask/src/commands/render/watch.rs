//! Renders again whenever a source changes.

use std::{
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use anyhow::{Context as _, Result};
use notify::{Event, EventKind, RecursiveMode, Watcher};

use super::super::{Context, Verdict, report_failure};

/// How long nothing may happen before a round begins: an editor writes a file in several steps.
const QUIET: Duration = Duration::from_millis(60);

/// A round begins after this time even if changes go on, so that a checkout of many files shows
/// something.
const PATIENCE: u32 = 20;

/// Renders until the process is ended, by Ctrl-C for example: a round that is cut short leaves the
/// tree as it was.
pub(super) fn run(context: &Context, envs: &[String]) -> Result<Verdict> {
    let (sender, events) = channel();
    // The receiver outlives the watcher, so that sending cannot fail.
    let mut watcher = notify::recommended_watcher(move |event| drop(sender.send(event)))
        .context("failed to watch files")?;
    for name in ["base", "overlays"] {
        let dir = context.root.join(name);
        if dir.is_dir() {
            let watched = watcher.watch(&dir, RecursiveMode::Recursive);
            watched.with_context(|| format!("failed to watch {}", dir.display()))?;
        }
    }
    loop {
        // What is wrong may be put right by the next change, also an environment that is missing.
        if let Err(error) = super::write(context, envs) {
            report_failure(&error);
        }
        if !wait(&events) {
            return Ok(Verdict::Clean);
        }
    }
}

/// Waits for a change and for the end of what follows it; `false` if there can be no more.
fn wait(events: &Receiver<notify::Result<Event>>) -> bool {
    loop {
        match events.recv() {
            Ok(event) if is_change(&event) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    for _ in 0..PATIENCE {
        match events.recv_timeout(QUIET) {
            Ok(_) => while events.try_recv().is_ok() {},
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Whether an event may change the result. Reading is an event too, and we read all files.
fn is_change(event: &notify::Result<Event>) -> bool {
    let Ok(event) = event else { return true };
    !matches!(event.kind, EventKind::Access(_)) && !event.paths.iter().all(|path| is_scratch(path))
}

/// Whether an editor keeps its own state in a file of this name.
fn is_scratch(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let extension = path.extension().and_then(|extension| extension.to_str());
    name.ends_with('~') || matches!(extension, Some("swp" | "swx")) || name == "4913"
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind};

    use super::*;

    #[test]
    fn reading_and_scratch_files_are_no_changes() {
        let event = |kind, path: &str| is_change(&Ok(Event::new(kind).add_path(path.into())));
        let create = EventKind::Create(CreateKind::File);
        assert!(event(create, "/r/base/web/a.yaml"));
        assert!(!event(EventKind::Access(AccessKind::Any), "/r/base/web/a.yaml"));
        assert!(!event(create, "/r/base/web/.a.yaml.swp"));
        assert!(is_change(&Err(notify::Error::generic("overflow"))));
    }

    #[test]
    fn changes_that_follow_each_other_are_one_round() {
        let (sender, events) = channel();
        let change = || Ok(Event::new(EventKind::Any).add_path("/r/base/a.yaml".into()));
        for _ in 0..100 {
            sender.send(change()).unwrap();
        }
        assert!(wait(&events));
        assert!(events.try_recv().is_err(), "nothing is left for a second round");
        drop(sender);
        assert!(!wait(&events));
    }
}
