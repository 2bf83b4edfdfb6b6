//! Selectors of labels, of nodes and of scopes: how many values an operator takes.
//!
//! Source: `ValidateLabelSelectorRequirement` of
//! `apimachinery/pkg/apis/meta/v1/validation/validation.go`; `ValidateNodeSelectorRequirement`,
//! `ValidateNodeFieldSelectorRequirement`, `validateScopedResourceSelectorRequirement` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{Fields, entries, get, items, text},
};
use crate::yaml::{Node, Value};

/// Checks every requirement in an object. What has this name is a selector everywhere in the API.
pub(super) fn requirements(node: &Node, report: &mut Report<'_>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| requirements(item, report)),
        Value::Mapping(mapping) => {
            for entry in mapping {
                let items = entry.value.as_sequence().unwrap_or_default();
                match entry.key.as_str() {
                    "matchExpressions" => items.iter().for_each(|one| by_label(one, report)),
                    "matchFields" => items.iter().for_each(|one| by_field(one, report)),
                    _ => requirements(&entry.value, report),
                }
            }
        }
    }
}

fn by_label(requirement: &Node, report: &mut Report<'_>) {
    let operator = text(requirement, "operator");
    let count = items(requirement, "values").len();
    match operator {
        "In" | "NotIn" if count == 0 => {
            let why = format!("`{operator}` compares with them");
            report.add(Fault::missing(requirement, &["values"], &why));
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            if let Some(values) = get(requirement, "values") {
                report.add(Fault::excluded(values, &format!("`{operator}` takes none")));
            }
        }
        "Gt" | "Lt" if count != 1 => {
            let why = format!("`{operator}` compares with one");
            report.add(match get(requirement, "values") {
                Some(values) => Fault::depends(values, format!("must be one value: {why}")),
                None => Fault::missing(requirement, &["values"], &why),
            });
        }
        _ => {}
    }
}

fn by_field(requirement: &Node, report: &mut Report<'_>) {
    let operator = text(requirement, "operator");
    if let Some(at) = get(requirement, "operator")
        && !matches!(operator, "In" | "NotIn")
    {
        report.add(Fault::depends(at, "must be `In` or `NotIn` for a field of a node"));
    } else if items(requirement, "values").len() != 1 {
        let why = "a field of a node is compared with one value";
        report.add(match get(requirement, "values") {
            Some(values) => Fault::depends(values, format!("must be one value: {why}")),
            None => Fault::missing(requirement, &["values"], why),
        });
    }
    if let Some(key) = get(requirement, "key")
        && key.as_str() != Some("metadata.name")
    {
        report
            .add(Fault::depends(key, "must be `metadata.name`: no other field can be selected by"));
    }
}

/// Whether a label selector selects what has these labels; `None` where it is not a selector.
/// An empty one selects everything.
pub(super) fn selects(selector: &Node, labels: &Fields<'_>) -> Option<bool> {
    let value = |key: &str| labels.get(key).map(|label| label.as_str().unwrap_or_default());
    for entry in entries(selector, "matchLabels") {
        let wanted = entry.value.as_str()?;
        if value(&entry.key) != Some(wanted) {
            return Some(false);
        }
    }
    for requirement in items(selector, "matchExpressions") {
        let given = value(text(requirement, "key"));
        let values = items(requirement, "values");
        let is_among =
            given.is_some_and(|given| values.iter().any(|value| value.as_str() == Some(given)));
        let holds = match text(requirement, "operator") {
            "In" if !values.is_empty() => is_among,
            "NotIn" if !values.is_empty() => !is_among,
            "Exists" => given.is_some(),
            "DoesNotExist" => given.is_none(),
            _ => return None,
        };
        if !holds {
            return Some(false);
        }
    }
    Some(true)
}
