//! Texts that are made of others.

use regorus::Value;

use super::{Function, Outcome, guarded::native, integer, text};
use crate::policy::rego::{
    format::{self, sprintf},
    limits::{Size, spend},
    signatures::TEMPLATE,
    value::printed,
};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("base64.decode", 1, |arguments| {
        let text = text(arguments.first()).map(|text| text.replace(['\r', '\n'], ""));
        spend(text.as_ref().map_or(0, String::len))?;
        Ok(text.and_then(|text| native("base64.decode", &[Value::from(text)])))
    }),
    (TEMPLATE, 1, template),
    ("lower", 1, |arguments| each(arguments, |c| c.to_lowercase().next().unwrap_or(c))),
    ("sprintf", 2, formatted),
    ("strings.replace_n", 2, replace_n),
    ("substring", 3, |arguments| {
        let numbers = integer(arguments.get(1)).zip(integer(arguments.get(2)));
        spend(text(arguments.first()).map_or(0, str::len))?;
        Ok(numbers.and_then(|_| native("substring", arguments)))
    }),
    ("upper", 1, |arguments| {
        each(arguments, |c| {
            // Go has one letter for one letter.
            let mut upper = c.to_uppercase();
            upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
        })
    }),
];

/// How much may be printed; numbers take less space printed than as values.
const LARGEST: usize = 4 * format::LENGTH;

fn formatted(arguments: &[Value]) -> Outcome {
    let (Some(format), Some(Value::Array(values))) = (text(arguments.first()), arguments.get(1))
    else {
        return Ok(None);
    };
    // What is printed is about as long as what it is printed of.
    let given: usize = values.iter().map(|value| Size::of(value, LARGEST).bytes).sum();
    if given > LARGEST {
        return Err("the text of `sprintf` is too long".to_owned());
    }
    match sprintf(format, values.as_slice()) {
        Some(out) => {
            spend(out.len())?;
            Ok(Some(Value::from(out)))
        }
        None => Err("the text of `sprintf` is too long".to_owned()),
    }
}

/// What is printed of a template string: a value is in a set, which is empty if it is undefined.
fn template(arguments: &[Value]) -> Outcome {
    let Some(Value::Array(parts)) = arguments.first() else { return Ok(None) };
    let given: usize = parts.iter().map(|part| Size::of(part, LARGEST).bytes).sum();
    if given > LARGEST {
        return Err("a template string is too long".to_owned());
    }
    let mut out = String::new();
    for part in parts.iter() {
        let value = match part {
            Value::Set(values) => values.iter_sorted().next(),
            other => Some(other),
        };
        match value {
            Some(Value::String(text)) => out.push_str(text),
            Some(other) => out.push_str(&printed(other)),
            None => out.push_str("<undefined>"),
        }
    }
    spend(out.len())?;
    Ok(Some(Value::from(out)))
}

/// Replaces at each place by the first pattern that is there, in the order of the patterns.
fn replace_n(arguments: &[Value]) -> Outcome {
    let (Some(Value::Object(patterns)), Some(subject)) =
        (arguments.first(), text(arguments.get(1)))
    else {
        return Ok(None);
    };
    let pairs: Option<Vec<(&str, &str)>> =
        patterns.iter_sorted().map(|(old, new)| text(Some(old)).zip(text(Some(new)))).collect();
    let Some(pairs) = pairs else { return Ok(None) };
    spend(subject.len().saturating_mul(pairs.len()))?;
    let mut out = String::with_capacity(subject.len());
    let mut rest = subject;
    loop {
        if let Some((old, new)) = pairs.iter().find(|(old, _)| rest.starts_with(old)) {
            spend(new.len())?;
            out.push_str(new);
            if !old.is_empty() {
                rest = rest.get(old.len()..).unwrap_or_default();
                continue;
            }
        }
        let mut chars = rest.chars();
        match chars.next() {
            Some(c) => out.push(c),
            None => break,
        }
        rest = chars.as_str();
    }
    Ok(Some(Value::from(out)))
}

/// Letter by letter, whatever stands around it.
fn each(arguments: &[Value], change: fn(char) -> char) -> Outcome {
    let Some(text) = text(arguments.first()) else { return Ok(None) };
    spend(text.len())?;
    Ok(Some(Value::from(text.chars().map(change).collect::<String>())))
}
