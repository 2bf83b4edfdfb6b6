//! How the rendered tree differs, for `--check`.

use std::fmt::Write;

use anyhow::Result;
use similar::{ChangeTag, TextDiff};

use super::super::{Context, Verdict, context::print};
use crate::{
    diag::{Diagnostic, Format, Report, codes},
    repository::{Change, State},
    source::{Sources, Span},
};

/// The lines of a difference that are shown for one file.
const MAX_LINES: usize = 16;

/// Shows what is wrong with the overlays and lists the files: for a person with an excerpt of what
/// differs, otherwise as diagnostics.
pub(in crate::commands) fn show(
    context: &Context,
    report: &Report,
    changes: &[Change],
) -> Result<Verdict> {
    if context.format.is_document() {
        let mut whole = report.clone();
        add(&mut whole, changes);
        return context.publish(&whole);
    }
    let verdict = context.show(report);
    if context.format == Format::Pretty {
        print(&changes.iter().map(describe).collect::<String>())?;
    } else {
        let mut stale = context.report();
        add(&mut stale, changes);
        print(&stale.render(context.format, false))?;
    }
    Ok(if changes.is_empty() { verdict } else { Verdict::Failed })
}

fn add(report: &mut Report, changes: &[Change]) {
    for change in changes {
        let (diagnostic, sources) = diagnostic(change);
        report.add(&[diagnostic], &sources);
    }
}

fn describe(change: &Change) -> String {
    let path = &change.path;
    let (state, before, after) = match &change.state {
        State::Missing(after) => ("missing", "", after.as_str()),
        State::Extra(before) => ("extra  ", before.as_str(), ""),
        State::Differs { before, after } => ("differs", before.as_str(), after.as_str()),
    };
    let mut out = format!("{state} rendered/{path}\n");
    if change.secret {
        out.push_str("    (the values of a Secret are not shown)\n");
    } else if matches!(change.state, State::Differs { .. }) {
        out.push_str(&excerpt(before, after));
    } else {
        let lines = before.lines().count() + after.lines().count();
        let _ = writeln!(out, "    ({lines} lines)");
    }
    out
}

/// The beginning of the difference, in the unified format, indented.
fn excerpt(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().context_radius(2).missing_newline_hint(false).to_string();
    let mut out = String::new();
    for line in text.lines().take(MAX_LINES) {
        let _ = writeln!(out, "    {line}");
    }
    let hidden = text.lines().count().saturating_sub(MAX_LINES);
    if hidden > 0 {
        let _ = writeln!(out, "    ... and {hidden} more lines");
    }
    out
}

fn diagnostic(change: &Change) -> (Diagnostic, Sources) {
    let mut sources = Sources::default();
    let (path, directory) = (format!("rendered/{}", change.path), directory(&change.path));
    let (text, at, message) = match &change.state {
        State::Missing(_) => ("", 0, format!("`{path}` is missing; `{directory}` renders to it")),
        State::Extra(text) => {
            (text.as_str(), 0, format!("`{path}` is left over; nothing renders to it"))
        }
        State::Differs { before, after } => {
            let message = format!("`{path}` is not what `{directory}` renders to");
            (before.as_str(), first_difference(before, after), message)
        }
    };
    // A line of a Secret must not be quoted.
    let (text, at) = if change.secret { ("", 0) } else { (text, at) };
    let id = sources.add(path, text);
    let at = u32::try_from(at).unwrap_or(0);
    let diagnostic = Diagnostic::error(codes::RENDER_STALE, message, Span::new(id, at..at))
        .with_help("run `cargo xtask render`, and commit the result");
    (diagnostic, sources)
}

/// `overlays/dev/web` for `dev/web/service-web.yaml`.
fn directory(path: &str) -> String {
    format!("overlays/{}", path.rsplit_once('/').map_or(path, |(directory, _)| directory))
}

/// The byte of `before` where its first line begins that `after` does not have at this place.
fn first_difference(before: &str, after: &str) -> usize {
    let diff = TextDiff::from_lines(before, after);
    let same = diff.iter_all_changes().take_while(|change| change.tag() == ChangeTag::Equal);
    same.map(|change| change.value().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::render;

    fn differs(secret: bool) -> Change {
        let before = "a: 1\nb: hunter1\nc: 3\n".to_owned();
        let after = "a: 1\nb: hunter2\nc: 3\n".to_owned();
        let path = "dev/web/x.yaml".to_owned();
        Change { path, state: State::Differs { before, after }, secret }
    }

    #[test]
    fn a_difference_is_shown_as_an_excerpt() {
        let expected = "differs rendered/dev/web/x.yaml\n    @@ -1,3 +1,3 @@\n     a: 1\n    -b: hunter1\n    +b: hunter2\n     c: 3\n";
        assert_eq!(describe(&differs(false)), expected);
        let long = excerpt("", &"x\n".repeat(100));
        assert!(long.ends_with("more lines\n") && long.lines().count() == MAX_LINES + 1);
    }

    #[test]
    fn a_diagnostic_points_to_the_first_line_that_differs() {
        let (diagnostic, sources) = diagnostic(&differs(false));
        let line = render(&[diagnostic], &sources, Format::Concise, false);
        let expected = "rendered/dev/web/x.yaml:2:1: error[render/stale]: `rendered/dev/web/x.yaml` is not what `overlays/dev/web` renders to\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn the_values_of_a_secret_are_not_shown() {
        for state in [
            differs(true).state,
            State::Missing("b: hunter2\n".into()),
            State::Extra("b: hunter2\n".into()),
        ] {
            let change = Change { state, ..differs(true) };
            let (diagnostic, sources) = diagnostic(&change);
            let formats = [
                Format::Pretty,
                Format::Concise,
                Format::Json,
                Format::Github,
                Format::Sarif,
                Format::Junit,
            ];
            let shown = formats
                .map(|format| render(std::slice::from_ref(&diagnostic), &sources, format, false));
            let shown = format!("{}{}", describe(&change), shown.concat());
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}
