//! The defaults of a schema.

use super::{
    super::{
        report::Report,
        value::{Fields, get, is_set, is_true, items, text, texts},
    },
    fault,
};
use crate::{
    schema::{pattern::Pattern, scalar},
    yaml::{Node, Scalar, ScalarKind, same_json},
};

/// What compiling a pattern costs: a definition can have thousands, each with a default.
const PATTERN_STEPS: usize = 20_000;

/// Whether a default is a value of its schema.
///
/// Source: `apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go`.
pub(super) fn fits(node: &Node, value: &Node, report: &mut Report<'_>) {
    if value.is_null() {
        return;
    }
    let kind = text(node, "type");
    let is_either = is_true(node, "x-kubernetes-int-or-string");
    let scalar = value.as_scalar();
    let is_type = match kind {
        "object" => value.as_mapping().is_some(),
        "array" => value.as_sequence().is_some(),
        "string" => scalar.is_some_and(Scalar::is_text),
        "boolean" => scalar.is_some_and(|scalar| scalar.kind == ScalarKind::Bool),
        "integer" => scalar.is_some_and(|scalar| scalar::integer(scalar).is_some()),
        "number" => scalar.is_some_and(|scalar| scalar::float(scalar).is_some()),
        _ if is_either => {
            scalar.is_some_and(|scalar| scalar.is_text() || scalar::integer(scalar).is_some())
        }
        _ => true,
    };
    if !is_type {
        let says = if is_either {
            "must be an integer or a string, as the schema says".to_owned()
        } else {
            format!("must be of the type `{kind}`, as the schema says")
        };
        report.add(fault(value, says));
        return;
    }
    if let Some(values) = get(node, "enum")
        && !items(node, "enum").iter().any(|one| same_json(one, value))
    {
        report.add(fault(value, "must be a value of the `enum`").beside(values, "the values"));
    }
    limits(node, value, report);
    if let Some(mapping) = value.as_mapping() {
        let is_open = is_true(node, "x-kubernetes-preserve-unknown-fields");
        let free = get(node, "additionalProperties");
        let properties = Fields::of(get(node, "properties"));
        for entry in mapping {
            let property = properties.get_set(&entry.key);
            match property.or(free.filter(|free| free.as_mapping().is_some())) {
                Some(schema) => fits(schema, &entry.value, report),
                None if is_open || free.is_some() => {}
                None => report.add(fault(&entry.value, "is not a field of the schema")),
            }
        }
        let given = Fields::of(Some(value));
        for (name, at) in texts(node, "required") {
            let property = properties.get_set(name);
            let has_default = property.is_some_and(|property| is_set(property, "default"));
            if given.get(name).is_none() && !has_default {
                let says = format!("must have `{}`, which is required", name.replace('`', "'"));
                report.add(fault(value, says).beside(at, "required here"));
            }
        }
    }
    if let Some(item) = get(node, "items") {
        for one in value.as_sequence().unwrap_or_default() {
            fits(item, one, report);
        }
    }
}

fn limits(node: &Node, value: &Node, report: &mut Report<'_>) {
    let number = |field| get(node, field).and_then(Node::as_scalar).and_then(scalar::float);
    let Some(scalar) = value.as_scalar() else { return };
    let (size, least, most) = if scalar.is_text() {
        let length = u32::try_from(scalar.text.chars().count()).unwrap_or(u32::MAX);
        (Some(f64::from(length)), number("minLength"), number("maxLength"))
    } else {
        (scalar::float(scalar), number("minimum"), number("maximum"))
    };
    let Some(size) = size else { return };
    if least.is_some_and(|least| size < least) || most.is_some_and(|most| size > most) {
        report.add(fault(value, "must be inside the limits of the schema"));
    }
    let pattern = text(node, "pattern");
    if scalar.is_text()
        && !pattern.is_empty()
        && report.burn(PATTERN_STEPS)
        && !Pattern::new(pattern).matches(&scalar.text)
    {
        report.add(fault(value, "must match the `pattern` of the schema"));
    }
}
