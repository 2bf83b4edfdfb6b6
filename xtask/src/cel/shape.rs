//! What is declared of data: which fields an object has, what a list is.
//!
//! Source: `k8s.io/apiserver/pkg/cel/types.go` and `escaping.go`.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use super::{syntax::RESERVED, types::Type};
use crate::yaml::Text;

/// What data looks like.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Anything, with the type that it is written in.
    Dyn,
    /// `true` or `false`
    Bool,
    /// A whole number.
    Int,
    /// A number, also one written without a fraction.
    Double,
    /// A text.
    String,
    /// A text in base64.
    Bytes,
    /// A text such as `1h30m`.
    Duration,
    /// A text that is a date or a time.
    Timestamp,
    /// A list.
    List(Arc<Shape>, ListKind),
    /// A map with texts as keys.
    Map(Arc<Shape>),
    /// An object with declared fields.
    Object(Arc<Object>),
}

/// When two lists are equal, and what their sum is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Item by item.
    Atomic,
    /// In any order, each item once.
    Set,
    /// In any order; items are told apart by these fields.
    Map(Vec<Text>),
}

/// The declared fields of an object.
#[derive(Debug, Default)]
pub struct Object {
    /// The name of the type.
    pub name: Text,
    /// By the name that an expression uses.
    fields: BTreeMap<Text, Field>,
    /// Their types, when they are first asked for.
    types: OnceLock<BTreeMap<Text, Type>>,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name in the data.
    pub name: Text,
    /// What it looks like.
    pub shape: Shape,
}

impl Object {
    /// An object with fields, each with its name in the data.
    pub fn new(name: impl Into<Text>, fields: impl IntoIterator<Item = (Text, Shape)>) -> Self {
        let fields = fields
            .into_iter()
            .filter_map(|(name, shape)| Some((escape(&name)?, Field { name, shape })));
        Self { name: name.into(), fields: fields.collect(), types: OnceLock::new() }
    }

    /// An object with fields whose names are the same for expressions.
    pub fn with_names(
        name: impl Into<Text>,
        fields: impl IntoIterator<Item = (Text, Shape)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(name, shape)| (name.clone(), Field { name, shape }));
        Self { name: name.into(), fields: fields.collect(), types: OnceLock::new() }
    }

    /// An object whose fields are made by expressions: data of it is never looked into.
    pub fn typed(name: impl Into<Text>, fields: impl IntoIterator<Item = (Text, Type)>) -> Self {
        let types: BTreeMap<_, _> = fields.into_iter().collect();
        let shape = |name: &Text| Field { name: name.clone(), shape: Shape::Dyn };
        let fields = types.keys().map(|name| (name.clone(), shape(name))).collect();
        Self { name: name.into(), fields, types: OnceLock::from(types) }
    }

    /// The field that an expression names.
    pub fn field(&self, escaped: &str) -> Option<&Field> {
        self.fields.get(escaped)
    }

    /// The names of the fields as expressions write them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(Text::as_str)
    }

    /// The type of a field.
    pub fn field_type(&self, escaped: &str) -> Option<Type> {
        let types = self.types.get_or_init(|| {
            self.fields.iter().map(|(name, field)| (name.clone(), field.shape.to_type())).collect()
        });
        types.get(escaped).cloned()
    }
}

impl Shape {
    /// The type that an expression sees.
    pub fn to_type(&self) -> Type {
        match self {
            Self::Dyn => Type::Dyn,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Double => Type::Double,
            Self::String => Type::String,
            Self::Bytes => Type::Bytes,
            Self::Duration => Type::Duration,
            Self::Timestamp => Type::Timestamp,
            Self::List(item, _) => Type::List(Arc::new(item.to_type())),
            Self::Map(value) => Type::Map(Arc::new(Type::String), Arc::new(value.to_type())),
            Self::Object(object) => Type::Object(Arc::clone(object)),
        }
    }
}

/// The name by which an expression knows a field. None if it cannot.
///
/// Source: `k8s.io/apiserver/pkg/cel/escaping.go`.
pub fn escape(name: &str) -> Option<Text> {
    let is_literal = matches!(name, "true" | "false" | "null" | "in");
    if is_literal || RESERVED.contains(&name) {
        return Some(compact_str::format_compact!("__{name}__"));
    }
    let first = name.chars().next()?;
    if first.is_ascii_digit() {
        return None;
    }
    let mut escaped = Text::default();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '_' if rest.starts_with("__") => {
                escaped.push_str("__underscores__");
                2
            }
            '.' => {
                escaped.push_str("__dot__");
                1
            }
            '-' => {
                escaped.push_str("__dash__");
                1
            }
            '/' => {
                escaped.push_str("__slash__");
                1
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                escaped.push(c);
                1
            }
            _ => return None,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Some(escaped)
}
