//! Whether policies say what Gatekeeper says: its suites, and the tables that its own tests use.
//!
//! Suites are run as a person runs them, and so are the tables of suites with files in them; the
//! other tables ask the library.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use libtest_mimic::Failed;
use rayon::prelude::*;
use serde_json::Value as Json;

use super::{Outcome, judge, policy_tables};

/// A line of `policy test --format json`.
#[derive(serde::Deserialize)]
struct Line {
    suite: String,
    test: Option<String>,
    case: Option<String>,
    outcome: String,
    diagnostics: Vec<Json>,
}

/// Whether a row of a table comes out as Gatekeeper says; the error is how it does not.
pub type Row = Result<(), String>;

pub fn suite(root: &Path) -> Result<(), Failed> {
    let mut outcomes = BTreeMap::new();
    let mut score = BTreeMap::new();
    let mut add = |group: &str, rows: Vec<(String, Row)>| {
        let passed = rows.iter().filter(|(_, row)| row.is_ok()).count();
        println!("policy/{group}: {passed} of {} agree", rows.len());
        score.insert(group.to_owned(), passed);
        for (id, row) in rows {
            // The list of failures has the reason behind a colon and a space.
            let id = format!("{group}/{}", id.replace(": ", ":"));
            outcomes.insert(id, row.map(|()| None) as Outcome);
        }
    };
    add("suites", suites(&root.join("suites"))?);
    for table in policy_tables::NAMES.iter().chain(&["verify_runner", "verify_runcase"]) {
        let path = root.join("tables").join(format!("{table}.jsonl"));
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let rows: Vec<Json> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let judged = rows.par_iter().map(|row| {
            let result = match *table {
                "verify_runner" => run_suite(row),
                "verify_runcase" => run_case(row),
                table => policy_tables::check(table, row),
            };
            (text_of(row, "id").to_owned(), result)
        });
        add(table, judged.collect());
    }
    judge("policy", &outcomes, &score)
}

/// Runs suites, with each engine that their templates have code for.
fn suites(root: &Path) -> Result<Vec<(String, Row)>, String> {
    let lines = policy_test(root, "")?;
    let row = |line: Line| {
        let suite = line.suite.trim_start_matches(&*root.to_string_lossy()).to_owned();
        let name = |name: Option<String>| name.unwrap_or_default();
        let outcome = line.verdict();
        (
            format!("{}/{}/{}", suite.trim_start_matches('/'), name(line.test), name(line.case)),
            outcome,
        )
    };
    Ok(lines.into_iter().map(row).collect())
}

impl Line {
    /// Whether the case passes; the error is what is said of it.
    fn verdict(&self) -> Row {
        if self.outcome != "failed" {
            return Ok(());
        }
        let first = self.diagnostics.first();
        let said = |key: &str| first.and_then(|one| one.get(key)).and_then(Json::as_str);
        let message = said("message").unwrap_or_default();
        Err(format!("{message}; {}", said("help").unwrap_or_default()).replace('\n', " "))
    }
}

/// What comes of the suites of a directory.
fn policy_test(directory: &Path, filter: &str) -> Result<Vec<Line>, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["policy", "test", "--format", "json", "--run", filter])
        .arg(directory)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(format!("{}: {said}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    let lines: Vec<Line> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let fails = lines.iter().any(|line| line.outcome == "failed");
    if fails != (output.status.code() == Some(1)) {
        return Err(format!("the exit code is {}, and does not say so", output.status));
    }
    Ok(lines)
}

/// A row of `verify_runner`: a suite with its files, and what comes of each test and case.
fn run_suite(row: &Json) -> Row {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        let parent = path.parent().unwrap_or(directory.path());
        fs::create_dir_all(parent).and_then(|()| fs::write(path, text)).map_err(|e| e.to_string())
    };
    for (name, text) in row.get("files").and_then(Json::as_object).into_iter().flatten() {
        write(name, text.as_str().unwrap_or_default())?;
    }
    let mut suite = row.get("suite").cloned().unwrap_or_default();
    if let Some(fields) = suite.as_object_mut() {
        fields.insert("apiVersion".to_owned(), "test.gatekeeper.sh/v1alpha1".into());
        fields.insert("kind".to_owned(), "Suite".into());
    }
    write("suite.yaml", &suite.to_string())?;
    let lines = policy_test(directory.path(), text_of(row, "filter"))?;
    let want = row.get("want").unwrap_or(&Json::Null);
    if is_set(want, "error") {
        return agree(true, lines.iter().any(|line| line.outcome == "failed"), "the suite");
    }
    let list = |value: &Json, key: &str| {
        value.get(key).and_then(Json::as_array).cloned().unwrap_or_default()
    };
    let mut lines = lines.iter();
    for test in list(want, "testResults") {
        let cases = list(&test, "caseResults");
        // A test whose cases are not told of has a line of its own.
        let wanted = if cases.is_empty() { vec![test] } else { cases };
        for wanted in wanted {
            let Some(line) = lines.next() else { return Err("a line is missing".to_owned()) };
            let name = line.case.as_ref().or(line.test.as_ref()).map_or("", String::as_str);
            if name != text_of(&wanted, "name") {
                return Err(format!(
                    "`{name}` comes where `{}` is wanted",
                    text_of(&wanted, "name")
                ));
            }
            let outcome = match (is_set(&wanted, "error"), is_set(&wanted, "skipped")) {
                (true, _) => "failed",
                (false, true) => "skipped",
                (false, false) => "passed",
            };
            if line.outcome != outcome {
                let said = line.verdict().err().unwrap_or_default();
                return Err(format!("`{name}` has {}, not {outcome}: {said}", line.outcome));
            }
        }
    }
    match lines.next() {
        Some(more) => Err(format!("a line is too many: {:?}", more.case)),
        None => Ok(()),
    }
}

/// A row of `verify_runcase`: one case, with its files.
fn run_case(row: &Json) -> Row {
    let mut files = serde_json::Map::new();
    for name in ["template", "constraint", "object"] {
        files.insert(format!("{name}.yaml"), row.get(name).cloned().unwrap_or_default());
    }
    let mut inventory = Vec::new();
    for text in row.get("inventory").and_then(Json::as_array).into_iter().flatten() {
        let name = format!("inventory-{}.yaml", inventory.len());
        files.insert(name.clone(), text.clone());
        inventory.push(name);
    }
    let wanted = match row.get("want_error") {
        None | Some(Json::Null) => serde_json::json!({}),
        Some(error) => serde_json::json!({"error": error}),
    };
    let is_unreadable =
        row.get("assertions").map(Json::to_string).unwrap_or_default().contains("$intOrString");
    let want = if is_unreadable {
        // A suite that cannot be read has no cases to tell of.
        serde_json::json!({"error": "gator.ErrInvalidYAML"})
    } else {
        serde_json::json!({"testResults": [{"caseResults": [wanted]}]})
    };
    run_suite(&serde_json::json!({
        "files": files,
        "suite": {"tests": [{
            "template": "template.yaml",
            "constraint": "constraint.yaml",
            "cases": [{
                "object": "object.yaml",
                "inventory": inventory,
                "assertions": row.get("assertions").cloned().unwrap_or_default(),
            }],
        }]},
        "want": want,
    }))
}

pub fn text_of<'a>(value: &'a Json, key: &str) -> &'a str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Whether a field says something other than no.
pub fn is_set(value: &Json, key: &str) -> bool {
    !matches!(value.get(key), None | Some(Json::Null | Json::Bool(false)))
}

pub fn agree<T: Copy + PartialEq + std::fmt::Debug>(wanted: T, found: T, what: &str) -> Row {
    if wanted == found {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, where Gatekeeper says {wanted:?}"))
}
