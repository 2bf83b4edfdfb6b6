//! Values of Rego: from nodes of YAML, to JSON, and as OPA prints them.

use std::collections::BTreeMap;

use regorus::Value;

use super::format::{NUMBER, quoted, shortest};
use crate::yaml::{Node, Scalar, ScalarKind, Value as Yaml, canonical};

/// What Rego sees of a node: whole numbers stay whole, and a date is a text.
pub fn value_of(node: &Node) -> Value {
    match &node.value {
        Yaml::Scalar(scalar) => of_scalar(scalar),
        Yaml::Sequence(items) => Value::from(items.iter().map(value_of).collect::<Vec<_>>()),
        Yaml::Mapping(mapping) => {
            let entry = |entry: &crate::yaml::Entry| {
                (Value::from(entry.key.as_str()), value_of(&entry.value))
            };
            Value::from(mapping.iter().map(entry).collect::<BTreeMap<_, _>>())
        }
    }
}

fn of_scalar(scalar: &Scalar) -> Value {
    let text = || canonical(scalar).unwrap_or_default();
    match scalar.kind {
        ScalarKind::Null | ScalarKind::NothingInFlow => Value::Null,
        ScalarKind::Bool => Value::Bool(text() == "true"),
        ScalarKind::String => Value::from(scalar.text.as_str()),
        ScalarKind::Timestamp => Value::from(text().as_ref()),
        ScalarKind::Int | ScalarKind::Float => of_number(&text()),
    }
}

fn of_number(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::from(number);
    }
    if let Ok(number) = text.parse::<u64>() {
        return Value::from(number);
    }
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

/// The JSON of a value: a set is an array, and a key that is no string is its JSON.
pub(super) fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null | Value::Undefined => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => {
            let exact = number.as_i64().map(Json::from).or_else(|| number.as_u64().map(Json::from));
            let float = || number.as_f64().or_else(|| number.format_decimal().parse().ok());
            exact
                .or_else(|| float().and_then(serde_json::Number::from_f64).map(Json::Number))
                .unwrap_or(Json::Null)
        }
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Set(items) => items.iter_sorted().map(to_json).collect(),
        Value::Object(fields) => {
            let key = |key: &Value| match key {
                Value::String(text) => text.to_string(),
                other => to_json(other).to_string(),
            };
            let fields = fields.iter_sorted().map(|(name, value)| (key(name), to_json(value)));
            Json::Object(fields.collect())
        }
    }
}

/// The number that an object stands for, as it was written.
pub(super) fn written(value: &Value) -> Option<&str> {
    let Value::Object(fields) = value else { return None };
    if fields.len() != 1 {
        return None;
    }
    match fields.iter_sorted().next()? {
        (Value::String(key), Value::String(text)) if key.as_ref() == NUMBER => Some(text),
        _ => None,
    }
}

/// As OPA prints a term: `{"a": [1, true]}`, `{"x", "y"}`, `set()`.
pub(super) fn printed(value: &Value) -> String {
    let mut out = String::new();
    print(value, &mut out);
    out
}

fn print(value: &Value, out: &mut String) {
    if let Some(written) = written(value) {
        out.push_str(written);
        return;
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Undefined => {}
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| !number.is_integer()) {
            Some(float) => out.push_str(&decimal(float)),
            None => out.push_str(&number.format_decimal()),
        },
        Value::String(text) => out.push_str(&quoted(text, false)),
        Value::Array(items) => between('[', items.iter(), ']', out),
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => between('{', items.iter_sorted(), '}', out),
        Value::Object(fields) => {
            out.push('{');
            for (at, (key, value)) in fields.iter_sorted().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                print(key, out);
                out.push_str(": ");
                print(value, out);
            }
            out.push('}');
        }
    }
}

fn between<'a>(open: char, items: impl Iterator<Item = &'a Value>, close: char, out: &mut String) {
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        print(item, out);
    }
    out.push(close);
}

/// A float as JSON has it.
fn decimal(number: f64) -> String {
    if (1e-6..1e21).contains(&number.abs()) { number.to_string() } else { shortest(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_printed_as_opa_does() {
        let value = Value::from_json_str(r#"{"b": [1, true, null, 1.5], "a": "x\"\n"}"#).unwrap();
        assert_eq!(printed(&value), r#"{"a": "x\"\n", "b": [1, true, null, 1.5]}"#);
        assert_eq!(printed(&Value::new_set()), "set()");
    }
}
