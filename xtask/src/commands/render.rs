//! `render`: writes the rendered tree, or says how it differs.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context as _, Result, bail};
use rayon::prelude::*;

use super::{
    Areas, Context, Verdict,
    context::{counted, note},
    settings::{Extent, Settings},
};
use crate::{
    diag::{Diagnostic, Report, Severity},
    repository::{
        Built, Change, File, Scope, SharedValues, build_all, compare, files, overlays, select,
    },
};

mod stale;
mod watch;
mod write;

pub(super) use stale::show;

/// Render every overlay to `rendered/`
///
/// Each directory overlays/<env>/<app> with a kustomization is rendered to rendered/<env>/<app>, one
/// file for each object. Either the whole tree is brought up to date or, after any error, nothing
/// is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask render
  cargo xtask render dev --watch
  cargo xtask render --check")]
pub(super) struct Args {
    /// Only these environments
    #[arg(value_name = "ENV")]
    envs: Vec<String>,
    /// Write nothing; list the files that differ, and exit with 1 if there are any
    #[arg(long, conflicts_with = "watch")]
    check: bool,
    /// Render again whenever a file in base/ or overlays/ changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// What the overlays build to, and what there is to write.
struct Plan {
    /// The files that are not as they should be.
    changes: Vec<Change>,
    objects: usize,
    overlays: usize,
    /// What is wrong with them; no errors.
    report: Report,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if args.watch {
        if context.format.is_document() {
            bail!(
                "--watch reports again after each change, and --format asks for one document: \
                 leave one of them out"
            );
        }
        return watch::run(context, &args.envs);
    }
    if args.check { check(context, &args.envs) } else { write(context, &args.envs) }
}

/// Lists how the rendered tree differs from what the overlays build to.
pub(super) fn check(context: &Context, envs: &[String]) -> Result<Verdict> {
    let start = Instant::now();
    let Some(plan) = plan(context, envs)? else { return Ok(Verdict::Failed) };
    let verdict = show(context, &plan.report, &plan.changes)?;
    summary(context, &plan, "to change", start);
    Ok(verdict)
}

/// Brings the rendered tree up to date.
fn write(context: &Context, envs: &[String]) -> Result<Verdict> {
    let start = Instant::now();
    let _lock = write::lock(&context.root);
    let Some(plan) = plan(context, envs)? else { return Ok(Verdict::Failed) };
    write::apply(&context.root, &plan.changes)
        .context("rendered/ was left as it was, because it could not be updated")?;
    // Last, since a reader that closes our output ends the run.
    let verdict = context.publish(&plan.report)?;
    summary(context, &plan, "changed", start);
    Ok(verdict)
}

/// Builds the overlays and compares. `None` if there is an error in one of them, which has been
/// shown then.
fn plan(context: &Context, envs: &[String]) -> Result<Option<Plan>> {
    let settings = Settings::load(context)?;
    let (mut report, built) = build(context, envs, &mut NoInspection)?;
    let areas = Areas::of_rendering();
    let base = context.root.clone();
    settings.apply(&mut report, &Extent { areas: &areas, base, is_whole: envs.is_empty() });
    if report.worst() == Some(Severity::Error) {
        context.publish(&report)?;
        let errors = counted(report.count(Severity::Error), "error");
        if context.is_for_people() {
            note(&format!("nothing was rendered, because of {errors}"));
        }
        return Ok(None);
    }
    let Selected { wanted, objects, overlays, scope } = built;
    let changes = compare(&context.root, &wanted, &scope).context("failed to read rendered/")?;
    Ok(Some(Plan { changes, objects, overlays, report }))
}

/// What the overlays build to, and what was found in it.
pub(super) struct Inspected {
    pub report: Report,
    /// How the rendered tree differs.
    pub changes: Vec<Change>,
    pub objects: usize,
    pub overlays: usize,
}

/// Builds the overlays, has each inspected, and lists how the rendered tree differs, if that is of
/// interest.
pub(super) fn inspect(
    context: &Context,
    envs: &[String],
    inspect: &mut impl Inspect,
    compares: bool,
) -> Result<Inspected> {
    let (report, Selected { wanted, objects, overlays, scope }) = build(context, envs, inspect)?;
    let changes = if compares {
        compare(&context.root, &wanted, &scope).context("failed to read rendered/")?
    } else {
        Vec::new()
    };
    Ok(Inspected { report, changes, objects, overlays })
}

/// Looks at the overlays that were built, and may add diagnostics.
pub(super) trait Inspect: Sync {
    /// Looks at an overlay. Whether it is to be looked at again with the others when all are built;
    /// it is kept in memory for that.
    fn one(&self, built: &mut Built) -> bool;

    /// Looks at the overlays that [`one`](Self::one) has asked it for, in their order, and reports
    /// what concerns several of them.
    fn all(&mut self, built: &mut [&mut Built], report: &mut Report);
}

/// Rendering alone needs no look.
struct NoInspection;

impl Inspect for NoInspection {
    fn one(&self, _: &mut Built) -> bool {
        false
    }

    fn all(&mut self, _: &mut [&mut Built], _: &mut Report) {}
}

/// What the selected overlays build to.
struct Selected {
    wanted: BTreeMap<String, File>,
    objects: usize,
    overlays: usize,
    scope: Scope,
}

fn build(
    context: &Context,
    envs: &[String],
    inspect: &mut impl Inspect,
) -> Result<(Report, Selected)> {
    let root = &context.root;
    let all = overlays(root).context("failed to list overlays/")?;
    if all.is_empty() {
        bail!(
            "there is nothing to render: {} has no overlays/<env>/<app>/kustomization.yaml",
            root.display()
        );
    }
    let selected = select(all, envs)?;
    let count = selected.len();
    let scope =
        if envs.is_empty() { Scope::All } else { Scope::Envs(envs.iter().cloned().collect()) };

    let (mut wanted, mut objects, mut report) = (BTreeMap::new(), 0, context.report());
    let mut shared = SharedValues::default();
    let first = |mut built| {
        if inspect.one(&mut built) {
            Ok(Box::new(built))
        } else {
            Err(Box::new(overlay(context, built)))
        }
    };
    let mut all: Vec<Result<Box<Built>, Box<_>>> = build_all(root, selected, first);
    let mut kept: Vec<&mut Built> = all.iter_mut().flatten().map(Box::as_mut).collect();
    inspect.all(&mut kept, &mut report);
    let finish = |one: Result<Box<Built>, Box<_>>| match one {
        Ok(built) => overlay(context, *built),
        Err(done) => *done,
    };
    let all: Vec<Result<Rendered>> = all.into_par_iter().map(finish).collect();
    for one in all {
        let one = one?;
        objects += one.files.len();
        wanted.extend(one.files);
        report.merge(one.report);
        shared.add(&one.env, one.unused_shared);
    }
    shared.reports().for_each(|unused| report.merge(unused));
    Ok((report, Selected { wanted, objects, overlays: count, scope }))
}

/// What there is to know of one overlay.
struct Rendered {
    env: String,
    files: BTreeMap<String, File>,
    /// What is wrong with it.
    report: Report,
    /// Which values of its environment it does not use; none if it did not build.
    unused_shared: Option<Report>,
}

fn overlay(context: &Context, mut built: Built) -> Result<Rendered> {
    let files = files(&mut built);
    if built.build.is_none() && !built.has_error() {
        bail!("{} did not build, and no diagnostic says why", built.overlay.path);
    }
    let report_of = |diagnostics: &[Diagnostic]| {
        let mut report = context.report();
        report.add(diagnostics, &built.sources);
        report
    };
    let report = report_of(&built.diagnostics);
    let unused_shared = built.build.as_ref().map(|build| report_of(&build.unused_shared));
    Ok(Rendered { env: built.overlay.env, files, report, unused_shared })
}

fn summary(context: &Context, plan: &Plan, verb: &str, start: Instant) {
    if context.is_for_people() {
        let suppressed = match plan.report.suppressed().count() {
            0 => String::new(),
            count => format!(", {count} suppressed"),
        };
        note(&format!(
            "rendered {} of {}: {} {verb}{suppressed}, {} ms",
            counted(plan.objects, "object"),
            counted(plan.overlays, "overlay"),
            counted(plan.changes.len(), "file"),
            start.elapsed().as_millis()
        ));
    }
}
