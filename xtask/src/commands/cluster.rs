//! What `up`, `down` and `smoke` share: a cluster, reached through `kubectl`, and what is in it.
//!
//! Invariant: every call of `kubectl` names its context and ends within a time limit. What an answer
//! means (`state`, `manifests`) is read from values and asks nobody.

pub(super) mod apply;
pub(super) mod forward;
pub(super) mod json;
pub(super) mod kubectl;
pub(super) mod load;
pub(super) mod manifests;
pub(super) mod minikube;
pub(super) mod process;
pub(super) mod state;
pub(super) mod steps;
pub(super) mod target;
pub(super) mod wait;

/// What our server-side apply is known by in `metadata.managedFields`.
pub(super) const FIELD_MANAGER: &str = "cargo-xtask";

/// What a smoke test's changes are known by, until it undoes them.
pub(super) const SMOKE_MANAGER: &str = "cargo-xtask-smoke";

/// Marks what a smoke test makes, with its role.
pub(super) const SMOKE_LABEL: &str = "users-service.example.com/smoke";

/// Marks what did not exist before `up`: a Namespace, and on `kube-system` the whole cluster.
pub(super) const CREATED_BY: &str = "users-service.example.com/created-by";

/// The value of [`CREATED_BY`].
pub(super) const UP: &str = "cargo xtask up";

/// The environment that is brought up.
pub(super) const ENVIRONMENT: &str = "dev";
