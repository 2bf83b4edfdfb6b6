//! What an evaluation may take: time and memory.
//!
//! The interpreter looks at the clock between two steps. A function that OPA provides is one step, so
//! each of those whose result may be much larger than what it is given says beforehand how large, and
//! those that go through something again and again look at the clock themselves.
//!
//! Values share their parts, so that some lines of code make one that has more parts than there are
//! atoms. Nothing may walk such a value: what is put together from others is measured first.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    sync::Once,
    time::{Duration, Instant},
};

use regorus::Value;
use rustix::time::{ClockId, clock_gettime};

/// How long one evaluation may take.
pub(super) const TIME: Duration = Duration::from_secs(1);

/// What takes the processor longer than this on one object is slow.
const SLOW: Duration = Duration::from_millis(100);

/// What an evaluation ends with that took too long; the interpreter says it so, too.
pub(super) const TOO_LONG: &str = "execution exceeded time limit";

/// What an evaluation ends with that would take too much memory.
pub(super) const TOO_LARGE: &str = "the evaluation needs too much memory";

/// How many bytes a function may make at once.
const AT_ONCE: usize = 32 << 20;

/// How many bytes a value may take if each of its parts is counted as often as it is there.
const LARGEST: usize = 128 << 20;

/// How many bytes the result of an evaluation may take, counted in that way.
const RESULT: usize = 4 << 20;

/// How many bytes all values may take that are put together in one evaluation, counted in that way.
const WALKED: usize = 512 << 20;

/// How deeply values may nest.
const DEEPEST: usize = 1_000;

/// How many bytes all functions may make in one evaluation.
const TOGETHER: usize = 128 << 20;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
    static SEEN: Cell<usize> = const { Cell::new(0) };
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
    static WORKED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// A new evaluation begins on this thread.
pub(super) fn begin() {
    MADE.set(0);
    SEEN.set(0);
    STARTED.set(Some(Instant::now()));
    WORKED.set(processor_time());
}

/// How long the evaluation has taken, if that is slow. What else runs on the machine does not count.
pub(super) fn slow() -> Option<Duration> {
    Some(processor_time().saturating_sub(WORKED.get())).filter(|took| *took >= SLOW)
}

/// How long the processor has worked for this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Looks at the clock. The error is what ends the evaluation.
pub(super) fn look_at_clock() -> Result<(), String> {
    if STARTED.get().is_some_and(|started| started.elapsed() > TIME) {
        return Err(TOO_LONG.to_owned());
    }
    Ok(())
}

/// A function is about to make so many bytes. The error is what ends the evaluation.
pub(super) fn spend(bytes: usize) -> Result<(), String> {
    let together = MADE.get().saturating_add(bytes);
    MADE.set(together);
    if bytes > AT_ONCE || together > TOGETHER {
        return Err(TOO_LARGE.to_owned());
    }
    Ok(())
}

/// Whether a value is small enough to be walked: compared, sorted, printed. The error is what ends the
/// evaluation.
pub(super) fn measure(value: &Value) -> Result<(), String> {
    let size = Size::of(value, LARGEST);
    let seen = SEEN.get().saturating_add(size.bytes);
    SEEN.set(seen);
    if size.bytes > LARGEST || seen > WALKED {
        return Err(TOO_LARGE.to_owned());
    }
    if size.depth > DEEPEST {
        return Err("a value nests too deep".to_owned());
    }
    Ok(())
}

/// Whether a value is small enough to be told.
pub(super) fn measure_result(value: &Value) -> Result<(), String> {
    let size = Size::of(value, RESULT);
    if size.bytes > RESULT || size.depth > DEEPEST {
        return Err("the result is too large".to_owned());
    }
    Ok(())
}

/// What the parts of a value take, each as often as it is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub bytes: usize,
    /// With the path to each part.
    pub with_paths: usize,
    pub depth: usize,
}

impl Size {
    /// Stops counting above `limit` bytes, and below what nests too deep.
    pub fn of(value: &Value, limit: usize) -> Self {
        let mut size = Self::default();
        let mut open = vec![(value, 1_usize)];
        while let Some((value, depth)) = open.pop() {
            size.bytes = size.bytes.saturating_add(24);
            size.with_paths = size.with_paths.saturating_add(64 + 16 * depth);
            size.depth = size.depth.max(depth);
            let below = |part| (part, depth + 1);
            match value {
                Value::String(text) => size.bytes = size.bytes.saturating_add(text.len()),
                Value::Array(items) => open.extend(items.iter().map(below)),
                Value::Set(items) => open.extend(items.iter().map(below)),
                Value::Object(fields) => {
                    for (key, value) in fields.iter() {
                        open.extend([below(key), below(value)]);
                    }
                }
                _ => {}
            }
            if size.bytes > limit || size.depth > DEEPEST {
                break;
            }
        }
        size
    }
}

/// Runs what may panic, without a word of that on the terminal: it is told as a finding.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if !IS_CAUGHT.get() {
                usual(panic);
            }
        }));
    });
    let outer = IS_CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run)).ok();
    IS_CAUGHT.set(outer);
    result
}
