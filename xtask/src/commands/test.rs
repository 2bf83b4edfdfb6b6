//! `test`: every test of the repository.

use anyhow::Result;

use super::{Context, Verdict, tools::run_cargo};

/// Run all tests
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test -- golden")]
pub(super) struct Args {
    /// Passed to the test programs: a filter, for example
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    all(context, &args.rest)
}

/// Runs every test with `rest` as arguments of the test programs.
pub(super) fn all(context: &Context, rest: &[String]) -> Result<Verdict> {
    let mut arguments = vec!["test".to_owned(), "--workspace".to_owned(), "--locked".to_owned()];
    if !rest.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend_from_slice(rest);
    }
    Ok(if run_cargo(&context.root, &arguments)? { Verdict::Clean } else { Verdict::Failed })
}
