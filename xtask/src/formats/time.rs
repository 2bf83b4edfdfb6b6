//! Times and time zones.
//!
//! Source: Go's package `time`, which `metav1.Time` and `metav1.MicroTime` parse with, and
//! `k8s.io/kubernetes/pkg/apis/batch/validation` for zones.

use super::text::{Fault, Verdict, at_most, characters, not_empty};

pub(super) fn date_time(text: &str) -> Verdict {
    let rest = seconds(text)?;
    let after_fraction = match rest.strip_prefix(['.', ',']) {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            fraction.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => rest,
    };
    offset(after_fraction)
}

/// The server writes six digits and reads no other number of them.
pub(super) fn micro_time(text: &str) -> Verdict {
    let rest = seconds(text)?;
    let fraction = rest.strip_prefix(['.', ',']).unwrap_or_default();
    let after_fraction = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    if fraction.len() - after_fraction.len() != 6 {
        return Err(Fault::new("has no fraction of six digits"));
    }
    offset(after_fraction)
}

/// The date and the time of day; what follows the seconds is left.
///
/// Go takes an hour of one digit as well.
fn seconds(text: &str) -> Result<&str, Fault> {
    let mut reader = Reader(text);
    let year = reader.number(4);
    let month = reader.then('-').and_then(|()| reader.number(2));
    let day = reader.then('-').and_then(|()| reader.number(2));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else {
        return Err(Fault::new("does not start with a date such as `2026-01-31`"));
    };
    if reader.then('T').is_none() {
        return Err(Fault::new("has no `T` and a time after the date"));
    }
    let hour = reader.number(2).or_else(|| reader.number(1));
    let minute = reader.then(':').and_then(|()| reader.number(2));
    let second = reader.then(':').and_then(|()| reader.number(2));
    let (Some(hour), Some(minute), Some(second)) = (hour, minute, second) else {
        return Err(Fault::new("has no time such as `23:59:59` after `T`"));
    };
    if day == 0 || day > days_in(month, year) {
        return Err(Fault::new("has a date that does not exist"));
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(Fault::new("has a time that does not exist"));
    }
    Ok(reader.0)
}

/// `Z`, or the hours and minutes of an offset. Go lets both be one above the highest.
fn offset(text: &str) -> Verdict {
    if text == "Z" {
        return Ok(());
    }
    let mut reader = Reader(text);
    let hours = reader.then('+').or_else(|| reader.then('-')).and_then(|()| reader.number(2));
    let minutes = reader.then(':').and_then(|()| reader.number(2));
    match (hours, minutes) {
        (Some(0..=24), Some(0..=60)) if reader.0.is_empty() => Ok(()),
        _ => Err(Fault::new("does not end with `Z` or an offset such as `+01:00`")),
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The text that is still to be read; it stays as it is where it does not fit.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn then(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        number.parse().ok()
    }
}

/// The zones of the tz database and its links, one a line, sorted, as of 2025b.
const ZONES: &str = include_str!("time_zones.txt");

/// The name of a zone in the tz database.
pub(super) fn zone(text: &str) -> Verdict {
    for part in text.split('/') {
        not_empty(part)
            .and_then(|()| {
                characters(part, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+')
                })
            })
            .and_then(|()| at_most(part, 14))
            .map_err(|fault| fault.of("a part"))?;
        if part == "." || part == ".." || part.starts_with('-') {
            return Err(Fault::new("has a part that is `.` or `..` or starts with `-`"));
        }
    }
    if text.eq_ignore_ascii_case("Local") {
        return Err(Fault::new("is the zone of whichever machine reads it"));
    }
    if ZONES.lines().any(|zone| zone == text) {
        return Ok(());
    }
    let other = ZONES.lines().find(|zone| zone.eq_ignore_ascii_case(text));
    Err(match other {
        Some(zone) => Fault::new(format!("is written `{zone}`")),
        None => Fault::plain(),
    })
}
