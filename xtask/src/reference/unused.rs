//! Each ConfigMap and Secret that nothing uses.
//!
//! Invariant: when in doubt it is used. What reads one through the API names it in an argument, in
//! a custom resource, in a configuration or in a role, or finds it by a label or an annotation that
//! other objects do not have.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    kinds::{CONFIG_MAP, SECRET},
    marks::{Marks, holds_data},
    resolve::SYSTEM_NAMESPACES,
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Text, Value},
};

/// The types of Secrets that are of use only to what names them.
const NAMED_TYPES: &[&str] = &[
    "Opaque",
    "kubernetes.io/basic-auth",
    "kubernetes.io/dockercfg",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/ssh-auth",
    "kubernetes.io/tls",
];

/// Adds what nothing uses, where `used` has the kind, the namespace and the name of what is named.
pub(super) fn check(
    cluster: &Cluster<'_>,
    marks: &Marks<'_>,
    used: &BTreeSet<(Text, Text, Text)>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    if !cluster.is_closed() {
        return;
    }
    let readable = readable(cluster);
    let mut unused: BTreeMap<&str, Vec<&Object<'_>>> = BTreeMap::new();
    for object in cluster.objects().iter().filter(|object| holds_data(object)) {
        let id = (object.id.gvk.kind.clone(), object.namespace(), object.id.name.clone());
        if !used.contains(&id)
            && !is_for_others(object)
            && !marks.is_marked(object)
            && !readable.contains(&(id.1, id.0))
        {
            unused.entry(&object.id.name).or_default().push(object);
        }
    }
    if unused.is_empty() {
        return;
    }
    for object in cluster.objects() {
        mentions(object, &mut |name| {
            let Some(objects) = unused.get_mut(name) else { return };
            objects.retain(|one| one.id == object.id);
            if objects.is_empty() {
                unused.remove(name);
            }
        });
    }
    for object in unused.into_values().flatten() {
        let code = if object.is(SECRET.group, SECRET.kind) {
            codes::REFERENCE_UNUSED_SECRET
        } else {
            codes::REFERENCE_UNUSED_CONFIG_MAP
        };
        let message = format!("nothing uses {object} of namespace `{}`", object.namespace());
        out.push(
            Diagnostic::warning(code, message, object.name_anchor())
                .with_help("remove it, or name it where it is meant to be used"),
        );
    }
}

/// Whether an object is of a kind that something outside of the manifests uses by itself.
fn is_for_others(object: &Object<'_>) -> bool {
    let kind = object.node.get("type").and_then(Node::as_str);
    SYSTEM_NAMESPACES.contains(&object.namespace().as_str())
        || object.id.name == "kube-root-ca.crt"
        || kind.is_some_and(|kind| !NAMED_TYPES.contains(&kind))
}

/// The namespaces and kinds of which a Role of the namespace lets someone read all objects.
fn readable(cluster: &Cluster<'_>) -> BTreeSet<(Text, Text)> {
    let mut readable = BTreeSet::new();
    for role in cluster.of_kind("rbac.authorization.k8s.io", "Role") {
        for rule in role.node.get("rules").and_then(Node::as_sequence).unwrap_or_default() {
            let has = |list: &str, words: &[&str]| {
                let items = rule.get(list).and_then(Node::as_sequence).unwrap_or_default();
                items.iter().filter_map(Node::as_str).any(|item| words.contains(&item))
            };
            let is_of_all = rule.get("resourceNames").is_none_or(Node::is_null);
            if !is_of_all || !has("verbs", &["get", "list", "watch", "*"]) {
                continue;
            }
            for (kind, resource) in [(CONFIG_MAP.kind, "configmaps"), (SECRET.kind, "secrets")] {
                if has("resources", &[resource, "*"]) {
                    readable.insert((role.namespace(), kind.into()));
                }
            }
        }
    }
    readable
}

/// Calls `named` with each word of an object that may be the name of something.
fn mentions(object: &Object<'_>, named: &mut dyn FnMut(&str)) {
    let group = object.id.gvk.group.as_str();
    if let Some(annotations) = object.node.at(&["metadata", "annotations"]) {
        texts(annotations, &mut |text| words(text, named));
    }
    if holds_data(object) {
        for field in ["data", "stringData"] {
            // What is in Base64 says nothing.
            if let Some(data) = object.node.get(field)
                && (field == "stringData" || object.is(CONFIG_MAP.group, CONFIG_MAP.kind))
            {
                texts(data, &mut |text| words(text, named));
            }
        }
        return;
    }
    let is_built_in = !group.contains('.') || group.ends_with(".k8s.io");
    let entries = object.node.as_mapping().into_iter().flatten();
    for entry in entries.filter(|entry| entry.key != "metadata") {
        if is_built_in {
            arguments(&entry.value, named);
        } else {
            texts(&entry.value, &mut |text| words(text, named));
        }
    }
}

/// The words of what a built-in kind hands on: commands and environments of containers, parameters
/// of classes, names in rules of roles.
fn arguments(node: &Node, named: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| arguments(item, named)),
        Value::Mapping(map) => {
            for entry in map {
                match entry.key.as_str() {
                    "command" | "args" | "value" | "parameters" | "resourceNames"
                    | "annotations" | "volumeAttributes" => {
                        texts(&entry.value, &mut |text| words(text, named));
                    }
                    _ => arguments(&entry.value, named),
                }
            }
        }
    }
}

/// Calls `found` with each text.
fn texts(node: &Node, found: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Scalar(scalar) => {
            if scalar.is_string() {
                found(&scalar.text);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Mapping(map) => map.iter().for_each(|entry| texts(&entry.value, found)),
    }
}

/// Calls `named` with each word of a text that may be a name, and with each part of one that has
/// dots.
fn words(text: &str, named: &mut dyn FnMut(&str)) {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    for word in text.split(|c| !in_name(c)).filter(|word| !word.is_empty()) {
        named(word);
        if word.contains('.') {
            word.split('.').filter(|part| !part.is_empty()).for_each(&mut *named);
        }
    }
}
