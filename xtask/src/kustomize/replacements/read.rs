//! The fields of a replacement.

use super::super::{
    decode::{Fields, Spanned},
    kustomization::{Selector, read_selector},
};
use crate::{
    diag::Diagnostic,
    source::Span,
    yaml::{Node, Text},
};

/// An entry of `replacements:`.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The whole entry.
    pub(super) span: Span,
    /// The file that holds it.
    pub(super) path: Option<Spanned<Text>>,
    /// Where the value comes from.
    pub(super) source: Option<Source>,
    /// The value itself.
    pub(super) source_value: Option<Spanned<Text>>,
    /// Where the value goes.
    pub(super) targets: Vec<TargetSelector>,
}

/// Where a value comes from; an empty part of the identity fits everything.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) span: Span,
    pub(super) group: Text,
    pub(super) version: Text,
    pub(super) kind: Text,
    pub(super) name: Text,
    pub(super) namespace: Text,
    pub(super) field_path: Spanned<Text>,
    pub(super) options: FieldOptions,
}

/// Where a value goes.
#[derive(Clone, Debug)]
pub(super) struct TargetSelector {
    pub(super) span: Span,
    pub(super) select: Option<Selector>,
    pub(super) reject: Vec<Selector>,
    pub(super) field_paths: Vec<Spanned<Text>>,
    pub(super) options: FieldOptions,
}

/// Which part of a field is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldOptions {
    pub(super) delimiter: Text,
    pub(super) index: i64,
    pub(super) create: bool,
}

/// Reads an entry of `replacements:`.
pub fn read_replacement(node: &Node, out: &mut Vec<Diagnostic>) -> Replacement {
    let mut fields = Fields::new(node, "a replacement", out);
    let replacement = Replacement {
        span: fields.span(),
        path: fields.string("path", out).filter(|path| !path.value.is_empty()),
        source: fields.take("source").map(|entry| read_source(&entry.value, out)),
        source_value: fields.string("sourceValue", out),
        targets: fields.records("targets", out, read_target),
    };
    fields.finish(out);
    replacement
}

fn default_path(span: Span) -> Spanned<Text> {
    Spanned { value: Text::const_new("metadata.name"), span }
}

fn read_source(node: &Node, out: &mut Vec<Diagnostic>) -> Source {
    let mut fields = Fields::new(node, "the source of a replacement", out);
    let span = fields.span();
    let mut text =
        |name, out: &mut _| fields.string(name, out).map(|text| text.value).unwrap_or_default();
    let (group, version, kind) = (text("group", out), text("version", out), text("kind", out));
    let (name, namespace) = (text("name", out), text("namespace", out));
    let field_path = fields.string("fieldPath", out).filter(|path| !path.value.is_empty());
    let source = Source {
        span,
        group,
        version,
        kind,
        name,
        namespace,
        field_path: field_path.unwrap_or_else(|| default_path(span)),
        options: read_options(&mut fields, out),
    };
    fields.finish(out);
    source
}

fn read_target(node: &Node, out: &mut Vec<Diagnostic>) -> TargetSelector {
    let mut fields = Fields::new(node, "a target", out);
    let span = fields.span();
    let mut target = TargetSelector {
        span,
        select: fields.take("select").map(|entry| read_selector(&entry.value, out)),
        reject: fields.records("reject", out, read_selector),
        field_paths: fields.strings("fieldPaths", out),
        options: read_options(&mut fields, out),
    };
    fields.finish(out);
    if target.field_paths.is_empty() {
        target.field_paths.push(default_path(span));
    }
    target
}

fn read_options(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> FieldOptions {
    let Some(entry) = fields.take("options") else { return FieldOptions::default() };
    let mut fields = Fields::new(&entry.value, "the options of a replacement", out);
    // kustomize reads an encoding and does nothing with it.
    fields.take("encoding");
    let options = FieldOptions {
        delimiter: fields.string("delimiter", out).map(|text| text.value).unwrap_or_default(),
        index: fields.integer("index", out).map_or(0, |index| index.value),
        create: fields.boolean("create", out),
    };
    fields.finish(out);
    options
}
