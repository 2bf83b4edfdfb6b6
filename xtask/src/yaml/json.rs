//! Writes a tree as Go's `encoding/json` writes it, which is what name hashes are taken over.
//!
//! Source: `encoding/json` of Go 1.26 over the values that kustomize 5.8.2 decodes. Invariant: no
//! spaces, keys in the order of their bytes.

use std::fmt::Write as _;

use super::{
    Node, Scalar, ScalarKind, Value,
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
        ScalarKind::String | ScalarKind::Timestamp => {
            escape(&scalar::canonical(scalar).ok_or_else(refused)?, out);
        }
        ScalarKind::Null | ScalarKind::Bool => {
            out.push_str(&scalar::canonical(scalar).ok_or_else(refused)?);
        }
    }
    Ok(())
}
