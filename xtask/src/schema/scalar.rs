//! Single values: their JSON type, as Go's decoder sees them, and what they are in a message.

use serde_json::Value as Json;

use super::model::Types;
use crate::yaml::{Node, Scalar, ScalarKind, Value, canonical};

/// How much of a value a message shows.
const SHOWN: usize = 60;

/// The JSON types that a value counts as. `1.0` and `1e3` are printed without a fraction, so they
/// are whole numbers too.
pub(super) fn types_of(node: &Node) -> (Types, Types) {
    match &node.value {
        Value::Mapping(_) => (Types::OBJECT, Types::OBJECT),
        Value::Sequence(_) => (Types::ARRAY, Types::ARRAY),
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => (Types::NULL, Types::NULL),
            ScalarKind::Bool => (Types::BOOLEAN, Types::BOOLEAN),
            ScalarKind::Int => (Types::INTEGER, Types::NUMBER),
            ScalarKind::Float if integer(scalar).is_some() => (Types::INTEGER, Types::NUMBER),
            ScalarKind::Float => (Types::NUMBER, Types::NUMBER),
            ScalarKind::String | ScalarKind::Timestamp | ScalarKind::NothingInFlow => {
                (Types::STRING, Types::STRING)
            }
        },
    }
}

/// The value of a whole number.
pub(super) fn integer(scalar: &Scalar) -> Option<i128> {
    if !matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float) {
        return None;
    }
    canonical(scalar)?.parse().ok()
}

/// The value of a number, as exactly as a double is.
pub(super) fn float(scalar: &Scalar) -> Option<f64> {
    if !matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float) {
        return None;
    }
    canonical(scalar)?.parse().ok()
}

/// Whether two values are equal: `1` and `1.0` are.
pub(super) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let equal = |(key, value)| b.get(key).is_some_and(|other| same(value, other));
            a.len() == b.len() && a.iter().all(equal)
        }
        _ => a == b,
    }
}

/// Whether a value is the one that a schema names.
pub(super) fn is(node: &Node, wanted: &Json) -> bool {
    let scalar = match (&node.value, wanted) {
        (Value::Scalar(scalar), _) => scalar,
        (Value::Sequence(items), Json::Array(wanted)) => {
            return items.len() == wanted.len() && items.iter().zip(wanted).all(|(a, b)| is(a, b));
        }
        (Value::Mapping(mapping), Json::Object(wanted)) => {
            let equal =
                |(key, wanted): (&String, _)| mapping.get(key).is_some_and(|a| is(a, wanted));
            return mapping.len() == wanted.len() && wanted.iter().all(equal);
        }
        _ => return false,
    };
    match wanted {
        Json::String(text) => scalar.is_text() && scalar.text == text.as_str(),
        Json::Bool(value) => {
            scalar.kind == ScalarKind::Bool
                && canonical(scalar).as_deref() == Some(if *value { "true" } else { "false" })
        }
        Json::Number(number) => float(scalar) == number.as_f64(),
        Json::Null => scalar.is_null(),
        Json::Array(_) | Json::Object(_) => false,
    }
}

/// The value for a message: in backticks, short, on one line.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    if short.is_empty() { "an empty string".to_owned() } else { format!("`{short}`") }
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        '`' => '\'',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// How many values a message lists. The longest enumeration that is known has 23.
const CHOICES_SHOWN: usize = 24;

/// The values that are allowed, for a message: `` `A`, `B` or `C` ``.
pub(super) fn choices(values: &[Json]) -> String {
    // An empty string stands for the default: it may be left out as well.
    let values = || values.iter().filter(|value| value.as_str() != Some(""));
    let mut words: Vec<String> = values()
        .take(CHOICES_SHOWN)
        .map(|value| match value {
            Json::String(text) => shown(text),
            other => shown(&other.to_string()),
        })
        .collect();
    let others = values().skip(CHOICES_SHOWN).count();
    if others > 0 {
        words.push(format!("one of {others} others"));
    }
    match words.split_last() {
        None => "empty".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_shown_shortly() {
        assert_eq!(shown("a\n`b`"), "`a 'b'`");
        assert_eq!(shown(""), "an empty string");
        assert_eq!(shown(&"x".repeat(70)).chars().count(), 63);
    }

    #[test]
    fn choices_leave_out_the_default() {
        assert_eq!(choices(&[json!("A"), json!(""), json!("B")]), "`A` or `B`");
        assert_eq!(choices(&[json!("A"), json!("B"), json!(1)]), "`A`, `B` or `1`");
        assert_eq!(choices(&[json!(true)]), "`true`");
        assert!(choices(&vec![json!(1); 100]).ends_with("`1` or one of 76 others"));
    }
}
