//! The tree.

use compact_str::CompactString;

use crate::source::{OriginId, Span};

/// A short string: most keys and scalars of a manifest fit into it without an allocation.
pub type Text = CompactString;

/// A value, where it is written and what changed it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where the value is written: for a collection from its first to its last byte.
    pub span: Span,
    /// The step that put the value here and what it overrode.
    pub origin: OriginId,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map, in the order of the text.
    Mapping(Mapping),
}

/// A single value: the text as it was written and the type that it was resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The type.
    pub kind: ScalarKind,
    /// The text after quotes, escapes and folding: `0x1F` stays `0x1F`.
    pub text: Text,
}

/// The type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// `null`, `~` or nothing.
    Null,
    /// Nothing, in `[]` or `{}`: a null until kustomize prints it, as an empty string.
    NothingInFlow,
    /// `true` or `false` in one of the spellings of the dialect.
    Bool,
    /// A whole number in any of YAML's notations.
    Int,
    /// A number with a fraction or an exponent.
    Float,
    /// A date or a time, which Go turns into a string.
    Timestamp,
    /// Text.
    String,
}

/// The entries of a map, in order; a key may be there twice only in a text that was not checked.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
}

/// One key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as a string: `1` and `"1"` are the same key.
    pub key: Text,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A value as it is written at `span`.
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span, origin: OriginId::NONE }
    }

    /// A string that a step put at `span`.
    pub fn string(text: impl Into<Text>, span: Span, origin: OriginId) -> Self {
        Self { value: Value::Scalar(Scalar::string(text)), span, origin }
    }

    /// An empty map that a step put at `span`.
    pub fn mapping(span: Span, origin: OriginId) -> Self {
        Self { value: Value::Mapping(Mapping::default()), span, origin }
    }

    /// The map, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar of any type.
    pub fn scalar_text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The text of a string, not of a number or a boolean.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().filter(|scalar| scalar.is_string()).map(|scalar| scalar.text.as_str())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// The value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }

    /// The value of `key`, if this is a map that has it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_mapping_mut()?.get_mut(key)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a path of keys; none if it is not there or empty.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// What the value is, for messages: `a string`, `a mapping`.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Mapping(_) => "a mapping",
            Value::Sequence(_) => "a sequence",
            Value::Scalar(scalar) => scalar.kind.describe(),
        }
    }

    /// Calls `visit` on this node and on every node below it.
    pub fn visit_mut(&mut self, visit: &mut impl FnMut(&mut Node)) {
        visit(self);
        match &mut self.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.visit_mut(visit)),
            Value::Mapping(mapping) => {
                mapping.iter_mut().for_each(|entry| entry.value.visit_mut(visit));
            }
        }
    }

    /// The number of nodes, with this one.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::Sequence(items) => items.iter().map(Node::count).sum(),
            Value::Mapping(mapping) => mapping.iter().map(|entry| entry.value.count()).sum(),
        }
    }
}

/// Values are equal when they mean the same, wherever they are written.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(a), Self::Scalar(b)) => a == b,
            (Self::Sequence(a), Self::Sequence(b)) => a == b,
            (Self::Mapping(a), Self::Mapping(b)) => a == b,
            _ => false,
        }
    }
}

/// Maps are equal when they have the same entries in any order.
impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|entry| other.get(&entry.key) == Some(&entry.value))
    }
}

impl Scalar {
    /// A string.
    pub fn string(text: impl Into<Text>) -> Self {
        Self { kind: ScalarKind::String, text: text.into() }
    }

    /// A null.
    pub fn null() -> Self {
        Self { kind: ScalarKind::Null, text: Text::const_new("null") }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, ScalarKind::Null | ScalarKind::NothingInFlow)
    }

    /// Whether it reaches the output as text.
    pub fn is_text(&self) -> bool {
        self.is_string() || self.kind == ScalarKind::NothingInFlow
    }

    /// Whether it is a text, and no null that reaches the output as one.
    pub fn is_string(&self) -> bool {
        matches!(self.kind, ScalarKind::String | ScalarKind::Timestamp)
    }
}

impl ScalarKind {
    /// What a value of this type is, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Null | Self::NothingInFlow => "null",
            Self::Bool => "a boolean",
            Self::Int => "an integer",
            Self::Float => "a number",
            Self::Timestamp => "a timestamp",
            Self::String => "a string",
        }
    }
}

impl Mapping {
    /// A map of these entries.
    pub fn from_entries(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// The entries in order.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    /// The entry of `key`.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of `key`.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Adds an entry at the end; the caller knows that the key is new.
    pub fn push(&mut self, key: impl Into<Text>, key_span: Span, value: Node) {
        self.entries.push(Entry { key: key.into(), key_span, value });
    }

    /// Sets the value of `key`, at its place or at the end.
    pub fn insert(&mut self, key: &str, key_span: Span, value: Node) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => self.push(key, key_span, value),
        }
    }

    /// Removes `key` and returns its entry.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
    }

    /// The entries, taken out.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Mapping {
    type Item = &'a mut Entry;
    type IntoIter = std::slice::IterMut<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_stays_small() {
        assert_eq!(size_of::<Node>(), 48);
    }
}
