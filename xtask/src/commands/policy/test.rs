//! `policy test`: what constraints must say of some objects.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use anyhow::{Result, bail};
use rayon::prelude::*;

use super::super::{
    Context, Settings, Verdict,
    context::{note, print},
    engine::Engine,
};
use crate::{
    diag::{Format, junit_of_cases},
    policy::{on_workers, suite::Filter},
};

mod files;
mod schemas;
mod show;
mod suites;

use suites::{Ran, Setting};

/// Where the policies of a repository are.
const DIRECTORY: &str = "policies";

/// Run suites of tests of Gatekeeper policies, as `gator verify` does
///
/// A directory is searched for files of the kind Suite, with all that is below it. A suite names a
/// template, a constraint and cases: an object, and what the constraint must say of it.
///
/// The exit code is 1 if a test fails.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask policy test
  cargo xtask policy test policies/image-digest
  cargo xtask policy test --run 'image-digest//denied'
  cargo xtask policy test --format junit > report.xml")]
pub(super) struct Args {
    /// Suites, or directories with suites; by default policies/
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only tests and cases whose names match: `NAME` is for either of them, `TEST//CASE` for both
    #[arg(long, short, value_name = "REGEX", default_value = "", hide_default_value = true)]
    run: String,
    /// What evaluates a template that is written in Rego and in CEL
    #[arg(long, value_enum, default_value = "both")]
    engine: Engine,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let start = Instant::now();
    let filter = match Filter::new(&args.run) {
        Ok(filter) => filter,
        Err(why) => bail!("--run: {why}"),
    };
    let paths = match args.paths.as_slice() {
        [] => vec![context.root.join(DIRECTORY)],
        paths => paths.to_vec(),
    };
    let found = files::find(&paths)?;
    let mut settings = Settings::load(context)?;
    let schemas = schemas::Known(settings.store(&[])?);
    let setting = Setting { filter, driver: args.engine.into(), schemas, context };
    let progress = Progress::new(found.len(), context);
    let run = |found| {
        let ran = suites::run(found, &setting);
        progress.advance();
        ran
    };
    let ran: Vec<Option<Ran>> = on_workers(|| found.into_par_iter().map(run).collect());
    progress.finish();
    let ran: Vec<Ran> = ran.into_iter().flatten().collect();
    if ran.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("there is no suite in {}", paths.join(", "));
    }

    let mut report = settings.report(context);
    for one in ran.iter().flat_map(Ran::reports) {
        report.merge(one.clone());
    }
    // What came of each case is data; what is wrong beside that is not.
    let mut beside = settings.report(context);
    for suite in &ran {
        beside.merge(suite.report.clone());
    }
    match context.format {
        Format::Json => {
            context.show(&beside);
            print(&show::json(&ran))?;
        }
        Format::Junit => {
            let suites: Vec<_> = ran.iter().map(show::to_test_suite).collect();
            print(&junit_of_cases(&suites))?;
        }
        Format::Sarif => {
            context.publish(&report)?;
        }
        Format::Pretty | Format::Concise | Format::Github => {
            context.show(&report);
            print(&show::text(&ran))?;
        }
    }
    if context.is_for_people() {
        note(&show::summary(&ran, start));
    }
    Ok(context.verdict(&report))
}

/// How many suites are done, on a terminal.
struct Progress {
    total: usize,
    done: AtomicUsize,
    is_shown: bool,
}

impl Progress {
    fn new(total: usize, context: &Context) -> Self {
        let is_shown = context.is_for_people() && io::stderr().is_terminal();
        Self { total, done: AtomicUsize::new(0), is_shown }
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.write(&format!("\r{done} of {} suites", self.total));
    }

    /// Takes the line away.
    fn finish(&self) {
        self.write("\r\x1b[K");
    }

    fn write(&self, text: &str) {
        if self.is_shown {
            // There is nobody left to tell if standard error is closed.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }
}
