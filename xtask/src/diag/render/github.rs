//! Workflow commands that GitHub shows beside the lines of a pull request.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>; the
//! escapes are those of `@actions/core`.

use std::fmt::Write;

use crate::diag::{Finding, Report, Severity};

pub(super) fn render(report: &Report) -> String {
    report.findings().map(annotation).collect()
}

fn annotation(finding: &Finding) -> String {
    let at = &finding.primary;
    let command = match finding.severity {
        Severity::Info => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut line = format!("::{command} file={},line={}", property(&at.path), at.start.line);
    // GitHub refuses columns when the annotation covers several lines.
    if at.start.line == at.end.line {
        let _ = write!(line, ",col={},endColumn={}", at.start.col, at.end.col);
    } else {
        let _ = write!(line, ",endLine={}", at.end.line);
    }
    let mut message = finding.message.clone();
    for related in &finding.related {
        let _ = write!(message, "\n{}: {}", related.location, related.message);
    }
    if let Some(help) = &finding.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    let _ = writeln!(line, ",title={}::{}", property(finding.code.as_str()), data(&message));
    line
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::{
        diag::{Diagnostic, Format, codes, render, render::fixture},
        source::{Sources, Span},
    };

    #[test]
    fn an_annotation_is_one_line() {
        let (diagnostics, sources) = fixture::template();
        let expected = "::error file=base/web/web.yaml.j2,line=2,col=16,endColumn=24,\
            title=yaml/unsupported::`spec.replicas` must be an integer, not a string\
            %0Abase/web/values.yaml:1:11: the value comes from here\
            %0Abase/web/old.yaml:1:11: it was an integer here%0Ahelp: write a number\n";
        assert_eq!(render(&diagnostics, &sources, Format::Github, false), expected);
    }

    #[test]
    fn what_is_worth_knowing_is_a_notice() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "x: 1\n");
        let info = Diagnostic::info(codes::YAML_SYNTAX, "as it is", Span::start_of(id));
        let text = render(&[info], &sources, Format::Github, false);
        let expected =
            "::notice file=a.yaml,line=1,col=1,endColumn=1,title=yaml/syntax::as it is\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn separators_are_escaped_and_several_lines_have_no_column() {
        let mut sources = Sources::default();
        let id = sources.add("a,b:c%.yaml", "x:\n  y: 1\n");
        let wrong = Diagnostic::warning(codes::YAML_SYNTAX, "50%: a,b\r\n", Span::new(id, 0..9));
        let text = render(&[wrong], &sources, Format::Github, false);
        let expected = "::warning file=a%2Cb%3Ac%25.yaml,line=1,endLine=2,title=yaml/syntax::\
            50%25: a,b%0D%0A\n";
        assert_eq!(text, expected);
    }
}
