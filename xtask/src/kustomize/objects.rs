//! From documents to objects: lists are taken apart, and every object has a kind and a name.

use super::context::Context;
use crate::{
    diag::{Diagnostic, codes},
    resource::hide_secret,
    yaml::{Mapping, Node, Scalar, ScalarKind, Text, Value, canonical, is_unreadable_block},
};

/// The objects of some documents; `None` if one of them is not an object, which has been reported.
///
/// A `FooList` with `items` gives its elements, which come after the other documents.
pub fn from_documents(context: &mut Context<'_>, documents: Vec<Node>) -> Option<Vec<Node>> {
    let mut complete = true;
    let mut objects = Vec::with_capacity(documents.len());
    let mut later = Vec::new();
    for document in documents {
        complete &= sort_out(context, document, &mut objects, &mut later);
    }
    // A list in a list is taken apart in the same way.
    while !later.is_empty() {
        for item in std::mem::take(&mut later) {
            complete &= sort_out(context, item, &mut objects, &mut later);
        }
    }
    complete.then_some(objects)
}

fn sort_out(
    context: &mut Context<'_>,
    mut document: Node,
    objects: &mut Vec<Node>,
    later: &mut Vec<Node>,
) -> bool {
    if document.as_mapping().is_some_and(Mapping::is_empty) || document.is_null() {
        return true;
    }
    let kind = document.get("kind").and_then(Node::scalar_text).unwrap_or("");
    hide_secret(context.sources, &document);
    if !kind.ends_with("List") {
        if let Some(diagnostic) = incomplete(&document, kind) {
            context.report(diagnostic);
            return false;
        }
        objects.push(document);
        return true;
    }
    let Some(items) = document.get_mut("items") else {
        objects.push(document);
        return true;
    };
    let (span, found, is_null) = (items.span, items.describe(), items.is_null());
    match &mut items.value {
        Value::Sequence(items) => {
            for mut item in std::mem::take(items) {
                normalize(&mut item);
                check_tabs(context, &item);
                later.push(item);
            }
            true
        }
        _ if is_null => true,
        _ => {
            let message = format!("`items` of a list must be a sequence, not {found}");
            context.report(Diagnostic::error(codes::RESOURCE_MALFORMED, message, span));
            false
        }
    }
}

/// What keeps a document from being an object.
fn incomplete(document: &Node, kind: &str) -> Option<Diagnostic> {
    if document.as_mapping().is_none() {
        let message = format!("a resource must be a mapping, not {}", document.describe());
        return Some(
            Diagnostic::error(codes::RESOURCE_MALFORMED, message, document.span)
                .with_help("list only files of Kubernetes objects under `resources`"),
        );
    }
    let start = crate::source::Span { end: document.span.start, ..document.span };
    if kind.is_empty() {
        let diagnostic =
            Diagnostic::error(codes::RESOURCE_MALFORMED, "the resource has no `kind`", start);
        return Some(match document.get("kind") {
            Some(node) => Diagnostic { primary: node.span, ..diagnostic }
                .with_help("name the kind: `kind: ConfigMap`, for example"),
            None => diagnostic
                .with_help("every document needs `apiVersion`, `kind` and `metadata.name`"),
        });
    }
    let metadata = document.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name"));
    if name.and_then(Node::scalar_text).is_none_or(str::is_empty) {
        let at = name.or(metadata).map_or(start, |node| node.span);
        let message = format!("the {kind} has no `metadata.name`");
        return Some(
            Diagnostic::error(codes::RESOURCE_MALFORMED, message, at)
                .with_help("give it a name: `metadata: {name: ...}`"),
        );
    }
    None
}

/// Drops annotations that are no map: kustomize reads them as one, which has nothing then.
pub fn drop_unmapped_annotations(metadata: &mut Mapping) {
    if metadata.get("annotations").is_some_and(|node| node.as_mapping().is_none()) {
        metadata.remove("annotations");
    }
}

/// What an object lacks that every object has.
pub fn missing_identity(object: &Node) -> Option<&'static str> {
    let is_text = |node: Option<&Node>| {
        let text = node.filter(|node| !node.is_null()).and_then(Node::scalar_text);
        text.is_some_and(|text| !text.is_empty())
    };
    if !is_text(object.get("kind")) {
        return Some("kind");
    }
    // A list of objects has no name.
    let is_list =
        object.get("kind").and_then(Node::scalar_text).is_some_and(|k| k.ends_with("List"));
    (!is_list && !is_text(object.at(&["metadata", "name"]))).then_some("metadata.name")
}

/// Writes every scalar as JSON would have it: where kustomize sends an object through JSON, `0777`
/// becomes 511, a date a string, and a large integer loses digits.
pub fn normalize(node: &mut Node) {
    node.visit_mut(&mut |node| {
        let Value::Scalar(scalar) = &mut node.value else { return };
        match scalar.kind {
            ScalarKind::String => {}
            ScalarKind::NothingInFlow => *scalar = Scalar::string(""),
            ScalarKind::Null => scalar.text = Text::const_new("null"),
            ScalarKind::Timestamp => {
                if let Some(text) = canonical(scalar) {
                    *scalar = Scalar::string(text);
                }
            }
            ScalarKind::Bool | ScalarKind::Float => {
                if let Some(text) = canonical(scalar) {
                    scalar.text = text.into();
                }
            }
            ScalarKind::Int => {
                let Some(text) = canonical(scalar).map(Text::from) else { return };
                scalar.text = as_float(&text).unwrap_or(text);
            }
        }
    });
}

/// Reports each text that kustomize cannot read back once an object lost the styles of its scalars:
/// it is written as a block scalar then, and that may not begin with a tab.
pub fn check_tabs(context: &mut Context<'_>, node: &Node) {
    match &node.value {
        Value::Scalar(scalar) => {
            if scalar.kind == ScalarKind::String && is_unreadable_block(&scalar.text) {
                let message = "a text of several lines begins with a tab, and kustomize cannot read it back here";
                context.report(
                    Diagnostic::error(codes::YAML_UNSUPPORTED, message, node.span)
                        .with_help("begin the text with another line, or indent with spaces"),
                );
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| check_tabs(context, item)),
        Value::Mapping(map) => map.iter().for_each(|entry| check_tabs(context, &entry.value)),
    }
}

/// An integer that a 64-bit float cannot hold, as the float that is next to it.
fn as_float(text: &str) -> Option<Text> {
    const EXACT: u128 = 1 << 53;
    let number: i128 = text.parse().ok()?;
    if number.unsigned_abs() <= EXACT {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    // The shortest digits that read as the float, and zeros for the rest, as Go prints it.
    (float.abs() < 1e21).then(|| compact_str::format_compact!("{float}"))
}
