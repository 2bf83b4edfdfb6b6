//! `doctor`: what is installed, and what is missing for which command.

use std::path::PathBuf;

use anyhow::Result;

use super::{
    Verdict,
    context::{print, table},
    tools::{INSTALL_KUSTOMIZE, cargo, find, output},
};

/// List the programs that the commands use, and how to get those that are missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask doctor")]
pub(super) struct Args {}

/// A program that some command uses.
struct Tool {
    name: &'static str,
    version: &'static [&'static str],
    required: bool,
    used_by: &'static str,
    install: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "git",
        version: &["--version"],
        required: true,
        used_by: "diff, and working with this repository",
        install: "https://git-scm.com/downloads",
    },
    Tool {
        name: "cargo",
        version: &["--version"],
        required: true,
        used_by: "every command",
        install: "https://rustup.rs",
    },
    Tool {
        name: "rustfmt",
        version: &["fmt", "--version"],
        required: false,
        used_by: "ci",
        install: "rustup component add rustfmt",
    },
    Tool {
        name: "clippy",
        version: &["clippy", "--version"],
        required: false,
        used_by: "ci",
        install: "rustup component add clippy",
    },
    Tool {
        name: "kustomize",
        version: &["version"],
        required: false,
        used_by: "bench build, as the other side",
        install: INSTALL_KUSTOMIZE,
    },
    Tool {
        name: "go",
        version: &["version"],
        required: false,
        used_by: "installing kustomize",
        install: "https://go.dev/dl",
    },
    Tool {
        name: "kubectl",
        version: &["version", "--client"],
        required: false,
        used_by: "working with a cluster",
        install: "https://kubernetes.io/docs/tasks/tools",
    },
    Tool {
        name: "python3",
        version: &["--version"],
        required: false,
        used_by: "the tests of api/",
        install: "https://www.python.org/downloads",
    },
];

pub(super) fn run(_: &Args) -> Result<Verdict> {
    let mut rows = vec![["", "program", "version", "used by"].map(str::to_owned).to_vec()];
    let mut verdict = Verdict::Clean;
    for tool in TOOLS {
        let found = version(tool);
        let (mark, detail) = match &found {
            Some(version) => ("ok", version.clone()),
            None => ("missing", format!("get it: {}", tool.install)),
        };
        if found.is_none() && tool.required {
            verdict = Verdict::Failed;
        }
        let mark = if tool.required && found.is_none() { "MISSING" } else { mark };
        rows.push(vec![mark.to_owned(), tool.name.to_owned(), detail, tool.used_by.to_owned()]);
    }
    print(&table(&rows))?;
    Ok(verdict)
}

/// The version that a program prints, without its own name in front.
fn version(tool: &Tool) -> Option<String> {
    let program = match tool.name {
        "cargo" | "rustfmt" | "clippy" => PathBuf::from(cargo()),
        name => find(name)?,
    };
    let line = output(&program, tool.version)?;
    let words = line.split_whitespace();
    let version = words.clone().find(|word| word.contains(|c: char| c.is_ascii_digit()));
    Some(version.map_or(line.clone(), str::to_owned))
}
