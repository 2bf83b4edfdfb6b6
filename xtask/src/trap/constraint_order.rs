//! A Gatekeeper constraint that Argo CD cannot apply beside its template.
//!
//! The kind of a constraint is defined by Gatekeeper when it has seen the template. Until then Argo
//! CD's dry run of the constraint fails, and with it the sync: one that is to apply the template too
//! never starts. `SkipDryRunOnMissingResource=true` on the constraint leaves that dry run out, and a
//! later sync wave waits for the template. Waves order what is in one Application only, which here is
//! one overlay. Source: "Sync Options" and "Sync Phases and Waves" of Argo CD 3.5, for which Gatekeeper
//! is the example.

use std::collections::BTreeMap;

use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
};

const CONSTRAINTS: &str = "constraints.gatekeeper.sh";
const OPTIONS: &str = "argocd.argoproj.io/sync-options";
const SKIP: &str = "SkipDryRunOnMissingResource=true";
const WAVE: &str = "argocd.argoproj.io/sync-wave";

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    // What applies files is not known.
    if cluster.name.is_empty() {
        return;
    }
    // The name of a template is the kind of its constraints in lower case.
    let templates: BTreeMap<&str, &Object<'_>> = cluster
        .of_kind("templates.gatekeeper.sh", "ConstraintTemplate")
        .map(|template| (template.id.name.as_str(), template))
        .collect();
    for constraint in cluster.objects().iter().filter(|one| one.id.gvk.group == CONSTRAINTS) {
        let kind = constraint.id.gvk.kind.to_lowercase();
        let Some(template) = templates.get(kind.as_str()) else { continue };
        let together = template.app == constraint.app;
        out.extend(dry_run(constraint, template, together));
        if together {
            out.extend(order(constraint, template));
        }
    }
}

fn dry_run(
    constraint: &Object<'_>,
    template: &Object<'_>,
    together: bool,
) -> Option<Diagnostic<Anchor>> {
    let options = constraint.annotation(OPTIONS);
    let mut each = options.and_then(|options| options.as_str()).unwrap_or_default().split(',');
    if each.any(|option| option.trim() == SKIP) {
        return None;
    }
    let code = codes::TRAP_CONSTRAINT_DRY_RUN;
    let at = options.map_or(constraint.name_anchor(), |at| constraint.at(at.span));
    let diagnostic = if together {
        let message = format!(
            "Argo CD cannot begin to apply {constraint}: its kind is defined by {template} of the same Application, and `{SKIP}` is not set"
        );
        Diagnostic::error(code, message, at)
    } else {
        let message = format!(
            "Argo CD fails to apply {constraint} before {template} of `{}` is there: `{SKIP}` is not set",
            template.app
        );
        Diagnostic::warning(code, message, at)
    };
    let help = format!("add the annotation `{OPTIONS}: {SKIP}`");
    Some(diagnostic.with_related(template.name_anchor(), "the template").with_help(help))
}

fn order(constraint: &Object<'_>, template: &Object<'_>) -> Option<Diagnostic<Anchor>> {
    let (wave, of_template) = (wave(constraint)?, wave(template)?);
    if wave > of_template {
        return None;
    }
    let message = format!(
        "{constraint} is applied in wave {wave}, not after its template {template} in wave {of_template}: its kind may not be there yet"
    );
    let written = |object: &Object<'_>| {
        object.annotation(WAVE).map_or(object.name_anchor(), |at| object.at(at.span))
    };
    let help = format!("add the annotation `{WAVE}: \"{}\"`", of_template.saturating_add(1));
    let code = codes::TRAP_CONSTRAINT_ORDER;
    let diagnostic = Diagnostic::warning(code, message, written(constraint));
    Some(diagnostic.with_related(written(template), "the template's wave").with_help(help))
}

/// The sync wave of an object; `None` if what is written is no number.
fn wave(object: &Object<'_>) -> Option<i64> {
    object.annotation(WAVE).map_or(Some(0), |wave| wave.scalar_text()?.parse().ok())
}
