//! Whether a value has what a schema demands, without saying what is wrong: for `anyOf`, `oneOf`
//! and `not`.
//!
//! Source: `kube-openapi/pkg/validation/validate`.

use serde_json::Value as Json;

use super::super::{
    model::{Distinct, Limits, More, Schema, Types},
    range::Number,
    scalar,
};

/// How many steps an evaluation may take. A definition with thousands of alternatives, times a list
/// of thousands of items, would have no end that a reader waits for.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) struct Fuel(u32);

impl Default for Fuel {
    fn default() -> Self {
        Self(5_000_000)
    }
}

impl Fuel {
    /// Takes a step. Without fuel there is none.
    pub fn burn(&mut self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    /// Whether nothing is left: what was evaluated last means nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Whether a value has what a schema demands.
pub(in crate::schema) fn accepts(value: &Json, schema: &Schema, fuel: &mut Fuel) -> bool {
    if !fuel.burn(1) {
        return true;
    }
    let types = types_of(value);
    if !types.iter().any(|one| schema.types.allow(*one)) {
        return false;
    }
    if !schema.values.is_empty() {
        if !fuel.burn(schema.values.len()) {
            return true;
        }
        if !schema.values.iter().any(|one| scalar::same(value, one)) {
            return false;
        }
    }
    if value.is_null() {
        return true;
    }
    let limits = schema.limits.as_deref();
    let fits = match value {
        Json::String(text) => limits.is_none_or(|limits| {
            within(text.chars().count(), limits.min_length, limits.max_length)
        }),
        Json::Number(number) => limits.is_none_or(|limits| is_between(number, limits)),
        Json::Array(items) => {
            limits.is_none_or(|limits| within(items.len(), limits.min_items, limits.max_items))
                && schema
                    .items
                    .as_ref()
                    .is_none_or(|one| items.iter().all(|item| accepts(item, one, fuel)))
        }
        Json::Object(map) => {
            limits.is_none_or(|limits| {
                within(map.len(), limits.min_properties, limits.max_properties)
            }) && schema.required.iter().all(|name| map.contains_key(name.as_str()))
                && map.iter().all(|(key, value)| {
                    let own = schema.property(key).or_else(|| schema.value());
                    own.is_none_or(|own| accepts(value, own, fuel))
                })
        }
        Json::Null | Json::Bool(_) => true,
    };
    fits && schema.more.as_deref().is_none_or(|more| accepts_more(value, more, fuel))
}

fn accepts_more(value: &Json, more: &More, fuel: &mut Fuel) -> bool {
    let fits = match value {
        Json::String(text) => {
            more.pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
                && more.format.is_none_or(|format| format.accepts(text))
        }
        Json::Number(number) => more.range.is_none_or(|range| {
            Number::of_json(number).is_none_or(|number| range.broken_by(number).is_none())
        }),
        Json::Array(items) if more.distinct == Distinct::Items => {
            let mut texts: Vec<_> = items.iter().map(super::identity).collect();
            texts.sort_unstable();
            texts.array_windows().all(|[a, b]| a != b)
        }
        _ => true,
    };
    fits && more.all_of.iter().all(|one| accepts(value, one, fuel))
        && (more.any_of.is_empty() || more.any_of.iter().any(|one| accepts(value, one, fuel)))
        && (more.one_of.is_empty()
            || more.one_of.iter().filter(|one| accepts(value, one, fuel)).count() == 1)
        && more.not.as_ref().is_none_or(|one| !accepts(value, one, fuel))
}

fn within(count: usize, least: Option<usize>, most: Option<usize>) -> bool {
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

/// Whether a number is in the range of its type.
fn is_between(number: &serde_json::Number, limits: &Limits) -> bool {
    let Some(number) = number.as_i128() else { return true };
    limits.minimum.is_none_or(|least| number >= least)
        && limits.maximum.is_none_or(|most| number <= most)
}

/// The types that a value has; a whole number is a number too.
fn types_of(value: &Json) -> [Types; 2] {
    let one = match value {
        Json::Null => Types::NULL,
        Json::Bool(_) => Types::BOOLEAN,
        Json::String(_) => Types::STRING,
        Json::Array(_) => Types::ARRAY,
        Json::Object(_) => Types::OBJECT,
        Json::Number(number) => {
            let is_whole = Number::of_json(number).is_some_and(Number::is_whole);
            return [if is_whole { Types::INTEGER } else { Types::NUMBER }, Types::NUMBER];
        }
    };
    [one, one]
}
