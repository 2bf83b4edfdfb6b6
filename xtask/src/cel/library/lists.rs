//! Lists, and lists as sets.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/lists.go` and `google/cel-go`, `ext/sets.go`.

use std::cmp::Ordering;

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        operators::{self, compare, contains, equal},
        value::{List, Value},
    },
    strings,
};

pub(in super::super) fn size<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let count = match arguments {
        [Value::String(text)] => {
            budget.charge_bytes(text.as_str().len())?;
            text.as_str().chars().count()
        }
        [Value::Bytes(bytes)] => bytes.len(),
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return Err(Error::no_overload()),
    };
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

pub(in super::super) fn is_sorted<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else { return Err(Error::no_overload()) };
    let mut before: Option<Value<'_>> = None;
    for item in list.iter() {
        budget.charge(1)?;
        let item = item?;
        if let Some(before) = before
            && compare(budget, &before, &item)? == Some(Ordering::Greater)
        {
            return Ok(Value::Bool(false));
        }
        before = Some(item);
    }
    Ok(Value::Bool(true))
}

pub(in super::super) fn sum<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else { return Err(Error::no_overload()) };
    let mut total = None;
    for item in list.iter() {
        budget.charge(1)?;
        let item = item?;
        let is_summable =
            matches!(item, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_));
        total = Some(match total {
            _ if !is_summable => return Err(Error::no_overload()),
            None => item,
            Some(total) => operators::add(budget, &[total, item])?,
        });
    }
    Ok(total.unwrap_or(Value::Int(0)))
}

pub(in super::super) fn max<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    best(budget, arguments, Ordering::Greater, "max")
}

pub(in super::super) fn min<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    best(budget, arguments, Ordering::Less, "min")
}

fn best<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
    wanted: Ordering,
    name: &str,
) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else { return Err(Error::no_overload()) };
    let mut best: Option<Value<'a>> = None;
    for item in list.iter() {
        budget.charge(1)?;
        let item = item?;
        best = Some(match best {
            Some(best) if compare(budget, &item, &best)? != Some(wanted) => best,
            _ => item,
        });
    }
    best.ok_or_else(|| Error::new(format!("{name} called on empty list")))
}

fn found<'a>(at: Option<usize>) -> Value<'a> {
    Value::Int(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

pub(in super::super) fn index_of<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(list), item] = arguments else {
        return strings::index_of(budget, arguments);
    };
    for (at, one) in list.iter().enumerate() {
        if equal(budget, &one?, item)? {
            return Ok(found(Some(at)));
        }
    }
    Ok(found(None))
}

pub(in super::super) fn last_index_of<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(list), item] = arguments else {
        return strings::last_index_of(budget, arguments);
    };
    for at in (0..list.len()).rev() {
        if let Some(one) = list.get(at)
            && equal(budget, &one?, item)?
        {
            return Ok(found(Some(at)));
        }
    }
    Ok(found(None))
}

/// Whether a list has all items of another.
fn has_all(budget: &mut Budget, list: &List<'_>, items: &List<'_>) -> Result<bool, Error> {
    for item in items.iter() {
        if !contains(budget, list, &item?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(in super::super) fn sets_contains<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(list), Value::List(items)] = arguments else {
        return Err(Error::no_overload());
    };
    has_all(budget, list, items).map(Value::Bool)
}

pub(in super::super) fn sets_equivalent<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(a), Value::List(b)] = arguments else { return Err(Error::no_overload()) };
    Ok(Value::Bool(has_all(budget, a, b)? && has_all(budget, b, a)?))
}

pub(in super::super) fn sets_intersects<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::List(a), Value::List(b)] = arguments else { return Err(Error::no_overload()) };
    for item in a.iter() {
        if contains(budget, b, &item?)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
