//! Diagnostics as text, in the format that the reader asked for.
//!
//! Invariant: a renderer never fails and never looks at anything but the report.

mod cases;
mod concise;
mod github;
mod json;
mod junit;
mod pretty;
mod sarif;

pub use cases::{TestCase, TestSuite, junit_of_cases};

use super::{Diagnostic, Report};
use crate::source::Sources;

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With the lines of source, for a person.
    #[default]
    Pretty,
    /// One line each: `path:line:col: error[code]: message`.
    Concise,
    /// One JSON object a line, so that the output of several runs can be joined.
    Json,
    /// Annotations of a GitHub workflow run.
    Github,
    /// One SARIF 2.1.0 document, for code scanning.
    Sarif,
    /// One JUnit document, for the test reports of a build server.
    Junit,
}

impl Format {
    /// Whether a report is one document, which is there also when there is nothing to report.
    pub fn is_document(self) -> bool {
        matches!(self, Self::Sarif | Self::Junit)
    }
}

impl Report {
    /// The whole report; empty if there is nothing to say, unless the format is a document. Only
    /// [`Format::Pretty`] has colours.
    pub fn render(&self, format: Format, colour: bool) -> String {
        match format {
            Format::Pretty => pretty::render(self, colour),
            Format::Concise => concise::render(self),
            Format::Json => json::render(self),
            Format::Github => github::render(self),
            Format::Sarif => sarif::render(self),
            Format::Junit => junit::render(self),
        }
    }
}

/// The diagnostics of one build as text.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    format: Format,
    colour: bool,
) -> String {
    let mut report = Report::default();
    report.add(diagnostics, sources);
    report.render(format, colour)
}

/// `text` on one line and without control characters, which a terminal would act upon.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// `text` with its line breaks and without what XML cannot hold: control characters, and the two codes
/// that are no characters.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod fixture {
    use super::*;
    use crate::{
        diag::codes,
        source::{OriginId, RenderMap, Segment, Span},
    };

    /// A template that prints a value of the wrong type, found by a check of its output.
    pub(super) fn template() -> (Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let values = sources.add("base/web/values.yaml", "replicas: three\n");
        let template = sources.add("base/web/web.yaml.j2", "spec:\n  replicas: {{ replicas }}\n");
        let literal = |rendered, start, end| Segment {
            rendered,
            template: Span::new(template, start..end),
            literal: true,
            value: None,
        };
        let map = RenderMap {
            segments: vec![
                literal(0..18, 0, 18),
                Segment {
                    rendered: 18..23,
                    template: Span::new(template, 21..29),
                    literal: false,
                    value: Some((Span::new(values, 10..15), OriginId::NONE)),
                },
                literal(23..24, 32, 33),
            ],
        };
        let text = "spec:\n  replicas: three\n";
        let rendered = sources.add_rendered("base/web/web.yaml.j2", text, map);
        let base = sources.add("base/web/old.yaml", "replicas: 1\n");
        let message = "`spec.replicas` must be an integer, not a string";
        let wrong =
            Diagnostic::error(codes::YAML_UNSUPPORTED, message, Span::new(rendered, 18..23))
                .with_related(Span::new(base, 10..11), "it was an integer here")
                .with_help("write a number");
        (vec![wrong], sources)
    }
}
