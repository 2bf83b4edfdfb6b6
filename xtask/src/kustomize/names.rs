//! `namePrefix`, `nameSuffix` and `namespace`.

use super::{
    context::{Context, set_text},
    decode::Spanned,
    field_spec::{By, Create, FieldSpec, NotACollection, NotAScalar, visit},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Gvk, ResMap, Resource, Step},
    yaml::{Node, Text},
};

/// Puts a prefix before, or a suffix behind, the name of every object, or the fields that `specs`
/// name instead.
pub fn affix(
    context: &mut Context<'_>,
    map: &mut ResMap,
    affix: &Spanned<Text>,
    step: Step,
    specs: &[FieldSpec],
) {
    let by = context.by(step, affix.span);
    for resource in map.iter_mut() {
        let gvk = resource.original_gvk();
        if keeps_its_name(&gvk) {
            continue;
        }
        for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.gvk)) {
            if spec.is_name() {
                affix_name(context, resource, affix, step);
                continue;
            }
            context.set_scalars(resource, spec, by, |origins, field| {
                let text = affixed(field.scalar_text().unwrap_or(""), affix, step);
                set_text(origins, field, text, step, affix.span);
            });
        }
    }
    map.reindex();
}

fn affix_name(
    context: &mut Context<'_>,
    resource: &mut Resource,
    affix: &Spanned<Text>,
    step: Step,
) {
    let affixes = match step {
        Step::NamePrefix => &mut resource.prefixes,
        _ => &mut resource.suffixes,
    };
    // An empty one says where the object was, and changes nothing.
    if affix.value.is_empty() {
        return;
    }
    affixes.push(affix.value.clone());
    let name = affixed(resource.name(), affix, step);
    resource.store_previous_id();
    rename(context, resource, name, step, affix.span);
}

fn affixed(text: &str, affix: &Spanned<Text>, step: Step) -> Text {
    match step {
        Step::NamePrefix => compact_str::format_compact!("{}{text}", affix.value),
        _ => compact_str::format_compact!("{text}{}", affix.value),
    }
}

/// Gives an object a new name.
pub fn rename(
    context: &mut Context<'_>,
    resource: &mut Resource,
    name: Text,
    step: Step,
    span: crate::source::Span,
) {
    if let Some(node) = resource.node.get_mut("metadata").and_then(|node| node.get_mut("name")) {
        set_text(&mut context.origins, node, name, step, span);
    }
    resource.refresh();
}

/// These kinds carry names that mean something outside of the kustomization.
fn keeps_its_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// How the namespace is set.
pub struct NamespaceOptions<'a> {
    /// Further fields that hold a namespace.
    pub specs: &'a [FieldSpec],
    /// Whether a namespace that is there stays.
    pub unset_only: bool,
    /// Which subjects of role bindings get it.
    pub subjects: Subjects,
}

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Those named `default`.
    Default,
    /// Every service account.
    ServiceAccounts,
    /// None.
    None,
}

/// Puts every object that can be in a namespace into one.
pub fn namespace(
    context: &mut Context<'_>,
    map: &mut ResMap,
    namespace: &Spanned<Text>,
    options: &NamespaceOptions<'_>,
) {
    let by = context.by(Step::Namespace, namespace.span);
    for resource in map.iter_mut() {
        resource.store_previous_id();
        set_namespace(context, resource, namespace, options, by);
        resource.refresh();
    }
    map.reindex();
    report_conflicts(context, map, namespace);
}

/// Sets the namespace of one object.
pub fn set_namespace(
    context: &mut Context<'_>,
    resource: &mut Resource,
    namespace: &Spanned<Text>,
    options: &NamespaceOptions<'_>,
    by: By,
) {
    let gvk = resource.id().gvk.clone();
    let (mut wrong, mut collection, mut not_a_mapping) = (None, None, None);
    let mut set = |origins: &mut _, node: &mut Node, path: &[Text], create| {
        let result = visit(node, path, create, by, &mut |field| {
            if let Some(found) = NotAScalar::of(field) {
                collection = Some((path.to_vec(), found));
                return;
            }
            let there =
                field.scalar_text().is_some_and(|text| !text.is_empty() && !field.is_null());
            if !(options.unset_only && there) {
                set_text(origins, field, namespace.value.clone(), Step::Namespace, namespace.span);
            }
        });
        if let Err(found) = result {
            wrong = Some((path.to_vec(), found));
        }
    };
    if !resource.id().is_cluster_scoped {
        let path = [Text::const_new("metadata"), Text::const_new("namespace")];
        set(&mut context.origins, &mut resource.node, &path, Create::Scalar);
    }
    let is_binding = |kind: &str| matches!(kind, "RoleBinding" | "ClusterRoleBinding");
    if is_binding(&gvk.kind) {
        let subjects = resource.node.get_mut("subjects").and_then(Node::as_sequence_mut);
        for subject in subjects.into_iter().flatten() {
            if subject.as_mapping().is_none() && options.subjects != Subjects::None {
                let found = NotACollection { span: subject.span, found: subject.describe() };
                not_a_mapping = Some((vec![Text::const_new("subjects")], found));
                continue;
            }
            let is = |key, value| subject.get(key).and_then(Node::scalar_text) == Some(value);
            let wanted = match options.subjects {
                Subjects::Default => is("name", "default"),
                Subjects::ServiceAccounts => is("kind", "ServiceAccount"),
                Subjects::None => false,
            };
            if wanted {
                set(&mut context.origins, subject, &[Text::const_new("namespace")], Create::Scalar);
            }
        }
    }
    for spec in options.specs {
        let is = |path: &[&str]| spec.path.iter().map(Text::as_str).eq(path.iter().copied());
        let renames_other =
            is(&["metadata", "name"]) && !(gvk.group.is_empty() && gvk.version == "v1");
        // These two have rules of their own, above.
        let special = is(&["metadata", "namespace"])
            || is_binding(&gvk.kind)
                && is_binding(&spec.gvk.kind)
                && is(&["subjects", "namespace"]);
        if gvk.is_selected_by(&spec.gvk) && !renames_other && !special {
            let create = if spec.create { Create::Scalar } else { Create::Never };
            set(&mut context.origins, &mut resource.node, &spec.path, create);
        }
    }
    if let Some((path, found)) = wrong.or(not_a_mapping) {
        context.not_a_collection(resource, &path, found);
    }
    if let Some((path, found)) = collection {
        context.not_a_scalar(resource, &path, found);
    }
}

fn report_conflicts(context: &mut Context<'_>, map: &ResMap, namespace: &Spanned<Text>) {
    for index in map.indices() {
        let Some(resource) = map.get(index) else { continue };
        let first = map.with_current_id(resource.id()).and_then(|first| map.get(first));
        let Some(first) = first.filter(|first| !std::ptr::eq(*first, resource)) else { continue };
        context.report(
            Diagnostic::error(
                codes::KUSTOMIZE_DUPLICATE_ID,
                format!("the namespace makes two objects the same: {}", resource.id()),
                resource.span(),
            )
            .with_related(first.span(), "the other one")
            .with_related(namespace.span, "the namespace is set here")
            .with_help("rename one of them, or build them in two directories"),
        );
    }
}
