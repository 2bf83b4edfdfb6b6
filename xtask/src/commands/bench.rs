//! `bench`: how fast the tool is beside the programs that it replaces.

use anyhow::Result;

use super::{Context, Verdict};

mod api;
mod build;
pub mod generate;
mod manifests;
mod measure;
mod peer_schemas;
mod policy;
mod validate;

/// Measure the tool beside its peers
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench build
  cargo xtask bench build --sizes 1,1000 --runs 9
  cargo xtask bench validate
  cargo xtask bench policy
  cargo xtask bench api")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Build(build::Args),
    Validate(validate::Args),
    Policy(policy::Args),
    Api(api::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    match &args.what {
        What::Build(args) => build::run(args),
        What::Validate(args) => validate::run(args, context),
        What::Policy(args) => policy::run(args, context),
        What::Api(args) => api::run(args, context),
    }
}
