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

/// Why a plain scalar does not mean the same to every reader: YAML 1.1, YAML 1.2 and Go's decoders
/// differ about it. `None` for nearly every text.
pub(super) fn ambiguity(text: &str, dialect: Dialect) -> Option<String> {
    let first = text.bytes().next().filter(|first| b"yYnNoO0123456789+-".contains(first))?;
    if first.is_ascii_alphabetic() {
        let boolean = word(text, Dialect::Config) == ScalarKind::Bool;
        return boolean.then(|| "a boolean in YAML 1.1, a string in YAML 1.2".to_owned());
    }
    if number::is_sexagesimal(text) {
        return Some("a number to the base of 60 in YAML 1.1, a string in YAML 1.2".to_owned());
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        let read = match number::signed(text, dialect).and_then(Number::to_json) {
            Some(number) if number != digits => format!("; it is read as `{number}`"),
            _ => String::new(),
        };
        return Some(format!("an octal number in YAML 1.1, a decimal one in YAML 1.2{read}"));
    }
    let date = Time::parse(text)?.to_rfc3339()?;
    (date != text).then(|| format!("a date in YAML 1.1, which becomes `{date}`"))
}

/// Whether go-yaml v2 has to quote `text` to print it as a string.
pub(super) fn is_ambiguous(text: &str) -> bool {
    implicit(text, Dialect::Config) != ScalarKind::String || number::is_sexagesimal(text)
}

/// The type of a text, which may be a date in either dialect.
pub(super) fn implicit(text: &str, dialect: Dialect) -> ScalarKind {
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
        ScalarKind::NothingInFlow => Cow::Borrowed(""),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, dialect: Dialect) -> Option<String> {
        let scalar = Scalar { kind: resolve(text, dialect), text: text.into() };
        canonical(&scalar).map(Cow::into_owned)
    }

    /// The text of what a resource prints, without the quotes of a string.
    fn check(cases: &[(&str, ScalarKind, &str)]) {
        for &(text, kind, expected) in cases {
            assert_eq!(resolve(text, Dialect::Resource), kind, "{text}");
            assert_eq!(printed(text, Dialect::Resource).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn integers_are_printed_in_base_ten() {
        use ScalarKind::{Int, String};
        check(&[
            ("0", Int, "0"),
            ("-0", Int, "0"),
            ("+1", Int, "1"),
            ("007", Int, "7"),
            ("0777", Int, "511"),
            ("0o777", Int, "511"),
            ("0O17", Int, "15"),
            ("0x1F", Int, "31"),
            ("-0X1f", Int, "-31"),
            ("0b101", Int, "5"),
            ("0b-101", Int, "-5"),
            ("0o-7", Int, "-7"),
            ("0B-1", String, "0B-1"),
            ("1_000", Int, "1000"),
            ("1__0_", Int, "10"),
            ("0x_1F", Int, "31"),
            ("0x", String, "0x"),
            ("0b2", String, "0b2"),
            ("9223372036854775807", Int, "9223372036854775807"),
            ("18446744073709551615", Int, "18446744073709551615"),
            ("-9223372036854775808", Int, "-9223372036854775808"),
            ("0xFFFFFFFFFFFFFFFF", Int, "18446744073709551615"),
            ("0x1FFFFFFFFFFFFFFFF", String, "0x1FFFFFFFFFFFFFFFF"),
        ]);
    }

    #[test]
    fn floats_go_through_json() {
        use ScalarKind::{Float, String};
        check(&[
            ("1.0", Float, "1"),
            ("1.", Float, "1"),
            (".5", Float, "0.5"),
            ("+.5", Float, "0.5"),
            ("-0.0", Float, "0"),
            ("08", Float, "8"),
            ("1e3", Float, "1000"),
            ("1.5e-5", Float, "1.5e-05"),
            ("0.0001", Float, "0.0001"),
            ("1e-7", Float, "1e-07"),
            ("123456.5", Float, "123456.5"),
            ("1234567.5", Float, "1.2345675e+06"),
            ("1e18", Float, "1000000000000000000"),
            ("1e19", Float, "10000000000000000000"),
            ("1e20", Float, "1e+20"),
            ("1e21", Float, "1e+21"),
            ("9223372036854775808.0", Float, "9223372036854776000"),
            ("18446744073709551616", Float, "1.8446744073709552e+19"),
            ("+9223372036854775808", Float, "9223372036854776000"),
            ("123456789012345678901234567890", Float, "1.2345678901234568e+29"),
            ("1545194851384850.25", Float, "1.5451948513848502e+15"),
            (".1_0", Float, "0.1"),
            ("._1", String, "._1"),
            ("1_0.5", Float, "10.5"),
            ("1e309", String, "1e309"),
            ("1e", String, "1e"),
            ("0x1p4", String, "0x1p4"),
            ("1.2.3", String, "1.2.3"),
            ("1:30", String, "1:30"),
        ]);
    }

    #[test]
    fn dates_are_times_in_a_resource_and_text_in_configuration() {
        use ScalarKind::{String, Timestamp};
        check(&[
            ("2001-01-01", Timestamp, "2001-01-01T00:00:00Z"),
            ("2001-1-1", Timestamp, "2001-01-01T00:00:00Z"),
            ("2001-1-1t1:2:3.5+05:30", Timestamp, "2001-01-01T01:02:03.5+05:30"),
            ("2001-1-1T1:2:3-00:00", Timestamp, "2001-01-01T01:02:03Z"),
            ("2001-1-1T1:2:3+05:60", Timestamp, "2001-01-01T01:02:03+06:00"),
            ("2001-12-14T21:59:43.10-05:00", Timestamp, "2001-12-14T21:59:43.1-05:00"),
            ("2001-1-1T1:2:3.12345678999Z", Timestamp, "2001-01-01T01:02:03.123456789Z"),
            ("2001-1-1T1:2:3,5Z", Timestamp, "2001-01-01T01:02:03.5Z"),
            ("2001-1-1   1:2:3", Timestamp, "2001-01-01T01:02:03Z"),
            ("2000-02-29", Timestamp, "2000-02-29T00:00:00Z"),
            ("1900-02-29", String, "1900-02-29"),
            ("2001-13-01", String, "2001-13-01"),
            ("2001-1-1T24:0:0Z", String, "2001-1-1T24:0:0Z"),
            ("2001-1-1T1:2:3", String, "2001-1-1T1:2:3"),
            ("2001-1-1T1:2:3z", String, "2001-1-1T1:2:3z"),
            ("2001-12-14 21:59:43.10 -5", String, "2001-12-14 21:59:43.10 -5"),
        ]);
        assert_eq!(resolve("2001-01-01", Dialect::Config), String);
        assert_eq!(printed("2001-1-1T1:2:3+24:00", Dialect::Resource), None);
    }

    #[test]
    fn the_dialects_differ_in_booleans_and_signed_octals() {
        use ScalarKind::{Bool, Int, Null, String};
        for text in ["y", "N", "yes", "No", "ON", "off"] {
            assert_eq!(resolve(text, Dialect::Resource), String, "{text}");
            assert_eq!(resolve(text, Dialect::Config), Bool, "{text}");
        }
        for (text, expected) in [("On", "true"), ("OFF", "false"), ("Y", "true"), ("n", "false")] {
            assert_eq!(printed(text, Dialect::Config).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(resolve("0o-7", Dialect::Resource), Int);
        assert_eq!(resolve("0o-7", Dialect::Config), String);
        for dialect in [Dialect::Resource, Dialect::Config] {
            for text in ["true", "True", "FALSE"] {
                assert_eq!(resolve(text, dialect), Bool, "{text}");
            }
            for text in ["", "~", "null", "Null", "NULL"] {
                assert_eq!(resolve(text, dialect), Null, "{text}");
            }
            for text in ["tRue", "yEs", "nULL", "<<", "-", "+", ".", "é"] {
                assert_eq!(resolve(text, dialect), String, "{text}");
            }
        }
    }

    #[test]
    fn numbers_that_json_lacks_are_floats_without_a_canonical_text() {
        for text in [".inf", "-.Inf", "+.INF", ".nan", ".NaN"] {
            assert_eq!(resolve(text, Dialect::Resource), ScalarKind::Float, "{text}");
            assert_eq!(printed(text, Dialect::Resource), None, "{text}");
        }
        assert_eq!(resolve("+.nan", Dialect::Resource), ScalarKind::String);
    }
}
