//! For a person: the message, the lines of source, and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::one_line;
use crate::diag::{Finding, Location, Report, Severity};

pub(super) fn render(report: &Report, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for finding in report.findings() {
        out.push_str(&renderer.render(&[group(finding)]));
        out.push_str("\n\n");
    }
    out
}

/// One finding without colours and without a line break at its end.
pub(super) fn plain(finding: &Finding) -> String {
    Renderer::plain().render(&[group(finding)])
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.severity {
        Severity::Info => Level::INFO,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(one_line(&finding.message)).id(finding.code.as_str());
    let mut group = show(Group::with_title(title), &finding.primary, None);
    for related in &finding.related {
        group = show(group, &related.location, Some(one_line(&related.message)));
    }
    match &finding.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// Adds a place and its first line: the whole of a mapping would hide what matters.
fn show<'a>(group: Group<'a>, location: &'a Location, label: Option<String>) -> Group<'a> {
    let kind = if label.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    let (start, end) = location.mark;
    let snippet = Snippet::source(&*location.line)
        .path(one_line(&location.path))
        .line_start(location.start.line as usize)
        .annotation(kind.span(start..end).label(label));
    group.element(snippet)
}

#[cfg(test)]
mod tests {

    use crate::{
        diag::{Diagnostic, Format, codes, render, render::fixture},
        source::{Sources, Span},
    };

    fn pretty(text: &str, range: std::ops::Range<u32>) -> String {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", text);
        let wrong = Diagnostic::error(codes::YAML_SYNTAX, "wrong", Span::new(id, range));
        render(&[wrong], &sources, Format::Pretty, false)
    }

    #[test]
    fn the_template_and_the_value_are_quoted() {
        let (diagnostics, sources) = fixture::template();
        let expected = "\
error[yaml/unsupported]: `spec.replicas` must be an integer, not a string
 --> base/web/web.yaml.j2:2:16
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

";
        assert_eq!(render(&diagnostics, &sources, Format::Pretty, false), expected);
        assert!(render(&diagnostics, &sources, Format::Pretty, true).contains("\u{1b}["));
    }

    #[test]
    fn odd_spans_are_rendered() {
        for text in ["", "\n", "a", "a: 1\r\n", "\ta: é\n", "\u{feff}a: 1", "日本: 1\n\n\n"] {
            for start in 0..12 {
                for end in 0..14 {
                    let shown = pretty(text, start..end);
                    assert!(shown.contains("a.yaml:"), "{text:?} {start}..{end}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = format!("{}é: here{}\n", "x".repeat(100_000), "y".repeat(100_000));
        let shown = pretty(&text, 100_004..100_008);
        assert!(shown.contains("a.yaml:1:100004"), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let column = |line: &str, what| line.chars().position(|c| c == what).unwrap();
        assert_eq!(column(lines[3], 'h'), column(lines[4], '^'), "{shown}");
        assert!(lines.iter().all(|line| line.chars().count() < 160), "{shown}");
        assert!(pretty(&text, 0..200_000).len() < 1000);
        assert!(pretty(&text, 200_009..200_009).len() < 1000);
    }
}
