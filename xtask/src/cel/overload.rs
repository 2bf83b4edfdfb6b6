//! What is said where an operand is of a type that a function is not for.
//!
//! Source: `google/cel-go`: a function that is declared with its overloads says which types it was given, an
//! operator says its name where the type of the first operand does not have it at all, and what a type
//! does itself says neither; `common/types` for the traits of types, and `interpreter` for indices.

use super::{
    error::Error,
    value::{Library, Value},
};

/// What a function says, with what cel-go adds to it.
pub(super) fn named(error: Error, function: &str, arguments: &[Value<'_>]) -> Error {
    if error != Error::no_overload() {
        return error;
    }
    let plain = error;
    let Some(first) = arguments.first() else { return plain };
    // These look for what to do in their own methods.
    let is_receiver = matches!(first, Value::String(_) | Value::Duration(_) | Value::Timestamp(_));
    let is_number = matches!(first, Value::Double(_) | Value::Int(_) | Value::Uint(_));
    let has_trait = match function {
        "_+_" => is_number || matches!(first, Value::Bytes(_) | Value::List(_)),
        "_-_" | "_*_" | "_/_" => is_number,
        "_%_" => matches!(first, Value::Int(_) | Value::Uint(_)),
        "_<_" | "_<=_" | "_>_" | "_>=_" => {
            is_number || matches!(first, Value::Bytes(_) | Value::Bool(_))
        }
        "-_" => matches!(first, Value::Bool(_) | Value::Double(_) | Value::Int(_)),
        "size" => matches!(first, Value::Bytes(_) | Value::List(_) | Value::Map(_)),
        _ if says_nothing(function, first) => return plain,
        _ => {
            let types: Vec<&str> = arguments.iter().map(Value::type_name).collect();
            return Error::new(format!("no such overload: {function}({})", types.join(", ")));
        }
    };
    if has_trait || is_receiver {
        plain
    } else {
        Error::new(format!("no such overload: {function}"))
    }
}

/// Whether a function does not say what it was given.
fn says_nothing(function: &str, first: &Value<'_>) -> bool {
    match function {
        "contains" | "endsWith" | "matches" | "startsWith" | "hasValue" | "or" | "orValue"
        | "value" => true,
        "find" | "findAll" => !matches!(first, Value::String(_)),
        operator => operator.contains('_'),
    }
}

/// Something else than a list or a map is gone through.
pub(super) fn not_iterable(value: &Value<'_>) -> Error {
    Error::new(format!("got '{}', expected iterable type", type_of_go(value)))
}

/// Something that is no index is the index of a list.
pub(super) fn not_an_index(value: &Value<'_>) -> Error {
    Error::new(match value {
        Value::String(_) | Value::Bool(_) => {
            format!("unsupported index type '{}' in list", value.type_name())
        }
        Value::Double(number) => format!("unsupported index value {number} in list"),
        _ => format!("invalid qualifier type: {}", type_of_go(value)),
    })
}

/// The name of what a value is in the program itself.
fn type_of_go(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "types.Null",
        Value::Bool(_) => "types.Bool",
        Value::Int(_) => "types.Int",
        Value::Uint(_) => "types.Uint",
        Value::Double(_) => "types.Double",
        Value::String(_) => "types.String",
        Value::Bytes(_) => "types.Bytes",
        Value::Duration(_) => "types.Duration",
        Value::Timestamp(_) => "types.Timestamp",
        Value::List(_) => "*types.baseList",
        Value::Map(_) => "*types.baseMap",
        Value::Optional(_) => "*types.Optional",
        Value::Type(_) => "*types.Type",
        Value::Library(Library::Quantity(_)) => "cel.Quantity",
        Value::Library(Library::Url(_)) => "cel.URL",
        Value::Library(Library::Ip(_)) => "cel.IP",
        Value::Library(Library::Cidr(_)) => "cel.CIDR",
        Value::Library(Library::Semver(_)) => "cel.Semver",
        Value::Library(Library::Format(_)) => "*cel.Format",
    }
}
