//! The name of an object, and what else holds for the metadata of every kind.
//!
//! Source: `apimachinery/pkg/api/validation/objectmeta.go`, and the name function of each kind.

use super::{findings::Findings, formats::Format, scalar::shown, store::Kind};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
    yaml::Node,
};

/// `TotalAnnotationSizeLimitB`: the bytes of the keys and values together.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// Checks the names, the annotations as a whole, and the owners.
pub(super) fn check(node: &Node, kind: &Kind<'_>, findings: &mut Findings) {
    names(node, kind, findings);
    let Some(metadata) = node.get("metadata") else { return };
    let mut wrong = |code, message: String, at: Span| {
        findings.add(Diagnostic::error(code, message, at), kind.versions);
    };
    if let Some(annotations) = metadata.as_mapping().and_then(|all| all.entry("annotations")) {
        let all = annotations.value.as_mapping().into_iter().flatten();
        let value = |value: &Node| value.as_str().map_or(0, str::len);
        let size: usize = all.map(|one| one.key.len() + value(&one.value)).sum();
        if size > MOST_ANNOTATION_BYTES {
            let message = format!(
                "`metadata.annotations` must have at most {MOST_ANNOTATION_BYTES} bytes in all, \
                 not {size}"
            );
            wrong(codes::SCHEMA_LENGTH, message, annotations.key_span);
        }
    }
    let owners = metadata.get("ownerReferences").and_then(Node::as_sequence).unwrap_or_default();
    let controllers = owners.iter().filter_map(|owner| owner.get("controller"));
    let mut controllers = controllers.filter(|one| one.scalar_text() == Some("true"));
    if controllers.next().is_some()
        && let Some(second) = controllers.next()
    {
        let message = "`metadata.ownerReferences` must have only one item with `controller: true`";
        wrong(codes::SCHEMA_DEPENDS, message.to_owned(), second.span);
    }
}

/// Checks `metadata.name` and `metadata.generateName`.
fn names(node: &Node, kind: &Kind<'_>, findings: &mut Findings) {
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

#[cfg(test)]
mod tests {
    use super::MOST_ANNOTATION_BYTES;
    use crate::{
        schema::Store,
        source::Sources,
        yaml::{Dialect, parse},
    };

    /// What is said of an object whose annotations have so many bytes.
    fn told_of(bytes: usize) -> Vec<String> {
        let value = "x".repeat(bytes - "note".len());
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {{note: {value}}}\n"
        );
        let mut sources = Sources::default();
        let source = sources.add("test.yaml", text);
        let mut out = Vec::new();
        for document in parse(&sources, source, Dialect::Config, &mut Vec::new()) {
            Store::all_versions().check(&document, &mut out);
        }
        out.into_iter().map(|one| one.message.into_owned()).collect()
    }

    #[test]
    fn annotations_have_a_size_in_all() {
        assert_eq!(told_of(MOST_ANNOTATION_BYTES), [""; 0]);
        let message = "`metadata.annotations` must have at most 262144 bytes in all, not 262145";
        assert_eq!(told_of(MOST_ANNOTATION_BYTES + 1), [message]);
    }
}
