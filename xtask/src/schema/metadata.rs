//! The name of an object.
//!
//! Source: `apimachinery/pkg/api/validation/objectmeta.go`, and the name function of each kind.

use super::{findings::Findings, formats::Format, scalar::shown, store::Kind};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
    yaml::Node,
};

/// Checks `metadata.name` and `metadata.generateName`.
pub(super) fn check(node: &Node, kind: &Kind<'_>, findings: &mut Findings) {
    // Objects of such a kind are answered and never stored.
    let Some(format) = kind.entry.name.as_deref().and_then(Format::named) else { return };
    let mut wrong = |message: String, at: Span| {
        findings.add(Diagnostic::error(codes::SCHEMA_NAME, message, at), kind.versions);
    };
    let text = |key| {
        let node = node.at(&["metadata", key])?;
        node.as_str().filter(|text| !text.is_empty()).map(|text| (text, node.span))
    };
    if let Some((name, at)) = text("name") {
        if let Err(must) = format.check(name) {
            wrong(format!("`metadata.name` must be {must}, not {}", shown(name)), at);
        } else if let Some(most) = kind.entry.name_max_length
            && name.len() > most
        {
            let length = name.len();
            wrong(format!("`metadata.name` must have at most {most} characters, not {length}"), at);
        }
    } else if let Some((prefix, at)) = text("generateName") {
        // The server adds letters and digits.
        let name = format!("{}a", prefix.strip_suffix('-').unwrap_or(prefix));
        if let Err(must) = format.check(&name) {
            wrong(format!("`metadata.generateName` must begin {must}, not {}", shown(prefix)), at);
        }
    } else {
        let at = node.get("metadata").map_or(node.span, |metadata| metadata.span);
        let at = Span { end: at.start, ..at };
        let message = "`metadata.name` is missing".to_owned();
        findings.add(Diagnostic::error(codes::SCHEMA_MISSING_FIELD, message, at), kind.versions);
    }
}
