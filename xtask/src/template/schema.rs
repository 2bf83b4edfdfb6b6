//! `values.schema.json`: a JSON Schema that the merged values must fit.

use std::cell::OnceCell;

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value as Json;

use super::values::{Values, keys};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    source::{SourceId, Sources, Span},
    yaml::{Dialect, Node, ScalarKind, Text, Value, canonical, parse},
};

/// A schema that was read.
#[derive(Clone, Debug)]
pub struct Schema {
    source: SourceId,
    json: Json,
}

impl Schema {
    /// Reads a schema; `None` if it is not JSON, which is reported.
    pub fn read(sources: &Sources, source: SourceId, out: &mut Vec<Diagnostic>) -> Option<Self> {
        match serde_json::from_str(&sources.get(source).text) {
            Ok(json) => Some(Self { source, json }),
            Err(error) => {
                let line = u32::try_from(error.line()).unwrap_or(1);
                let start = sources.get(source).line(line).map_or(0, |range| range.start);
                let at = start + u32::try_from(error.column().saturating_sub(1)).unwrap_or(0);
                let end = u32::try_from(sources.get(source).text.len()).unwrap_or(u32::MAX);
                let span = Span::new(source, at.min(end)..at.min(end));
                out.push(Diagnostic::error(
                    codes::TEMPLATE_VALUES_SCHEMA,
                    format!("the schema is not JSON: {error}"),
                    span,
                ));
                None
            }
        }
    }

    /// Whether it refuses a key of the outermost map that it does not name.
    pub fn refuses(&self, key: &str) -> bool {
        let closed = self.json.get("additionalProperties") == Some(&Json::Bool(false));
        let named =
            self.json.get("properties").is_some_and(|properties| properties.get(key).is_some());
        closed && !named
    }
}

/// Reports each value that does not fit, at its line in the values file.
pub fn check(schema: &Schema, values: &Values, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let validator = match jsonschema::options().build(&schema.json) {
        Ok(validator) => validator,
        Err(error) => {
            out.push(Diagnostic::error(
                codes::TEMPLATE_VALUES_SCHEMA,
                format!("the schema is not a JSON Schema: {}", error.masked()),
                Span::start_of(schema.source),
            ));
            return;
        }
    };
    let instance = json(values.root());
    let keywords = Keywords { source: schema.source, sources, tree: OnceCell::new() };
    for error in validator.iter_errors(&instance) {
        out.push(diagnostic(&error, values, schema, &keywords));
    }
}

/// The places of a schema's keywords. The text is read once more, when the first value does not fit.
struct Keywords<'a> {
    source: SourceId,
    sources: &'a Sources,
    tree: OnceCell<Option<Node>>,
}

impl Keywords<'_> {
    /// The place of a keyword, by its JSON pointer; the first line where the JSON is not also
    /// YAML, such as one that is indented with tabs.
    fn place(&self, pointer: &str) -> Span {
        let tree = self.tree.get_or_init(|| {
            let mut not_yaml = Vec::new();
            let documents = parse(self.sources, self.source, Dialect::Resource, &mut not_yaml);
            documents.into_iter().next().filter(|_| !not_yaml.iter().any(Diagnostic::is_error))
        });
        match tree {
            Some(tree) => {
                let keyword = find(tree, pointer).0.span;
                Span { end: keyword.start, ..keyword }
            }
            None => Span::start_of(self.source),
        }
    }
}

fn diagnostic(
    error: &ValidationError<'_>,
    values: &Values,
    schema: &Schema,
    keywords: &Keywords<'_>,
) -> Diagnostic {
    let pointer = error.instance_path().to_string();
    let (node, path) = find(values.root(), &pointer);
    let shown = if path.is_empty() { "the values".to_owned() } else { format!("`{path}`") };
    let start = Span { end: node.span.start, ..node.span };
    let at = if node.as_scalar().is_some() { node.span } else { start };
    let message = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let key = unexpected.first().map_or("", String::as_str);
            let map = node.as_mapping();
            let at = map.and_then(|map| map.entry(key)).map_or(at, |entry| entry.key_span);
            let name = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let known = known_keys(&schema.json, &pointer);
            let diagnostic = Diagnostic::error(
                codes::TEMPLATE_VALUES_SCHEMA,
                format!("the schema does not know the value `{name}`"),
                at,
            );
            return match did_you_mean(key, known.iter().map(String::as_str)) {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic.with_help(format!("it knows: {}", known.join(", "))),
            };
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let there = node.as_mapping().map(keys).unwrap_or_default();
            let there: Vec<&str> = there.iter().map(Text::as_str).collect();
            let diagnostic = Diagnostic::error(
                codes::TEMPLATE_VALUES_SCHEMA,
                format!("{shown} must have `{name}`"),
                at,
            );
            return diagnostic.with_help(format!("there is: {}", there.join(", ")));
        }
        // The values may be secrets, so only the demand is shown.
        ValidationErrorKind::Type { kind } => {
            format!("{shown} must be {}, not {}", demanded(kind), node.describe())
        }
        _ => format!("{shown} does not fit the schema: {}", error.masked()),
    };
    Diagnostic::error(codes::TEMPLATE_VALUES_SCHEMA, message, at)
        .with_related(keywords.place(error.schema_path().as_str()), "the schema asks for it here")
}

/// The types that a schema allows, in words.
fn demanded(kind: &TypeKind) -> String {
    let words = |kind: JsonType| match kind {
        JsonType::Array => "a sequence",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a string",
    };
    match kind {
        TypeKind::Single(kind) => words(*kind).to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(" or "),
    }
}

/// The node behind a JSON pointer, and its path in dots.
fn find<'a>(root: &'a Node, pointer: &str) -> (&'a Node, String) {
    let mut node = root;
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/").replace("~0", "~");
        let next = match &node.value {
            Value::Mapping(map) => map.get(&key),
            Value::Sequence(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            Value::Scalar(_) => None,
        };
        let Some(next) = next else { break };
        if node.as_sequence().is_some() {
            path.extend(["[", &key, "]"]);
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&key);
        }
        node = next;
    }
    (node, path)
}

/// The properties that a schema names for the map at a pointer, where it is written plainly.
fn known_keys(schema: &Json, pointer: &str) -> Vec<String> {
    let mut place = Some(schema);
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/").replace("~0", "~");
        place = place.and_then(|schema| schema.get("properties")?.get(&key));
    }
    let properties = place.and_then(|schema| schema.get("properties")?.as_object());
    properties.map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// A tree as plain JSON.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(map) => {
            map.iter().map(|entry| (entry.key.to_string(), json(&entry.value))).collect()
        }
        Value::Scalar(scalar) => {
            let text = canonical(scalar).unwrap_or_default();
            match scalar.kind {
                ScalarKind::Null | ScalarKind::NothingInFlow => Json::Null,
                ScalarKind::Bool => Json::Bool(text == "true"),
                ScalarKind::Int | ScalarKind::Float => {
                    serde_json::from_str(&text).unwrap_or(Json::Null)
                }
                ScalarKind::String | ScalarKind::Timestamp => Json::String(scalar.text.to_string()),
            }
        }
    }
}
