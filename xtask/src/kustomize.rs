//! Builds a kustomization directory as `kustomize build` does, with templates beside it.
//!
//! Source: kustomize v5.8.2. Invariant: nothing here prints; a build returns what it made and
//! what is wrong.

mod accumulate;
mod context;
mod crds;
mod decode;
mod environment;
mod field_path;
mod field_spec;
mod finish;
mod generator;
mod hash;
mod images;
mod json_patch;
mod kustomization;
mod labels;
mod loader;
mod merge;
mod merge_keys;
mod name_references;
mod names;
mod objects;
mod order;
mod patches;
mod plugins;
mod replacements;
mod replicas;
mod selector;
mod transformer_config;
mod values;
mod vars;

use std::path::{Path, PathBuf};

use self::{
    accumulate::{Accumulated, Target},
    context::Context,
    loader::Loader,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, Resource},
    source::{Sources, Span},
    yaml::Node,
};

pub use environment::{OVERLAYS, applications};
pub use images::split as split_image;
pub use loader::FILE_NAMES;

/// What a build may read and how it orders its result.
#[derive(Clone, Debug)]
pub struct Options {
    /// Paths in messages are relative to this directory.
    pub base: PathBuf,
    /// Which files a kustomization may refer to.
    pub load_restrictor: LoadRestrictor,
    /// The order of the result where the kustomization has no `sortOptions`; without one as
    /// [`Reorder::Legacy`].
    pub reorder: Option<Reorder>,
    /// Whether to record what set each field and what it overrode. Only a measurement of what that
    /// costs turns it off.
    pub origins: bool,
}

impl Options {
    /// As kustomize builds without options, with paths relative to `base`.
    pub fn new(base: PathBuf) -> Self {
        Self { base, load_restrictor: LoadRestrictor::default(), reorder: None, origins: true }
    }
}

/// `--load-restrictor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Files in the directory of the kustomization or below it.
    #[default]
    RootOnly,
    /// Any file.
    None,
}

/// `--reorder`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reorder {
    /// Namespaces and other things that are needed first come first.
    Legacy,
    /// The order in which the resources were read.
    None,
}

/// The result of a build.
#[derive(Debug, Default)]
pub struct Build {
    /// The objects, in the order of the output.
    pub resources: Vec<Resource>,
    /// The histories of their fields.
    pub origins: Origins,
    /// A warning for each value of `overlays/<env>/values.yaml` that no template here uses. It
    /// holds if every build of the environment has it.
    pub unused_shared: Vec<Diagnostic>,
}

/// Builds the kustomization in `dir`. Without a [`Build`], at least one diagnostic is an error.
pub fn build(
    dir: &Path,
    options: &Options,
    sources: &mut Sources,
) -> (Option<Build>, Vec<Diagnostic>) {
    let mut context = Context::new(sources, options);
    let built = build_in(&mut context, dir, options);
    let diagnostics = context.diagnostics;
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (built.filter(|_| !failed), diagnostics)
}

/// A copy of a node, which messages call `name`, with a JSON 6902 patch applied, and what is wrong
/// with the patch.
pub fn patched(
    node: &Node,
    name: &str,
    patch: &Node,
    sources: &mut Sources,
) -> (Option<Node>, Vec<Diagnostic>) {
    let options = Options { origins: false, ..Options::new(PathBuf::new()) };
    let mut context = Context::new(sources, &options);
    let mut node = node.clone();
    if let Some(operations) = json_patch::read(&mut context, patch) {
        json_patch::apply_to_node(&mut context, &mut node, &operations, patch.span, name);
    }
    (Some(node).filter(|_| context.error_count() == 0), context.diagnostics)
}

fn build_in(context: &mut Context<'_>, dir: &Path, options: &Options) -> Option<Build> {
    let loader = match Loader::start(dir, options.load_restrictor) {
        Ok(loader) => loader,
        Err(error) => {
            let shown = context.show(dir);
            let message = format!("`{shown}` is not a directory that can be built: {error}");
            let at = Span::start_of(context.sources.add(shown, ""));
            context.report(
                Diagnostic::error(codes::KUSTOMIZE_NO_KUSTOMIZATION, message, at)
                    .with_help("name the directory that holds a `kustomization.yaml`"),
            );
            return None;
        }
    };
    let target = Target::load(context, loader, None)?;
    let metadata = target.kustomization.build_metadata;
    let accumulated = target.accumulate(context, Accumulated::default(), &metadata);
    if context.error_count() > 0 {
        return None;
    }
    let unused_shared = context.report_unused_values(target.loader.root());
    let build = finish::finish(context, &target.kustomization, accumulated, options);
    Some(Build { unused_shared, ..build })
}
