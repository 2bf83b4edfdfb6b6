//! Selectors that take in the pods of others: of another application, or of another controller.

use super::{
    nearest::Use,
    selection::{Selection, Selections},
};
use crate::{
    cluster::{Cluster, Selector, Workload},
    diag::{Anchor, Diagnostic, codes},
};

/// The label that says which application a pod is of.
const NAME: &str = "app.kubernetes.io/name";

/// What adopts the pods that its selector selects. A Job makes a selector of its own.
const CONTROLLERS: [(&str, &str); 6] = [
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Rollout"),
];

/// The problem that a selector selects pods of several applications without saying so.
pub(super) fn other_application<'a>(
    used: &Use<'_, 'a>,
    cluster: &Cluster<'a>,
    selection: &Selection<'_, 'a>,
) -> Option<Diagnostic<Anchor>> {
    if used.selector.requirements.iter().any(|one| one.key == NAME) {
        return None;
    }
    let (first, other) = (selection.workloads.first()?, selection.other?);
    let (one, other) = (cluster.object_of(first), cluster.object_of(other));
    // The one that has nothing to do with the selector is the surprise.
    let (one, other) = if other.app == used.object.app { (other, one) } else { (one, other) };
    let message = format!(
        "`{}` of {} selects the pods of {one} and also those of {other}, another application",
        used.path, used.object
    );
    let told = used.object.warning(codes::REFERENCE_FOREIGN_PODS, message, used.node);
    Some(
        told.with_related(other.name_anchor(), format!("{other} is here"))
            .with_help(format!("select by `{NAME}` too")),
    )
}

/// The first of some workloads that is of another application than the first of all.
pub(super) fn first_other<'c, 'a>(
    workloads: &[&'c Workload<'a>],
    cluster: &Cluster<'a>,
) -> Option<&'c Workload<'a>> {
    let (first, others) = workloads.split_first()?;
    let name = application(first);
    let is_other = |other: &&&Workload<'a>| match (name, application(other)) {
        (Some(name), Some(other)) => name != other,
        (None, None) => {
            // Of a file it is not known which application it is of.
            cluster.is_closed() && cluster.object_of(first).app != cluster.object_of(other).app
        }
        _ => false,
    };
    others.iter().find(is_other).copied()
}

/// The application that a workload's pods say they are of.
fn application<'a>(workload: &Workload<'a>) -> Option<&'a str> {
    workload.labels().find(|(key, _)| *key == NAME).map(|(_, value)| value)
}

/// Checks the selectors of what controls pods.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut selections = Selections::new(cluster);
    for workload in cluster.workloads() {
        let object = cluster.object_of(workload);
        if !CONTROLLERS.iter().any(|(group, kind)| object.is(group, kind)) {
            continue;
        }
        let Some(node) = object.node.at(&["spec", "selector"]) else { continue };
        let selector = match object.id.gvk.kind.as_str() {
            "ReplicationController" => Selector::of_labels(node),
            _ => Selector::of(node),
        };
        // The API server refuses an empty one.
        let Some(selector) = selector.filter(|one| !one.is_empty()) else { continue };
        let selection = selections.get(&object.namespace(), &selector);
        let other = selection.workloads.iter().find(|other| other.number() != workload.number());
        let Some(other) = other else { continue };
        let labels = other.metadata.and_then(|metadata| metadata.get("labels"));
        let other = cluster.object_of(other);
        let message = format!("`spec.selector` of {object} also selects the pods of {other}");
        let told = object.warning(codes::REFERENCE_FOREIGN_PODS, message, node);
        let at = other.at(labels.unwrap_or(other.node).span);
        out.push(
            told.with_related(at, format!("the labels of the pods of {other}"))
                .with_help("select by a label that only its own pods have"),
        );
    }
}
