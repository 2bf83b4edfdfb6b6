//! The steps of a command and how long each took.

use std::time::{Duration, Instant};

use super::super::context::note;

/// The steps so far.
#[derive(Debug)]
pub(in super::super) struct Steps {
    start: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    pub fn new() -> Self {
        Self { start: Instant::now(), done: Vec::new() }
    }

    /// Does a step, and keeps how long it took, also when it fails.
    pub fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        note(&format!("==> {name}"));
        let start = Instant::now();
        let result = work();
        self.done.push((name, start.elapsed()));
        result
    }

    /// `cluster 0.3 s, image 12.1 s; 12.4 s in all`.
    pub fn times(&self) -> String {
        let done: Vec<String> =
            self.done.iter().map(|(name, time)| format!("{name} {}", seconds(*time))).collect();
        format!("{}; {} in all", done.join(", "), seconds(self.start.elapsed()))
    }
}

/// `1.5 s`.
pub(in super::super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
