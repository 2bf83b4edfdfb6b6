//! The structure of a schema as short JSON, without descriptions, and what in it cannot be used.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{
    super::pattern::{Pattern, syntax_error},
    value::plain,
};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
    yaml::{Node, Text},
};

/// How deeply schemas nest: each level is two of JSON, and the server's own limit is below it.
const DEPTH_LIMIT: usize = 50;

/// How deeply a default or a value of an enumeration nests.
const VALUE_DEPTH_LIMIT: usize = 20;

/// How many schemas a definition may have. The largest of the curated ones has a tenth of it.
const NODE_LIMIT: usize = 120_000;

/// How many different patterns a definition may have: each is compiled and kept. The curated ones
/// have some dozens.
const PATTERN_LIMIT: usize = 250;

/// Whether the sentences that rules print are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messages {
    Keep,
    Drop,
}

/// How the faults are told for which an API server refuses a schema. What is wrong for us alone is
/// always a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Faults {
    /// As errors.
    Errors,
    /// As warnings: the server does not read this schema.
    Warnings,
    /// Not at all: the definition is an object too, and the rules for its kind tell them.
    Elsewhere,
}

/// A part that cannot be used.
#[derive(Debug)]
struct Fault {
    at: Span,
    message: String,
    /// Whether a server refuses it too.
    is_refused: bool,
}

/// Reads the schemas of one definition.
#[derive(Debug)]
pub(super) struct Stripper {
    messages: Messages,
    tells: Faults,
    left: usize,
    patterns: BTreeMap<Text, Pattern>,
    first: Option<Fault>,
    faults: usize,
}

impl Stripper {
    pub fn new(messages: Messages, tells: Faults) -> Self {
        let patterns = BTreeMap::new();
        Self { messages, tells, left: NODE_LIMIT, patterns, first: None, faults: 0 }
    }

    /// Reports what could not be used: the first part, and how many others there are.
    pub fn finish(self, kind: &str, out: &mut Vec<Diagnostic>) {
        let Some(Fault { at, message, is_refused }) = self.first else { return };
        let others = match self.faults - 1 {
            0 => String::new(),
            1 => ", and 1 other part is".to_owned(),
            count => format!(", and {count} other parts are"),
        };
        let message = format!("the schema of {kind}: {message}{others}");
        let diagnostic = if is_refused && self.tells == Faults::Errors {
            Diagnostic::error(codes::SCHEMA_DEFINITION, message, at)
        } else {
            Diagnostic::warning(codes::SCHEMA_DEFINITION, message, at)
        };
        out.push(diagnostic.with_help("objects are checked without this part"));
    }

    fn fault(&mut self, at: Span, is_refused: bool, message: impl Into<String>) {
        if is_refused && self.tells == Faults::Elsewhere {
            return;
        }
        self.faults += 1;
        if self.first.is_none() {
            self.first = Some(Fault { at, message: message.into(), is_refused });
        }
    }

    /// The structure of a schema; one that takes everything where it cannot be used.
    pub fn schema(&mut self, node: &Node) -> Json {
        self.nested(node, 0)
    }

    fn nested(&mut self, node: &Node, depth: usize) -> Json {
        let everything = || json!({"x-kubernetes-preserve-unknown-fields": true});
        let Some(mapping) = node.as_mapping() else {
            if !node.is_null() {
                self.fault(
                    node.span,
                    true,
                    format!("a schema must be a mapping, not {}", node.describe()),
                );
            }
            return everything();
        };
        if depth >= DEPTH_LIMIT {
            let message = format!(
                "it nests more than {DEPTH_LIMIT} levels, and what is deeper is not checked"
            );
            self.fault(first_byte(node.span), false, message);
            return everything();
        }
        let Some(left) = self.left.checked_sub(1) else {
            let message =
                format!("it has more than {NODE_LIMIT} parts, and the rest is not checked");
            self.fault(first_byte(node.span), false, message);
            return everything();
        };
        self.left = left;
        let mut out = Map::new();
        for entry in mapping {
            let value = &entry.value;
            if value.is_null() {
                continue;
            }
            let key = entry.key.as_str();
            let stripped = match key {
                "$ref" => {
                    self.fault(entry.key_span, true, "`$ref` is not allowed in it");
                    return everything();
                }
                "properties" => Some(self.properties(value, depth)),
                "additionalProperties" if value.as_mapping().is_none() => boolean(value),
                "items" | "additionalProperties" | "not" => Some(self.nested(value, depth + 1)),
                "allOf" | "anyOf" | "oneOf" => {
                    let all = value.as_sequence().unwrap_or_default();
                    Some(all.iter().map(|one| self.nested(one, depth + 1)).collect())
                }
                "pattern" => self.pattern(value),
                "format" => value.as_str().map(Json::from),
                "type" => self.types(value),
                "required" => value
                    .as_sequence()
                    .map(|all| all.iter().filter_map(Node::as_str).map(Json::from).collect()),
                "default" | "enum" => self.value(value, key),
                "minimum" | "maximum" | "multipleOf" => Some(plain(value)).filter(Json::is_number),
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
                | "maxProperties" => Some(plain(value)).filter(Json::is_u64),
                "exclusiveMinimum"
                | "exclusiveMaximum"
                | "nullable"
                | "uniqueItems"
                | "x-kubernetes-preserve-unknown-fields"
                | "x-kubernetes-int-or-string"
                | "x-kubernetes-embedded-resource" => {
                    boolean(value).filter(|value| value == &Json::Bool(true))
                }
                "x-kubernetes-list-type" => {
                    value.as_str().filter(|kind| *kind != "atomic").map(Json::from)
                }
                "x-kubernetes-list-map-keys" => Some(plain(value)).filter(Json::is_array),
                "x-kubernetes-validations" => self.rules(value),
                _ => None,
            };
            if let Some(stripped) = stripped {
                out.insert(key.to_owned(), stripped);
            }
        }
        drop_int_or_string(&mut out);
        Json::Object(out)
    }

    fn properties(&mut self, node: &Node, depth: usize) -> Json {
        let Some(mapping) = node.as_mapping() else {
            self.fault(
                node.span,
                true,
                format!("`properties` must be a mapping, not {}", node.describe()),
            );
            return Json::Object(Map::new());
        };
        let nested = |entry: &crate::yaml::Entry| {
            (entry.key.to_string(), self.nested(&entry.value, depth + 1))
        };
        Json::Object(mapping.iter().map(nested).collect())
    }

    fn types(&mut self, node: &Node) -> Option<Json> {
        let known = ["array", "boolean", "integer", "number", "object", "string"];
        match node.as_str() {
            Some("") => None,
            Some(name) if known.contains(&name) => Some(Json::from(name)),
            _ => {
                let message = format!("`type` must be one of {}", known.join(", "));
                self.fault(node.span, true, message);
                None
            }
        }
    }

    fn pattern(&mut self, node: &Node) -> Option<Json> {
        let text = node.as_str().filter(|text| !text.is_empty())?;
        if self.patterns.len() >= PATTERN_LIMIT && !self.patterns.contains_key(text) {
            let message =
                format!("it has more than {PATTERN_LIMIT} patterns, and the rest is not checked");
            self.fault(node.span, false, message);
            return None;
        }
        let pattern = self.patterns.entry(text.into()).or_insert_with(|| Pattern::new(text));
        match pattern.error().map(str::to_owned) {
            None => Some(Json::from(text)),
            Some(error) => {
                let is_refused = syntax_error(text).is_some();
                self.fault(node.span, is_refused, format!("a pattern cannot be used: {error}"));
                None
            }
        }
    }

    fn value(&mut self, node: &Node, key: &str) -> Option<Json> {
        if depth_of(node, VALUE_DEPTH_LIMIT) {
            return Some(plain(node));
        }
        let message = format!("`{key}` nests more than {VALUE_DEPTH_LIMIT} levels");
        self.fault(first_byte(node.span), false, message);
        None
    }

    fn rules(&mut self, node: &Node) -> Option<Json> {
        let kept: &[&str] = match self.messages {
            Messages::Keep => {
                &["rule", "fieldPath", "optionalOldSelf", "message", "messageExpression"]
            }
            Messages::Drop => &["rule", "fieldPath", "optionalOldSelf"],
        };
        let rules = node.as_sequence()?.iter().filter(|rule| rule.get("rule").is_some());
        let strip = |rule: &Node| -> Json {
            let fields =
                kept.iter().filter_map(|key| Some(((*key).to_owned(), plain(rule.get(key)?))));
            Json::Object(fields.collect())
        };
        Some(rules.map(strip).collect())
    }
}

/// The beginning of a span: a whole subtree is not marked.
fn first_byte(span: Span) -> Span {
    Span { end: span.start, ..span }
}

fn boolean(node: &Node) -> Option<Json> {
    Some(plain(node)).filter(Json::is_boolean)
}

/// Whether a value nests at most `limit` levels.
fn depth_of(node: &Node, limit: usize) -> bool {
    let Some(left) = limit.checked_sub(1) else { return false };
    match &node.value {
        crate::yaml::Value::Scalar(_) => true,
        crate::yaml::Value::Sequence(items) => items.iter().all(|item| depth_of(item, left)),
        crate::yaml::Value::Mapping(mapping) => {
            mapping.iter().all(|entry| depth_of(&entry.value, left))
        }
    }
}

/// Generators write `anyOf: [{type: integer}, {type: string}]` beside
/// `x-kubernetes-int-or-string`, which says the same.
fn drop_int_or_string(schema: &mut Map<String, Json>) {
    if schema.contains_key("x-kubernetes-int-or-string")
        && schema.get("anyOf") == Some(&json!([{"type": "integer"}, {"type": "string"}]))
    {
        schema.remove("anyOf");
    }
}

/// JSON with sorted keys, on one line.
pub(super) fn sorted(value: &Json, out: &mut String) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                sorted(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                sorted(item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
