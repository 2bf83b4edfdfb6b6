//! What a `ConstraintTemplate` of Gatekeeper defines: a kind of constraints.
//!
//! Source: `frameworks/constraint/pkg/client/crds/{crds,schema}.go` and, for templates with a legacy
//! schema, `frameworks/constraint/pkg/schema/transform.go`.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::{
    CustomKind, curated,
    definition::Names,
    strip::{Faults, Messages, Stripper},
};
use crate::{diag::Diagnostic, yaml::Node};

/// The group of templates, with the slash before a version.
pub(super) const GROUP: &str = "templates.gatekeeper.sh/";

/// The versions of constraints that Gatekeeper serves.
const VERSIONS: &[&str] = &["v1beta1", "v1alpha1"];

/// The kind whose `spec.match` is of the same type as the one of a constraint.
const MATCH_OWNER: &str = "mutations.gatekeeper.sh/v1/Assign";

/// The kinds that a template defines, one for each version.
pub(super) fn kinds(node: &Node, messages: Messages, out: &mut Vec<Diagnostic>) -> Vec<CustomKind> {
    let crd = node.at(&["spec", "crd", "spec"]);
    let kind = crd.and_then(|crd| crd.at(&["names", "kind"])).and_then(Node::as_str);
    let Some(kind) = kind.filter(|kind| !kind.is_empty()) else { return Vec::new() };
    let validation = crd.and_then(|crd| crd.get("validation"));
    let mut stripper = Stripper::new(messages, Faults::Warnings);
    let given = validation.and_then(|validation| validation.get("openAPIV3Schema"));
    let mut parameters = given.filter(|one| !one.is_null()).map(|one| stripper.schema(one));
    stripper.finish(kind, out);
    if is_legacy(node, validation) {
        keep_unknown(parameters.get_or_insert_with(|| json!({})));
    }
    let schema = schema(parameters);
    let plural = kind.to_lowercase();
    let names =
        Names { group: "constraints.gatekeeper.sh", kind, plural: &plural, scope: "Cluster" };
    let line = names.line(schema, None, true);
    VERSIONS.iter().map(|version| CustomKind::new(names.name(version), line.clone())).collect()
}

/// Whether the template takes any parameters beside those of its schema. That is the default of the
/// versions before v1.
fn is_legacy(node: &Node, validation: Option<&Node>) -> bool {
    let said = validation.and_then(|one| one.get("legacySchema")).and_then(Node::scalar_text);
    let version = node.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    said.map_or(!version.ends_with("/v1"), |said| said == "true")
}

/// The schema of `spec.match`.
static MATCH: LazyLock<Json> = LazyLock::new(|| {
    let own = curated::line(MATCH_OWNER).and_then(|line| serde_json::from_str::<Json>(line).ok());
    let matches =
        own.and_then(|own| own.pointer("/schema/properties/spec/properties/match").cloned());
    matches.unwrap_or_else(|| json!({"x-kubernetes-preserve-unknown-fields": true}))
});

/// The schema of a constraint whose parameters have a schema.
fn schema(parameters: Option<Json>) -> Json {
    let text = || json!({"type": "string"});
    let mut spec = json!({
        "match": *MATCH,
        "enforcementAction": {"type": "string", "default": "deny"},
        "scopedEnforcementActions": {"type": "array", "items": {"type": "object", "properties": {
            "action": text(),
            "enforcementPoints": {"type": "array", "items": {
                "type": "object", "properties": {"name": text()},
            }},
        }}},
    });
    if let (Some(parameters), Some(spec)) = (parameters, spec.as_object_mut()) {
        spec.insert("parameters".to_owned(), parameters);
    }
    json!({"type": "object", "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 63}}},
        "spec": {"type": "object", "properties": spec},
        "status": {"x-kubernetes-preserve-unknown-fields": true},
    }})
}

/// Keeps fields without a schema in every part that may be an object.
fn keep_unknown(schema: &mut Json) {
    let Some(map) = schema.as_object_mut() else { return };
    let keep = "x-kubernetes-preserve-unknown-fields";
    match map.get("type").and_then(Json::as_str) {
        None | Some("object") => {
            map.insert(keep.to_owned(), Json::from(true));
        }
        Some("array") => {
            map.entry("items").or_insert_with(|| json!({keep: true}));
        }
        Some(_) => {}
    }
    let properties = map.get_mut("properties").and_then(Json::as_object_mut);
    properties.into_iter().flatten().for_each(|(_, schema)| keep_unknown(schema));
    for key in ["items", "additionalProperties"] {
        map.get_mut(key).into_iter().for_each(keep_unknown);
    }
}
