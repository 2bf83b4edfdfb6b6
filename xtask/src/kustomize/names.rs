//! `namePrefix`, `nameSuffix` and `namespace`.

use super::{
    context::{Context, set_text},
    decode::Spanned,
    field_spec::{By, Create, defaults, visit},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Gvk, ResMap, Resource, Step},
    yaml::{Node, Text},
};

/// Puts a prefix before, or a suffix behind, the name of every object.
pub fn affix(context: &mut Context<'_>, map: &mut ResMap, affix: &Spanned<Text>, step: Step) {
    for resource in map.iter_mut() {
        if keeps_its_name(&resource.original_gvk()) {
            continue;
        }
        let name = if step == Step::NamePrefix {
            resource.prefixes.push(affix.value.clone());
            compact_str::format_compact!("{}{}", affix.value, resource.name())
        } else {
            resource.suffixes.push(affix.value.clone());
            compact_str::format_compact!("{}{}", resource.name(), affix.value)
        };
        resource.store_previous_id();
        rename(context, resource, name, step, affix.span);
    }
    map.reindex();
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

/// Puts every object that can be in a namespace into one.
pub fn namespace(context: &mut Context<'_>, map: &mut ResMap, namespace: &Spanned<Text>) {
    let by = context.by(Step::Namespace, namespace.span);
    for resource in map.iter_mut() {
        resource.store_previous_id();
        set_namespace(context, resource, namespace, by);
        resource.refresh();
    }
    map.reindex();
    report_conflicts(context, map, namespace);
}

fn set_namespace(
    context: &mut Context<'_>,
    resource: &mut Resource,
    namespace: &Spanned<Text>,
    by: By,
) {
    let gvk = resource.id().gvk.clone();
    let mut wrong = None;
    let mut set = |origins: &mut _, node: &mut Node, path: &[Text], create| {
        let result = visit(node, path, create, by, &mut |field| {
            set_text(origins, field, namespace.value.clone(), Step::Namespace, namespace.span);
        });
        if let Err(found) = result {
            wrong = Some((path.to_vec(), found));
        }
    };
    if !gvk.is_cluster_scoped() {
        let path = [Text::const_new("metadata"), Text::const_new("namespace")];
        set(&mut context.origins, &mut resource.node, &path, Create::Scalar);
    }
    if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
        let subjects = resource.node.get_mut("subjects").and_then(Node::as_sequence_mut);
        for subject in subjects.into_iter().flatten() {
            if subject.get("name").and_then(Node::scalar_text) == Some("default") {
                set(&mut context.origins, subject, &[Text::const_new("namespace")], Create::Scalar);
            }
        }
    }
    for spec in &defaults().namespace {
        let renames_other = spec.path.last().is_some_and(|key| key == "name")
            && !(gvk.group.is_empty() && gvk.version == "v1");
        if gvk.is_selected_by(&spec.gvk) && !renames_other {
            let create = if spec.create { Create::Scalar } else { Create::Never };
            set(&mut context.origins, &mut resource.node, &spec.path, create);
        }
    }
    if let Some((path, found)) = wrong {
        context.not_a_collection(resource, &path, found);
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
            .with_related(namespace.span, "the namespace is set here"),
        );
    }
}
