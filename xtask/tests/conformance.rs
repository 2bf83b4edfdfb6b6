//! Runs the conformance cases of kustomize, of the API server and of Gatekeeper, and compares the
//! scores with floors that only rise.
//!
//! The cases are not in this repository: they are read from `$XTASK_CONFORMANCE`, or from
//! `shared/conformance` beside the checkout. `conformance/<suite>.floor` holds the number of cases
//! that must pass in each group, `conformance/<suite>.known-failures` each case that does not, with
//! its reason. `UPDATE_CONFORMANCE=1` raises the floor and rewrites the list.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failure is a failed test, and the score is what it is for"
)]

#[path = "conformance/apiserver.rs"]
mod apiserver;
#[path = "conformance/cases.rs"]
mod cases;
#[path = "conformance/policy.rs"]
mod policy;
#[path = "conformance/policy_tables.rs"]
mod policy_tables;

use std::{
    collections::BTreeMap,
    env,
    fmt::Write,
    fs, panic,
    path::{Path, PathBuf},
};

use libtest_mimic::{Arguments, Failed, Trial};
use rayon::prelude::*;
use serde::Deserialize;
use xtask::{
    diag::{Format, Severity, render},
    kustomize::build,
    repository::documents,
    source::Sources,
};

use cases::Kind;

/// For how many cases the errors of both programs are printed.
const SHOWN_ERRORS: usize = 10;

/// How many characters of an error of kustomize are printed: some quote whole files.
const MAX_ERROR: usize = 300;

/// What became of a case: whether its output was equal byte for byte, or why it failed.
type Outcome = Result<Option<bool>, String>;

fn main() {
    let arguments = Arguments::from_args();
    let root = cases::location();
    let mut trials = Vec::new();
    let suites = [
        ("kustomize", suite as fn(&Path) -> _),
        ("apiserver", apiserver::suite),
        ("policy", policy::suite),
    ];
    for (name, run) in suites {
        let suite = root.join(name);
        if suite.is_dir() {
            trials.push(Trial::test(name, move || run(&suite)));
        } else {
            println!("conformance: skipped, there is no {}", suite.display());
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn suite(root: &Path) -> Result<(), Failed> {
    let cases = cases::directories(root);
    if cases.is_empty() {
        return Err(format!("there are no cases in {}", root.display()).into());
    }
    // A panic is reported with its case; the trace of each would drown the list.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcomes: BTreeMap<String, Outcome> = cases
        .par_iter()
        .map(|dir| {
            let name = dir.strip_prefix(root).unwrap().display().to_string();
            let outcome = panic::catch_unwind(|| run(dir)).unwrap_or_else(|cause| {
                let text = cause.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
                Err(format!("panicked: {}", text.unwrap_or("without a message")))
            });
            (name, outcome)
        })
        .collect();
    panic::set_hook(hook);
    let score = print_score(&outcomes);
    print_errors(&cases)?;
    judge("kustomize", &outcomes, &score)
}

/// What a build made, and its first error.
struct Built {
    kind: Kind,
    text: Option<String>,
    said: Option<String>,
    /// What the first error says to do.
    help: Option<String>,
}

fn run(dir: &Path) -> Outcome {
    let Built { kind, text, said, help } = build_case(dir)?;
    match (kind, text, said) {
        (Kind::Error, _, Some(said)) if help.is_none() => Err(format!("no way out: {said}")),
        (Kind::Error, _, Some(_)) | (Kind::Success, Some(_), None) => Ok(None),
        (Kind::Error, Some(_), None) => Err("it builds, and should not".to_owned()),
        (_, _, Some(said)) => Err(said),
        (_, None, None) => Err("it does not build, and no diagnostic says why".to_owned()),
        (Kind::Output, Some(text), None) => compare(dir, &text).map(Some),
    }
}

fn build_case(dir: &Path) -> Result<Built, String> {
    let (kind, target, options) = cases::read(dir)?;
    let mut sources = Sources::default();
    let (build, mut diagnostics) = build(&target, &options, &mut sources);
    let text = build.as_ref().map(|build| documents(build, &mut diagnostics));
    diagnostics.retain(|one| one.severity == Severity::Error);
    let said = render(&diagnostics, &sources, Format::Concise, false);
    let said = said.lines().next().map(str::to_owned);
    let help = diagnostics.first().and_then(|first| first.help.clone());
    Ok(Built { kind, text, said, help })
}

/// Prints what both programs say of ten cases that do not build, spread over all of them.
fn print_errors(cases: &[PathBuf]) -> Result<(), Failed> {
    let failing = cases.iter().filter_map(|dir| {
        let built = build_case(dir).ok().filter(|built| matches!(built.kind, Kind::Error))?;
        Some((dir, built.said?, built.help.unwrap_or_else(|| "-".to_owned())))
    });
    let failing: Vec<_> = failing.collect();
    let step = (failing.len() / SHOWN_ERRORS).max(1);
    println!("what both say of {SHOWN_ERRORS} of {} cases that do not build:", failing.len());
    for (dir, said, help) in failing.iter().step_by(step).take(SHOWN_ERRORS) {
        let theirs = fs::read_to_string(dir.join("expected_error.txt"))?;
        let theirs: Vec<&str> = theirs.split_whitespace().collect();
        let theirs: String = theirs.join(" ").chars().take(MAX_ERROR).collect();
        println!("  kustomize: {theirs}\n  xtask:     {said}\n             help: {help}\n");
    }
    Ok(())
}

/// Whether the output is equal byte for byte, if it means the same.
fn compare(dir: &Path, actual: &str) -> Result<bool, String> {
    let path = dir.join("expected.yaml");
    let expected = fs::read_to_string(path).map_err(|error| error.to_string())?;
    if expected == actual {
        return Ok(true);
    }
    let documents = |text: &str| -> Result<Vec<serde_yaml::Value>, String> {
        serde_yaml::Deserializer::from_str(text)
            .map(serde_yaml::Value::deserialize)
            .filter(|document| !matches!(document, Ok(serde_yaml::Value::Null)))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    };
    let wanted = documents(&expected).map_err(|error| format!("expectation: {error}"))?;
    let made = documents(actual).map_err(|error| format!("output: {error}"))?;
    if let Some(at) = wanted.iter().zip(&made).position(|(a, b)| a != b) {
        return Err(format!("object {} of {} differs", at + 1, wanted.len()));
    }
    if wanted.len() != made.len() {
        return Err(format!("it makes {} objects, not {}", made.len(), wanted.len()));
    }
    Ok(false)
}

/// Prints the score and returns how many cases of each group passed.
fn print_score(outcomes: &BTreeMap<String, Outcome>) -> BTreeMap<String, usize> {
    let mut groups: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for (name, outcome) in outcomes {
        groups.entry(name.split('/').next().unwrap_or("")).or_default().push(outcome);
    }
    let mut score = BTreeMap::new();
    for (group, outcomes) in groups {
        let passed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let outputs = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Some(_)))).count();
        let equal = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Some(true)))).count();
        println!(
            "kustomize/{group}: {passed} of {} cases pass; {equal} of {outputs} outputs are equal \
             byte for byte",
            outcomes.len()
        );
        score.insert(group.to_owned(), passed);
    }
    score
}

/// Compares the outcomes with the committed floor and list.
fn judge(
    suite: &str,
    outcomes: &BTreeMap<String, Outcome>,
    score: &BTreeMap<String, usize>,
) -> Result<(), Failed> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let (floor_name, list_name) = (format!("{suite}.floor"), format!("{suite}.known-failures"));
    let (floor_path, list_path) = (here.join(&floor_name), here.join(&list_name));
    let floor = pairs(&floor_path, " ")?;
    let known = pairs(&list_path, ": ")?;
    if env::var_os("UPDATE_CONFORMANCE").is_some() {
        return update(outcomes, score, &floor, &known, &floor_path, &list_path);
    }
    let mut wrong = String::new();
    for (group, &passed) in score {
        let least: usize = match floor.get(group) {
            Some(number) => number.parse()?,
            None => return Err(format!("{floor_name} has no line for `{group}`").into()),
        };
        if passed < least {
            let _ = writeln!(wrong, "{group}: {passed} pass, and the floor is {least}");
        } else if passed > least {
            println!("{group}: {passed} pass: raise the floor from {least}");
        }
    }
    for (name, outcome) in outcomes {
        match (outcome, known.contains_key(name)) {
            (Err(why), false) => _ = writeln!(wrong, "{name} fails: {why}"),
            (Ok(_), true) => {
                _ = writeln!(wrong, "{name} passes: remove it from {list_name}");
            }
            _ => {}
        }
    }
    for name in known.keys().filter(|name| !outcomes.contains_key(*name)) {
        let _ = writeln!(wrong, "{name} is no case: remove it from {list_name}");
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Raises the floor, drops what passes from the list, and adds what fails with what was said.
fn update(
    outcomes: &BTreeMap<String, Outcome>,
    score: &BTreeMap<String, usize>,
    floor: &BTreeMap<String, String>,
    known: &BTreeMap<String, String>,
    floor_path: &Path,
    list_path: &Path,
) -> Result<(), Failed> {
    let mut text =
        String::from("# How many cases of each group pass at least. A number here only rises.\n");
    for (group, &passed) in score {
        let before = floor.get(group).map_or(Ok(0), |number| number.parse::<usize>())?;
        writeln!(text, "{group} {}", passed.max(before))?;
    }
    fs::write(floor_path, text)?;
    let mut text = String::from("# Each case that fails, and why.\n");
    for (name, outcome) in outcomes {
        if let Err(said) = outcome {
            let unexplained = format!("not explained yet: {said}");
            // What was said may change as long as nobody has explained the failure.
            let reason =
                known.get(name).filter(|reason| !reason.starts_with("not explained yet: "));
            writeln!(text, "{name}: {}", reason.unwrap_or(&unexplained))?;
        }
    }
    fs::write(list_path, text)?;
    Ok(())
}

/// The lines of a file, split at the first `separator`; what follows `#` at the start is a comment.
fn pairs(path: &Path, separator: &str) -> Result<BTreeMap<String, String>, Failed> {
    let mut pairs = BTreeMap::new();
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let Some((key, value)) = line.split_once(separator) else {
            return Err(format!("{}: `{line}` says nothing", path.display()).into());
        };
        if value.trim().is_empty() {
            return Err(format!("{}: `{line}` has no reason", path.display()).into());
        }
        pairs.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(pairs)
}
