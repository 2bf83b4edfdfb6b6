//! The namespaces of a cluster as its API server knows them.

use std::collections::BTreeMap;

use crate::{
    cluster::{Cluster, Object},
    resource::is_known,
    yaml::{Mapping, Node, Text, Value},
};

/// The label that the API server sets on each namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The namespaces by name.
pub(super) struct Namespaces(BTreeMap<Text, Node>);

impl Namespaces {
    /// Those that objects are, and those that objects are in. Of the latter only the name is known:
    /// where all that is deployed is here, or where every cluster has them.
    pub(super) fn of(cluster: &Cluster<'_>) -> Self {
        let mut all = BTreeMap::new();
        for namespace in cluster.of_kind("", "Namespace") {
            let name = namespace.id.name.clone();
            all.insert(name.clone(), labelled(namespace.node, &name));
        }
        for object in cluster.objects() {
            let Some(name) = name_around(object) else { continue };
            if !all.contains_key(&name) && (cluster.is_closed() || cluster.has_namespace(&name)) {
                let bare = bare(object.node, &name);
                all.insert(name, bare);
            }
        }
        Self(all)
    }

    /// The namespace that an object is in, if that is known.
    pub(super) fn around(&self, object: &Object<'_>) -> Option<&Node> {
        self.0.get(&name_around(object)?)
    }

    /// A namespace.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.0.get(name)
    }
}

/// The name of the namespace that an object is in, if it is in one. Whether an object of a custom kind is in one at
/// all can only be told where one is written.
pub(super) fn name_around(object: &Object<'_>) -> Option<Text> {
    let written = object.node.text_at(&["metadata", "namespace"]).unwrap_or_default();
    let name = object.namespace();
    let gvk = &object.id.gvk;
    let is_known = is_known(&gvk.group, &gvk.version, &gvk.kind);
    let is_default = written.is_empty() && is_known && name == "default";
    (is_default || name == written).then_some(name).filter(|name| !name.is_empty())
}

/// A namespace with the label that the API server sets.
fn labelled(namespace: &Node, name: &Text) -> Node {
    let mut node = namespace.clone();
    let span = node.span;
    let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) else {
        return bare(namespace, name);
    };
    if metadata.get("labels").is_none_or(|labels| labels.as_mapping().is_none()) {
        metadata.insert("labels", span, Node::new(Value::Mapping(Mapping::default()), span));
    }
    if let Some(labels) = metadata.get_mut("labels").and_then(Node::as_mapping_mut) {
        labels.insert(NAME_LABEL, span, Node::string(name.clone(), span, namespace.origin));
    }
    node
}

/// A namespace of which only the name is known.
fn bare(near: &Node, name: &Text) -> Node {
    let (span, origin) = (near.span, near.origin);
    let text = |text: &str| Node::string(text, span, origin);
    let mapping = |entries: Vec<(&str, Node)>| {
        let mut mapping = Mapping::default();
        for (key, value) in entries {
            mapping.push(key, span, value);
        }
        Node::new(Value::Mapping(mapping), span)
    };
    let labels = mapping(vec![(NAME_LABEL, text(name))]);
    let metadata = mapping(vec![("name", text(name)), ("labels", labels)]);
    mapping(vec![("apiVersion", text("v1")), ("kind", text("Namespace")), ("metadata", metadata)])
}
