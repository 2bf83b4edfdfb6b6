//! `labels`, `commonLabels` and `commonAnnotations`.

use super::{
    context::{Context, set_text},
    decode::Pair,
    field_spec::{Create, FieldSpec, defaults, visit},
    kustomization::Labels,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Gvk, ResMap, Step},
    yaml::{Dialect, Node, ScalarKind, Text, resolve},
};

/// Adds the labels of an entry of `labels:`.
pub fn labels(context: &mut Context<'_>, map: &mut ResMap, labels: &Labels) {
    let mut specs: Vec<FieldSpec> = labels.fields.iter().map(FieldSpec::from).collect();
    let defaults = defaults();
    let metadata = FieldSpec {
        gvk: Gvk::default(),
        path: vec!["metadata".into(), "labels".into()],
        create: true,
    };
    let mut others: Vec<&FieldSpec> = Vec::new();
    if labels.include_selectors {
        others.extend(&defaults.common_labels);
    } else {
        if labels.include_templates {
            others.extend(&defaults.template_labels);
        }
        if labels.include_volume_claim_templates {
            others.extend(&defaults.volume_claim_template_labels);
        }
        others.push(&metadata);
    }
    for other in others {
        let same =
            |spec: &&FieldSpec| spec.gvk.is_selected_by(&other.gvk) && spec.path == other.path;
        match specs.iter().find(same) {
            None => specs.push(other.clone()),
            Some(spec) if spec.create == other.create => {}
            Some(_) => {
                let Some(pair) = labels.pairs.first() else { return };
                let path: Vec<&str> = other.path.iter().map(Text::as_str).collect();
                let message = format!(
                    "`fields` says whether to create `{}` otherwise than kustomize does",
                    path.join("/")
                );
                context.report(
                    Diagnostic::error(codes::KUSTOMIZE_FIELD_SPEC, message, pair.key_span)
                        .with_help(format!("set `create: {}` for it", other.create)),
                );
                return;
            }
        }
    }
    add(context, map, &labels.pairs, &specs, Step::Labels);
}

/// Adds the labels of `commonLabels:`.
pub fn common_labels(context: &mut Context<'_>, map: &mut ResMap, pairs: &[Pair]) {
    add(context, map, pairs, &defaults().common_labels, Step::Labels);
}

/// Adds the annotations of `commonAnnotations:`.
pub fn common_annotations(context: &mut Context<'_>, map: &mut ResMap, pairs: &[Pair]) {
    add(context, map, pairs, &defaults().common_annotations, Step::Annotations);
}

/// Adds the label `managedByLabel` asks for.
pub fn managed_by(context: &mut Context<'_>, map: &mut ResMap, pair: &Pair) {
    let spec = FieldSpec {
        gvk: Gvk::default(),
        path: vec!["metadata".into(), "labels".into()],
        create: true,
    };
    add(context, map, std::slice::from_ref(pair), &[spec], Step::BuildMetadata);
}

/// Adds labels or annotations to the fields that `specs` name.
pub fn add(
    context: &mut Context<'_>,
    map: &mut ResMap,
    pairs: &[Pair],
    specs: &[FieldSpec],
    step: Step,
) {
    let Some(first) = pairs.first() else { return };
    for pair in pairs {
        // kustomize writes such a key without quotes and then fails to read it back.
        if resolve(&pair.key, Dialect::Resource) != ScalarKind::String {
            let written = context.sources.slice(pair.key_span);
            let message = format!("the key `{written}` is not a string, and keys must be");
            context.report(
                Diagnostic::error(codes::KUSTOMIZE_LABEL_KEY, message, pair.key_span)
                    .with_help("use a key that is not a number, a boolean or a date"),
            );
            return;
        }
    }
    let by = context.by(step, first.key_span);
    for resource in map.iter_mut() {
        let gvk = resource.id().gvk.clone();
        for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.gvk)) {
            let create = if spec.create { Create::Mapping } else { Create::Never };
            let origins = &mut context.origins;
            let result = visit(&mut resource.node, &spec.path, create, by, &mut |field| {
                let Some(map) = field.as_mapping_mut() else { return };
                for pair in pairs {
                    if let Some(old) = map.get_mut(&pair.key) {
                        set_text(origins, old, pair.value.clone(), step, pair.span);
                    } else {
                        let node = Node::string(pair.value.clone(), pair.span, by.origin);
                        map.push(pair.key.clone(), pair.key_span, node);
                    }
                }
            });
            if let Err(wrong) = result {
                context.not_a_collection(resource, &spec.path, wrong);
            }
        }
    }
}
