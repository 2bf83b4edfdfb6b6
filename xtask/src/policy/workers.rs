//! The threads that evaluate policies.
//!
//! The interpreter of Rego calls itself for each level that terms nest, so that whatever reads or
//! evaluates policies needs a larger stack than a thread has without being asked.

use std::{cell::Cell, sync::OnceLock, thread};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The stack of a thread that evaluates policies, as deep as terms may nest.
const STACK: usize = 64 << 20;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Runs on threads whose stacks are large enough for whatever evaluates policies, and so does
/// everything that is done in parallel within.
pub fn on_workers<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let builder = ThreadPoolBuilder::new().stack_size(STACK);
        builder.start_handler(|_| IS_WORKER.set(true)).build().ok()
    });
    match pool {
        Some(pool) => pool.install(run),
        // The system has no more threads to give: those that there are do the work.
        None => run(),
    }
}

/// Runs on a stack that is large enough for whatever evaluates policies: on a thread of its own,
/// unless this is one of [`on_workers`].
pub fn on_big_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    if IS_WORKER.get() {
        return run();
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        match thread.expect("the system has memory for one more thread").join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
