//! What came of tests as a JUnit document, in which a case is a case.
//!
//! Times are left out: the same input makes the same document.

use std::fmt::Write;

use super::{junit::escape, one_line, pretty};
use crate::diag::Report;

/// Some tests that belong together.
#[derive(Debug, Default)]
pub struct TestSuite {
    /// Its name, which is the path of a file.
    pub name: String,
    /// Its cases in order.
    pub cases: Vec<TestCase>,
}

/// One test.
#[derive(Debug, Default)]
pub struct TestCase {
    /// What it belongs to.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Whether it was not run.
    pub skipped: bool,
    /// Why it fails; empty if it does not.
    pub report: Report,
}

/// The document.
pub fn junit_of_cases(suites: &[TestSuite]) -> String {
    let all = suites.iter().flat_map(|suite| &suite.cases);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n",
        env!("CARGO_PKG_NAME"),
        counts(all, false)
    );
    for suite in suites {
        let name = escape(&one_line(&suite.name));
        let counts = counts(suite.cases.iter(), true);
        let _ = writeln!(out, "  <testsuite name=\"{name}\" {counts}>");
        for case in &suite.cases {
            add_case(case, &mut out);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts<'c>(cases: impl Iterator<Item = &'c TestCase> + Clone, with_skipped: bool) -> String {
    let failures = cases.clone().filter(|case| !case.report.is_empty()).count();
    let skipped = cases.clone().filter(|case| case.skipped).count();
    let mut text = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", cases.count());
    if with_skipped {
        let _ = write!(text, " skipped=\"{skipped}\"");
    }
    text
}

fn add_case(case: &TestCase, out: &mut String) {
    let (class, name) = (escape(&one_line(&case.class)), escape(&one_line(&case.name)));
    let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{name}\"");
    let Some(first) = case.report.findings().next() else {
        out.push_str(if case.skipped { ">\n      <skipped/>\n    </testcase>\n" } else { "/>\n" });
        return;
    };
    let message = escape(&one_line(&first.message));
    let texts: Vec<String> = case.report.findings().map(pretty::plain).collect();
    let text = escape(&texts.join("\n\n"));
    let code = first.code;
    let _ = writeln!(
        out,
        ">\n      <failure type=\"{code}\" message=\"{message}\">{text}\n</failure>\n    </testcase>"
    );
}
