//! What narrows a schema: below `allOf`, `anyOf`, `oneOf` and `not`.

use super::{
    super::{
        report::Report,
        value::{Fields, boolean, entries, get, has_some, is_true, items, text},
    },
    fault, supported,
};
use crate::yaml::Node;

/// What a schema says beside the type, and what must not be repeated below `allOf` and the like.
const NOT_IN_NESTED: &[&str] = &[
    "type",
    "additionalProperties",
    "default",
    "title",
    "description",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
];
const JUNCTORS: &[&str] = &["allOf", "anyOf", "oneOf"];

/// Below `allOf`, `anyOf`, `oneOf` and `not` a schema narrows what is said outside, and every field
/// that it speaks of must be there.
///
/// Source: `validateNestedValueValidation`, `validateStructuralCompleteness`.
pub(super) fn nested(node: &Node, outer: &Node, report: &mut Report<'_>) {
    let is_either = is_true(outer, "x-kubernetes-int-or-string") && std::ptr::eq(node, outer);
    let first = items(node, "allOf").first();
    for junctor in JUNCTORS {
        let list = items(node, junctor);
        if is_either && *junctor == "anyOf" && is_int_or_string(list) {
            continue;
        }
        for inner in list {
            let is_pattern = is_either
                && *junctor == "allOf"
                && first.is_some_and(|first| std::ptr::eq(first, inner))
                && is_int_or_string(items(inner, "anyOf"));
            narrowing(inner, Some(outer), is_pattern, report);
        }
    }
    if let Some(not) = get(node, "not") {
        narrowing(not, Some(outer), false, report);
    }
}

/// `anyOf: [{type: integer}, {type: string}]`.
fn is_int_or_string(list: &[Node]) -> bool {
    let only_type = |node: &Node, kind: &str| {
        node.as_mapping().is_some_and(|mapping| mapping.len() == 1) && text(node, "type") == kind
    };
    matches!(list, [first, second] if only_type(first, "integer") && only_type(second, "string"))
}

fn narrowing(node: &Node, outer: Option<&Node>, is_pattern: bool, report: &mut Report<'_>) {
    supported(node, report);
    for name in NOT_IN_NESTED {
        let value = get(node, name);
        let is_zero = matches!(boolean(node, name), Some(false))
            || value.is_some_and(|value| value.scalar_text() == Some("") && *name != "default");
        if let Some(value) = value.filter(|_| !is_zero) {
            let says = "must not be set here: it is said outside of `allOf` and the like";
            report.add(fault(value, says));
        }
    }
    if let Some(rules) = get(node, "x-kubernetes-validations")
        && has_some(node, "x-kubernetes-validations")
    {
        report.add(fault(rules, "must not be set below `allOf` and the like"));
    }
    if let Some(item) = get(node, "items").filter(|item| item.as_mapping().is_some()) {
        let below = outer.and_then(|outer| get(outer, "items"));
        if below.is_none() {
            report.add(fault(item, "must be for `items` that are there outside"));
        }
        narrowing(item, below, false, report);
    }
    let properties = Fields::of(outer.and_then(|outer| get(outer, "properties")));
    for entry in entries(node, "properties").iter().filter(|entry| !entry.value.is_null()) {
        let below = properties.get_set(&entry.key);
        if entry.key == "metadata" {
            report.add(fault(&entry.value, "must not be set here"));
        }
        if outer.is_some() && below.is_none() {
            let says = "must be a property that is there outside of `allOf` and the like";
            report.add(fault(&entry.value, says));
        }
        narrowing(&entry.value, below, false, report);
    }
    for junctor in JUNCTORS.iter().filter(|junctor| !is_pattern || **junctor != "anyOf") {
        for inner in items(node, junctor) {
            narrowing(inner, outer, false, report);
        }
    }
    if let Some(not) = get(node, "not") {
        narrowing(not, outer, false, report);
    }
}
