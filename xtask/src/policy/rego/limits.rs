//! What an evaluation may take: time and memory.
//!
//! The interpreter looks at the clock between two steps. A function that OPA provides is one step, so
//! each of those whose result may be much larger than what it is given says beforehand how large.

use std::{cell::Cell, time::Duration};

/// How long one evaluation may take.
pub(super) const TIME: Duration = Duration::from_secs(1);

/// How many bytes a function may make at once.
const AT_ONCE: usize = 32 << 20;

/// How many bytes all functions may make in one evaluation.
const TOGETHER: usize = 128 << 20;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// A new evaluation begins on this thread.
pub(super) fn begin() {
    MADE.set(0);
}

/// A function is about to make so many bytes. The error is what ends the evaluation.
pub(super) fn spend(bytes: usize) -> Result<(), String> {
    let together = MADE.get().saturating_add(bytes);
    MADE.set(together);
    if bytes > AT_ONCE || together > TOGETHER {
        return Err("the evaluation needs too much memory".to_owned());
    }
    Ok(())
}
