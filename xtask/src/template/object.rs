//! Values as minijinja sees them: each look-up is noted, so that what is printed can be traced to
//! the line of the values file that it was read from.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use super::json::Parts;
use crate::{
    source::{OriginId, Span},
    yaml::{self, Node, Scalar, ScalarKind, Text, canonical},
};

/// How many look-ups are searched for the one that an expression shows.
const RECENT: usize = 256;

/// How many texts of JSON may wait to be printed.
const MAX_JSON: usize = 8;

/// Where a value is written, and its history.
pub(super) type Place = (Span, OriginId);

/// What a rendering looked up and printed.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Look-ups, oldest first.
    notes: Vec<Note>,
    /// How many of them were made before the last expression was printed.
    before: usize,
    /// What was written as JSON since then, with the places of its parts.
    json: Vec<(String, Parts)>,
    /// Everything that was printed, in order.
    pub(super) printed: Vec<Printed>,
    /// How long all of it is.
    bytes: usize,
    /// The values that were looked up, in all renderings.
    pub(super) used: BTreeSet<Span>,
}

#[derive(Debug)]
struct Note {
    /// The key of the outermost map that it is below.
    root: Text,
    /// The text of a scalar.
    text: Option<Text>,
    place: Place,
}

/// One printed expression.
#[derive(Debug)]
pub(super) struct Printed {
    /// What was written.
    pub(super) text: String,
    /// How it was made.
    pub(super) made: Made,
    /// The values that it is made of, if it is JSON.
    pub(super) parts: Parts,
    /// The look-ups that were made for it.
    notes: Range<usize>,
}

/// How a printed text was made, which decides what must be checked where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// A string as it is.
    RawString,
    /// A string in double quotes.
    Quoted,
    /// A number, a boolean, or what a filter made safe.
    Other,
}

/// A log that objects and the formatter share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Log>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Log> {
        // A panic while noting leaves notes, which are valid whatever they are.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Forgets the notes of the last rendering.
    pub(super) fn start(&mut self) {
        self.notes.clear();
        self.json.clear();
        self.printed.clear();
        self.before = 0;
        self.bytes = 0;
    }

    /// Notes that an expression was printed, and says how many bytes were printed so far.
    pub(super) fn print(&mut self, text: String, made: Made) -> usize {
        let json = self.json.iter().position(|(json, _)| *json == text);
        let parts = json.map(|at| self.json.swap_remove(at).1).unwrap_or_default();
        self.json.clear();
        let notes = self.before..self.notes.len();
        self.before = notes.end;
        self.bytes += text.len();
        self.printed.push(Printed { text, made, parts, notes });
        self.bytes
    }

    /// The look-up that a printed text came from, among those below the keys that its expression is
    /// made of: the latest with the same text, or else the latest.
    pub(super) fn place(&self, printed: &Printed, origins: &BTreeSet<Text>) -> Option<Place> {
        let unquoted: Option<String> = serde_json::from_str(&printed.text).ok();
        let shows = |note: &&Note| {
            note.text.as_ref().is_some_and(|noted| {
                *noted == printed.text || unquoted.as_ref().is_some_and(|text| noted == text)
            })
        };
        let notes = |range: Range<usize>| {
            let notes = self.notes.get(range).unwrap_or_default();
            notes.iter().rev().take(RECENT).filter(|note| origins.contains(&note.root))
        };
        let (own, earlier) = (printed.notes.clone(), 0..printed.notes.start);
        let note = notes(own.clone())
            .find(shows)
            .or_else(|| notes(own).next())
            .or_else(|| notes(earlier.clone()).find(shows))
            .or_else(|| notes(earlier).next());
        note.map(|note| note.place)
    }

    /// The number of look-ups, to come back to with [`Log::fold`].
    pub(super) fn mark(&self) -> usize {
        self.notes.len()
    }

    /// Takes the look-ups since `mark` as one of what they were made in, and keeps what they made.
    pub(super) fn fold(&mut self, mark: usize, json: &str, parts: Parts) {
        self.notes.truncate(mark);
        if !parts.is_empty() {
            // A loop may make any number that are never printed.
            if self.json.len() >= MAX_JSON {
                self.json.remove(0);
            }
            self.json.push((json.to_owned(), parts));
        }
    }
}

/// A map or a list of a values file.
#[derive(Debug)]
pub(super) struct Collection {
    children: Children,
    /// The key of the outermost map that it is below; none if it is that map.
    root: Option<Text>,
    log: Shared,
}

#[derive(Debug)]
enum Children {
    Map(Vec<(Text, Child)>),
    List(Vec<Child>),
}

#[derive(Debug)]
pub(super) struct Child {
    value: Value,
    text: Option<Text>,
    place: Place,
}

/// The values of a document; what is looked up in them is noted in `log`.
pub(super) fn value_of(node: &Node, log: &Shared) -> Value {
    value_below(node, None, log)
}

fn value_below(node: &Node, root: Option<&Text>, log: &Shared) -> Value {
    let children = match &node.value {
        yaml::Value::Scalar(scalar) => return scalar_value(scalar),
        yaml::Value::Sequence(items) => {
            Children::List(items.iter().map(|item| child(item, root, log)).collect())
        }
        yaml::Value::Mapping(map) => {
            let child = |entry: &yaml::Entry| {
                let root = root.unwrap_or(&entry.key);
                (entry.key.clone(), child(&entry.value, Some(root), log))
            };
            Children::Map(map.iter().map(child).collect())
        }
    };
    Value::from_object(Collection { children, root: root.cloned(), log: log.clone() })
}

fn scalar_value(scalar: &Scalar) -> Value {
    let text = canonical(scalar).unwrap_or_default();
    match scalar.kind {
        ScalarKind::Null | ScalarKind::NothingInFlow => Value::from(()),
        ScalarKind::Bool => Value::from(text == "true"),
        ScalarKind::Int | ScalarKind::Float => text
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| text.parse::<u64>().map(Value::from))
            .or_else(|_| text.parse::<f64>().map(Value::from))
            .unwrap_or_else(|_| Value::from(scalar.text.as_str())),
        ScalarKind::String | ScalarKind::Timestamp => Value::from(scalar.text.as_str()),
    }
}

fn child(node: &Node, root: Option<&Text>, log: &Shared) -> Child {
    Child {
        value: value_below(node, root, log),
        text: node.as_scalar().and_then(canonical).map(Text::from),
        place: (node.span, node.origin),
    }
}

impl Collection {
    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.children, Children::Map(_))
    }

    /// What it holds, in the order of the file; with its key in a map.
    pub(super) fn children(&self) -> impl Iterator<Item = (Option<&Text>, &Child)> {
        let (map, list) = match &self.children {
            Children::Map(children) => (children.as_slice(), [].as_slice()),
            Children::List(children) => ([].as_slice(), children.as_slice()),
        };
        let map = map.iter().map(|(key, child)| (Some(key), child));
        map.chain(list.iter().map(|child| (None, child)))
    }

    /// One of its children, which is used then.
    pub(super) fn take(&self, child: &Child) -> (Value, Place) {
        self.log.lock().used.insert(child.place.0);
        (child.value.clone(), child.place)
    }

    fn note(&self, key: Option<&str>, child: &Child) -> Value {
        let root = self.root.clone().or_else(|| key.map(Text::from)).unwrap_or_default();
        let mut log = self.log.lock();
        log.used.insert(child.place.0);
        log.notes.push(Note { root, text: child.text.clone(), place: child.place });
        child.value.clone()
    }
}

impl Object for Collection {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.children {
            Children::Map(_) => ObjectRepr::Map,
            Children::List(_) => ObjectRepr::Seq,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let child = match &self.children {
            Children::Map(children) => {
                let name = key.as_str()?;
                &children.iter().find(|(other, _)| other == name)?.1
            }
            Children::List(children) => children.get(key.as_usize()?)?,
        };
        Some(self.note(key.as_str(), child))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.children {
            Children::Map(children) => {
                // Whoever reads the keys uses the entries, even without their values.
                let places = children.iter().map(|(_, child)| child.place.0);
                self.log.lock().used.extend(places);
                Enumerator::Values(children.iter().map(|(key, _)| key.as_str().into()).collect())
            }
            Children::List(children) => Enumerator::Seq(children.len()),
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        match &self.children {
            Children::Map(children) => Some(children.len()),
            Children::List(children) => Some(children.len()),
        }
    }
}
