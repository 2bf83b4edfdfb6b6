//! Points in time and lengths of it.
//!
//! Source: `google/cel-go`, `common/types/timestamp.go` and `duration.go`, on top of Go's `time`;
//! `kube-openapi/pkg/validation/strfmt` for what data has. A zone must be `UTC` or an offset: the
//! database of zones is not here.

use std::fmt;

use super::super::{
    error::{Budget, Error},
    functions::Evaluated,
    value::Value,
};
use super::conversion::of_text;
use crate::formats::nanoseconds;

const NANOSECONDS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// The first second of the year 1 and of the year 10000.
const FIRST: i64 = -62_135_596_800;
const END: i64 = 253_402_300_800;

/// A point in time, from the year 1 to the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Since 1970.
    pub(super) seconds: i64,
    nanoseconds: u32,
}

/// A day of the calendar.
#[derive(Clone, Copy)]
struct Date {
    year: i64,
    /// From 1.
    month: i64,
    /// From 1.
    day: i64,
}

impl Date {
    /// Days since 1970, after Howard Hinnant's `days_from_civil`.
    fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year =
            (153 * (self.month + if self.month > 2 { -3 } else { 9 }) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    fn of_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        Self { year: year + era * 400 + i64::from(month <= 2), month, day }
    }

    fn read(text: &mut &str) -> Option<Self> {
        let year = digits(text, 4)?;
        let month = after(text, "-").and_then(|()| digits(text, 2))?;
        let day = after(text, "-").and_then(|()| digits(text, 2))?;
        let date = Self { year, month, day };
        let exists = (1..=12).contains(&month) && (1..=31).contains(&day);
        let again = Self::of_days(date.days());
        (exists && (again.month, again.day) == (month, day)).then_some(date)
    }
}

/// Takes so many digits.
fn digits(text: &mut &str, count: usize) -> Option<i64> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *text = rest;
    number.parse().ok()
}

fn after(text: &mut &str, sign: &str) -> Option<()> {
    *text = text.strip_prefix(sign)?;
    Some(())
}

impl Timestamp {
    fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        (FIRST..END).contains(&seconds).then_some(Self { seconds, nanoseconds })
    }

    /// A time as RFC 3339 has it.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let time = Self::local(&mut rest, "T")?;
        let offset = offset(rest, true)?;
        Self::new(time.seconds - offset, time.nanoseconds)
    }

    /// A time as data may have it: with a space or a small letter, without a zone, or a date alone.
    pub(in super::super) fn lenient(text: &str) -> Option<Self> {
        if let Some(date) = Self::of_date(text) {
            return Some(date);
        }
        let mut rest = text;
        let time = ["T", "t", " "].iter().find_map(|sign| {
            rest = text;
            Self::local(&mut rest, sign)
        })?;
        let offset = if rest.is_empty() { 0 } else { offset(rest, false)? };
        Self::new(time.seconds - offset, time.nanoseconds)
    }

    /// The beginning of a day.
    pub(super) fn of_date(text: &str) -> Option<Self> {
        let mut rest = text;
        let date = Date::read(&mut rest)?;
        if rest.is_empty() { Self::new(date.days() * DAY, 0) } else { None }
    }

    fn local(rest: &mut &str, sign: &str) -> Option<Self> {
        let date = Date::read(rest)?;
        after(rest, sign)?;
        let hour = digits(rest, 2)?;
        let minute = after(rest, ":").and_then(|()| digits(rest, 2))?;
        let second = after(rest, ":").and_then(|()| digits(rest, 2))?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut nanoseconds = 0;
        if after(rest, ".").or_else(|| after(rest, ",")).is_some() {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, after) = rest.split_at_checked(count).filter(|_| count > 0)?;
            let padded: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
            nanoseconds = padded.parse().ok()?;
            *rest = after;
        }
        let seconds = date.days() * DAY + hour * 3600 + minute * 60 + second;
        Some(Self { seconds, nanoseconds })
    }

    /// A time that is so many nanoseconds later.
    pub(in super::super) fn plus(self, nanoseconds: i128) -> Option<Self> {
        let total = i128::from(self.seconds) * i128::from(NANOSECONDS)
            + i128::from(self.nanoseconds)
            + nanoseconds;
        let seconds = i64::try_from(total.div_euclid(i128::from(NANOSECONDS))).ok()?;
        let rest = u32::try_from(total.rem_euclid(i128::from(NANOSECONDS))).ok()?;
        Self::new(seconds, rest)
    }

    /// The nanoseconds from one time to another.
    pub(in super::super) fn between(start: Self, end: Self) -> Option<i64> {
        let seconds = end.seconds.checked_sub(start.seconds)?;
        let rest = i64::from(end.nanoseconds) - i64::from(start.nanoseconds);
        seconds.checked_mul(NANOSECONDS)?.checked_add(rest)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = Date::of_days(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// The seconds that a zone is before the time at Greenwich.
fn offset(text: &str, is_strict: bool) -> Option<i64> {
    if text == "Z" || text == "z" && !is_strict {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix(['+', '-'])?;
    let hours = digits(&mut rest, 2)?;
    if after(&mut rest, ":").is_none() && is_strict {
        return None;
    }
    let minutes = digits(&mut rest, 2)?;
    let is_sound = rest.is_empty() && hours <= 24 && minutes <= 60;
    is_sound.then_some(sign * (hours * 3600 + minutes * 60))
}

/// A length as data may have it: also `3 days` and `2w`.
pub(in super::super) fn lenient_duration(text: &str) -> Option<i64> {
    const UNITS: &[(&[&str], i64)] = &[
        (&["ns", "nano"], 1),
        (&["us", "\u{b5}s", "micro"], 1_000),
        (&["ms", "milli"], 1_000_000),
        (&["s", "sec"], NANOSECONDS),
        (&["m", "min"], 60 * NANOSECONDS),
        (&["h", "hr", "hour"], 3_600 * NANOSECONDS),
        (&["d", "day"], DAY * NANOSECONDS),
        (&["w", "wk", "week"], 7 * DAY * NANOSECONDS),
    ];
    if let Some(duration) = nanoseconds(text, &[]) {
        return Some(duration);
    }
    let mut total = 0_i64;
    let mut rest = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(end)?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end)?;
        let unit = unit.to_lowercase();
        let is = |names: &[&str]| {
            names.contains(&unit.as_str())
                || names.last().is_some_and(|last| unit.starts_with(last))
        };
        let (_, factor) = UNITS.iter().find(|(names, _)| is(names))?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*factor)?)?;
        rest = next.trim_start_matches(|c: char| !c.is_ascii_digit());
    }
    Some(total)
}

/// A length in seconds, such as `90s` or `0.5s`.
pub(in super::super) fn duration_text(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let unit = NANOSECONDS.unsigned_abs();
    let fraction = format!("{:09}", total % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}s", total / unit)
}

pub(in super::super) fn duration<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Duration(duration)] => Ok(Value::Duration(*duration)),
        [Value::String(text)] => {
            let duration = nanoseconds(text.as_str(), &[]);
            duration.map(Value::Duration).ok_or_else(|| of_text("google.protobuf.Duration"))
        }
        _ => Err(Error::no_overload()),
    }
}

pub(in super::super) fn timestamp<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let time = match arguments {
        [Value::Timestamp(time)] => Some(*time),
        [Value::String(text)] => {
            let time = Timestamp::parse(text.as_str());
            let wrong = || Error::new(format!("invalid RFC 3339 timestamp {:?}", text.as_str()));
            Some(time.ok_or_else(wrong)?)
        }
        [Value::Int(seconds)] => Timestamp::new(*seconds, 0),
        _ => return Err(Error::no_overload()),
    };
    time.map(Value::Timestamp).ok_or_else(|| Error::new("timestamp overflow"))
}

/// A time in a zone: the day, and the seconds of the day.
fn in_zone(arguments: &[Value<'_>]) -> Result<(i64, i64, u32), Error> {
    let (time, zone) = match arguments {
        [Value::Timestamp(time)] => (time, "UTC"),
        [Value::Timestamp(time), Value::String(zone)] => (time, zone.as_str()),
        _ => return Err(Error::no_overload()),
    };
    let is_offset = zone.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
    let offset = match zone {
        "" | "UTC" | "GMT" | "Etc/UTC" => Some(0),
        zone if zone.starts_with(['+', '-']) => offset(zone, true),
        zone => offset(&format!("+{zone}"), true),
    };
    let Some(offset) = offset else {
        return Err(if is_offset {
            Error::new("the time zone does not exist")
        } else {
            Error::unsupported("time zones by name")
        });
    };
    let seconds = time.seconds + offset;
    Ok((seconds.div_euclid(DAY), seconds.rem_euclid(DAY), time.nanoseconds))
}

fn part<'a>(
    arguments: &[Value<'a>],
    of_time: impl Fn(i64, i64, u32) -> i64,
    of_duration: Option<i64>,
) -> Evaluated<'a> {
    if let ([Value::Duration(duration)], Some(unit)) = (arguments, of_duration) {
        return Ok(Value::Int(duration / unit));
    }
    let (days, seconds, nanoseconds) = in_zone(arguments)?;
    Ok(Value::Int(of_time(days, seconds, nanoseconds)))
}

macro_rules! parts {
    ($($name:ident $duration:expr, $of_time:expr;)*) => {
        $(pub(in super::super) fn $name<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
            part(arguments, $of_time, $duration)
        })*
    };
}

parts! {
    full_year None, |days, _, _| Date::of_days(days).year;
    month None, |days, _, _| Date::of_days(days).month - 1;
    date None, |days, _, _| Date::of_days(days).day;
    day_of_month None, |days, _, _| Date::of_days(days).day - 1;
    day_of_year None, |days, _, _| {
        days - Date { year: Date::of_days(days).year, month: 1, day: 1 }.days()
    };
    day_of_week None, |days, _, _| (days + 4).rem_euclid(7);
    hours Some(3_600 * NANOSECONDS), |_, seconds, _| seconds / 3600;
    minutes Some(60 * NANOSECONDS), |_, seconds, _| seconds / 60 % 60;
    seconds Some(NANOSECONDS), |_, seconds, _| seconds % 60;
    milliseconds Some(1_000_000), |_, _, nanoseconds| i64::from(nanoseconds / 1_000_000);
}
