//! Custom kinds: what a definition or a Gatekeeper template says its objects are.
//!
//! A `CustomResourceDefinition` or a `ConstraintTemplate` becomes one [`CustomKind`] for each version that is served: a short JSON text with
//! the structure alone, which is the same for a definition in the repository and for one that was
//! imported into `schemas/custom`. It is read into a schema when an object of the kind is checked.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema` for the structure, pruning, defaulting
//! and nulls; `apiextensions-apiserver/pkg/apiserver/validation` for the values.
//! Invariant: a definition that lies costs bounded time and memory, and one diagnostic.

mod accept;
mod constraint;
mod curated;
mod definition;
mod formats;
mod rules;
mod strip;
mod structural;
#[cfg(test)]
mod tests;
mod value;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::Value as Json;

pub use self::curated::{Bundle, bundles};
pub(super) use self::curated::{get, names};
pub(super) use self::{
    accept::{Fuel, accepts},
    formats::CustomFormat,
    rules::{Rules, evaluate, is_ruled},
    structural::pruned,
    value::{identity, plain, settled},
};
use super::model::{KindEntry, Schema};
use crate::{
    diag::Diagnostic,
    yaml::{Node, Text},
};

/// A custom kind in one version.
#[derive(Clone, Debug)]
pub struct CustomKind {
    /// `cert-manager.io/v1/Certificate`.
    name: Text,
    /// A JSON object: `plural`, `schema`, `scope`, and where they are there `replicas`, the path of
    /// the number of replicas, and `status`, whether the status is written apart.
    line: Cow<'static, str>,
    read: OnceLock<Read>,
}

/// What the text of a kind means.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub entry: KindEntry,
    pub schema: Schema,
    pub rules: Option<Rules>,
    /// Whether the status that a client sends is dropped.
    pub has_status: bool,
}

/// The custom kinds that some objects define.
#[derive(Clone, Debug, Default)]
pub struct CustomKinds {
    kinds: BTreeMap<Text, Arc<CustomKind>>,
}

impl CustomKind {
    fn new(name: Text, line: impl Into<Cow<'static, str>>) -> Self {
        Self { name, line: line.into(), read: OnceLock::new() }
    }

    /// `cert-manager.io/v1/Certificate`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON object that a bundle keeps.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Its schema, read once.
    pub(super) fn read(&self) -> &Read {
        self.read.get_or_init(|| {
            let json: Json = serde_json::from_str(&self.line).unwrap_or_default();
            let text = |key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default();
            let entry = KindEntry {
                definition: Text::default(),
                scope: text("scope").into(),
                plural: text("plural").into(),
                name: Some(Text::const_new("dns1123-subdomain")),
                name_max_length: None,
            };
            let has_status = json.get("status") == Some(&Json::Bool(true));
            let own = json.get("schema").filter(|_| self.line.contains(rules::KEYWORD));
            let rules = own.and_then(|own| Rules::of_kind(own, has_status));
            Read { entry, schema: structural::object(json), rules, has_status }
        })
    }
}

impl CustomKinds {
    /// Whether an object defines custom kinds.
    pub fn is_definition(node: &Node) -> bool {
        let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
        match text("kind") {
            "CustomResourceDefinition" => text("apiVersion") == definition::API_VERSION,
            "ConstraintTemplate" => text("apiVersion").starts_with(constraint::GROUP),
            _ => false,
        }
    }

    /// Adds what an object defines, and reports what in it cannot be used and no check of the object
    /// itself tells. Other objects than definitions add nothing.
    pub fn add(&mut self, node: &Node, out: &mut Vec<Diagnostic>) {
        self.read(node, strip::Messages::Keep, strip::Faults::Elsewhere, out);
    }

    /// As [`add`](Self::add), without the sentences of the definition and with all that cannot be
    /// used: for a bundle.
    pub fn import(&mut self, node: &Node, out: &mut Vec<Diagnostic>) {
        self.read(node, strip::Messages::Drop, strip::Faults::Errors, out);
    }

    fn read(
        &mut self,
        node: &Node,
        messages: strip::Messages,
        faults: strip::Faults,
        out: &mut Vec<Diagnostic>,
    ) {
        if !Self::is_definition(node) {
            return;
        }
        let kinds = match node.get("kind").and_then(Node::as_str) {
            Some("ConstraintTemplate") => constraint::kinds(node, messages, out),
            _ => definition::kinds(node, messages, faults, out),
        };
        for kind in kinds {
            self.kinds.entry(kind.name.clone()).or_insert_with(|| Arc::new(kind));
        }
    }

    /// Adds those of another set that are not here yet.
    pub fn merge(&mut self, other: &Self) {
        for (name, kind) in &other.kinds {
            self.kinds.entry(name.clone()).or_insert_with(|| Arc::clone(kind));
        }
    }

    /// The kind of a name.
    pub(super) fn get(&self, name: &str) -> Option<&CustomKind> {
        self.kinds.get(name).map(Arc::as_ref)
    }

    /// The kinds by name.
    pub fn iter(&self) -> impl Iterator<Item = &CustomKind> {
        self.kinds.values().map(Arc::as_ref)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}
