//! Quantities: `500m`, `1.5Gi`, `2e3`.
//!
//! Source: `ParseQuantity` of `k8s.io/apimachinery/pkg/api/resource`. One difference is meant: the
//! server takes a quantity without a digit, such as `m` or `.`, for 0; this refuses it.
//!
//! Invariant: no floating point. A value is a decimal number of any length, so that comparison is exact.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Format;
use super::text::{Fault, Shown, Verdict, leading_number};

pub(super) fn any(text: &str) -> Verdict {
    Parts::scan(text).map(|_| ())
}

pub(super) fn non_negative(text: &str) -> Verdict {
    if Parts::scan(text)?.is_negative() { Err(Fault::new("is below 0")) } else { Ok(()) }
}

pub(super) fn positive(text: &str) -> Verdict {
    let parts = Parts::scan(text)?;
    if parts.is_negative() {
        Err(Fault::new("is below 0"))
    } else if parts.is_zero() {
        Err(Fault::new("is 0"))
    } else {
        Ok(())
    }
}

/// What a unit or an exponent multiplies a number with.
#[derive(Clone, Copy)]
enum Scale {
    /// A power of ten.
    Decimal(i32),
    /// A power of two.
    Binary(u32),
}

/// The parts of a quantity's text.
struct Parts<'a> {
    has_minus: bool,
    whole: &'a str,
    fraction: &'a str,
    scale: Scale,
}

impl<'a> Parts<'a> {
    fn scan(text: &'a str) -> Result<Self, Fault> {
        let text = text.trim_matches(' ');
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction, suffix) = leading_number(unsigned);
        if whole.is_empty() && fraction.is_empty() {
            return Err(Fault::new("does not start with a number"));
        }
        let scale = Scale::of(suffix).ok_or_else(|| unknown_suffix(suffix))?;
        Ok(Self { has_minus: text.starts_with('-'), whole, fraction, scale })
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes()).map(|byte| byte - b'0')
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == 0)
    }

    fn is_negative(&self) -> bool {
        self.has_minus && !self.is_zero()
    }
}

impl Scale {
    fn of(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "" => Self::Decimal(0),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            _ => {
                let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the server reads 64 bits and keeps the lower 32"
                )]
                let exponent = exponent as i32;
                Self::Decimal(exponent)
            }
        })
    }
}

/// What to say of a suffix that is no unit, with the unit that is meant where that is plain.
fn unknown_suffix(suffix: &str) -> Fault {
    let meant = match suffix {
        "K" | "KB" | "kB" | "kb" => "`k` (1000) or `Ki` (1024)",
        "MB" | "mb" => "`M` (1000²) or `Mi` (1024²)",
        "g" | "GB" | "gb" => "`G` (1000³) or `Gi` (1024³)",
        "t" | "TB" | "tb" => "`T` (1000⁴) or `Ti` (1024⁴)",
        "KiB" | "kib" | "ki" => "`Ki`",
        "MiB" | "mib" | "mi" => "`Mi`",
        "GiB" | "gib" | "gi" => "`Gi`",
        "TiB" | "tib" | "ti" => "`Ti`",
        _ => {
            let first = suffix.chars().next().unwrap_or(' ');
            return Fault::new(format!("has {} where its unit would start", Shown(first)));
        }
    };
    Fault::new(format!("has `{suffix}` where {meant} may be meant"))
}

/// A quantity's value: rounded away from 0 to a multiple of 10⁻⁹, and one with a binary unit at
/// most 2⁶³-1, as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// `false` for zero.
    is_negative: bool,
    /// The decimal digits, the most significant first, without zeros at either end; none for zero.
    digits: Vec<u8>,
    /// The power of ten of the last digit; 0 for zero.
    exponent: i64,
}

/// The power of ten that values are rounded to.
const LEAST_EXPONENT: i64 = -9;

impl Quantity {
    /// The value of a text with the syntax of [`Format::Quantity`]; else what it must be.
    pub fn parse(text: &str) -> Result<Self, Cow<'static, str>> {
        let parts = Parts::scan(text).map_err(|fault| Format::Quantity.message(&fault))?;
        let fraction = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
        let digits: Vec<u8> = parts.digits().collect();
        let magnitude = match parts.scale {
            Scale::Decimal(power) => {
                Self::new(digits, i64::from(power).saturating_sub(fraction)).rounded_up()
            }
            Scale::Binary(power) => {
                let product = multiply(&digits, 1 << power);
                Self::new(product, -fraction).rounded_up().min(Self::greatest_binary())
            }
        };
        Ok(Self { is_negative: parts.is_negative(), ..magnitude })
    }

    pub fn is_negative(&self) -> bool {
        self.is_negative
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The nearest double; infinite if it is beyond all of them.
    pub fn approximate(&self) -> f64 {
        let digits: String = self.digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let sign = if self.is_negative { "-" } else { "" };
        format!("{sign}0{digits}e{}", self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The value with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { is_negative: !self.is_negative && !self.is_zero(), ..self }
    }

    /// The sum. None if the powers of ten are so far apart that it would have too many digits.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        const DIGITS: usize = 200;
        if self.is_zero() || other.is_zero() {
            return Some(if self.is_zero() { other.clone() } else { self.clone() });
        }
        let exponent = self.exponent.min(other.exponent);
        // The digits from the last one on, all of them with the same power of ten.
        let aligned = |one: &Self| -> Option<Vec<u8>> {
            let zeros = usize::try_from(one.exponent.saturating_sub(exponent)).ok()?;
            if zeros.saturating_add(one.digits.len()) > DIGITS {
                return None;
            }
            let digits = one.digits.iter().rev().copied();
            Some(std::iter::repeat_n(0, zeros).chain(digits).collect())
        };
        let (greater, lesser) = match self.cmp_magnitude(other) {
            Ordering::Less => (other, self),
            Ordering::Equal | Ordering::Greater => (self, other),
        };
        let is_sum = self.is_negative == other.is_negative;
        let mut digits = aligned(greater)?;
        let mut carry = 0_i8;
        let mut rest = aligned(lesser)?.into_iter();
        for digit in &mut digits {
            let next = i8::try_from(rest.next().unwrap_or(0)).unwrap_or(0);
            let own = i8::try_from(*digit).unwrap_or(0);
            let value = if is_sum { own + next + carry } else { own - next - carry };
            carry = i8::from(if is_sum { value > 9 } else { value < 0 });
            *digit = u8::try_from(value.rem_euclid(10)).unwrap_or(0);
        }
        if carry > 0 {
            digits.push(1);
        }
        digits.reverse();
        let sum = Self::new(digits, exponent);
        let is_negative = greater.is_negative && !sum.is_zero();
        Some(Self { is_negative, ..sum })
    }

    /// The whole number that is nearest above the magnitude, with its sign, and whether it is the
    /// value itself. None if it does not fit.
    pub fn whole(&self) -> Option<(i128, bool)> {
        self.scaled(0)
    }

    /// The value in thousandths, rounded away from 0. None if it does not fit.
    pub fn thousandths(&self) -> Option<i128> {
        self.scaled(3).map(|(value, _)| value)
    }

    /// The value times a power of ten, as [`Self::whole`] has it.
    fn scaled(&self, power: i64) -> Option<(i128, bool)> {
        let exponent = self.exponent.saturating_add(power);
        let places = usize::try_from(exponent.saturating_neg()).unwrap_or(0);
        let kept = self.digits.len().saturating_sub(places);
        let mut value = 0_i128;
        for digit in self.digits.iter().take(kept) {
            value = value.checked_mul(10)?.checked_add(i128::from(*digit))?;
        }
        let zeros = u32::try_from(exponent.max(0)).ok()?;
        value = value.checked_mul(10_i128.checked_pow(zeros)?)?;
        // The last digit is never 0, so what is cut off is something.
        let is_exact = places == 0 || self.is_zero();
        let value = if is_exact { value } else { value + 1 };
        Some((if self.is_negative { -value } else { value }, is_exact))
    }

    /// The non-negative number of these digits, times a power of ten.
    fn new(mut digits: Vec<u8>, mut exponent: i64) -> Self {
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
        digits.drain(..zeros);
        while digits.pop_if(|digit| *digit == 0).is_some() {
            exponent = exponent.saturating_add(1);
        }
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Self { is_negative: false, digits, exponent }
    }

    fn greatest_binary() -> Self {
        Self::new(multiply(&[1], i64::MAX.unsigned_abs()), 0)
    }

    /// The least multiple of 10⁻⁹ that is not below this magnitude.
    fn rounded_up(mut self) -> Self {
        let excess = LEAST_EXPONENT.saturating_sub(self.exponent);
        if self.is_zero() || excess <= 0 {
            return self;
        }
        let kept =
            usize::try_from(excess).map_or(0, |excess| self.digits.len().saturating_sub(excess));
        self.digits.truncate(kept);
        // The last digit that goes is not 0, so the value is between two multiples.
        let nines = self.digits.iter().rev().take_while(|&&digit| digit == 9).count();
        self.digits.truncate(kept - nines);
        match self.digits.last_mut() {
            Some(digit) => *digit += 1,
            None => self.digits.push(1),
        }
        let exponent = LEAST_EXPONENT + i64::try_from(nines).unwrap_or(i64::MAX);
        Self::new(self.digits, exponent)
    }

    /// Compares the values without their signs.
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        // The power of ten above the first digit.
        let height = |quantity: &Self| {
            let length = i64::try_from(quantity.digits.len()).unwrap_or(i64::MAX);
            quantity.exponent.saturating_add(length)
        };
        match (self.is_zero(), other.is_zero()) {
            (false, false) => {
                height(self).cmp(&height(other)).then_with(|| self.digits.cmp(&other.digits))
            }
            (is_zero, other_is_zero) => other_is_zero.cmp(&is_zero),
        }
    }
}

/// The digits of a product, the most significant first.
fn multiply(digits: &[u8], factor: u64) -> Vec<u8> {
    let mut carry = 0_u128;
    let mut product: Vec<u8> = Vec::with_capacity(digits.len() + 20);
    let mut push = |value: u128| {
        product.push(u8::try_from(value % 10).unwrap_or_default());
        value / 10
    };
    for &digit in digits.iter().rev() {
        carry = push(u128::from(digit) * u128::from(factor) + carry);
    }
    // What is carried is below 10²⁰.
    for _ in 0..20 {
        carry = push(carry);
    }
    product.reverse();
    product
}

impl From<i64> for Quantity {
    fn from(value: i64) -> Self {
        let digits = value.unsigned_abs().to_string().bytes().map(|byte| byte - b'0').collect();
        Self { is_negative: value < 0, ..Self::new(digits, 0) }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
            (is_negative, other_is_negative) => other_is_negative.cmp(&is_negative),
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).expect(text)
    }

    #[test]
    fn a_sum_is_exact() {
        for (a, b, sum) in [
            ("50k", "20k", "70k"),
            ("1", "-1", "0"),
            ("999", "1m", "999.001"),
            ("1Gi", "-1Mi", "1023Mi"),
            ("-3", "1.5", "-1.5"),
            ("0", "5", "5"),
            ("95", "5", "100"),
        ] {
            assert_eq!(quantity(a).plus(&quantity(b)), Some(quantity(sum)), "{a} + {b}");
            assert_eq!(quantity(b).plus(&quantity(a)), Some(quantity(sum)), "{b} + {a}");
        }
        assert_eq!(quantity("1e1000").plus(&quantity("1")), None);
        assert_eq!(Quantity::from(-50).negated(), quantity("50"));
        assert!((quantity("1.5Ki").approximate() - 1536.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_whole_number_is_told_from_a_fraction() {
        for (text, whole) in [
            ("0", Some((0, true))),
            ("1.5", Some((2, false))),
            ("-0.001", Some((-1, false))),
            ("2Ki", Some((2048, true))),
            ("1e3", Some((1000, true))),
            ("1e40", None),
        ] {
            assert_eq!(quantity(text).whole(), whole, "{text}");
        }
        assert_eq!(quantity("1.5").thousandths(), Some(1500));
        assert_eq!(quantity("0.1m").thousandths(), Some(1));
    }

    #[test]
    fn equal_values_are_equal_in_every_notation() {
        for (left, right) in [
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1Gi", "1073741824"),
            ("1.5Ki", "1536"),
            ("1E", "1e18"),
            ("-1k", "-1e3"),
            ("0", "-0.0Gi"),
            ("100", "1e2"),
            ("007", "+7."),
            (" 1 ", "1"),
            // Rounded up to a billionth, away from 0.
            ("0.1n", "1n"),
            ("-0.0000000001", "-1n"),
            ("1.0000000001", "1.000000001"),
            ("99.9999999991", "100"),
            ("1e-2147483648", "1n"),
            // A binary unit ends below 2⁶³; a decimal one does not.
            ("8Ei", "9223372036854775807"),
            ("-100Ei", "-9223372036854775807"),
            ("9300P", "9300000000000000000"),
            // The lower 32 bits of the exponent count.
            ("1e4294967296", "1"),
        ] {
            assert_eq!(quantity(left), quantity(right), "{left} {right}");
            assert_eq!(quantity(left).cmp(&quantity(right)), Ordering::Equal, "{left} {right}");
        }
    }

    #[test]
    fn values_of_any_size_have_an_order() {
        let ascending = [
            "-1e2147483647",
            "-10Ei",
            "-1",
            "-999m",
            "-1n",
            "0",
            "1n",
            "999m",
            "1",
            "1.000000001",
            "1k",
            "1Ki",
            "1023Mi",
            "1Gi",
            "7Ei",
            "8Ei",
            "9223372036854775808",
            "123456789012345678901234567890",
            "1e30",
            "1e2147483647",
        ];
        for pair in ascending.windows(2) {
            assert!(quantity(pair[0]) < quantity(pair[1]), "{pair:?}");
            assert!(quantity(pair[1]) > quantity(pair[0]), "{pair:?}");
        }
    }

    #[test]
    fn signs_are_those_of_the_value() {
        for (text, is_negative, is_zero) in [
            ("-1n", true, false),
            ("-0.1n", true, false),
            ("-0", false, true),
            ("+1", false, false),
        ] {
            assert_eq!(quantity(text).is_negative(), is_negative, "{text}");
            assert_eq!(quantity(text).is_zero(), is_zero, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_told_what_is_wrong() {
        let message = Quantity::parse("1 Gi").expect_err("there is a space");
        assert!(message.ends_with("it has a space where its unit would start"), "{message}");
        assert!(Quantity::parse("").is_err());
    }

    /// Suffixes with what they multiply with, in parts of 10⁻⁹.
    const SUFFIXES: &[(&str, i128)] = &[
        ("n", 1),
        ("u", 1_000),
        ("m", 1_000_000),
        ("", 1_000_000_000),
        ("k", 1_000_000_000_000),
        ("e6", 1_000_000_000_000_000),
        ("E-9", 1),
        ("G", 1_000_000_000_000_000_000),
        ("E", 1_000_000_000_000_000_000_000_000_000),
        ("Ki", 1_000_000_000 << 10),
        ("Mi", 1_000_000_000 << 20),
        ("Pi", 1_000_000_000 << 50),
        ("Ei", 1_000_000_000 << 60),
    ];

    /// A quantity's text, and its value in parts of 10⁻⁹ by other means.
    fn quantities() -> impl Strategy<Value = (String, i128)> {
        let thousandths = prop_oneof![-20_000_i64..20_000, -100_000_000_i64..100_000_000];
        (thousandths, prop::sample::select(SUFFIXES)).prop_map(|(thousandths, (suffix, factor))| {
            let magnitude = thousandths.unsigned_abs();
            let sign = if thousandths < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}{suffix}", magnitude / 1000, magnitude % 1000);
            let mut value = (i128::from(magnitude) * factor + 999) / 1000;
            if suffix.ends_with('i') {
                value = value.min(i128::from(i64::MAX) * 1_000_000_000);
            }
            (text, if thousandths < 0 { -value } else { value })
        })
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_numbers(left in quantities(), right in quantities()) {
            let (left_quantity, right_quantity) = (quantity(&left.0), quantity(&right.0));
            prop_assert_eq!(left_quantity.cmp(&right_quantity), left.1.cmp(&right.1));
            prop_assert_eq!(left_quantity == right_quantity, left.1 == right.1);
            prop_assert_eq!(left_quantity.is_negative(), left.1 < 0);
            prop_assert_eq!(left_quantity.is_zero(), left.1 == 0);
            let format = Format::NonNegativeQuantity;
            prop_assert_eq!(format.check(&left.0).is_ok(), left.1 >= 0);
            let format = Format::PositiveQuantity;
            prop_assert_eq!(format.check(&left.0).is_ok(), left.1 > 0);
        }
    }
}
