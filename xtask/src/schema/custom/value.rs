//! A value as the server has it after it has dropped nulls and filled in defaults: what alternatives,
//! distinct items and rules are evaluated on.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go`.

use std::fmt::Write;

use serde_json::{Map, Number, Value as Json};

use super::super::{model::Schema, range};
use crate::yaml::{Mapping, Node, Scalar, ScalarKind, Value, canonical, escape_json};

/// The value of a node under a schema.
pub(in crate::schema) fn settled(node: &Node, schema: Option<&Schema>) -> Json {
    let mut value = plain(node);
    if let Some(schema) = schema {
        settle(&mut value, schema);
    }
    value
}

/// The value of a node as it is written.
pub(in crate::schema) fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(scalar) => of_scalar(scalar),
        Value::Sequence(items) => items.iter().map(plain).collect(),
        Value::Mapping(mapping) => Json::Object(of_mapping(mapping)),
    }
}

fn of_mapping(mapping: &Mapping) -> Map<String, Json> {
    mapping.iter().map(|entry| (entry.key.to_string(), plain(&entry.value))).collect()
}

fn of_scalar(scalar: &Scalar) -> Json {
    let text = || canonical(scalar).unwrap_or_default();
    match scalar.kind {
        ScalarKind::Null => Json::Null,
        ScalarKind::Bool => Json::Bool(text() == "true"),
        ScalarKind::Int | ScalarKind::Float => match range::Number::of(scalar) {
            Some(range::Number::Whole(value)) => Json::from(value),
            Some(range::Number::Float(value)) => {
                Number::from_f64(value).map_or(Json::Null, Json::Number)
            }
            None => Json::Null,
        },
        ScalarKind::String | ScalarKind::Timestamp | ScalarKind::NothingInFlow => {
            Json::String(text().into_owned())
        }
    }
}

/// Drops the nulls that a schema does not allow and fills in its defaults.
fn settle(value: &mut Json, schema: &Schema) {
    match value {
        Json::Object(map) => {
            map.retain(|key, value| {
                let own = schema.property(key).or_else(|| schema.value());
                let drop = value.is_null()
                    && own.is_some_and(|own| own.drops_null() && own.default.is_none());
                !drop
            });
            for (key, own) in &schema.properties {
                let Some(default) = own.default.as_ref().filter(|_| own.is_structural()) else {
                    continue;
                };
                match map.get_mut(key.as_str()) {
                    Some(value) if value.is_null() && own.drops_null() => value.clone_from(default),
                    Some(_) => {}
                    None => {
                        map.insert(key.to_string(), default.clone());
                    }
                }
            }
            for (key, value) in map {
                if let Some(own) = schema.property(key).or_else(|| schema.value()) {
                    default_null(value, own);
                    settle(value, own);
                }
            }
        }
        Json::Array(items) => {
            let Some(own) = schema.items.as_deref() else { return };
            for item in items {
                default_null(item, own);
                settle(item, own);
            }
        }
        _ => {}
    }
}

fn default_null(value: &mut Json, schema: &Schema) {
    if let (true, true, Some(default)) = (value.is_null(), schema.drops_null(), &schema.default) {
        value.clone_from(default);
    }
}

/// A text that two values share if and only if they are equal.
pub(in crate::schema) fn identity(value: &Json) -> String {
    let mut out = String::new();
    write_identity(value, &mut out);
    out
}

fn write_identity(value: &Json, out: &mut String) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in entries {
                escape_json(key, out);
                out.push(':');
                write_identity(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for item in items {
                write_identity(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Json::String(text) => escape_json(text, out),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}
