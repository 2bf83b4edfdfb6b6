//! The types of expressions.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`. Invariant: a type that is not known is `dyn`, which
//! goes with everything.

use std::{fmt, sync::Arc};

use super::shape::Object;

/// How many lists and maps in each other are told apart: what is deeper is `dyn`. A type that has
/// another one twice grows with the power of two.
pub(super) const LEVELS: u32 = 8;

/// The type of an expression.
#[derive(Clone, Debug)]
pub enum Type {
    /// Known when it is evaluated.
    Dyn,
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A whole number.
    Int,
    /// A whole number without a sign.
    Uint,
    /// A number of double precision.
    Double,
    /// A text.
    String,
    /// Bytes.
    Bytes,
    /// A length of time.
    Duration,
    /// A point in time.
    Timestamp,
    /// A list of items of a type.
    List(Arc<Type>),
    /// A map with keys and values of types.
    Map(Arc<Type>, Arc<Type>),
    /// An object with declared fields.
    Object(Arc<Object>),
    /// A value that may be missing.
    Optional(Arc<Type>),
    /// A type as a value.
    Type,
    /// A type of a library, by its name.
    Opaque(&'static str),
    /// One that follows from how it is used.
    Variable(u32),
}

impl Type {
    /// The type of the items of a list.
    pub(super) fn list(item: Type) -> Self {
        Self::List(Arc::new(item))
    }

    /// Whether it is made of types inside of types, so many that comparing it would take long.
    pub(super) fn is_deep(&self) -> bool {
        self.is_deeper_than(LEVELS)
    }

    fn is_deeper_than(&self, levels: u32) -> bool {
        let Some(left) = levels.checked_sub(1) else { return true };
        match self {
            Self::List(part) | Self::Optional(part) => part.is_deeper_than(left),
            Self::Map(key, value) => key.is_deeper_than(left) || value.is_deeper_than(left),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Variable(_) => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Object(object) => f.write_str(&object.name),
            Self::Optional(value) => write!(f, "optional({value})"),
            Self::Type => f.write_str("type"),
            Self::Opaque(name) => f.write_str(name),
        }
    }
}
