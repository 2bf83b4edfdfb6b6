//! Filters and functions that minijinja does not have, or has without care for YAML.

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
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

/// Indents every line but the first, as minijinja does, and lets the result be printed as it is.
#[expect(clippy::needless_pass_by_value, reason = "minijinja hands over its arguments")]
pub(super) fn indent(value: &str, width: usize, options: Kwargs) -> Result<Value, Error> {
    let first: Option<bool> = options.get("first")?;
    let blank: Option<bool> = options.get("blank")?;
    options.assert_all_used()?;
    let margin = " ".repeat(width);
    let mut indented = String::with_capacity(value.len());
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
        }
        let wanted = number > 0 || first.unwrap_or(false);
        if wanted && (!line.is_empty() || blank.unwrap_or(false)) {
            indented.push_str(&margin);
        }
        indented.push_str(line);
    }
    Ok(Value::from_safe_string(indented))
}
