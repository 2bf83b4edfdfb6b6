//! Amounts, such as `500m`, and what amounts and versions have in common.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/quantity.go`.

use std::{cmp::Ordering, rc::Rc};

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::{Library, Value},
    },
    text,
};
use crate::formats::Quantity;

fn amount<'b>(arguments: &'b [Value<'_>]) -> Result<&'b Quantity, Error> {
    match arguments {
        [Value::Library(Library::Quantity(amount))] => Ok(amount),
        _ => Err(Error::no_overload()),
    }
}

/// Unlike in an object, blanks around it are not allowed.
fn parsed(text: &str) -> Option<Quantity> {
    Quantity::parse(text).ok().filter(|_| text.trim() == text)
}

/// Why a text is none, in the words of `resource.ParseQuantity`.
fn fault(text: &str) -> &'static str {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = unsigned.strip_suffix(suffix).unwrap_or_default();
    let power = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    let has_form = !number.is_empty()
        && number.matches('.').count() < 2
        && power.bytes().all(|byte| byte.is_ascii_digit());
    if has_form {
        "unable to parse quantity's suffix"
    } else {
        "quantities must match the regular expression \
         '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    }
}

fn made<'a>(amount: Quantity) -> Value<'a> {
    Value::Library(Library::Quantity(Rc::new(amount)))
}

pub(in super::super) fn quantity<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let text = text(arguments)?;
    budget.charge_bytes(text.len())?;
    parsed(text).map(made).ok_or_else(|| Error::new(fault(text)))
}

pub(in super::super) fn is_quantity<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let text = text(arguments)?;
    budget.charge_bytes(text.len())?;
    Ok(Value::Bool(parsed(text).is_some()))
}

pub(in super::super) fn sign<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let amount = amount(arguments)?;
    Ok(Value::Int(match (amount.is_zero(), amount.is_negative()) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    }))
}

pub(in super::super) fn as_approximate_float<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Double(amount(arguments)?.approximate()))
}

fn whole(amount: &Quantity) -> Option<i64> {
    let (value, is_exact) = amount.whole()?;
    i64::try_from(value).ok().filter(|_| is_exact)
}

pub(in super::super) fn as_integer<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let whole = whole(amount(arguments)?);
    whole.map(Value::Int).ok_or_else(|| Error::new("cannot convert value to integer"))
}

pub(in super::super) fn is_integer<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(whole(amount(arguments)?).is_some()))
}

pub(in super::super) fn add<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    sum(budget, arguments, false)
}

pub(in super::super) fn subtract<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    sum(budget, arguments, true)
}

fn sum<'a>(budget: &mut Budget, arguments: &[Value<'a>], is_minus: bool) -> Evaluated<'a> {
    budget.charge(10)?;
    let (a, b) = match arguments {
        [Value::Library(Library::Quantity(a)), Value::Library(Library::Quantity(b))] => {
            (a, (**b).clone())
        }
        [Value::Library(Library::Quantity(a)), Value::Int(b)] => (a, Quantity::from(*b)),
        _ => return Err(Error::no_overload()),
    };
    let sum = a.plus(&if is_minus { b.negated() } else { b });
    sum.map(made).ok_or_else(|| Error::new("the quantities are too far apart"))
}

fn compare(arguments: &[Value<'_>]) -> Result<Ordering, Error> {
    match arguments {
        [Value::Library(Library::Quantity(a)), Value::Library(Library::Quantity(b))] => {
            Ok(a.cmp(b))
        }
        [Value::Library(Library::Semver(a)), Value::Library(Library::Semver(b))] => {
            Ok(a.compare(b))
        }
        _ => Err(Error::no_overload()),
    }
}

pub(in super::super) fn is_greater_than<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Bool(compare(arguments)?.is_gt()))
}

pub(in super::super) fn is_less_than<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(compare(arguments)?.is_lt()))
}

pub(in super::super) fn compare_to<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Int(match compare(arguments)? {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}
