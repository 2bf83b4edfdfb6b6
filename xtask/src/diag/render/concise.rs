//! One line for each finding, as compilers and `grep` write it and editors parse it.

use std::fmt::Write;

use super::one_line;
use crate::diag::Report;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let (severity, code) = (finding.severity.as_str(), finding.code);
        let (place, message) = (finding.primary.to_string(), one_line(&finding.message));
        let _ = writeln!(out, "{}: {severity}[{code}]: {message}", one_line(&place));
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::{
        diag::{Diagnostic, Format, codes, render, render::fixture},
        source::{Sources, Span},
    };

    #[test]
    fn a_finding_is_one_line_that_names_the_template() {
        let (diagnostics, sources) = fixture::template();
        let expected = "base/web/web.yaml.j2:2:16: error[yaml/unsupported]: `spec.replicas` must be an integer, not a string\n";
        assert_eq!(render(&diagnostics, &sources, Format::Concise, true), expected);
    }

    #[test]
    fn a_message_cannot_break_the_line_or_reach_the_terminal() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "");
        let wrong = Diagnostic::error(codes::YAML_SYNTAX, "a\nb\u{1b}[2J", Span::start_of(id));
        let text = render(&[wrong], &sources, Format::Concise, false);
        assert_eq!(text, "a.yaml:1:1: error[yaml/syntax]: a b\u{fffd}[2J\n");
    }
}
