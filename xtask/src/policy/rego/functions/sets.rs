//! Collections, and functions that OPA deprecates.

use regorus::Value;

use super::{Function, Outcome, elements, guarded::whole};
use crate::policy::rego::limits::spend;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("all", 1, |arguments| Ok(truths(arguments, |items| items.iter().all(is_true)))),
    ("any", 1, |arguments| Ok(truths(arguments, |items| items.iter().any(is_true)))),
    ("array.flatten", 1, flatten),
    ("cast_array", 1, |arguments| {
        Ok(elements(arguments.first())
            .map(|items| Value::from(items.into_iter().cloned().collect::<Vec<_>>())))
    }),
    ("cast_boolean", 1, |arguments| Ok(only(arguments, |value| matches!(value, Value::Bool(_))))),
    ("cast_null", 1, |arguments| Ok(only(arguments, |value| matches!(value, Value::Null)))),
    ("cast_object", 1, |arguments| Ok(only(arguments, |value| matches!(value, Value::Object(_))))),
    ("cast_set", 1, |arguments| {
        let items = elements(arguments.first());
        Ok(items
            .map(|items| items.into_iter().cloned().collect::<regorus::value::Set>().into_value()))
    }),
    ("cast_string", 1, |arguments| Ok(only(arguments, |value| matches!(value, Value::String(_))))),
    ("opa.runtime", 0, |_| Ok(Some(Value::new_object()))),
    ("trace", 1, |arguments| {
        let text = only(arguments, |value| matches!(value, Value::String(_)));
        Ok(text.map(|_| Value::Bool(true)))
    }),
    ("set_diff", 2, |arguments| match (arguments.first(), arguments.get(1)) {
        (Some(Value::Set(left)), Some(Value::Set(right))) => {
            Ok(Some(left.difference(right).into_value()))
        }
        _ => Ok(None),
    }),
];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "iterators pass it so")]
fn is_true(value: &&Value) -> bool {
    matches!(value, Value::Bool(true))
}

fn truths(arguments: &[Value], test: fn(&[&Value]) -> bool) -> Option<Value> {
    Some(Value::Bool(test(&elements(arguments.first())?)))
}

fn only(arguments: &[Value], test: fn(&Value) -> bool) -> Option<Value> {
    arguments.first().filter(|value| test(value)).cloned()
}

/// The elements of the arrays in an array, and its other elements.
fn flatten(arguments: &[Value]) -> Outcome {
    let Some(Value::Array(items)) = arguments.first() else { return Ok(None) };
    let mut out = Vec::new();
    for item in items.iter() {
        match item {
            Value::Array(inner) => {
                spend(whole(std::slice::from_ref(item)))?;
                out.extend(inner.iter().cloned());
            }
            other => out.push(other.clone()),
        }
    }
    Ok(Some(Value::from(out)))
}
