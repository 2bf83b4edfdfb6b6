//! When a template is given up: what takes all of its time on one object would take it on each.
//!
//! Invariant: a template that is given up is never a pass, and nothing else that it says counts, so that
//! what is told does not depend on which thread came how far.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long all slow evaluations of one template may take together.
const SLOW_TOGETHER: Duration = Duration::from_millis(600);

/// What the evaluation of a template has cost so far.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// How long slow evaluations took, in microseconds.
    slow: AtomicU64,
    given_up: OnceLock<&'static str>,
}

impl Patience {
    /// Why the template is not evaluated any further.
    pub fn given_up(&self) -> Option<&'static str> {
        self.given_up.get().copied()
    }

    /// Gives it up.
    pub fn give_up(&self, why: &'static str) {
        let _ = self.given_up.set(why);
    }

    /// Notes that an evaluation was slow.
    pub fn was_slow(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let before = self.slow.fetch_add(took, Ordering::Relaxed);
        if u128::from(before.saturating_add(took)) > SLOW_TOGETHER.as_micros() {
            self.give_up("its slow evaluations take more than 600 ms together");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_evaluations_count_together() {
        let patience = Patience::default();
        patience.was_slow(Duration::from_millis(400));
        assert_eq!(patience.given_up(), None);
        patience.was_slow(Duration::from_millis(400));
        assert!(patience.given_up().is_some());
    }
}
