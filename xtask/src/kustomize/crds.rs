//! `crds`: definitions of custom resources whose fields say what the transformers do with them.
//!
//! Source: kustomize's `internal/accumulator` (`loadconfigfromcrds`). The files hold `OpenAPI`
//! definitions as `openapi-gen` writes them, not `CustomResourceDefinition` objects.

use std::sync::Arc;

use super::{
    context::Context,
    decode::Spanned,
    field_spec::FieldSpec,
    loader::Loader,
    transformer_config::{NameReferences, TransformerConfig, merge},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::Gvk,
    source::Span,
    yaml::{Dialect, Node, Text, parse},
};

/// Reads the files that `crds:` names, and adds what they say to `config`.
pub fn add_crds(
    context: &mut Context<'_>,
    loader: &Loader,
    entries: &[Spanned<Text>],
    config: &mut Arc<TransformerConfig>,
) {
    for entry in entries {
        let Some(source) = loader.text(context, entry) else { continue };
        if context.sources.get(source).text.is_empty() {
            let message = format!("`{}` is empty, and must hold definitions", entry.value);
            context.report(Diagnostic::error(codes::KUSTOMIZE_FIELD_TYPE, message, entry.span));
            continue;
        }
        let documents = parse(context.sources, source, Dialect::Config, &mut context.diagnostics);
        let Some(definitions) = documents.into_iter().next() else { continue };
        let Some(named) = definitions.as_mapping() else {
            let message = format!("definitions must be a mapping, not {}", definitions.describe());
            let at = definitions.span;
            context.report(Diagnostic::error(codes::KUSTOMIZE_FIELD_TYPE, message, at));
            continue;
        };
        let mut added = TransformerConfig::default();
        let mut reader = Reader { definitions: &definitions, open: Vec::new(), circle: None };
        for definition in named {
            let Some(properties) = properties(&definition.value) else { continue };
            if !["kind", "apiVersion", "metadata"].iter().all(|key| properties.get(key).is_some()) {
                continue;
            }
            let name = definition.key.rsplit('.').next().unwrap_or_default();
            let kind = Gvk { kind: name.into(), ..Gvk::default() };
            reader.read(&definition.key, &kind, &mut Vec::new(), &mut added);
        }
        if let Some(at) = reader.circle {
            context.report(
                Diagnostic::error(
                    codes::KUSTOMIZE_CYCLE,
                    "the definition refers to itself, so its fields have no end",
                    at,
                )
                .with_help("remove the `$ref` from the property: fields below it get no rules"),
            );
        }
        merge(context, config, &added, entry.span);
    }
}

/// The properties of a definition.
fn properties(definition: &Node) -> Option<&Node> {
    field(field(definition, "schema")?, "properties")
}

/// A field in any letter case, as Go's JSON decoder takes it.
fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let entry = node.as_mapping()?.iter().find(|entry| entry.key.eq_ignore_ascii_case(name))?;
    Some(&entry.value)
}

struct Reader<'n> {
    definitions: &'n Node,
    /// The definitions on the way to the one that is read.
    open: Vec<&'n str>,
    /// Where a definition leads back to one on the way.
    circle: Option<Span>,
}

impl<'n> Reader<'n> {
    fn read(
        &mut self,
        name: &'n str,
        kind: &Gvk,
        path: &mut Vec<Text>,
        config: &mut TransformerConfig,
    ) {
        let properties = self.definitions.get(name).and_then(properties);
        self.open.push(name);
        for entry in properties.and_then(Node::as_mapping).into_iter().flatten() {
            let property = &entry.value;
            path.push(entry.key.clone());
            let spec =
                || FieldSpec { gvk: kind.clone(), path: path.clone(), create: false, span: None };
            // Go keeps the names of extensions in lower case.
            let extension = |name: &str| field(property, name).and_then(Node::as_str);
            if extension("x-kubernetes-annotation").is_some() {
                push(&mut config.common_annotations, spec());
            }
            if extension("x-kubernetes-label-selector").is_some() {
                push(&mut config.common_labels, spec());
            }
            if extension("x-kubernetes-identity").is_some() {
                push(&mut config.name_prefix, spec());
            }
            if let Some(version) = extension("x-kubernetes-object-ref-api-version")
                && let Some(target) = extension("x-kubernetes-object-ref-kind")
            {
                let key = extension("x-kubernetes-object-ref-name-key").unwrap_or("name");
                let target =
                    Gvk { group: Text::default(), version: version.into(), kind: target.into() };
                let mut referrer = spec();
                referrer.path.push(key.into());
                let known = config.name_references.iter_mut().find(|one| one.target == target);
                if let Some(known) = known {
                    push(&mut known.referrers, referrer);
                } else {
                    let referrers = vec![referrer];
                    config.name_references.push(NameReferences { target, referrers });
                }
            }
            if let Some(reference) = property.get("$ref")
                && let Some(name) = reference.as_str()
            {
                if self.open.contains(&name) {
                    self.circle.get_or_insert(reference.span);
                } else {
                    self.read(name, kind, path, config);
                }
            }
            path.pop();
        }
        self.open.pop();
    }
}

fn push(specs: &mut Vec<FieldSpec>, spec: FieldSpec) {
    if !specs.iter().any(|known| known.gvk == spec.gvk && known.path == spec.path) {
        specs.push(spec);
    }
}
