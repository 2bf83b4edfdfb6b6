//! What operators do: equality, order, arithmetic.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`, and `google/cel-go`, `common/types`; for lists that
//! are declared to be sets or maps `k8s.io/apiserver/pkg/cel/common/values.go`.

use std::cmp::Ordering;

use super::{
    error::{Budget, Error},
    functions::Evaluated,
    library::time::Timestamp,
    overload,
    shape::ListKind,
    value::{Library, List, Map, Value},
};

/// Whether two values are equal. Values of types that do not go together are not.
pub(super) fn equal(budget: &mut Budget, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Error> {
    budget.charge(1)?;
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => {
            budget.charge_bytes(a.as_str().len().min(b.as_str().len()))?;
            a.as_str() == b.as_str()
        }
        (Value::List(a), Value::List(b)) => return equal_lists(budget, a, b),
        (Value::Map(a), Value::Map(b)) => return equal_maps(budget, a, b),
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => return equal(budget, a, b),
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Library(a), Value::Library(b)) => match (a, b) {
            (Library::Quantity(a), Library::Quantity(b)) => a == b,
            (Library::Url(a), Library::Url(b)) => a == b,
            (Library::Ip(a), Library::Ip(b)) => a == b,
            (Library::Cidr(a), Library::Cidr(b)) => a == b,
            (Library::Semver(a), Library::Semver(b)) => {
                a.compare(b) == Ordering::Equal && a.build == b.build
            }
            (Library::Format(a), Library::Format(b)) => a == b,
            _ => false,
        },
        _ => order(a, b) == Ok(Some(Ordering::Equal)),
    })
}

fn equal_lists(budget: &mut Budget, a: &List<'_>, b: &List<'_>) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a.kind() {
        ListKind::Atomic => {
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(budget, &a?, &b?)? {
                    return Ok(false);
                }
            }
        }
        ListKind::Set => {
            for b in b.iter() {
                if !contains(budget, a, &b?)? {
                    return Ok(false);
                }
            }
        }
        ListKind::Map(keys) => {
            for b in b.iter() {
                let b = b?;
                let Some(at) = position(budget, a, &b, keys)? else { return Ok(false) };
                let Some(a) = a.get(at) else { return Ok(false) };
                if !equal(budget, &a?, &b)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Whether a list has an item.
pub(super) fn contains(
    budget: &mut Budget,
    list: &List<'_>,
    item: &Value<'_>,
) -> Result<bool, Error> {
    for one in list.iter() {
        if equal(budget, &one?, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the item with the same keys is.
fn position(
    budget: &mut Budget,
    list: &List<'_>,
    item: &Value<'_>,
    keys: &[crate::yaml::Text],
) -> Result<Option<usize>, Error> {
    let field = |value: &Value<'_>, key: &str| match value {
        Value::Map(map) => map.get(key).and_then(Result::ok).map_or(Value::Null, into_static),
        _ => Value::Null,
    };
    for (at, one) in list.iter().enumerate() {
        let one = one?;
        let mut is_same = true;
        for key in keys {
            is_same = is_same && equal(budget, &field(&one, key), &field(item, key))?;
        }
        if is_same {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A key of a list, which is a scalar, for as long as is wanted.
fn into_static(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Bool(value) => Value::Bool(value),
        Value::Int(value) => Value::Int(value),
        Value::Double(value) => Value::Double(value),
        Value::String(text) => Value::string(text.as_str()),
        _ => Value::Null,
    }
}

fn equal_maps(budget: &mut Budget, a: &Map<'_>, b: &Map<'_>) -> Result<bool, Error> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for key in a.keys() {
        let (Some(of_a), Some(of_b)) = (find(budget, a, &key)?, find(budget, b, &key)?) else {
            return Ok(false);
        };
        if !equal(budget, &of_a, &of_b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value of a key.
pub(super) fn find<'a>(
    budget: &mut Budget,
    map: &Map<'a>,
    key: &Value<'_>,
) -> Result<Option<Value<'a>>, Error> {
    budget.charge(map.cost())?;
    if let Value::String(key) = key {
        return map.get(key.as_str()).transpose();
    }
    let Some(entries) = map.made() else { return Ok(None) };
    for (one, value) in entries {
        if order(one, key) == Ok(Some(Ordering::Equal)) {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

/// How two values are ordered; None for what is no number. An error if they cannot be compared.
fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Option<Ordering>, Error> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Int(a), Value::Double(b)) => order_double(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => order_double(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => {
            order_double(i128::from(*b), *a).map(Ordering::reverse)
        }
        (Value::Double(a), Value::Uint(b)) => {
            order_double(i128::from(*b), *a).map(Ordering::reverse)
        }
        (Value::String(a), Value::String(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        _ => return Err(Error::no_overload()),
    })
}

fn order_double(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it saturates, far beyond every number")]
    let floor = double.floor() as i128;
    let order = whole.cmp(&floor);
    Some(if order == Ordering::Equal && double.fract() != 0.0 { Ordering::Less } else { order })
}

/// The order of two values that an operator compares.
pub(super) fn compare(
    budget: &mut Budget,
    a: &Value<'_>,
    b: &Value<'_>,
) -> Result<Option<Ordering>, Error> {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        budget.charge_bytes(a.as_str().len().min(b.as_str().len()))?;
    }
    order(a, b)
}

macro_rules! comparison {
    ($($name:ident $order:ident $is:expr;)*) => {
        $(pub(super) fn $name<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
            let [a, b] = arguments else { return Err(Error::no_overload()) };
            Ok(Value::Bool(compare(budget, a, b)?.is_some_and(|$order| $is)))
        })*
    };
}

comparison! {
    less order order.is_lt();
    less_or_equal order order.is_le();
    greater order order.is_gt();
    greater_or_equal order order.is_ge();
}

pub(super) fn equals<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [a, b] = arguments else { return Err(Error::no_overload()) };
    equal(budget, a, b).map(Value::Bool)
}

pub(super) fn differs<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [a, b] = arguments else { return Err(Error::no_overload()) };
    equal(budget, a, b).map(|is| Value::Bool(!is))
}

pub(super) fn is_in<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [item, Value::List(list)] => contains(budget, list, item).map(Value::Bool),
        [key, Value::Map(map)] => Ok(Value::Bool(find(budget, map, key)?.is_some())),
        _ => Err(Error::no_overload()),
    }
}

fn overflow() -> Error {
    Error::new("integer overflow")
}

fn checked<'a, T>(value: Option<T>, made: impl Fn(T) -> Value<'a>) -> Evaluated<'a> {
    value.map(made).ok_or_else(overflow)
}

pub(super) fn add<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [a, b] = arguments else { return Err(Error::no_overload()) };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_add(*b), Value::Int),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_add(*b), Value::Uint),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::Duration(a), Value::Duration(b)) => checked(a.checked_add(*b), Value::Duration),
        (Value::Timestamp(time), Value::Duration(length))
        | (Value::Duration(length), Value::Timestamp(time)) => {
            checked(time.plus(i128::from(*length)), Value::Timestamp)
        }
        (Value::String(a), Value::String(b)) => {
            let (a, b) = (a.as_str(), b.as_str());
            budget.charge_bytes(a.len() + b.len())?;
            Ok(Value::string([a, b].concat()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.charge_bytes(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Value::List(a), Value::List(b)) => join(budget, a, b),
        _ => Err(Error::no_overload()),
    }
}

/// Two lists as one: a set has each item once, and of a map an item takes the place of the one with
/// the same keys.
fn join<'a>(budget: &mut Budget, a: &List<'a>, b: &List<'a>) -> Evaluated<'a> {
    budget.charge(a.len() + b.len())?;
    let mut items: Vec<_> = a.iter().collect::<Result<_, _>>()?;
    for item in b.iter() {
        let item = item?;
        match a.kind() {
            ListKind::Atomic => items.push(item),
            ListKind::Set => {
                if !contains(budget, a, &item)? {
                    items.push(item);
                }
            }
            ListKind::Map(keys) => match position(budget, a, &item, keys)? {
                Some(at) => {
                    if let Some(place) = items.get_mut(at) {
                        *place = item;
                    }
                }
                None => items.push(item),
            },
        }
    }
    Ok(Value::List(List::new(items).of_kind(a.kind())))
}

pub(super) fn subtract<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [a, b] = arguments else { return Err(Error::no_overload()) };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_sub(*b), Value::Int),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_sub(*b), Value::Uint),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        (Value::Duration(a), Value::Duration(b)) => checked(a.checked_sub(*b), Value::Duration),
        (Value::Timestamp(time), Value::Duration(length)) => {
            checked(time.plus(-i128::from(*length)), Value::Timestamp)
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            checked(Timestamp::between(*b, *a), Value::Duration)
        }
        _ => Err(Error::no_overload()),
    }
}

pub(super) fn multiply<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => checked(a.checked_mul(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_mul(*b), Value::Uint),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a * b)),
        _ => Err(Error::no_overload()),
    }
}

pub(super) fn divide<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Error::new("division by zero"))
        }
        [Value::Int(a), Value::Int(b)] => checked(a.checked_div(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_div(*b), Value::Uint),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a / b)),
        _ => Err(Error::no_overload()),
    }
}

pub(super) fn remainder<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Error::new("modulus by zero"))
        }
        [Value::Int(a), Value::Int(b)] => checked(a.checked_rem(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_rem(*b), Value::Uint),
        _ => Err(Error::no_overload()),
    }
}

pub(super) fn negate<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Int(value)] => checked(value.checked_neg(), Value::Int),
        [Value::Double(value)] => Ok(Value::Double(-value)),
        _ => Err(Error::no_overload()),
    }
}

pub(super) fn not<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => Err(Error::no_overload()),
    }
}

/// `a[b]`
pub(super) fn index<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::List(list), at] => item(list, at)?,
        [Value::Map(map), key] => find(budget, map, key)?.map(Ok),
        [Value::Optional(inner), at] => {
            let Some(inner) = inner else { return Ok(Value::Optional(None)) };
            return optional_index(budget, &[(**inner).clone(), at.clone()]);
        }
        // A scalar and null have nothing in them.
        [_, _] => None,
        _ => return Err(Error::no_overload()),
    }
    .unwrap_or_else(|| {
        let shown = arguments.get(1).map(super::library::shown).unwrap_or_default();
        Err(match arguments.first() {
            Some(Value::List(_)) => Error::new(format!("index out of bounds: {shown}")),
            _ => Error::new(format!("no such key: {shown}")),
        })
    })
}

/// `a[?b]`
pub(super) fn optional_index<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let found = match arguments {
        [Value::List(list), at] => item(list, at)?.transpose()?,
        [Value::Map(map), key] => find(budget, map, key)?,
        [Value::Optional(Some(inner)), at] => {
            return optional_index(budget, &[(**inner).clone(), at.clone()]);
        }
        [_, _] => None,
        _ => return Err(Error::no_overload()),
    };
    Ok(Value::optional(found))
}

/// The item of a list that a number, which may be a double, names.
fn item<'a>(list: &List<'a>, at: &Value<'_>) -> Result<Option<Evaluated<'a>>, Error> {
    let at = match at {
        Value::Int(at) => usize::try_from(*at).ok(),
        Value::Uint(at) => usize::try_from(*at).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, and a negative or large one is no item"
        )]
        Value::Double(at) if at.fract() == 0.0 && *at >= 0.0 => Some(*at as usize),
        _ => return Err(overload::not_an_index(at)),
    };
    Ok(at.and_then(|at| list.get(at)))
}
