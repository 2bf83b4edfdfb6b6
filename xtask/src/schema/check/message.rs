//! What is said of a value: its path, what it must be, and what it is.

use std::{borrow::Cow, fmt::Write};

use super::{
    super::{
        model::{Limits, Schema, Types},
        scalar::{self, choices, shown},
    },
    NAMES_COMPARED, Place, Step, Walk,
};
use crate::{
    diag::{Code, codes, did_you_mean},
    yaml::{Node, Scalar, ScalarKind, Value, canonical},
};

impl<'a> Walk<'a> {
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
        let few = !self.findings.is_full();
        let names = schema.values.iter().take(NAMES_COMPARED).filter_map(|value| value.as_str());
        let help = did_you_mean(given, names.filter(|name| few && !name.is_empty()));
        let mut message = self.subject(schema.at_parent);
        message.push_str(&choices(&schema.values));
        self.add_given(&mut message, place.node);
        self.error(codes::SCHEMA_ENUM, message, place.node.span, place, help);
    }

    /// Reports a value that is not what it must be.
    pub(super) fn must(&mut self, code: Code, must: &str, schema: &Schema, place: Place<'a>) {
        let mut message = self.subject(schema.at_parent);
        message.push_str(must);
        self.add_given(&mut message, place.node);
        self.error(code, message, place.node.span, place, None);
    }

    /// The beginning of a message on the value at hand, up to what it must be.
    fn subject(&self, at_parent: bool) -> String {
        match self.path.split_last().filter(|(_, parent)| at_parent && !parent.is_empty()) {
            Some((Step::Key(key), parent)) => {
                format!("`{}` must have under `{}` ", shown_path(parent), key.replace('`', "'"))
            }
            Some((Step::Index(_), parent)) => format!("`{}` must have only ", shown_path(parent)),
            None => format!("`{}` must be ", self.shown_path()),
        }
    }

    /// What a scalar is, unless nobody may see it.
    fn add_given(&self, message: &mut String, node: &Node) {
        let Some(scalar) = node.as_scalar().filter(|_| !self.is_secret) else { return };
        let text = canonical(scalar).unwrap_or(Cow::Borrowed(&scalar.text));
        let _ = write!(message, ", not {}", shown(&text));
    }

    /// Reports a null where the value of the type that it stands for is not allowed.
    pub(super) fn null_item(&mut self, at_parent: bool, place: Place<'a>) {
        let message = match self.path.split_last().filter(|_| at_parent) {
            Some((_, list)) => format!("`{}` must have only values, not null", shown_path(list)),
            None => format!("`{}` must have a value, not null", self.shown_path()),
        };
        self.error(codes::SCHEMA_TYPE, message, place.key, place, None);
    }

    /// Reports an empty key of a map.
    pub(super) fn empty_key(&mut self, place: Place<'a>) {
        let map = self.path.split_last().map_or(&[][..], |(_, map)| map);
        let message = format!("a key of `{}` must not be empty", shown_path(map));
        self.error(codes::SCHEMA_LENGTH, message, place.key, place, None);
    }

    /// Reports a key of a map that is not what it must be.
    pub(super) fn wrong_key(&mut self, keys: &Schema, must: &str, place: Place<'a>) {
        let Some((Step::Key(key), map)) = self.path.split_last() else { return };
        let subject = if keys.at_parent {
            format!("a key of `{}`", shown_path(map))
        } else {
            format!("the key of `{}`", self.shown_path())
        };
        let message = format!("{subject} must be {must}, not {}", shown(key));
        self.error(codes::SCHEMA_FORMAT, message, place.key, place, None);
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
