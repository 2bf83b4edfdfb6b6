//! A schema: the part of JSON Schema that Kubernetes uses, with its extensions.
//!
//! Source: JSON Schema 2020-12, the structural schemas of Kubernetes
//! (`apiextensions-apiserver/pkg/apiserver/schema`), and the keywords of our own that
//! `xtask/schema-generator` documents.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{custom::CustomFormat, formats::Format, pattern::Pattern, range::Range};
use crate::yaml::Text;

/// What a value must be. A missing part demands nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    /// The name of a definition that holds as well.
    pub reference: Option<Text>,
    pub types: Types,
    /// Sorted by name.
    pub properties: Vec<(Text, Schema)>,
    pub additional: Additional,
    /// Of the items of a list.
    pub items: Option<Box<Schema>>,
    /// Of the keys of a map.
    pub keys: Option<Box<Schema>>,
    pub required: Vec<Text>,
    pub limits: Option<Box<Limits>>,
    /// The values that are allowed; empty if all are.
    pub values: Vec<Value>,
    /// The texts among very many values, to look them up in.
    pub texts: Option<BTreeSet<Text>>,
    pub format: Option<Format>,
    /// No value at all: the field must not be set here.
    pub forbidden: bool,
    /// Each a list of keys in which two items of a list must not agree.
    pub unique: Vec<Vec<Text>>,
    /// The keys by which a server-side apply tells the items of a list apart.
    pub map_keys: Vec<Text>,
    /// Items of a list must not be equal.
    pub is_set: bool,
    /// What a list item has where a key is absent.
    pub default: Option<Value>,
    pub deprecated: Option<Box<Deprecated>>,
    /// A value that is refused is told as a fault of the list, map or object around it.
    pub at_parent: bool,
    /// Schemas of which the one for the type of the value holds.
    pub alternatives: Vec<(Types, Schema)>,
    pub nature: Nature,
    /// What only schemas of custom kinds have.
    pub more: Option<Box<More>>,
}

/// Whether a schema says what the fields of an object are, or demands something beside one that
/// does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Nature {
    /// A type of Kubernetes, or a demand: what is not named is left to others.
    #[default]
    Plain,
    /// A part of the structure of a custom kind. The server drops a null where it is not allowed,
    /// and refuses what has no schema.
    Structural {
        /// Whether null is a value.
        is_nullable: bool,
        /// Whether what has no schema is kept.
        keeps_unknown: bool,
    },
}

/// What only schemas of custom kinds have.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    pub pattern: Option<Pattern>,
    pub format: Option<CustomFormat>,
    pub range: Option<Range>,
    pub all_of: Vec<Schema>,
    /// At least one holds.
    pub any_of: Vec<Schema>,
    /// Exactly one holds.
    pub one_of: Vec<Schema>,
    /// It does not hold.
    pub not: Option<Schema>,
    /// Which items of a list must differ.
    pub distinct: Distinct,
}

impl More {
    /// Whether nothing is demanded.
    pub fn is_empty(&self) -> bool {
        let Self { pattern, format, range, all_of, any_of, one_of, not, distinct } = self;
        pattern.is_none()
            && format.is_none()
            && range.is_none()
            && not.is_none()
            && *distinct == Distinct::None
            && [all_of, any_of, one_of].iter().all(|list| list.is_empty())
    }
}

/// Which items of a list must differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Distinct {
    #[default]
    None,
    /// All of them.
    Items,
    /// Those with the same values of these keys.
    Keys(Vec<Text>),
}

/// A set of JSON types; empty if all are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Types(u8);

/// What holds for the keys of a map that are no properties.
#[derive(Clone, Debug, Default)]
pub(super) enum Additional {
    /// They are allowed.
    #[default]
    Any,
    /// They are unknown fields.
    Closed,
    /// Their values must be this.
    Schema(Box<Schema>),
}

/// Least and greatest numbers, lengths and counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub minimum: Option<i128>,
    pub exclusive_minimum: Option<i128>,
    pub maximum: Option<i128>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub min_items: Option<usize>,
    pub max_items: Option<usize>,
    pub min_properties: Option<usize>,
    pub max_properties: Option<usize>,
}

/// A field that should not be written any more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deprecated {
    /// The version that deprecates it.
    pub since: Option<String>,
    /// What to write in its place.
    #[serde(rename = "use")]
    pub replacement: String,
}

/// A kind: which definition, and how its objects are named.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KindEntry {
    pub definition: Text,
    #[cfg_attr(not(test), expect(dead_code, reason = "a bundle says it, and no check asks yet"))]
    pub scope: Text,
    /// The name of the resource in paths.
    #[expect(dead_code, reason = "a bundle says it, and no check asks yet")]
    pub plural: Text,
    /// The format of `metadata.name`; without it no object is ever stored.
    #[serde(default)]
    pub name: Option<Text>,
    #[serde(default)]
    pub name_max_length: Option<usize>,
}

impl Types {
    pub const NULL: Self = Self(1);
    pub const BOOLEAN: Self = Self(2);
    pub const INTEGER: Self = Self(4);
    pub const NUMBER: Self = Self(8);
    pub const STRING: Self = Self(16);
    pub const ARRAY: Self = Self(32);
    pub const OBJECT: Self = Self(64);

    /// The type of a name in a schema.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// Whether nothing is demanded.
    pub fn is_any(self) -> bool {
        self.0 == 0
    }

    /// With the types of another set.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of `other` is allowed.
    pub fn allow(self, other: Self) -> bool {
        self.is_any() || self.0 & other.0 != 0
    }

    /// Whether one of `other` is named.
    pub fn name(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The types in words: `an integer or a string`.
    pub fn describe(self) -> String {
        let names = [
            (Self::BOOLEAN, "a boolean"),
            (Self::INTEGER, "an integer"),
            (Self::NUMBER, "a number"),
            (Self::STRING, "a string"),
            (Self::ARRAY, "a list"),
            (Self::OBJECT, "a mapping"),
            (Self::NULL, "null"),
        ];
        let words: Vec<_> =
            names.iter().filter(|(one, _)| self.0 & one.0 != 0).map(|(_, word)| *word).collect();
        words.join(" or ")
    }
}

impl Schema {
    /// Reads a schema of a bundle.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let raw: Raw = serde_json::from_str(json)?;
        raw.schema().map_err(serde::de::Error::custom)
    }

    /// The schema of a named field.
    pub fn property(&self, name: &str) -> Option<&Schema> {
        let at = self.properties.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.properties.get(at).map(|(_, schema)| schema)
    }

    /// The schema of a field that a free key has.
    pub fn value(&self) -> Option<&Schema> {
        match &self.additional {
            Additional::Schema(schema) => Some(schema),
            Additional::Any | Additional::Closed => None,
        }
    }

    /// Whether it is a part of the structure of a custom kind.
    pub fn is_structural(&self) -> bool {
        matches!(self.nature, Nature::Structural { .. })
    }

    /// Whether the server drops a null that it finds here.
    pub fn drops_null(&self) -> bool {
        matches!(self.nature, Nature::Structural { is_nullable: false, .. })
    }

    /// Whether null is a value here.
    pub fn is_nullable(&self) -> bool {
        matches!(self.nature, Nature::Structural { is_nullable: true, .. })
    }
}

/// A schema as a bundle writes it. A keyword that is not here is an error, not ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Raw {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    types: Option<OneOrMany>,
    #[serde(default)]
    properties: BTreeMap<String, Raw>,
    additional_properties: Option<BoolOrRaw>,
    items: Option<Box<Raw>>,
    property_names: Option<Box<Raw>>,
    #[serde(default)]
    required: Vec<Text>,
    minimum: Option<i64>,
    exclusive_minimum: Option<i64>,
    maximum: Option<i64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    min_properties: Option<usize>,
    #[serde(rename = "enum", default)]
    values: Vec<Value>,
    #[serde(rename = "const")]
    value: Option<Value>,
    format: Option<String>,
    not: Option<Empty>,
    /// Only of schemas with different types, such as a schema or a list of it.
    #[serde(default)]
    one_of: Vec<Raw>,
    default: Option<Value>,
    #[serde(rename = "x-unique", default)]
    unique: Vec<Vec<Text>>,
    #[serde(rename = "x-kubernetes-list-map-keys", default)]
    map_keys: Vec<Text>,
    #[serde(rename = "x-kubernetes-list-type")]
    list_type: Option<ListType>,
    #[serde(rename = "x-deprecated")]
    deprecated: Option<Box<Deprecated>>,
    #[serde(rename = "x-at-parent", default)]
    at_parent: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum BoolOrRaw {
    Bool(bool),
    Raw(Box<Raw>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListType {
    Set,
    Map,
    Atomic,
}

impl Raw {
    fn schema(self) -> Result<Schema, String> {
        let mut types = Types::default();
        let names = match self.types {
            None => Vec::new(),
            Some(OneOrMany::One(name)) => vec![name],
            Some(OneOrMany::Many(names)) => names,
        };
        for name in names {
            types.0 |= Types::named(&name).ok_or_else(|| format!("unknown type {name}"))?.0;
        }
        let boxed = |raw: Option<Box<Self>>| raw.map(|raw| raw.schema().map(Box::new)).transpose();
        let mut properties = Vec::with_capacity(self.properties.len());
        for (name, raw) in self.properties {
            properties.push((Text::from(name), raw.schema()?));
        }
        let limits = Limits {
            minimum: self.minimum.map(i128::from),
            exclusive_minimum: self.exclusive_minimum.map(i128::from),
            maximum: self.maximum.map(i128::from),
            min_length: self.min_length,
            max_length: self.max_length,
            min_items: self.min_items,
            max_items: self.max_items,
            min_properties: self.min_properties,
            max_properties: None,
        };
        let reference = match self.reference {
            Some(path) => Some(
                path.strip_prefix("#/definitions/")
                    .ok_or_else(|| format!("unknown reference {path}"))?
                    .into(),
            ),
            None => None,
        };
        let mut schema = Schema {
            reference,
            types,
            properties,
            additional: match self.additional_properties {
                None | Some(BoolOrRaw::Bool(true)) => Additional::Any,
                Some(BoolOrRaw::Bool(false)) => Additional::Closed,
                Some(BoolOrRaw::Raw(raw)) => Additional::Schema(Box::new(raw.schema()?)),
            },
            items: boxed(self.items)?,
            keys: boxed(self.property_names)?,
            required: self.required,
            limits: (limits != Limits::default()).then(|| Box::new(limits)),
            values: self.values,
            texts: None,
            format: match self.format.as_deref() {
                None => None,
                Some(name) => {
                    Some(Format::named(name).ok_or_else(|| format!("unknown format {name}"))?)
                }
            },
            forbidden: self.not.is_some(),
            unique: self.unique,
            map_keys: self.map_keys,
            is_set: matches!(self.list_type, Some(ListType::Set)),
            default: self.default,
            deprecated: self.deprecated,
            at_parent: self.at_parent,
            alternatives: Vec::new(),
            nature: Nature::Plain,
            more: None,
        };
        schema.values.extend(self.value);
        for raw in self.one_of {
            let alternative = raw.schema()?;
            let is_object = alternative.reference.is_some();
            let types = if is_object { Types::OBJECT } else { alternative.types };
            if types.is_any() || schema.types.name(types) {
                return Err("alternatives must differ in their types".to_owned());
            }
            schema.types.0 |= types.0;
            schema.alternatives.push((types, alternative));
        }
        Ok(schema)
    }
}
