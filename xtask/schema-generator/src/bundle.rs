//! The bundle of one Kubernetes version: made, written and compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::names::{self, NameSyntax};
use crate::table::Minor;
use crate::upstream::{self, Definitions, short_name};
use crate::{corrections, deprecations, kinds, merge, rules};

/// A bundle, before it is text. The crate's documentation describes the format.
#[derive(Debug)]
pub struct Bundle {
    pub version: Minor,
    /// By `apiVersion/kind`.
    pub kinds: BTreeMap<String, Value>,
    pub definitions: Definitions,
}

impl Bundle {
    /// Makes the bundle of the Kubernetes version that this crate was built for.
    pub fn generate() -> Result<Self> {
        let version: Minor = kinds::VERSION.parse()?;
        let upstream = upstream::definitions();
        let mut definitions = upstream.clone();
        corrections::apply(&mut definitions, version)?;
        for definition in definitions.values_mut() {
            corrections::visit(definition, &mut tidy);
        }
        rules::apply(&mut definitions, &upstream, &rules::rows()?, version)?;
        let kept = merge::merge(&mut definitions);

        let all = kinds::all();
        let keys: Vec<String> = all.iter().map(kinds::Kind::key).collect();
        deprecations::check(version, &keys)?;
        let mut names = names::syntaxes(version, &keys)?;
        let kinds = all.iter().zip(keys).map(|(kind, key)| {
            let name = names.remove(&key).unwrap_or_default();
            let definition = short_name(&(kind.definition)()).to_owned();
            let definition = kept.get(&definition).cloned().unwrap_or(definition);
            (key, kind_entry(kind, &definition, &name))
        });
        Ok(Self { version, kinds: kinds.collect(), definitions })
    }

    /// The text of the bundle: sorted keys, one kind or definition a line.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{\n\"definitions\":{\n");
        let definitions =
            self.definitions.iter().map(|(name, schema)| (name, sorted_object(schema)));
        write_lines(&mut text, definitions);
        text.push_str("},\n\"kinds\":{\n");
        write_lines(&mut text, self.kinds.iter().map(|(key, entry)| (key, sorted(entry))));
        writeln!(text, "}},\n\"version\":\"{}\"\n}}", self.version)
            .expect("a String takes every text");
        text
    }
}

fn kind_entry(kind: &kinds::Kind, definition: &str, name: &NameSyntax) -> Value {
    let mut entry = json!({
        "definition": definition,
        "plural": kind.plural,
        "scope": kind.scope.as_str(),
    });
    if let (NameSyntax::Format { name, max_length }, Some(entry)) = (name, entry.as_object_mut()) {
        entry.insert("name".into(), json!(name));
        if let Some(length) = max_length {
            entry.insert("nameMaxLength".into(), json!(length));
        }
    }
    entry
}

/// Drops what no reader needs and closes what names its properties.
fn tidy(schema: &mut Map<String, Value>) {
    schema.remove("description");
    if schema.get("format").is_some_and(|format| format == "double") {
        schema.remove("format");
    }
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".into(), json!(false));
    }
    // Nothing is said by it: an object without it may hold anything as well.
    if schema.get("additionalProperties") == Some(&json!(true)) {
        schema.remove("additionalProperties");
    }
}

/// The JSON text of a value with sorted keys, whatever map `serde_json` was built with.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(map) => sorted_object(map),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn sorted_object(map: &Map<String, Value>) -> String {
    let members: BTreeMap<&String, &Value> = map.iter().collect();
    let members = members.iter().map(|(key, value)| format!("{}:{}", json!(key), sorted(value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn write_lines<'a>(text: &mut String, entries: impl Iterator<Item = (&'a String, String)>) {
    let lines: Vec<String> =
        entries.map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    text.push_str(&lines.join(",\n"));
    text.push('\n');
}

/// What differs between a bundle on disk and the one that was just made, one line each; empty if
/// nothing does.
pub fn differences(committed: &str, generated: &Bundle) -> Result<Vec<String>> {
    let text = generated.to_text();
    if committed == text {
        return Ok(Vec::new());
    }
    let old: Value = serde_json::from_str(committed).context("the file is no JSON")?;
    let new: Value = serde_json::from_str(&text).context("the new bundle is no JSON")?;
    let mut differences = Vec::new();
    if old.get("version") != new.get("version") {
        differences
            .push(format!("the file is of version {}", old.get("version").unwrap_or(&Value::Null)));
    }
    for part in ["kinds", "definitions"] {
        let empty = Map::new();
        let entries = |bundle: &'_ Value| bundle.get(part).and_then(Value::as_object).cloned();
        let (old, new) =
            (entries(&old).unwrap_or_else(|| empty.clone()), entries(&new).unwrap_or(empty));
        for (key, value) in &new {
            match old.get(key) {
                None => differences.push(format!("{part}: `{key}` is missing from the file")),
                Some(known) if known != value => {
                    differences.extend(changes(part, key, known, value));
                }
                Some(_) => {}
            }
        }
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        differences.extend(gone.map(|key| format!("{part}: `{key}` is in the file only")));
    }
    if differences.is_empty() {
        differences.push("the same content is written in another way".to_owned());
    }
    ensure!(!differences.is_empty(), "two texts that differ have no difference");
    Ok(differences)
}

/// The places at which two values differ, as JSON pointers.
fn changes(part: &str, key: &str, old: &Value, new: &Value) -> Vec<String> {
    let mut places = Vec::new();
    compare(&mut String::new(), old, new, &mut places);
    places.into_iter().map(|place| format!("{part}: `{key}` differs at {place}")).collect()
}

fn compare(path: &mut String, old: &Value, new: &Value, places: &mut Vec<String>) {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        if old != new {
            places.push(format!("`{path}`: the file has {old}, expected {new}"));
        }
        return;
    };
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let length = path.len();
        path.push('/');
        path.push_str(key);
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => compare(path, old, new, places),
            (None, Some(new)) => {
                places.push(format!("`{path}`: missing from the file, expected {}", sorted(new)));
            }
            (Some(_), None) => places.push(format!("`{path}`: in the file only")),
            (None, None) => {}
        }
        path.truncate(length);
    }
}
