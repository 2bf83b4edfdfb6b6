//! One JSON object a line.

use serde::Serialize;

use crate::diag::{Finding, Location, Report};

/// Lines and columns count from one, columns in characters; the end is one past the last.
#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: u32,
    col: u32,
    end_line: u32,
    end_col: u32,
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    related: Vec<Related<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let line = serde_json::to_string(&object(finding)).expect("strings and numbers only");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn object(finding: &Finding) -> Object<'_> {
    let related = finding.related.iter();
    Object {
        place: place(&finding.primary),
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        message: &finding.message,
        related: related
            .map(|one| Related { place: place(&one.location), message: &one.message })
            .collect(),
        help: finding.help.as_deref(),
    }
}

fn place(location: &Location) -> Place<'_> {
    Place {
        path: &location.path,
        line: location.start.line,
        col: location.start.col,
        end_line: location.end.line,
        end_col: location.end.col,
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::{Format, render, render::fixture};

    #[test]
    fn an_object_has_every_place() {
        let (diagnostics, sources) = fixture::template();
        let text = render(&diagnostics, &sources, Format::Json, false);
        let expected = serde_json::json!({
            "path": "base/web/web.yaml.j2", "line": 2, "col": 16, "end_line": 2, "end_col": 24,
            "code": "yaml/unsupported", "severity": "error",
            "message": "`spec.replicas` must be an integer, not a string",
            "related": [
                {"path": "base/web/values.yaml", "line": 1, "col": 11, "end_line": 1,
                 "end_col": 16, "message": "the value comes from here"},
                {"path": "base/web/old.yaml", "line": 1, "col": 11, "end_line": 1,
                 "end_col": 12, "message": "it was an integer here"},
            ],
            "help": "write a number",
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
        assert_eq!(text.matches('\n').count(), 1);
    }
}
