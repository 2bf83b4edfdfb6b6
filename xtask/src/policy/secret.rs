//! What a policy says of a Secret may have its values: they are not shown.

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

/// The length from which a value is looked for: a shorter one is in many words.
const SHORTEST: usize = 3;

/// A message about an object, with the size of each value of a Secret in its place.
pub(super) fn masked(message: &str, object: &Object<'_>) -> String {
    if !object.is("", "Secret") {
        return message.to_owned();
    }
    let mut values: Vec<String> = Vec::new();
    for (field, is_encoded) in [("data", true), ("stringData", false)] {
        let entries = object.node.get(field).and_then(Node::as_mapping).into_iter().flatten();
        for text in entries.filter_map(|entry: &Entry| entry.value.scalar_text()) {
            if is_encoded {
                let decoded = STANDARD.decode(text).ok();
                values.extend(decoded.and_then(|bytes| String::from_utf8(bytes).ok()));
            } else {
                values.push(STANDARD_NO_PAD.encode(text));
                values.push(URL_SAFE_NO_PAD.encode(text));
            }
            values.push(text.to_owned());
        }
    }
    // A value may be a part of another one.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut message = message.to_owned();
    for value in values.iter().filter(|value| value.len() >= SHORTEST) {
        message = message.replace(value.as_str(), &format!("({} bytes)", value.len()));
    }
    message
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
