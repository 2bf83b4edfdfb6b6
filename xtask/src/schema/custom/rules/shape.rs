//! What a schema declares for the rules on it.
//!
//! Source: `SchemaDeclType` of `k8s.io/apiserver/pkg/cel/common/schemas.go` and
//! `WithTypeAndObjectMeta` of `apiextensions-apiserver/pkg/apiserver/schema/cel/model`.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{
    cel::{ListKind, Object, Shape},
    yaml::Text,
};

/// The shape of the values of a schema. None where rules cannot be: the type is not said.
pub(super) fn of(raw: &Map<String, Json>, is_resource: bool) -> Option<Shape> {
    let text = |key: &str| raw.get(key).and_then(Json::as_str);
    let flag = |key: &str| raw.get(key) == Some(&Json::Bool(true));
    if flag("x-kubernetes-int-or-string") {
        return Some(Shape::Dyn);
    }
    let is_resource = is_resource || flag("x-kubernetes-embedded-resource");
    let kind = text("type").or_else(|| is_resource.then_some("object"))?;
    Some(match (kind, text("format").unwrap_or_default()) {
        ("boolean", _) => Shape::Bool,
        ("integer", _) => Shape::Int,
        ("number", _) => Shape::Double,
        ("string", "byte") => Shape::Bytes,
        ("string", "duration") => Shape::Duration,
        ("string", "date" | "date-time") => Shape::Timestamp,
        ("string", _) => Shape::String,
        ("array", _) => {
            let item = of(raw.get("items")?.as_object()?, false)?;
            let kind = match text("x-kubernetes-list-type") {
                Some("set") => ListKind::Set,
                Some("map") => {
                    let keys = raw.get("x-kubernetes-list-map-keys").and_then(Json::as_array);
                    let keys = keys.into_iter().flatten().filter_map(Json::as_str);
                    ListKind::Map(keys.map(Text::from).collect())
                }
                _ => ListKind::Atomic,
            };
            Shape::List(Arc::new(item), kind)
        }
        ("object", _) => {
            let values = raw.get("additionalProperties").and_then(Json::as_object);
            if let Some(values) = values.filter(|_| !is_resource) {
                return Some(Shape::Map(Arc::new(of(values, false)?)));
            }
            Shape::Object(Arc::new(object(raw, is_resource)))
        }
        _ => return None,
    })
}

fn object(raw: &Map<String, Json>, is_resource: bool) -> Object {
    let properties = raw.get("properties").and_then(Json::as_object);
    let declared = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, raw)| Some((Text::from(name.as_str()), of(raw.as_object()?, false)?)));
    let is_of_every_resource = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata");
    let mut fields: Vec<_> =
        declared.filter(|(name, _)| !is_resource || !is_of_every_resource(name)).collect();
    if is_resource {
        let names = ["name", "generateName"].map(|name| (Text::from(name), Shape::String));
        let metadata = Shape::Object(Arc::new(Object::new("metadata", names)));
        fields.push(("apiVersion".into(), Shape::String));
        fields.push(("kind".into(), Shape::String));
        fields.push(("metadata".into(), metadata));
    }
    Object::new("object", fields)
}
