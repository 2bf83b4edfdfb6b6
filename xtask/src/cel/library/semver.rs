//! Versions, such as `1.2.3-rc.1`.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/semverlib.go`, on top of `blang/semver`; semver.org.

use std::{cmp::Ordering, rc::Rc};

use super::super::{
    error::{Budget, Error},
    functions::Evaluated,
    value::{Library, Value},
};

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semver {
    numbers: [u64; 3],
    /// What stands behind a dash, in parts.
    before_release: Vec<String>,
    pub(in super::super) build: Vec<String>,
}

impl Semver {
    fn parse(text: &str) -> Option<Self> {
        let (version, build) = match text.split_once('+') {
            Some((version, build)) => (version, parts(build)?),
            None => (text, Vec::new()),
        };
        let (version, before_release) = match version.split_once('-') {
            Some((version, rest)) => (version, parts(rest)?),
            None => (version, Vec::new()),
        };
        let has_zero = |part: &String| is_number(part) && part.len() > 1 && part.starts_with('0');
        if before_release.iter().any(has_zero) {
            return None;
        }
        let mut numbers = version.split('.').map(|number| {
            let is_plain = is_number(number) && (number == "0" || !number.starts_with('0'));
            number.parse::<u64>().ok().filter(|_| is_plain)
        });
        let numbers = [numbers.next()??, numbers.next()??, numbers.next()??]
            .into_iter()
            .chain(numbers.next().map(|_| 0))
            .collect::<Vec<_>>();
        Some(Self { numbers: numbers.try_into().ok()?, before_release, build })
    }

    /// As people write it: with a `v`, with leading zeros, without the last numbers.
    fn parse_loosely(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let parts: Vec<_> = text.splitn(3, '.').collect();
        let is_short = parts.len() < 3;
        if is_short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return None;
        }
        let mut numbers: Vec<String> = parts
            .into_iter()
            .map(|part| {
                if part.len() < 2 {
                    return part.to_owned();
                }
                let trimmed = part.trim_start_matches('0');
                let is_number = trimmed.starts_with(|c: char| c.is_ascii_digit());
                if is_number { trimmed.to_owned() } else { format!("0{trimmed}") }
            })
            .collect();
        numbers.resize(3, "0".to_owned());
        Self::parse(&numbers.join("."))
    }

    /// Which of two versions comes first. What stands behind a plus sign does not count.
    pub(in super::super) fn compare(&self, other: &Self) -> Ordering {
        let of_parts = || match (self.before_release.is_empty(), other.before_release.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let both = self.before_release.iter().zip(&other.before_release);
                both.map(|(a, b)| compare_parts(a, b))
                    .find(|order| order.is_ne())
                    .unwrap_or_else(|| self.before_release.len().cmp(&other.before_release.len()))
            }
        };
        self.numbers.cmp(&other.numbers).then_with(of_parts)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parts(text: &str) -> Option<Vec<String>> {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split('.').map(|part| is_part(part).then(|| part.to_owned())).collect()
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

fn parsed(arguments: &[Value<'_>]) -> Result<Option<Semver>, Error> {
    match arguments {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => {
            Ok(Semver::parse(text.as_str()))
        }
        [Value::String(text), Value::Bool(true)] => Ok(Semver::parse_loosely(text.as_str())),
        _ => Err(Error::no_overload()),
    }
}

/// Why a text is none; in the words of the library `blang/semver` where it is about a number.
fn fault(arguments: &[Value<'_>]) -> String {
    let Some(Value::String(text)) = arguments.first() else { return String::new() };
    let text = text.as_str();
    if text.is_empty() {
        return "Version string empty".to_owned();
    }
    let mut parts = text.splitn(3, '.');
    let (Some(major), Some(minor), Some(patch)) = (parts.next(), parts.next(), parts.next()) else {
        return "No Major.Minor.Patch elements found".to_owned();
    };
    let patch = patch.split(['-', '+']).next().unwrap_or_default();
    for (name, number) in [("major", major), ("minor", minor), ("patch", patch)] {
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return format!("Invalid character(s) found in {name} number \"{number}\"");
        }
        if number.len() > 1 && number.starts_with('0') {
            let (first, rest) = name.split_at(1);
            let name = first.to_uppercase() + rest;
            return format!("{name} number must not contain leading zeroes \"{number}\"");
        }
    }
    "the text is no version".to_owned()
}

fn number<'a>(arguments: &[Value<'a>], at: usize) -> Evaluated<'a> {
    let [Value::Library(Library::Semver(version))] = arguments else {
        return Err(Error::no_overload());
    };
    let number = version.numbers.get(at).and_then(|number| i64::try_from(*number).ok());
    Ok(Value::Int(number.unwrap_or(i64::MAX)))
}

pub(in super::super) fn semver<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let version = parsed(arguments)?.ok_or_else(|| Error::new(fault(arguments)))?;
    Ok(Value::Library(Library::Semver(Rc::new(version))))
}

pub(in super::super) fn is_semver<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(parsed(arguments)?.is_some()))
}

pub(in super::super) fn major<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    number(arguments, 0)
}

pub(in super::super) fn minor<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    number(arguments, 1)
}

pub(in super::super) fn patch<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    number(arguments, 2)
}
