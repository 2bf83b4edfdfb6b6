//! Items of a list that must differ and do not.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value as Json};

use super::{
    super::{
        bundle::Bundle,
        custom::{identity, settled},
        model::{Distinct, Schema},
        scalar::shown,
    },
    Place, Walk,
};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
    yaml::{Node, Text, canonical},
};

impl<'a> Walk<'a> {
    /// Reports items that must not agree with another one.
    pub(super) fn duplicates(&mut self, schema: &Schema, items: &'a [Node], place: Place<'a>) {
        if items.len() < 2 {
            return;
        }
        for keys in &schema.unique {
            for again in repeated(schema, keys, items, false) {
                let wrong = Diagnostic::error(
                    codes::SCHEMA_DUPLICATE,
                    format!("{} repeats {}", self.item(again.index, keys), again.values),
                    again.at,
                );
                self.findings.add(wrong.with_related(again.first, FIRST), place.versions);
            }
        }
        if !schema.map_keys.is_empty() && !schema.unique.contains(&schema.map_keys) {
            for again in repeated(schema, &schema.map_keys, items, true) {
                let item = self.item(again.index, &schema.map_keys);
                let message =
                    format!("{item} repeats {}, and an apply keeps one of them", again.values);
                let wrong = Diagnostic::warning(codes::SCHEMA_DUPLICATE, message, again.at);
                self.findings.add(wrong.with_related(again.first, FIRST), place.versions);
            }
        }
        if schema.is_set {
            let mut seen = BTreeMap::new();
            for (index, item) in items.iter().enumerate() {
                let Some(text) = item.scalar_text() else { continue };
                if let Some(first) = seen.insert(text, item.span) {
                    let message = format!("{} repeats {}", self.item(index, &[]), shown(text));
                    let wrong = Diagnostic::error(codes::SCHEMA_DUPLICATE, message, item.span);
                    self.findings.add(wrong.with_related(first, FIRST), place.versions);
                }
            }
        }
    }

    /// An item of the list at hand, or the only key by which it is told apart.
    fn item(&self, index: usize, keys: &[Text]) -> String {
        let list = self.shown_path();
        match keys {
            [key] => format!("`{list}[{index}].{key}`"),
            _ => format!("`{list}[{index}]`"),
        }
    }

    /// Reports items of a list of a custom kind that the server takes for the same. Source:
    /// `apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go`.
    pub(super) fn distinct(&mut self, schema: &Schema, items: &'a [Node], place: Place<'a>) {
        let Some(more) = schema.more.as_deref() else { return };
        if more.distinct == Distinct::None || items.len() < 2 {
            return;
        }
        let own = schema.items.as_deref();
        let mut seen: BTreeMap<String, (Span, bool)> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            let value = settled(item, own);
            let compared = match &more.distinct {
                // An item that is no mapping has the wrong type already.
                Distinct::Keys(_) if !(value.is_object() || value.is_null()) => continue,
                Distinct::Keys(keys) => Json::Object(only(&value, keys)),
                _ => value,
            };
            match seen.get_mut(&identity(&compared)) {
                // A third one is told no more.
                Some((_, true)) => {}
                Some((first, told)) => {
                    *told = true;
                    let first = *first;
                    let item_again = self.item(index, &[]);
                    let message = format!("{item_again} repeats {}", described(&compared));
                    let wrong = Diagnostic::error(codes::SCHEMA_DUPLICATE, message, item.span);
                    self.findings.add(wrong.with_related(first, FIRST), place.versions);
                }
                None => {
                    seen.insert(identity(&compared), (item.span, false));
                }
            }
        }
    }
}

/// What the item is that another one repeats.
const FIRST: &str = "the first one";

/// The values of some keys; one that is absent is different from every other.
fn only(value: &Json, keys: &[Text]) -> Map<String, Json> {
    let values = keys
        .iter()
        .filter_map(|key| value.get(key.as_str()).map(|value| (key.to_string(), value.clone())));
    values.collect()
}

/// An item in a message: its keys with their values, or the item itself.
fn described(value: &Json) -> String {
    let text = |value: &Json| match value {
        Json::String(text) => shown(text),
        other => shown(&other.to_string()),
    };
    match value {
        Json::Object(map) if map.is_empty() => "an item without its keys".to_owned(),
        Json::Object(map) if map.values().all(|value| !value.is_object() && !value.is_array()) => {
            let words: Vec<_> =
                map.iter().map(|(key, value)| format!("{key} {}", text(value))).collect();
            words.join(", ")
        }
        Json::Object(_) | Json::Array(_) => "an item".to_owned(),
        other => text(other),
    }
}

/// An item with the same values of some keys as one before it.
struct Repeated {
    index: usize,
    at: Span,
    first: Span,
    /// The values in words, each after its key if there are several.
    values: String,
}

/// The items with the same values of some keys as one before them. `absent` says whether an item
/// without a value of a key without default is compared.
fn repeated(schema: &Schema, keys: &[Text], items: &[Node], absent: bool) -> Vec<Repeated> {
    let own = schema.items.as_deref();
    let keys: Vec<(&Text, Option<&str>)> =
        keys.iter().map(|key| (key, own.and_then(|items| default_of(items, key)))).collect();
    let mut seen: BTreeMap<Vec<Cow<'_, str>>, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let mut values = Vec::with_capacity(keys.len());
        let mut at = item.span;
        for (key, default) in &keys {
            let node = item.get(key).filter(|node| !node.is_null());
            let text = node.and_then(Node::as_scalar).and_then(canonical);
            let text = text.filter(|text| !text.is_empty() && (absent || text != "0"));
            let Some(text) = text.or_else(|| default.map(Cow::Borrowed)) else { break };
            if let Some(node) = node
                && values.is_empty()
            {
                at = node.span;
            }
            values.push(text);
        }
        if values.len() < keys.len() {
            continue;
        }
        match seen.get(&values) {
            Some(&first) => {
                let words = keys.iter().zip(&values).map(|((key, _), text)| match keys.len() {
                    1 => shown(text),
                    _ => format!("{key} {}", shown(text)),
                });
                let values = words.collect::<Vec<_>>().join(", ");
                found.push(Repeated { index, at, first, values });
            }
            None => {
                seen.insert(values, at);
            }
        }
    }
    found
}

/// What an item has where `key` is absent.
fn default_of<'a>(items: &'a Schema, key: &str) -> Option<&'a str> {
    let bundle = Bundle::built_in();
    let own = items.property(key).and_then(|property| property.default.as_ref());
    let value = own.or_else(|| {
        let name = items.reference.as_ref()?;
        let variant = bundle.definition(name, bundle.all_versions()).next()?;
        variant.schema.property(key)?.default.as_ref()
    })?;
    value.as_str()
}
