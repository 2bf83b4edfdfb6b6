//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which patch goes to which objects.

use super::{
    context::Context,
    decode::Spanned,
    json_patch::{self, Operation},
    kustomization::Patch,
    loader::Loader,
    merge::{Merge, Merged},
    objects,
    selector::select,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResId, ResMap, Step},
    source::{Sources, Span},
    yaml::{Dialect, Entry, Node, Scalar, Value, parse, parse_embedded, parse_trimmed},
};

/// How the text of an inline patch is read.
type ReadInline = fn(&Sources, &Node, Dialect, &mut Vec<Diagnostic>) -> Vec<Node>;

/// What a patch holds.
enum Content {
    /// Objects to merge, each with the identity that it is for.
    StrategicMerge(Vec<Node>),
    /// Operations.
    Json(Vec<Operation>),
}

/// Applies `patches:`, each in turn.
pub fn patches(context: &mut Context<'_>, loader: &Loader, map: &mut ResMap, patches: &[Patch]) {
    for patch in patches {
        match content(context, loader, patch) {
            None => {}
            Some(Content::StrategicMerge(objects)) => {
                strategic_merge(context, map, patch, &objects);
            }
            Some(Content::Json(operations)) => {
                if patch.target.is_none() {
                    context.report(
                        Diagnostic::error(
                            codes::PATCH_NO_TARGET,
                            "a JSON 6902 patch must have a `target`",
                            patch.span,
                        )
                        .with_help("add `target:` with the kind and the name of what it changes"),
                    );
                    continue;
                }
                json(context, map, patch, &operations, true);
            }
        }
    }
}

/// Applies `patchesJson6902:`, each in turn.
pub fn patches_json6902(
    context: &mut Context<'_>,
    loader: &Loader,
    map: &mut ResMap,
    patches: &[Patch],
) {
    for patch in patches {
        let named = patch.target.as_ref().is_some_and(|target| !target.name.value.is_empty());
        if !named {
            context.report(Diagnostic::error(
                codes::PATCH_NO_TARGET,
                "an entry of `patchesJson6902` must have a `target` with a `name`",
                patch.span,
            ));
            continue;
        }
        let Some(documents) = documents(context, loader, patch, Dialect::Config, parse_embedded)
        else {
            continue;
        };
        match documents.first() {
            Some(document) => {
                let Some(operations) = json_patch::read(context, document) else { continue };
                if operations.is_empty() {
                    let message = "the patch has no operations";
                    context.report(
                        Diagnostic::error(codes::PATCH_MALFORMED, message, document.span)
                            .with_help("remove the entry, or write what to change"),
                    );
                }
                json(context, map, patch, &operations, false);
            }
            None => context.report(Diagnostic::error(
                codes::PATCH_MALFORMED,
                "the patch is empty",
                patch.span,
            )),
        }
    }
}

/// Applies `patchesStrategicMerge:`, each in turn.
pub fn patches_strategic_merge(
    context: &mut Context<'_>,
    loader: &Loader,
    map: &mut ResMap,
    entries: &[Spanned<Node>],
) {
    let (mut count, before) = (0, context.error_count());
    for entry in entries {
        let text = entry.value.scalar_text().unwrap_or("");
        // An entry is the patch itself or the path of a file; a path has no line break.
        let inline = text.contains('\n') || text.contains(": ");
        let patch = Patch {
            span: entry.span,
            path: (!inline).then(|| Spanned { value: text.into(), span: entry.span }),
            inline: inline.then(|| entry.clone()),
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
        };
        let Some(documents) = documents(context, loader, &patch, Dialect::Resource, parse_embedded)
        else {
            continue;
        };
        let Some(objects) = objects::from_documents(context, documents) else { continue };
        count += objects.len();
        for object in &objects {
            merge_into_named(context, map, &patch, object, true);
        }
    }
    if let (0, Some(first)) = (count, entries.first())
        && context.error_count() == before
    {
        let message = "the patches are all empty";
        let diagnostic = Diagnostic::error(codes::PATCH_MALFORMED, message, first.span);
        context.report(diagnostic.with_help("remove the entries, or write what to change"));
    }
}

/// Reads the text of a patch: a file or the entry itself.
fn documents(
    context: &mut Context<'_>,
    loader: &Loader,
    patch: &Patch,
    dialect: Dialect,
    read_inline: ReadInline,
) -> Option<Vec<Node>> {
    let (documents, found) = read(context, loader, patch, dialect, read_inline)?;
    settled(context, documents, found)
}

/// The documents, unless something is wrong with them; what there is to say about them is reported.
fn settled(
    context: &mut Context<'_>,
    documents: Vec<Node>,
    found: Vec<Diagnostic>,
) -> Option<Vec<Node>> {
    context.hide_broken_secrets(&found);
    let failed = found.iter().any(Diagnostic::is_error);
    context.diagnostics.extend(found);
    (!failed).then_some(documents)
}

/// As [`documents`], but gives what there is to say about the text instead of reporting it.
fn read(
    context: &mut Context<'_>,
    loader: &Loader,
    patch: &Patch,
    dialect: Dialect,
    read_inline: ReadInline,
) -> Option<(Vec<Node>, Vec<Diagnostic>)> {
    let mut found = Vec::new();
    let documents = match (&patch.path, &patch.inline) {
        (Some(path), None) => {
            let source = loader.text(context, path)?;
            parse(context.sources, source, dialect, &mut found)
        }
        (None, Some(inline)) => read_inline(context.sources, &inline.value, dialect, &mut found),
        (Some(path), Some(inline)) => {
            context.report(
                Diagnostic::error(
                    codes::PATCH_MALFORMED,
                    "a patch has either `path` or `patch`, not both",
                    inline.span,
                )
                .with_related(path.span, "the path")
                .with_help("remove one of them"),
            );
            return None;
        }
        (None, None) => {
            let message = "a patch must have `path` or `patch`";
            context
                .report(Diagnostic::error(codes::PATCH_MALFORMED, message, patch.span).with_help(
                    "name the file of the patch with `path`, or write it under `patch`",
                ));
            return None;
        }
    };
    Some((documents, found))
}

fn content(context: &mut Context<'_>, loader: &Loader, patch: &Patch) -> Option<Content> {
    let (documents, found) = read(context, loader, patch, Dialect::Resource, parse_trimmed)?;
    if documents.first().is_some_and(|first| first.as_sequence().is_some()) {
        // Operations are read with the rules of kustomize's own configuration.
        let documents = self::documents(context, loader, patch, Dialect::Config, parse_trimmed)?;
        return json_patch::read(context, documents.first()?).map(Content::Json);
    }
    let documents = settled(context, documents, found)?;
    // Nothing but comments changes nothing.
    let first = documents.first()?;
    if first.as_mapping().is_none() {
        context.report(
            Diagnostic::error(
                codes::PATCH_MALFORMED,
                format!("a patch must be a mapping or a sequence, not {}", first.describe()),
                first.span,
            )
            .with_help("write an object to merge, or a sequence of JSON 6902 operations"),
        );
        return None;
    }
    objects::from_documents(context, documents).map(Content::StrategicMerge)
}

fn strategic_merge(context: &mut Context<'_>, map: &mut ResMap, patch: &Patch, objects: &[Node]) {
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
        context.no_effect("the patch changes nothing: no object fits its target", target.span);
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
fn merge_into_named(
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
                .map(super::super::resource::Resource::id)
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

fn json(
    context: &mut Context<'_>,
    map: &mut ResMap,
    patch: &Patch,
    operations: &[Operation],
    keep_identity: bool,
) {
    let Some(target) = &patch.target else { return };
    let Some(selected) = select(context, map, target) else { return };
    if selected.is_empty() {
        context.no_effect("the patch changes nothing: no object fits its target", target.span);
    }
    for index in selected {
        map.update(index, |resource| {
            if keep_identity {
                resource.store_previous_id();
            }
            // There kustomize keeps what it knows of an object, so that then they are there.
            let has_notes = !resource.previous().is_empty()
                || resource.generated.is_some()
                || !resource.origin_annotation.is_empty();
            if has_notes {
                json_patch::ensure_annotations(&mut resource.node, patch.span);
            }
            json_patch::apply(context, resource, operations, patch.span);
            resource.unshare(&mut context.origins);
            if json_patch::replace_annotations(operations) {
                resource.forget_transformations();
            }
        });
    }
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
