//! Schemas: what a Kubernetes API server takes, for each version, and checking an object against
//! it.
//!
//! A [`Store`] holds the built-in kinds, from the bundles in `schemas/kubernetes`, and custom
//! ones. [`Store::check`] walks an object once for all versions that are asked for. Invariant:
//! nothing here reads a file, and nothing knows what another object says.

mod bundle;
mod check;
pub mod custom;
mod deprecation;
mod findings;
mod metadata;
mod model;
mod packed;
mod range;
mod rules;
mod scalar;
mod store;
mod version;

pub use store::Store;
pub use version::{Version, Versions};

use crate::formats::{self, pattern};
