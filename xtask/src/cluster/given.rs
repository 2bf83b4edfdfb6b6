//! Labels that a controller gives the pods that it makes, so that no template has them.
//!
//! Source: "Well-Known Labels, Annotations and Taints" of Kubernetes' documentation, and
//! `rollouts-pod-template-hash` of Argo Rollouts.

use super::{Object, Operator, Requirement};

/// Whether a requirement asks for a label that a controller gives.
pub(super) fn is_given(requirement: &Requirement<'_>) -> bool {
    requirement.needs_label() && !givers(requirement.key).is_empty()
}

/// Whether pods that an object makes meet such a requirement.
pub(super) fn is_met_by(object: &Object<'_>, requirement: &Requirement<'_>) -> bool {
    let (kind, name) = (object.id.gvk.kind.as_str(), object.id.name.as_str());
    let fits = |value: &&str| match (requirement.key, kind) {
        ("job-name" | "batch.kubernetes.io/job-name", "Job") => *value == name,
        ("job-name" | "batch.kubernetes.io/job-name" | "statefulset.kubernetes.io/pod-name", _) => {
            numbered(value, name)
        }
        _ => true,
    };
    givers(requirement.key).contains(&kind)
        && (requirement.operator == Operator::Exists || requirement.values.iter().any(fits))
}

/// The kinds whose pods get a label.
fn givers(key: &str) -> &'static [&'static str] {
    match key {
        "statefulset.kubernetes.io/pod-name" | "apps.kubernetes.io/pod-index" => &["StatefulSet"],
        "controller-revision-hash" => &["StatefulSet", "DaemonSet"],
        "pod-template-generation" => &["DaemonSet"],
        "pod-template-hash" => &["Deployment", "ReplicaSet"],
        "rollouts-pod-template-hash" => &["Rollout"],
        "job-name"
        | "controller-uid"
        | "batch.kubernetes.io/job-name"
        | "batch.kubernetes.io/controller-uid"
        | "batch.kubernetes.io/job-completion-index" => &["Job", "CronJob"],
        _ => &[],
    }
}

/// Whether a value is a name, `-` and a number.
fn numbered(value: &str, name: &str) -> bool {
    let number = value.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
