//! `schema`: the schemas that `validate` checks against.

use std::{env, process::Command};

use anyhow::{Context as _, Result, bail};

use super::{
    Context, Verdict,
    context::{counted, note, print, table},
};
use crate::schema::{Store, custom};

mod add;

/// List, import and regenerate the schemas that `validate` checks against
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask schema list
  cargo xtask schema add crds/*.yaml --from cert-manager --version v1.21.1
  cargo xtask schema update --check")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(add::Args),
    /// List the versions of Kubernetes and the custom kinds that are built in
    #[command(after_help = "Example:
  cargo xtask schema list")]
    List,
    Update(Update),
}

/// Make the schemas of all Kubernetes versions anew
///
/// Compiles every type of Kubernetes once for each version, which takes some minutes. Nothing but
/// a new release of the generator's dependencies or a change of its tables calls for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask schema update --check")]
struct Update {
    /// Write nothing; say what differs, and exit with 1 if something does
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    match &args.command {
        Action::Add(args) => add::run(args, context),
        Action::List => list(),
        Action::Update(args) => update(args, context),
    }
}

fn list() -> Result<Verdict> {
    let mut rows = Vec::new();
    for (version, kinds) in Store::all_versions().kind_counts() {
        rows.push(
            ["Kubernetes".to_owned(), version.to_owned(), counted(kinds, "kind"), String::new()]
                .to_vec(),
        );
    }
    for bundle in custom::bundles() {
        let kinds = counted(bundle.kinds.len(), "kind");
        rows.push([bundle.name, bundle.version, &kinds, bundle.source].map(str::to_owned).to_vec());
    }
    print(&table(&rows))?;
    Ok(Verdict::Clean)
}

/// Says whether the schemas are what the generator makes.
pub(super) fn check(context: &Context) -> Result<Verdict> {
    update(&Update { check: true }, context)
}

/// Runs the generator once for each version: it is compiled against the types of one.
fn update(args: &Update, context: &Context) -> Result<Verdict> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut verdict = Verdict::Clean;
    for (version, _) in Store::all_versions().kind_counts() {
        let file = format!("xtask/schemas/kubernetes/{version}.json");
        note(&format!("{} {file}", if args.check { "checking" } else { "making" }));
        let status = Command::new(&cargo)
            .args(["run", "--quiet", "--locked", "--package", "schema-generator"])
            .args(["--no-default-features", "--features", &feature(version), "--"])
            .args([if args.check { "--check" } else { "--output" }, &file])
            .current_dir(&context.root)
            .status()
            .with_context(|| format!("failed to run {}", cargo.display()))?;
        match status.code() {
            Some(0) => {}
            Some(1) if args.check => verdict = Verdict::Failed,
            _ => bail!("the generator failed for Kubernetes {version}: {status}"),
        }
    }
    Ok(verdict)
}

/// `v1_36` for `1.36`.
fn feature(version: &str) -> String {
    format!("v{}", version.replace('.', "_"))
}
