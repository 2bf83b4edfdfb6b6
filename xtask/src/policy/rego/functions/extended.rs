//! Numbers with 64 bits of digits, as Go's `big.Float` has them by default.
//!
//! A float is read as the simplest fraction that it can stand for: what OPA has kept as `0.1` or as
//! a third is such a fraction, with more digits than the float has.

use std::cmp::Ordering;

/// A number that is zero, or has the highest bit of its digits set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extended {
    negative: bool,
    digits: u64,
    /// The power of two that the digits are multiplied with.
    exponent: i32,
}

impl Extended {
    const ZERO: Self = Self { negative: false, digits: 0, exponent: 0 };

    /// A float, if it is a finite one.
    pub fn of(float: f64) -> Option<Self> {
        if !float.is_finite() {
            return None;
        }
        let positive = match fraction(float.abs()) {
            Some((above, below)) => Self::whole(above).over(Self::whole(below))?,
            None => Self::exact(float.abs()),
        };
        Some(Self { negative: float.is_sign_negative(), ..positive })
    }

    fn whole(number: u64) -> Self {
        Self::rounded(false, u128::from(number), 0, false)
    }

    fn exact(float: f64) -> Self {
        let bits = float.to_bits();
        let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or_default();
        let digits = bits & ((1 << 52) - 1);
        let (digits, exponent) =
            if exponent == 0 { (digits, 1) } else { (digits | (1 << 52), exponent) };
        Self::rounded(false, u128::from(digits), exponent - 1075, false)
    }

    /// Takes the highest 64 bits, to the nearest even; `rest` is whether anything is behind them.
    fn rounded(negative: bool, digits: u128, exponent: i32, rest: bool) -> Self {
        if digits == 0 {
            return Self::ZERO;
        }
        let zeros = digits.leading_zeros();
        let digits = digits << zeros;
        let (high, low) = (halved(digits), digits & u128::from(u64::MAX));
        let half = 1_u128 << 63;
        let up = match low.cmp(&half) {
            Ordering::Less => false,
            Ordering::Equal => rest || high & 1 == 1,
            Ordering::Greater => true,
        };
        let exponent = exponent + 64 - i32::try_from(zeros).unwrap_or_default();
        match high.checked_add(u64::from(up)) {
            Some(digits) => Self { negative, digits, exponent },
            None => Self { negative, digits: 1 << 63, exponent: exponent + 1 },
        }
    }

    pub fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    pub fn times(self, other: Self) -> Self {
        let digits = u128::from(self.digits) * u128::from(other.digits);
        let exponent = self.exponent + other.exponent;
        Self::rounded(self.negative != other.negative, digits, exponent, false)
    }

    /// Nothing where the other one is zero.
    pub fn over(self, other: Self) -> Option<Self> {
        let divisor = u128::from(other.digits);
        let dividend = u128::from(self.digits) << 64;
        let (digits, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
        // The quotient has 64 bits or one more; those behind them decide how it is rounded.
        let (behind, rest) = ((rest << 32) / divisor, (rest << 32) % divisor);
        let exponent = self.exponent - other.exponent - 96;
        let negative = self.negative != other.negative;
        Some(Self::rounded(negative, (digits << 32) | behind, exponent, rest > 0))
    }

    pub fn plus(self, other: Self) -> Self {
        let (large, small) = if (self.exponent, self.digits) >= (other.exponent, other.digits) {
            (self, other)
        } else {
            (other, self)
        };
        if small.digits == 0 || large.digits == 0 {
            return if large.digits == 0 { small } else { large };
        }
        // Three bits more than the digits, so that a carry fits, too.
        let shift = u32::try_from(large.exponent - small.exponent).unwrap_or(u32::MAX);
        let wide = u128::from(large.digits) << 62;
        let narrow = u128::from(small.digits) << 62;
        let moved = narrow.checked_shr(shift).unwrap_or(0);
        let lost = moved.checked_shl(shift).is_none_or(|back| back != narrow);
        let digits = if large.negative == small.negative {
            wide + moved
        } else {
            wide - moved - u128::from(lost)
        };
        Self::rounded(large.negative, digits, large.exponent - 62, lost)
    }

    /// The nearest float.
    pub fn to_float(self) -> f64 {
        let digits = if self.negative { -as_float(self.digits) } else { as_float(self.digits) };
        // In two steps: a power that is too small for a float may still fit together with the digits.
        let half = self.exponent / 2;
        digits * 2_f64.powi(half) * 2_f64.powi(self.exponent - half)
    }
}

fn halved(digits: u128) -> u64 {
    (digits >> 64) as u64
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded to the nearest")]
fn as_float(digits: u64) -> f64 {
    digits as f64
}

/// The fraction with the smallest numbers that is nearest to no other float, if they are small enough.
fn fraction(float: f64) -> Option<(u64, u64)> {
    const LARGEST: u64 = 1_000_000_000_000_000;
    let exact = Extended::exact(float);
    // What is far from one has no fraction with small numbers.
    let power = u32::try_from(-exact.exponent).ok().filter(|power| *power < 127)?;
    let (mut above, mut below) = (u128::from(exact.digits), 1_u128 << power);
    // The fractions that come nearer and nearer to it, by Euclid's algorithm.
    let (mut before, mut last) = ((0_u64, 1_u64), (1_u64, 0_u64));
    while below > 0 {
        let whole = u64::try_from(above / below).ok()?;
        let next = |one: u64, two: u64| {
            whole.checked_mul(one)?.checked_add(two).filter(|next| *next <= LARGEST)
        };
        (before, last) = (last, (next(last.0, before.0)?, next(last.1, before.1)?));
        if (as_float(last.0) / as_float(last.1)).to_bits() == float.to_bits() {
            return Some(last);
        }
        (above, below) = (below, above % below);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(float: f64) -> Extended {
        Extended::of(float).unwrap()
    }

    #[test]
    fn a_number_stays_itself() {
        for float in [0.0, 1.0, 0.1, -2.5, 1e300, -1e-300, 5e-324, f64::MAX, 1.0 / 3.0, 1e15 + 0.5]
        {
            assert_eq!(of(float).to_float().to_bits(), float.to_bits(), "{float}");
        }
        assert_eq!(Extended::of(f64::NAN), None);
    }

    #[test]
    fn results_are_those_of_more_digits() {
        let check = |found: Extended, expected: f64| {
            assert_eq!(found.to_float().to_bits(), expected.to_bits(), "{expected}");
        };
        check(of(0.1).plus(of(0.2)), 0.3);
        check(of(2.0 / 3.0).times(of(3.0)), 2.0);
        check(of(3.3).over(of(1.1)).unwrap(), 3.0);
        check(of(100.0).plus(of(99.99).negated()), 0.010_000_000_000_000_002);
        check(of(1.0).plus(of(1.0).negated()), 0.0);
        assert_eq!(of(1.0).over(of(0.0)), None);
    }
}
