//! `validate`: checks what a cluster would be given, without one.

use std::{path::PathBuf, time::Instant};

use anyhow::{Result, bail};

use super::{
    Context, Verdict,
    context::{counted, note, print},
    render,
};
use crate::{
    diag::{Report, Severity},
    schema::Store,
};

mod files;
mod graph;
mod overlays;

/// Check overlays, or any manifests, as the API server would
///
/// Without arguments every overlay is built in memory, `rendered/` is compared with it, and every
/// object is checked against the schemas of the Kubernetes versions. Environments, files and
/// directories can be named instead; `-` is the standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask validate
  cargo xtask validate prod
  cargo xtask validate manifests/ deployment.yaml
  kustomize build overlay | cargo xtask validate -")]
pub(super) struct Args {
    /// Environments, or files and directories, or `-`
    #[arg(value_name = "ENV|PATH|-")]
    what: Vec<String>,
    /// The Kubernetes versions to check for; by default all that are known
    #[arg(long, value_delimiter = ',', value_name = "VERSION")]
    kubernetes_version: Vec<String>,
    /// Print one JSON object a file, `{"file": ..., "ok": ...}`, and no diagnostics
    #[arg(long)]
    verdicts: bool,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    overlays: usize,
    files: usize,
    objects: usize,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let start = Instant::now();
    let store = store(args)?;
    let (paths, envs) = sort_arguments(&args.what)?;
    if !paths.is_empty() {
        let checked = files::check(&paths, context, &store, !args.verdicts)?;
        if args.verdicts {
            print(&checked.verdicts)?;
            let failed = checked.report.worst() == Some(Severity::Error);
            return Ok(if failed { Verdict::Failed } else { Verdict::Clean });
        }
        let verdict = context.publish(&checked.report)?;
        summary(context, &store, checked.counts, &checked.report, start);
        return Ok(verdict);
    }
    if args.verdicts {
        bail!("--verdicts is for files: name them, or a directory");
    }
    let inspection = overlays::Inspection::new(&store);
    let (verdict, report, counts) = render::inspect(context, &envs, &inspection)?;
    let (overlays, objects) = counts;
    summary(context, &store, Counts { overlays, objects, files: 0 }, &report, start);
    Ok(verdict)
}

fn store(args: &Args) -> Result<Store> {
    if args.kubernetes_version.is_empty() {
        return Ok(Store::all_versions());
    }
    Store::for_versions(&args.kubernetes_version).or_else(|name| {
        let known = Store::all_versions().known_versions();
        bail!("--kubernetes-version: there are no schemas for {name}; there are: {known}")
    })
}

/// Paths, and names of environments. A path that exists is taken for one.
fn sort_arguments(what: &[String]) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let is_path =
        |word: &String| word == "-" || word.contains(['/', '.']) || PathBuf::from(word).exists();
    let (paths, envs): (Vec<_>, Vec<_>) = what.iter().cloned().partition(is_path);
    if !paths.is_empty() && !envs.is_empty() {
        bail!("name either environments or paths: there is no path {}", envs.join(", "));
    }
    Ok((paths.into_iter().map(PathBuf::from).collect(), envs))
}

fn summary(context: &Context, store: &Store, counts: Counts, report: &Report, start: Instant) {
    if !context.is_for_people() {
        return;
    }
    let place = if counts.overlays > 0 {
        counted(counts.overlays, "overlay")
    } else {
        counted(counts.files, "file")
    };
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    note(&format!(
        "checked {} of {place} for Kubernetes {}: {}, {}, {} ms",
        counted(counts.objects, "object"),
        store.version_names(),
        counted(errors, "error"),
        counted(warnings, "warning"),
        start.elapsed().as_millis()
    ));
}
