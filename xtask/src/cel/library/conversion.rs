//! Conversions between types.
//!
//! Source: `google/cel-go`, `common/types`.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::{Library, Value},
    },
    time,
};

/// 2⁶³ and 2⁶⁴: the first numbers that are too large.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

/// A text is not of a type.
pub(in super::super) fn of_text(kind: &str) -> Error {
    Error::new(format!("type conversion error from 'string' to '{kind}'"))
}

pub(in super::super) fn bool<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Bool(value)] => Ok(Value::Bool(*value)),
        [Value::String(text)] => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(of_text("bool")),
        },
        _ => Err(Error::no_overload()),
    }
}

pub(in super::super) fn bytes<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Bytes(bytes)] => Ok(Value::Bytes(bytes.clone())),
        [Value::String(text)] => {
            budget.charge_bytes(text.as_str().len())?;
            Ok(Value::Bytes(text.as_str().as_bytes().into()))
        }
        _ => Err(Error::no_overload()),
    }
}

pub(in super::super) fn double<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Double(match arguments {
        [Value::Double(value)] => *value,
        #[expect(clippy::cast_precision_loss, reason = "the conversion is to the nearest double")]
        [Value::Int(value)] => *value as f64,
        #[expect(clippy::cast_precision_loss, reason = "the conversion is to the nearest double")]
        [Value::Uint(value)] => *value as f64,
        [Value::String(text)] => text.as_str().parse().map_err(|_| of_text("double"))?,
        _ => return Err(Error::no_overload()),
    }))
}

pub(in super::super) fn dynamic<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    arguments.first().cloned().ok_or_else(Error::no_overload)
}

pub(in super::super) fn int<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let out_of_range = || Error::new("integer overflow");
    Ok(Value::Int(match arguments {
        [Value::Int(value) | Value::Duration(value)] => *value,
        [Value::Uint(value)] => i64::try_from(*value).map_err(|_| out_of_range())?,
        [Value::Timestamp(time)] => time.seconds,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is in range, a fraction is dropped"
        )]
        [Value::Double(value)] if *value > -INT_END && *value < INT_END => *value as i64,
        [Value::Double(_)] => return Err(out_of_range()),
        [Value::String(text)] => text.as_str().parse().map_err(|_| of_text("int"))?,
        _ => return Err(Error::no_overload()),
    }))
}

pub(in super::super) fn uint<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let out_of_range = || Error::new("unsigned integer overflow");
    Ok(Value::Uint(match arguments {
        [Value::Uint(value)] => *value,
        [Value::Int(value)] => u64::try_from(*value).map_err(|_| out_of_range())?,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is in range, a fraction is dropped"
        )]
        [Value::Double(value)] if *value >= 0.0 && *value < UINT_END => *value as u64,
        [Value::Double(_)] => return Err(out_of_range()),
        [Value::String(text)] => text.as_str().parse().map_err(|_| of_text("uint"))?,
        _ => return Err(Error::no_overload()),
    }))
}

pub(in super::super) fn string<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [value] = arguments else { return Err(Error::no_overload()) };
    Ok(match value {
        Value::String(text) => Value::String(text.clone()),
        Value::Bytes(bytes) => {
            budget.charge_bytes(bytes.len())?;
            let text = str::from_utf8(bytes)
                .map_err(|_| Error::new("invalid UTF-8 in bytes, cannot convert to string"))?;
            Value::string(text)
        }
        Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::Duration(_)
        | Value::Timestamp(_)
        | Value::Library(Library::Ip(_) | Library::Cidr(_)) => Value::string(shown(value)),
        _ => return Err(Error::no_overload()),
    })
}

pub(in super::super) fn type_of<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [value] = arguments else { return Err(Error::no_overload()) };
    Ok(Value::Type(value.type_name()))
}

/// A function whose answer only a server has.
pub(in super::super) fn unsupported<'a>(_: &mut Budget, _: &[Value<'a>]) -> Evaluated<'a> {
    Err(Error::unsupported("a function that is not known here"))
}

/// A value as a text: a scalar as `string()` has it, other values by their type.
pub(in super::super) fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double_text(*value),
        Value::String(text) => text.as_str().to_owned(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Duration(value) => time::duration_text(*value),
        Value::Timestamp(time) => time.to_string(),
        Value::Type(name) => (*name).to_owned(),
        Value::Library(Library::Ip(address)) => address.to_string(),
        Value::Library(Library::Cidr(range)) => range.to_string(),
        other => other.type_name().to_owned(),
    }
}

/// A double as Go's `%g` prints it.
pub(in super::super) fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&power) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", power.unsigned_abs());
    }
    format!("{value}")
}

/// The bytes of a text in base64.
pub(in super::super) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
