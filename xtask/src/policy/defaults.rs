//! The defaults of a template's schema, filled into a constraint.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/defaulting`. A default never makes the
//! object that it would be in: without `spec.parameters` nothing in them has one.

use std::borrow::Cow;

use super::object::get;
use crate::yaml::{Mapping, Node, Value};

/// A constraint with the defaults of its parameters.
pub(super) fn with_defaults<'a>(constraint: &'a Node, schema: Option<&Node>) -> Cow<'a, Node> {
    let Some(schema) = schema.filter(|schema| has_default(schema)) else {
        return Cow::Borrowed(constraint);
    };
    let mut completed = constraint.clone();
    if let Some(spec) = completed.get_mut("spec").and_then(Node::as_mapping_mut) {
        property(spec, "parameters", schema);
        if let Some(parameters) = spec.get_mut("parameters") {
            fill(parameters, schema);
        }
    }
    Cow::Owned(completed)
}

/// Whether there is a default anywhere in a schema.
fn has_default(schema: &Node) -> bool {
    let below = |schema: &Node| {
        let properties = schema.get("properties").and_then(Node::as_mapping);
        let properties = properties.into_iter().flat_map(Mapping::iter).map(|entry| &entry.value);
        let others = ["items", "additionalProperties"].into_iter();
        properties.chain(others.filter_map(|key| schema.get(key))).any(has_default)
    };
    get(schema, "default").is_some() || below(schema)
}

/// Fills in the defaults below a value.
pub(super) fn fill(value: &mut Node, schema: &Node) {
    match &mut value.value {
        Value::Mapping(mapping) => {
            let properties = schema.get("properties").and_then(Node::as_mapping);
            for entry in properties.into_iter().flatten() {
                property(mapping, &entry.key, &entry.value);
            }
            let additional = schema.get("additionalProperties");
            for entry in mapping {
                match properties.and_then(|properties| properties.get(&entry.key)) {
                    Some(schema) => fill(&mut entry.value, schema),
                    None => item(&mut entry.value, additional),
                }
            }
        }
        Value::Sequence(items) => {
            for value in items {
                item(value, schema.get("items"));
            }
        }
        Value::Scalar(_) => {}
    }
}

/// Sets a property that is not there.
fn property(mapping: &mut Mapping, key: &str, schema: &Node) {
    let Some(default) = get(schema, "default") else { return };
    match mapping.get_mut(key) {
        Some(value) => replace_null(value, schema, default),
        None => mapping.push(key, default.span, default.clone()),
    }
}

/// Fills in the defaults of an item of a list, or of a map without names.
fn item(value: &mut Node, schema: Option<&Node>) {
    let Some(schema) = schema else { return };
    if let Some(default) = get(schema, "default") {
        replace_null(value, schema, default);
    }
    fill(value, schema);
}

fn replace_null(value: &mut Node, schema: &Node, default: &Node) {
    let nullable = schema.get("nullable").and_then(Node::scalar_text) == Some("true");
    if value.is_null() && !nullable {
        *value = default.clone();
    }
}
