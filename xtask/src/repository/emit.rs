//! Stands in for `yaml::emit` until that exists: one JSON text, which is YAML, for each object.

use crate::{
    source::Span,
    yaml::{Node, ScalarKind, Value},
};

/// Why an object cannot be written.
#[derive(Clone, Debug)]
pub struct EmitError {
    /// One line that stands on its own.
    pub message: String,
    /// What cannot be written.
    pub span: Span,
}

/// Appends `node` to `out`.
pub fn emit(node: &Node, out: &mut String) -> Result<(), EmitError> {
    out.push_str(&json(node).to_string());
    out.push('\n');
    Ok(())
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Mapping(mapping) => {
            mapping.iter().map(|entry| (entry.key.to_string(), json(&entry.value))).collect()
        }
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::String | ScalarKind::Timestamp => scalar.text.as_str().into(),
            _ => serde_json::from_str(&scalar.text).unwrap_or_else(|_| scalar.text.as_str().into()),
        },
    }
}
