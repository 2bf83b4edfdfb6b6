//! What must be there, and what the schemas of custom kinds demand beyond the schema of a type:
//! patterns, ranges, alternatives.

use std::collections::BTreeSet;

use super::{
    super::{
        custom::{accepts, settled},
        model::{More, Schema},
        range::Number,
    },
    Place, Walk, at_least, at_most,
};
use crate::{
    diag::codes,
    source::Span,
    yaml::{Mapping, Node, Scalar, Text},
};

/// How many characters of a pattern a message shows.
const PATTERN_SHOWN: usize = 300;

/// From how many names on a set of keys is made: a mapping is searched from its beginning.
const MANY: usize = 32;

/// How far a required object in a required object is looked into; Kubernetes has five.
const REQUIRED_DEPTH: usize = 8;

impl<'a> Walk<'a> {
    /// The structural schema of the value at hand; a custom kind has one at a place.
    pub(super) fn structural(&self, start: usize) -> Option<&'a Schema> {
        self.schemas.get(start..).into_iter().flatten().copied().find(|one| one.is_structural())
    }

    /// Reports fields that must be there and are not, and too few or too many of them.
    pub(super) fn required(
        &mut self,
        mapping: &'a Mapping,
        place: Place<'a>,
        start: usize,
        end: usize,
    ) {
        self.count_properties(mapping, place, start, end);
        for at in start..end {
            let Some(&schema) = self.schemas.get(at) else { continue };
            if schema.required.len() < MANY || mapping.len() < MANY {
                for name in &schema.required {
                    if !self.is_set(mapping.get(name), name, start, end) {
                        self.missing(schema, name, place);
                    }
                }
                continue;
            }
            let keys: BTreeSet<&str> = mapping
                .iter()
                .filter(|entry| self.is_set(Some(&entry.value), &entry.key, start, end))
                .map(|entry| entry.key.as_str())
                .collect();
            for name in &schema.required {
                let is_there = keys.contains(name.as_str()) || self.is_set(None, name, start, end);
                if !is_there && !self.findings.is_full() {
                    self.missing(schema, name, place);
                }
            }
        }
    }

    /// Whether the server has a value for a field after it has dropped nulls and filled in defaults.
    fn is_set(&self, value: Option<&Node>, name: &str, start: usize, end: usize) -> bool {
        let is_null = match value {
            Some(value) if !value.is_null() => return true,
            other => other.is_some(),
        };
        let schemas = self.schemas.get(start..end).unwrap_or_default();
        let own = schemas.iter().find_map(|one| {
            one.is_structural().then(|| one.property(name).or_else(|| one.value()))?
        });
        own.is_some_and(|own| own.default.is_some() || is_null && own.is_nullable())
    }

    fn count_properties(&mut self, mapping: &Mapping, place: Place<'a>, start: usize, end: usize) {
        let schemas = self.schemas.get(start..end).unwrap_or_default();
        let limits = || schemas.iter().filter_map(|one| one.limits.as_deref());
        let least = limits().filter_map(|limits| limits.min_properties).max();
        let most = limits().filter_map(|limits| limits.max_properties).min();
        if least.is_none() && most.is_none() {
            return;
        }
        let given = mapping
            .iter()
            .filter(|entry| self.is_set(Some(&entry.value), &entry.key, start, end))
            .count();
        let defaults = self.structural(start).map_or(0, |own| {
            let defaults = own.properties.iter().filter(|(_, one)| one.default.is_some());
            defaults.filter(|(name, _)| !mapping.contains_key(name)).count()
        });
        let count = given + defaults;
        let must = match (least, most) {
            (Some(least), _) if count < least => at_least(least, "entry"),
            (_, Some(most)) if count > most => at_most(most, "entry"),
            _ => return,
        };
        let path = self.shown_path();
        let message = if count == 0 && least == Some(1) {
            format!("`{path}` must not be empty")
        } else {
            format!("`{path}` must have {must}, not {count}")
        };
        self.error(codes::SCHEMA_LENGTH, message, place.key, place, None);
    }

    /// Reports a field that `schema` requires.
    pub(super) fn missing(&mut self, schema: &'a Schema, name: &str, place: Place<'a>) {
        // A null that is written is what to replace.
        let written = place.node.as_mapping().and_then(|mapping| mapping.entry(name));
        let at = written.map_or(place.key, |entry| entry.key_span);
        let path = match self.path.as_slice() {
            [] => name.to_owned(),
            _ => format!("{}.{name}", self.shown_path()),
        };
        // What a custom kind requires is told without a look inside.
        let own = schema.property(name).filter(|_| !self.is_custom);
        self.missing_fields(&path, own, at, place, 0);
    }

    /// Reports what is to be written at a path where nothing is: the fields that the object there
    /// requires, or the path itself.
    fn missing_fields(
        &mut self,
        path: &str,
        schema: Option<&'a Schema>,
        at: Span,
        place: Place<'a>,
        depth: usize,
    ) {
        let bundle = self.bundle;
        let inner = schema.filter(|_| depth < REQUIRED_DEPTH);
        let reference = inner.and_then(|schema| schema.reference.as_ref()).into_iter();
        let mut variants = reference.flat_map(|name| bundle.definition(name, place.versions));
        let mut next = variants.next();
        loop {
            let place =
                Place { versions: next.map_or(place.versions, |one| one.versions), ..place };
            let definition = next.map(|variant| variant.schema);
            let schemas = || [inner, definition].into_iter().flatten();
            // What only the place demands is asked of an object that is there.
            let is_asked = definition.is_some_and(|one| !one.required.is_empty());
            let required = schemas().filter(|_| is_asked).flat_map(|one| &one.required);
            let required: BTreeSet<&Text> = required.collect();
            if required.is_empty() {
                let message = format!("`{path}` is missing");
                self.error(codes::SCHEMA_MISSING_FIELD, message, at, place, None);
            }
            for name in required {
                let path = format!("{path}.{name}");
                let property = schemas().find_map(|one| one.property(name));
                self.missing_fields(&path, property, at, place, depth + 1);
            }
            next = variants.next();
            if next.is_none() {
                return;
            }
        }
    }

    /// Reports a scalar that has not what a custom kind demands. Whether it has not.
    pub(super) fn demanded(
        &mut self,
        schema: &Schema,
        more: &More,
        scalar: &Scalar,
        place: Place<'a>,
    ) -> bool {
        if !scalar.is_text() {
            let range = more.range.zip(Number::of(scalar));
            let Some(must) = range.and_then(|(range, number)| range.broken_by(number)) else {
                return false;
            };
            self.must(codes::SCHEMA_RANGE, &must, schema, place);
            return true;
        }
        if let Some(format) = more.format.filter(|format| !format.accepts(&scalar.text)) {
            self.must(codes::SCHEMA_FORMAT, format.expected(), schema, place);
            return true;
        }
        if let Some(pattern) = more.pattern.as_ref().filter(|one| !one.matches(&scalar.text)) {
            let mut shown = pattern.text.replace('`', "'");
            if let Some((end, _)) = shown.char_indices().nth(PATTERN_SHOWN) {
                shown.truncate(end);
                shown.push('…');
            }
            let must = format!("a text that matches `{shown}`");
            self.must(codes::SCHEMA_FORMAT, &must, schema, place);
            return true;
        }
        false
    }

    /// Reports a value for which too few or too many of several alternatives hold.
    pub(super) fn alternatives(&mut self, place: Place<'a>, start: usize, end: usize) {
        let mut value = None;
        for at in start..end {
            let Some(more) = self.schemas.get(at).and_then(|one| one.more.as_deref()) else {
                continue;
            };
            if more.any_of.is_empty() && more.one_of.is_empty() && more.not.is_none() {
                continue;
            }
            let own = self.structural(start);
            if !self.fuel.burn(place.node.count()) {
                return;
            }
            let value = value.get_or_insert_with(|| settled(place.node, own));
            let fuel = &mut self.fuel;
            let any =
                more.any_of.is_empty() || more.any_of.iter().any(|one| accepts(value, one, fuel));
            let one = more.one_of.iter().filter(|one| accepts(value, one, fuel)).count();
            let not = more.not.as_ref().is_some_and(|one| accepts(value, one, fuel));
            if self.fuel.is_empty() {
                return;
            }
            let path = self.shown_path();
            let mut wrong = |message: String| {
                self.error(codes::SCHEMA_ONE_OF, message, place.key, place, None);
            };
            if !any {
                wrong(match fields(&more.any_of) {
                    Some(names) => format!("`{path}` must have {}", listed(&names, "or")),
                    None => format!(
                        "`{path}` fits none of the {} alternatives of its schema",
                        more.any_of.len()
                    ),
                });
            }
            if !more.one_of.is_empty() && one != 1 {
                wrong(match fields(&more.one_of) {
                    Some(names) if one == 0 => {
                        format!("`{path}` must have one of {}", listed(&names, "and"))
                    }
                    Some(names) => {
                        format!("`{path}` must have only one of {}", listed(&names, "and"))
                    }
                    None => format!(
                        "`{path}` must fit exactly one of the {} alternatives of its schema, not {one}",
                        more.one_of.len()
                    ),
                });
            }
            if not {
                wrong(match more.not.as_ref().and_then(required_only) {
                    Some(names) => format!("`{path}` must not have {names}"),
                    None => format!("`{path}` is what its schema excludes"),
                });
            }
        }
    }
}

/// The fields that each of some alternatives asks for, if they ask for nothing else.
fn fields(alternatives: &[Schema]) -> Option<Vec<String>> {
    alternatives.iter().map(required_only).collect()
}

/// `` `a` `` or `` `a` with `b` ``.
fn required_only(schema: &Schema) -> Option<String> {
    let plain = schema.types.is_any()
        && schema.properties.is_empty()
        && schema.items.is_none()
        && schema.more.is_none()
        && schema.limits.is_none()
        && schema.values.is_empty();
    let names: Vec<_> = schema.required.iter().map(|name| format!("`{name}`")).collect();
    (plain && !names.is_empty()).then(|| names.join(" with "))
}

/// `` `a`, `b` or `c` ``.
fn listed(words: &[String], last: &str) -> String {
    match words {
        [rest @ .., end] if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        _ => words.concat(),
    }
}
