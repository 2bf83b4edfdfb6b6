//! Amounts with a unit, and durations.
//!
//! Source: `parse_bytes.go`, `parse_units.go` and `time.go` in `topdown` of OPA 1.17.1.

use regorus::Value;

use super::{Function, guarded::native, numbers::Decimal, text};
use crate::formats::nanoseconds;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("time.parse_duration_ns", 1, |arguments| {
        Ok(text(arguments.first()).and_then(|text| nanoseconds(text, LONG)).map(Value::from))
    }),
    ("time.parse_rfc3339_ns", 1, |arguments| Ok(text(arguments.first()).and_then(rfc3339))),
    ("units.parse", 1, |arguments| {
        let read = |(number, unit): (Decimal, String)| Some(number.scaled(factor(&unit)?)?.value());
        Ok(text(arguments.first()).and_then(parts).and_then(read))
    }),
    ("units.parse_bytes", 1, |arguments| {
        let read = |(number, unit): (Decimal, String)| {
            let unit = unit.to_ascii_lowercase();
            let short = unit.strip_suffix('b').filter(|short| !short.is_empty()).unwrap_or(&unit);
            // A small `m` is a million here.
            let (first, rest) = short.split_at_checked(1).unwrap_or_default();
            let factor = factor(&format!("{}{rest}", first.to_ascii_uppercase()))?;
            Some(number.scaled(factor)?.truncated().value())
        };
        Ok(text(arguments.first()).and_then(parts).and_then(read))
    }),
];

/// Units of lengths of time beside those of Go, with their nanoseconds: a year has 365 days.
const LONG: &[(&str, u64)] =
    &[("d", 86_400_000_000_000), ("w", 7 * 86_400_000_000_000), ("y", 365 * 86_400_000_000_000)];

/// The longest amount that is read.
const LONGEST: usize = 60;

/// The number and the unit of an amount; blanks are not allowed, and quotes do not count.
fn parts(text: &str) -> Option<(Decimal, String)> {
    let text = text.replace('"', "");
    if text.len() > LONGEST || text.contains(' ') {
        return None;
    }
    let byte = |at: usize| text.as_bytes().get(at).copied().unwrap_or_default();
    let mut end = 0;
    loop {
        match byte(end) {
            b'0'..=b'9' | b'.' | b'+' | b'-' => end += 1,
            b'e' | b'E' if end > 0 && matches!(byte(end + 1), b'0'..=b'9' | b'+' | b'-') => {
                end += 2;
            }
            _ => break,
        }
    }
    let (number, unit) = text.split_at_checked(end)?;
    Some((Decimal::parse(number)?, unit.to_owned()))
}

/// What a unit multiplies with: digits and a power of ten.
fn factor(unit: &str) -> Option<Decimal> {
    let (first, rest) = unit.split_at_checked(1).unwrap_or_default();
    let power = match first {
        "" => 0,
        "m" if rest.is_empty() => return Some(Decimal { digits: 1, exponent: -3 }),
        "k" | "K" => 1,
        "M" => 2,
        "m" if rest.eq_ignore_ascii_case("i") => 2,
        "g" | "G" => 3,
        "t" | "T" => 4,
        "p" | "P" => 5,
        "e" | "E" => 6,
        _ => return None,
    };
    match rest {
        "" => Some(Decimal { digits: 1, exponent: 3 * power }),
        "i" | "I" => Some(Decimal { digits: 1_i128 << (10 * power), exponent: 0 }),
        _ => None,
    }
}

/// Go is stricter than the interpreter about what stands between date and time, and knows no leap seconds;
/// an hour may have one digit.
fn rfc3339(time: &str) -> Option<Value> {
    let (date, rest) = time.split_once('T').filter(|_| !time.contains('z'))?;
    let (hour, minutes) = rest.split_once(':')?;
    if minutes.get(3..5) == Some("60") {
        return None;
    }
    native("time.parse_rfc3339_ns", &[Value::from(format!("{date}T{hour:0>2}:{minutes}"))])
}
