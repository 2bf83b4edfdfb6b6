//! What is done once, at the root: hashes, references, order, and the annotations of the build.

use std::collections::HashSet;

use super::{
    Build, Options, Reorder,
    accumulate::{Accumulated, MANAGED_BY},
    context::Context,
    decode::Pair,
    hash::hash,
    kustomization::{BuildMetadata, Kustomization, SortOptions},
    labels, name_references, names,
    objects::drop_unmapped_annotations,
    order, vars,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, ResMap, Resource, Step},
    source::{OriginId, Span},
    yaml::{Mapping, Node, Scalar, Text, Value},
};

const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// Annotations that kustomize keeps for itself during a build and takes out of every result.
const INTERNAL: &[&str] =
    &["config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id"];

/// Finishes what the root has accumulated.
pub fn finish(
    context: &mut Context<'_>,
    root: &Kustomization,
    accumulated: Accumulated,
    options: &Options,
) -> Build {
    let Accumulated { mut map, config, vars } = accumulated;
    name_hashes(context, &mut map);
    name_references::update(context, &mut map, &config);
    vars::resolve(context, &mut map, &vars, &config);
    let mut resources: Vec<Resource> = map.into_resources();
    resources.retain(|resource| !is_local_config(resource));
    if let (Some(order), Some(_)) = (&root.sort_options, options.reorder) {
        let message = "`--reorder` does nothing here, since `sortOptions` says the order";
        context.report(Diagnostic::warning(codes::KUSTOMIZE_SORT_OPTIONS, message, order.span));
    }
    match (root.sort_options.as_ref().map(|order| &order.value), options.reorder) {
        (Some(Err(wrong)), _) => context.report((**wrong).clone()),
        (Some(Ok(SortOptions::Legacy(lists))), _) => order::legacy(&mut resources, lists.as_ref()),
        (Some(Ok(SortOptions::Fifo)), _) | (None, Some(Reorder::None)) => {}
        (None, Some(Reorder::Legacy) | None) => order::legacy(&mut resources, None),
    }
    let mut map: ResMap = resources.into_iter().collect();
    if let Some(span) = root.build_metadata.managed_by_label {
        let key = Text::const_new("app.kubernetes.io/managed-by");
        let pair = Pair { key, key_span: span, value: MANAGED_BY, span };
        labels::managed_by(context, &mut map, &pair);
    }
    let mut resources = map.into_resources();
    report_pending(context, &mut resources);
    for resource in &mut resources {
        annotations(&mut context.origins, resource, &root.build_metadata);
        check_annotations(context, resource);
    }
    Build { resources, origins: std::mem::take(&mut context.origins), ..Build::default() }
}

/// Adds the hash of its content to the name of every generated object that asks for it.
pub fn name_hashes(context: &mut Context<'_>, map: &mut ResMap) {
    for resource in map.iter_mut() {
        if !resource.generated.is_some_and(|generated| generated.needs_hash) {
            continue;
        }
        match hash(&resource.node) {
            Ok(hash) => {
                let name = compact_str::format_compact!("{}-{hash}", resource.name());
                resource.store_previous_id();
                let span = resource.span();
                names::rename(context, resource, name, Step::NameHash, span);
            }
            Err(error) => context.report(error.diagnostic()),
        }
    }
    map.reindex();
}

/// Reports what steps left wrong and no later step mended.
fn report_pending(context: &mut Context<'_>, resources: &mut [Resource]) {
    let pending = std::mem::take(&mut context.pending);
    if pending.is_empty() {
        return;
    }
    let mut left = HashSet::new();
    for resource in resources {
        resource.node.visit_mut(&mut |node| _ = left.insert(node.origin));
    }
    let still = pending.into_iter().filter(|(origin, _)| left.contains(origin));
    context.diagnostics.extend(still.map(|(_, diagnostic)| {
        diagnostic.with_help("take a value of the type that the field has")
    }));
}

fn is_local_config(resource: &Resource) -> bool {
    let annotation = resource.node.at(&["metadata", "annotations", LOCAL_CONFIG]);
    annotation.is_some_and(|value| value.scalar_text() != Some("false"))
}

/// Reports annotations that kustomize writes without quotes and then fails to read back.
fn check_annotations(context: &mut Context<'_>, resource: &Resource) {
    let annotations = resource.node.at(&["metadata", "annotations"]).and_then(Node::as_mapping);
    for entry in annotations.into_iter().flatten() {
        if !labels::reads_as_string(&entry.key) {
            let key = format!("the annotation `{}`", entry.key);
            let code = codes::KUSTOMIZE_LABEL_KEY;
            context.report(labels::not_a_string(code, &key, entry.key_span));
        }
    }
}

/// Writes annotations as strings, adds those of the build, and drops an empty map of them.
fn annotations(origins: &mut Origins, resource: &mut Resource, metadata: &BuildMetadata) {
    let origin =
        metadata.origin_annotations.map(|span| (ORIGIN, &resource.origin_annotation, span));
    let transformations = metadata
        .transformer_annotations
        .map(|span| (TRANSFORMATIONS, &resource.transformations, span));
    let added: Vec<(&str, &String, Span)> =
        [origin, transformations].into_iter().flatten().collect();
    let span = resource.span();
    if let Some(object) = resource.node.as_mapping_mut()
        && object.get("metadata").is_none_or(Node::is_null)
    {
        // Only a list without elements has none, and kustomize writes an empty one.
        object.insert("metadata", span, Node::mapping(span, OriginId::NONE));
    }
    let Some(object) = resource.node.get_mut("metadata").and_then(Node::as_mapping_mut) else {
        return;
    };
    drop_unmapped_annotations(object);
    if let Some(map) = object.get_mut("annotations").and_then(Node::as_mapping_mut) {
        map.retain(|entry| {
            let key = entry.key.as_str();
            !(key == ORIGIN
                || key == TRANSFORMATIONS
                || key.starts_with("internal.config.kubernetes.io/")
                || INTERNAL.contains(&key))
        });
        for entry in map.iter_mut() {
            // What is no text is an empty one for kustomize.
            let text = match &mut entry.value.value {
                Value::Scalar(scalar) => std::mem::take(&mut scalar.text),
                _ => Text::default(),
            };
            entry.value.value = Value::Scalar(Scalar::string(text));
        }
    }
    for (key, value, span) in added.into_iter().filter(|(_, value, _)| !value.is_empty()) {
        let by = origins.record(Step::BuildMetadata, span, None);
        if object.get("annotations").is_none_or(|node| node.as_mapping().is_none()) {
            object.insert("annotations", span, Node::mapping(span, by));
        }
        if let Some(map) = object.get_mut("annotations").and_then(Node::as_mapping_mut) {
            map.insert(key, span, Node::string(value.as_str(), span, by));
        }
    }
    let nothing = object
        .get("annotations")
        .is_some_and(|node| node.is_null() || node.as_mapping().is_some_and(Mapping::is_empty));
    if nothing {
        object.remove("annotations");
    }
}
