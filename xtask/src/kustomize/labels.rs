//! `labels`, `commonLabels` and `commonAnnotations`.

use super::{
    context::{Context, set_text},
    decode::Pair,
    field_spec::{Create, FieldSpec, NotACollection, visit},
    kustomization::Labels,
    transformer_config::{Conflict, TransformerConfig, merge_specs, report_conflict},
};
use crate::{
    diag::{Code, Diagnostic, codes},
    resource::{Gvk, ResMap, Step},
    source::{OriginId, Span},
    yaml::{Dialect, Node, ScalarKind, resolve},
};

/// Adds the labels of an entry of `labels:`.
pub fn labels(
    context: &mut Context<'_>,
    map: &mut ResMap,
    labels: &Labels,
    config: &TransformerConfig,
) {
    let mut specs: Vec<FieldSpec> = labels.fields.iter().map(FieldSpec::from).collect();
    let metadata = [FieldSpec {
        gvk: Gvk::default(),
        path: vec!["metadata".into(), "labels".into()],
        create: true,
        span: None,
    }];
    let mut others: Vec<&[FieldSpec]> = vec![&config.labels];
    if labels.include_selectors {
        others.push(&config.common_labels);
    } else {
        if labels.include_templates {
            others.push(&config.template_labels);
        }
        if labels.include_volume_claim_templates {
            others.push(&config.volume_claim_template_labels);
        }
        others.push(&metadata);
    }
    for other in others {
        if let Err(conflict) = merge_specs(&mut specs, other) {
            // What the user wrote is the one to change.
            let conflict = Conflict { known: conflict.added, added: conflict.known };
            let at = labels.pairs.first().map_or(labels.span, |pair| pair.key_span);
            report_conflict(context, &conflict, at);
            return;
        }
    }
    add(context, map, &labels.pairs, &specs, Step::Labels);
}

/// Adds the label `managedByLabel` asks for.
pub fn managed_by(context: &mut Context<'_>, map: &mut ResMap, pair: &Pair) {
    let spec = FieldSpec {
        gvk: Gvk::default(),
        path: vec!["metadata".into(), "labels".into()],
        create: true,
        span: None,
    };
    add(context, map, std::slice::from_ref(pair), &[spec], Step::BuildMetadata);
}

/// Whether a key that kustomize writes without quotes is a string when it is read again.
pub fn reads_as_string(key: &str) -> bool {
    key != "<<" && resolve(key, Dialect::Resource) == ScalarKind::String
}

/// Says that a key is no string: kustomize writes it without quotes and then fails to read it back.
pub fn not_a_string(code: Code, key: &str, at: Span) -> Diagnostic {
    Diagnostic::error(code, format!("{key} is not a string, and keys must be"), at)
        .with_help("use a key that is not a number, a boolean or a date")
}

/// Reports the first key that is not a string, and is `None` then.
pub fn check_keys<'a>(
    context: &mut Context<'_>,
    pairs: impl IntoIterator<Item = &'a Pair>,
) -> Option<()> {
    let pair = pairs.into_iter().find(|pair| !reads_as_string(&pair.key));
    let Some(pair) = pair else { return Some(()) };
    let written = context.sources.slice(pair.key_span);
    let key = format!("the key `{written}`");
    context.report(not_a_string(codes::KUSTOMIZE_LABEL_KEY, &key, pair.key_span));
    None
}

/// Adds labels or annotations to the fields that `specs` name.
///
/// The fields of an object that one pair creates share their value: kustomize puts the same node
/// into each, so that a later step that changes it in one place changes it everywhere.
pub fn add(
    context: &mut Context<'_>,
    map: &mut ResMap,
    pairs: &[Pair],
    specs: &[FieldSpec],
    step: Step,
) {
    let Some(first) = pairs.first() else { return };
    if check_keys(context, pairs).is_none() {
        return;
    }
    let by = context.by(step, first.key_span);
    let mut created: Vec<Option<OriginId>> = vec![None; pairs.len()];
    for resource in map.iter_mut() {
        created.fill(None);
        let gvk = resource.id().gvk.clone();
        for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.gvk)) {
            let create = if spec.create { Create::Mapping } else { Create::Never };
            let origins = &mut context.origins;
            let mut wrong = None;
            let result = visit(&mut resource.node, &spec.path, create, by, &mut |field| {
                let (span, found, is_null) = (field.span, field.describe(), field.is_null());
                let Some(map) = field.as_mapping_mut() else {
                    wrong = (!is_null).then_some(NotACollection { span, found }).or(wrong);
                    return;
                };
                for (pair, created) in pairs.iter().zip(&mut created) {
                    if let Some(old) = map.get_mut(&pair.key) {
                        set_text(origins, old, pair.value.clone(), step, pair.span);
                        continue;
                    }
                    match created {
                        Some(origin) => origins.share(*origin),
                        None => *created = Some(origins.record(step, pair.span, None)),
                    }
                    let origin = created.unwrap_or(by.origin);
                    let node = Node::string(pair.value.clone(), pair.span, origin);
                    map.push(pair.key.clone(), pair.key_span, node);
                }
            });
            if let Some(wrong) = result.err().or(wrong) {
                context.not_a_collection(resource, &spec.path, wrong);
            }
        }
        resource.settle(&mut context.origins);
    }
}
