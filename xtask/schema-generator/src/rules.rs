//! Applies the rows of the tables about fields to the definitions.
//!
//! Invariant: a row that no longer fits what it speaks of (a field that is gone or has another
//! type, a value that the field's description does not know) is an error, never a row that is
//! skipped.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::assertion::{Assertion, Assertions, EnumValue};
use crate::field::{Field, Step};
use crate::table::{self, Minor, Row};
use crate::upstream::Definitions;

/// The tables of rows about fields, in the order in which they are applied.
pub const TABLES: &[(&str, &str)] = &[
    ("tables/enums.txt", include_str!("../tables/enums.txt")),
    ("tables/formats.txt", include_str!("../tables/formats.txt")),
    ("tables/limits.txt", include_str!("../tables/limits.txt")),
    ("tables/required.txt", include_str!("../tables/required.txt")),
    ("tables/lists.txt", include_str!("../tables/lists.txt")),
    ("tables/deprecated.txt", include_str!("../tables/deprecated.txt")),
];

pub type FieldRow = Row<Field, Assertions>;

/// Every row of every table, whatever the version.
pub fn rows() -> Result<Vec<FieldRow>> {
    let mut rows = Vec::new();
    for (file, text) in TABLES {
        rows.extend(table::parse(file, text)?);
    }
    Ok(rows)
}

/// Applies the rows that hold in this version. `upstream` still has the descriptions. The error
/// lists every row that no longer fits.
pub fn apply(
    definitions: &mut Definitions,
    upstream: &Definitions,
    rows: &[FieldRow],
    version: Minor,
) -> Result<()> {
    let holding = rows.iter().filter(|row| row.holds_in(version));
    let misfits: Vec<String> = holding
        .filter_map(|row| {
            let misfit = apply_row(definitions, upstream, row, version).err()?;
            Some(format!("{}: {}: {misfit:#}", row.position, row.subject))
        })
        .collect();
    ensure!(
        misfits.is_empty(),
        "rows that do not fit Kubernetes {version}:\n  {}",
        misfits.join("\n  ")
    );
    Ok(())
}

fn apply_row(
    definitions: &mut Definitions,
    upstream: &Definitions,
    row: &FieldRow,
    version: Minor,
) -> Result<()> {
    let place = Place::find(upstream, &row.subject)?;
    for assertion in &row.content.0 {
        if let Assertion::Enum(values) = assertion
            && !row.undocumented
        {
            check_description(&place.description, values, version)?;
        }
        place.check_type(assertion)?;
        state(definitions, &row.subject, &place, assertion, version)?;
    }
    Ok(())
}

/// Whether a value stands in a description as a word of its own.
pub fn names(description: &str, value: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    description.match_indices(value).any(|(start, _)| {
        let before = description.get(..start).and_then(|text| text.chars().next_back());
        let after = description.get(start + value.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn check_description(description: &str, values: &[EnumValue], version: Minor) -> Result<()> {
    let known = values.iter().filter(|value| value.since.is_none_or(|since| since <= version));
    let missing: Vec<&str> = known
        .map(|value| value.text.as_str())
        .filter(|value| !value.is_empty() && !names(description, value))
        .collect();
    ensure!(
        missing.is_empty(),
        "the field's description does not name {}: \
         correct the row, or flag it `undocumented` with a source",
        missing.join(", ")
    );
    Ok(())
}

/// What upstream says of the place that a row speaks of.
struct Place {
    /// The schema at the end of the way, references followed.
    resolved: Map<String, Value>,
    /// The description of the last property on the way.
    description: String,
}

impl Place {
    fn find(definitions: &Definitions, field: &Field) -> Result<Self> {
        let definition = definitions.get(&field.definition);
        let mut resolved =
            definition.with_context(|| format!("no definition `{}`", field.definition))?.clone();
        let mut description = String::new();
        for step in &field.steps {
            let next = match step {
                Step::Property(name) => {
                    property(&resolved, name).with_context(|| format!("no property `{name}`"))?
                }
                Step::Items => resolved.get("items").context("`[]` follows what is no list")?,
                Step::Values => {
                    resolved.get("additionalProperties").context("`{}` follows what is no map")?
                }
                Step::Keys => {
                    ensure!(
                        resolved.contains_key("additionalProperties"),
                        "`{{key}}` follows what is no map"
                    );
                    &json!({"type": "string"})
                }
            };
            if let (Step::Property(_), Some(Value::String(text))) = (step, next.get("description"))
            {
                description.clone_from(text);
            }
            resolved = resolve(definitions, next)?;
        }
        Ok(Self { resolved, description })
    }

    fn is(&self, wanted: &str) -> bool {
        match self.resolved.get("type") {
            Some(Value::String(name)) => name == wanted,
            // Quantities and int-or-strings have no type upstream.
            _ => self.is_two_typed() && matches!(wanted, "string" | "integer"),
        }
    }

    fn is_two_typed(&self) -> bool {
        self.resolved.contains_key("x-kubernetes-int-or-string")
    }

    fn check_type(&self, assertion: &Assertion) -> Result<()> {
        let fits = match assertion {
            Assertion::Enum(_)
            | Assertion::Format(_)
            | Assertion::MaxLength(_)
            | Assertion::Default(_) => self.is("string"),
            Assertion::Minimum(_) | Assertion::Maximum(_) | Assertion::Above(_) => {
                self.is("integer")
            }
            Assertion::MaxItems(_)
            | Assertion::MapKeys(_)
            | Assertion::Unique(_)
            | Assertion::Set => self.is("array"),
            Assertion::True => self.is("boolean"),
            Assertion::NonEmpty => self.is("string") || self.is("array") || self.is("object"),
            Assertion::Required
            | Assertion::Optional
            | Assertion::Forbidden
            | Assertion::AtParent
            | Assertion::Deprecated { .. } => true,
        };
        ensure!(
            fits,
            "{assertion:?} does not fit the field's type, {:?}",
            self.resolved.get("type")
        );
        Ok(())
    }
}

/// A property of an object, or the value of a map under that key.
fn property<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|properties| properties.get(name));
    named.or_else(|| schema.get("additionalProperties").filter(|values| values.is_object()))
}

fn resolve(definitions: &Definitions, schema: &Value) -> Result<Map<String, Value>> {
    let schema = schema.as_object().context("the way leads through a schema that says nothing")?;
    let Some(Value::String(target)) = schema.get("$ref") else { return Ok(schema.clone()) };
    let name = target.strip_prefix("#/definitions/").unwrap_or(target);
    definitions.get(name).cloned().with_context(|| format!("no definition `{name}`"))
}

/// Writes the assertion into the schema that the way ends at, beside a `$ref` where one stands on
/// the way: the keywords of JSON Schema add up.
fn state(
    definitions: &mut Definitions,
    field: &Field,
    place: &Place,
    assertion: &Assertion,
    version: Minor,
) -> Result<()> {
    let definition = definitions.get_mut(&field.definition).context("the definition is gone")?;
    if let Assertion::Required | Assertion::Optional = assertion {
        let Some((Step::Property(name), way)) = field.steps.split_last() else {
            bail!("only a property can be required or optional");
        };
        return require(walk(definition, way)?, name, matches!(assertion, Assertion::Required));
    }
    let schema = walk(definition, &field.steps)?;
    match assertion {
        Assertion::Enum(values) => {
            let known =
                values.iter().filter(|value| value.since.is_none_or(|since| since <= version));
            set(schema, "enum", known.map(|value| value.text.as_str()).collect())
        }
        Assertion::Format(name) => set(schema, "format", json!(name)),
        // These narrow the range of the integer type.
        Assertion::Minimum(minimum) => {
            schema.insert("minimum".into(), json!(minimum));
            Ok(())
        }
        Assertion::Maximum(maximum) => {
            schema.insert("maximum".into(), json!(maximum));
            Ok(())
        }
        Assertion::Above(bound) => set(schema, "exclusiveMinimum", json!(bound)),
        Assertion::MaxLength(length) => set(schema, "maxLength", json!(length)),
        Assertion::MaxItems(length) => set(schema, "maxItems", json!(length)),
        Assertion::NonEmpty if place.is("array") => set(schema, "minItems", json!(1)),
        Assertion::NonEmpty if place.is("object") => set(schema, "minProperties", json!(1)),
        Assertion::NonEmpty => set(schema, "minLength", json!(1)),
        Assertion::True => set(schema, "const", json!(true)),
        Assertion::Forbidden => set(schema, "not", json!({})),
        Assertion::Deprecated { since: Some(since), .. } if *since > version => Ok(()),
        Assertion::Deprecated { since: Some(since), instead } => {
            set(schema, "x-deprecated", json!({"since": since.to_string(), "use": instead}))
        }
        Assertion::Deprecated { since: None, instead } => {
            set(schema, "x-deprecated", json!({"use": instead}))
        }
        Assertion::Default(value) => set(schema, "default", json!(value)),
        Assertion::MapKeys(keys) => set(schema, "x-kubernetes-list-map-keys", json!(keys)),
        Assertion::Unique(keys) => {
            let unique = schema.entry("x-unique").or_insert_with(|| json!([]));
            unique.as_array_mut().context("`x-unique` is no list")?.push(json!(keys));
            Ok(())
        }
        Assertion::Set => set(schema, "x-kubernetes-list-type", json!("set")),
        Assertion::AtParent => set(schema, "x-at-parent", json!(true)),
        Assertion::Required | Assertion::Optional => unreachable!("handled above"),
    }
}

fn set(schema: &mut Map<String, Value>, keyword: &str, value: Value) -> Result<()> {
    ensure!(
        schema.get(keyword).is_none_or(|known| keyword == "format" && known == "date-time"),
        "another row already says `{keyword}`"
    );
    schema.insert(keyword.to_owned(), value);
    Ok(())
}

fn require(object: &mut Map<String, Value>, name: &str, required: bool) -> Result<()> {
    let list = object.entry("required").or_insert_with(|| json!([]));
    let list = list.as_array_mut().context("`required` is no list")?;
    let known = list.iter().any(|item| item == name);
    if required && !known {
        list.push(json!(name));
        list.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    }
    if !required {
        ensure!(known, "the document does not require `{name}`");
        list.retain(|item| item != name);
    }
    if list.is_empty() {
        object.remove("required");
    }
    Ok(())
}

/// The schema that a way leads to; what is missing on the way is added beside the `$ref` that has
/// it.
fn walk<'a>(
    mut schema: &'a mut Map<String, Value>,
    way: &[Step],
) -> Result<&'a mut Map<String, Value>> {
    for step in way {
        let next = match step {
            Step::Property(name) => {
                let properties = schema.entry("properties").or_insert_with(|| json!({}));
                let properties = properties.as_object_mut().context("`properties` is no object")?;
                properties.entry(name.as_str()).or_insert_with(|| json!({}))
            }
            Step::Items => schema.entry("items").or_insert_with(|| json!({})),
            Step::Values => schema.entry("additionalProperties").or_insert_with(|| json!({})),
            Step::Keys => schema.entry("propertyNames").or_insert_with(|| json!({})),
        };
        schema =
            next.as_object_mut().context("the way leads through a schema that says nothing")?;
    }
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions() -> Definitions {
        let schemas = json!({
            "core.v1.Pod": {
                "properties": {"spec": {"$ref": "#/definitions/core.v1.PodSpec"}},
                "type": "object",
            },
            "core.v1.PodSpec": {
                "properties": {
                    "policy": {"description": "One of Always, Never.", "type": "string"},
                    "hosts": {"items": {"type": "string"}, "type": "array"},
                    "count": {"type": "integer"},
                    "labels": {"additionalProperties": {"type": "string"}, "type": "object"},
                },
                "required": ["count"],
                "type": "object",
            },
        });
        serde_json::from_value(schemas).expect("the schemas are objects")
    }

    fn apply_text(rows: &str) -> Result<Definitions> {
        let rows = table::parse("table", &format!("= file.go\n{rows}"))?;
        let mut changed = definitions();
        apply(&mut changed, &definitions(), &rows, Minor(36))?;
        Ok(changed)
    }

    /// Applies one row and returns what it says at a place of a definition.
    fn apply_one(row: &str, definition: &str, pointer: &str) -> Value {
        let changed = apply_text(row).expect("the row fits");
        Value::Object(changed[definition].clone()).pointer(pointer).cloned().unwrap_or_default()
    }

    #[test]
    fn an_assertion_is_written_where_the_way_ends() {
        let spec = "core.v1.PodSpec";
        let hosts = apply_one(
            "core.v1.PodSpec.hosts[] | format ip | | check",
            spec,
            "/properties/hosts/items",
        );
        assert_eq!(hosts, json!({"format": "ip", "type": "string"}));
        let hosts = apply_one(
            "core.v1.PodSpec.hosts | nonempty | | check",
            spec,
            "/properties/hosts/minItems",
        );
        assert_eq!(hosts, 1);
        let keys = "core.v1.PodSpec.labels{key} | format qualified-name | | check";
        let keys = apply_one(keys, spec, "/properties/labels/propertyNames");
        assert_eq!(keys, json!({"format": "qualified-name"}));
        let required = apply_one("core.v1.PodSpec.hosts | required | | check", spec, "/required");
        assert_eq!(required, json!(["count", "hosts"]));
        let required = apply_one("core.v1.PodSpec.count | optional | | check", spec, "/required");
        assert_eq!(required, Value::Null);
    }

    #[test]
    fn a_way_through_a_reference_speaks_of_that_place_only() {
        let row = "core.v1.Pod.spec.policy | enum Always | | check";
        let spec = apply_one(row, "core.v1.Pod", "/properties/spec");
        let expected = json!({
            "$ref": "#/definitions/core.v1.PodSpec",
            "properties": {"policy": {"enum": ["Always"]}},
        });
        assert_eq!(spec, expected);
        assert_eq!(apply_one(row, "core.v1.PodSpec", "/properties/policy/enum"), Value::Null);
    }

    #[test]
    fn a_row_and_a_value_hold_from_their_version_on() {
        let values = "core.v1.PodSpec.policy | enum Always Never@1.37 | | check";
        assert_eq!(
            apply_one(values, "core.v1.PodSpec", "/properties/policy/enum"),
            json!(["Always"])
        );
        let later = "core.v1.PodSpec.policy | enum Always | since:1.37 | check";
        assert_eq!(apply_one(later, "core.v1.PodSpec", "/properties/policy/enum"), Value::Null);
    }

    #[test]
    fn a_row_that_does_not_fit_is_an_error() {
        for (row, message) in [
            ("core.v1.Node.spec | required | | check", "no definition `core.v1.Node`"),
            ("core.v1.PodSpec.host | required | | check", "no property `host`"),
            ("core.v1.PodSpec.policy[] | set | | check", "`[]` follows what is no list"),
            ("core.v1.PodSpec.hosts{} | nonempty | | check", "`{}` follows what is no map"),
            ("core.v1.PodSpec.hosts[] | required | | check", "only a property can be required"),
            ("core.v1.PodSpec.count | format ip | | check", "does not fit the field's type"),
            ("core.v1.PodSpec.policy | min 1 | | check", "does not fit the field's type"),
            ("core.v1.PodSpec.policy | enum Always Sometimes | | check", "does not name Sometimes"),
            ("core.v1.PodSpec.policy | optional | | check", "does not require `policy`"),
            ("core.v1.PodSpec.policy | format ip; format cidr | | check", "already says `format`"),
        ] {
            let error = format!("{:#}", apply_text(row).expect_err(row));
            assert!(error.contains(message), "{row}: {error}");
            assert!(error.contains("table:2"), "{row}: {error}");
        }
        assert!(
            apply_text("core.v1.PodSpec.policy | enum Sometimes | undocumented | check").is_ok()
        );
    }

    #[test]
    fn a_value_is_named_only_as_a_word_of_its_own() {
        assert!(names("Valid values are `In`, NotIn.", "In"));
        assert!(names("One of Always, Never, IfNotPresent.", "Always"));
        assert!(!names("Possible: NotIn", "In"));
        assert!(!names("AlwaysAllow", "Always"));
    }
}
