//! The overlays of a repository, and the rendered tree that is made of them.
//!
//! The path is the identity: `overlays/<env>/<app>` is rendered to `rendered/<env>/<app>`, one file
//! for each object. Invariant: nothing here writes; the tree on disk is only compared.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::{
    diag::{Diagnostic, Severity},
    kustomize::{self, Build, Options},
    source::Sources,
    yaml::emit,
};

mod overlay;
mod shared;
mod stale;
mod tree;

pub use overlay::{Overlay, Unselected, overlays, select};
pub use shared::SharedValues;
pub use stale::{Change, Scope, State, compare};
pub use tree::{File, files};

/// What one overlay built to. Each has its own sources, so that the result does not depend on
/// which overlay was built first.
#[derive(Debug)]
pub struct Built {
    /// The overlay.
    pub overlay: Overlay,
    /// The result; `None` if an error is among the diagnostics.
    pub build: Option<Build>,
    /// The texts that the diagnostics and the result point into.
    pub sources: Sources,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Built {
    /// Whether a diagnostic is an error.
    pub fn has_error(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

/// Builds every overlay, in parallel; the result is in the order of `overlays`.
pub fn build_all<T: Send>(
    root: &Path,
    overlays: Vec<Overlay>,
    then: impl Fn(Built) -> T + Sync,
) -> Vec<T> {
    overlays.into_par_iter().map(|overlay| then(build(root, overlay))).collect()
}

fn build(root: &Path, overlay: Overlay) -> Built {
    let options = Options::new(root.to_path_buf());
    let mut sources = Sources::default();
    let (build, diagnostics) = kustomize::build(&root.join(&overlay.path), &options, &mut sources);
    Built { overlay, build, sources, diagnostics }
}

/// All objects of a build as one text, as `kustomize build` prints them.
pub fn documents(build: &Build, diagnostics: &mut Vec<Diagnostic>) -> String {
    let mut text = String::new();
    for (at, resource) in build.resources.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        if let Err(error) = emit(&resource.node, &mut text) {
            diagnostics.push(error.diagnostic());
        }
    }
    text
}

/// The directory of the rendered tree.
pub fn rendered_directory(root: &Path) -> PathBuf {
    root.join("rendered")
}
