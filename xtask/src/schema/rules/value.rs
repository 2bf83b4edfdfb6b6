//! Reading a tree as the API server decodes it: null is absent, and so is what has the wrong type,
//! which the walk over the schema reports.

use std::collections::BTreeMap;

use crate::{
    schema::{formats::Quantity, scalar},
    yaml::{Entry, Node, ScalarKind, Text, canonical},
};

/// The value of a field, if it is set.
pub(super) fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !value.is_null())
}

/// The value at the end of a path of fields, if it is set.
pub(super) fn at<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(node, |node, key| get(node, key))
}

/// The fields of a map that many of are looked up; a map in Kubernetes can have as many as bytes.
pub(super) enum Fields<'a> {
    Few(Option<&'a Node>),
    Many(BTreeMap<&'a str, &'a Node>),
}

impl<'a> Fields<'a> {
    /// So many are searched through one by one.
    const FEW: usize = 16;

    pub fn of(node: Option<&'a Node>) -> Self {
        match node.and_then(Node::as_mapping) {
            Some(mapping) if mapping.len() > Self::FEW => {
                Self::Many(mapping.iter().map(|one| (one.key.as_str(), &one.value)).collect())
            }
            _ => Self::Few(node),
        }
    }

    /// The value under a key, null as well.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        match self {
            Self::Few(node) => node.and_then(|node| node.get(key)),
            Self::Many(fields) => fields.get(key).copied(),
        }
    }

    /// The value under a key, if it is set.
    pub fn get_set(&self, key: &str) -> Option<&'a Node> {
        self.get(key).filter(|value| !value.is_null())
    }
}

/// Whether a field is set, be it to an empty value.
pub(super) fn is_set(node: &Node, key: &str) -> bool {
    get(node, key).is_some()
}

/// The text of a field; empty if it is not set, which most fields of the API cannot tell apart.
pub(super) fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    get(node, key).and_then(Node::as_str).unwrap_or_default()
}

/// The items of a list; none if it is not set.
pub(super) fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    get(node, key).and_then(Node::as_sequence).unwrap_or_default()
}

/// The entries of a map; none if it is not set.
pub(super) fn entries<'a>(node: &'a Node, key: &str) -> &'a [Entry] {
    get(node, key).and_then(Node::as_mapping).map_or(&[], |mapping| mapping.iter().as_slice())
}

/// The texts of a list of strings. Null is the empty one there.
pub(super) fn texts<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    items(node, key).iter().filter_map(|item| {
        let text = item.as_str().or_else(|| item.is_null().then_some(""));
        text.map(|text| (text, item))
    })
}

/// Whether a list or a map is set and has something in it.
pub(super) fn has_some(node: &Node, key: &str) -> bool {
    !items(node, key).is_empty() || !entries(node, key).is_empty()
}

/// The whole number that a field is set to.
pub(super) fn integer(node: &Node, key: &str) -> Option<i128> {
    get(node, key).and_then(Node::as_scalar).and_then(scalar::integer)
}

/// The boolean that a field is set to.
pub(super) fn boolean(node: &Node, key: &str) -> Option<bool> {
    let scalar = get(node, key)?.as_scalar().filter(|scalar| scalar.kind == ScalarKind::Bool)?;
    Some(canonical(scalar)? == "true")
}

/// Whether a boolean field is set to true.
pub(super) fn is_true(node: &Node, key: &str) -> bool {
    boolean(node, key) == Some(true)
}

/// The quantity that a string or a number is. In a map null is 0.
pub(super) fn quantity(node: &Node) -> Option<Quantity> {
    let scalar = node.as_scalar()?;
    if scalar.is_null() {
        return Quantity::parse("0").ok();
    }
    Quantity::parse(&canonical(scalar)?).ok()
}

/// An integer or a percentage as Go's `getIntOrPercentValue` has it: `25%` is 25.
pub(super) fn integer_or_percent(node: &Node) -> Option<i128> {
    let scalar = node.as_scalar()?;
    match scalar.text.strip_suffix('%') {
        Some(number) if scalar.is_text() => number.parse().ok(),
        _ => scalar::integer(scalar),
    }
}

/// The labels or annotations of what has a `metadata`.
pub(super) fn metadata_entries<'a>(node: &'a Node, key: &str) -> &'a [Entry] {
    get(node, "metadata").map_or(&[], |metadata| entries(metadata, key))
}

/// The annotation of that name.
pub(super) fn annotation<'a>(node: &'a Node, name: &str) -> Option<(&'a str, &'a Node)> {
    let entry = metadata_entries(node, "annotations").iter().find(|entry| entry.key == name)?;
    Some((entry.value.as_str().unwrap_or_default(), &entry.value))
}

/// `spec.x` of an object.
pub(super) fn spec(node: &Node) -> Option<&Node> {
    get(node, "spec")
}

/// Names in a message: `` `a`, `b` or `c` ``.
pub(super) fn one_of(names: &[impl AsRef<str>]) -> Text {
    let mut words = Text::default();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            words.push_str(if at + 1 == names.len() { " or " } else { ", " });
        }
        words.push('`');
        words.push_str(name.as_ref());
        words.push('`');
    }
    words
}
