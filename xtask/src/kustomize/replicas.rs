//! `replicas`.

use super::{
    context::{Context, set_scalar},
    field_spec::FieldSpec,
    kustomization::Replicas,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResMap, Step},
    yaml::{Dialect, Scalar, ScalarKind, resolve},
};

/// Sets the number of replicas of the object that an entry of `replicas:` names.
pub fn replicas(
    context: &mut Context<'_>,
    map: &mut ResMap,
    replicas: &Replicas,
    specs: &[FieldSpec],
) {
    let by = context.by(Step::Replicas, replicas.count.span);
    let count = compact_str::format_compact!("{}", replicas.count.value);
    let mut found = false;
    for spec in specs {
        for index in map.with_any_name(&replicas.name.value, &spec.gvk) {
            found = true;
            let Some(resource) = map.get_mut(index) else { continue };
            context.set_scalars(resource, spec, by, |origins, field| {
                // A number in quotes stays in quotes.
                let quoted = field.as_str().is_some_and(|text| {
                    !text.is_empty() && resolve(text, Dialect::Resource) != ScalarKind::String
                });
                let kind = if quoted { ScalarKind::String } else { ScalarKind::Int };
                let scalar = Scalar { kind, text: count.clone() };
                set_scalar(origins, field, scalar, Step::Replicas, replicas.count.span);
            });
        }
    }
    if !found {
        let kinds: Vec<&str> = specs.iter().map(|s| s.gvk.kind.as_str()).collect();
        context.report(
            Diagnostic::error(
                codes::KUSTOMIZE_REPLICAS,
                format!("no object with replicas is named `{}`", replicas.name.value),
                replicas.name.span,
            )
            .with_help(format!(
                "name one of the kinds {}, as it was named when it was read or is named now",
                kinds.join(", ")
            )),
        );
    }
}
