//! Lengths of time such as `1h30m`.
//!
//! Source: `time.ParseDuration` of Go, whose fractions are numbers of 64 bits with a floating point.

use super::text::{Fault, Verdict, leading_number, not_empty};

/// A unit and its nanoseconds.
type Unit = (&'static str, u64);

/// The units of Go.
const UNITS: &[Unit] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A length that fits in 64 bits of nanoseconds.
pub(super) fn duration(text: &str) -> Verdict {
    parse(text, &[]).map(|_| ())
}

/// The nanoseconds of a length; `None` if it is none, or more than 64 bits. `more` are units beside
/// those of Go.
pub fn nanoseconds(text: &str, more: &[Unit]) -> Option<i64> {
    parse(text, more).ok()
}

fn parse(text: &str, more: &[Unit]) -> Result<i64, Fault> {
    let too_long = || Fault::new("is longer than 292 years");
    let is_negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    not_empty(unsigned)?;
    let mut total = 0_u64;
    let mut rest = unsigned;
    while !rest.is_empty() {
        let (whole, fraction, after_number) = leading_number(rest);
        if whole.is_empty() && fraction.is_empty() {
            return Err(Fault::new("has no number where one belongs"));
        }
        let is_number = |character: char| character == '.' || character.is_ascii_digit();
        let (unit, next) =
            after_number.split_at(after_number.find(is_number).unwrap_or(after_number.len()));
        let Some((_, unit)) = UNITS.iter().chain(more).find(|(name, _)| *name == unit) else {
            return Err(Fault::new("has a number without a unit: ns, us, ms, s, m or h"));
        };
        let whole = if whole.is_empty() { Some(0) } else { whole.parse::<u64>().ok() };
        let whole = whole.and_then(|whole| whole.checked_mul(*unit)).ok_or_else(too_long)?;
        total = total
            .checked_add(whole)
            .and_then(|total| total.checked_add(part(fraction, *unit)))
            .filter(|total| *total <= i64::MIN.unsigned_abs())
            .ok_or_else(too_long)?;
        rest = next;
    }
    let total = i128::from(total);
    i64::try_from(if is_negative { -total } else { total }).map_err(|_| too_long())
}

/// The nanoseconds of what stands behind the point. Digits beyond 64 bits do not count.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is rounded as Go rounds it, and less than a unit"
)]
fn part(fraction: &str, unit: u64) -> u64 {
    let (mut digits, mut scale) = (0_u64, 1_f64);
    for digit in fraction.bytes() {
        let next = digits.checked_mul(10).and_then(|ten| ten.checked_add(u64::from(digit - b'0')));
        let Some(next) = next.filter(|next| *next <= i64::MIN.unsigned_abs()) else { break };
        digits = next;
        scale *= 10.0;
    }
    (digits as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_go() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("-1.5h", Some(-5_400_000_000_000)),
            ("0.3333333333333333333h", Some(1_200_000_000_000)),
            ("9007199254.740993ms", Some(9_007_199_254_740_993)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("2562047h47m16.854775807s", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("2562048h", None),
            ("", None),
            ("-", None),
            (".s", None),
            ("1", None),
            ("1d", None),
            ("1h 1m", None),
            ("1e3s", None),
        ] {
            assert_eq!(nanoseconds(text, &[]), expected, "{text}");
        }
        assert_eq!(nanoseconds("1d12h", &[("d", 86_400_000_000_000)]), Some(129_600_000_000_000));
    }
}
