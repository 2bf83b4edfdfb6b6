//! `policy test` passes and fails the suites that the real `gator verify` passes and fails.
//!
//! `gator_verify/suites.jsonl` has a suite in each line: its files, without those that are as in the
//! first line, and whether gator 3.23.1 passes it. What gator says there is never changed by hand.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    process::Command,
};

use serde::Deserialize;

#[derive(Deserialize)]
struct Suite {
    name: String,
    passes: bool,
    files: BTreeMap<String, String>,
}

/// A line of `policy test --format json`.
#[derive(Deserialize)]
struct Line {
    suite: String,
    outcome: String,
    diagnostics: Vec<serde_json::Value>,
}

/// Suites of which something else is said here, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("constraint two docs", "gator looks at the first document alone, and the second is broken"),
    ("template two docs", "gator looks at the first document alone, and the second is broken"),
    ("hash line in block", "gator takes a line of a block scalar for a comment"),
    ("big", "a number beyond 64 bits with a sign keeps its digits"),
];

#[test]
fn the_same_suites_pass() {
    let text = include_str!("gator_verify/suites.jsonl");
    let suites: Vec<Suite> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let root = tempfile::tempdir().unwrap();
    let shared = &suites.first().unwrap().files;
    for (number, suite) in suites.iter().enumerate() {
        let directory = root.path().join(format!("{number:03}"));
        fs::create_dir(&directory).unwrap();
        for (name, text) in shared.iter().chain(&suite.files) {
            fs::write(directory.join(name), text).unwrap();
        }
    }
    let said = run(root.path());
    let known: BTreeSet<&str> = DIFFERENCES.iter().map(|(name, _)| *name).collect();
    let mut wrong = String::new();
    for (number, suite) in suites.iter().enumerate() {
        let why = said.get(&format!("{number:03}/suite.yaml"));
        let agrees = why.is_none() == suite.passes;
        let name = &suite.name;
        match (agrees, known.contains(name.as_str())) {
            (true, true) => _ = writeln!(wrong, "{name}: it agrees; remove it from DIFFERENCES"),
            (false, false) if suite.passes => {
                _ = writeln!(wrong, "{name}: gator passes it; {}", why.unwrap());
            }
            (false, false) => _ = writeln!(wrong, "{name}: gator fails it"),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The suites that fail, by path, with the first thing that is said of each.
fn run(root: &Path) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["policy", "test", ".", "--engine", "cel", "--format", "json", "--root", "."])
        .current_dir(root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
    let failed = lines.filter(|line| line.outcome == "failed");
    failed.map(|line| (line.suite, format!("{:?}", line.diagnostics.first()))).collect()
}
