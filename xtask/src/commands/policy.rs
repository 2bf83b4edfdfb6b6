//! `policy`: the policies by themselves.

use anyhow::Result;

use super::{Context, Verdict};

mod lint;
mod test;

/// Test and check policies by themselves
///
/// What they say of the environments of this repository is a part of `validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask policy test
  cargo xtask policy test policies/image-digest --run denied
  cargo xtask policy lint")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Test(test::Args),
    Lint(lint::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    match &args.action {
        Action::Test(args) => test::run(args, context),
        Action::Lint(args) => lint::run(args, context),
    }
}

/// Lints all policies of the repository.
pub(super) fn lint(context: &Context) -> Result<Verdict> {
    lint::run(&lint::Args::default(), context)
}

/// Runs all suites of the repository.
pub(super) fn test(context: &Context) -> Result<Verdict> {
    test::run(&test::Args::default(), context)
}
