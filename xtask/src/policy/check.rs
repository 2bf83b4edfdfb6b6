//! The policies of a cluster on the objects of the same cluster: what its admission would say.
//!
//! Invariant: what Gatekeeper would not take, and what cannot be evaluated, is reported and never a
//! pass; a Secret's values are not shown, whatever a policy says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    Fault,
    client::{Code, Driver, Finding, Options, Policies},
    constraint::GROUP as CONSTRAINTS,
    exemption::Exemptions,
    expansion::{self, ExpansionTemplate},
    inventory::Inventory,
    namespaces::Namespaces,
    place,
    review::Review,
    secret, sync,
    template::GROUP as TEMPLATES,
    words::{one_line, quoted},
    workers::on_workers,
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Code as Rule, Diagnostic, Severity, codes},
    source::Sources,
    yaml::to_json,
};

/// The code of the templates of some clusters, compiled once for all that have the same template.
pub struct Codes<'a>(BTreeMap<String, Compiled<'a>>);

/// The code of a template, or what is wrong with it.
type Compiled<'a> = Result<Arc<Code<'a>>, Vec<Diagnostic<Anchor>>>;

impl<'a> Codes<'a> {
    /// Compiles the code of all templates for an engine, or for both. `units` are the sets of sources that the places of the
    /// objects are in.
    pub fn compile(clusters: &[Cluster<'a>], units: &[&Sources], driver: Driver) -> Self {
        let mut different = BTreeMap::new();
        for template in clusters.iter().flat_map(templates) {
            different.entry(key(template)).or_insert(template);
        }
        let different: Vec<_> = different.into_iter().collect();
        let compile = |(key, template): (String, &Object<'a>)| {
            let sources = units.get(template.unit)?;
            let code = Code::new(template.node, driver, sources).map(Arc::new);
            let placed = |wrong: Vec<Diagnostic>| {
                wrong.into_iter().map(|one| anchored(one, template)).collect()
            };
            Some((key, code.map_err(placed)))
        };
        Self(on_workers(|| different.into_par_iter().filter_map(compile).collect()))
    }
}

fn templates<'c, 'a>(cluster: &'c Cluster<'a>) -> impl Iterator<Item = &'c Object<'a>> {
    cluster.of_kind(TEMPLATES, "ConstraintTemplate")
}

/// What two templates have in common that are the same.
fn key(template: &Object<'_>) -> String {
    let span = template.node.span;
    let mut key = format!("{} ", template.id.name);
    if let Some(parts) = template.node.get("apiVersion").zip(template.node.get("spec")) {
        let is_json = to_json(parts.0, &mut key).and_then(|()| to_json(parts.1, &mut key)).is_ok();
        if is_json {
            return key;
        }
    }
    format!("{key}{} {:?}", template.unit, span)
}

/// Reviews the objects of a cluster with its own policies, whose code is among `codes`. Returns how
/// many constraints there are.
pub fn check<'a>(
    cluster: &Cluster<'a>,
    codes: &Codes<'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) -> usize {
    let policies = load(cluster, codes, out);
    if policies.is_empty() {
        return 0;
    }
    sync::check(cluster, &policies, out);
    let namespaces = Namespaces::of(cluster);
    let exemptions = Exemptions::of(cluster);
    let mut inventory = Inventory::default();
    for object in cluster.objects() {
        let namespace = object.is("", "Namespace").then(|| namespaces.get(&object.id.name));
        // What has no kind or no version is reported where it is read.
        let _ = inventory.add(namespace.flatten().unwrap_or(object.node));
    }
    let reviewed: Vec<&Object<'_>> =
        cluster.objects().iter().filter(|object| !exemptions.has(object, &namespaces)).collect();
    let reviews: Vec<Review<'_>> = reviewed
        .iter()
        .map(|object| Review { namespace: namespaces.around(object), ..Review::of(object.node) })
        .collect();
    let outcome = policies.review_all(&reviews, &inventory);
    let outcome = policies.shown(&reviews, &inventory, outcome);
    for (number, finding) in &outcome.findings {
        let Some(object) = reviewed.get(*number) else { continue };
        out.push(of_finding(cluster, object, finding));
    }
    for (number, constraint, disagreement) in &outcome.disagreements {
        let Some(object) = reviewed.get(*number) else { continue };
        let says = |violations: &[super::Violation]| match violations {
            [] => "nothing against it".to_owned(),
            [first, ..] => quoted(&first.message),
        };
        let message = format!(
            "the engines of `{}` disagree about {object}: Rego says {}, CEL says {}",
            constraint.name,
            says(&disagreement.rego),
            says(&disagreement.native)
        );
        let diagnostic =
            Diagnostic::error(codes::POLICY_ENGINES_DISAGREE, message, object.name_anchor());
        let diagnostic = with_sources(diagnostic, cluster, constraint.kind, constraint.name);
        out.push(diagnostic.with_help("a cluster evaluates one of them: make both say the same"));
    }
    for (number, constraint, why) in &outcome.given_up {
        let Some(object) = reviewed.get(*number) else { continue };
        let message = format!(
            "the template of `{}` is given up, so that no object is reviewed with it: {why}",
            constraint.name
        );
        let at = cluster.find_unscoped(CONSTRAINTS, constraint.kind, constraint.name);
        let at = at.map_or_else(|| object.name_anchor(), Object::name_anchor);
        let diagnostic = Diagnostic::error(codes::of_constraint(constraint.name), message, at);
        let help = "make its loops and values smaller: each object must be reviewed in a moment";
        out.push(
            with_sources(diagnostic, cluster, constraint.kind, constraint.name).with_help(help),
        );
    }
    for (number, constraint, why) in &outcome.failures {
        let Some(object) = reviewed.get(*number) else { continue };
        let why = one_line(why);
        let (code, what) = match constraint {
            Some(constraint) => (codes::of_constraint(constraint.name), "be reviewed"),
            None => (codes::POLICY_EXPANSION, "be expanded"),
        };
        let message = format!("{object} cannot {what}: {why}");
        let diagnostic = Diagnostic::error(code, message, object.name_anchor());
        out.push(match constraint {
            Some(one) => with_sources(diagnostic, cluster, one.kind, one.name),
            None => diagnostic,
        });
    }
    policies.constraints().count()
}

/// Loads what a cluster has of Gatekeeper's kinds.
fn load<'a>(
    cluster: &Cluster<'a>,
    codes: &Codes<'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) -> Policies<'a> {
    let mut policies = Policies::new(Options::default());
    let mut refused = BTreeSet::new();
    for template in templates(cluster) {
        match codes.0.get(&key(template)) {
            Some(Ok(code)) => policies.add_code(Arc::clone(code)),
            Some(Err(wrong)) => {
                refused.insert(template.id.name.as_str());
                out.extend(wrong.iter().cloned());
            }
            None => {}
        }
    }
    for constraint in cluster.objects().iter().filter(|one| one.id.gvk.group == CONSTRAINTS) {
        // The template is what must be mended.
        if refused.contains(constraint.id.gvk.kind.to_lowercase().as_str()) {
            continue;
        }
        if let Err(fault) = policies.add_constraint(constraint.node) {
            out.push(of_fault(fault, codes::POLICY_CONSTRAINT, constraint));
        }
    }
    let mut expansions = Vec::new();
    for template in cluster.of_kind(expansion::GROUP, "ExpansionTemplate") {
        match ExpansionTemplate::new(template.node) {
            Ok(expansion) => expansions.push((template, expansion)),
            Err(fault) => out.push(of_fault(fault, codes::POLICY_EXPANSION, template)),
        }
    }
    let nodes: Vec<_> = expansions.iter().map(|(template, _)| *template).collect();
    for wrong in policies.add_expansions(expansions.into_iter().map(|(_, one)| one)) {
        let of = nodes.iter().find(|one| one.node.span.source == wrong.primary.source);
        out.extend(of.map(|template| anchored(wrong, template)));
    }
    policies
}

fn of_fault(fault: Fault, code: Rule, object: &Object<'_>) -> Diagnostic<Anchor> {
    anchored(fault.into_diagnostic(code), object)
}

/// A diagnostic about a part of an object.
fn anchored(wrong: Diagnostic, object: &Object<'_>) -> Diagnostic<Anchor> {
    Diagnostic {
        code: wrong.code,
        severity: wrong.severity,
        message: wrong.message,
        primary: object.at(wrong.primary),
        related: wrong.related.into_iter().map(|(span, text)| (object.at(span), text)).collect(),
        help: wrong.help,
    }
}

fn of_finding(
    cluster: &Cluster<'_>,
    object: &Object<'_>,
    finding: &Finding<'_>,
) -> Diagnostic<Anchor> {
    let constraint = finding.constraint;
    let span = if finding.is_unmatched || finding.is_withheld {
        place::name(object.node)
    } else {
        let reviewed = finding.reviewed.as_deref().unwrap_or(object.node);
        place::place(reviewed, &finding.violation)
    };
    let said = one_line(&finding.violation.message);
    let diagnostic = Diagnostic {
        severity: severity(&finding.actions),
        ..Diagnostic::error(
            codes::of_constraint(constraint.name),
            format!("{object}: {said}"),
            secret::anchor(object, span),
        )
    };
    let diagnostic = with_sources(diagnostic, cluster, constraint.kind, constraint.name);
    if finding.is_withheld { diagnostic.with_help(secret::HELP) } else { diagnostic }
}

/// What an admission does decides how much a violation matters.
fn severity(actions: &[crate::yaml::Text]) -> Severity {
    let has = |action: &str| actions.iter().any(|one| one == action);
    if has("deny") {
        Severity::Error
    } else if has("warn") {
        Severity::Warning
    } else {
        Severity::Info
    }
}

/// With the places of the constraint and its template.
fn with_sources(
    diagnostic: Diagnostic<Anchor>,
    cluster: &Cluster<'_>,
    kind: &str,
    name: &str,
) -> Diagnostic<Anchor> {
    let template = kind.to_lowercase();
    let places = [
        (cluster.find_unscoped(CONSTRAINTS, kind, name), "the constraint"),
        (cluster.find_unscoped(TEMPLATES, "ConstraintTemplate", &template), "its template"),
    ];
    places
        .into_iter()
        .filter_map(|(object, label)| Some((object?.name_anchor(), label)))
        .fold(diagnostic, |diagnostic, (place, label)| diagnostic.with_related(place, label))
}
