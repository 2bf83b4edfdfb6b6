//! `completions`: a script that completes commands and options in a shell.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Verdict, context::print};

/// Print the completion script of a shell
///
/// The script completes the command `xtask`; `cargo install --path xtask` puts it on the path.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask completions bash > ~/.local/share/bash-completion/completions/xtask")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<Verdict> {
    let mut command = Cli::command().bin_name("xtask");
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "xtask", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Verdict::Clean)
}
