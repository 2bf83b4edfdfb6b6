//! One document in the Static Analysis Results Interchange Format, which code scanning reads.
//!
//! Source: SARIF 2.1.0, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, with
//! the sections that a choice follows. A rule is described if there is a result of it, so that a
//! document grows with its results and not with the tool.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{one_line, printable};
use crate::diag::{Code, Finding, Location, Report, Severity, codes};

/// What paths are relative to. A document does not say where that is, and so is the same on every
/// machine (3.14.14).
const ROOT: &str = "SRCROOT";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    original_uri_base_ids: BTreeMap<&'static str, BaseId>,
    column_kind: &'static str,
    results: Vec<ResultObject<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text>,
    /// What the rule means, with an example that is wrong and one that is right. It has no
    /// placeholders, so that its braces are themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

/// A rule has no severity of its own: this is the worst of its results.
#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct BaseId {
    description: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultObject<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [LocationObject<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<LocationObject<'a>>,
    partial_fingerprints: Fingerprints,
    /// What is known and accepted is there with the reason. Where one result says that it is
    /// suppressed, all others say that they are not (3.27.23).
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<SuppressionObject<'a>>>,
}

/// `xtask.toml` says it, which is no comment in the file of the result (3.35.2).
#[derive(Serialize)]
struct SuppressionObject<'a> {
    kind: &'static str,
    justification: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationObject<'a> {
    /// What a link in the message of the result refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: ArtifactLocation<'a>,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation<'a> {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// Versioned names of how a fingerprint is made (3.5.4).
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "findingHash/v1")]
    finding_hash: String,
}

pub(super) fn render(report: &Report) -> String {
    let mut all: Vec<(&Finding, Option<&str>)> =
        report.findings().map(|finding| (finding, None)).collect();
    all.extend(report.suppressed().map(|(finding, reason)| (finding, Some(reason))));
    all.sort_unstable();
    let mut found: BTreeMap<Code, Severity> = BTreeMap::new();
    for (finding, _) in &all {
        let severity = if finding.is_raised { Severity::Warning } else { finding.severity };
        let worst = found.entry(finding.code).or_insert(severity);
        *worst = severity.max(*worst);
    }
    let indices: BTreeMap<Code, usize> =
        found.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let has_suppressed = report.suppressed().next().is_some();
    let mut seen = BTreeMap::new();
    let results = all.into_iter().map(|(finding, reason)| ResultObject {
        rule_id: finding.code.as_str(),
        rule_index: indices.get(&finding.code).copied().unwrap_or_default(),
        level: level(finding.severity),
        message: Text { text: message(finding) },
        locations: [place(&finding.primary)],
        related_locations: related(finding),
        partial_fingerprints: fingerprints(finding, &mut seen),
        suppressions: has_suppressed.then(|| {
            let one = |justification| SuppressionObject { kind: "external", justification };
            reason.map(one).into_iter().collect()
        }),
    });
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    rules: found.iter().map(|(code, worst)| rule(*code, *worst)).collect(),
                },
            },
            original_uri_base_ids: [(
                ROOT,
                BaseId { description: Text { text: "The root of the repository.".to_owned() } },
            )]
            .into(),
            column_kind: "utf16CodeUnits",
        }],
    };
    serde_json::to_string_pretty(&log).expect("strings and numbers only") + "\n"
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn rule(code: Code, worst: Severity) -> Rule {
    let help = codes::explanation(code).map(|text| Help { text, markdown: text });
    Rule {
        id: code.as_str(),
        short_description: codes::sentence(code).map(|text| Text { text: literal(text) }),
        help,
        default_configuration: Configuration { level: level(worst) },
    }
}

/// The message, a link to each related place, and the help, on a line each.
fn message(finding: &Finding) -> String {
    let mut text = prose(&one_line(&finding.message));
    for (at, related) in finding.related.iter().enumerate() {
        let label = literal(&one_line(&format!("{}: {}", related.location, related.message)));
        let label = label.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
        let _ = write!(text, "\n[{label}]({})", at + 1);
    }
    if let Some(help) = &finding.help {
        let _ = write!(text, "\nhelp: {}", prose(&printable(help)));
    }
    text
}

/// A text with no links but our own: what would end the name of one is escaped (3.11.6).
fn prose(text: &str) -> String {
    literal(text).replace("](", r"\](")
}

/// Braces are what placeholders are made of, so that each is written twice (3.11.5).
fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

fn related(finding: &Finding) -> Vec<LocationObject<'_>> {
    let numbered = finding.related.iter().enumerate();
    numbered
        .map(|(at, related)| LocationObject {
            id: Some(at + 1),
            message: Some(Text { text: prose(&one_line(&related.message)) }),
            ..place(&related.location)
        })
        .collect()
}

fn place(location: &Location) -> LocationObject<'_> {
    let (start_column, end_column) = location.utf16_columns;
    let (uri, uri_base_id) = match uri(&location.path) {
        absolute if absolute.starts_with('/') => (format!("file://{absolute}"), None),
        relative => (relative, Some(ROOT)),
    };
    LocationObject {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri, uri_base_id },
            region: Region {
                start_line: location.start.line,
                start_column,
                end_line: location.end.line,
                end_column,
            },
        },
        message: None,
    }
}

/// A path as a reference: every byte but those that never mean anything is escaped (RFC 3986, 2.3).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// The same wherever the line moves in its file. Findings that are alike are numbered in their
/// order.
fn fingerprints(finding: &Finding, seen: &mut BTreeMap<String, u32>) -> Fingerprints {
    let (path, line) = (finding.primary.path.as_str(), finding.primary.line.trim());
    let mut hash = Sha256::new();
    for part in [finding.code.as_str(), path, &finding.message, line] {
        hash.update(part);
        hash.update([0]);
    }
    let mut finding_hash = String::new();
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(finding_hash, "{byte:02x}");
    }
    let number = seen.entry(finding_hash.clone()).or_default();
    *number += 1;
    let _ = write!(finding_hash, ":{number}");
    Fingerprints { finding_hash }
}

#[cfg(test)]
mod tests;
