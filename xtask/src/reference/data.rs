//! The keys in the data of a ConfigMap or a Secret.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    marks::{Marks, holds_data},
    resolve::Found,
};
use crate::{
    cluster::Object,
    diag::Anchor,
    yaml::{Node, Text},
};

/// The fields that hold the data of a ConfigMap or a Secret.
const DATA: [&str; 3] = ["data", "binaryData", "stringData"];

/// How many keys are looked through for the one that was meant.
const MAX_SHOWN: usize = 200;

/// The keys of the objects that were asked for.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    pub marks: Marks<'a>,
    of_objects: BTreeMap<(Text, Text, Text), BTreeSet<&'a str>>,
}

impl<'a> Keys<'a> {
    pub fn new(marks: Marks<'a>) -> Self {
        Self { marks, of_objects: BTreeMap::new() }
    }

    /// Whether something that is not seen here fills an object that has no data.
    pub fn is_filled_later(&self, object: &Object<'_>) -> bool {
        let kind = object.node.get("type").and_then(Node::as_str);
        is_empty(object)
            && (kind.is_some_and(|kind| kind != "Opaque") || self.marks.is_marked(object))
    }

    /// Whether there is a key; `None` if that cannot be known.
    pub fn has(&mut self, found: &Found<'_, 'a>, key: &str) -> Option<bool> {
        match found {
            Found::Object(object) => {
                (!self.is_filled_later(object)).then(|| self.of(object).contains(key))
            }
            Found::Produced(produced) => Some(produced.keys.as_ref()?.contains(&key)),
            Found::External(external) => {
                let keys = &external.keys;
                (!keys.is_empty()).then(|| keys.iter().any(|one| one == key))
            }
            Found::Given => None,
        }
    }

    /// The first keys that there are, as far as they are known, for messages.
    pub fn some(&mut self, found: &Found<'_, 'a>) -> Vec<&'a str> {
        match found {
            Found::Object(object) => self.of(object).iter().copied().take(MAX_SHOWN).collect(),
            Found::Produced(produced) => produced.keys.clone().unwrap_or_default(),
            Found::External(external) => external.keys.iter().map(String::as_str).collect(),
            Found::Given => Vec::new(),
        }
    }

    fn of(&mut self, object: &Object<'a>) -> &BTreeSet<&'a str> {
        let id = (object.id.gvk.kind.clone(), object.namespace(), object.id.name.clone());
        self.of_objects.entry(id).or_insert_with(|| keys(object.node).collect())
    }
}

/// The keys of the data of an object.
fn keys(node: &Node) -> impl Iterator<Item = &str> {
    let maps = DATA.into_iter().filter_map(|field| node.get(field)?.as_mapping());
    maps.flatten().map(|entry| entry.key.as_str())
}

/// Whether an object is a ConfigMap or a Secret without any data.
pub(super) fn is_empty(object: &Object<'_>) -> bool {
    holds_data(object) && keys(object.node).next().is_none()
}

/// Where the data of an object is written, or its name if there is none.
pub(super) fn anchor(object: &Object<'_>) -> Anchor {
    let mapping = object.node.as_mapping();
    let mut entries = DATA.into_iter().filter_map(|field| mapping?.entry(field));
    entries.next().map_or_else(|| object.name_anchor(), |entry| object.at(entry.key_span))
}
