//! `test`: every test of the repository.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{
    Context, Verdict,
    api::Environment,
    context::note,
    policy,
    tools::{INSTALL_GATOR, INSTALL_KUSTOMIZE, install_reference, run_cargo},
};

/// Run all tests
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test --all
  cargo xtask test policies
  cargo xtask test rust -- golden
  cargo xtask test api -- -k users")]
pub(super) struct Args {
    /// Only the tests of one part
    #[arg(value_enum)]
    part: Option<Part>,
    /// Also build 2,000 random kustomizations with the real kustomize, and run the policies with the
    /// real gator, and compare; installs both with Go where they are missing
    #[arg(long)]
    all: bool,
    /// Passed to the test programs of the part: a filter, for example
    #[arg(last = true, requires = "part")]
    rest: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The toolchain, with the manifests
    Rust,
    /// The suites of policies/
    Policies,
    /// The service in api/, against a real database server
    Api,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let wanted = |part| args.part.is_none_or(|only| only == part);
    let mut verdict = Verdict::Clean;
    if wanted(Part::Rust) {
        verdict = rust(args, context)?;
    }
    // A failure in one part says nothing about the others, so that all are told.
    if wanted(Part::Policies) && policy::test(context)? == Verdict::Failed {
        verdict = Verdict::Failed;
    }
    if wanted(Part::Api) && api(&args.rest, context)? == Verdict::Failed {
        verdict = Verdict::Failed;
    }
    Ok(verdict)
}

/// Runs every test, with the comparison with the real kustomize.
pub(super) fn all(context: &Context) -> Result<Verdict> {
    run(&Args { part: None, all: true, rest: Vec::new() }, context)
}

fn rust(args: &Args, context: &Context) -> Result<Verdict> {
    let mut rest = args.rest.clone();
    if args.all {
        install_reference("kustomize", INSTALL_KUSTOMIZE)?;
        install_reference("gator", INSTALL_GATOR)?;
        rest.push("--include-ignored".to_owned());
    }
    let mut arguments = vec!["test".to_owned(), "--workspace".to_owned(), "--locked".to_owned()];
    if !rest.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend(rest);
    }
    Ok(if run_cargo(&context.root, &arguments)? { Verdict::Clean } else { Verdict::Failed })
}

fn api(rest: &[String], context: &Context) -> Result<Verdict> {
    let environment = Environment::prepare(context)?;
    // Whether enough of the code is reached can be said of a whole run only.
    let coverage = ["--cov".to_owned()];
    let arguments = if rest.is_empty() { &coverage } else { rest };
    let mut command = environment.module("pytest", arguments);
    let status = command.status().context("failed to run pytest")?;
    match status.code() {
        Some(0) => Ok(Verdict::Clean),
        // 1: tests failed. 5: none was selected, which is no pass either.
        Some(1 | 5) => Ok(Verdict::Failed),
        _ => bail!("pytest could not do its work: {status}"),
    }
}

/// The static checks of the service: style, types, and the Dockerfile.
pub(super) fn lint_api(context: &Context) -> Result<Verdict> {
    let environment = Environment::prepare(context)?;
    let steps: [(&str, Command); 4] = [
        ("ruff check", environment.module("ruff", &["check", "--quiet"])),
        ("ruff format", environment.module("ruff", &["format", "--check", "--quiet"])),
        ("mypy", environment.module("mypy", &["--strict", "app", "tests"])),
        ("hadolint", environment.program("hadolint", &["Dockerfile"])),
    ];
    let mut verdict = Verdict::Clean;
    for (name, mut command) in steps {
        let status = command.status().with_context(|| format!("failed to run {name}"))?;
        if !status.success() {
            note(&format!("{name} failed"));
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}
