//! Changing the field at a location.
//!
//! Source: `pkg/mutation/mutators/core/mutation_function.go` of Gatekeeper 3.23.1. Invariant: what is
//! missing on the way is made only if something is put into it.

use super::{
    image::Image,
    location::{Location, Step, Wanted},
};
use crate::{
    source::Span,
    yaml::{Mapping, Node, Scalar, ScalarKind, Text, Value},
};

/// What is done with a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Setter<'s> {
    Value(&'s Node),
    Image(&'s Image<'s>),
    /// Adds items that are not there yet.
    Merge(&'s [Node]),
    /// Removes items.
    Prune(&'s [Node]),
}

/// Changes the field at a location of an object. The error is why that cannot be done.
pub(super) fn set(
    object: &mut Node,
    location: &Location,
    setter: &Setter<'_>,
) -> Result<(), String> {
    let place = object.span;
    Walk { location, setter, place }.step(object, 0).map(|_| ())
}

struct Walk<'s> {
    location: &'s Location,
    setter: &'s Setter<'s>,
    /// Where what is made is said to be written.
    place: Span,
}

impl Walk<'_> {
    /// Goes on with the step of a number. Whether something was set.
    fn step(&self, node: &mut Node, depth: usize) -> Result<bool, String> {
        match self.location.steps.get(depth) {
            None => Ok(false),
            Some(Step::Field(name)) => {
                let found = node.describe();
                let Some(mapping) = node.as_mapping_mut() else {
                    return Err(format!("`{name}` is looked for in {found}"));
                };
                self.field(mapping, name, depth)
            }
            Some(Step::Item { key, value }) => {
                let found = node.describe();
                let Some(items) = node.as_sequence_mut() else {
                    return Err(format!("an item with a `{key}` is looked for in {found}"));
                };
                self.item(items, key, value, depth)
            }
        }
    }

    fn is_last(&self, depth: usize) -> bool {
        depth + 1 >= self.location.steps.len()
    }

    fn field(&self, mapping: &mut Mapping, name: &str, depth: usize) -> Result<bool, String> {
        let exists = mapping.contains_key(name);
        if !self.location.allows(depth, exists) {
            return Ok(false);
        }
        if self.is_last(depth) {
            return self.set(mapping, name).map(|()| true);
        }
        if let Some(next) = mapping.get_mut(name) {
            return self.step(next, depth + 1);
        }
        let mut next = self.missing(depth + 1);
        let is_set = self.step(&mut next, depth + 1)?;
        if is_set {
            mapping.push(name, self.place, next);
        }
        Ok(is_set)
    }

    fn item(
        &self,
        items: &mut Vec<Node>,
        key: &str,
        wanted: &Wanted,
        depth: usize,
    ) -> Result<bool, String> {
        if self.is_last(depth) {
            return self.set_item(items, key, wanted, depth);
        }
        let is_any = *wanted == Wanted::Any;
        if is_any && !self.location.allows(depth, true) {
            return Ok(false);
        }
        let (mut is_set, mut is_found) = (false, is_any);
        for item in items.iter_mut() {
            if is_any {
                is_set |= self.step(item, depth + 1)?;
            } else if item.get(key).is_some_and(|value| wanted.is_exactly(value)) {
                if !self.location.allows(depth, true) {
                    return Ok(false);
                }
                is_found = true;
                is_set |= self.step(item, depth + 1)?;
            }
        }
        if !is_found && self.location.allows(depth, false) {
            let mut next = self.missing(depth + 1);
            if let Some(mapping) = next.as_mapping_mut() {
                mapping.push(key, self.place, self.key_value(wanted));
            }
            if self.step(&mut next, depth + 1)? {
                items.push(next);
                is_set = true;
            }
        }
        Ok(is_set)
    }

    /// Puts an item into a list, in the place of the one with its key.
    fn set_item(
        &self,
        items: &mut Vec<Node>,
        key: &str,
        wanted: &Wanted,
        depth: usize,
    ) -> Result<bool, String> {
        let (Setter::Value(value), false) = (self.setter, *wanted == Wanted::Any) else {
            return Err("only an item with a key can be put into a list".to_owned());
        };
        let has_key = |item: &&mut Node| item.get(key).is_some_and(|one| wanted.is_exactly(one));
        let existing = items.iter_mut().find(has_key);
        if !self.location.allows(depth, existing.is_some()) {
            return Ok(false);
        }
        match existing {
            Some(item) => *item = (*value).clone(),
            None => items.push((*value).clone()),
        }
        Ok(true)
    }

    fn set(&self, mapping: &mut Mapping, name: &str) -> Result<(), String> {
        match self.setter {
            Setter::Value(value) => mapping.insert(name, value.span, (*value).clone()),
            Setter::Image(image) => {
                let before = mapping.get(name);
                let text = match before {
                    Some(before) => before.as_str().ok_or_else(|| {
                        format!("the image `{name}` must be a string, not {}", before.describe())
                    })?,
                    None => "",
                };
                let at = before.map_or(image.span, |before| before.span);
                let origin = before.map(|before| before.origin).unwrap_or_default();
                mapping.insert(name, at, Node::string(image.changed(text), at, origin));
            }
            Setter::Merge(values) => {
                let Some(items) = list(mapping, name)? else {
                    let value = Value::Sequence(values.to_vec());
                    mapping.push(name, self.place, Node::new(value, self.place));
                    return Ok(());
                };
                for value in *values {
                    if !items.contains(value) {
                        items.push(value.clone());
                    }
                }
            }
            Setter::Prune(values) => {
                if let Some(items) = list(mapping, name)? {
                    items.retain(|item| !values.contains(item));
                }
            }
        }
        Ok(())
    }

    /// What is made for a step to lead into.
    fn missing(&self, depth: usize) -> Node {
        let value = match self.location.steps.get(depth) {
            Some(Step::Item { .. }) => Value::Sequence(Vec::new()),
            _ => Value::Mapping(Mapping::default()),
        };
        Node::new(value, self.place)
    }

    fn key_value(&self, wanted: &Wanted) -> Node {
        let scalar = match wanted {
            Wanted::Any => Scalar::null(),
            Wanted::Text(text) => Scalar::string(text.as_str()),
            Wanted::Number(number) => {
                Scalar { kind: ScalarKind::Int, text: Text::from(number.to_string()) }
            }
        };
        Node::new(Value::Scalar(scalar), self.place)
    }
}

/// The list of a field, if there is such a field.
fn list<'m>(mapping: &'m mut Mapping, name: &str) -> Result<Option<&'m mut Vec<Node>>, String> {
    let Some(node) = mapping.get_mut(name) else { return Ok(None) };
    let found = node.describe();
    let items = node.as_sequence_mut();
    items.map(Some).ok_or_else(|| format!("`{name}` must be a sequence, not {found}"))
}
