//! Least and greatest numbers and multiples, as the schemas of custom kinds have them.
//!
//! Source: `kube-openapi/pkg/validation/validate/values.go`. The server reads a bound as a double
//! and compares a whole number with the bound's whole part.

use std::{borrow::Cow, cmp::Ordering};

use super::scalar;
use crate::yaml::Scalar;

/// The largest whole number up to which a double tells neighbours apart.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// What a number must be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Range {
    pub minimum: Option<Bound>,
    pub maximum: Option<Bound>,
    pub multiple_of: Option<f64>,
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub value: f64,
    /// Whether the end itself is outside.
    pub is_exclusive: bool,
}

/// A number as the server decodes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    Float(f64),
}

impl Number {
    /// The number of a scalar.
    pub fn of(scalar: &Scalar) -> Option<Self> {
        match scalar::integer(scalar).map(i64::try_from) {
            Some(Ok(whole)) => Some(Self::Whole(whole)),
            _ => scalar::float(scalar).map(Self::Float),
        }
    }

    /// The number of a JSON value.
    pub fn of_json(value: &serde_json::Number) -> Option<Self> {
        value.as_i64().map(Self::Whole).or_else(|| value.as_f64().map(Self::Float))
    }

    /// Whether the server takes it for a whole number.
    pub fn is_whole(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Float(value) => value.abs() <= SAFE && value.fract() == 0.0,
        }
    }
}

impl Range {
    /// Whether nothing is demanded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a number must be, if it is something else.
    pub fn broken_by(&self, number: Number) -> Option<Cow<'static, str>> {
        if let Some(bound) = self.minimum.filter(|bound| bound.is_broken_by(number, Ordering::Less))
        {
            let words = if bound.is_exclusive { "more than" } else { "at least" };
            return Some(format!("{words} {}", bound.value).into());
        }
        if let Some(bound) =
            self.maximum.filter(|bound| bound.is_broken_by(number, Ordering::Greater))
        {
            let words = if bound.is_exclusive { "less than" } else { "at most" };
            return Some(format!("{words} {}", bound.value).into());
        }
        let factor = self.multiple_of.filter(|factor| !is_multiple(number, *factor))?;
        Some(format!("a multiple of {factor}").into())
    }
}

impl Bound {
    /// Whether a number is on the side of this end that is outside.
    fn is_broken_by(self, number: Number, outside: Ordering) -> bool {
        let order = match number {
            // The cast saturates, far beyond every number.
            #[expect(clippy::cast_possible_truncation, reason = "the server drops the fraction")]
            Number::Whole(value) => Some(i128::from(value).cmp(&(self.value as i128))),
            Number::Float(value) => value.partial_cmp(&self.value),
        };
        order == Some(outside) || order == Some(Ordering::Equal) && self.is_exclusive
    }
}

fn is_multiple(number: Number, factor: f64) -> bool {
    match number {
        Number::Whole(value) if factor >= 1.0 && factor.fract() == 0.0 && factor <= SAFE => {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            let factor = factor as i64;
            value.checked_rem(factor) == Some(0)
        }
        #[expect(clippy::cast_precision_loss, reason = "the server divides doubles")]
        Number::Whole(value) => whole_quotient(value as f64, factor),
        Number::Float(value) => whole_quotient(value, factor),
    }
}

fn whole_quotient(value: f64, factor: f64) -> bool {
    let quotient = if factor < 1.0 { 1.0 / factor * value } else { value / factor };
    // As near to a whole number as the rounding of the division allows.
    let near = (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0);
    near && quotient.abs() <= SAFE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(minimum: Option<(f64, bool)>, maximum: Option<(f64, bool)>) -> Range {
        let bound = |(value, is_exclusive)| Bound { value, is_exclusive };
        Range { minimum: minimum.map(bound), maximum: maximum.map(bound), multiple_of: None }
    }

    #[test]
    fn ends_are_inside_unless_they_are_exclusive() {
        let closed = range(Some((1.0, false)), Some((10.0, false)));
        let open = range(Some((1.0, true)), Some((10.0, true)));
        for (value, in_closed, in_open) in [
            (0, false, false),
            (1, true, false),
            (2, true, true),
            (10, true, false),
            (11, false, false),
        ] {
            assert_eq!(closed.broken_by(Number::Whole(value)).is_none(), in_closed, "{value}");
            assert_eq!(open.broken_by(Number::Whole(value)).is_none(), in_open, "{value}");
        }
        assert_eq!(closed.broken_by(Number::Whole(0)).unwrap(), "at least 1");
        assert_eq!(open.broken_by(Number::Whole(10)).unwrap(), "less than 10");
        assert!(closed.broken_by(Number::Whole(i64::MAX)).is_some());
        assert!(range(Some((0.0, false)), None).broken_by(Number::Whole(i64::MIN)).is_some());
    }

    #[test]
    fn a_fraction_is_compared_with_fractions_and_a_whole_number_with_the_whole_part() {
        let half = range(Some((0.5, false)), Some((99.5, false)));
        assert!(half.broken_by(Number::Float(0.4)).is_some());
        assert!(half.broken_by(Number::Float(0.5)).is_none());
        assert_eq!(half.broken_by(Number::Float(99.6)).unwrap(), "at most 99.5");
        assert!(half.broken_by(Number::Whole(0)).is_none());
        assert!(half.broken_by(Number::Whole(100)).is_some());
    }

    #[test]
    fn multiples_are_found_without_being_fooled_by_rounding() {
        let of = |factor| Range { multiple_of: Some(factor), ..Range::default() };
        assert!(of(5.0).broken_by(Number::Whole(15)).is_none());
        assert_eq!(of(5.0).broken_by(Number::Whole(16)).unwrap(), "a multiple of 5");
        assert!(of(0.1).broken_by(Number::Float(0.3)).is_none());
        assert!(of(0.1).broken_by(Number::Float(0.35)).is_some());
        assert!(of(0.5).broken_by(Number::Whole(3)).is_none());
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        assert!(Number::Float(3.0).is_whole());
        assert!(!Number::Float(3.5).is_whole());
        assert!(!Number::Float(1e20).is_whole());
    }
}
