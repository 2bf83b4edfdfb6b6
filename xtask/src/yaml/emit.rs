//! Writes a tree as kustomize writes it, byte for byte.
//!
//! Source: what `kustomize` 5.8.2 does with a resource, which is to turn it into JSON, to read that
//! with go-yaml v2 and to print it with the emitter of that library, a port of libyaml. Measured
//! with that binary. Invariant: the output is a function of the values alone; the styles and the
//! order of the source are lost, as they are there.

use std::{borrow::Cow, error::Error, fmt};

use super::{Mapping, Node, Scalar, ScalarKind, Value, scalar};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
};

mod order;
mod shape;
mod text;
mod writer;

pub(super) use order::entries_by;
pub(super) use shape::allows_block;
pub use shape::is_unreadable_block;
use writer::Writer;

/// A value that has no place in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitError {
    /// What is wrong, for a reader.
    pub message: String,
    /// The value, or the key if it is the key that is wrong.
    pub span: Span,
    help: &'static str,
}

impl EmitError {
    fn new(message: impl Into<String>, span: Span, help: &'static str) -> Self {
        Self { message: message.into(), span, help }
    }

    /// What is wrong, where, and the way out.
    pub fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(codes::YAML_UNSUPPORTED, self.message, self.span).with_help(self.help)
    }

    /// A text that YAML or JSON has no place for.
    fn text(message: String, span: Span) -> Self {
        Self::new(
            message,
            span,
            "shorten the key, or keep such bytes in base64: `binaryData`, for example",
        )
    }

    /// A scalar for which [`scalar::canonical`] has no answer.
    pub(super) fn not_json(scalar: &Scalar, span: Span) -> Self {
        let text = &scalar.text;
        let why = match scalar.kind {
            ScalarKind::Timestamp => "its time zone is a day or more away from UTC",
            _ => "it is not a finite number",
        };
        Self::new(
            format!("`{text}` has no JSON value: {why}"),
            span,
            "put it in quotes if it is text",
        )
    }

    /// A key that the same map has twice.
    pub(super) fn duplicate(key: &str, span: Span) -> Self {
        Self::new(format!("the key `{key}` is there twice"), span, "remove one of them")
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for EmitError {}

/// Appends `node` as one document, without `---`, ending in a line break.
///
/// Errors are what kustomize refuses to print: numbers that are not finite, control characters
/// that YAML forbids even in JSON (`DEL`, C1), duplicate keys, and keys of more than a thousand
/// characters. What was appended before an error stays in `out`.
pub fn emit(node: &Node, out: &mut String) -> Result<(), EmitError> {
    let mut writer = Writer::new(out);
    write_node(&mut writer, node, None, false)?;
    writer.finish();
    Ok(())
}

/// Appends documents, with `---` between them.
pub fn emit_documents<'a>(
    nodes: impl IntoIterator<Item = &'a Node>,
    out: &mut String,
) -> Result<(), EmitError> {
    for (index, node) in nodes.into_iter().enumerate() {
        if index > 0 {
            out.push_str("---\n");
        }
        emit(node, out)?;
    }
    Ok(())
}

/// Writes a value below a collection that is indented by `indent` columns, `None` for the root.
fn write_node(
    writer: &mut Writer<'_>,
    node: &Node,
    indent: Option<usize>,
    in_mapping: bool,
) -> Result<(), EmitError> {
    match &node.value {
        Value::Scalar(scalar) => write_scalar(writer, scalar, node.span, indent),
        Value::Sequence(items) if items.is_empty() => {
            writer.word("[]");
            Ok(())
        }
        Value::Mapping(mapping) if mapping.is_empty() => {
            writer.word("{}");
            Ok(())
        }
        Value::Sequence(items) => {
            // Directly behind `key:` the dashes stand under the key.
            let flush = in_mapping && !writer.is_at_indention();
            let indent = indent.map_or(0, |outer| if flush { outer } else { outer + 2 });
            for item in items {
                writer.indent(indent);
                writer.indicator("-", true);
                write_node(writer, item, Some(indent), false)?;
            }
            Ok(())
        }
        Value::Mapping(mapping) => write_mapping(writer, mapping, indent.map_or(0, |i| i + 2)),
    }
}

fn write_mapping(
    writer: &mut Writer<'_>,
    mapping: &Mapping,
    indent: usize,
) -> Result<(), EmitError> {
    let entries = entries_by(mapping, order::natural)
        .map_err(|entry| EmitError::duplicate(&entry.key, entry.key_span))?;
    for entry in entries {
        writer.indent(indent);
        write_key(writer, &entry.key, entry.key_span, indent)?;
        write_node(writer, &entry.value, Some(indent), true)?;
    }
    Ok(())
}

fn write_key(
    writer: &mut Writer<'_>,
    key: &str,
    span: Span,
    indent: usize,
) -> Result<(), EmitError> {
    text::check_key(key).map_err(|message| EmitError::text(message, span))?;
    let shape = shape::of(key);
    if !shape.multiline && key.len() <= 128 {
        writer.string(key, shape, indent + 2, true);
        writer.indicator(":", false);
    } else {
        writer.indicator("?", true);
        writer.string(key, shape, indent + 2, false);
        writer.indent(indent);
        writer.indicator(":", true);
    }
    Ok(())
}

fn write_scalar(
    writer: &mut Writer<'_>,
    scalar: &Scalar,
    span: Span,
    indent: Option<usize>,
) -> Result<(), EmitError> {
    let text = scalar::canonical(scalar).ok_or_else(|| EmitError::not_json(scalar, span))?;
    if !scalar.is_text() {
        writer.word(&text);
        return Ok(());
    }
    let text = match text::as_read_from_json(&text) {
        Ok(Cow::Borrowed(_)) => text,
        Ok(Cow::Owned(folded)) => Cow::Owned(folded),
        Err(message) => return Err(EmitError::text(message, span)),
    };
    writer.string(&text, shape::of(&text), indent.map_or(2, |outer| outer + 2), false);
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
