//! YAML as a tree in which every key and value knows where it was written and what changed it.
//!
//! Source: YAML 1.2 syntax (`granit-parser`), with scalars resolved as Go's decoders do it, since
//! those are what kubectl, kustomize and Argo CD read with. Invariant: nothing here knows
//! Kubernetes.

mod emit;
mod json;
mod node;
mod parse;
mod path;
mod scalar;

pub use emit::{EmitError, emit, emit_documents, is_unreadable_block};
pub use json::{escape as escape_json, same_json, to_json, to_json_for_hash};
pub use node::{Entry, Mapping, Node, Scalar, ScalarKind, Text, Value};
pub use parse::{parse, parse_embedded, parse_trimmed, span_within};
pub use path::{FieldPath, Missing, PathError, PathStep, leaves};
pub use scalar::{Dialect, canonical, resolve};
