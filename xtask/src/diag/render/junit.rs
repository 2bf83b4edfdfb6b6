//! One JUnit document, which build servers show as a test report.
//!
//! There is no standard; this is what the schema of the Jenkins xUnit plugin (`junit-10.xsd`) allows
//! and both Jenkins and GitLab show:
//!
//! - a finding is a test case. Both take the first problem of a case only, and so a case cannot
//!   stand for a file;
//! - the class is the file and the name is the rule with the message, without the line: a finding
//!   that moves is still the same case, and a new one is told from an old one;
//! - an error is a failure. A warning or an info is a skipped case, since the output of a case that
//!   passes is hidden by Jenkins and dropped by GitLab. Where warnings fail a run, `--strict` makes
//!   them errors here too; `--fail-on` sets the exit code alone;
//! - nothing to report is a case that passes, since Jenkins takes a report without cases for a
//!   failure.
//!
//! Times are left out: the same input makes the same document.

use std::{collections::BTreeMap, fmt::Write};

use super::{one_line, pretty, printable};
use crate::diag::{Finding, Report, Severity};

const SUITE: &str = env!("CARGO_PKG_NAME");

pub(super) fn render(report: &Report) -> String {
    let failures = report.count(Severity::Error);
    let skipped = report.findings().count() - failures;
    let mut names = BTreeMap::new();
    let cases: String = report.findings().map(|finding| case(finding, &mut names)).collect();
    let (tests, cases) = if report.is_empty() {
        let passed = format!("    <testcase classname=\"{SUITE}\" name=\"nothing to report\"/>\n");
        (1, passed)
    } else {
        (failures + skipped, cases)
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"{SUITE}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n  \
         <testsuite name=\"{SUITE}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
         skipped=\"{skipped}\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(finding: &Finding, names: &mut BTreeMap<(String, String), u32>) -> String {
    let outcome = match finding.severity {
        Severity::Error => "failure",
        Severity::Warning | Severity::Info => "skipped",
    };
    let class = escape(&one_line(&finding.primary.path));
    let message = escape(&one_line(&finding.message));
    let mut name = format!("{}: {message}", finding.code);
    let number = names.entry((class.clone(), name.clone())).or_default();
    *number += 1;
    // A reader drops a case whose class and name it has seen.
    if *number > 1 {
        let _ = write!(name, " ({number})");
    }
    let text = escape(&pretty::plain(finding));
    format!(
        "    <testcase classname=\"{class}\" name=\"{name}\">\n      \
         <{outcome} type=\"{}\" message=\"{message}\">{text}\n</{outcome}>\n    </testcase>\n",
        finding.severity.as_str()
    )
}

/// `text` as the content of an element or of an attribute that has no line breaks. What XML 1.0 has
/// no way to write is replaced.
pub(super) fn escape(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // `]]>` may not stand in a text.
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;
    use crate::{
        diag::{Diagnostic, Format, codes, render, render::fixture},
        source::{Sources, Span},
    };

    fn document(diagnostics: &[Diagnostic], sources: &Sources) -> String {
        render(diagnostics, sources, Format::Junit, true)
    }

    #[test]
    fn an_error_is_a_failure_with_the_lines_of_source() {
        let (diagnostics, sources) = fixture::template();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="xtask" tests="1" failures="1" errors="0">
  <testsuite name="xtask" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="base/web/web.yaml.j2" name="yaml/unsupported: `spec.replicas` must be an integer, not a string">
      <failure type="error" message="`spec.replicas` must be an integer, not a string">error[yaml/unsupported]: `spec.replicas` must be an integer, not a string
 --&gt; base/web/web.yaml.j2:2:16
  |
2 |   replicas: {{ replicas }}
  |                ^^^^^^^^
  |
 ::: base/web/values.yaml:1:11
  |
1 | replicas: three
  |           ----- the value comes from here
  |
 ::: base/web/old.yaml:1:11
  |
1 | replicas: 1
  |           - it was an integer here
  |
  = help: write a number
</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(document(&diagnostics, &sources), expected);
    }

    #[test]
    fn what_fails_nothing_is_skipped() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "x: 1\n");
        let at = Span::start_of(id);
        let diagnostics = [
            Diagnostic::warning(codes::YAML_SYNTAX, "odd", at),
            Diagnostic::info(codes::YAML_SYNTAX, "as it is", at),
        ];
        let text = document(&diagnostics, &sources);
        assert!(text.contains(r#"tests="2" failures="0" errors="0" skipped="2""#), "{text}");
        for (severity, message) in [("warning", "odd"), ("info", "as it is")] {
            let skipped = format!(r#"<skipped type="{severity}" message="{message}">"#);
            assert!(text.contains(&skipped), "{text}");
        }
    }

    #[test]
    fn nothing_to_report_is_a_case_that_passes() {
        let text = document(&[], &Sources::default());
        assert!(text.contains(r#"tests="1" failures="0""#), "{text}");
        assert!(text.contains(r#"<testcase classname="xtask" name="nothing to report"/>"#));
    }

    #[test]
    fn findings_that_are_alike_are_different_cases() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "x: 1\nx: 1\n");
        let at = |start| Diagnostic::error(codes::YAML_SYNTAX, "odd", Span::new(id, start..start));
        let text = document(&[at(0), at(5)], &sources);
        let names: Vec<_> = text.lines().filter(|line| line.contains("<testcase")).collect();
        assert!(names.len() == 2 && names[0] != names[1], "{text}");
    }

    #[test]
    fn what_xml_has_no_way_to_write_is_replaced() {
        assert_eq!(
            escape("a\u{0}\u{1b}[2J\u{ffff}\r\n\t😀"),
            "a\u{fffd}\u{fffd}[2J\u{fffd}\u{fffd}\n\t😀"
        );
        assert_eq!(escape(r#"<a b="&">]]>"#), "&lt;a b=&quot;&amp;&quot;&gt;]]&gt;");
    }
}
