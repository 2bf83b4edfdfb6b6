//! What came of suites, for people and for programs.

use std::{fmt::Write, time::Instant};

use serde::Serialize;
use serde_json::Value as Json;

use super::suites::{Ran, RanCase, RanTest, has_error};
use crate::{
    commands::context::counted,
    diag::{Format, Report, TestCase, TestSuite},
};

/// As `gator verify` writes it, without times: a line for each suite, and the names of what fails.
pub(super) fn text(ran: &[Ran]) -> String {
    let mut out = String::new();
    for suite in ran {
        for test in suite.tests.iter().filter(|test| test.is_failure()) {
            for case in test.cases.iter().filter(|case| has_error(&case.report)) {
                let _ = writeln!(out, "    --- FAIL: {}", case.name);
            }
            let _ = writeln!(out, "--- FAIL: {}", test.name);
        }
        let word = if suite.is_failure() { "FAIL" } else { "ok" };
        let _ = writeln!(out, "{word}\t{}", suite.path);
    }
    let failed = ran.iter().any(Ran::is_failure);
    out.push_str(if failed { "FAIL\n" } else { "PASS\n" });
    out
}

/// One line that says how much was run.
pub(super) fn summary(ran: &[Ran], start: Instant) -> String {
    let tests: Vec<&RanTest> = ran.iter().flat_map(|suite| &suite.tests).collect();
    let cases = || tests.iter().flat_map(|test| &test.cases);
    let failed = cases().filter(|case| has_error(&case.report)).count()
        + tests.iter().filter(|test| has_error(&test.report)).count()
        + ran.iter().filter(|suite| has_error(&suite.report)).count();
    let skipped = cases().filter(|case| case.skipped).count()
        + tests.iter().filter(|test| test.skipped).count();
    format!(
        "ran {} of {} in {}: {failed} failed, {skipped} skipped, {} ms",
        counted(cases().filter(|case| !case.skipped).count(), "case"),
        counted(tests.iter().filter(|test| !test.skipped).count(), "test"),
        counted(ran.len(), "suite"),
        start.elapsed().as_millis()
    )
}

/// A case, or a test whose cases could not be run, or a suite whose tests could not.
#[derive(Serialize)]
struct Line<'a> {
    suite: &'a str,
    test: Option<&'a str>,
    case: Option<&'a str>,
    outcome: &'static str,
    /// As `--format json` writes them elsewhere.
    diagnostics: Vec<Json>,
}

/// One JSON object a line, in the order of the suites.
pub(super) fn json(ran: &[Ran]) -> String {
    let mut out = String::new();
    let mut add = |suite: &Ran, test: Option<&RanTest>, case: Option<&RanCase>| {
        let report = match (test, case) {
            (_, Some(case)) => &case.report,
            (Some(test), None) => &test.report,
            (None, None) => &suite.report,
        };
        let skipped = case.map_or(test.is_some_and(|test| test.skipped), |case| case.skipped);
        let line = Line {
            suite: &suite.path,
            test: test.map(|test| test.name.as_str()),
            case: case.map(|case| case.name.as_str()),
            outcome: match (has_error(report), skipped) {
                (true, _) => "failed",
                (false, true) => "skipped",
                (false, false) => "passed",
            },
            diagnostics: diagnostics(report),
        };
        out.push_str(&serde_json::to_string(&line).expect("strings and JSON only"));
        out.push('\n');
    };
    for suite in ran {
        if has_error(&suite.report) {
            add(suite, None, None);
        }
        for test in &suite.tests {
            if test.cases.is_empty() {
                add(suite, Some(test), None);
            }
            for case in &test.cases {
                add(suite, Some(test), Some(case));
            }
        }
    }
    out
}

fn diagnostics(report: &Report) -> Vec<Json> {
    let lines = report.render(Format::Json, false);
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A suite as a JUnit document shows it.
pub(super) fn to_test_suite(suite: &Ran) -> TestSuite {
    let mut cases = Vec::new();
    let mut add = |class: &str, name: &str, skipped: bool, report: &Report| {
        let class = if class.is_empty() { &suite.path } else { class };
        cases.push(TestCase {
            class: class.to_owned(),
            name: name.to_owned(),
            skipped,
            report: report.clone(),
        });
    };
    if has_error(&suite.report) {
        add("", "the suite", false, &suite.report);
    }
    for test in &suite.tests {
        if test.cases.is_empty() {
            add(&test.name, "the constraint", test.skipped, &test.report);
        }
        for case in &test.cases {
            add(&test.name, &case.name, case.skipped, &case.report);
        }
    }
    TestSuite { name: suite.path.clone(), cases }
}
