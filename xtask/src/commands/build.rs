//! `build`: what `kustomize build` prints.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use super::{
    Context, Verdict,
    context::print,
    files::{write_all_atomic, write_atomic},
};
use crate::{
    diag::Severity,
    kustomize::{self, LoadRestrictor, Options, Reorder},
    repository,
    source::{Sources, normalize},
};

mod names;

/// Build a kustomization directory, as `kustomize build` does
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one flag of the command line each")]
#[command(after_help = "Examples:
  cargo xtask build overlays/dev/web
  cargo xtask build overlays/dev/web --output out.yaml
  cargo xtask build --load-restrictor LoadRestrictionsNone overlays/dev/web | kubectl diff -f -")]
pub(super) struct Args {
    /// The directory of the kustomization
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Whether a kustomization may load files from outside its directory
    #[arg(long, value_enum, default_value = "LoadRestrictionsRootOnly", value_name = "RULE")]
    load_restrictor: RestrictorArg,
    /// The order of the output where the kustomization has no `sortOptions` [default: legacy]
    #[arg(long, value_enum, value_name = "ORDER")]
    reorder: Option<ReorderArg>,
    /// Write to this file, or to one file per object if it is a directory
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    #[arg(long, hide = true)]
    enable_alpha_plugins: bool,
    #[arg(long, hide = true)]
    enable_exec: bool,
    #[arg(long, hide = true)]
    enable_helm: bool,
    #[arg(long, hide = true)]
    network: bool,
    #[arg(long, hide = true)]
    as_current_user: bool,
    #[arg(long, hide = true)]
    helm_debug: bool,
    #[arg(short, long, hide = true)]
    env: Vec<String>,
    #[arg(long, hide = true)]
    mount: Vec<String>,
    #[arg(long, hide = true)]
    network_name: Option<String>,
    #[arg(long, hide = true)]
    helm_command: Option<String>,
    #[arg(long, hide = true)]
    helm_kube_version: Option<String>,
    #[arg(long, hide = true)]
    helm_api_versions: Vec<String>,
    /// Measures what the histories of fields cost
    #[arg(long, hide = true)]
    without_origins: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RestrictorArg {
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReorderArg {
    Legacy,
    None,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    refuse(args)?;
    let options = Options {
        load_restrictor: match args.load_restrictor {
            RestrictorArg::RootOnly => LoadRestrictor::RootOnly,
            RestrictorArg::None => LoadRestrictor::None,
        },
        reorder: args.reorder.map(|order| match order {
            ReorderArg::Legacy => Reorder::Legacy,
            ReorderArg::None => Reorder::None,
        }),
        origins: !args.without_origins,
        ..Options::new(context.root.clone())
    };
    let dir = std::path::absolute(&args.dir).context("failed to find the current directory")?;
    let mut sources = Sources::default();
    let (build, mut diagnostics) = kustomize::build(&normalize(&dir), &options, &mut sources);

    let to_directory = args.output.as_ref().filter(|path| path.is_dir());
    let (mut text, mut files) = (String::new(), Vec::new());
    match (&build, to_directory) {
        (Some(build), Some(_)) => files = names::files(build, &mut diagnostics),
        (Some(build), None) => text = repository::documents(build, &mut diagnostics),
        (None, _) => {}
    }
    let mut report = context.report();
    report.add(&diagnostics, &sources);
    let verdict = context.show(&report);
    if report.worst() == Some(Severity::Error) {
        return Ok(Verdict::Failed);
    }
    if build.is_none() {
        bail!("{} did not build, and no diagnostic says why", args.dir.display());
    }
    match &args.output {
        None => print(&text)?,
        Some(dir) if to_directory.is_some() => write_all_atomic(dir, &files)?,
        Some(file) => write_atomic(file, &text)?,
    }
    Ok(verdict)
}

/// What `kustomize build` can do and this command does not, with the reason.
fn refuse(args: &Args) -> Result<()> {
    let offline = "a build reads files and does nothing else, so that it is the same everywhere";
    if args.enable_alpha_plugins || args.enable_exec {
        bail!("plugins are programs, and {offline}: --enable-alpha-plugins is not supported");
    }
    let helm = args.helm_debug
        || args.helm_command.is_some()
        || args.helm_kube_version.is_some()
        || !args.helm_api_versions.is_empty();
    if args.enable_helm || helm {
        bail!(
            "charts are rendered by another program, and {offline}: --enable-helm is not \
             supported; commit the output of `helm template` as a resource"
        );
    }
    let functions = args.as_current_user
        || args.network_name.is_some()
        || !args.env.is_empty()
        || !args.mount.is_empty();
    if args.network || functions {
        bail!("functions are containers, and {offline}: their options are not supported");
    }
    let remote = args.dir.to_str().is_some_and(|dir| {
        dir.contains("://") || dir.starts_with("git@") || dir.starts_with("github.com/")
    });
    if remote && !args.dir.exists() {
        bail!("{} is not on this machine, and {offline}; clone it first", args.dir.display());
    }
    if !args.dir.is_dir() {
        bail!("there is no directory {}", args.dir.display());
    }
    Ok(())
}
