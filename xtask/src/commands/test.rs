//! `test`: every test of the repository.

use anyhow::Result;

use super::{
    Context, Verdict,
    tools::{find, install_kustomize, run_cargo},
};

/// Run all tests
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test --all
  cargo xtask test -- golden")]
pub(super) struct Args {
    /// Also build 2,000 random kustomizations with the real kustomize and compare; installs it
    /// with Go where it is missing
    #[arg(long)]
    all: bool,
    /// Passed to the test programs: a filter, for example
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let mut rest = args.rest.clone();
    if args.all {
        need_kustomize()?;
        rest.push("--include-ignored".to_owned());
    }
    tests(context, &rest)
}

/// Runs every test, with the comparison with the real kustomize.
pub(super) fn all(context: &Context) -> Result<Verdict> {
    run(&Args { all: true, rest: Vec::new() }, context)
}

/// Installs what the tests with `--all` compare with.
fn need_kustomize() -> Result<()> {
    if find("kustomize").is_some() {
        return Ok(());
    }
    install_kustomize()
}

/// Runs every test with `rest` as arguments of the test programs.
fn tests(context: &Context, rest: &[String]) -> Result<Verdict> {
    let mut arguments = vec!["test".to_owned(), "--workspace".to_owned(), "--locked".to_owned()];
    if !rest.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend_from_slice(rest);
    }
    Ok(if run_cargo(&context.root, &arguments)? { Verdict::Clean } else { Verdict::Failed })
}
