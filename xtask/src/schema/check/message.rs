//! What is said of a value that is wrong.

use std::{borrow::Cow, fmt::Write};

use super::{
    super::{
        model::{Limits, Schema, Types},
        scalar::{self, choices, shown},
    },
    Place, Step, Walk,
};
use crate::{
    diag::{Code, Diagnostic, codes, did_you_mean},
    source::Span,
    yaml::{Entry, Node, Scalar, ScalarKind, Value, canonical},
};

/// How many names of fields an unknown one is compared with.
const NAMES_COMPARED: usize = 1_000;

impl<'a> Walk<'a> {
    pub(super) fn unknown(&mut self, entry: &Entry, place: Place<'a>, start: usize, end: usize) {
        let schemas = self.schemas.get(start..end).unwrap_or_default();
        let names =
            schemas.iter().flat_map(|one| one.properties.iter().map(|(name, _)| name.as_str()));
        // Nobody reads a hundredth slip, and a definition may have very many names.
        let few = !self.findings.is_full();
        let help = did_you_mean(&entry.key, names.take(NAMES_COMPARED).filter(|_| few));
        let message = format!("unknown field `{}`", self.shown_path());
        self.error(codes::SCHEMA_UNKNOWN_FIELD, message, entry.key_span, place, help);
    }

    pub(super) fn wrong_type(&mut self, wanted: Types, place: Place<'a>) {
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

    pub(super) fn wrong_value(&mut self, schema: &Schema, place: Place<'a>) {
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

    pub(super) fn must(&mut self, code: Code, must: &str, scalar: &Scalar, place: Place<'a>) {
        let message = self.message(must, scalar);
        self.error(code, message, place.node.span, place, None);
    }

    pub(super) fn message(&self, must: &str, scalar: &Scalar) -> String {
        let path = self.shown_path();
        if self.is_secret {
            return format!("`{path}` must be {must}");
        }
        let text = canonical(scalar).unwrap_or(Cow::Borrowed(&scalar.text));
        format!("`{path}` must be {must}, not {}", shown(&text))
    }

    pub(super) fn error(
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

    pub(super) fn shown_path(&self) -> String {
        shown_path(&self.path)
    }
}

/// The path as a person writes it: `spec.containers[0].image`.
pub(in crate::schema) fn shown_path(steps: &[Step<'_>]) -> String {
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
pub(super) fn beyond(limits: &Limits, scalar: &Scalar) -> Option<Cow<'static, str>> {
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

pub(super) fn at_least(count: usize, noun: &str) -> String {
    format!("at least {count} {noun}{}", if count == 1 { "" } else { "s" })
}

pub(super) fn at_most(count: usize, noun: &str) -> String {
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
