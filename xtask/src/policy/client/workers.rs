//! The threads that evaluate policies.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The interpreter of Rego calls itself for each level that terms nest.
const STACK: usize = 64 * 1024 * 1024;

/// Runs on threads whose stacks are large enough for whatever evaluates policies, and so does
/// everything that is done in parallel within.
pub fn on_workers<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| ThreadPoolBuilder::new().stack_size(STACK).build().ok());
    match pool {
        Some(pool) => pool.install(run),
        // The system has no more threads to give: those that there are do the work.
        None => run(),
    }
}
