//! Values as minijinja sees them: each look-up is noted, so that what is printed can be traced to
//! the line of the values file that it was read from.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use crate::{
    source::{OriginId, Span},
    yaml::{self, Node, ScalarKind, Text, canonical},
};

/// Where a value is written, and its history.
pub(super) type Place = (Span, OriginId);

/// What a rendering looked up and printed.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Look-ups, oldest first.
    notes: Vec<Note>,
    /// How many of them were made before the last expression was printed.
    before: usize,
    /// Everything that was printed, in order.
    pub(super) printed: Vec<Printed>,
    /// The leaves that were looked up, in all renderings.
    pub(super) used: BTreeSet<Span>,
}

#[derive(Debug)]
struct Note {
    /// The text of a scalar.
    text: Option<Text>,
    place: Place,
}

/// One printed expression.
#[derive(Debug)]
pub(super) struct Printed {
    /// What was written.
    pub(super) text: String,
    /// Where the value that it shows is written, if it came from a values file.
    pub(super) place: Option<Place>,
    /// Whether it is a string that was not made safe for YAML.
    pub(super) raw_string: bool,
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
        self.before = 0;
        self.printed.clear();
    }

    /// Notes that an expression was printed, and finds the look-up that its text came from: the
    /// latest with the same text, or else the latest that the expression made.
    pub(super) fn print(&mut self, text: String, raw_string: bool) {
        let unquoted: Option<String> = serde_json::from_str(&text).ok();
        let shows = |note: &&Note| {
            note.text.as_ref().is_some_and(|noted| {
                *noted == text || unquoted.as_ref().is_some_and(|unquoted| noted == unquoted)
            })
        };
        let own = self.notes.get(self.before..).unwrap_or_default();
        let recent = self.notes.iter().rev().take(64);
        let note = own.iter().rev().find(shows).or(own.last());
        let place = note.or_else(|| recent.into_iter().find(shows)).map(|note| note.place);
        self.before = self.notes.len();
        self.printed.push(Printed { text, place, raw_string });
    }

    /// The number of look-ups, to come back to with [`Log::fold`].
    pub(super) fn mark(&self) -> usize {
        self.notes.len()
    }

    /// Takes the look-ups since `mark` as one of what they were made in.
    pub(super) fn fold(&mut self, mark: usize) {
        self.notes.truncate(mark);
    }
}

/// A map or a list of a values file.
#[derive(Debug)]
pub(super) struct Collection {
    children: Children,
    log: Shared,
}

#[derive(Debug)]
enum Children {
    Map(Vec<(Text, Child)>),
    List(Vec<Child>),
}

#[derive(Debug)]
struct Child {
    value: Value,
    text: Option<Text>,
    place: Place,
}

/// The value of a node; what is looked up in it is noted in `log`.
pub(super) fn value_of(node: &Node, log: &Shared) -> Value {
    match &node.value {
        yaml::Value::Scalar(scalar) => {
            let text = canonical(scalar).unwrap_or_default();
            match scalar.kind {
                ScalarKind::Null => Value::from(()),
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
        yaml::Value::Sequence(items) => {
            let children = items.iter().map(|item| child(item, log)).collect();
            Value::from_object(Collection { children: Children::List(children), log: log.clone() })
        }
        yaml::Value::Mapping(map) => {
            let children =
                map.iter().map(|entry| (entry.key.clone(), child(&entry.value, log))).collect();
            Value::from_object(Collection { children: Children::Map(children), log: log.clone() })
        }
    }
}

fn child(node: &Node, log: &Shared) -> Child {
    Child {
        value: value_of(node, log),
        text: node.as_scalar().and_then(canonical).map(Text::from),
        place: (node.span, node.origin),
    }
}

impl Collection {
    fn note(&self, child: &Child) -> Value {
        let mut log = self.log.lock();
        log.used.insert(child.place.0);
        log.notes.push(Note { text: child.text.clone(), place: child.place });
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
                let key = key.as_str()?;
                &children.iter().find(|(other, _)| other == key)?.1
            }
            Children::List(children) => children.get(key.as_usize()?)?,
        };
        Some(self.note(child))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.children {
            Children::Map(children) => {
                Enumerator::Values(children.iter().map(|(key, _)| key.as_str().into()).collect())
            }
            Children::List(children) => Enumerator::Seq(children.len()),
        }
    }
}
