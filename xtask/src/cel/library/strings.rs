//! Texts, and regular expressions on them.
//!
//! Source: `google/cel-go`, `ext/strings.go` and `common/types/string.go`, and
//! `k8s.io/apiserver/pkg/cel/library/regex.go`. Places in a text are counted in characters.

use std::sync::Arc;

use regex::Regex;

use super::super::{
    error::{Budget, Error},
    functions::Evaluated,
    value::{Str, Value},
};
use crate::formats::pattern;

mod template;

pub(in super::super) use template::format;

/// The text and the texts behind it.
fn texts<'b, const N: usize>(arguments: &'b [Value<'_>]) -> Result<[&'b str; N], Error> {
    let mut texts = [""; N];
    if arguments.len() != N {
        return Err(Error::no_overload());
    }
    for (text, argument) in texts.iter_mut().zip(arguments) {
        let Value::String(given) = argument else { return Err(Error::no_overload()) };
        *text = given.as_str();
    }
    Ok(texts)
}

/// The texts, and the number behind them if there is one.
fn texts_and_number<'b, const N: usize>(
    arguments: &'b [Value<'_>],
) -> Result<([&'b str; N], Option<i64>), Error> {
    match arguments.split_last() {
        Some((Value::Int(number), rest)) => Ok((texts(rest)?, Some(*number))),
        _ => Ok((texts(arguments)?, None)),
    }
}

fn integer<'a>(count: usize) -> Value<'a> {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn out_of_range(at: i64) -> Error {
    Error::new(format!("index out of range: {at}"))
}

/// The byte at which a character begins; the end of the text counts as one.
fn byte_of(text: &str, at: i64) -> Result<usize, Error> {
    let count = usize::try_from(at).map_err(|_| out_of_range(at))?;
    let mut starts = text.char_indices().map(|(byte, _)| byte).chain([text.len()]);
    starts.nth(count).ok_or_else(|| out_of_range(at))
}

/// The byte at which a search for a part begins, or what comes of it: nothing is found behind the end,
/// and what is empty is found anywhere.
fn beginning(text: &str, part: &str, at: i64) -> Result<Result<usize, i64>, Error> {
    if at < 0 {
        return Err(out_of_range(at));
    }
    if part.is_empty() {
        return Ok(Err(at));
    }
    Ok(byte_of(text, at).ok().filter(|byte| *byte < text.len()).ok_or(-1))
}

/// How many characters are before a byte.
fn characters_before(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or_default().chars().count()
}

pub(in super::super) fn contains<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [text, part] = texts(arguments)?;
    budget.charge_bytes(text.len())?;
    Ok(Value::Bool(text.contains(part)))
}

pub(in super::super) fn starts_with<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [text, part] = texts(arguments)?;
    Ok(Value::Bool(text.starts_with(part)))
}

pub(in super::super) fn ends_with<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [text, part] = texts(arguments)?;
    Ok(Value::Bool(text.ends_with(part)))
}

/// The regular expression of a text: kept if it is written in an expression, made for once if it is
/// a value.
fn regex(budget: &mut Budget, text: &str) -> Result<Arc<Regex>, Error> {
    let compiled = if let Some(known) = pattern::known(text) {
        known
    } else {
        budget.charge(5_000 + text.len() * 50)?;
        pattern::compile(text).map(Arc::new).map_err(Arc::from)
    };
    compiled.map_err(|error| Error::new(format!("the pattern cannot be used: {error}")))
}

pub(in super::super) fn matches<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [text, pattern] = texts(arguments)?;
    budget.charge_bytes(text.len() * 4)?;
    Ok(Value::Bool(regex(budget, pattern)?.is_match(text)))
}

pub(in super::super) fn find<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [text, pattern] = texts(arguments)?;
    budget.charge_bytes(text.len() * 4)?;
    let found = regex(budget, pattern)?.find(text).map_or("", |found| found.as_str());
    Ok(Value::string(found))
}

pub(in super::super) fn find_all<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let ([text, pattern], limit) = texts_and_number(arguments)?;
    budget.charge_bytes(text.len() * 4)?;
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let regex = regex(budget, pattern)?;
    let mut found = Vec::new();
    for one in regex.find_iter(text).take(limit) {
        budget.charge(1)?;
        found.push(Value::string(one.as_str()));
    }
    Ok(Value::list(found))
}

pub(in super::super) fn char_at<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let ([text], Some(at)) = texts_and_number(arguments)? else { return Err(Error::no_overload()) };
    budget.charge_bytes(text.len())?;
    let rest = text.get(byte_of(text, at)?..).unwrap_or_default();
    Ok(Value::string(rest.chars().take(1).collect::<String>()))
}

pub(in super::super) fn index_of<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let ([text, part], from) = texts_and_number(arguments)?;
    budget.charge_bytes(text.len())?;
    let start = match from {
        Some(at) => match beginning(text, part, at)? {
            Ok(start) => start,
            Err(result) => return Ok(Value::Int(result)),
        },
        None => 0,
    };
    let found = text.get(start..).unwrap_or_default().find(part);
    Ok(found.map_or(Value::Int(-1), |at| integer(characters_before(text, start + at))))
}

pub(in super::super) fn last_index_of<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let ([text, part], until) = texts_and_number(arguments)?;
    budget.charge_bytes(text.len())?;
    let end = match until {
        // What is found begins at this character at the latest.
        Some(at) => match beginning(text, part, at)? {
            Ok(start) => start.saturating_add(part.len()).min(text.len()),
            Err(result) => return Ok(Value::Int(result)),
        },
        None => text.len(),
    };
    let end = text.floor_char_boundary(end);
    let found = text.get(..end).unwrap_or_default().rfind(part);
    Ok(found.map_or(Value::Int(-1), |at| integer(characters_before(text, at))))
}

pub(in super::super) fn substring<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let (text, start, end) = match arguments {
        [Value::String(text), Value::Int(start)] => (text.as_str(), *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => {
            (text.as_str(), *start, Some(*end))
        }
        _ => return Err(Error::no_overload()),
    };
    budget.charge_bytes(text.len())?;
    let from = byte_of(text, start)?;
    let to = end.map_or(Ok(text.len()), |end| byte_of(text, end))?;
    text.get(from..to).map(Value::string).ok_or_else(|| {
        let end = end.unwrap_or_default();
        Error::new(format!("invalid substring range. start: {start}, end: {end}"))
    })
}

pub(in super::super) fn replace<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let ([text, old, new], limit) = texts_and_number(arguments)?;
    budget.charge_bytes(text.len())?;
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let count = text.matches(old).take(limit).count();
    budget.charge_bytes(text.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(Value::string(text.replacen(old, new, limit)))
}

pub(in super::super) fn split<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let ([text, separator], limit) = texts_and_number(arguments)?;
    budget.charge_bytes(text.len())?;
    let limit = match limit {
        Some(0) => return Ok(Value::list(Vec::new())),
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let mut parts = Vec::new();
    if separator.is_empty() {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            budget.charge(1)?;
            let length = if parts.len() + 1 == limit { rest.len() } else { c.len_utf8() };
            let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            parts.push(Value::string(part));
            rest = after;
        }
        return Ok(Value::list(parts));
    }
    for part in text.splitn(limit, separator) {
        budget.charge(1)?;
        parts.push(Value::string(part));
    }
    Ok(Value::list(parts))
}

pub(in super::super) fn join<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (list, separator) = match arguments {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, separator.as_str()),
        _ => return Err(Error::no_overload()),
    };
    let mut joined = String::new();
    for (at, item) in list.iter().enumerate() {
        let Value::String(item) = item? else { return Err(Error::no_overload()) };
        budget.charge_bytes(item.as_str().len() + separator.len())?;
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item.as_str());
    }
    Ok(Value::string(joined))
}

/// A text that is made of another one of about the same length.
fn changed<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
    change: impl Fn(&str) -> String,
) -> Evaluated<'a> {
    let [text] = texts(arguments)?;
    budget.charge_bytes(text.len())?;
    Ok(Value::string(change(text)))
}

pub(in super::super) fn lower_ascii<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    changed(budget, arguments, str::to_ascii_lowercase)
}

pub(in super::super) fn upper_ascii<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    changed(budget, arguments, str::to_ascii_uppercase)
}

pub(in super::super) fn trim<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    if let [Value::String(Str::Borrowed(text))] = arguments {
        return Ok(Value::String(Str::Borrowed(text.trim())));
    }
    changed(budget, arguments, |text| text.trim().to_owned())
}

pub(in super::super) fn quote<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    changed(budget, arguments, |text| {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '\u{7}' => quoted.push_str("\\a"),
                '\u{8}' => quoted.push_str("\\b"),
                '\u{b}' => quoted.push_str("\\v"),
                '\u{c}' => quoted.push_str("\\f"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                '\\' => quoted.push_str("\\\\"),
                '"' => quoted.push_str("\\\""),
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    })
}

/// A key as a JSON pointer has it.
pub(in super::super) fn escape_key<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    changed(budget, arguments, |text| text.replace('~', "~0").replace('/', "~1"))
}
