//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which patch goes to which objects.

mod strategic_merge;

pub use strategic_merge::report_duplicates;
use strategic_merge::{merge_into_named, strategic_merge};

use super::{
    context::Context,
    decode::Spanned,
    json_patch::{self, Operation},
    kustomization::Patch,
    loader::Loader,
    objects,
    selector::{fits_nothing, select},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResMap, hide_broken_secrets},
    source::Sources,
    yaml::{Dialect, Node, parse, parse_embedded, parse_trimmed},
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
    hide_broken_secrets(context.sources, &found);
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
        let message = "the patch changes nothing: no object fits its target";
        fits_nothing(context, map, target, message);
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
