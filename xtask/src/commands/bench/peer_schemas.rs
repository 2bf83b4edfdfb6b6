//! The schemas of one Kubernetes version as kubeconform reads them.
//!
//! Of the layouts that it knows this is its fastest: one file a kind, in which references are kept
//! and each definition that they lead to is there once.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// What the name of a file must be, after the name of the directory.
pub(super) const LOCATION: &str = "{{ .ResourceKind }}{{ .KindSuffix }}.json";

/// The keywords that are taken over. The others are our own, or mean nothing to JSON Schema.
const KEYWORDS: &[&str] = &[
    "additionalProperties",
    "enum",
    "items",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "minItems",
    "minLength",
    "minProperties",
    "not",
    "oneOf",
    "properties",
    "required",
    "type",
];

/// Writes a file a kind into `dir`, from the text of a bundle.
pub(super) fn write(dir: &Path, bundle: &str) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
    let bundle: Value = serde_json::from_str(bundle).context("a bundle is not JSON")?;
    let section = |name: &str| bundle.get(name).and_then(Value::as_object);
    let definitions = section("definitions").context("a bundle without definitions")?;
    for (name, kind) in section("kinds").context("a bundle without kinds")? {
        let root = kind.get("definition").and_then(Value::as_str).unwrap_or_default();
        let path = dir.join(file_name(name));
        fs::write(&path, schema(root, definitions).to_string())
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// `deployment-apps-v1.json` for `apps/v1/Deployment`.
fn file_name(kind: &str) -> String {
    let mut parts = kind.rsplit('/');
    let mut next = || parts.next().unwrap_or_default().to_lowercase();
    let (kind, version, group) = (next(), next(), next());
    match group.split('.').next() {
        None | Some("") => format!("{kind}-{version}.json"),
        Some(group) => format!("{kind}-{group}-{version}.json"),
    }
}

/// The definition `root`, with all that it leads to.
fn schema(root: &str, definitions: &Map<String, Value>) -> Value {
    let mut known = BTreeSet::from([root.to_owned()]);
    let mut left = vec![root.to_owned()];
    let mut closure = Map::new();
    while let Some(name) = left.pop() {
        let Some(definition) = definitions.get(&name) else { continue };
        let mut references = Vec::new();
        closure.insert(name, plain(definition, &mut references));
        left.extend(references.into_iter().filter(|name| known.insert(name.clone())));
    }
    json!({"$ref": format!("#/definitions/{root}"), "definitions": closure})
}

/// A schema without what JSON Schema does not know. Nothing counts beside a reference.
fn plain(schema: &Value, references: &mut Vec<String>) -> Value {
    let Some(schema) = schema.as_object() else { return schema.clone() };
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        references.extend(reference.strip_prefix("#/definitions/").map(str::to_owned));
        return json!({"$ref": reference});
    }
    let mut out = Map::new();
    for (keyword, value) in schema.iter().filter(|(key, _)| KEYWORDS.contains(&key.as_str())) {
        let value = match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, schema)| (name.clone(), plain(schema, references)))
                .collect(),
            ("items" | "additionalProperties" | "not", schema) => plain(schema, references),
            ("oneOf", Value::Array(all)) => all.iter().map(|one| plain(one, references)).collect(),
            (_, value) => value.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_kubeconform_looks_for_it() {
        assert_eq!(file_name("v1/Service"), "service-v1.json");
        assert_eq!(file_name("apps/v1/Deployment"), "deployment-apps-v1.json");
        let role = "rbac.authorization.k8s.io/v1/Role";
        assert_eq!(file_name(role), "role-rbac-v1.json");
    }

    #[test]
    fn a_schema_has_what_it_refers_to_and_nothing_of_our_own() {
        let definitions = json!({
            "a": {"properties": {"b": {"$ref": "#/definitions/b", "format": "x"}, "x-c": {"type": "string"}}},
            "b": {"items": {"$ref": "#/definitions/b"}, "x-unique": [["name"]], "type": "array"},
            "c": {},
        });
        let expected = json!({
            "$ref": "#/definitions/a",
            "definitions": {
                "a": {"properties": {"b": {"$ref": "#/definitions/b"}, "x-c": {"type": "string"}}},
                "b": {"items": {"$ref": "#/definitions/b"}, "type": "array"},
            },
        });
        assert_eq!(schema("a", definitions.as_object().unwrap()), expected);
    }
}
