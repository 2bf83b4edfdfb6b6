//! One test for each directory `tests/faults/<what-is-wrong>/`: a fault in this repository's own
//! `base/` and `overlays/`, which `validate` must find at the line that a person would edit.
//!
//! `fault.yaml` says what to edit in a copy of the repository: in the one place of `file` that has
//! the text `find`, that becomes `replace`. Where the fault is that something is not there, `at`
//! names the line to be pointed at instead, as a file and a text in it. `expected.diag` is all that
//! `validate` says after `render`; `UPDATE_GOLDEN=1` writes it. Beside that, and whatever the file
//! expects, one of the diagnostics must be about the edited lines, and none about `rendered/`.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    env, fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use serde_json::Value as Json;
use walkdir::WalkDir;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    edits: Vec<Edit>,
    at: Option<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: String,
    replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    file: String,
    text: String,
}

/// Lines of a file, from one.
struct Lines {
    file: String,
    lines: RangeInclusive<u64>,
}

fn main() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let name = |case: &Path| case.file_name().unwrap().to_string_lossy().into_owned();
    let mut trials: Vec<Trial> =
        cases.into_iter().map(|case| Trial::test(name(&case), move || check(&case))).collect();
    assert!(trials.len() >= 40, "there are not 40 faults");
    trials.push(Trial::test("without a fault", nothing_is_wrong));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn nothing_is_wrong() -> Result<(), Failed> {
    let copy = copy_of_the_repository()?;
    let (found, text) = validate(copy.path())?;
    if found.is_empty() { Ok(()) } else { Err(text.into()) }
}

fn check(case: &Path) -> Result<(), Failed> {
    let fault: Fault = serde_yaml::from_str(&fs::read_to_string(case.join("fault.yaml"))?)?;
    let copy = copy_of_the_repository()?;
    let mut wanted = Vec::new();
    for edit in &fault.edits {
        wanted.push(apply(edit, copy.path())?);
    }
    if let Some(Line { file, text }) = &fault.at {
        let all = fs::read_to_string(copy.path().join(file))?;
        let at = one_place(&all, text).map_err(|why| format!("{file}: {why}"))?;
        wanted = vec![Lines { file: file.clone(), lines: lines_of(&all, at, text) }];
    }
    xtask(copy.path(), &["render", "--format", "concise"])?;
    let (found, text) = validate(copy.path())?;
    expect(&case.join("expected.diag"), &text)?;
    if let Some(one) = found.iter().find(|one| path(one).starts_with("rendered/")) {
        return Err(format!("{} is not a file that a person edits", path(one)).into());
    }
    let is_wanted = |place: &Json| {
        let line = |key| place.get(key).and_then(Json::as_u64);
        let (Some(first), Some(last)) = (line("line"), line("end_line")) else { return false };
        wanted.iter().any(|one| {
            path(place) == one.file && first <= *one.lines.end() && *one.lines.start() <= last
        })
    };
    // Where two places do not fit together, or a template prints a value, either may be wrong, and
    // both are shown.
    let is_shown = |one: &Json| {
        let related = one.get("related").and_then(Json::as_array);
        is_wanted(one) || related.into_iter().flatten().any(is_wanted)
    };
    if found.iter().any(is_shown) {
        Ok(())
    } else {
        Err(format!("nothing is said of the edited lines:\n{text}").into())
    }
}

fn path(place: &Json) -> &str {
    place.get("path").and_then(Json::as_str).unwrap_or_default()
}

/// Edits a file, and says which of its lines are new.
fn apply(edit: &Edit, root: &Path) -> Result<Lines, Failed> {
    let path = root.join(&edit.file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", edit.file))?;
    let at = one_place(&text, &edit.find).map_err(|why| format!("{}: {why}", edit.file))?;
    let text = text.replacen(&edit.find, &edit.replace, 1);
    fs::write(&path, &text)?;
    Ok(Lines { file: edit.file.clone(), lines: lines_of(&text, at, &edit.replace) })
}

fn one_place(text: &str, find: &str) -> Result<usize, String> {
    let mut places = text.match_indices(find).map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(format!("there is no {find:?}")),
        _ => Err(format!("there is more than one {find:?}")),
    }
}

fn lines_of(text: &str, at: usize, part: &str) -> RangeInclusive<u64> {
    let line = |end: usize| 1 + text.get(..end).unwrap().matches('\n').count() as u64;
    line(at)..=line(at + part.trim_end().len())
}

fn copy_of_the_repository() -> Result<tempfile::TempDir, Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let copy = tempfile::tempdir()?;
    for name in ["base", "overlays", "policies", "rendered", "xtask.toml"] {
        for entry in WalkDir::new(root.join(name)).into_iter().flatten() {
            let to = copy.path().join(entry.path().strip_prefix(root)?);
            if entry.file_type().is_dir() {
                fs::create_dir(to)?;
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
    }
    Ok(copy)
}

/// The findings of `validate`, and as text.
fn validate(root: &Path) -> Result<(Vec<Json>, String), Failed> {
    let json = xtask(root, &["validate", "--format", "json"])?;
    let found = json.lines().map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
    let text = xtask(root, &["validate", "--format", "pretty"])?;
    // The last line has the time that it took.
    let end = text.rfind("checked ").unwrap_or(text.len());
    Ok((found, text.get(..end).unwrap().to_owned()))
}

/// The standard error of a command.
fn xtask(root: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .args(["--root", "."])
        .current_dir(root)
        .env("NO_COLOR", "1")
        .output()?;
    Ok(String::from_utf8(output.stderr)?)
}

fn expect(file: &Path, actual: &str) -> Result<(), Failed> {
    if env::var_os("UPDATE_GOLDEN").is_some() {
        return Ok(fs::write(file, actual)?);
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(expected.as_str(), actual);
    Err(diff.unified_diff().header("expected.diag", "actual").to_string().into())
}
