//! Whether `validate` says of a manifest what an API server says: takes it or refuses it, and which
//! fields it names.

use std::{collections::BTreeMap, fs, path::Path};

use libtest_mimic::Failed;
use rayon::prelude::*;
use serde::Deserialize;
use xtask::{
    diag::{Diagnostic, Severity},
    resource::Gvk,
    schema::Store,
    source::Sources,
    yaml::{Dialect, parse},
};

use super::{Outcome, judge};

/// The version of the server that was asked.
const VERSION: &str = "1.36";

/// The groups of custom kinds; every other kind of the cases is built in.
const CUSTOM_GROUPS: &[&str] = &[
    "argoproj.io",
    "cert-manager.io",
    "externaldns.k8s.io",
    "gateway.networking.k8s.io",
    "mutations.gatekeeper.sh",
    "templates.gatekeeper.sh",
    "traefik.io",
];

/// A line of `cases.jsonl`.
#[derive(Deserialize)]
struct Case {
    id: String,
    manifest: String,
    accepted: bool,
    causes: Option<Vec<Cause>>,
}

#[derive(Deserialize)]
struct Cause {
    field: String,
}

/// What came of a case.
struct Answer {
    outcome: Outcome,
    is_custom: bool,
    /// How many fields the server names, and how many of them are named here.
    fields: (usize, usize),
}

/// Runs the cases of a directory.
pub fn suite(root: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(root.join("cases.jsonl"))?;
    let cases: Vec<Case> =
        text.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    let store = Store::for_versions(&[VERSION.to_owned()])?;
    let answers: Vec<Answer> = cases.par_iter().map(|case| answer(case, &store)).collect();
    let mut score = BTreeMap::new();
    let agreed = answers.iter().filter(|answer| answer.outcome.is_ok()).count();
    println!("apiserver/verdicts: {agreed} of {} agree", cases.len());
    score.insert("verdicts".to_owned(), agreed);
    for (group, is_custom) in [("fields-built-in", false), ("fields-custom", true)] {
        let fields = answers.iter().filter(|answer| answer.is_custom == is_custom);
        let (all, named) = fields
            .map(|answer| answer.fields)
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        println!("apiserver/{group}: {named} of {all} that the server names are named");
        score.insert(group.to_owned(), named);
    }
    let outcomes = cases.into_iter().zip(answers).map(|(case, answer)| (case.id, answer.outcome));
    judge("apiserver", &outcomes.collect(), &score)
}

fn answer(case: &Case, store: &Store) -> Answer {
    let mut sources = Sources::default();
    let source = sources.add("manifest.yaml", case.manifest.as_str());
    let mut diagnostics = Vec::new();
    let documents = parse(&sources, source, Dialect::Config, &mut diagnostics);
    let mut is_custom = false;
    for document in &documents {
        let version = document.get("apiVersion").and_then(|node| node.as_str()).unwrap_or_default();
        is_custom |= CUSTOM_GROUPS.contains(&Gvk::new(version, "").group.as_str());
        store.check(document, &mut diagnostics);
    }
    diagnostics.retain(|one| one.severity == Severity::Error);
    let outcome = match (case.accepted, diagnostics.first()) {
        (true, Some(first)) => Err(format!("false alarm: {}", first.message)),
        (false, None) => Err("the server refuses it".to_owned()),
        _ => Ok(None),
    };
    Answer { outcome, is_custom, fields: compare(case, &diagnostics) }
}

/// How many fields the server names, and how many of them a diagnostic names.
fn compare(case: &Case, diagnostics: &[Diagnostic]) -> (usize, usize) {
    let mut wanted: Vec<String> = case
        .causes
        .iter()
        .flatten()
        // What is not of one field is of none.
        .filter(|cause| cause.field != "<nil>")
        .map(|cause| normal(&cause.field))
        .collect();
    wanted.sort();
    wanted.dedup();
    let named = |field: &&String| {
        diagnostics
            .iter()
            .filter_map(|one| one.message.split('`').nth(1))
            .any(|path| normal(path) == **field)
    };
    (wanted.len(), wanted.iter().filter(named).count())
}

/// A path without the ways in which they are written differently: `a["b"]`, `a[b]` and `a.b`. The
/// server has names of Go among its fields, so capitals say nothing.
fn normal(path: &str) -> String {
    let mut parts = String::new();
    for part in
        path.replace(['"', ']'], "").replace('[', ".").split('.').filter(|part| !part.is_empty())
    {
        parts.push('.');
        parts.push_str(&part.to_lowercase());
    }
    parts
}
