//! Where `k8s-openapi` differs from the `OpenAPI` document of the API server, and where the
//! document differs from the server.
//!
//! Each correction is one entry of [`CORRECTIONS`] with its reason. A correction that finds nothing
//! to correct is an error: upstream has changed, and the entry goes.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::kinds;
use crate::table::Minor;
use crate::upstream::{Definitions, short_name};

/// One correction.
pub struct Correction {
    pub name: &'static str,
    /// Why it is right.
    pub reason: &'static str,
    /// The one version that it is for; all of them if there is none.
    pub only: Option<Minor>,
    /// Changes the definitions and counts the changes.
    pub apply: fn(&mut Definitions) -> Result<usize>,
}

/// All corrections, in the order in which they are applied.
pub const CORRECTIONS: &[Correction] = &[
    Correction {
        name: "metadata is not required",
        reason: "the generated types hold it without an Option, the document does not require it; \
                 that an object needs a name is told with its kind",
        only: None,
        apply: metadata_is_optional,
    },
    Correction {
        name: "name is not required where the document has a default for it",
        reason: "the generated types hold these names without an Option; where the server does \
                 refuse an empty one, a row of `tables/required.txt` says so",
        only: None,
        apply: names_are_optional,
    },
    Correction {
        name: "eventTime of an Event is required",
        reason: "the document requires it; the generated type holds an Option",
        only: None,
        apply: |definitions| require(definitions, "events.v1.Event", "eventTime"),
    },
    Correction {
        name: "podSelector of a NetworkPolicy is required in 1.33",
        reason: "the document of 1.33 requires it; the generated type holds an Option",
        only: Some(Minor(33)),
        apply: |definitions| require(definitions, "networking.v1.NetworkPolicySpec", "podSelector"),
    },
    Correction {
        name: "JSON of a CustomResourceDefinition is anything",
        reason: "a default, an example or an enum value of a schema is any JSON value, not only \
                 an object",
        only: None,
        apply: json_is_anything,
    },
    Correction {
        name: "objects that hold any fields stay open",
        reason: "the document gives them no properties, and their content is free",
        only: None,
        apply: open_objects_stay_open,
    },
    Correction {
        name: "types without fields are closed",
        reason: "a Go struct without fields has no properties in the document, and the server \
                 refuses every field in it",
        only: None,
        apply: |definitions| Ok(close_empty_types(definitions)),
    },
    Correction {
        name: "quantities and int-or-strings have two types",
        reason: "the generated schemas have only an extension in place of a type, which JSON \
                 Schema takes for anything",
        only: None,
        apply: two_types,
    },
    Correction {
        name: "integers have the range of their Go type",
        reason: "the server fails to decode a greater number; validators ignore the formats int32 \
                 and int64",
        only: None,
        apply: |definitions| Ok(integer_ranges(definitions)),
    },
];

/// Applies all corrections.
pub fn apply(definitions: &mut Definitions, version: Minor) -> Result<()> {
    for correction in CORRECTIONS.iter().filter(|it| it.only.is_none_or(|only| only == version)) {
        let count = (correction.apply)(definitions).with_context(|| correction.name)?;
        ensure!(
            count > 0,
            "the correction \"{}\" finds nothing to correct any more: remove it",
            correction.name
        );
    }
    Ok(())
}

/// Objects that hold any fields.
const OPEN: &[&str] = &[
    "apiextensions.v1.CustomResourceSubresourceStatus",
    "meta.v1.FieldsV1",
    "runtime.RawExtension",
];

/// Types whose `name` the document leaves optional, though every use of them has one.
const OPTIONAL_NAMES: &[&str] = &[
    "core.v1.ConfigMapEnvSource",
    "core.v1.ConfigMapKeySelector",
    "core.v1.ConfigMapProjection",
    "core.v1.ConfigMapVolumeSource",
    "core.v1.LocalObjectReference",
    "core.v1.SecretEnvSource",
    "core.v1.SecretKeySelector",
    "core.v1.SecretProjection",
];

fn metadata_is_optional(definitions: &mut Definitions) -> Result<usize> {
    let mut count = 0;
    for kind in kinds::all() {
        let definition = (kind.definition)();
        let schema =
            definitions.get_mut(short_name(&definition)).context("a kind has no definition")?;
        count += usize::from(drop_required(schema, "metadata"));
    }
    Ok(count)
}

fn names_are_optional(definitions: &mut Definitions) -> Result<usize> {
    let mut count = 0;
    for &name in OPTIONAL_NAMES {
        let schema =
            definitions.get_mut(name).with_context(|| format!("no definition `{name}`"))?;
        ensure!(
            drop_required(schema, "name"),
            "`{name}` does not require its name: take it off the list"
        );
        count += 1;
    }
    Ok(count)
}

fn drop_required(schema: &mut Map<String, Value>, property: &str) -> bool {
    let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) else {
        return false;
    };
    let before = required.len();
    required.retain(|name| name != property);
    let dropped = required.len() < before;
    if required.is_empty() {
        schema.remove("required");
    }
    dropped
}

fn require(definitions: &mut Definitions, definition: &str, property: &str) -> Result<usize> {
    let schema =
        definitions.get_mut(definition).with_context(|| format!("no definition `{definition}`"))?;
    let required = schema.entry("required").or_insert_with(|| json!([]));
    let required = required.as_array_mut().context("`required` is no list")?;
    if required.iter().any(|name| name == property) {
        return Ok(0);
    }
    required.push(json!(property));
    required.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    Ok(1)
}

fn json_is_anything(definitions: &mut Definitions) -> Result<usize> {
    let schema = definitions
        .get_mut("apiextensions.v1.JSON")
        .context("no definition `apiextensions.v1.JSON`")?;
    Ok(usize::from(schema.remove("type").is_some()))
}

fn open_objects_stay_open(definitions: &mut Definitions) -> Result<usize> {
    let mut count = 0;
    for &name in OPEN {
        let schema =
            definitions.get_mut(name).with_context(|| format!("no definition `{name}`"))?;
        ensure!(
            !schema.contains_key("properties"),
            "`{name}` has properties now: take it off the list"
        );
        schema.insert("additionalProperties".into(), json!(true));
        count += 1;
    }
    Ok(count)
}

fn close_empty_types(definitions: &mut Definitions) -> usize {
    let mut count = 0;
    for schema in definitions.values_mut() {
        let is_object = schema.get("type").is_some_and(|name| name == "object");
        if is_object
            && !schema.contains_key("properties")
            && !schema.contains_key("additionalProperties")
        {
            schema.insert("additionalProperties".into(), json!(false));
            count += 1;
        }
    }
    count
}

fn two_types(definitions: &mut Definitions) -> Result<usize> {
    let types = [
        ("resource.Quantity", json!(["number", "string"])),
        ("intstr.IntOrString", json!(["integer", "string"])),
    ];
    for (name, types) in &types {
        let schema =
            definitions.get_mut(*name).with_context(|| format!("no definition `{name}`"))?;
        ensure!(
            schema.remove("x-kubernetes-int-or-string").is_some(),
            "`{name}` has a type now: remove the correction"
        );
        schema.insert("type".into(), types.clone());
    }
    let number =
        definitions.get_mut("intstr.IntOrString").context("no definition `intstr.IntOrString`")?;
    number.insert("minimum".into(), json!(i32::MIN));
    number.insert("maximum".into(), json!(i32::MAX));
    let left =
        definitions.iter().find(|(_, schema)| schema.contains_key("x-kubernetes-int-or-string"));
    ensure!(
        left.is_none(),
        "`{}` has no type either: add it to this correction",
        left.map_or("", |(name, _)| name.as_str())
    );
    Ok(types.len())
}

fn integer_ranges(definitions: &mut Definitions) -> usize {
    let mut count = 0;
    for definition in definitions.values_mut() {
        visit(definition, &mut |schema| {
            let range = match schema.get("format").and_then(Value::as_str) {
                Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
                Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
                _ => return,
            };
            schema.remove("format");
            schema.insert("minimum".into(), range.0);
            schema.insert("maximum".into(), range.1);
            count += 1;
        });
    }
    count
}

/// Calls a function for a schema and every schema inside it.
pub fn visit(schema: &mut Map<String, Value>, act: &mut impl FnMut(&mut Map<String, Value>)) {
    act(schema);
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties
                    .values_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|inner| visit(inner, act));
            }
            ("items" | "additionalProperties" | "propertyNames", Value::Object(inner)) => {
                visit(inner, act);
            }
            ("oneOf", Value::Array(schemas)) => {
                schemas
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|inner| visit(inner, act));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream;

    #[test]
    fn a_correction_that_finds_nothing_is_an_error() {
        let version: Minor = kinds::VERSION.parse().expect("the version is well-formed");
        let mut definitions = upstream::definitions();
        apply(&mut definitions, version).expect("upstream needs every correction");
        assert!(apply(&mut definitions, version).is_err(), "nothing is left to correct");
    }
}
