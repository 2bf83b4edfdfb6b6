//! Which objects a strategic merge patch is merged into, and what of them it may change.

use super::super::{
    context::Context,
    kustomization::Patch,
    merge::{Merge, Merged},
    selector::{fits_nothing, select},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResId, ResMap, Resource, Step},
    source::Span,
    yaml::{Entry, Node, Scalar, Value},
};

pub fn strategic_merge(
    context: &mut Context<'_>,
    map: &mut ResMap,
    patch: &Patch,
    objects: &[Node],
) {
    let Some(target) = &patch.target else {
        for object in objects {
            merge_into_named(context, map, patch, object, false);
        }
        return;
    };
    if let Some(second) = objects.get(1) {
        context.report(
            Diagnostic::error(
                codes::PATCH_MALFORMED,
                "a patch with a `target` must be one object",
                second.span,
            )
            .with_help("write one entry for each, or leave out `target`"),
        );
        return;
    }
    let Some(object) = objects.first() else { return };
    let Some(selected) = select(context, map, target) else { return };
    if selected.is_empty() {
        let message = "the patch changes nothing: no object fits its target";
        fits_nothing(context, map, target, message);
    }
    let prepared = prepare_for_selected(context, patch, object);
    for index in selected {
        merge_into(context, map, patch, &prepared, kind_of(object), index);
        add_version(map, index, patch.span);
    }
    if patch.allow_name_change || patch.allow_kind_change {
        report_duplicates(context, map, patch.span);
    }
}

/// Merges a patch into the one object that has or had its identity; `selected` is whether as into
/// what a target selects.
pub fn merge_into_named(
    context: &mut Context<'_>,
    map: &mut ResMap,
    patch: &Patch,
    object: &Node,
    selected: bool,
) {
    let mut id = ResId::of(object);
    id.is_cluster_scoped |= context.schemas.cluster_scoped(&id.gvk) == Some(true);
    match map.with_any_id(&id).as_slice() {
        &[index] => {
            let prepared = if selected {
                prepare_for_selected(context, patch, object)
            } else {
                prepare(context, patch, object)
            };
            merge_into(context, map, patch, &prepared, kind_of(object), index);
            if selected {
                add_version(map, index, patch.span);
            }
        }
        [] => {
            let diagnostic = Diagnostic::error(
                codes::PATCH_NO_MATCH,
                format!("no resource matches the patch {id}"),
                identity_span(object),
            );
            let others = map
                .iter()
                .map(Resource::id)
                .filter(|other| other.gvk.kind == id.gvk.kind || other.name == id.name);
            let close: Vec<String> = others.take(3).map(|other| format!("`{other}`")).collect();
            context.report(if close.is_empty() {
                diagnostic.with_help("the kind, group, version, name and namespace must all be those of the resource")
            } else {
                diagnostic.with_help(format!("there is {}", close.join(", ")))
            });
        }
        several => {
            let mut diagnostic = Diagnostic::error(
                codes::PATCH_AMBIGUOUS,
                format!("{} resources match the patch {id}", several.len()),
                identity_span(object),
            )
            .with_help("use the name that only one of them has, or a `target` for all of them");
            for &index in several {
                if let Some(resource) = map.get(index) {
                    diagnostic = diagnostic
                        .with_related(resource.span(), format!("now named `{}`", resource.name()));
                }
            }
            context.report(diagnostic);
        }
    }
}

/// The kind that a patch names.
fn kind_of(object: &Node) -> Option<&str> {
    object.get("kind").and_then(Node::scalar_text)
}

/// Where an object says what it is.
fn identity_span(object: &Node) -> Span {
    object
        .at(&["metadata", "name"])
        .or_else(|| object.get("kind"))
        .map_or(object.span, |node| node.span)
}

/// The patch without what it may not change, its nodes marked as coming from it.
fn prepare(context: &mut Context<'_>, patch: &Patch, object: &Node) -> Node {
    let mut node = object.clone();
    let origin = context.origins.record(Step::Patch, patch.span, None);
    node.visit_mut(&mut |node| node.origin = origin);
    if let Some(map) = node.as_mapping_mut() {
        map.remove("apiVersion");
        if !patch.allow_kind_change {
            map.remove("kind");
        }
    }
    if let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) {
        metadata.remove("namespace");
        if !patch.allow_name_change {
            metadata.remove("name");
        }
    }
    node
}

/// The patch as it is applied to what a `target` selects, or what `patchesStrategicMerge` names.
/// There kustomize reads the labels and annotations as texts and writes them anew: a null becomes
/// the text `null`, and none at all are left out.
fn prepare_for_selected(context: &mut Context<'_>, patch: &Patch, object: &Node) -> Node {
    let mut node = prepare(context, patch, object);
    if let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) {
        for field in ["labels", "annotations"] {
            let Some(value) = metadata.get_mut(field) else { continue };
            for entry in value.as_mapping_mut().into_iter().flatten() {
                if let Value::Scalar(scalar) = &mut entry.value.value {
                    *scalar = Scalar::string(std::mem::take(&mut scalar.text));
                }
            }
            if value.as_mapping().is_none_or(crate::yaml::Mapping::is_empty) {
                metadata.remove(field);
            }
        }
    }
    node
}

fn merge_into(
    context: &mut Context<'_>,
    map: &mut ResMap,
    patch: &Patch,
    prepared: &Node,
    kind: Option<&str>,
    index: usize,
) {
    let Some(resource) = map.get_mut(index) else { return };
    let definition = context.schemas.of_patched(&resource.id().gvk, kind);
    let rename = patch.allow_name_change || patch.allow_kind_change;
    let empty = Node::mapping(resource.span(), resource.node.origin);
    let object = std::mem::replace(&mut resource.node, empty);
    let mut merge = Merge {
        origins: &mut context.origins,
        via: patch.span,
        out: &mut context.diagnostics,
        path: Vec::new(),
        id: resource.id().to_string(),
        is_known: definition.is_known(),
    };
    let identity = replaces_metadata(prepared).then(|| identity(&object));
    let merged = merge.object(object, prepared, definition);
    let mut node = match merged {
        Merged::Kept(node) if node.as_mapping().is_some_and(|map| !map.is_empty()) => node,
        _ => {
            map.remove(index);
            return;
        }
    };
    for entry in identity.into_iter().flatten() {
        let metadata = node.get_mut("metadata").and_then(Node::as_mapping_mut);
        if let Some(metadata) = metadata.filter(|map| !map.contains_key(&entry.key)) {
            metadata.push(entry.key, entry.key_span, entry.value);
        }
    }
    if rename {
        map.update(index, |resource| {
            resource.store_previous_id();
            resource.node = node;
        });
    } else if let Some(resource) = map.get_mut(index) {
        resource.node = node;
    }
    let Some(resource) = map.get_mut(index) else { return };
    resource.settle(&mut context.origins);
    if replaces_annotations(prepared) {
        resource.forget();
        map.reindex();
    }
}

/// Gives an object without a version the null that kustomize writes there when it patches what a
/// target selects.
fn add_version(map: &mut ResMap, index: usize, at: Span) {
    let object = map.get_mut(index).and_then(|resource| resource.node.as_mapping_mut());
    if let Some(object) = object.filter(|object| !object.contains_key("apiVersion")) {
        object.push("apiVersion", at, Node::new(Value::Scalar(Scalar::null()), at));
    }
}

/// Whether a map of a patch takes the place of what is there, or is the null that removes it.
fn replaces(node: &Node) -> bool {
    let directive = node.get("$patch").and_then(Node::scalar_text);
    node.is_null() || matches!(directive, Some("replace" | "delete"))
}

fn replaces_metadata(patch: &Node) -> bool {
    patch.get("metadata").is_some_and(replaces)
}

fn replaces_annotations(patch: &Node) -> bool {
    replaces_metadata(patch) || patch.at(&["metadata", "annotations"]).is_some_and(replaces)
}

/// The name and the namespace of an object, which no patch takes away.
fn identity(object: &Node) -> Vec<Entry> {
    let metadata = object.get("metadata").and_then(Node::as_mapping);
    let entries = metadata.into_iter().flatten();
    entries.filter(|entry| matches!(entry.key.as_str(), "name" | "namespace")).cloned().collect()
}

/// Reports objects that patches made the same.
pub fn report_duplicates(context: &mut Context<'_>, map: &ResMap, span: Span) {
    for index in map.indices() {
        let Some(resource) = map.get(index) else { continue };
        if let Some(first) = map.with_current_id(resource.id()).filter(|&first| first < index)
            && let Some(first) = map.get(first)
        {
            context.report(
                Diagnostic::error(
                    codes::KUSTOMIZE_DUPLICATE_ID,
                    format!("the patches make two objects the same: {}", resource.id()),
                    span,
                )
                .with_related(first.span(), "one")
                .with_related(resource.span(), "the other")
                .with_help("let the patch set a name that is free, or drop one of the objects"),
            );
        }
    }
}
