//! Builds random kustomizations with this tool and with the real kustomize, and shrinks each
//! disagreement to a small case.
//!
//! Ignored unless asked for, since it needs kustomize: `cargo xtask test --all` installs and runs
//! it. `XTASK_DIFFERENTIAL_COUNT` and `XTASK_DIFFERENTIAL_SEED` choose other cases.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failure is a failed test, and what was compared is what it is for"
)]

#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/shrink.rs"]
mod shrink;
#[path = "differential/tree.rs"]
mod tree;

use std::{
    env,
    fmt::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};
use rayon::prelude::*;
use serde::Deserialize;
use xtask::{
    diag::{Diagnostic, Format, render},
    kustomize::{Options, build},
    repository::documents,
    source::Sources,
};

use tree::Tree;

/// How many disagreements are shrunk and shown.
const SHOWN: usize = 8;

fn main() {
    let arguments = Arguments::from_args();
    let trial = Trial::test("kustomize", compare_all).with_ignored_flag(true);
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

/// What both programs made of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Equal byte for byte.
    Same,
    /// The same values, written differently.
    SameValues,
    /// Both refuse it.
    Refused,
    /// The other program crashes, so that there is nothing to agree with.
    Crash,
    /// Both build it, and the results differ.
    Differs,
    /// Only kustomize builds it.
    OnlyTheirs,
    /// Only this tool builds it.
    OnlyOurs,
}

impl Outcome {
    fn agrees(self) -> bool {
        matches!(self, Self::Same | Self::SameValues | Self::Refused | Self::Crash)
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn compare_all() -> Result<(), Failed> {
    let kustomize = kustomize()?;
    let count = number("XTASK_DIFFERENTIAL_COUNT", 2000);
    let seed = number("XTASK_DIFFERENTIAL_SEED", 1);
    let outcomes: Vec<(u64, Outcome)> = (seed..seed + count)
        .into_par_iter()
        .map(|seed| (seed, outcome(&generate::tree(seed), &kustomize)))
        .collect();
    let counted = |wanted| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count();
    println!(
        "differential: {count} random kustomizations from seed {seed}: {} built equal byte for \
         byte, {} equal in value, {} refused by both, {} crash kustomize, {} disagree",
        counted(Outcome::Same),
        counted(Outcome::SameValues),
        counted(Outcome::Refused),
        counted(Outcome::Crash),
        outcomes.iter().filter(|(_, outcome)| !outcome.agrees()).count()
    );
    let wrong: Vec<(u64, Outcome)> =
        outcomes.into_iter().filter(|(_, outcome)| !outcome.agrees()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = wrong.par_iter().take(SHOWN).map(|&(seed, found)| {
        let small = shrink::shrink(generate::tree(seed), |tree| outcome(tree, &kustomize) == found);
        format!("--- seed {seed}: {found:?}\n{}", told(&small, &kustomize))
    });
    let mut text = shown.collect::<Vec<_>>().join("\n");
    let seeds: Vec<String> = wrong.iter().skip(SHOWN).map(|(seed, _)| seed.to_string()).collect();
    if !seeds.is_empty() {
        let _ = writeln!(text, "and seeds {}", seeds.join(", "));
    }
    Err(text.into())
}

/// The real program, on the path or where `go install` puts it.
fn kustomize() -> Result<PathBuf, Failed> {
    let home = env::home_dir().map(|home| home.join("go/bin"));
    let go = Command::new("go").args(["env", "GOPATH"]).output().ok();
    let go = go.and_then(|output| String::from_utf8(output.stdout).ok());
    let go = go.map(|path| PathBuf::from(path.trim()).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .chain(go)
        .chain(home)
        .map(|dir| dir.join("kustomize"))
        .find(|program| program.is_file())
        .ok_or("kustomize is not installed: `cargo xtask test --all` installs it")?;
    let version = Command::new(&found).arg("version").output()?;
    let version = String::from_utf8(version.stdout)?;
    if version.trim() != "v5.8.2" {
        let shown = found.display();
        return Err(format!("{shown} is {}, and not v5.8.2", version.trim()).into());
    }
    Ok(found)
}

fn outcome(tree: &Tree, kustomize: &Path) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    tree.write(dir.path());
    match (ours(dir.path()), theirs(dir.path(), kustomize)) {
        (Err(_), Err(_)) => Outcome::Refused,
        (_, Err(said)) if said.contains("\ngoroutine ") => Outcome::Crash,
        (Ok(_), Err(_)) => Outcome::OnlyOurs,
        (Err(_), Ok(_)) => Outcome::OnlyTheirs,
        (Ok(ours), Ok(theirs)) if ours == theirs => Outcome::Same,
        (Ok(ours), Ok(theirs)) if values(&ours) == values(&theirs) => Outcome::SameValues,
        _ => Outcome::Differs,
    }
}

fn values(text: &str) -> Vec<serde_yaml::Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde_yaml::Value::deserialize(document).unwrap())
        .collect()
}

fn ours(dir: &Path) -> Result<String, String> {
    let mut sources = Sources::default();
    let target = dir.join(tree::ROOT);
    let (built, mut diagnostics) = build(&target, &Options::new(dir.to_owned()), &mut sources);
    let text = built.map(|built| documents(&built, &mut diagnostics));
    diagnostics.retain(Diagnostic::is_error);
    match text {
        Some(text) if diagnostics.is_empty() => Ok(text),
        _ => Err(render(&diagnostics, &sources, Format::Concise, false)),
    }
}

fn theirs(dir: &Path, kustomize: &Path) -> Result<String, String> {
    let mut command = Command::new(kustomize);
    command.args(["build", tree::ROOT]).current_dir(dir).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// A case with what both programs say of it.
fn told(tree: &Tree, kustomize: &Path) -> String {
    let dir = tempfile::tempdir().unwrap();
    tree.write(dir.path());
    let (ours, theirs) = (ours(dir.path()), theirs(dir.path(), kustomize));
    let mut text = tree.to_string();
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let diff = similar::TextDiff::from_lines(&theirs, &ours);
            let _ = write!(text, "{}", diff.unified_diff().header("kustomize", "xtask"));
        }
        (ours, theirs) => {
            for (name, result) in [("kustomize", theirs), ("xtask", ours)] {
                let said = result.map_or_else(|why| why, |_| "it builds".to_owned());
                let _ = writeln!(text, "{name}: {}", said.trim());
            }
        }
    }
    text
}
