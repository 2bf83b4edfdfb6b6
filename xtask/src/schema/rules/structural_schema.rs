//! The schemas of custom resources, which must be structural: every field has one type, said in
//! one place.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/validation.go` and `complete.go`;
//! `ValidateCustomResourceDefinitionOpenAPISchema` of
//! `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`. Not looked at are, of a
//! default, its formats; what rules in CEL say is looked at in `expression.rs`.

mod default;
mod nested;

use std::{borrow::Cow, collections::BTreeSet};

use self::{default::fits, nested::nested};
use super::{
    expression,
    report::{Fault, Report},
    value::{
        Fields, at, boolean, entries, get, has_some, is_set, is_true, items, spec, text, texts,
    },
};
use crate::{
    diag::codes,
    schema::{pattern::syntax_error, scalar},
    yaml::{Node, Value},
};

/// What the server does not know, or takes for too slow.
const UNSUPPORTED: &[&str] = &[
    "$ref",
    "$schema",
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
];
/// What a root may have where the status is a subresource.
const AT_ROOT_WITH_STATUS: &[&str] = &[
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Where a schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What holds on the way to a schema.
#[derive(Clone, Copy, Debug)]
struct Place {
    level: Level,
    /// In `metadata`, `kind` or `apiVersion`.
    in_metadata: bool,
    /// A reason why a default is refused.
    no_default: Option<&'static str>,
}

/// Checks the schema of every version.
pub(super) fn versions(object: &Node, report: &mut Report<'_>) {
    for version in spec(object).map_or(&[][..], |spec| items(spec, "versions")) {
        let Some(root) = at(version, &["schema", "openAPIV3Schema"]) else { continue };
        if at(version, &["subresources", "status"]).is_some() {
            root_with_status(root, report);
        }
        if let Some(at) = get(root, "nullable")
            && is_true(root, "nullable")
        {
            report.add(fault(at, "must not be true at the root"));
        }
        let place = Place { level: Level::Root, in_metadata: false, no_default: None };
        schema(root, place, report);
        expression::schema(root, report);
    }
}

fn fault(at: &Node, says: impl Into<Cow<'static, str>>) -> Fault<'_> {
    Fault::new(codes::SCHEMA_STRUCTURAL, at, says)
}

fn missing<'a>(at: &'a Node, way: &'a [&'a str], why: &str) -> Fault<'a> {
    Fault::missing(at, way, why).code(codes::SCHEMA_STRUCTURAL)
}

/// Source: `validateCustomResourceDefinitionValidation`.
fn root_with_status(root: &Node, report: &mut Report<'_>) {
    for entry in root.as_mapping().into_iter().flatten() {
        let is_empty = match &entry.value.value {
            Value::Scalar(scalar) => scalar.text.is_empty() || scalar.is_null(),
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(_) => false,
        };
        if !is_empty && !AT_ROOT_WITH_STATUS.contains(&entry.key.as_str()) {
            let says = "must not be at the root: the status is a subresource";
            report.add(fault(&entry.value, says));
        }
    }
}

fn schema(node: &Node, place: Place, report: &mut Report<'_>) {
    supported(node, report);
    types(node, place, report);
    extensions(node, place, report);
    lists_and_maps(node, report);
    values(node, report);
    if let Some(default) = get(node, "default") {
        match place.no_default {
            Some(why) => report.add(fault(default, format!("must not be set {why}"))),
            None => fits(node, default, report),
        }
    }
    let is_whole = place.level == Level::Root || is_true(node, "x-kubernetes-embedded-resource");
    let whole = if is_whole { Some(place.level) } else { None };
    children(node, place, whole, report);
    nested(node, node, report);
}

/// Source: `specStandardValidatorV3.validate`.
fn supported(node: &Node, report: &mut Report<'_>) {
    for name in UNSUPPORTED {
        if let Some(at) = get(node, name) {
            report.add(fault(at, "is not supported"));
        }
    }
    if let Some(at) = get(node, "uniqueItems")
        && is_true(node, "uniqueItems")
    {
        let wrong = fault(at, "must not be true: the comparison would be too slow");
        report.add(wrong.help("use `x-kubernetes-list-type: set`"));
    }
    if let Some(at) = get(node, "items")
        && at.as_sequence().is_some()
    {
        report.add(fault(at, "must be one schema, not a list of them"));
    }
    if let Some(at) = get(node, "additionalProperties")
        && has_some(node, "properties")
        && boolean(node, "additionalProperties") != Some(true)
    {
        report.add(fault(at, "must not be set beside `properties`"));
    }
    if let Some(at) = get(node, "pattern")
        && let Some(error) = syntax_error(text(node, "pattern"))
    {
        report.add(fault(at, format!("must be a regular expression: {error}")));
    }
}

/// Source: `validateStructuralInvariants`.
fn types(node: &Node, place: Place, report: &mut Report<'_>) {
    let kind = text(node, "type");
    let is_embedded = is_true(node, "x-kubernetes-embedded-resource");
    let is_free = is_true(node, "x-kubernetes-int-or-string")
        || is_true(node, "x-kubernetes-preserve-unknown-fields");
    if kind.is_empty() && (is_embedded || !is_free) {
        let why = match place.level {
            Level::Root => "the root is an `object`",
            Level::Item => "every item must have one",
            Level::Field => "every field must have one",
        };
        report.add(match get(node, "type") {
            Some(at) => fault(at, format!("must be set: {why}")),
            None => missing(node, &["type"], why),
        });
    }
    if let Some(at) = get(node, "type")
        && (place.level == Level::Root || is_embedded)
        && !matches!(kind, "" | "object")
    {
        report.add(fault(at, "must be `object` for a whole resource"));
    }
    if kind == "array" && !is_set(node, "items") {
        report.add(missing(node, &["items"], "`type` is `array`"));
    }
    if let Some(at) = get(node, "additionalProperties")
        && (place.level == Level::Root || is_embedded)
    {
        report.add(fault(at, "must not be set for a whole resource"));
    }
}

/// Source: `validateExtensions`, `validateStructuralInvariants`.
fn extensions(node: &Node, place: Place, report: &mut Report<'_>) {
    let embedded = get(node, "x-kubernetes-embedded-resource")
        .filter(|_| is_true(node, "x-kubernetes-embedded-resource"));
    let preserve = get(node, "x-kubernetes-preserve-unknown-fields")
        .filter(|_| is_true(node, "x-kubernetes-preserve-unknown-fields"));
    if is_true(node, "x-kubernetes-int-or-string") {
        for at in embedded.into_iter().chain(preserve) {
            report.add(fault(at, "must not be true for an `x-kubernetes-int-or-string`"));
        }
    }
    let Some(embedded) = embedded else { return };
    if place.in_metadata {
        report.add(fault(embedded, "must not be true in metadata"));
    }
    if preserve.is_none() && !has_some(node, "properties") {
        let why = "`x-kubernetes-preserve-unknown-fields` is not true";
        report.add(missing(node, &["properties"], why));
    }
}

/// Source: `ValidateCustomResourceDefinitionOpenAPISchema`, `validateMapListKeysMapSet`.
fn lists_and_maps(node: &Node, report: &mut Report<'_>) {
    let kind = text(node, "type");
    let list = text(node, "x-kubernetes-list-type");
    for (extension, wanted) in
        [("x-kubernetes-map-type", "object"), ("x-kubernetes-list-type", "array")]
    {
        let Some(other) = get(node, extension).filter(|_| kind != wanted) else { continue };
        let wrong = match get(node, "type") {
            Some(at) => fault(at, format!("must be `{wanted}`: `{extension}` is set")),
            None => missing(node, &["type"], &format!("`{extension}` is set")),
        };
        report.add(wrong.beside(other, "the other one"));
    }
    let keys = get(node, "x-kubernetes-list-map-keys")
        .filter(|_| has_some(node, "x-kubernetes-list-map-keys"));
    if let Some(keys) = keys
        && list != "map"
    {
        let wrong = match get(node, "x-kubernetes-list-type") {
            Some(at) => fault(at, "must be `map`: the list has keys"),
            None => missing(node, &["x-kubernetes-list-type"], "the list has keys"),
        };
        report.add(wrong.beside(keys, "the keys"));
    }
    let item = get(node, "items").filter(|item| item.as_mapping().is_some());
    if let Some(at) = item.and_then(|item| get(item, "nullable"))
        && matches!(list, "map" | "set")
        && item.is_some_and(|item| is_true(item, "nullable"))
    {
        report.add(fault(at, format!("must not be true in a list of type `{list}`")));
    }
    match list {
        "set" if kind == "array" => {
            if let Some(item) = item {
                set_item(item, report);
            }
        }
        "map" => map_list(node, keys, item, report),
        _ => {}
    }
}

fn set_item(item: &Node, report: &mut Report<'_>) {
    let way = match text(item, "type") {
        "array" => &["x-kubernetes-list-type"],
        "object" => &["x-kubernetes-map-type"],
        _ => return,
    };
    let [extension] = *way;
    let given = text(item, extension);
    // A list is atomic where nothing is said, a map is not.
    let is_default = given.is_empty() && extension == "x-kubernetes-list-type";
    if given != "atomic" && !is_default {
        let why = "an item of a set is compared as a whole";
        report.add(match get(item, extension) {
            Some(at) => fault(at, format!("must be `atomic`: {why}")),
            None => missing(item, way, &format!("it must be `atomic`: {why}")),
        });
    }
}

fn map_list(node: &Node, keys: Option<&Node>, item: Option<&Node>, report: &mut Report<'_>) {
    let Some(keys) = keys else {
        let why = "`x-kubernetes-list-type` is `map`";
        report.add(missing(node, &["x-kubernetes-list-map-keys"], why));
        return;
    };
    let Some(item) = item else {
        if !is_set(node, "items") && text(node, "type") != "array" {
            report.add(missing(node, &["items"], "`x-kubernetes-list-type` is `map`"));
        }
        return;
    };
    if text(item, "type") != "object" {
        let why = "an item of a map has fields";
        report.add(match get(item, "type") {
            Some(at) => fault(at, format!("must be `object`: {why}")),
            None => missing(item, &["type"], why),
        });
        return;
    }
    let properties = Fields::of(get(item, "properties"));
    let mut seen = BTreeSet::new();
    let required: BTreeSet<&str> = texts(item, "required").map(|(name, _)| name).collect();
    for (key, at) in texts(node, "x-kubernetes-list-map-keys") {
        if !seen.insert(key) {
            report.add(fault(at, "repeats a key"));
        }
        let Some(property) = properties.get_set(key) else {
            let says =
                format!("must have only properties of the items, not {}", scalar::shown(key));
            report.add(fault(at, says).of(keys));
            continue;
        };
        if matches!(text(property, "type"), "array" | "object") {
            report.add(fault(property, "must be a scalar, as it is a key of the list"));
        }
        if !required.contains(key) && !is_set(property, "default") {
            let why = "a key of the list must be required or have one";
            report.add(missing(property, &["default"], why).beside(at, "the key"));
        }
        if is_true(property, "nullable") {
            report.add(fault(property, "must not be nullable, as it is a key of the list"));
        }
    }
}

/// The texts of the rules; what they say is CEL.
fn values(node: &Node, report: &mut Report<'_>) {
    for rule in items(node, "x-kubernetes-validations") {
        let (condition, message) = (text(rule, "rule"), text(rule, "message"));
        if let Some(at) = get(rule, "rule")
            && !condition.is_empty()
            && condition.trim().is_empty()
        {
            report.add(fault(at, "must be set"));
        }
        match get(rule, "message") {
            Some(at) if message.trim().contains(['\n', '\r']) => {
                report.add(fault(at, "must be one line"));
            }
            Some(at) if !message.is_empty() && message.trim().is_empty() => {
                report.add(fault(at, "must have something to say"));
            }
            _ if condition.trim().contains(['\n', '\r']) && message.trim().is_empty() => {
                report.add(missing(rule, &["message"], "the rule has several lines"));
            }
            _ => {}
        }
    }
}

fn children(node: &Node, place: Place, whole: Option<Level>, report: &mut Report<'_>) {
    if let Some(item) = get(node, "items").filter(|item| item.as_mapping().is_some()) {
        schema(item, Place { level: Level::Item, ..place }, report);
    }
    if let Some(values) =
        get(node, "additionalProperties").filter(|values| values.as_mapping().is_some())
    {
        let no_default = place.in_metadata.then_some("in the maps of metadata");
        let no_default = place.no_default.or(no_default);
        schema(values, Place { level: Level::Field, no_default, ..place }, report);
    }
    for entry in entries(node, "properties").iter().filter(|entry| !entry.value.is_null()) {
        let name = entry.key.as_str();
        let mut inner = Place { level: Level::Field, ..place };
        if let Some(level) = whole
            && matches!(name, "metadata" | "kind" | "apiVersion")
        {
            inner.in_metadata = true;
            if level == Level::Root {
                inner.no_default = Some("in a field that every resource has");
            }
            type_field(name, &entry.value, level, report);
        }
        schema(&entry.value, inner, report);
    }
}

/// The fields that every resource has.
fn type_field(name: &str, node: &Node, level: Level, report: &mut Report<'_>) {
    let wanted = if name == "metadata" { "object" } else { "string" };
    if let Some(at) = get(node, "type")
        && !matches!(text(node, "type"), "")
        && text(node, "type") != wanted
    {
        report.add(fault(at, format!("must be `{wanted}`")));
    }
    if name != "metadata" || level != Level::Root {
        return;
    }
    // Each may be narrowed; what else is said of the metadata is the same everywhere.
    let is_allowed = |key: &str| matches!(key, "type" | "default" | "properties") || is_value(key);
    for entry in node.as_mapping().into_iter().flatten() {
        if !is_allowed(&entry.key) && !entry.value.is_null() {
            let says = "must not be set: of the metadata only names can be narrowed";
            report.add(fault(&entry.value, says));
        }
    }
    for entry in entries(node, "properties") {
        if !matches!(entry.key.as_str(), "name" | "generateName") {
            let says = "must not be set: of the metadata only names can be narrowed";
            report.add(fault(&entry.value, says));
        }
    }
}

/// Keywords that narrow the values and nothing else; none but these is compared with the metadata.
fn is_value(key: &str) -> bool {
    matches!(key, "example" | "externalDocs")
}
