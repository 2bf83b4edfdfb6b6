//! `policy`: the policies that a cluster enforces.

use anyhow::Result;

use super::{Context, Verdict};

mod test;

/// Test the policies that a cluster enforces
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask policy test
  cargo xtask policy test policies/image-digest --run denied")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Test(test::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    match &args.command {
        Action::Test(args) => test::run(args, context),
    }
}
