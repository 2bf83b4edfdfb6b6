//! A label by which the pods of a selector are chosen in two ways, so that the API server takes what
//! makes the pods, and refuses each pod.
//!
//! When a pod is made, the server adds the value that its own label has to `labelSelector`, for each key
//! of `matchLabelKeys`, and then refuses a key that was there before. Those of `mismatchLabelKeys` may be
//! there. Source: the strategy of pods in Kubernetes, seen with 1.36.

use super::items;
use crate::{
    cluster::{Cluster, Workload},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Mapping, Node},
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for workload in cluster.workloads() {
        for term in terms(workload.spec) {
            for key in items(term, &["matchLabelKeys"]) {
                one(cluster, workload, term, key, out);
            }
        }
    }
}

fn one(
    cluster: &Cluster<'_>,
    workload: &Workload<'_>,
    term: &Node,
    key: &Node,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let Some(name) = key.as_str() else { return };
    let labels = workload.metadata.and_then(|metadata| metadata.get("labels"));
    if labels.and_then(|labels| labels.get(name)).is_none() {
        return;
    }
    let Some(other) = selected(term, name) else { return };
    let object = cluster.object_of(workload);
    let who = if workload.path.is_empty() {
        format!("{object} will be refused")
    } else {
        format!("every pod of {object} will be refused")
    };
    let message = format!("{who}: `{name}` is in `labelSelector` and in `matchLabelKeys`");
    out.push(
        object
            .error(codes::TRAP_MATCHED_LABEL, message, key)
            .with_related(object.at(other.span), "the selector has it here")
            .with_help("take it out of one of them: both ask for the pod's own value"),
    );
}

/// Whatever of a pod chooses other pods by their labels.
fn terms(spec: &Node) -> Vec<&Node> {
    let mut terms: Vec<&Node> = items(spec, &["topologySpreadConstraints"]).iter().collect();
    for kind in ["podAffinity", "podAntiAffinity"] {
        let of = |list| items(spec, &["affinity", kind, list]);
        terms.extend(of("requiredDuringSchedulingIgnoredDuringExecution"));
        let weighted = of("preferredDuringSchedulingIgnoredDuringExecution");
        terms.extend(weighted.iter().filter_map(|one| one.get("podAffinityTerm")));
    }
    terms
}

/// Where the selector of a term has a key.
fn selected<'a>(term: &'a Node, key: &str) -> Option<&'a Node> {
    let labels = term.at(&["labelSelector", "matchLabels"]).and_then(Node::as_mapping);
    let mut labels = labels.into_iter().flat_map(Mapping::iter);
    labels.find(|entry| entry.key.as_str() == key).map(|entry| &entry.value).or_else(|| {
        let expressions = items(term, &["labelSelector", "matchExpressions"]);
        expressions.iter().filter_map(|one| one.get("key")).find(|one| one.as_str() == Some(key))
    })
}
