//! Reading a configuration tree field by field: every value is checked, every field is known, and
//! what is wrong is reported where it is written.

use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    source::Span,
    yaml::{Entry, Node, ScalarKind, Text, canonical},
};

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// Reads one mapping: each field is asked for once, and those that nobody asked for are unknown.
pub struct Fields<'a> {
    entries: Vec<Option<&'a Entry>>,
    /// What the mapping is, for messages: `the kustomization`.
    what: &'static str,
    known: Vec<&'static str>,
    span: Span,
    lenient: bool,
}

impl<'a> Fields<'a> {
    /// The fields of `node`; not a mapping is reported and has none. Null has none either.
    pub fn new(node: &'a Node, what: &'static str, out: &mut Vec<Diagnostic>) -> Self {
        let entries = if let Some(mapping) = node.as_mapping() {
            mapping.iter().map(Some).collect()
        } else {
            if !node.is_null() {
                wrong_type(node, what, "a mapping", out);
            }
            Vec::new()
        };
        Self { entries, what, known: Vec::new(), span: node.span, lenient: false }
    }

    /// Takes a number or a boolean where a string is asked for, as Go's decoder does when it reads
    /// YAML right into a type.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// The span of the whole mapping.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The entry of a field, in any letter case as Go's JSON decoder takes it. Null is absent.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Entry> {
        self.known.push(name);
        let found = |entry: &&mut Option<&Entry>| {
            entry.as_ref().is_some_and(|entry| entry.key.eq_ignore_ascii_case(name))
        };
        // The last one wins, as where a key is there twice.
        let entry = self.entries.iter_mut().rev().find(found)?.take()?;
        while let Some(slot) = self.entries.iter_mut().find(found) {
            *slot = None;
        }
        (!entry.value.is_null()).then_some(entry)
    }

    /// Where the key of a field is written, if it is there and not null.
    pub fn key_span(&self, name: &str) -> Option<Span> {
        self.peek(name).map(|entry| entry.key_span)
    }

    /// Where the value of a field is written, if it is there and not null.
    pub fn value_span(&self, name: &str) -> Option<Span> {
        self.peek(name).map(|entry| entry.value.span)
    }

    fn peek(&self, name: &str) -> Option<&'a Entry> {
        let mut entries = self.entries.iter().rev().flatten().copied();
        entries.find(|entry| entry.key.eq_ignore_ascii_case(name) && !entry.value.is_null())
    }

    /// A string.
    pub fn string(
        &mut self,
        name: &'static str,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<Text>> {
        let node = &self.take(name)?.value;
        self.read_string(node, name, out)
    }

    /// A boolean; absent is false.
    pub fn boolean(&mut self, name: &'static str, out: &mut Vec<Diagnostic>) -> bool {
        let Some(entry) = self.take(name) else { return false };
        match entry.value.as_scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Bool => {
                canonical(scalar).as_deref() == Some("true")
            }
            _ => {
                wrong_type(&entry.value, name, "a boolean", out);
                false
            }
        }
    }

    /// A whole number.
    pub fn integer(
        &mut self,
        name: &'static str,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<i64>> {
        let node = &self.take(name)?.value;
        let number = node
            .as_scalar()
            .filter(|scalar| matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float))
            .and_then(|scalar| canonical(scalar)?.parse().ok());
        if number.is_none() {
            wrong_type(node, name, "an integer", out);
        }
        Some(Spanned { value: number?, span: node.span })
    }

    /// A list, each element read by `read`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        out: &mut Vec<Diagnostic>,
        mut read: impl FnMut(&'a Node, &mut Vec<Diagnostic>) -> Option<T>,
    ) -> Vec<T> {
        let Some(entry) = self.take(name) else { return Vec::new() };
        let Some(items) = entry.value.as_sequence() else {
            wrong_type(&entry.value, name, "a sequence", out);
            return Vec::new();
        };
        items.iter().filter_map(|item| read(item, out)).collect()
    }

    /// A list, each element read whatever is wrong with it.
    pub fn records<T>(
        &mut self,
        name: &'static str,
        out: &mut Vec<Diagnostic>,
        read: impl Fn(&'a Node, &mut Vec<Diagnostic>) -> T,
    ) -> Vec<T> {
        self.list(name, out, |item, out| Some(read(item, out)))
    }

    /// A list of strings.
    pub fn strings(&mut self, name: &'static str, out: &mut Vec<Diagnostic>) -> Vec<Spanned<Text>> {
        self.list(name, out, |item, out| string(item, name, out))
    }

    /// A map from strings to strings, sorted by key as kustomize applies it.
    pub fn pairs(&mut self, name: &'static str, out: &mut Vec<Diagnostic>) -> Vec<Pair> {
        let Some(entry) = self.take(name) else { return Vec::new() };
        let Some(mapping) = entry.value.as_mapping() else {
            wrong_type(&entry.value, name, "a mapping", out);
            return Vec::new();
        };
        let mut pairs = Vec::with_capacity(mapping.len());
        for entry in mapping {
            let value = if entry.value.is_null() {
                Some(Spanned { value: Text::default(), span: entry.value.span })
            } else {
                self.read_string(&entry.value, &entry.key, out)
            };
            let Some(Spanned { value, span }) = value else { continue };
            pairs.push(Pair { key: entry.key.clone(), key_span: entry.key_span, value, span });
        }
        pairs.sort_by(|a, b| a.key.cmp(&b.key));
        pairs
    }

    fn read_string(
        &self,
        node: &Node,
        name: &str,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Spanned<Text>> {
        match node.as_scalar() {
            Some(scalar) if self.lenient => {
                let text = canonical(scalar).map_or_else(|| scalar.text.clone(), Text::from);
                Some(Spanned { value: text, span: node.span })
            }
            _ => string(node, name, out),
        }
    }

    /// Reports the fields that nobody asked for.
    pub fn finish(self, out: &mut Vec<Diagnostic>) {
        for entry in self.entries.into_iter().flatten() {
            let message = format!("{} has no field `{}`", self.what, entry.key);
            let diagnostic =
                Diagnostic::error(codes::KUSTOMIZE_UNKNOWN_FIELD, message, entry.key_span);
            out.push(match did_you_mean(&entry.key, self.known.iter().copied()) {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic.with_help(format!("it has: {}", self.known.join(", "))),
            });
        }
    }
}

/// A key and a value, each with its place.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The key.
    pub key: Text,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Text,
    /// Where the value is written.
    pub span: Span,
}

/// A string, or a report that it is not one.
pub fn string(node: &Node, name: &str, out: &mut Vec<Diagnostic>) -> Option<Spanned<Text>> {
    match node.as_scalar() {
        Some(scalar) if scalar.is_string() => {
            Some(Spanned { value: scalar.text.clone(), span: node.span })
        }
        Some(scalar) if scalar.kind != ScalarKind::Null => {
            let message = format!("`{name}` must be a string, not {}", node.describe());
            out.push(
                Diagnostic::error(codes::KUSTOMIZE_FIELD_TYPE, message, node.span)
                    .with_help("put it in quotes"),
            );
            None
        }
        _ => {
            wrong_type(node, name, "a string", out);
            None
        }
    }
}

/// Reports a value of the wrong type.
pub fn wrong_type(node: &Node, name: &str, expected: &str, out: &mut Vec<Diagnostic>) {
    let message = format!("`{name}` must be {expected}, not {}", node.describe());
    out.push(Diagnostic::error(codes::KUSTOMIZE_FIELD_TYPE, message, node.span));
}
