//! `'%s is %d'.format([name, count])`.
//!
//! Source: `google/cel-go`, `ext/formatting.go`.

use std::fmt::Write;

use super::super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::Value,
    },
    conversion::shown,
};

/// How many digits a number may be asked to have behind its point.
const PRECISION_LIMIT: usize = 1_000;

/// How deeply a list that is printed nests.
const DEPTH_LIMIT: u32 = 20;

pub(in super::super::super) fn format<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::String(template), Value::List(values)] = arguments else {
        return Err(Error::no_overload());
    };
    budget.charge_bytes(template.as_str().len())?;
    let mut out = String::new();
    let mut next = 0;
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let mut after = after;
        let mut precision = None;
        if let Some(digits) = after.strip_prefix('.') {
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let (number, behind) = digits.split_at_checked(end).unwrap_or((digits, ""));
            let number = number.parse().ok().filter(|digits| *digits <= PRECISION_LIMIT);
            precision = Some(number.ok_or_else(|| Error::new("the precision is no number"))?);
            after = behind;
        }
        let verb = after.chars().next().ok_or_else(|| Error::new("the text ends after `%`"))?;
        let value =
            values.get(next).ok_or_else(|| Error::new("there are fewer values than `%`"))?;
        let text = written(budget, verb, precision, &value?)?;
        budget.charge_bytes(text.len())?;
        out.push_str(&text);
        next += 1;
        rest = after.get(verb.len_utf8()..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Value::string(out))
}

fn written(
    budget: &mut Budget,
    verb: char,
    precision: Option<usize>,
    value: &Value<'_>,
) -> Result<String, Error> {
    let wrong = || misplaced(verb, value);
    Ok(match (verb, value) {
        ('s', value) => {
            let mut out = String::new();
            print(budget, value, DEPTH_LIMIT, &mut out)?;
            out
        }
        ('d', Value::Int(value)) => value.to_string(),
        ('d', Value::Uint(value)) => value.to_string(),
        ('f' | 'e', Value::String(text)) => match text.as_str() {
            "NaN" => "NaN".to_owned(),
            "Infinity" => "\u{221e}".to_owned(),
            "-Infinity" => "-\u{221e}".to_owned(),
            _ => return Err(wrong()),
        },
        ('f', Value::Double(value)) => format!("{value:.*}", precision.unwrap_or(6)),
        ('e', Value::Double(value)) => {
            let text = format!("{value:.*e}", precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let power: i32 = exponent.parse().unwrap_or_default();
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", power.unsigned_abs())
        }
        ('b', Value::Bool(value)) => u8::from(*value).to_string(),
        ('b', Value::Uint(value)) => format!("{value:b}"),
        ('o', Value::Uint(value)) => format!("{value:o}"),
        ('x', Value::Uint(value)) => format!("{value:x}"),
        ('X', Value::Uint(value)) => format!("{value:X}"),
        ('b' | 'o' | 'x' | 'X', Value::Int(value)) => {
            let sign = if *value < 0 { "-" } else { "" };
            let value = Value::Uint(value.unsigned_abs());
            format!("{sign}{}", written(budget, verb, None, &value)?)
        }
        ('x' | 'X', Value::String(text)) => hexadecimal(budget, text.as_str().as_bytes(), verb)?,
        ('x' | 'X', Value::Bytes(bytes)) => hexadecimal(budget, bytes, verb)?,
        _ => return Err(wrong()),
    })
}

fn hexadecimal(budget: &mut Budget, bytes: &[u8], verb: char) -> Result<String, Error> {
    budget.charge_bytes(bytes.len() * 2)?;
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    Ok(if verb == 'X' { digits.to_uppercase() } else { digits })
}

/// A value is of a type that a clause is not for.
fn misplaced(verb: char, value: &Value<'_>) -> Error {
    let what = match verb {
        'b' => "only integers and bools can be formatted as binary",
        'd' => "decimal clause can only be used on integers",
        'e' => "scientific clause can only be used on doubles",
        'f' => "fixed-point clause can only be used on doubles",
        'o' => "octal clause can only be used on integers",
        'x' | 'X' => "only integers, byte buffers, and strings can be formatted as hex",
        _ => {
            let what = format!(
                "could not parse formatting clause: unrecognized formatting clause \"{verb}\""
            );
            return Error::new(what);
        }
    };
    Error::new(format!("error during formatting: {what}, was given {}", value.type_name()))
}

/// A value as `%s` has it.
fn print(
    budget: &mut Budget,
    value: &Value<'_>,
    levels: u32,
    out: &mut String,
) -> Result<(), Error> {
    let left = levels.checked_sub(1).ok_or_else(|| Error::new("the value nests too deeply"))?;
    budget.charge(1)?;
    match value {
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                print(budget, &item?, left, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut parts = Vec::new();
            for key in map.keys() {
                let mut part = shown(&key);
                part.push_str(": ");
                if let Some(value) = super::super::super::operators::find(budget, map, &key)? {
                    print(budget, &value, left, &mut part)?;
                }
                parts.push(part);
            }
            parts.sort();
            out.push('{');
            out.push_str(&parts.join(", "));
            out.push('}');
        }
        Value::Optional(_) | Value::Library(_) => {
            return Err(Error::new(format!("`%s` does not take a {}", value.type_name())));
        }
        value => {
            let text = shown(value);
            budget.charge_bytes(text.len())?;
            out.push_str(&text);
        }
    }
    Ok(())
}
