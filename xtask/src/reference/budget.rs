//! `PodDisruptionBudget`s and the pods that they select.
//!
//! Source: the disruption controller of Kubernetes, and the eviction API, which refuses to evict a
//! pod that several budgets select.

use std::collections::{BTreeMap, BTreeSet};

use super::{foreign, nearest::Use, selection::Selections};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, codes},
};

/// Checks each `PodDisruptionBudget`.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut selections = Selections::new(cluster);
    // The budget of each workload that has one.
    let mut budgets: BTreeMap<usize, &Object<'_>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for object in cluster.of_kind("policy", "PodDisruptionBudget") {
        let Some(node) = object.node.at(&["spec", "selector"]) else { continue };
        let Some(selector) = Selector::of(node) else { continue };
        let namespace = object.namespace();
        let selection = selections.get(&namespace, &selector);
        if !selector.is_empty() {
            let path = "spec.selector";
            let used = Use {
                object,
                path,
                node,
                selector: &selector,
                namespace: &namespace,
                is_own: true,
            };
            if selection.workloads.is_empty() {
                let code = codes::REFERENCE_BUDGET_SELECTS_NOTHING;
                out.extend(used.selects_nothing(cluster, code));
                continue;
            }
            out.extend(foreign::other_application(&used, cluster, &selection));
        }
        // What selects alike meets the first of its kind at the first workload.
        let is_new = seen.insert((namespace, selector));
        let all = if is_new { selection.workloads.len() } else { 1 };
        let mut other = None;
        for workload in selection.workloads.iter().take(all) {
            let first = *budgets.entry(workload.number()).or_insert(object);
            if first.id != object.id && other.is_none() {
                other = Some((first, cluster.object_of(workload)));
            }
        }
        let Some((first, pods)) = other else { continue };
        let message = format!(
            "`spec.selector` of {object} selects the pods of {pods}, as that of {first} does, so \
             that they cannot be evicted"
        );
        let told = object.warning(codes::REFERENCE_OVERLAPPING_BUDGETS, message, node);
        let at = first.node.at(&["spec", "selector"]).unwrap_or(first.node);
        out.push(
            told.with_related(first.at(at.span), format!("{first} selects them here"))
                .with_help("let one budget select each pod"),
        );
    }
}
