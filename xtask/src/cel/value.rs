//! The values of expressions.
//!
//! A value of data is borrowed: a list or a map is looked into when an expression asks for an item.
//!
//! Source: `k8s.io/apiserver/pkg/cel/common/values.go` for what declared data is as a value.

use std::{net::IpAddr, rc::Rc};

use serde_json::Value as Json;

use super::{
    error::Error,
    library::{Address, NamedFormat, Semver, Url, conversion, time},
    shape::{ListKind, Object, Shape, escape},
};
use crate::{
    formats::Quantity,
    yaml::{Mapping, Node, Scalar, ScalarKind, Value as Yaml, canonical},
};

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number without a sign.
    Uint(u64),
    /// A number of double precision.
    Double(f64),
    /// A text.
    String(Str<'a>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// A point in time.
    Timestamp(time::Timestamp),
    /// A list.
    List(List<'a>),
    /// A map or an object.
    Map(Map<'a>),
    /// A value that may be missing.
    Optional(Option<Rc<Value<'a>>>),
    /// A type, by its name.
    Type(&'static str),
    /// A value of a type that a library has.
    Library(Library),
}

/// Values of the types that libraries have.
#[derive(Clone, Debug)]
pub enum Library {
    /// An amount, such as `500m`.
    Quantity(Rc<Quantity>),
    /// An address in the web.
    Url(Rc<Url>),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Address),
    /// A version, such as `1.2.3`.
    Semver(Rc<Semver>),
    /// A syntax with a name.
    Format(NamedFormat),
}

/// A text.
#[derive(Clone, Debug)]
pub enum Str<'a> {
    /// Of data, or of an expression.
    Borrowed(&'a str),
    /// Made by an expression.
    Shared(Rc<str>),
}

/// A list.
#[derive(Clone, Debug)]
pub struct List<'a> {
    items: Items<'a>,
    kind: &'a ListKind,
}

#[derive(Clone, Debug)]
enum Items<'a> {
    Json(&'a [Json], &'a Shape),
    Nodes(&'a [Node], &'a Shape),
    Values(Rc<Vec<Value<'a>>>),
}

/// A map or an object.
#[derive(Clone, Debug)]
pub struct Map<'a>(Entries<'a>);

#[derive(Clone, Debug)]
enum Entries<'a> {
    Json(&'a serde_json::Map<String, Json>, Fields<'a>),
    Mapping(&'a Mapping, Fields<'a>),
    Values(Rc<Vec<(Value<'a>, Value<'a>)>>),
}

/// What is declared of the entries of a map.
#[derive(Clone, Copy, Debug)]
enum Fields<'a> {
    Free(&'a Shape),
    Declared(&'a Object),
}

/// Data that is not a value yet.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// A tree in which defaults are filled in.
    Json(&'a Json),
    /// A tree as it is written.
    Node(&'a Node),
}

/// A scalar of data.
enum Plain<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(Str<'a>),
}

impl<'a> Value<'a> {
    /// The value of data that has a shape.
    pub fn of(data: Data<'a>, shape: &'a Shape) -> Result<Self, Error> {
        let (shape, object) = match shape {
            Shape::Object(object) => (shape, Some(Fields::Declared(object))),
            Shape::Map(value) => (shape, Some(Fields::Free(value))),
            Shape::Dyn => (shape, Some(Fields::Free(&Shape::Dyn))),
            other => (other, None),
        };
        let (item, kind) = match shape {
            Shape::List(item, kind) => (Some(&**item), kind),
            Shape::Dyn => (Some(&Shape::Dyn), &ListKind::Atomic),
            _ => (None, &ListKind::Atomic),
        };
        let list = |items| Self::List(List { items, kind });
        let of_kind = |wanted: &str| Error::new(format!("invalid data: it is not {wanted}"));
        let plain = match (data, object, item) {
            (Data::Json(Json::Object(map)), Some(fields), _) => {
                return Ok(Self::Map(Map(Entries::Json(map, fields))));
            }
            (Data::Json(Json::Array(items)), _, Some(item)) => {
                return Ok(list(Items::Json(items, item)));
            }
            (Data::Node(Node { value: Yaml::Mapping(mapping), .. }), Some(fields), _) => {
                return Ok(Self::Map(Map(Entries::Mapping(mapping, fields))));
            }
            (Data::Node(Node { value: Yaml::Sequence(items), .. }), _, Some(item)) => {
                return Ok(list(Items::Nodes(items, item)));
            }
            (Data::Json(Json::Object(_) | Json::Array(_)), ..) => return Err(of_kind("a scalar")),
            (Data::Json(json), ..) => Plain::of_json(json),
            (Data::Node(Node { value: Yaml::Scalar(scalar), .. }), ..) => Plain::of_scalar(scalar),
            (Data::Node(_), ..) => return Err(of_kind("a scalar")),
        };
        Ok(match (shape, plain) {
            (_, Plain::Null) => Self::Null,
            (Shape::Dyn | Shape::Bool, Plain::Bool(value)) => Self::Bool(value),
            (Shape::Dyn | Shape::Int, Plain::Int(value)) => Self::Int(value),
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            (Shape::Int, Plain::Double(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Self::Int(value as i64)
            }
            #[expect(clippy::cast_precision_loss, reason = "the server converts it, too")]
            (Shape::Double, Plain::Int(value)) => Self::Double(value as f64),
            (Shape::Dyn | Shape::Double, Plain::Double(value)) => Self::Double(value),
            (Shape::Dyn | Shape::String, Plain::String(text)) => Self::String(text),
            (Shape::Bytes, Plain::String(text)) => {
                let bytes = conversion::base64(text.as_str());
                Self::Bytes(bytes.ok_or_else(|| of_kind("base64"))?.into())
            }
            (Shape::Duration, Plain::String(text)) => {
                let duration = time::lenient_duration(text.as_str());
                Self::Duration(duration.ok_or_else(|| of_kind("a duration"))?)
            }
            (Shape::Timestamp, Plain::String(text)) => {
                let timestamp = time::Timestamp::lenient(text.as_str());
                Self::Timestamp(timestamp.ok_or_else(|| of_kind("a date or a time"))?)
            }
            (other, _) => return Err(of_kind(&format!("of the type {}", other.to_type()))),
        })
    }

    /// A text that an expression makes.
    pub fn string(text: impl Into<Rc<str>>) -> Self {
        Self::String(Str::Shared(text.into()))
    }

    /// A list that an expression makes.
    pub fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::new(items))
    }

    /// A map that an expression makes.
    pub fn map(entries: Vec<(Value<'a>, Value<'a>)>) -> Self {
        Self::Map(Map(Entries::Values(Rc::new(entries))))
    }

    /// A value that may be missing.
    pub fn optional(value: Option<Value<'a>>) -> Self {
        Self::Optional(value.map(Rc::new))
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Library(library) => library.type_name(),
        }
    }
}

impl Library {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }
}

impl<'a> Plain<'a> {
    fn of_json(json: &'a Json) -> Self {
        match json {
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Self::Int(value),
                None => number.as_f64().map_or(Self::Null, Self::Double),
            },
            Json::String(text) => Self::String(Str::Borrowed(text)),
            Json::Null | Json::Array(_) | Json::Object(_) => Self::Null,
        }
    }

    fn of_scalar(scalar: &'a Scalar) -> Self {
        let text = || canonical(scalar).unwrap_or_default();
        match scalar.kind {
            ScalarKind::Null | ScalarKind::NothingInFlow => Self::Null,
            ScalarKind::Bool => Self::Bool(text() == "true"),
            ScalarKind::Int | ScalarKind::Float => {
                let text = text();
                match text.parse() {
                    Ok(value) => Self::Int(value),
                    Err(_) => text.parse().map_or(Self::Null, Self::Double),
                }
            }
            ScalarKind::String => Self::String(Str::Borrowed(&scalar.text)),
            ScalarKind::Timestamp => Self::String(Str::Shared(text().into())),
        }
    }
}

impl Str<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl<'a> List<'a> {
    /// A list that an expression makes.
    pub fn new(items: Vec<Value<'a>>) -> Self {
        Self { items: Items::Values(Rc::new(items)), kind: &ListKind::Atomic }
    }

    /// With another rule for when it is equal to another list.
    pub(super) fn of_kind(self, kind: &'a ListKind) -> Self {
        Self { kind, ..self }
    }

    /// When it is equal to another list.
    pub fn kind(&self) -> &'a ListKind {
        self.kind
    }

    /// How many items it has.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Json(items, _) => items.len(),
            Items::Nodes(items, _) => items.len(),
            Items::Values(items) => items.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An item.
    pub fn get(&self, at: usize) -> Option<Result<Value<'a>, Error>> {
        match &self.items {
            Items::Json(items, item) => items.get(at).map(|one| Value::of(Data::Json(one), item)),
            Items::Nodes(items, item) => items.get(at).map(|one| Value::of(Data::Node(one), item)),
            Items::Values(items) => items.get(at).cloned().map(Ok),
        }
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = Result<Value<'a>, Error>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl<'a> Map<'a> {
    /// How many entries it has, also undeclared ones.
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Json(map, _) => map.len(),
            Entries::Mapping(mapping, _) => mapping.len(),
            Entries::Values(entries) => entries.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much it costs to find an entry.
    pub(super) fn cost(&self) -> usize {
        match &self.0 {
            Entries::Json(..) => 0,
            Entries::Mapping(mapping, _) => mapping.len() / 16,
            Entries::Values(entries) => entries.len() / 4,
        }
    }

    /// The value of a key that is a text, if there is one.
    pub fn get(&self, key: &str) -> Option<Result<Value<'a>, Error>> {
        let (name, shape, is_declared) = match &self.0 {
            Entries::Json(_, fields) | Entries::Mapping(_, fields) => match fields {
                Fields::Free(shape) => (key, *shape, false),
                Fields::Declared(object) => {
                    let field = object.field(key)?;
                    (field.name.as_str(), &field.shape, true)
                }
            },
            Entries::Values(entries) => {
                let is = |one: &Value<'_>| matches!(one, Value::String(one) if one.as_str() == key);
                return entries.iter().find(|(one, _)| is(one)).map(|(_, value)| Ok(value.clone()));
            }
        };
        let data = match &self.0 {
            Entries::Json(map, _) => Data::Json(map.get(name)?),
            Entries::Mapping(mapping, _) => Data::Node(mapping.get(name)?),
            Entries::Values(_) => return None,
        };
        // A declared field that is null is the same as one that is not there.
        if is_declared && data.is_null() { None } else { Some(Value::of(data, shape)) }
    }

    /// The entries that expressions made, if it is made of such.
    pub(super) fn made(&self) -> Option<&[(Value<'a>, Value<'a>)]> {
        match &self.0 {
            Entries::Values(entries) => Some(entries),
            _ => None,
        }
    }

    /// The keys.
    pub fn keys(&self) -> Vec<Value<'a>> {
        let named = |name: &'a str, fields: &Fields<'a>| -> Option<Value<'a>> {
            match fields {
                Fields::Free(_) => Some(Value::String(Str::Borrowed(name))),
                Fields::Declared(object) => {
                    let escaped = escape(name)?;
                    object.field(&escaped)?;
                    Some(Value::string(escaped.as_str()))
                }
            }
        };
        match &self.0 {
            Entries::Json(map, fields) => map.keys().filter_map(|key| named(key, fields)).collect(),
            Entries::Mapping(mapping, fields) => {
                mapping.iter().filter_map(|entry| named(&entry.key, fields)).collect()
            }
            Entries::Values(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        }
    }
}

impl Data<'_> {
    fn is_null(self) -> bool {
        match self {
            Self::Json(json) => json.is_null(),
            Self::Node(node) => node.is_null(),
        }
    }
}
