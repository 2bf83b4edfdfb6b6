//! `ci`: what the continuous integration runs, in the same order.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::{
    Context, Verdict, note, policy, render, schema, test,
    tools::{cargo, run_cargo},
    validate,
};

/// Run what the continuous integration runs, and stop at the first failure
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask ci")]
pub(super) struct Args {}

/// A step: its name, and what it does.
type Step = (&'static str, fn(&Context) -> Result<Verdict>);

const STEPS: &[Step] = &[
    ("cargo fmt --check", fmt),
    ("cargo clippy", clippy),
    ("cargo xtask render --check", |context| render::check(context, &[])),
    ("cargo xtask validate", validate::all),
    ("cargo xtask policy lint", policy::lint),
    ("ruff, mypy and hadolint in api/", test::lint_api),
    ("cargo xtask test --all", test::all),
    ("cargo xtask schema update --check", schema::check),
];

pub(super) fn run(_: &Args, context: &Context) -> Result<Verdict> {
    for (at, (name, step)) in STEPS.iter().enumerate() {
        note(&format!("==> {}/{} {name}", at + 1, STEPS.len()));
        if step(context)? == Verdict::Failed {
            note(&format!("ci failed at step {} of {}: {name}", at + 1, STEPS.len()));
            return Ok(Verdict::Failed);
        }
    }
    note("ci passed");
    Ok(Verdict::Clean)
}

fn fmt(context: &Context) -> Result<Verdict> {
    needs("fmt", "rustfmt")?;
    cargo_step(context, &["fmt", "--all", "--check"])
}

fn clippy(context: &Context) -> Result<Verdict> {
    needs("clippy", "clippy")?;
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    cargo_step(context, &arguments)
}

fn cargo_step(context: &Context, arguments: &[&str]) -> Result<Verdict> {
    Ok(if run_cargo(&context.root, arguments)? { Verdict::Clean } else { Verdict::Failed })
}

/// Fails with how to install it if a component of the toolchain is missing.
fn needs(subcommand: &str, component: &str) -> Result<()> {
    let mut probe = Command::new(cargo());
    probe.args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        bail!("{component} is not installed: `rustup component add {component}` installs it");
    }
    Ok(())
}
