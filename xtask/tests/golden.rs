//! One test for each directory `tests/cases/<command>/<topic>/<what-happens>/`.
//!
//! The directory is copied and is the repository of the run. What is read from it:
//!
//! - `command`: the arguments, one a line; without it `<command>`, for `build` also `.`
//! - `expected.yaml`: the standard output of `build`; of `render` also the rendered tree after it
//! - `expected.txt`: the standard output of every other command
//! - `expected.diag`: the standard error and, unless it is 0, the exit code
//! - `oracle`: the expected output was made by the program that this file names
//!
//! An output without a file is a failure, and so is a file without an output. `UPDATE_GOLDEN=1`
//! writes the files, except an output of an oracle; `git diff` shows what that did.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::{Arguments, Failed, Trial};
use walkdir::WalkDir;

/// Files of a case that are not its input.
const NOT_INPUT: &[&str] = &["command", "expected.yaml", "expected.txt", "expected.diag", "oracle"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut trials = Vec::new();
    for command in children(&root) {
        for topic in children(&command) {
            let cases = children(&topic);
            if cases.is_empty() {
                trials.push(stray(&root, &topic));
            }
            for case in cases {
                if !case.is_dir() {
                    trials.push(stray(&root, &case));
                    continue;
                }
                trials.push(Trial::test(name(&root, &case), move || check(&case)));
            }
        }
    }
    assert!(!trials.is_empty(), "there are no cases in {}", root.display());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// What lies where a directory of cases should be.
fn stray(root: &Path, path: &Path) -> Trial {
    Trial::test(name(root, path), || {
        Err("a case is a directory <command>/<topic>/<what-happens>".into())
    })
}

fn children(dir: &Path) -> Vec<PathBuf> {
    if !dir.is_dir() {
        return Vec::new();
    }
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().display().to_string().replace('\\', "/")
}

fn check(case: &Path) -> Result<(), Failed> {
    let command = case.ancestors().nth(2).unwrap().file_name().unwrap().to_str().unwrap();
    let copy = tempfile::tempdir()?;
    copy_input(case, copy.path())?;
    let (mut output, diagnostics) = run(command, case, copy.path())?;
    if command == "render" {
        output.push_str(&tree(copy.path())?);
    }
    let output_name =
        if matches!(command, "build" | "render") { "expected.yaml" } else { "expected.txt" };

    let update = env::var_os("UPDATE_GOLDEN").is_some();
    let outputs = [(output_name, output), ("expected.diag", diagnostics)];
    if outputs.iter().all(|(_, text)| text.is_empty()) {
        return Err("the command printed nothing, so that there is nothing to expect".into());
    }
    let written = |name: &str| case.join(name).exists();
    if !update && !outputs.iter().any(|(name, _)| written(name)) {
        return Err(format!("there is no {output_name} and no expected.diag").into());
    }
    let mut wrong = String::new();
    for (name, actual) in &outputs {
        let path = case.join(name);
        let expected = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        if expected == *actual && written(name) != actual.is_empty() {
            continue;
        }
        // What is said beside the output is ours to say.
        if update && (*name == "expected.diag" || !case.join("oracle").exists()) {
            match actual.as_str() {
                "" => fs::remove_file(&path)?,
                text => fs::write(&path, text)?,
            }
            continue;
        }
        let diff = similar::TextDiff::from_lines(&expected, actual);
        let _ = write!(wrong, "{}", diff.unified_diff().header(name, "actual"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

fn copy_input(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry?;
        let below = entry.path().strip_prefix(from)?;
        if entry.depth() == 1 && NOT_INPUT.iter().any(|name| below == Path::new(name)) {
            continue;
        }
        if entry.file_type().is_dir() {
            fs::create_dir(to.join(below))?;
        } else {
            fs::copy(entry.path(), to.join(below))?;
        }
    }
    Ok(())
}

/// The standard output, and the standard error with the exit code.
fn run(command: &str, case: &Path, dir: &Path) -> Result<(String, String), Failed> {
    let file = case.join("command");
    let mut arguments: Vec<String> = if file.exists() {
        fs::read_to_string(file)?.lines().map(str::to_owned).collect()
    } else if command == "build" {
        vec!["build".to_owned(), ".".to_owned()]
    } else {
        vec![command.to_owned()]
    };
    if arguments.first().is_none_or(|first| first != command) {
        return Err(format!("the first line of `command` must be `{command}`").into());
    }
    if !arguments.iter().any(|argument| argument == "--format") {
        arguments.extend(["--format".to_owned(), "concise".to_owned()]);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(&arguments)
        .args(["--root", "."])
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()?;
    let text = |bytes| -> Result<String, Failed> { Ok(stable(&String::from_utf8(bytes)?, dir)) };
    let mut diagnostics = text(output.stderr)?;
    match output.status.code() {
        Some(0) => {}
        Some(code) => writeln!(diagnostics, "exit code {code}")?,
        None => writeln!(diagnostics, "ended by a signal")?,
    }
    Ok((text(output.stdout)?, diagnostics))
}

/// A text without what differs from run to run: times, and the directory of the copy.
fn stable(text: &str, dir: &Path) -> String {
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let text = text.replace(&*dir.to_string_lossy(), "CASE");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(" ms\n") {
        let start = rest[..at].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let number = if start < at { "N" } else { "" };
        out.push_str(&rest[..start]);
        out.push_str(number);
        out.push_str(" ms\n");
        rest = &rest[at + 4..];
    }
    out + rest
}

/// The rendered tree as one text.
fn tree(dir: &Path) -> Result<String, Failed> {
    let mut out = String::new();
    let rendered = dir.join("rendered");
    for entry in WalkDir::new(&rendered).sort_by_file_name() {
        let Ok(entry) = entry else { continue };
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(dir)?.display();
            let _ = write!(out, "=== {path}\n{}", fs::read_to_string(entry.path())?);
        }
    }
    Ok(out)
}
