//! Filters and functions that minijinja does not have, or has without care for YAML.

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, StringInput, ValueKind},
};

/// The error of a value that YAML cannot hold as it is; its kind is one that nothing else uses.
pub(super) fn unsafe_value(problem: &'static str) -> Error {
    Error::new(ErrorKind::BadEscape, problem)
}

/// A string in double quotes, which YAML reads as JSON does.
pub(super) fn quote(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Err(unsafe_value("it is none")),
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => {
            Err(Error::new(ErrorKind::InvalidOperation, "`quote` takes one value; use `tojson`"))
        }
        _ => Ok(Value::from_safe_string(serde_json::Value::from(value.to_string()).to_string())),
    }
}

/// The value, or an error with a message if there is none.
pub(super) fn required(value: Value, message: &str) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()));
    }
    Ok(value)
}

/// Ends the rendering with a message.
pub(super) fn fail(message: &str) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()))
}

/// Indents as minijinja does, and lets the result be printed as it is.
pub(super) fn indent(
    value: StringInput<'_>,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    options: Kwargs,
) -> Result<Value, Error> {
    let indented = minijinja::filters::indent(value, width, first, blank, options)?;
    Ok(Value::from_safe_string(indented.to_string()))
}
