//! What Gatekeeper reads of any object.
//!
//! Source: `unstructured.Unstructured` of apimachinery. Invariant: a field of the wrong type is
//! there as little as one that is missing.

use crate::{
    resource::Gvk,
    yaml::{Mapping, Node},
};

/// Group, version and kind. An `apiVersion` that cannot be read takes the kind with it.
pub(super) fn gvk(object: &Node) -> Gvk {
    let version = text(object, &["apiVersion"]);
    if version.matches('/').count() > 1 {
        return Gvk::default();
    }
    Gvk::new(version, text(object, &["kind"]))
}

/// The text at the end of a path; empty if there is none.
pub(super) fn text<'a>(object: &'a Node, path: &[&str]) -> &'a str {
    object.at(path).and_then(Node::as_str).unwrap_or_default()
}

/// The name.
pub(super) fn name(object: &Node) -> &str {
    text(object, &["metadata", "name"])
}

/// The namespace as it is written; empty if none is.
pub(super) fn namespace(object: &Node) -> &str {
    text(object, &["metadata", "namespace"])
}

/// The labels. If one of them is no text, there are none.
pub(super) fn labels(object: &Node) -> impl Iterator<Item = (&str, &str)> + Clone {
    let labels = object.at(&["metadata", "labels"]).and_then(Node::as_mapping);
    let labels = labels.filter(|labels| labels.iter().all(|entry| entry.value.as_str().is_some()));
    let entries = labels.into_iter().flat_map(Mapping::iter);
    entries.filter_map(|entry| Some((entry.key.as_str(), entry.value.as_str()?)))
}

/// Whether it is a Namespace.
pub(super) fn is_namespace(gvk: &Gvk) -> bool {
    gvk.kind == "Namespace" && gvk.group.is_empty()
}

/// The value of a field that is not null.
pub(super) fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !value.is_null())
}
