//! `ValueAddTransformer`: one value for many fields, whole or as a part of a path.

use super::super::{
    accumulate::Target,
    context::{Context, set_text},
    decode::{Fields, Spanned},
    field_spec::{Create, split_path, visit},
    kustomization::{Selector, read_selector},
    names::{NamespaceOptions, Subjects, set_namespace},
    selector::select,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResMap, Resource, Step},
    yaml::{Dialect, Node, Text, parse},
};

/// Where the value goes.
struct Destination {
    selector: Option<Selector>,
    path: Spanned<Text>,
    position: i64,
}

/// Runs the transformer.
pub(super) fn run(
    context: &mut Context<'_>,
    target: &Target,
    map: &mut ResMap,
    config: &Resource,
    fields: &mut Fields<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let value = fields.string("value", out);
    let value = value.filter(|value| !value.value.trim().is_empty()).unwrap_or_else(|| {
        let name = target.loader.directory_name();
        Spanned { value: name.into(), span: super::start(config) }
    });
    let value = Spanned { value: value.value.trim().into(), ..value };
    let mut destinations = fields.list("targets", out, destination);
    if let Some(path) = fields.string("targetFilePath", out)
        && let Some(source) = target.loader.text(context, &path)
    {
        let documents = parse(context.sources, source, Dialect::Config, out);
        if let Some(document) = documents.first() {
            let mut shared = Fields::new(document, "a list of targets", out);
            destinations.extend(shared.list("targets", out, destination));
        }
    }
    if destinations.is_empty() {
        out.push(super::wrong(config, "there are no targets"));
    }
    for destination in &destinations {
        add(context, map, &value, destination);
    }
}

fn destination(node: &Node, out: &mut Vec<Diagnostic>) -> Option<Destination> {
    let mut fields = Fields::new(node, "a target", out);
    let selector = fields.take("selector").map(|entry| read_selector(&entry.value, out));
    let path = fields.string("fieldPath", out);
    let position = fields.integer("filePathPosition", out).map_or(0, |position| position.value);
    let span = fields.span();
    fields.finish(out);
    let path = path.filter(|path| !path.value.is_empty());
    if path.is_none() || position < 0 {
        let message = "a target must have a `fieldPath`, and no negative `filePathPosition`";
        out.push(Diagnostic::error(codes::KUSTOMIZE_PLUGIN, message, span));
    }
    Some(Destination { selector, path: path?, position })
}

fn add(
    context: &mut Context<'_>,
    map: &mut ResMap,
    value: &Spanned<Text>,
    destination: &Destination,
) {
    let selected = match &destination.selector {
        Some(selector) => select(context, map, selector).unwrap_or_default(),
        None => map.indices().collect(),
    };
    let by = context.by(Step::Transformer, value.span);
    let path = split_path(&destination.path.value);
    for index in selected {
        let changed = map.update(index, |resource| {
            if destination.path.value == "metadata/namespace" {
                let options =
                    NamespaceOptions { specs: &[], unset_only: false, subjects: Subjects::Default };
                set_namespace(context, resource, value, &options, by);
                return;
            }
            let origins = &mut context.origins;
            let result = visit(&mut resource.node, &path, Create::Scalar, by, &mut |field| {
                let old = field.scalar_text().unwrap_or("");
                let new = match destination.position {
                    0 => value.value.clone(),
                    position => insert(old, position, &value.value),
                };
                set_text(origins, field, new, Step::Transformer, value.span);
            });
            if let Err(wrong) = result {
                context.not_a_collection(resource, &path, wrong);
            }
        });
        debug_assert!(changed.is_some(), "a selected object is there");
    }
}

/// Inserts a part into a path, at a one-based position; beyond its end it comes last.
fn insert(path: &str, position: i64, part: &str) -> Text {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let at = usize::try_from(position - 1).unwrap_or(0).min(parts.len());
    parts.insert(at, part);
    let joined = parts.join("/");
    if absolute { compact_str::format_compact!("/{joined}") } else { joined.into() }
}

#[cfg(test)]
mod tests {
    use super::insert;

    #[test]
    fn a_part_comes_where_it_is_asked_for() {
        assert_eq!(insert("", 1, "p"), "p");
        assert_eq!(insert("/", 1, "p"), "/p");
        assert_eq!(insert("pie", 1, "p"), "p/pie");
        assert_eq!(insert("/pie", 1, "p"), "/p/pie");
        assert_eq!(insert("/raw", 2, "p"), "/raw/p");
        assert_eq!(insert("a/nice/warm/pie", 4, "p"), "a/nice/warm/p/pie");
        assert_eq!(insert("a", 9999, "p"), "a/p");
    }
}
