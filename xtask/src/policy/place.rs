//! The place in an object that a violation is about.
//!
//! A policy says it best: its `details` have a `path`. Most policies only say it in words, so that
//! the words of the message are looked for among the object's fields and values. Invariant: linear
//! in the size of object and violation, and always a place inside the object.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Violation;
use crate::{
    source::Span,
    yaml::{Entry, Node, Value},
};

/// The names under which policies keep a path in their details.
const PATH_NAMES: [&str; 4] = ["path", "fieldPath", "field", "location"];

/// How many words of a violation are looked for: a message longer than that is no sentence.
const WORDS: usize = 400;

/// How deep a word in nested details is looked for.
const DETAILS_DEPTH: usize = 8;

/// The place that a violation is about in the object that was reviewed.
pub(super) fn place(object: &Node, violation: &Violation) -> Span {
    let paths = PATH_NAMES.iter().filter_map(|name| violation.details.get(name));
    let by_path = paths.filter_map(steps).find_map(|steps| follow(object, &steps));
    by_path.or_else(|| by_words(object, &Words::of(violation))).unwrap_or_else(|| name(object))
}

/// Where an object is named, for a reader who is to look at all of it.
pub(super) fn name(object: &Node) -> Span {
    ["name", "generateName"]
        .iter()
        .find_map(|key| object.at(&["metadata", key]))
        .unwrap_or(object)
        .span
}

/// The steps of a path: a list of keys and indices, `spec.containers[0].image` or
/// `/spec/containers/0/image`.
fn steps(path: &Json) -> Option<Vec<String>> {
    let steps: Vec<String> = match path {
        Json::Array(steps) => steps
            .iter()
            .map(|step| match step {
                Json::String(key) => Some(key.clone()),
                Json::Number(index) => Some(index.to_string()),
                _ => None,
            })
            .collect::<Option<_>>()?,
        Json::String(text) if text.starts_with('/') => {
            text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
        }
        Json::String(text) => text
            .split(['.', '[', ']'])
            .filter(|step| !step.is_empty())
            .map(|step| step.trim_matches(['"', '\'']).to_owned())
            .collect(),
        _ => return None,
    };
    (!steps.is_empty()).then_some(steps)
}

/// The deepest place of a path that there is; none if not even its first step is there.
pub(super) fn follow(object: &Node, steps: &[String]) -> Option<Span> {
    let mut found = None;
    let mut node = object;
    for step in steps {
        match &node.value {
            Value::Mapping(mapping) => {
                let Some(entry) = mapping.entry(step) else { break };
                found = Some(mark(entry));
                node = &entry.value;
            }
            Value::Sequence(items) => {
                let Some(item) = step.parse().ok().and_then(|at: usize| items.get(at)) else {
                    break;
                };
                found = Some(mark_item(item));
                node = item;
            }
            Value::Scalar(_) => break,
        }
    }
    found
}

/// A scalar is marked itself, of a collection its key.
fn mark(entry: &Entry) -> Span {
    if matches!(entry.value.value, Value::Scalar(_)) { entry.value.span } else { entry.key_span }
}

/// Of an item that is a mapping its name, which a reader looks for, or its first key.
fn mark_item(item: &Node) -> Span {
    let Some(mapping) = item.as_mapping() else { return item.span };
    let name = mapping.entry("name").or_else(|| mapping.iter().next());
    name.map_or(item.span, mark)
}

/// The words of a violation.
struct Words {
    /// As they stand, without quotes and punctuation around them: values.
    whole: BTreeSet<String>,
    /// The parts between points and slashes, in lower case: names of fields.
    parts: BTreeSet<String>,
}

impl Words {
    fn of(violation: &Violation) -> Self {
        let mut words = Self { whole: BTreeSet::new(), parts: BTreeSet::new() };
        words.add(&violation.message);
        words.add_details(&violation.details, 0);
        words
    }

    fn add(&mut self, text: &str) {
        let ends = |c: char| c.is_whitespace() || "\"'`<>{}()[],;=".contains(c);
        for word in text.split(ends) {
            let word = word.trim_matches(['.', ':', '!', '?']);
            if word.is_empty() || self.whole.len() >= WORDS {
                continue;
            }
            self.whole.insert(word.to_owned());
            let parts = word.split(['.', '/', ':']).filter(|part| part.len() > 3);
            self.parts.extend(parts.map(str::to_lowercase));
        }
    }

    fn add_details(&mut self, details: &Json, depth: usize) {
        if depth > DETAILS_DEPTH {
            return;
        }
        match details {
            Json::String(text) => self.add(text),
            Json::Number(number) => self.add(&number.to_string()),
            Json::Array(items) => {
                for item in items {
                    self.add_details(item, depth + 1);
                }
            }
            Json::Object(fields) => {
                for value in fields.values() {
                    self.add_details(value, depth + 1);
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }
}

/// How much a place has to do with the words of a violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    words: u32,
    /// Among equals the one that says most.
    depth: usize,
}

/// A part of the object whose name is among the words: a container.
const NAMED_ITEM: u32 = 3;
/// A value that is among the words.
const SAME_VALUE: u32 = 4;
/// A field whose name is among the words.
const SAME_KEY: u32 = 2;
/// What a message says anyway: the name of the object, or of the part that it is about.
const IDENTITY: u32 = 1;

fn by_words(object: &Node, words: &Words) -> Option<Span> {
    let name = object.text_at(&["metadata", "name"]);
    let mut search = Search { words, name, best: Score::default(), found: None };
    search.visit(object, 0, 0);
    search.found
}

struct Search<'a> {
    words: &'a Words,
    /// The name of the object.
    name: Option<&'a str>,
    best: Score,
    found: Option<Span>,
}

impl Search<'_> {
    fn visit(&mut self, node: &Node, around: u32, depth: usize) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                for item in items {
                    let named = item.text_at(&["name"]).is_some_and(|name| self.says(name));
                    let around = if named { around.max(NAMED_ITEM) } else { around };
                    if let Some(text) = item.scalar_text() {
                        let same = if self.says(text) { SAME_VALUE } else { 0 };
                        self.offer(around, same, depth + 1, item.span);
                    }
                    self.visit(item, around, depth + 1);
                }
            }
            Value::Mapping(mapping) => {
                for entry in mapping {
                    let own = self.own(entry);
                    self.offer(around, own, depth + 1, mark(entry));
                    self.visit(&entry.value, around, depth + 1);
                }
            }
        }
    }

    /// What a field itself has to do with the words.
    fn own(&self, entry: &Entry) -> u32 {
        let key =
            if self.words.parts.contains(entry.key.to_lowercase().as_str()) { SAME_KEY } else { 0 };
        let value = match entry.value.scalar_text() {
            Some(text) if self.says(text) => match entry.key.as_str() {
                "name" | "namespace" | "kind" | "apiVersion" => IDENTITY,
                _ if self.name == Some(text) => IDENTITY,
                _ => SAME_VALUE,
            },
            _ => 0,
        };
        key + value
    }

    fn says(&self, text: &str) -> bool {
        text.len() > 1 && self.words.whole.contains(text)
    }

    /// What is around counts only for a place that has something to do with the words itself.
    fn offer(&mut self, around: u32, own: u32, depth: usize, at: Span) {
        let score = Score { words: around + own, depth };
        if own > 0 && score > self.best {
            self.best = score;
            self.found = Some(at);
        }
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
