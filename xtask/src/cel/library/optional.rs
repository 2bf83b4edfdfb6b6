//! Values that may be missing.
//!
//! Source: `google/cel-go`, `cel/library.go`.

use super::super::{
    error::{Budget, Error},
    functions::Evaluated,
    value::Value,
};

pub(in super::super) fn of<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [value] = arguments else { return Err(Error::no_overload()) };
    Ok(Value::optional(Some(value.clone())))
}

#[expect(clippy::unnecessary_wraps, reason = "every function can fail")]
pub(in super::super) fn none<'a>(_: &mut Budget, _: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Optional(None))
}

pub(in super::super) fn of_non_zero_value<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [value] = arguments else { return Err(Error::no_overload()) };
    let is_zero = match value {
        Value::Null | Value::Optional(None) | Value::Bool(false) => true,
        Value::Int(value) | Value::Duration(value) => *value == 0,
        Value::Uint(value) => *value == 0,
        Value::Double(value) => *value == 0.0,
        Value::String(text) => text.as_str().is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    Ok(Value::optional((!is_zero).then(|| value.clone())))
}

pub(in super::super) fn has_value<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Optional(inner)] = arguments else { return Err(Error::no_overload()) };
    Ok(Value::Bool(inner.is_some()))
}

pub(in super::super) fn value<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Optional(inner)] = arguments else { return Err(Error::no_overload()) };
    let inner = inner.as_ref().ok_or_else(|| Error::new("the optional value is not there"))?;
    Ok((**inner).clone())
}

pub(in super::super) fn or<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Optional(inner), other @ Value::Optional(_)] = arguments else {
        return Err(Error::no_overload());
    };
    Ok(if inner.is_some() { Value::Optional(inner.clone()) } else { other.clone() })
}

pub(in super::super) fn or_value<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Optional(inner), other] = arguments else { return Err(Error::no_overload()) };
    Ok(inner.as_ref().map_or_else(|| other.clone(), |inner| (**inner).clone()))
}
