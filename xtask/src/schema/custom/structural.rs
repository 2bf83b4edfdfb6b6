//! The JSON of a kind as a schema that objects are walked against.
//!
//! Total: what is not as it should be demands nothing, since whoever has read the definition has
//! reported it.

use std::{collections::BTreeSet, sync::OnceLock};

use serde_json::{Map, Value as Json};

use super::{
    super::{
        formats::Format,
        model::{Additional, Distinct, Limits, More, Nature, Schema, Types},
        pattern::Pattern,
        range::{Bound, Range},
    },
    CustomFormat,
};
use crate::yaml::Text;

/// The type of `metadata`, in the bundles of Kubernetes.
const OBJECT_META: Text = Text::const_new("meta.v1.ObjectMeta");

/// How many values of an enumeration are compared one by one.
const MANY_VALUES: usize = 32;

/// What a schema is for.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// It says which fields there are. The items of a list that keeps unknown fields keep theirs.
    Structure { keeps_unknown: bool },
    /// It demands something of values whose structure is said elsewhere: `allOf`, `not`, ...
    Demand,
}

/// The schema of the objects of a kind. What has been read of the JSON is given back at once: of a
/// large definition both are large.
pub(super) fn object(mut kind: Json) -> Schema {
    let mut raw = match kind.get_mut("schema").map(Json::take) {
        Some(Json::Object(raw)) => raw,
        _ => Map::new(),
    };
    let metadata = own_metadata(&raw);
    let mut schema = read(&mut raw, Part::Structure { keeps_unknown: false });
    resource(&mut schema, metadata);
    schema.types = Types::OBJECT;
    if let Some(path) = kind.get("replicas").and_then(Json::as_str) {
        replicas(&mut schema, path);
    }
    if kind.get("status").is_some_and(|status| status == &Json::Bool(true)) {
        // The status that a client sends is dropped before it is checked, but not before its
        // fields are.
        schema.required.retain(|name| name != "status");
        if let Some(status) = property_mut(&mut schema, "status") {
            without_demands(status);
        }
    }
    schema
}

/// What holds where a structure has no schema: scalars are kept, fields are not.
pub(in crate::schema) fn pruned() -> &'static Schema {
    static PRUNED: OnceLock<Schema> = OnceLock::new();
    PRUNED.get_or_init(no_fields)
}

fn no_fields() -> Schema {
    Schema {
        additional: Additional::Closed,
        nature: Nature::Structural { is_nullable: true, keeps_unknown: false },
        ..Schema::default()
    }
}

fn read_value(mut value: Json, part: Part) -> Schema {
    value.as_object_mut().map_or_else(Schema::default, |raw| read(raw, part))
}

fn read(raw: &mut Map<String, Json>, part: Part) -> Schema {
    let embedded_metadata = (raw.get("x-kubernetes-embedded-resource") == Some(&Json::Bool(true)))
        .then(|| own_metadata(raw));
    let mut taken = |key: &str| raw.get_mut(key).map(Json::take);
    let (own_properties, own_items) = (taken("properties"), taken("items"));
    let (own_additional, own_not) = (taken("additionalProperties"), taken("not"));
    let demands = |all: Option<Json>| match all {
        Some(Json::Array(all)) => {
            all.into_iter().map(|one| read_value(one, Part::Demand)).collect()
        }
        _ => Vec::new(),
    };
    let (all_of, any_of) = (demands(taken("allOf")), demands(taken("anyOf")));
    let one_of = demands(taken("oneOf"));
    let raw = &*raw;
    let flag = |key: &str| raw.get(key) == Some(&Json::Bool(true));
    let text = |key: &str| raw.get(key).and_then(Json::as_str);
    let list = |key: &str| raw.get(key).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let texts = |key: &str| list(key).iter().filter_map(Json::as_str).map(Text::from).collect();

    let is_int_or_string = flag("x-kubernetes-int-or-string");
    let named = text("type").and_then(Types::named);
    let mut types = match named {
        _ if is_int_or_string => Types::INTEGER.or(Types::STRING),
        Some(types) => types,
        None => Types::default(),
    };
    let is_nullable = flag("nullable");
    if is_nullable && !types.is_any() {
        types = types.or(Types::NULL);
    }
    let (nature, keeps_unknown) = match part {
        Part::Demand => (Nature::Plain, true),
        Part::Structure { keeps_unknown } => {
            let keeps_unknown = keeps_unknown || flag("x-kubernetes-preserve-unknown-fields");
            (Nature::Structural { is_nullable, keeps_unknown }, keeps_unknown)
        }
    };
    let below = match part {
        Part::Demand => Part::Demand,
        Part::Structure { .. } => Part::Structure { keeps_unknown: false },
    };
    let of_items = match part {
        Part::Demand => Part::Demand,
        Part::Structure { .. } => Part::Structure { keeps_unknown },
    };
    let mut properties: Vec<(Text, Schema)> = Vec::new();
    if let Some(Json::Object(own)) = own_properties {
        properties.reserve_exact(own.len());
        properties.extend(own.into_iter().map(|(name, raw)| (name.into(), read_value(raw, below))));
    }
    properties.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let additional = match own_additional {
        Some(Json::Bool(true)) if matches!(part, Part::Structure { .. }) => {
            Additional::Schema(Box::new(no_fields()))
        }
        Some(Json::Bool(false)) => Additional::Closed,
        Some(schema @ Json::Object(_)) => Additional::Schema(Box::new(read_value(schema, below))),
        _ if keeps_unknown => Additional::Any,
        _ => Additional::Closed,
    };
    let mut schema = Schema {
        types,
        properties,
        additional,
        items: own_items.map(|items| Box::new(read_value(items, of_items))),
        required: texts("required"),
        values: list("enum").to_vec(),
        texts: texts_among(list("enum")),
        default: raw.get("default").filter(|default| !default.is_null()).cloned(),
        limits: limits(raw, named.filter(|_| !is_int_or_string)),
        nature,
        ..Schema::default()
    };
    let distinct = match text("x-kubernetes-list-type") {
        Some("set") => Distinct::Items,
        Some("map") => Distinct::Keys(texts("x-kubernetes-list-map-keys")),
        _ if flag("uniqueItems") => Distinct::Items,
        _ => Distinct::None,
    };
    let takes_text = named.is_none() || named == Some(Types::STRING);
    let more = More {
        pattern: text("pattern").map(Pattern::new),
        format: text("format").filter(|_| takes_text).and_then(CustomFormat::named),
        range: range(raw),
        all_of,
        any_of,
        one_of,
        not: own_not.map(|not| read_value(not, Part::Demand)),
        distinct,
    };
    if !more.is_empty() {
        schema.more = Some(Box::new(more));
    }
    if let Some(metadata) = embedded_metadata {
        resource(&mut schema, metadata);
        embedded(&mut schema);
    }
    schema
}

/// The texts of an enumeration that is too long to be searched for every value.
fn texts_among(values: &[Json]) -> Option<BTreeSet<Text>> {
    let texts = values.iter().filter_map(Json::as_str).map(Text::from);
    (values.len() > MANY_VALUES).then(|| texts.collect())
}

fn range(raw: &Map<String, Json>) -> Option<Range> {
    let number = |key: &str| raw.get(key).and_then(Json::as_f64);
    let bound = |key: &str, exclusive: &str| {
        let is_exclusive = raw.get(exclusive) == Some(&Json::Bool(true));
        number(key).map(|value| Bound { value, is_exclusive })
    };
    let range = Range {
        minimum: bound("minimum", "exclusiveMinimum"),
        maximum: bound("maximum", "exclusiveMaximum"),
        multiple_of: number("multipleOf").filter(|factor| *factor > 0.0),
    };
    (!range.is_empty()).then_some(range)
}

fn limits(raw: &Map<String, Json>, types: Option<Types>) -> Option<Box<Limits>> {
    let count = |key: &str| {
        raw.get(key)
            .and_then(Json::as_u64)
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    };
    let is_integer = types == Some(Types::INTEGER);
    let is_short = raw.get("format").and_then(Json::as_str) == Some("int32");
    let (least, most) = if is_short {
        (i128::from(i32::MIN), i128::from(i32::MAX))
    } else {
        (i128::from(i64::MIN), i128::from(i64::MAX))
    };
    let limits = Limits {
        minimum: is_integer.then_some(least),
        maximum: is_integer.then_some(most),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
        ..Limits::default()
    };
    (limits != Limits::default()).then(|| Box::new(limits))
}

/// What a schema says of the metadata.
fn own_metadata(raw: &Map<String, Json>) -> Option<Json> {
    raw.get("properties").and_then(|properties| properties.get("metadata")).cloned()
}

/// Gives a schema the fields that every object has.
fn resource(schema: &mut Schema, own_metadata: Option<Json>) {
    for name in ["apiVersion", "kind"] {
        let given = property_mut(schema, name).map(|property| property.types = Types::STRING);
        if given.is_none() {
            set_property(schema, name, Schema { types: Types::STRING, ..Schema::default() });
        }
    }
    // A definition may narrow the name and nothing else: the server has its own type.
    let mut metadata =
        own_metadata.map_or_else(Schema::default, |own| read_value(own, Part::Demand));
    metadata.types = Types::OBJECT;
    metadata.additional = Additional::Any;
    metadata.reference = Some(OBJECT_META);
    set_property(schema, "metadata", metadata);
}

/// An object inside of another one says what it is.
fn embedded(schema: &mut Schema) {
    for (name, format) in [("apiVersion", "api-version"), ("kind", "kind")] {
        if let Some(property) = property_mut(schema, name) {
            property.format = Format::named(format);
            property.limits.get_or_insert_default().min_length.get_or_insert(1);
        }
        if !schema.required.iter().any(|one| one == name) {
            schema.required.push(name.into());
        }
    }
}

/// Lets the number of replicas be what a scale can say.
fn replicas(schema: &mut Schema, path: &str) {
    let place = path
        .split('.')
        .filter(|name| !name.is_empty())
        .try_fold(schema, |schema, name| property_mut(schema, name));
    if let Some(place) = place.filter(|place| place.types.name(Types::INTEGER)) {
        let limits = place.limits.get_or_insert_default();
        limits.minimum = limits.minimum.max(Some(0));
        limits.maximum = Some(i128::from(i32::MAX));
    }
}

/// Leaves the structure alone.
fn without_demands(schema: &mut Schema) {
    schema.types = Types::default();
    schema.required.clear();
    schema.values.clear();
    schema.texts = None;
    schema.limits = None;
    schema.format = None;
    schema.more = None;
    for (_, property) in &mut schema.properties {
        without_demands(property);
    }
    if let Some(items) = &mut schema.items {
        without_demands(items);
    }
    if let Additional::Schema(value) = &mut schema.additional {
        without_demands(value);
    }
}

fn property_mut<'a>(schema: &'a mut Schema, name: &str) -> Option<&'a mut Schema> {
    let at = schema.properties.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
    schema.properties.get_mut(at).map(|(_, schema)| schema)
}

fn set_property(schema: &mut Schema, name: &str, property: Schema) {
    match schema.properties.binary_search_by(|(key, _)| key.as_str().cmp(name)) {
        Ok(at) => {
            if let Some((_, old)) = schema.properties.get_mut(at) {
                *old = property;
            }
        }
        Err(at) => schema.properties.insert(at, (name.into(), property)),
    }
}
