//! The type of a plain scalar, as Go's decoders resolve it, and what it prints as.
//!
//! Source: go-yaml v3 (resources) and v2 (configuration) as `kustomize` 5.8.2 links them; measured
//! with that binary. Invariant: a scalar keeps its text; only [`canonical`] rewrites it.

use std::borrow::Cow;

use super::{Scalar, ScalarKind};

mod number;
mod time;

pub(super) use number::Number;
use time::Time;

/// Which of Go's decoders reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Resources and patches: go-yaml v3 as kustomize uses it; `yes` is a string.
    Resource,
    /// `kustomization.yaml`, values and other configuration: `sigs.k8s.io/yaml`, YAML 1.1; `yes` is a boolean.
    Config,
}

/// The type of a plain scalar.
///
/// Quoted and block scalars are strings and need no call. `.inf` and `.nan` are [`ScalarKind::Float`]:
/// they read fine, and [`canonical`] is what refuses them.
pub fn resolve(text: &str, dialect: Dialect) -> ScalarKind {
    match (implicit(text, dialect), dialect) {
        // go-yaml v2 knows dates but hands them to an untyped value as text.
        (ScalarKind::Timestamp, Dialect::Config) => ScalarKind::String,
        (kind, _) => kind,
    }
}

/// Whether go-yaml v2 has to quote `text` to print it as a string.
pub(super) fn is_ambiguous(text: &str) -> bool {
    implicit(text, Dialect::Config) != ScalarKind::String || number::is_sexagesimal(text)
}

fn implicit(text: &str, dialect: Dialect) -> ScalarKind {
    let Some(first) = text.bytes().next() else { return ScalarKind::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect)
        }
        b'.' => number::dotted(text).map_or(ScalarKind::String, |_| ScalarKind::Float),
        b'0'..=b'9' if Time::parse(text).is_some() => ScalarKind::Timestamp,
        b'0'..=b'9' | b'+' | b'-' => match number::signed(text, dialect) {
            Some(Number::Int(_) | Number::Uint(_)) => ScalarKind::Int,
            Some(Number::Float(_)) => ScalarKind::Float,
            None => ScalarKind::String,
        },
        _ => ScalarKind::String,
    }
}

fn word(text: &str, dialect: Dialect) -> ScalarKind {
    match text {
        "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Bool,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO"
        | "off" | "Off" | "OFF"
            if dialect == Dialect::Config =>
        {
            ScalarKind::Bool
        }
        _ => ScalarKind::String,
    }
}

/// The number that a scalar of type [`ScalarKind::Int`] or [`ScalarKind::Float`] stands for.
///
/// `None` if the text is none, which only an explicit tag or a program can bring about.
pub(super) fn number(text: &str) -> Option<Number> {
    // The resource dialect knows every notation that the other one knows.
    if text.starts_with('.') {
        number::dotted(text)
    } else {
        number::signed(text, Dialect::Resource)
    }
}

/// What kustomize prints for a scalar: `0x1F` is `31`, `1.0` is `1`, `yes` of a [`Dialect::Config`]
/// is `true`, and a date is the text of its RFC 3339 time.
///
/// `None` if JSON has no such value: `.inf`, `.nan`, a zone of 24 hours or more, or a text that does
/// not fit its type.
pub fn canonical(scalar: &Scalar) -> Option<Cow<'_, str>> {
    let text = scalar.text.as_str();
    Some(match scalar.kind {
        ScalarKind::String => Cow::Borrowed(text),
        ScalarKind::Null => Cow::Borrowed("null"),
        ScalarKind::Bool => Cow::Borrowed(if is_true(text) { "true" } else { "false" }),
        ScalarKind::Timestamp => Cow::Owned(Time::parse(text)?.to_rfc3339()?),
        ScalarKind::Int | ScalarKind::Float if number::is_plain_decimal(text) => {
            Cow::Borrowed(text)
        }
        ScalarKind::Int | ScalarKind::Float => Cow::Owned(number(text)?.to_yaml()?),
    })
}

/// Whether the text of a boolean, in any of its spellings, is the true one.
fn is_true(text: &str) -> bool {
    matches!(text.bytes().next(), Some(b'y' | b'Y' | b't' | b'T'))
        || text.eq_ignore_ascii_case("on")
}
