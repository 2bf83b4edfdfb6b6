//! What a policy says of a Secret may have its values: they are not shown.

use std::{collections::BTreeMap, fmt::Write};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::{
    cluster::Object,
    diag::Anchor,
    source::Span,
    yaml::{Entry, Node},
};

/// A message about an object, with the size of each value in its place if that is a Secret: the value
/// as it is written, as it is meant and as it is sent, also without the white space around it.
pub(super) fn masked(message: &str, object: &Node) -> String {
    if object.get("kind").and_then(Node::as_str) != Some("Secret") {
        return message.to_owned();
    }
    let mut values: Vec<String> = Vec::new();
    for field in ["data", "stringData"] {
        let entries = object.get(field).and_then(Node::as_mapping).into_iter().flatten();
        for text in entries.filter_map(|entry: &Entry| entry.value.scalar_text()) {
            let decoded = STANDARD.decode(text).ok();
            values.extend(decoded.and_then(|bytes| String::from_utf8(bytes).ok()));
            if field == "stringData" {
                values.push(STANDARD_NO_PAD.encode(text));
                values.push(URL_SAFE_NO_PAD.encode(text));
            }
            values.push(text.to_owned());
        }
    }
    let trimmed: Vec<String> = values.iter().map(|value| value.trim().to_owned()).collect();
    values.extend(trimmed);
    values.retain(|value| !value.trim().is_empty());
    // A value may be a part of another one.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut by_first: BTreeMap<char, Vec<&str>> = BTreeMap::new();
    for value in &values {
        by_first.entry(value.chars().next().unwrap_or_default()).or_default().push(value);
    }
    let mut shown = String::new();
    let mut rest = message;
    while let Some(next) = rest.chars().next() {
        let begin_so = by_first.get(&next).into_iter().flatten();
        if let Some(value) = begin_so.copied().find(|value| rest.starts_with(value)) {
            let _ = write!(shown, "({} bytes)", value.len());
            rest = rest.get(value.len()..).unwrap_or_default();
        } else {
            shown.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    shown
}

/// A place in an object, which is not shown if a value of a Secret stands there.
pub(super) fn anchor(object: &Object<'_>, span: Span) -> Anchor {
    let is_in = |field: &str| {
        let values = object.node.get(field);
        values.is_some_and(|values| {
            values.span.source == span.source
                && values.span.start <= span.start
                && span.end <= values.span.end
        })
    };
    if object.is("", "Secret") && (is_in("data") || is_in("stringData")) {
        object.secret_at(span)
    } else {
        object.at(span)
    }
}
