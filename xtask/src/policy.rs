//! Gatekeeper in process: constraint templates, constraints, and what they say of objects.
//!
//! Invariant: what cannot be evaluated is never a pass; it is a violation or an error. A hostile
//! template ends within bounds of time and memory. Nothing here reads files or knows schemas.
//!
//! Source: Gatekeeper 3.23.1 and the constraint framework that it uses.

pub mod admission;
mod check;
pub mod client;
pub mod constraint;
mod defaults;
mod exemption;
pub mod expansion;
mod expressions;
mod fault;
pub mod inventory;
pub mod matching;
pub mod mutation;
mod namespaces;
pub mod native;
mod object;
pub mod of_tests;
mod place;
pub mod rego;
mod request;
mod review;
mod secret;
pub mod suite;
mod sync;
pub mod template;
mod validator;
mod words;
mod workers;

pub use check::{Codes, check};
pub use fault::Fault;
pub use review::{Origin, Review};
pub use workers::on_workers;

/// What a policy says against an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The message.
    pub message: String,
    /// What the policy adds for programs: an empty object if it adds nothing.
    pub details: serde_json::Value,
}

/// What is wrong with the code of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// One line, as a diagnostic says it.
    pub message: String,
    /// In which of the texts that the code consists of: the first is the entry, the others are
    /// libraries; of a template in CEL it is the place among [`native::texts`].
    pub text: usize,
    /// Where in it, in bytes.
    pub range: std::ops::Range<usize>,
}
