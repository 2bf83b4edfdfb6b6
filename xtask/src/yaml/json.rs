//! Writes a tree as Go's `encoding/json` writes it, which is what name hashes are taken over.
//!
//! Source: `encoding/json` of Go 1.26 over the values that kustomize 5.8.2 decodes. Invariant: no
//! spaces, keys in the order of their bytes.

use std::fmt::Write as _;

use super::{
    Entry, Node, Scalar, ScalarKind, Value,
    emit::{EmitError, entries_by},
    scalar::{self, Number},
};
use crate::source::Span;

/// Appends `node` as JSON, as kustomize does for the output: integers of 64 bits keep their digits.
///
/// Errors are numbers that are not finite, dates that JSON refuses, and duplicate keys.
pub fn to_json(node: &Node, out: &mut String) -> Result<(), EmitError> {
    write(node, out, |number| number)
}

/// Appends `node` as JSON after it was decoded from JSON once more into untyped values, as kustomize
/// does for a hash: every number is a float, so integers beyond 2^53 lose digits.
///
/// Errors as for [`to_json`].
pub fn to_json_for_hash(node: &Node, out: &mut String) -> Result<(), EmitError> {
    write(node, out, Number::widened)
}

/// Whether two trees are the same JSON: `0x10` is `16`, and the order of keys does not matter.
pub fn same_json(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        // What is not a string has a text of its own for each value.
        (Value::Scalar(a), Value::Scalar(b)) => {
            a.is_text() == b.is_text() && scalar::canonical(a) == scalar::canonical(b)
        }
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            let same = |entry: &Entry| {
                b.get(&entry.key).is_some_and(|value| same_json(&entry.value, value))
            };
            a.len() == b.len() && a.iter().all(same)
        }
        _ => false,
    }
}

/// Appends a string with its quotes, escaping what Go escapes: besides what JSON demands, the
/// characters of HTML and the two line separators of JavaScript.
pub fn escape(text: &str, out: &mut String) {
    out.push('"');
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => "",
            _ => continue,
        };
        out.push_str(text.get(copied..at).unwrap_or(""));
        if short.is_empty() {
            write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a String never fails");
        } else {
            out.push_str(short);
        }
        copied = at + c.len_utf8();
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    out.push('"');
}

fn write(node: &Node, out: &mut String, adjust: fn(Number) -> Number) -> Result<(), EmitError> {
    match &node.value {
        Value::Scalar(scalar) => write_scalar(scalar, node.span, out, adjust),
        Value::Sequence(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out, adjust)?;
            }
            out.push(']');
            Ok(())
        }
        Value::Mapping(mapping) => {
            let entries = entries_by(mapping, str::cmp)
                .map_err(|entry| EmitError::duplicate(&entry.key, entry.key_span))?;
            out.push('{');
            for (index, entry) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                escape(&entry.key, out);
                out.push(':');
                write(&entry.value, out, adjust)?;
            }
            out.push('}');
            Ok(())
        }
    }
}

fn write_scalar(
    scalar: &Scalar,
    span: Span,
    out: &mut String,
    adjust: fn(Number) -> Number,
) -> Result<(), EmitError> {
    let refused = || EmitError::not_json(scalar, span);
    match scalar.kind {
        ScalarKind::Int | ScalarKind::Float => {
            let number = scalar::number(&scalar.text).ok_or_else(refused)?;
            out.push_str(&adjust(number).to_json().ok_or_else(refused)?);
        }
        ScalarKind::String | ScalarKind::Timestamp | ScalarKind::NothingInFlow => {
            escape(&scalar::canonical(scalar).ok_or_else(refused)?, out);
        }
        ScalarKind::Null | ScalarKind::Bool => {
            out.push_str(&scalar::canonical(scalar).ok_or_else(refused)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::yaml::emit::tests::tree;

    fn exact(json: &Json) -> String {
        let mut out = String::new();
        to_json(&tree(json), &mut out).unwrap();
        out
    }

    #[test]
    fn keys_are_in_the_order_of_their_bytes_and_there_are_no_spaces() {
        let value = json!({"b": [1, null, true], "a10": {}, "a2": [], "B": "x", "é": ""});
        assert_eq!(exact(&value), r#"{"B":"x","a10":{},"a2":[],"b":[1,null,true],"é":""}"#);
    }

    #[test]
    fn strings_are_escaped_as_go_does() {
        let text = "\"\\/\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}<>&\u{2028}\u{2029}é😀";
        let expected = "\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0000\\u001f\u{7f}\\u003c\\u003e\\u0026\
                        \\u2028\\u2029é😀\"";
        assert_eq!(exact(&json!(text)), expected);
        assert_eq!(exact(&json!({"<": 1})), r#"{"\u003c":1}"#);
    }

    #[test]
    fn numbers_are_written_as_go_does() {
        for (text, expected) in [
            ("0x1F", "31"),
            ("1.0", "1"),
            ("-0.0", "-0"),
            ("1e-6", "0.000001"),
            ("1e-7", "1e-7"),
            ("1.5e-10", "1.5e-10"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("18446744073709551615", "18446744073709551615"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("2001-1-1", "\"2001-01-01T00:00:00Z\""),
        ] {
            assert_eq!(exact(&json!({"=": text})), expected, "{text}");
        }
    }

    #[test]
    fn a_hash_sees_every_number_as_a_float() {
        for (text, expected) in [
            ("9007199254740993", "9007199254740992"),
            ("18446744073709551615", "18446744073709552000"),
            ("42", "42"),
        ] {
            let mut out = String::new();
            to_json_for_hash(&tree(&json!({"=": text})), &mut out).unwrap();
            assert_eq!(out, expected, "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_an_error() {
        let error = to_json(&tree(&json!({"=": ".nan"})), &mut String::new()).unwrap_err();
        assert_eq!(error.message, "`.nan` has no JSON value: it is not a finite number");
    }
}
