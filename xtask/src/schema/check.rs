//! The walk over an object: each value against every schema that holds at its place.
//!
//! Several schemas hold at once: the definition that a field refers to, and what the place narrows
//! beside the reference. They are kept on one stack, so that a walk allocates nothing as long as
//! nothing is wrong. Where a definition differs between versions the walk splits.

use std::{borrow::Cow, fmt::Write};

mod demands;
mod distinct;

use super::{
    bundle::Bundle,
    custom::{Fuel, pruned},
    findings::Findings,
    formats::Format,
    model::{Additional, Limits, Nature, Schema, Types},
    scalar::{self, choices, shown},
    version::Versions,
};
use crate::{
    diag::{Code, Diagnostic, codes, did_you_mean},
    source::Span,
    yaml::{Entry, Mapping, Node, Scalar, ScalarKind, Value, canonical},
};

/// Kubernetes' own objects stay below 30, and a schema that refers to itself has no end.
const DEPTH_LIMIT: usize = 128;

/// How many names of fields an unknown one is compared with.
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
            if !schema.values.is_empty()
                && !schema.values.iter().any(|one| scalar::is(place.node, one))
            {
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
                self.must(code, &must, scalar, place);
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
                self.must(codes::SCHEMA_FORMAT, &must, scalar, place);
            }
            if let (Some(more), false) = (schema.more.as_deref(), told) {
                told = self.demanded(more, scalar, place);
            }
        }
    }

    fn sequence(&mut self, items: &'a [Node], place: Place<'a>, start: usize) {
        let end = self.schemas.len();
        let count = items.len();
        for at in start..end {
            let Some(&schema) = self.schemas.get(at) else { continue };
            if let Some(limits) = &schema.limits {
                let message = match (limits.min_items, limits.max_items) {
                    (Some(least), _) if count < least => Some(at_least(least, "item")),
                    (_, Some(most)) if count > most => Some(at_most(most, "item")),
                    _ => None,
                };
                if let Some(must) = message {
                    let message = format!("`{}` must have {must}, not {count}", self.shown_path());
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
            let message = format!("`{}` must have a value, not null", self.shown_path());
            self.error(codes::SCHEMA_TYPE, message, place.key, place, None);
        }
        self.nothing(place, start);
    }

    /// Null stands for an object without any field: what is required is missing.
    fn nothing(&mut self, place: Place<'a>, start: usize) {
        for at in start..self.schemas.len() {
            let Some(&schema) = self.schemas.get(at) else { continue };
            for name in &schema.required {
                self.missing(name, place);
            }
            let bundle = self.bundle;
            let definition = schema.reference.as_ref().into_iter();
            for variant in definition.flat_map(|name| bundle.definition(name, place.versions)) {
                let place = Place { versions: variant.versions, ..place };
                for name in &variant.schema.required {
                    self.missing(name, place);
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
            let keys = self.schemas.get(at).and_then(|one| one.keys.as_deref());
            let Some(format) = keys.and_then(|keys| keys.format) else { continue };
            if let Err(must) = format.check(&entry.key) {
                self.path.pop();
                let message = format!(
                    "a key of `{}` must be {must}, not {}",
                    self.shown_path(),
                    shown(&entry.key)
                );
                self.path.push(Step::Key(&entry.key));
                self.error(codes::SCHEMA_FORMAT, message, entry.key_span, place, None);
                return;
            }
        }
    }

    fn deprecated(&mut self, place: Place<'a>, start: usize) {
        let mut found = self.schemas.get(start..).into_iter().flatten();
        let Some(deprecated) = found.find_map(|one| one.deprecated.as_deref()) else {
            return;
        };
        let since = deprecated.since.as_ref().map(|since| format!(" since {since}"));
        let message = format!("`{}` is deprecated{}", self.shown_path(), since.unwrap_or_default());
        let help = format!("use {}", deprecated.replacement);
        let warning = Diagnostic::warning(codes::SCHEMA_DEPRECATED_FIELD, message, place.key);
        self.findings.add(warning.with_help(help), place.versions);
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

    fn wrong_type(&mut self, wanted: Types, place: Place<'a>) {
        let message = format!(
            "`{}` must be {}, not {}",
            self.shown_path(),
            wanted.describe(),
            describe(place.node)
        );
        let quoted = place.node.as_scalar().filter(|scalar| scalar.is_text());
        let help = quoted
            .filter(|scalar| {
                let number = wanted.name(Types::INTEGER) && scalar.text.parse::<i64>().is_ok();
                number
                    || wanted.name(Types::BOOLEAN)
                        && matches!(scalar.text.as_str(), "true" | "false")
            })
            .map(|_| "remove the quotes".to_owned());
        let unquoted =
            place.node.as_scalar().filter(|scalar| !scalar.is_text() && !scalar.is_null());
        let help = help.or_else(|| {
            unquoted.filter(|_| wanted.name(Types::STRING)).map(|_| "put it in quotes".to_owned())
        });
        self.error(codes::SCHEMA_TYPE, message, place.node.span, place, help);
    }

    fn wrong_value(&mut self, schema: &Schema, place: Place<'a>) {
        let given = place.node.scalar_text().unwrap_or_default();
        let names = schema.values.iter().filter_map(|value| value.as_str());
        let help = did_you_mean(given, names.filter(|name| !name.is_empty()));
        let must = Cow::Owned(choices(&schema.values));
        let message = match place.node.as_scalar() {
            Some(scalar) => self.message(&must, scalar),
            None => format!("`{}` must be {must}", self.shown_path()),
        };
        self.error(codes::SCHEMA_ENUM, message, place.node.span, place, help);
    }

    fn must(&mut self, code: Code, must: &str, scalar: &Scalar, place: Place<'a>) {
        let message = self.message(must, scalar);
        self.error(code, message, place.node.span, place, None);
    }

    fn message(&self, must: &str, scalar: &Scalar) -> String {
        let path = self.shown_path();
        if self.is_secret {
            return format!("`{path}` must be {must}");
        }
        let text = canonical(scalar).unwrap_or(Cow::Borrowed(&scalar.text));
        format!("`{path}` must be {must}, not {}", shown(&text))
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

    fn shown_path(&self) -> String {
        shown_path(&self.path)
    }
}

/// The path as a person writes it: `spec.containers[0].image`.
pub(super) fn shown_path(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        let _ = match step {
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Key(key) if is_plain(key) && path.is_empty() => write!(path, "{key}"),
            Step::Key(key) if is_plain(key) => write!(path, ".{key}"),
            Step::Key(key) => write!(path, "[\"{}\"]", key.replace('`', "'")),
        };
    }
    if path.is_empty() { "the object".to_owned() } else { path }
}

/// Whether a key needs no quotes in a path.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

/// What a number or a text must be, if it is beyond its limits.
fn beyond(limits: &Limits, scalar: &Scalar) -> Option<Cow<'static, str>> {
    if scalar.is_text() {
        let length = scalar.text.chars().count();
        return match (limits.min_length, limits.max_length) {
            (Some(1), _) if length == 0 => Some("set".into()),
            (Some(least), _) if length < least => Some(at_least(least, "character").into()),
            (_, Some(most)) if length > most => Some(at_most(most, "character").into()),
            _ => None,
        };
    }
    let (below, above, not_above) = match scalar::integer(scalar) {
        Some(value) => (
            limits.minimum.filter(|least| value < *least),
            limits.maximum.filter(|most| value > *most),
            limits.exclusive_minimum.filter(|least| value <= *least),
        ),
        None if scalar.kind == ScalarKind::Float => {
            let value = scalar::float(scalar)?;
            #[expect(
                clippy::cast_precision_loss,
                reason = "a limit that is compared with a fraction is small"
            )]
            let number = |limit: &i128| *limit as f64;
            (
                limits.minimum.filter(|least| value < number(least)),
                limits.maximum.filter(|most| value > number(most)),
                limits.exclusive_minimum.filter(|least| value <= number(least)),
            )
        }
        None => return None,
    };
    if let Some(least) = below {
        return Some(format!("at least {least}").into());
    }
    if let Some(least) = not_above {
        return Some(format!("more than {least}").into());
    }
    above.map(|most| format!("at most {most}").into())
}

fn at_least(count: usize, noun: &str) -> String {
    format!("at least {count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn at_most(count: usize, noun: &str) -> String {
    format!("at most {count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// What a value is, for a message.
fn describe(node: &Node) -> &'static str {
    match &node.value {
        Value::Sequence(_) => "a list",
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Timestamp => "a string",
        _ => node.describe(),
    }
}

/// The beginning of a span: a whole object is not marked because one field is missing.
pub(super) fn first_line(span: Span) -> Span {
    Span { end: span.start, ..span }
}
