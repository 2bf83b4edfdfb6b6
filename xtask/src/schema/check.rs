//! The walk over an object: each value against every schema that holds at its place.
//!
//! Several schemas hold at once: the definition that a field refers to, and what the place narrows
//! beside the reference. They are kept on one stack, so that a walk allocates nothing as long as
//! nothing is wrong. Where a definition differs between versions the walk splits.

mod demands;
mod distinct;
mod message;

use super::{
    bundle::Bundle,
    custom::{Fuel, pruned},
    findings::Findings,
    formats::Format,
    model::{Additional, Nature, Schema, Types},
    scalar,
    version::Versions,
};
use crate::{
    diag::{Code, Diagnostic, codes, did_you_mean},
    source::Span,
    yaml::{Entry, Mapping, Node, Scalar, Value},
};

pub(super) use message::shown_path;
use message::{at_least, at_most, beyond};

/// Kubernetes' own objects stay below 30, and a schema that refers to itself has no end.
const DEPTH_LIMIT: usize = 128;

/// How many names or values an unknown one is compared with.
const NAMES_COMPARED: usize = 1_000;

/// A walk over one object.
pub(super) struct Walk<'a> {
    bundle: &'a Bundle,
    /// Whether values are never shown.
    is_secret: bool,
    /// Whether it is an object of a custom kind.
    is_custom: bool,
    /// Those of the value at hand are at the end.
    schemas: Vec<&'a Schema>,
    path: Vec<Step<'a>>,
    /// What evaluating alternatives may still cost.
    fuel: Fuel,
    pub findings: Findings,
}

/// One step down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// Where a value is: what is marked when something is missing in it.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    node: &'a Node,
    key: Span,
    versions: Versions,
}

impl<'a> Walk<'a> {
    pub fn new(bundle: &'a Bundle, is_secret: bool) -> Self {
        Self {
            bundle,
            is_secret,
            is_custom: false,
            schemas: Vec::new(),
            path: Vec::new(),
            fuel: Fuel::default(),
            findings: Findings::default(),
        }
    }

    /// A walk over an object of a custom kind.
    pub fn custom(bundle: &'a Bundle) -> Self {
        Self { is_custom: true, ..Self::new(bundle, false) }
    }

    /// Checks an object against the schema of its kind.
    pub fn object(&mut self, node: &'a Node, schema: &'a Schema, versions: Versions) {
        self.schemas.push(schema);
        self.value(Place { node, key: first_line(node.span), versions }, 0);
        self.schemas.clear();
    }

    /// Checks a value against the schemas from `start` on, and takes the references of these up.
    fn value(&mut self, place: Place<'a>, start: usize) {
        self.references(place, start, start);
    }

    /// Adds what the schemas from `at` on refer to, then checks.
    fn references(&mut self, place: Place<'a>, start: usize, mut at: usize) {
        let (types, _) = scalar::types_of(place.node);
        while let Some(&schema) = self.schemas.get(at) {
            at += 1;
            if let Some((_, alternative)) =
                schema.alternatives.iter().find(|(wanted, _)| wanted.name(types))
            {
                self.schemas.push(alternative);
            }
            if let Some(more) = schema.more.as_deref()
                && self.fuel.burn(more.all_of.len())
            {
                self.schemas.extend(&more.all_of);
            }
            let Some(name) = &schema.reference else { continue };
            let bundle = self.bundle;
            let mut variants = bundle.definition(name, place.versions);
            let Some(first) = variants.next() else { continue };
            if first.versions == place.versions {
                self.schemas.push(first.schema);
                continue;
            }
            let end = self.schemas.len();
            for variant in std::iter::once(first).chain(variants) {
                self.schemas.push(variant.schema);
                self.references(Place { versions: variant.versions, ..place }, start, at);
                self.schemas.truncate(end);
            }
            return;
        }
        self.check(place, start);
    }

    fn check(&mut self, place: Place<'a>, start: usize) {
        let here = |walk: &Self, at: usize| walk.schemas.get(at).copied();
        let end = self.schemas.len();
        let (types, wider) = scalar::types_of(place.node);
        for at in start..end {
            let Some(schema) = here(self, at) else { continue };
            if schema.forbidden {
                let message = format!("`{}` is not allowed here", self.shown_path());
                self.error(codes::SCHEMA_FORBIDDEN, message, place.key, place, None);
                return;
            }
            if !schema.types.allow(types) && !schema.types.allow(wider) {
                self.wrong_type(schema.types, place);
                return;
            }
        }
        for at in start..end {
            let Some(schema) = here(self, at) else { continue };
            if !schema.values.is_empty() && !self.is_value(place.node, schema) {
                self.wrong_value(schema, place);
                break;
            }
        }
        self.alternatives(place, start, end);
        match &place.node.value {
            Value::Scalar(scalar) => self.scalar(scalar, place, start),
            Value::Sequence(items) => self.sequence(items, place, start),
            Value::Mapping(mapping) => self.mapping(mapping, place, start),
        }
        self.schemas.truncate(end);
    }

    /// Whether a node is one of the values that a schema lists.
    fn is_value(&mut self, node: &Node, schema: &Schema) -> bool {
        match (&schema.texts, node.as_scalar()) {
            (Some(texts), Some(scalar)) if scalar.is_text() => texts.contains(&scalar.text),
            (Some(_), _) if !self.fuel.burn(schema.values.len()) => true,
            _ => schema.values.iter().any(|one| scalar::is(node, one)),
        }
    }

    fn scalar(&mut self, scalar: &'a Scalar, place: Place<'a>, start: usize) {
        let mut at = start;
        let mut told = false;
        while let Some(&schema) = self.schemas.get(at) {
            at += 1;
            if let (Some(limits), false) = (&schema.limits, told)
                && let Some(must) = beyond(limits, scalar)
            {
                told = true;
                let code =
                    if scalar.is_text() { codes::SCHEMA_LENGTH } else { codes::SCHEMA_RANGE };
                self.must(code, &must, schema, place);
            }
            // That a finalizer without a prefix is a known one is asked of the built-in kinds alone
            // (`pkg/apis/core/validation`, ValidateFinalizerName).
            let format = match schema.format {
                Some(Format::Finalizer) if self.is_custom => Some(Format::QualifiedName),
                other => other,
            };
            if let Some(format) = format
                && scalar.is_text()
                && !told
                && let Err(must) = format.check(&scalar.text)
            {
                told = true;
                self.must(codes::SCHEMA_FORMAT, &must, schema, place);
            }
            if let (Some(more), false) = (schema.more.as_deref(), told) {
                told = self.demanded(schema, more, scalar, place);
            }
        }
    }

    fn sequence(&mut self, items: &'a [Node], place: Place<'a>, start: usize) {
        let end = self.schemas.len();
        let count = items.len();
        for at in start..end {
            let Some(&schema) = self.schemas.get(at) else { continue };
            if let Some(limits) = &schema.limits {
                let must = match (limits.min_items, limits.max_items) {
                    (Some(1), _) if count == 0 => Some("must not be empty".to_owned()),
                    (Some(least), _) if count < least => {
                        Some(format!("must have {}, not {count}", at_least(least, "item")))
                    }
                    (_, Some(most)) if count > most => {
                        Some(format!("must have {}, not {count}", at_most(most, "item")))
                    }
                    _ => None,
                };
                if let Some(must) = must {
                    let message = format!("`{}` {must}", self.shown_path());
                    self.error(codes::SCHEMA_LENGTH, message, place.node.span, place, None);
                    break;
                }
            }
        }
        if self.path.len() < DEPTH_LIMIT {
            for (index, item) in items.iter().enumerate() {
                for at in start..end {
                    let Some(&schema) = self.schemas.get(at) else { continue };
                    match (schema.items.as_deref(), schema.nature) {
                        (Some(items), _) => self.schemas.push(items),
                        (None, Nature::Structural { keeps_unknown: false, .. }) => {
                            self.schemas.push(pruned());
                        }
                        (None, _) => {}
                    }
                }
                self.path.push(Step::Index(index));
                self.element(Place { node: item, key: first_line(item.span), ..place }, end);
                self.path.pop();
                self.schemas.truncate(end);
            }
        }
        for at in start..end {
            if let Some(&schema) = self.schemas.get(at) {
                self.duplicates(schema, items, place);
                self.distinct(schema, items, place);
            }
        }
    }

    /// An item of a list or a value of a map with free keys: there null is the zero value of the
    /// type. In an item of a custom kind it is a value like others, unless there is a default.
    fn element(&mut self, place: Place<'a>, start: usize) {
        let own = self.structural(start);
        if own.is_some_and(|own| place.node.is_null() && own.drops_null() && own.default.is_some())
        {
            return;
        }
        if !place.node.is_null() || own.is_some() {
            self.value(place, start);
            return;
        }
        let types = self.schemas.get(start..).into_iter().flatten().map(|one| one.types);
        let is_text = types.clone().any(|types| types.name(Types::STRING));
        let nullable = types.clone().any(|types| types.name(Types::NULL));
        let mut schemas = self.schemas.get(start..).into_iter().flatten();
        let refused = schemas.any(|schema| {
            let limits = schema.limits.as_deref();
            let is_empty = |one: &serde_json::Value| one.as_str() == Some("");
            is_text && limits.is_some_and(|limits| limits.min_length > Some(0))
                || is_text && !schema.values.is_empty() && !schema.values.iter().any(is_empty)
                || limits.is_some_and(|limits| limits.minimum > Some(0))
        });
        if nullable {
            return;
        }
        if refused {
            let schemas = self.schemas.get(start..).unwrap_or_default();
            let at_parent = schemas.iter().any(|schema| schema.at_parent);
            self.null_item(at_parent, place);
        }
        self.nothing(place, start);
    }

    /// Null stands for an object without any field: what is required is missing.
    fn nothing(&mut self, place: Place<'a>, start: usize) {
        for at in start..self.schemas.len() {
            let Some(&schema) = self.schemas.get(at) else { continue };
            for name in &schema.required {
                self.missing(schema, name, place);
            }
            let bundle = self.bundle;
            let definition = schema.reference.as_ref().into_iter();
            for variant in definition.flat_map(|name| bundle.definition(name, place.versions)) {
                let place = Place { versions: variant.versions, ..place };
                for name in &variant.schema.required {
                    self.missing(variant.schema, name, place);
                }
            }
        }
    }

    fn mapping(&mut self, mapping: &'a Mapping, place: Place<'a>, start: usize) {
        let end = self.schemas.len();
        if self.path.len() < DEPTH_LIMIT {
            for entry in mapping {
                self.entry(entry, place, start, end);
                self.schemas.truncate(end);
            }
        }
        self.required(mapping, place, start, end);
    }

    fn entry(&mut self, entry: &'a Entry, place: Place<'a>, start: usize, end: usize) {
        let (mut is_named, mut is_free, mut is_closed) = (false, false, false);
        for at in start..end {
            let Some(&schema) = self.schemas.get(at) else { continue };
            if let Some(property) = schema.property(&entry.key) {
                self.schemas.push(property);
                is_named = true;
                continue;
            }
            match &schema.additional {
                Additional::Any => {}
                Additional::Closed => is_closed = true,
                Additional::Schema(values) => {
                    self.schemas.push(values);
                    is_free = true;
                }
            }
        }
        let inner = Place { node: &entry.value, key: entry.key_span, ..place };
        self.path.push(Step::Key(&entry.key));
        if is_closed && !is_named {
            self.unknown(entry, inner, start, end);
        } else {
            self.key(entry, inner, start, end);
            self.deprecated(inner, end);
            match self.structural(end) {
                Some(own) if entry.value.is_null() && !own.is_nullable() => {}
                None if entry.value.is_null() && (is_named || !is_free) => {}
                Some(_) => self.value(inner, end),
                None => self.element(inner, end),
            }
        }
        self.path.pop();
    }

    /// Checks the key of a map with free keys.
    fn key(&mut self, entry: &'a Entry, place: Place<'a>, start: usize, end: usize) {
        for at in start..end {
            let Some(keys) = self.schemas.get(at).and_then(|one| one.keys.as_deref()) else {
                continue;
            };
            let limits = keys.limits.as_deref();
            if entry.key.is_empty() && limits.is_some_and(|limits| limits.min_length > Some(0)) {
                self.empty_key(place);
                return;
            }
            if let Some(format) = keys.format
                && let Err(must) = format.check(&entry.key)
            {
                self.wrong_key(keys, &must, place);
                return;
            }
        }
    }

    fn deprecated(&mut self, place: Place<'a>, start: usize) {
        let mut found = self.schemas.get(start..).into_iter().flatten();
        let Some(deprecated) = found.find_map(|one| one.deprecated.as_deref()) else {
            return;
        };
        let mut message = format!("`{}` is deprecated", self.shown_path());
        if let Some(since) = &deprecated.since {
            message.push_str(" since Kubernetes ");
            message.push_str(since);
        }
        let warning = Diagnostic::warning(codes::SCHEMA_DEPRECATED_FIELD, message, place.key)
            .with_help(format!("use {}", deprecated.replacement));
        match deprecated.since {
            Some(_) => self.findings.add_dated(warning, place.versions),
            None => self.findings.add(warning, place.versions),
        }
    }

    fn unknown(&mut self, entry: &Entry, place: Place<'a>, start: usize, end: usize) {
        let schemas = self.schemas.get(start..end).unwrap_or_default();
        let names =
            schemas.iter().flat_map(|one| one.properties.iter().map(|(name, _)| name.as_str()));
        // Nobody reads a hundredth slip, and a definition may have very many names.
        let few = !self.findings.is_full();
        let help = did_you_mean(&entry.key, names.take(NAMES_COMPARED).filter(|_| few));
        let message = format!("unknown field `{}`", self.shown_path());
        self.error(codes::SCHEMA_UNKNOWN_FIELD, message, entry.key_span, place, help);
    }

    fn error(
        &mut self,
        code: Code,
        message: String,
        at: Span,
        place: Place<'a>,
        help: Option<String>,
    ) {
        let mut wrong = Diagnostic::error(code, message, at);
        wrong.help = help;
        self.findings.add(wrong, place.versions);
    }
}

/// The beginning of a span: a whole object is not marked because one field is missing.
pub(super) fn first_line(span: Span) -> Span {
    Span { end: span.start, ..span }
}
