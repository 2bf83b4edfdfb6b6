//! Templates: `*.yaml.j2` files, rendered with the values of the directories that lead to them.
//!
//! Source: minijinja, strict. Invariant: no template reads a file or the network, and every byte
//! of an output is traced to the template that has it or the value that it is.

mod engine;
mod expression;
mod filters;
mod json;
mod object;
mod report;
mod safety;
mod schema;
mod trace;
mod values;

pub use engine::Renderer;
pub use schema::{Schema, check};
pub use values::{ENVIRONMENT, Layer, Values, unseen, unused_shared};
