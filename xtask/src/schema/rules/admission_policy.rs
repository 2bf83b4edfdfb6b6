//! Admission policies and their bindings. What their expressions say is looked at in
//! `expression.rs`.
//!
//! Source: `pkg/apis/admissionregistration/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{at, get, is_set, items, spec, text, texts},
    webhook,
};
use crate::{diag::codes, schema::formats::Format, yaml::Node};

/// Source: `validateValidatingAdmissionPolicySpec`, `validateMutatingAdmissionPolicySpec`.
pub(super) fn policy(policy: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(policy) else { return };
    if let Some(constraints) = get(spec, "matchConstraints") {
        match_resources(constraints, report);
        if !is_set(constraints, "resourceRules") {
            let why = "a policy is for some resources";
            report.add(Fault::missing(constraints, &["resourceRules"], why));
        }
    }
    expressions(spec, report);
    if text(policy, "kind") == "MutatingAdmissionPolicy" {
        mutations(spec, report);
    } else {
        validations(policy, spec, report);
    }
}

/// Source: `validateMutation`, `validateMutatingAdmissionPolicySpec`.
fn mutations(spec: &Node, report: &mut Report<'_>) {
    let constraints = get(spec, "matchConstraints");
    let rules = constraints.map_or(&[][..], |constraints| items(constraints, "resourceRules"));
    for (operation, at) in rules.iter().flat_map(|rule| texts(rule, "operations")) {
        if operation == "DELETE" {
            report.add(Fault::depends(at, "must not be `DELETE`: there is nothing to change"));
        }
    }
    if items(spec, "mutations").is_empty() {
        report.add(Fault::missing(spec, &["mutations"], "a policy makes some"));
    }
    for mutation in items(spec, "mutations") {
        let kind = text(mutation, "patchType");
        let (wanted, other) = match kind {
            "JSONPatch" => ("jsonPatch", "applyConfiguration"),
            "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
            _ => continue,
        };
        let why = format!("`patchType` is `{kind}`");
        if !is_set(mutation, wanted) {
            report.add(Fault::missing(mutation, &[wanted], &why));
        }
        if let Some(at) = get(mutation, other) {
            report.add(Fault::excluded(at, &why));
        }
    }
}

/// Source: `validateValidatingAdmissionPolicySpec`.
fn validations(policy: &Node, spec: &Node, report: &mut Report<'_>) {
    let is_empty = |field| items(spec, field).is_empty();
    if is_empty("validations") && is_empty("auditAnnotations") {
        let why = "a policy has `validations` or `auditAnnotations`";
        report.add(Fault::missing(spec, &["validations"], why));
    }
    for one in items(spec, "validations") {
        validation(one, report);
    }
    let name = at(policy, &["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    for annotation in items(spec, "auditAnnotations") {
        let key = format!("{name}/{}", text(annotation, "key"));
        if let Some(at) = get(annotation, "key")
            && !name.is_empty()
            && let Err(must) = Format::QualifiedName.check(&key)
        {
            let says = format!("makes a key `{}`, which must be {must}", key.replace('`', "'"));
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
        }
    }
}

/// Source: `validateValidation`.
fn validation(validation: &Node, report: &mut Report<'_>) {
    for field in ["message", "messageExpression"] {
        let Some(at) = get(validation, field) else { continue };
        let given = text(validation, field);
        if !given.is_empty() && given.trim().is_empty() {
            report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must have something to say"));
        } else if field == "message" && given.trim().contains(['\n', '\r']) {
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, "must be one line"));
        }
    }
}

/// An expression is more than white space.
fn expressions(spec: &Node, report: &mut Report<'_>) {
    let lists = [
        ("validations", "expression"),
        ("variables", "expression"),
        ("matchConditions", "expression"),
        ("auditAnnotations", "valueExpression"),
    ];
    for (list, field) in lists {
        for one in items(spec, list) {
            let given = text(one, field);
            if let Some(at) = get(one, field)
                && !given.is_empty()
                && given.trim().is_empty()
            {
                report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must be set"));
            }
        }
    }
}

/// Source: `validateMatchResources`.
fn match_resources(resources: &Node, report: &mut Report<'_>) {
    for list in ["resourceRules", "excludeResourceRules"] {
        for one in items(resources, list) {
            webhook::rule(one, report);
        }
    }
}

/// Source: `validateValidatingAdmissionPolicyBindingSpec`, `validateParamRef`.
pub(super) fn binding(binding: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(binding) else { return };
    if let Some(resources) = get(spec, "matchResources") {
        match_resources(resources, report);
    }
    let find = |name| texts(spec, "validationActions").find(|(action, _)| *action == name);
    if let (Some(list), Some(_), Some((_, warn))) =
        (get(spec, "validationActions"), find("Deny"), find("Warn"))
    {
        let says = "must not have both `Deny` and `Warn`: they say the same to the user";
        report.add(Fault::depends(list, says).beside(warn, "says it a second time"));
    }
    let Some(reference) = get(spec, "paramRef") else { return };
    match (text(reference, "name"), is_set(reference, "selector")) {
        ("", false) => report.exactly_one(reference, &["name", "selector"]),
        (name, true) if !name.is_empty() => {
            report.at_most_one(reference, &["name", "selector"]);
        }
        _ => {}
    }
}
