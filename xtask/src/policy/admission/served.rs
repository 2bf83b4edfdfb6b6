//! The object that policies see: what is written, as the API server reads it and fills it in.
//!
//! Source: `SetDefaults_*` of Kubernetes 1.36 (`defaults.yaml` beside this), the `omitempty` of the
//! Go types, and the admission of Pods. Invariant: what is made is at the place of what it is in.
//! Not filled in: node ports, and what an object gets of a `LimitRange` or a `RuntimeClass`.

mod pods;
mod quantity;

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use compact_str::format_compact;

use super::super::{defaults::fill, object::name};
use crate::{
    resource::Gvk,
    source::{OriginId, Sources, Span},
    yaml::{Dialect, Mapping, Node, Scalar, Text, Value, parse},
};

/// Maps whose keys are free. What is empty in them is there.
const FREE: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "stringData",
    "volumeAttributes",
];

/// Maps whose values are quantities.
const QUANTITIES: &[&str] = &[
    "capacity",
    "default",
    "defaultRequest",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "requests",
];

/// Fields that are not there when they are `false`, `0` or empty.
const ZERO: &[&str] = &[
    "clusterIP",
    "dnsPolicy",
    "externalName",
    "failureThreshold",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "imagePullPolicy",
    "initialDelaySeconds",
    "minReadySeconds",
    "nodeName",
    "nodePort",
    "paused",
    "periodSeconds",
    "priorityClassName",
    "protocol",
    "publishNotReadyAddresses",
    "readOnly",
    "restartPolicy",
    "schedulerName",
    "serviceAccountName",
    "stdin",
    "stdinOnce",
    "subPath",
    "subPathExpr",
    "successThreshold",
    "timeoutSeconds",
    "tty",
    "type",
    "value",
];

/// What is filled in: for each part and each kind.
static DEFAULTS: LazyLock<Node> = LazyLock::new(|| {
    let mut sources = Sources::default();
    let id = sources.add("defaults.yaml", include_str!("defaults.yaml"));
    let mut nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    nodes.pop().expect("the file holds a document")
});

/// An object of Kubernetes' own kinds as policies see it. `has_token`: whether a Pod gets a token of
/// its service account.
pub(super) fn built_in(object: &Node, gvk: &Gvk, has_token: bool) -> Node {
    let mut object = object.clone();
    with_name(&mut object);
    without_nothing(&mut object, false);
    let kind = if gvk.group.is_empty() {
        gvk.kind.clone()
    } else {
        format_compact!("{}/{}", gvk.group, gvk.kind)
    };
    match kind.as_str() {
        "Pod" => pods::account(&mut object),
        "Secret" => secret(&mut object),
        "ReplicationController" => of_template(&mut object, &["spec", "template"]),
        "batch/Job" => job(&mut object),
        "Service" => service(&mut object),
        "LimitRange" => limits(&mut object),
        "Namespace" => namespace(&mut object),
        _ => {}
    }
    if let Some(defaults) = DEFAULTS.get(&kind) {
        apply(defaults, &mut object);
    }
    pods::images(&mut object);
    if kind == "Pod" {
        pods::admitted(&mut object, has_token);
    }
    object
}

/// A custom resource as policies see it: with the defaults of its schema.
pub(super) fn custom(object: &Node, schema: Option<&Node>) -> Node {
    let mut object = object.clone();
    with_name(&mut object);
    if let Some(schema) = schema {
        fill(&mut object, schema);
    }
    object
}

/// A Namespace of which nothing but the name is known.
pub(super) fn named(name: &str, span: Span) -> Node {
    let mut node = Node::mapping(span, OriginId::NONE);
    if let Some(metadata) = child(&mut node, "metadata") {
        set(metadata, "name", name);
    }
    node
}

/// A name is made before policies are asked.
fn with_name(object: &mut Node) {
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if let Some(prefix) = metadata.get("generateName")
        && metadata.get("name").is_none_or(Node::is_null)
    {
        let name = format_compact!("{}00000", prefix.scalar_text().unwrap_or_default());
        let (span, origin) = (prefix.span, prefix.origin);
        metadata.insert("name", span, Node::string(name, span, origin));
    }
}

/// Takes away what is the same as nothing, and writes quantities as the server does.
fn without_nothing(node: &mut Node, is_free: bool) {
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter_mut().for_each(|item| without_nothing(item, false)),
        Value::Mapping(mapping) => {
            if !is_free {
                mapping.retain(|entry| !is_nothing(&entry.key, &entry.value));
            }
            for entry in mapping {
                let key = entry.key.as_str();
                if QUANTITIES.contains(&key)
                    && let Some(amounts) = entry.value.as_mapping_mut()
                {
                    amounts.iter_mut().for_each(|entry| amount(&mut entry.value));
                } else if matches!(key, "sizeLimit" | "divisor") {
                    amount(&mut entry.value);
                } else {
                    without_nothing(&mut entry.value, FREE.contains(&key));
                }
            }
        }
    }
}

fn is_nothing(key: &str, value: &Node) -> bool {
    // A role says so when it has none.
    if key == "rules" {
        return false;
    }
    match &value.value {
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(map) => map.is_empty() && (FREE.contains(&key) || QUANTITIES.contains(&key)),
        Value::Scalar(scalar) => {
            let is_zero = matches!(scalar.text.as_str(), "" | "0" | "false");
            scalar.is_null() || is_zero && ZERO.contains(&key)
        }
    }
}

fn amount(node: &mut Node) {
    if let Some(text) = node.scalar_text().and_then(quantity::canonical) {
        node.value = Value::Scalar(Scalar::string(text));
    }
}

/// Fills in defaults.
fn apply(defaults: &Node, target: &mut Node) {
    let defaults = match defaults.as_str().and_then(|name| name.strip_prefix('$')) {
        Some(part) => DEFAULTS.get(part),
        None => Some(defaults),
    };
    let span = target.span;
    for entry in defaults.and_then(Node::as_mapping).into_iter().flatten() {
        let (key, default) = (entry.key.as_str(), &entry.value);
        if let Some(condition) = key.strip_prefix("if ") {
            if holds(condition, target) {
                apply(default, target);
            }
            continue;
        }
        let Some(mapping) = target.as_mapping_mut() else { return };
        if let Some(key) = key.strip_suffix("[]") {
            let items = mapping.get_mut(key).and_then(Node::as_sequence_mut);
            items.into_iter().flatten().for_each(|item| apply(default, item));
        } else if let Some(key) = key.strip_suffix('?') {
            if let Some(value) = mapping.get_mut(key) {
                apply(default, value);
            }
        } else if default.as_mapping().is_some() {
            apply(default, made(mapping, key, span));
        } else if !mapping.contains_key(key) {
            mapping.push(key, span, placed(default, span));
        }
    }
}

/// A copy of what is filled in, at a place.
fn placed(default: &Node, span: Span) -> Node {
    let mut value = default.clone();
    value.visit_mut(&mut |node| node.span = span);
    value
}

/// A part of the defaults by its name, at a place.
fn part(name: &str, span: Span) -> Option<Node> {
    DEFAULTS.get(name).map(|part| placed(part, span))
}

/// Adds an item to a list, which is made if it is not there.
fn push(node: &mut Node, key: &str, item: Node) {
    let span = node.span;
    let Some(mapping) = node.as_mapping_mut() else { return };
    if !mapping.contains_key(key) {
        let list = Node { value: Value::Sequence(Vec::new()), span, origin: OriginId::NONE };
        mapping.push(key, span, list);
    }
    if let Some(items) = mapping.get_mut(key).and_then(Node::as_sequence_mut) {
        items.push(item);
    }
}

/// A map in a map, which is made if it is not there.
fn made<'a>(mapping: &'a mut Mapping, key: &str, span: Span) -> &'a mut Node {
    if !mapping.contains_key(key) {
        mapping.push(key, span, Node::mapping(span, OriginId::NONE));
    }
    mapping.get_mut(key).expect("it has just been made")
}

fn holds(condition: &str, target: &Node) -> bool {
    let mut words = condition.split(' ');
    match words.next() {
        Some("no") => words.all(|key| target.get(key).is_none()),
        Some("only") => {
            let keys: Vec<_> = words.collect();
            let entries = target.as_mapping().into_iter().flatten();
            entries.into_iter().all(|entry| keys.contains(&entry.key.as_str()))
        }
        Some(one) => one
            .split_once('=')
            .is_some_and(|(key, value)| target.get(key).and_then(Node::scalar_text) == Some(value)),
        None => false,
    }
}

/// Sets a text in a map.
fn set(node: &mut Node, key: &str, text: impl Into<Text>) {
    let (span, origin) = (node.span, node.origin);
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.insert(key, span, Node::string(text, span, origin));
    }
}

/// The map at a key, which is made if it is not there.
fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let span = node.span;
    node.as_mapping_mut().map(|mapping| made(mapping, key, span))
}

/// A Secret has `data` only.
fn secret(object: &mut Node) {
    let Some(entry) = object.as_mapping_mut().and_then(|map| map.remove("stringData")) else {
        return;
    };
    let Some(data) = child(object, "data") else { return };
    for entry in entry.value.as_mapping().into_iter().flatten() {
        let text = entry.value.scalar_text().unwrap_or_default();
        set(data, &entry.key, STANDARD.encode(text));
    }
}

/// Labels and selector are those of the pods where none are written.
fn of_template(object: &mut Node, path: &[&str]) {
    let template = object.at(path);
    let labels = template.and_then(|template| template.at(&["metadata", "labels"])).cloned();
    let Some(labels) = labels else { return };
    let span = labels.span;
    let mut put = |path: &str, key: &str| {
        if let Some(map) = object.get_mut(path).and_then(Node::as_mapping_mut)
            && !map.contains_key(key)
        {
            map.push(key, span, labels.clone());
        }
    };
    put("metadata", "labels");
    put("spec", "selector");
}

/// A Job selects its pods by a number that it gets.
fn job(object: &mut Node) {
    const NUMBER: &str = "00000000-0000-0000-0000-000000000000";
    let own_name = name(object).to_owned();
    let is_manual = object.at(&["spec", "manualSelector"]).and_then(Node::scalar_text);
    if is_manual == Some("true") || object.at(&["spec", "selector"]).is_some() {
        return;
    }
    let Some(spec) = object.get_mut("spec") else { return };
    if let Some(selector) = child(spec, "selector")
        && let Some(labels) = child(selector, "matchLabels")
    {
        set(labels, "batch.kubernetes.io/controller-uid", NUMBER);
    }
    if let Some(template) = spec.get_mut("template")
        && let Some(metadata) = child(template, "metadata")
        && let Some(labels) = child(metadata, "labels")
    {
        for prefix in ["batch.kubernetes.io/", ""] {
            set(labels, &format!("{prefix}controller-uid"), NUMBER);
            set(labels, &format!("{prefix}job-name"), own_name.as_str());
        }
    }
    let labels = object.at(&["spec", "template", "metadata", "labels"]).cloned();
    if let Some(metadata) = object.get_mut("metadata").and_then(Node::as_mapping_mut)
        && let Some(labels) = labels.filter(|_| !metadata.contains_key("labels"))
    {
        metadata.push("labels", labels.span, labels);
    }
}

/// A Service gets an address, and its ports lead to ports of the same number.
fn service(object: &mut Node) {
    let Some(spec) = object.get_mut("spec") else { return };
    let kind = spec.get("type").and_then(Node::scalar_text).unwrap_or("ClusterIP");
    if kind == "ExternalName" {
        return;
    }
    let address = spec.text_at(&["clusterIP"]).unwrap_or("10.96.0.0").to_owned();
    set(spec, "clusterIP", address.as_str());
    for (key, text) in [("clusterIPs", address.as_str()), ("ipFamilies", "IPv4")] {
        if spec.get(key).is_none() {
            let item = Node::string(text, spec.span, OriginId::NONE);
            push(spec, key, item);
        }
    }
    for port in spec.get_mut("ports").and_then(Node::as_sequence_mut).into_iter().flatten() {
        let number = port.get("port").cloned();
        if let (Some(number), Some(mapping)) = (number, port.as_mapping_mut())
            && !mapping.contains_key("targetPort")
        {
            mapping.push("targetPort", number.span, number);
        }
    }
}

/// The default limit of a container is the greatest one.
fn limits(object: &mut Node) {
    let limits = object.get_mut("spec").and_then(|spec| spec.get_mut("limits"));
    for limit in limits.and_then(Node::as_sequence_mut).into_iter().flatten() {
        if limit.get("type").and_then(Node::as_str) != Some("Container") {
            continue;
        }
        let Some(greatest) = limit.get("max").and_then(Node::as_mapping).cloned() else { continue };
        let Some(default) = child(limit, "default").and_then(Node::as_mapping_mut) else {
            continue;
        };
        for entry in greatest.into_entries() {
            if !default.contains_key(&entry.key) {
                default.push(entry.key, entry.key_span, entry.value);
            }
        }
    }
}

/// A Namespace has its name as a label.
fn namespace(object: &mut Node) {
    let own_name = name(object).to_owned();
    if let Some(metadata) = child(object, "metadata")
        && let Some(labels) = child(metadata, "labels")
    {
        set(labels, "kubernetes.io/metadata.name", own_name);
    }
}
