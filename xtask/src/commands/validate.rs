//! `validate`: checks what a cluster would be given, without one.

use std::{collections::BTreeSet, env, path::PathBuf, time::Instant};

use anyhow::{Context as _, Result, bail};

use super::{
    Areas, Context, Settings, Verdict,
    context::{counted, note, print},
    engine::Engine,
    render,
    settings::Extent,
};
use changed::Changed;
use graph::Asked;

use crate::{
    diag::{Finding, Location, Report, Severity, codes, did_you_mean},
    repository::Change,
    schema::Store,
};

mod changed;
mod files;
mod graph;
mod overlays;

/// Check overlays, or any manifests, as the API server would
///
/// Without arguments every overlay is built in memory, `rendered/` is compared with it, and every
/// object is checked against the schemas of the Kubernetes versions and against the other objects.
/// Environments, files and directories can be named instead; `-` is the standard input.
///
/// What is known and accepted stands in xtask.toml, with the reason.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask validate
  cargo xtask validate prod
  cargo xtask validate --only schema,reference
  cargo xtask validate --changed origin/main
  cargo xtask validate manifests/ deployment.yaml
  cargo xtask validate --explain schema/unknown-field
  kustomize build overlay | cargo xtask validate -")]
pub(super) struct Args {
    /// Environments, or files and directories, or `-`
    #[arg(value_name = "ENV|PATH|-")]
    what: Vec<String>,
    /// The Kubernetes versions to check for; by default those that xtask.toml names, or all
    #[arg(long, value_delimiter = ',', value_name = "VERSION")]
    kubernetes_version: Vec<String>,
    /// Only findings of these areas, which are the first parts of their codes
    ///
    /// What keeps something from being read or built is reported in any case.
    #[arg(long, value_delimiter = ',', value_name = "AREA")]
    only: Vec<String>,
    /// Only findings in lines that the working tree changes, against HEAD or what it has in common
    /// with REV
    ///
    /// A finding counts if its first place or one that explains it is in such a line: staged or not,
    /// of any file that git does not ignore. A new or renamed file is changed as a whole, and where
    /// lines are only removed, the two around them are. What a removed line breaks in a file that
    /// did not change is therefore not reported. What keeps something from being read or built, and
    /// files in rendered/ that are not current, are reported in any case.
    #[arg(long, value_name = "REV", num_args = 0..=1, default_missing_value = changed::DEFAULT)]
    changed: Option<String>,
    /// What evaluates a policy that is written in Rego and in CEL
    #[arg(long, value_enum, default_value = "both")]
    engine: Engine,
    /// Say what a code means, with an example that is wrong and one that is right
    #[arg(long, value_name = "CODE", conflicts_with_all = ["what", "only", "changed"])]
    explain: Option<String>,
}

/// Checks the whole repository.
pub(super) fn all(context: &Context) -> Result<Verdict> {
    run(&Args::default(), context)
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    overlays: usize,
    files: usize,
    objects: usize,
    /// How many kinds the objects of overlays are of.
    kinds: usize,
    /// How many references by name these have.
    references: usize,
    /// How many constraints they were reviewed with.
    constraints: usize,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let start = Instant::now();
    let asked = Asked { areas: Areas::named(&args.only)?, driver: args.engine.into() };
    let (paths, envs) = sort_arguments(&args.what)?;
    let mut settings = Settings::load(context)?;
    let store = settings.store(&args.kubernetes_version)?;
    if context.verdicts {
        context.show(&settings.report(context));
        return verdicts(args, &paths, &asked, &store, context);
    }
    let extent = Extent {
        areas: &asked.areas,
        base: if paths.is_empty() {
            context.root.clone()
        } else {
            env::current_dir().context("failed to find the current directory")?
        },
        is_whole: args.what.is_empty() && args.kubernetes_version.is_empty(),
    };
    let changed =
        args.changed.as_ref().map(|revision| Changed::since(revision, context)).transpose()?;
    let elsewhere =
        |path: &&PathBuf| extent.in_repository(&context.root, &path.to_string_lossy()).is_none();
    if let Some(path) = paths.iter().find(elsewhere).filter(|_| changed.is_some()) {
        let (path, root) = (path.display(), context.root.display());
        bail!("--changed: {path} is no file of the repository {root}");
    }

    let (mut report, changes, counts) = if paths.is_empty() {
        check_overlays(&envs, &asked, &settings, &store, context)?
    } else {
        let together = asked.is_about_clusters().then_some(&settings);
        let check = files::Check { context, store: &store, asked: &asked, together };
        let checked = files::check(&paths, &check)?;
        (checked.report, Vec::new(), checked.counts)
    };
    tell_once(&mut report);
    settings.apply(&mut report, &extent);
    if let Some(changed) = changed {
        report.retain(|finding| changed.concerns(finding, &extent, context));
    }
    let verdict = render::show(context, &report, &changes)?;
    if context.is_for_people() {
        let versions = asked.areas.has("schema").then(|| store.version_names());
        note(&summary(versions, counts, &report, start));
    }
    Ok(verdict)
}

fn check_overlays(
    envs: &[String],
    asked: &Asked,
    settings: &Settings,
    store: &Store,
    context: &Context,
) -> Result<(Report, Vec<Change>, Counts)> {
    let root = &context.root;
    let mut inspection = overlays::Inspection {
        store,
        settings,
        asked,
        root,
        kinds: 0,
        references: 0,
        constraints: 0,
    };
    let found = render::inspect(context, envs, &mut inspection, asked.areas.has("render"))?;
    let counts = Counts {
        overlays: found.overlays,
        objects: found.objects,
        kinds: inspection.kinds,
        references: inspection.references,
        constraints: inspection.constraints,
        ..Counts::default()
    };
    Ok((found.report, found.changes, counts))
}

/// That a constraint has no template means that its kind has no schema, which is the same fault.
fn tell_once(report: &mut Report) {
    let constraints = report.findings().filter(|one| one.code == codes::POLICY_CONSTRAINT);
    let told: BTreeSet<Location> = constraints.map(|one| one.primary.clone()).collect();
    if !told.is_empty() {
        let is_told =
            |one: &Finding| one.code == codes::SCHEMA_UNKNOWN_KIND && told.contains(&one.primary);
        report.retain(|one| !is_told(one));
    }
}

/// Says of each file whether an API server would take what is in it. What the repository accepts or
/// declares has no bearing on that.
fn verdicts(
    args: &Args,
    paths: &[PathBuf],
    asked: &Asked,
    store: &Store,
    context: &Context,
) -> Result<Verdict> {
    if paths.is_empty() {
        bail!("--format verdicts is for files: name them, or a directory");
    }
    if !args.only.is_empty() || args.changed.is_some() {
        bail!(
            "--format verdicts says what an API server would say, so that --only and --changed have \
             no use"
        );
    }
    let checked = files::check(paths, &files::Check { context, store, asked, together: None })?;
    print(&checked.verdicts)?;
    let failed = checked.report.worst() == Some(Severity::Error);
    Ok(if failed { Verdict::Failed } else { Verdict::Clean })
}

/// Prints what a code means.
fn explain(name: &str) -> Result<Verdict> {
    let Some(code) = codes::by_name(name) else {
        let known = codes::ALL.iter().map(|(code, _)| code.as_str());
        let hint = did_you_mean(name, known).unwrap_or_else(|| {
            format!("a code is `area/rule`, and the areas are: {}", codes::areas().join(", "))
        });
        bail!("--explain: there is no code `{name}`; {hint}");
    };
    let mut text = format!("{code}: {}\n", codes::sentence(code).unwrap_or_default());
    if let Some(explanation) = codes::explanation(code) {
        text.push('\n');
        text.push_str(explanation);
    }
    print(&text)?;
    Ok(Verdict::Clean)
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

/// One line that says what was looked at and how much was found.
fn summary(versions: Option<String>, counts: Counts, report: &Report, start: Instant) -> String {
    let mut line = format!("checked {}", counted(counts.objects, "object"));
    let mut add = |words: &[&str]| line.extend(words.iter().copied());
    if counts.kinds > 0 {
        add(&[" of ", &counted(counts.kinds, "kind")]);
    }
    if counts.references > 0 {
        let word = if counts.constraints > 0 { ", " } else { " and " };
        add(&[word, &counted(counts.references, "reference")]);
    }
    if counts.constraints > 0 {
        add(&[" and ", &counted(counts.constraints, "constraint")]);
    }
    if counts.overlays > 0 {
        add(&[" in ", &counted(counts.overlays, "overlay")]);
    } else {
        add(&[" of ", &counted(counts.files, "file")]);
    }
    if let Some(versions) = versions {
        add(&[" for Kubernetes ", &versions]);
    }
    add(&[": ", &counted(report.count(Severity::Error), "error")]);
    add(&[", ", &counted(report.count(Severity::Warning), "warning")]);
    let suppressed = report.suppressed().count();
    if suppressed > 0 {
        add(&[", ", &suppressed.to_string(), " suppressed"]);
    }
    add(&[", ", &start.elapsed().as_millis().to_string(), " ms"]);
    line
}
