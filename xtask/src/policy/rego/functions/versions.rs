//! `semver`: versions with a `v` in front and with zeros before their digits are versions, too.
//!
//! Source: `internal/semver` of OPA 1.17.1.

use std::cmp::Ordering;

use regorus::Value;

use super::{Function, text};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("semver.compare", 2, |arguments| Ok(compare(arguments))),
    ("semver.is_valid", 1, |arguments| {
        Ok(Some(Value::Bool(text(arguments.first()).and_then(Version::parse).is_some())))
    }),
];

struct Version<'a> {
    numbers: [i64; 3],
    pre_release: &'a str,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (text, pre_release) = text.split_once('-').unwrap_or((text, ""));
        if !is_identifiers(metadata) || !is_identifiers(pre_release) {
            return None;
        }
        let mut parts = text.split('.').map(|part| part.parse::<i64>().ok());
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(Self { numbers, pre_release })
    }
}

fn is_identifiers(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.is_empty() || text.split('.').all(fits)
}

fn compare(arguments: &[Value]) -> Option<Value> {
    let version = |at: usize| text(arguments.get(at)).and_then(Version::parse);
    let (left, right) = (version(0)?, version(1)?);
    let order = left.numbers.cmp(&right.numbers).then_with(|| {
        match (left.pre_release.is_empty(), right.pre_release.is_empty()) {
            (false, false) => pre_release(left.pre_release, right.pre_release),
            (left, right) => left.cmp(&right),
        }
    });
    Some(Value::from(order as i64))
}

/// Numbers come before words, and fewer parts before more.
fn pre_release(left: &str, right: &str) -> Ordering {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| part.parse::<i64>().unwrap_or(i64::MAX);
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => number(a).cmp(&number(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
