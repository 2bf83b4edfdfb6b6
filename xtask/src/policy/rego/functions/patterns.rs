//! `regex`: Go's expressions, each compiled once for a thread.

use std::{cell::RefCell, collections::BTreeMap};

use regex::Regex;
use regorus::Value;

use super::{Function, Outcome, integer, single, text};
use crate::{
    formats::pattern::{self, Size},
    policy::rego::limits::{look_at_clock, spend},
};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("re_match", 2, is_match),
    ("regex.find_all_string_submatch_n", 3, find_submatches),
    ("regex.find_n", 3, find),
    ("regex.is_valid", 1, is_valid),
    ("regex.match", 2, is_match),
    ("regex.replace", 3, replace),
    ("regex.split", 2, split),
    ("regex.template_match", 4, template_match),
];

/// How many expressions a thread keeps.
const KEPT: usize = 128;

/// The longest text that a small expression is searched in. Searching takes up to the product of the
/// length of the text and the size of the expression.
const LONGEST: usize = 1 << 20;

/// The longest text that a large expression is searched in.
const LONGEST_FOR_LARGE: usize = 1 << 14;

/// An expression, and whether it is a large one; nothing if it is not a valid one.
type Compiled = Option<(Regex, bool)>;

thread_local! {
    static COMPILED: RefCell<BTreeMap<String, Compiled>> = const { RefCell::new(BTreeMap::new()) };
}

fn compile(text: &str) -> Result<Compiled, String> {
    if let Ok(small) = pattern::compile_of(text, Size::Small) {
        return Ok(Some((small, false)));
    }
    match pattern::compile_of(text, Size::Large) {
        Ok(large) => Ok(Some((large, true))),
        Err(error) if error == pattern::TOO_LARGE => {
            Err("a regular expression is too large".to_owned())
        }
        Err(_) => Ok(None),
    }
}

/// Calls `run` with an expression, if it is a valid one and the text is not too long for it.
fn with<T>(
    pattern: &str,
    subject: &str,
    run: impl FnOnce(&Regex) -> Result<T, String>,
) -> Result<Option<T>, String> {
    COMPILED.with_borrow_mut(|known| {
        if !known.contains_key(pattern) {
            let compiled = compile(pattern)?;
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(pattern.to_owned(), compiled);
        }
        let Some(Some((regex, is_large))) = known.get(pattern) else { return Ok(None) };
        if subject.len() > if *is_large { LONGEST_FOR_LARGE } else { LONGEST } {
            return Err("a text is too long for its regular expression".to_owned());
        }
        run(regex).map(Some)
    })
}

fn is_match(arguments: &[Value]) -> Outcome {
    let (Some(pattern), Some(subject)) = (text(arguments.first()), text(arguments.get(1))) else {
        return Ok(None);
    };
    matches(pattern, subject)
}

/// Whether an expression matches, if it is a valid one.
pub(super) fn matches(pattern: &str, subject: &str) -> Outcome {
    Ok(with(pattern, subject, |regex| Ok(regex.is_match(subject)))?.map(Value::Bool))
}

fn is_valid(arguments: &[Value]) -> Outcome {
    let Some(pattern) = text(arguments.first()) else { return Ok(Some(Value::Bool(false))) };
    Ok(Some(Value::Bool(with(pattern, "", |_| Ok(()))?.is_some())))
}

/// An expression, a text, and how many matches are wanted; less than none is all.
fn searched(arguments: &[Value]) -> Option<(&str, &str, usize)> {
    let limit = usize::try_from(integer(arguments.get(2))?).unwrap_or(usize::MAX);
    Some((text(arguments.first())?, text(arguments.get(1))?, limit))
}

fn find(arguments: &[Value]) -> Outcome {
    let Some((pattern, subject, limit)) = searched(arguments) else { return Ok(None) };
    with(pattern, subject, |regex| {
        let mut out = Vec::new();
        for found in regex.find_iter(subject).take(limit) {
            look_at_clock()?;
            spend(48 + found.len())?;
            out.push(Value::from(found.as_str()));
        }
        Ok(Value::from(out))
    })
}

fn find_submatches(arguments: &[Value]) -> Outcome {
    let Some((pattern, subject, limit)) = searched(arguments) else { return Ok(None) };
    with(pattern, subject, |regex| {
        let mut out = Vec::new();
        for found in regex.captures_iter(subject).take(limit) {
            look_at_clock()?;
            let mut groups = Vec::new();
            for group in found.iter() {
                let group = group.map_or("", |group| group.as_str());
                spend(48 + group.len())?;
                groups.push(Value::from(group));
            }
            out.push(Value::from(groups));
        }
        Ok(Value::from(out))
    })
}

fn replace(arguments: &[Value]) -> Outcome {
    let (Some(subject), Some(pattern), Some(new)) =
        (text(arguments.first()), text(arguments.get(1)), text(arguments.get(2)))
    else {
        return Ok(None);
    };
    with(pattern, subject, |regex| {
        let mut out = String::new();
        let mut end = 0;
        for found in regex.captures_iter(subject) {
            look_at_clock()?;
            let Some(whole) = found.get(0) else { continue };
            let before = out.len();
            out.push_str(subject.get(end..whole.start()).unwrap_or_default());
            found.expand(new, &mut out);
            spend(out.len() - before)?;
            end = whole.end();
        }
        out.push_str(subject.get(end..).unwrap_or_default());
        Ok(Value::from(out))
    })
}

/// As Go splits: an empty match at the start splits nothing off.
fn split(arguments: &[Value]) -> Outcome {
    let (Some(pattern), Some(subject)) = (text(arguments.first()), text(arguments.get(1))) else {
        return Ok(None);
    };
    with(pattern, subject, |regex| {
        let mut out = Vec::new();
        let (mut begin, mut end) = (0, 0);
        if !pattern.is_empty() && subject.is_empty() {
            return Ok(Value::from(vec![Value::from("")]));
        }
        for found in regex.find_iter(subject) {
            look_at_clock()?;
            end = found.start();
            if found.end() != 0 {
                let piece = subject.get(begin..end).unwrap_or_default();
                spend(48 + piece.len())?;
                out.push(Value::from(piece));
            }
            begin = found.end();
        }
        if end != subject.len() {
            out.push(Value::from(subject.get(begin..).unwrap_or_default()));
        }
        Ok(Value::from(out))
    })
}

/// A text with expressions between two delimiters, which matches as a whole.
fn template_match(arguments: &[Value]) -> Outcome {
    let (Some(template), Some(subject), Some(open), Some(close)) = (
        text(arguments.first()),
        text(arguments.get(1)),
        text(arguments.get(2)),
        text(arguments.get(3)),
    ) else {
        return Ok(None);
    };
    let (Some(open), Some(close)) = (single(open), single(close)) else { return Ok(None) };
    let Some(pattern) = template_pattern(template, open, close) else { return Ok(None) };
    matches(&pattern, subject)
}

fn template_pattern(template: &str, open: char, close: char) -> Option<String> {
    let mut pattern = String::from("^");
    let (mut literal, mut inner, mut depth) = (String::new(), String::new(), 0_usize);
    for c in template.chars() {
        match c {
            c if c == open => {
                if depth == 0 {
                    pattern.push_str(&regex::escape(&literal));
                    literal.clear();
                } else {
                    inner.push(c);
                }
                depth += 1;
            }
            c if c == close => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    pattern.push('(');
                    pattern.push_str(&inner);
                    pattern.push(')');
                    inner.clear();
                } else {
                    inner.push(c);
                }
            }
            c if depth > 0 => inner.push(c),
            c => literal.push(c),
        }
    }
    pattern.push_str(&regex::escape(&literal));
    pattern.push('$');
    (depth == 0).then_some(pattern)
}
