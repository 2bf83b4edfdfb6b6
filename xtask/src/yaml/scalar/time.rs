//! Dates and times as go-yaml recognises them and as Go's JSON writes them.
//!
//! Source: the four layouts of go-yaml, read with the leniency of Go's `time.Parse`.

use std::fmt::Write as _;

/// A point in time with the clock of its zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Time {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of Greenwich.
    offset: i32,
}

impl Time {
    /// Reads `2001-1-1`, `2001-1-1T1:2:3.4+05:30`, the same with `t`, or `2001-1-1 1:2:3.4`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // Most numbers end here.
        let (year, rest) = text.split_at_checked(4)?;
        let rest = rest.strip_prefix('-')?;
        if !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (month, rest) = one_or_two_digits(rest)?;
        let (day, rest) = one_or_two_digits(rest.strip_prefix('-')?)?;
        let mut time = Self { year: year.parse().ok()?, month, day, ..Self::default() };
        if !(1..=12).contains(&month) || day < 1 || day > time.days_in_month() {
            return None;
        }
        if rest.is_empty() {
            return Some(time);
        }
        if let Some(clock) = rest.strip_prefix(['T', 't']) {
            let zone = time.read_clock(clock)?;
            time.offset = parse_zone(zone)?;
            return Some(time);
        }
        // Any number of blanks stands for the one of the layout.
        let clock = rest.trim_start_matches(' ');
        if clock.len() == rest.len() || !time.read_clock(clock)?.is_empty() {
            return None;
        }
        Some(time)
    }

    /// Sets the time of day and returns what follows it.
    fn read_clock<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (hour, rest) = one_or_two_digits(text)?;
        let (minute, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
        let (second, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        (self.hour, self.minute, self.second) = (hour, minute, second);
        let Some(digits) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
        let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let (fraction, after) = digits.split_at_checked(end)?;
        if fraction.is_empty() {
            return Some(rest);
        }
        // Nanoseconds; what is finer is cut off.
        self.nanosecond = fraction
            .bytes()
            .chain(std::iter::repeat(b'0'))
            .take(9)
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        Some(after)
    }

    fn days_in_month(self) -> u32 {
        match self.month {
            2 => 28 + u32::from(self.is_leap_year()),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    fn is_leap_year(self) -> bool {
        let divides = |n: u32| self.year.is_multiple_of(n);
        divides(4) && (!divides(100) || divides(400))
    }

    /// As `encoding/json` writes it; `None` if the zone is a day or more away, which it refuses.
    pub(super) fn to_rfc3339(self) -> Option<String> {
        let Self { year, month, day, hour, minute, second, nanosecond, offset } = self;
        if offset.unsigned_abs() >= 24 * 60 {
            return None;
        }
        let mut out = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanosecond != 0 {
            let digits = format!("{nanosecond:09}");
            out.push('.');
            out.push_str(digits.trim_end_matches('0'));
        }
        if offset == 0 {
            out.push('Z');
        } else {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
                .expect("writing to a String never fails");
        }
        Some(out)
    }
}

/// `Z` or `+hh:mm`, in minutes; Go lets 24 hours and 60 minutes pass.
fn parse_zone(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let &[sign, h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    let hours = digit(h1)? * 10 + digit(h2)?;
    let minutes = digit(m1)? * 10 + digit(m2)?;
    if hours > 24 || minutes > 60 {
        return None;
    }
    match sign {
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

fn one_or_two_digits(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}
