//! `doctor`: what is installed, and what is missing for which command.

use std::path::PathBuf;

use anyhow::Result;

use super::{
    Verdict,
    context::{print, table},
    tools::{
        INSTALL_GATOR, INSTALL_KUBECONFORM, INSTALL_KUBECTL, INSTALL_KUSTOMIZE, INSTALL_MINIKUBE,
        cargo, find, output,
    },
};

/// List the programs that the commands use, and how to get those that are missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask doctor")]
pub(super) struct Args {}

/// A program that some command uses.
struct Tool {
    name: &'static str,
    /// The arguments that make it print its version; none where it has no such option.
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
        name: "kubeconform",
        version: &["-v"],
        required: false,
        used_by: "bench validate, as the other side",
        install: INSTALL_KUBECONFORM,
    },
    Tool {
        name: "gator",
        version: &["--version"],
        required: false,
        used_by: "bench policy, as the other side",
        install: INSTALL_GATOR,
    },
    Tool {
        name: "go",
        version: &["version"],
        required: false,
        used_by: "installing kustomize; the database for the tests of api/, where there is no other",
        install: "https://go.dev/dl",
    },
    Tool {
        name: "kubectl",
        version: &["version", "--client"],
        required: false,
        used_by: "up, down, smoke",
        install: INSTALL_KUBECTL,
    },
    Tool {
        name: "minikube",
        version: &["version", "--short"],
        required: false,
        used_by: "up, down, for a cluster on this machine",
        install: INSTALL_MINIKUBE,
    },
    Tool {
        name: "kind",
        version: &["version"],
        required: false,
        used_by: "up --cluster current, for a cluster of kind",
        install: "https://kind.sigs.k8s.io/docs/user/quick-start",
    },
    Tool {
        name: "k3d",
        version: &["version"],
        required: false,
        used_by: "up --cluster current, for a cluster of k3d",
        install: "https://k3d.io",
    },
    Tool {
        name: "docker",
        version: &["version", "--format", "{{.Server.Version}}"],
        required: false,
        used_by: "image, up; podman or buildah do as well",
        install: "https://docs.docker.com/engine/install",
    },
    Tool {
        name: "podman",
        version: &["--version"],
        required: false,
        used_by: "image, up; docker or buildah do as well",
        install: "https://podman.io/docs/installation",
    },
    Tool {
        name: "buildah",
        version: &["--version"],
        required: false,
        used_by: "image, up; docker or podman do as well",
        install: "https://github.com/containers/buildah/blob/main/install.md",
    },
    Tool {
        name: "wrk",
        version: &[],
        required: false,
        used_by: "bench api",
        install: "apt install wrk, or brew install wrk",
    },
    Tool {
        name: "python3",
        version: &["--version"],
        required: false,
        used_by: "the tests of api/ (3.11 or later)",
        install: "https://www.python.org/downloads",
    },
    Tool {
        name: "node",
        version: &["--version"],
        required: false,
        used_by: "the tests of api/, for the script beside mongod",
        install: "https://nodejs.org/en/download",
    },
];

pub(super) fn run(_: &Args) -> Result<Verdict> {
    let mut rows = vec![["", "program", "version", "used by"].map(str::to_owned).to_vec()];
    let mut verdict = Verdict::Clean;
    for tool in TOOLS {
        let (mark, detail) = match look_for(tool) {
            Found::Version(version) => ("ok", version),
            Found::Silent => ("idle", "it is installed, but does not answer".to_owned()),
            Found::Nothing if tool.required => {
                verdict = Verdict::Failed;
                ("MISSING", format!("get it: {}", tool.install))
            }
            Found::Nothing => ("missing", format!("get it: {}", tool.install)),
        };
        rows.push([mark, tool.name, &detail, tool.used_by].map(str::to_owned).to_vec());
    }
    print(&table(&rows))?;
    Ok(verdict)
}

/// What there is of a program.
enum Found {
    /// It says its version, given without its own name in front.
    Version(String),
    /// It is there and cannot say it: the client of an engine that does not run.
    Silent,
    Nothing,
}

fn look_for(tool: &Tool) -> Found {
    let program = match tool.name {
        "cargo" | "rustfmt" | "clippy" => Some(PathBuf::from(cargo())),
        name => find(name),
    };
    let Some(program) = program else { return Found::Nothing };
    if tool.version.is_empty() {
        return Found::Version("installed".to_owned());
    }
    match output(&program, tool.version) {
        Some(line) => {
            let mut words = line.split_whitespace();
            let number = words.find(|word| word.contains(|c: char| c.is_ascii_digit()));
            Found::Version(number.unwrap_or(&line).to_owned())
        }
        // A component that is not installed is a program that fails.
        None if matches!(tool.name, "cargo" | "rustfmt" | "clippy") => Found::Nothing,
        None => Found::Silent,
    }
}
