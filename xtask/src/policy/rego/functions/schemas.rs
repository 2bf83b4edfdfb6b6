//! Documents that must fit a JSON Schema.
//!
//! Whether one fits is what OPA says of it; the errors have the fields and, for the keywords that are
//! common, the texts of OPA. A schema of another place is never read.
//!
//! Source: `gojsonschema` in OPA, with the drafts up to 7.

use std::collections::BTreeMap;

use jsonschema::{
    Draft, PatternOptions, ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
    paths::LocationSegment,
};
use regorus::Value;
use serde_json::Value as Json;

use super::{Function, Outcome, guarded::whole};
use crate::policy::rego::{limits::spend, value::to_json};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("json.match_schema", 2, |arguments| {
        spend(whole(arguments).saturating_mul(8))?;
        let (Some(Ok(document)), Some(Ok(schema))) =
            (arguments.first().map(json), arguments.get(1).map(json))
        else {
            return Ok(None);
        };
        let Ok(validator) = compiled(&schema) else { return Ok(None) };
        let errors: Vec<Value> = validator.iter_errors(&document).map(|one| error(&one)).collect();
        let fits = Value::Bool(errors.is_empty());
        Ok(Some(Value::from(vec![fits, Value::from(errors)])))
    }),
    ("json.verify_schema", 1, verify),
];

fn verify(arguments: &[Value]) -> Outcome {
    spend(whole(arguments).saturating_mul(8))?;
    let Some(schema) = arguments.first() else { return Ok(None) };
    let found = json(schema).and_then(|schema| compiled(&schema).map(|_| ()));
    Ok(Some(Value::from(match found {
        Ok(()) => vec![Value::Bool(true), Value::Null],
        Err(why) => vec![Value::Bool(false), Value::from(format!("jsonschema: {why}"))],
    })))
}

/// A document, or the text of one.
fn json(value: &Value) -> Result<Json, String> {
    match value {
        Value::String(text) => {
            serde_json::from_str(text).map_err(|_| "invalid JSON string".to_owned())
        }
        Value::Object(_) | Value::Array(_) => Ok(to_json(value)),
        _ => Err("wrong type, expected string or object".to_owned()),
    }
}

fn compiled(schema: &Json) -> Result<Validator, String> {
    // A schema that names its draft is read as that one.
    let mut options = jsonschema::options();
    if schema.get("$schema").is_none() {
        options = options.with_draft(Draft::Draft7);
    }
    options
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| error.to_string())
}

fn error(error: &ValidationError<'_>) -> Value {
    let path: Vec<String> = error
        .instance_path()
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(name) => name.into_owned(),
            LocationSegment::Index(at) => at.to_string(),
        })
        .collect();
    let field = if path.is_empty() { "(Root)".to_owned() } else { path.join(".") };
    let (kind, text) = described(error, &field);
    let parts = [
        ("desc", text.clone()),
        ("error", format!("{field}: {text}")),
        ("field", field),
        ("type", kind.to_owned()),
    ];
    let parts = parts.map(|(name, text)| (Value::from(name), Value::from(text)));
    Value::from(BTreeMap::from(parts))
}

/// The type and the text of an error.
fn described<'e>(error: &'e ValidationError<'_>, field: &str) -> (&'e str, String) {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => (
            "additional_property_not_allowed",
            format!("Additional property {} is not allowed", unexpected.join(", ")),
        ),
        Kind::AnyOf { .. } => {
            ("number_any_of", "Must validate at least one schema (anyOf)".to_owned())
        }
        Kind::Enum { options } => {
            let options: Vec<String> =
                options.as_array().into_iter().flatten().map(Json::to_string).collect();
            ("enum", format!("{field} must be one of the following: {}", options.join(", ")))
        }
        Kind::MaxLength { limit } => {
            ("string_lte", format!("String length must be less than or equal to {limit}"))
        }
        Kind::MinLength { limit } => {
            ("string_gte", format!("String length must be greater than or equal to {limit}"))
        }
        Kind::Maximum { limit } => ("number_lte", format!("Must be less than or equal to {limit}")),
        Kind::Minimum { limit } => {
            ("number_gte", format!("Must be greater than or equal to {limit}"))
        }
        Kind::OneOfMultipleValid { .. } | Kind::OneOfNotValid { .. } => {
            ("number_one_of", "Must validate one and only one schema (oneOf)".to_owned())
        }
        Kind::Pattern { pattern } => ("pattern", format!("Does not match pattern '{pattern}'")),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            ("required", format!("{name} is required"))
        }
        Kind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(set) => {
                    let types: Vec<String> = set.iter().map(|one| one.to_string()).collect();
                    types.join("/")
                }
            };
            let given = given(error.instance());
            ("invalid_type", format!("Invalid type. Expected: {expected}, given: {given}"))
        }
        other => (other.keyword(), error.to_string()),
    }
}

fn given(document: &Json) -> &'static str {
    match document {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}
