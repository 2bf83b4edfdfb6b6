//! Scheduling constraints that count pods: topology spread, affinity and anti-affinity.
//!
//! Source: the scheduler's plugins `PodTopologySpread` and `InterPodAffinity`.

use super::{nearest::Use, selection::Selections};
use crate::{
    cluster::{Cluster, Object, Selector, Workload},
    diag::{Anchor, Diagnostic, Severity, codes},
    yaml::{Node, Text},
};

/// Checks the constraints of all pods.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut selections = Selections::new(cluster);
    for workload in cluster.workloads() {
        let object = cluster.object_of(workload);
        spread(workload, object, out);
        // What a pod is to be near to, or far from, may be elsewhere.
        if cluster.is_closed() {
            affinity(workload, object, &mut selections, out);
        }
    }
}

/// Checks that spread constraints count the pods that have them: the scheduler spreads a pod over
/// what it counts.
fn spread(workload: &Workload<'_>, object: &Object<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let constraints = workload.spec.get("topologySpreadConstraints").and_then(Node::as_sequence);
    for (index, constraint) in constraints.unwrap_or_default().iter().enumerate() {
        let Some(node) = constraint.get("labelSelector") else { continue };
        let Some(selector) = Selector::of(node) else { continue };
        let labels = workload.labels();
        let Some(unmet) = selector.requirements.iter().find(|one| !one.matches(&labels)) else {
            continue;
        };
        let field = format!("spec.topologySpreadConstraints[{index}].labelSelector");
        let message = format!(
            "`{}` of {object} does not count its own pods, which do not have `{unmet}`",
            workload.field(&field)
        );
        let code = codes::REFERENCE_AFFINITY_SELECTS_NOTHING;
        let mut told = object.warning(code, message, node);
        if let Some(labels) = workload.metadata.and_then(|metadata| metadata.get("labels")) {
            told = told.with_related(object.at(labels.span), "the labels of its pods");
        }
        out.push(told.with_help("select a label that the pods have"));
    }
}

/// Checks that what pods are to be near to, or far from, is there.
fn affinity<'a>(
    workload: &Workload<'a>,
    object: &Object<'a>,
    selections: &mut Selections<'_, 'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let Some(affinity) = workload.spec.get("affinity") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        for when in ["requiredDuringScheduling", "preferredDuringScheduling"] {
            let list = format!("{when}IgnoredDuringExecution");
            let terms = affinity.at(&[kind, &list]).and_then(Node::as_sequence);
            for (index, term) in terms.unwrap_or_default().iter().enumerate() {
                let (term, below) = match term.get("podAffinityTerm") {
                    Some(term) => (term, ".podAffinityTerm"),
                    None => (term, ""),
                };
                let field = format!("spec.affinity.{kind}.{list}[{index}]{below}.labelSelector");
                let path = workload.field(&field);
                out.extend(pod_term(term, &path, object, selections));
            }
        }
    }
}

fn pod_term<'a>(
    term: &'a Node,
    path: &str,
    object: &Object<'a>,
    selections: &mut Selections<'_, 'a>,
) -> Option<Diagnostic<Anchor>> {
    // With a selector of namespaces it is not known which pods are meant.
    if term.get("namespaceSelector").is_some_and(|node| !node.is_null()) {
        return None;
    }
    let node = term.get("labelSelector")?;
    let selector = Selector::of(node).filter(|one| !one.is_empty())?;
    let namespaces = term.get("namespaces").and_then(Node::as_sequence).unwrap_or_default();
    let mut namespaces: Vec<Text> =
        namespaces.iter().filter_map(Node::as_str).map(Text::from).collect();
    if namespaces.is_empty() {
        namespaces.push(object.namespace());
    }
    let [namespace] = namespaces.as_slice() else { return None };
    if !selections.get(namespace, &selector).workloads.is_empty() {
        return None;
    }
    let used = Use { object, path, node, selector: &selector, namespace, is_own: false };
    let code = codes::REFERENCE_AFFINITY_SELECTS_NOTHING;
    let mut told = used.selects_nothing(selections.cluster, code)?;
    told.severity = told.severity.min(Severity::Warning);
    Some(told)
}
