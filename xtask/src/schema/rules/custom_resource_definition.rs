//! `CustomResourceDefinitions`, except for their schemas.
//!
//! Source: `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`, after the
//! defaults of `pkg/apis/apiextensions/v1/defaults.go`.

use std::collections::BTreeMap;

use super::{
    report::{Fault, Report},
    value::{annotation, at, get, has_some, is_set, is_true, items, spec, text},
    webhook,
};
use crate::{diag::codes, yaml::Node};

const APPROVAL: &str = "api-approved.kubernetes.io";

/// Source: `ValidateCustomResourceDefinition`, `ValidateCustomResourceDefinitionNames`,
/// `validateAPIApproval`, `validatePreserveUnknownFields`.
pub(super) fn names(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    let group = text(spec, "group");
    if let Some(names) = get(spec, "names") {
        let plural = text(names, "plural");
        if let Some(name) = at(object, &["metadata", "name"])
            && !plural.is_empty()
            && !group.is_empty()
            && name.as_str() != Some(&format!("{plural}.{group}"))
        {
            let says = "must be `PLURAL.GROUP`, as they are in `spec`";
            report.add(Fault::new(codes::SCHEMA_NAME, name, says));
        }
        if let (Some(kind), Some(list)) = (get(names, "kind"), get(names, "listKind"))
            && kind == list
        {
            report.add(Fault::depends(list, "must not be the `kind`").beside(kind, "the kind"));
        }
    }
    let is_protected = ["k8s.io", "kubernetes.io"].iter().any(|domain| {
        group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    if is_protected {
        approval(object, report);
    }
    if let Some(at) = get(spec, "preserveUnknownFields")
        && is_true(spec, "preserveUnknownFields")
    {
        let fault = Fault::depends(at, "must not be true");
        report.add(fault.help("set `x-kubernetes-preserve-unknown-fields: true` in the schema"));
    }
}

fn approval(object: &Node, report: &mut Report<'_>) {
    let why = "groups of `k8s.io` and `kubernetes.io` are the community's";
    let Some((text, at)) = annotation(object, APPROVAL) else {
        let way = &["metadata", "annotations", APPROVAL];
        report.add(Fault::missing(object, way, why));
        return;
    };
    let is_url = text.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && !rest.split('/').next().unwrap_or_default().is_empty()
    });
    if !is_url && !text.starts_with("unapproved") {
        let says = "must be a URL, or a reason that starts with `unapproved`";
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
    }
}

/// Source: `validateCustomResourceDefinitionSpec`, `validateCustomResourceDefinitionVersion`.
pub(super) fn versions(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    let versions = items(spec, "versions");
    let stored: Vec<_> = versions.iter().filter(|one| is_true(one, "storage")).collect();
    if let Some(list) = get(spec, "versions")
        && !versions.is_empty()
        && stored.len() != 1
    {
        let says = format!("must have one version with `storage: true`, not {}", stored.len());
        let fault = Fault::depends(list, says);
        report.add(match stored.as_slice() {
            [_, second, ..] => fault.beside(second, "a second one"),
            _ => fault,
        });
    }
    for version in versions {
        if let Some(warning) = get(version, "deprecationWarning")
            && !is_true(version, "deprecated")
        {
            report.add(Fault::excluded(warning, "`deprecated` is not true"));
        }
        scale(version, report);
        for column in items(version, "additionalPrinterColumns") {
            json_path(column, "jsonPath", &["."], report);
        }
        selectable_fields(version, report);
    }
}

/// Source: `ValidateCustomResourceDefinitionSubresources`.
fn scale(version: &Node, report: &mut Report<'_>) {
    let Some(scale) = at(version, &["subresources", "scale"]) else { return };
    json_path(scale, "specReplicasPath", &[".spec."], report);
    json_path(scale, "statusReplicasPath", &[".status."], report);
    json_path(scale, "labelSelectorPath", &[".spec.", ".status."], report);
}

/// Source: `validateSimpleJSONPath`.
fn json_path(parent: &Node, field: &str, starts: &[&str], report: &mut Report<'_>) {
    let path = text(parent, field);
    if let Some(at) = get(parent, field)
        && !path.is_empty()
        && !starts.iter().any(|start| path.starts_with(start))
    {
        let says = format!("must start with {}", super::value::one_of(starts));
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
    }
}

/// Source: `ValidateCustomResourceSelectableFields`.
fn selectable_fields(version: &Node, report: &mut Report<'_>) {
    let root = at(version, &["schema", "openAPIV3Schema"]);
    let mut seen = BTreeMap::new();
    for field in items(version, "selectableFields") {
        let Some(at) = get(field, "jsonPath") else { continue };
        let path = text(field, "jsonPath");
        if path.is_empty() {
            continue;
        }
        let mut schema = root;
        for name in path.strip_prefix('.').unwrap_or(path).split('.') {
            schema = schema
                .and_then(|schema| get(schema, "properties"))
                .and_then(|properties| get(properties, name));
        }
        let kind = schema.map_or("", |schema| text(schema, "type"));
        let is_metadata = path.starts_with(".metadata");
        if !path.starts_with('.') || is_metadata {
            let says = "must be a path such as `.spec.color`, and not in `metadata`";
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
        } else if !matches!(kind, "string" | "boolean" | "integer") {
            let says = "must be the path of a string, boolean or integer of the schema";
            report.add(Fault::unknown_name(at, says));
        } else if let Some(first) = seen.insert(path, at) {
            let fault = Fault::new(codes::SCHEMA_DUPLICATE, at, "is there twice");
            report.add(fault.beside(first, "the first one"));
        }
    }
}

/// Source: `validateCustomResourceConversion`.
pub(super) fn conversion(object: &Node, report: &mut Report<'_>) {
    let Some(conversion) = at(object, &["spec", "conversion"]) else { return };
    let webhook = get(conversion, "webhook");
    if text(conversion, "strategy") != "Webhook" {
        if let Some(webhook) = webhook.filter(|_| !text(conversion, "strategy").is_empty()) {
            let has_something =
                is_set(webhook, "clientConfig") || has_some(webhook, "conversionReviewVersions");
            if has_something {
                report.add(Fault::excluded(webhook, "`strategy` is not `Webhook`"));
            }
        }
        return;
    }
    let Some(webhook) = webhook else {
        report.add(Fault::missing(conversion, &["webhook"], "`strategy` is `Webhook`"));
        return;
    };
    match get(webhook, "clientConfig") {
        Some(client) => report.exactly_one(client, &["url", "service"]),
        None => report.add(Fault::missing(webhook, &["clientConfig"], "`strategy` is `Webhook`")),
    }
    webhook::review_versions(webhook, "conversionReviewVersions", report);
}
