//! JSON and YAML: from texts and to texts.

use regorus::Value;

use super::{
    Function, Outcome,
    guarded::{native, whole},
    text,
};
use crate::{
    diag::Severity,
    policy::rego::{limits::spend, value::value_of},
    source::Sources,
    yaml::{self, Dialect},
};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("json.is_valid", 1, |arguments| is_valid(arguments, json)),
    ("json.marshal", 1, |arguments| marshal("json.marshal", arguments)),
    ("json.marshal_with_options", 2, |arguments| marshal("json.marshal_with_options", arguments)),
    ("json.unmarshal", 1, |arguments| parsed(arguments, json)),
    ("to_number", 1, |arguments| {
        let Some(text) = text(arguments.first()) else { return Ok(native("to_number", arguments)) };
        if !has_small_numbers(text) || text.trim().len() != text.len() {
            return Ok(None);
        }
        Ok(native("to_number", arguments).or_else(|| loose_number(text)))
    }),
    ("yaml.is_valid", 1, |arguments| is_valid(arguments, of_yaml)),
    ("yaml.marshal", 1, |arguments| {
        spend(whole(arguments))?;
        Ok(native("yaml.marshal", arguments))
    }),
    ("yaml.unmarshal", 1, |arguments| parsed(arguments, of_yaml)),
];

/// Reads a text. Each of its bytes may become a value, and numbers without end take time.
fn parsed(arguments: &[Value], read: fn(&str) -> Option<Value>) -> Outcome {
    let Some(text) = text(arguments.first()) else { return Ok(None) };
    spend(text.len().saturating_mul(16))?;
    Ok(if has_small_numbers(text) { read(text) } else { None })
}

fn is_valid(arguments: &[Value], read: fn(&str) -> Option<Value>) -> Outcome {
    Ok(Some(Value::Bool(parsed(arguments, read)?.is_some())))
}

fn json(text: &str) -> Option<Value> {
    native("json.unmarshal", &[Value::from(text)])
}

/// The first document, read as YAML 1.1 as Go's `sigs.k8s.io/yaml` does.
fn of_yaml(text: &str) -> Option<Value> {
    let mut sources = Sources::default();
    let source = sources.add("", text);
    let mut problems = Vec::new();
    let documents = yaml::parse(&sources, source, Dialect::Config, &mut problems);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return None;
    }
    Some(documents.first().map_or(Value::Null, value_of))
}

/// What Go reads as a number and JSON does not: `+1`, `.5`, `5.` and `007`.
fn loose_number(text: &str) -> Option<Value> {
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E');
    if !text.bytes().all(fits) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::from(whole));
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
}

/// Go escapes what HTML gives a meaning to.
fn marshal(name: &str, arguments: &[Value]) -> Outcome {
    spend(whole(arguments))?;
    let Some(Value::String(json)) = native(name, arguments) else { return Ok(None) };
    if !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return Ok(Some(Value::String(json)));
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    Ok(Some(Value::from(out)))
}

/// Whether no number in a text has more than a few hundred digits, or an exponent that gives it such.
fn has_small_numbers(text: &str) -> bool {
    let (mut digits, mut after_exponent) = (0, false);
    let mut before = 0;
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            digits += 1;
            if digits > if after_exponent { 3 } else { 400 } {
                return false;
            }
        } else {
            let begins = matches!(byte, b'e' | b'E') && digits > 0;
            let goes_on =
                after_exponent && matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E');
            (digits, after_exponent) = (0, begins || goes_on);
        }
        before = byte;
    }
    true
}
