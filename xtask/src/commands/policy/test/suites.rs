//! Running one suite.

use std::path::Path;

use super::{
    files::{Found, read},
    schemas::Known,
};
use crate::{
    commands::{Context, reading},
    diag::{Diagnostic, Report, codes},
    policy::{
        client::Driver,
        suite::{Files, Filter, Runner, Suite, SuiteResult, mutations},
    },
    resource::hide_broken_secrets,
    source::{Sources, Span, normalize},
    yaml::{Dialect, Node, parse},
};

/// What is the same for all suites.
pub(super) struct Setting<'c> {
    pub filter: Filter,
    pub driver: Driver,
    pub schemas: Known,
    pub context: &'c Context,
}

/// What came of a suite.
pub(super) struct Ran {
    pub path: String,
    /// What is wrong with the suite itself.
    pub report: Report,
    pub tests: Vec<RanTest>,
}

/// What came of a test.
pub(super) struct RanTest {
    pub name: String,
    pub skipped: bool,
    /// Why its cases could not be run.
    pub report: Report,
    pub cases: Vec<RanCase>,
}

/// What came of a case.
pub(super) struct RanCase {
    pub name: String,
    pub skipped: bool,
    /// Why it fails.
    pub report: Report,
}

impl Ran {
    /// Whether anything fails. A warning about the suite is no failure unless the run is strict.
    pub fn is_failure(&self) -> bool {
        has_error(&self.report) || self.tests.iter().any(RanTest::is_failure)
    }

    /// Everything that there is to say.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        let of_tests = self.tests.iter().flat_map(|test| {
            std::iter::once(&test.report).chain(test.cases.iter().map(|case| &case.report))
        });
        std::iter::once(&self.report).chain(of_tests)
    }
}

impl RanTest {
    pub fn is_failure(&self) -> bool {
        has_error(&self.report) || self.cases.iter().any(|case| has_error(&case.report))
    }
}

/// Whether a report makes a test fail.
pub(super) fn has_error(report: &Report) -> bool {
    report.count(crate::diag::Severity::Error) > 0
}

/// Runs a suite; `None` if the file is none.
pub(super) fn run(found: Found, setting: &Setting<'_>) -> Option<Ran> {
    let mut sources = Sources::default();
    let path = found.path.to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    let text = reading::text(&path, found.bytes, &mut sources, &mut wrong);
    let documents = text.map_or_else(Vec::new, |text| {
        let id = sources.add(path.as_str(), text);
        let documents = parse(&sources, id, Dialect::Resource, &mut wrong);
        hide_broken_secrets(&mut sources, &wrong);
        documents
    });
    let report = |diagnostics: &[Diagnostic], sources: &Sources| {
        let mut report = setting.context.report();
        report.add(diagnostics, sources);
        report
    };
    wrong.retain(Diagnostic::is_error);
    let node = documents.first().filter(|node| Suite::is(node));
    let suite = match node {
        _ if !wrong.is_empty() => None,
        None => return None,
        Some(node) => match Suite::new(node, &mut wrong) {
            Ok(suite) => Some(suite),
            Err(fault) => {
                wrong.push(fault.into_diagnostic(codes::POLICY_SUITE));
                None
            }
        },
    };
    let Some(suite) = suite else {
        return Some(Ran { path, report: report(&wrong, &sources), tests: Vec::new() });
    };
    let mut files = read_files(&suite, &found.path, &mut sources);
    let written = read_mutations(&found.path, &mut sources, &mut wrong);
    let mutations = written.as_ref().map_or_else(Vec::new, |node| {
        mutations::prepare(node, &suite, &mut files, &mut sources, &mut wrong)
    });
    let runner = Runner {
        sources: &sources,
        files: &files,
        filter: &setting.filter,
        driver: setting.driver,
        schemas: &setting.schemas,
    };
    let SuiteResult { tests, .. } = runner.run(&suite);
    let tests = tests.into_iter().map(|test| RanTest {
        name: test.name.to_owned(),
        skipped: test.skipped,
        report: report(&test.diagnostics, &sources),
        cases: test
            .cases
            .into_iter()
            .map(|case| RanCase {
                name: case.name.to_owned(),
                skipped: case.skipped,
                report: report(&case.diagnostics, &sources),
            })
            .collect(),
    });
    let mut tests: Vec<RanTest> = tests.collect();
    if !mutations.is_empty() {
        let results = mutations::run(&mutations, &suite, &runner).into_iter();
        let cases = results.map(|one| RanCase {
            name: one.name,
            skipped: one.skipped,
            report: report(&one.diagnostics, &sources),
        });
        let cases: Vec<RanCase> = cases.collect();
        tests.push(RanTest {
            name: "mutations".to_owned(),
            skipped: cases.iter().all(|case| case.skipped),
            report: setting.context.report(),
            cases,
        });
    }
    Some(Ran { tests, report: report(&wrong, &sources), path })
}

/// Reads the mutations beside a suite, if there are any.
fn read_mutations(suite: &Path, sources: &mut Sources, out: &mut Vec<Diagnostic>) -> Option<Node> {
    let path = suite.with_file_name(mutations::FILE_NAME);
    if !path.exists() {
        return None;
    }
    match read(&path, sources) {
        Ok(file) => {
            out.extend(file.diagnostics.into_iter().filter(Diagnostic::is_error));
            file.documents.into_iter().next()
        }
        Err(why) => {
            let shown = path.to_string_lossy().into_owned();
            let at = Span::start_of(sources.add(shown, ""));
            let message = format!("the mutations cannot be read: {why}");
            out.push(Diagnostic::error(codes::POLICY_SUITE, message, at));
            None
        }
    }
}

/// Reads the files that a suite names; their paths are relative to its own.
fn read_files(suite: &Suite<'_>, path: &Path, sources: &mut Sources) -> Files {
    let directory = path.parent().unwrap_or(path);
    let mut files = Files::new();
    for name in suite.paths() {
        if !files.contains_key(name) {
            files.insert(name.to_owned(), read(&normalize(&directory.join(name)), sources));
        }
    }
    files
}
