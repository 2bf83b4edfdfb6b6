//! Arithmetic. OPA reads numbers as decimals and calculates with 64 bits of digits, of which a float
//! has 53, so that `0.1 + 0.2` is `0.3`: see [`Extended`].

use regorus::Value;

use super::{Function, Outcome, elements, extended::Extended, guarded::native};
use crate::policy::rego::{limits::spend, signatures::CHAIN};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    (CHAIN, 2, chain),
    // OPA rounds what is behind the dot away from 0 or towards it by whether the digits before it are
    // negative, which those of -0.5 are not.
    ("ceil", 1, |arguments| Ok(rounded("ceil", arguments, 1))),
    ("floor", 1, |arguments| Ok(rounded("floor", arguments, 0))),
    ("plus", 2, |arguments| calculate(arguments, Operator::Plus)),
    ("minus", 2, |arguments| calculate(arguments, Operator::Minus)),
    ("mul", 2, |arguments| calculate(arguments, Operator::Times)),
    ("div", 2, |arguments| calculate(arguments, Operator::Over)),
    ("rem", 2, |arguments| calculate(arguments, Operator::Modulo)),
    ("product", 1, product),
    ("sum", 1, sum),
];

/// Rounds; numbers between -1 and 0 have a result of their own.
fn rounded(name: &str, arguments: &[Value], small: i64) -> Option<Value> {
    let number = arguments.first().and_then(wide);
    if number.is_some_and(|number| number > -1.0 && number < 0.0) {
        return Some(Value::from(small));
    }
    native(name, arguments)
}

#[derive(Clone, Copy)]
enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}

fn calculate(arguments: &[Value], operator: Operator) -> Outcome {
    let (Some(left), Some(right)) = (arguments.first(), arguments.get(1)) else { return Ok(None) };
    operate(left, right, operator)
}

fn operate(left: &Value, right: &Value, operator: Operator) -> Outcome {
    if let (Operator::Minus, Value::Set(left), Value::Set(right)) = (operator, left, right) {
        return Ok(Some(left.difference(right).into_value()));
    }
    let (Value::Number(a), Value::Number(b)) = (left, right) else { return Ok(None) };
    if a.as_i64().is_none() || b.as_i64().is_none() {
        let (Some(x), Some(y)) = (wide(left), wide(right)) else { return too_large() };
        if !a.is_integer() || !b.is_integer() {
            return Ok(floats(x, y, operator).map(number));
        }
        // Whole numbers stay exact as long as they are numbers that can be printed.
        if matches!(operator, Operator::Times) && !(x * y).is_finite() {
            return too_large();
        }
    }
    let result = match operator {
        Operator::Plus => a.add(b),
        Operator::Minus => a.sub(b),
        Operator::Times => a.mul(b),
        Operator::Over => a.clone().divide(b),
        Operator::Modulo => a.clone().modulo(b),
    };
    Ok(result.ok().map(Value::from))
}

fn too_large() -> Outcome {
    Err("a number is too large".to_owned())
}

/// As a float, if it is a finite one.
fn wide(value: &Value) -> Option<f64> {
    let Value::Number(number) = value else { return None };
    let wide = number.as_f64().or_else(|| number.format_decimal().parse().ok())?;
    wide.is_finite().then_some(wide)
}

/// A float without a fraction is a whole number.
#[expect(clippy::cast_possible_truncation, reason = "the number is whole and fits")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

fn floats(left: f64, right: f64, operator: Operator) -> Option<f64> {
    let (left, right) = (Extended::of(left)?, Extended::of(right)?);
    let result = match operator {
        Operator::Plus => left.plus(right),
        Operator::Minus => left.plus(right.negated()),
        Operator::Times => left.times(right),
        Operator::Over => left.over(right)?,
        // OPA has it for whole numbers only.
        Operator::Modulo => return None,
    };
    Some(result.to_float()).filter(|result| result.is_finite())
}

/// `digits` times ten to the power of `exponent`.
#[derive(Clone, Copy)]
pub(super) struct Decimal {
    pub digits: i128,
    pub exponent: i32,
}

impl Decimal {
    /// Digits, of which some may be behind a dot, and an exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 = exponent.parse().ok()?;
        Some(Self {
            digits: format!("{whole}{decimals}").parse().ok()?,
            exponent: exponent.checked_sub(i32::try_from(decimals.len()).ok()?)?,
        })
    }

    /// The product.
    pub fn scaled(self, other: Self) -> Option<Self> {
        Some(Self {
            digits: self.digits.checked_mul(other.digits)?,
            exponent: self.exponent.checked_add(other.exponent)?,
        })
    }

    /// Without what is behind the dot.
    pub fn truncated(self) -> Self {
        let power = self.exponent.checked_neg().and_then(|power| u32::try_from(power).ok());
        let Some(power) = power else { return self };
        let digits = 10_i128.checked_pow(power).map_or(0, |divisor| self.digits / divisor);
        Self { digits, exponent: 0 }
    }

    /// As an integer, if it is one without doubt.
    pub fn whole(self) -> Option<i128> {
        let power = u32::try_from(self.exponent).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(power)?)
    }

    /// As a value.
    pub fn value(self) -> Value {
        match self.whole().map(i64::try_from) {
            Some(Ok(whole)) => Value::from(whole),
            Some(Err(_)) => {
                let digits = self.whole().unwrap_or_default().to_string();
                Value::from_json_str(&digits).unwrap_or(Value::Undefined)
            }
            None => self.to_float().map_or(Value::Undefined, number),
        }
    }

    fn to_float(self) -> Option<f64> {
        let text = format!("{}e{}", self.digits, self.exponent);
        text.parse().ok().filter(|float: &f64| float.is_finite())
    }
}

/// Operators and their operands, from left to right.
fn chain(arguments: &[Value]) -> Outcome {
    let (Some(Value::String(operators)), Some(Value::Array(operands))) =
        (arguments.first(), arguments.get(1))
    else {
        return Ok(None);
    };
    let mut operands = operands.iter();
    let mut result = operands.next().cloned();
    for (operator, right) in operators.chars().zip(operands) {
        let Some(left) = result else { return Ok(None) };
        if let (Value::Set(left), Value::Set(right)) = (&left, right) {
            spend(24 * (left.len() + right.len()))?;
        }
        result = match (operator, &left, right) {
            ('&', Value::Set(left), Value::Set(right)) => {
                Some(left.intersection(right).into_value())
            }
            ('|', Value::Set(left), Value::Set(right)) => Some(left.union(right).into_value()),
            ('+', ..) => operate(&left, right, Operator::Plus)?,
            ('-', ..) => operate(&left, right, Operator::Minus)?,
            ('*', ..) => operate(&left, right, Operator::Times)?,
            ('/', ..) => operate(&left, right, Operator::Over)?,
            ('%', ..) => operate(&left, right, Operator::Modulo)?,
            _ => None,
        };
    }
    Ok(result)
}

fn product(arguments: &[Value]) -> Outcome {
    fold(arguments, Value::from(1), Operator::Times)
}

fn sum(arguments: &[Value]) -> Outcome {
    fold(arguments, Value::from(0), Operator::Plus)
}

fn fold(arguments: &[Value], start: Value, operator: Operator) -> Outcome {
    let Some(items) = elements(arguments.first()) else { return Ok(None) };
    let mut result = start;
    for item in items {
        match operate(&result, item, operator)? {
            Some(next) => result = next,
            None => return Ok(None),
        }
    }
    Ok(Some(result))
}
