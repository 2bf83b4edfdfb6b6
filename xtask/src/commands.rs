//! The command line: one file per subcommand.
//!
//! The only module that prints and the only one that writes files. Exit codes: 0 clean, 1 there are
//! diagnostics at or above `--fail-on`, 2 the tool could not do its work.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

mod api;
mod areas;
pub mod bench;
mod build;
mod ci;
mod cluster;
mod completions;
mod context;
mod doctor;
mod down;
mod engine;
mod explain;
mod files;
mod git;
mod image;
mod images;
mod policy;
mod port_forward;
mod reading;
mod render;
mod review;
mod schema;
mod settings;
mod smoke;
mod test;
mod tools;
mod up;
mod validate;

use areas::Areas;
use context::{ClosedPipe, Context, GlobalArgs, note};
use settings::Settings;

/// Renders, checks and explains the manifests of this repository, offline.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(render::Args),
    Validate(validate::Args),
    Build(build::Args),
    Explain(explain::Args),
    Review(review::Args),
    Schema(schema::Args),
    Policy(policy::Args),
    Image(image::Args),
    Images(images::Args),
    Up(up::Args),
    Down(down::Args),
    Smoke(smoke::Args),
    PortForward(port_forward::Args),
    Test(test::Args),
    Ci(ci::Args),
    Bench(bench::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Something that fails the run.
    Failed,
}

/// Runs the command that was typed.
pub fn run(cli: &Cli) -> Result<ExitCode> {
    let context = Context::new(&cli.global)?;
    if context.verdicts && !matches!(cli.command, Command::Validate(_)) {
        bail!("--format verdicts: only `validate` gives verdicts");
    }
    let verdict = match &cli.command {
        Command::Render(args) => render::run(args, &context),
        Command::Validate(args) => validate::run(args, &context),
        Command::Build(args) => build::run(args, &context),
        Command::Explain(args) => explain::run(args, &context),
        Command::Review(args) => review::run(args, &context),
        Command::Schema(args) => schema::run(args, &context),
        Command::Policy(args) => policy::run(args, &context),
        Command::Image(args) => image::run(args, &context),
        Command::Images(args) => images::run(args, &context),
        Command::Up(args) => up::run(args, &context),
        Command::Down(args) => down::run(args, &context),
        Command::Smoke(args) => smoke::run(args, &context),
        Command::PortForward(args) => port_forward::run(args),
        Command::Test(args) => test::run(args, &context),
        Command::Ci(args) => ci::run(args, &context),
        Command::Bench(args) => bench::run(args, &context),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions(args) => completions::run(args),
    }?;
    Ok(match verdict {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::Failed => ExitCode::from(1),
    })
}

/// Says why the tool could not do its work. A reader that closed our output has what it wanted.
pub fn report_failure(error: &anyhow::Error) -> ExitCode {
    if error.is::<ClosedPipe>() {
        return ExitCode::SUCCESS;
    }
    note(&format!("error: {error:#}"));
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_each_command_has_an_example() {
        for command in Cli::command().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{name}: {help}");
            assert!(help.contains(&format!("cargo xtask {name}")), "{name}: {help}");
        }
    }
}
