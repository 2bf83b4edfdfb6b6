//! The kinds that Kubernetes has and that make Pods.
//!
//! A cluster refuses a Pod of a Deployment when the controller makes it, and the rollout hangs; so
//! what makes Pods is reviewed as if the Pods were there.

use std::sync::Arc;

use super::{Context, Resultant, resultant};
use crate::{
    policy::review::Origin,
    resource::Gvk,
    yaml::{Node, Text},
};

/// Group and kind of what makes something, where that is described, and the group, version and kind
/// of it.
const BUILT_IN: &[(&str, &str, &[&str], [&str; 3])] = &[
    ("apps", "DaemonSet", &["spec", "template"], POD),
    ("apps", "Deployment", &["spec", "template"], POD),
    ("apps", "ReplicaSet", &["spec", "template"], POD),
    ("apps", "StatefulSet", &["spec", "template"], POD),
    ("batch", "CronJob", &["spec", "jobTemplate"], ["batch", "v1", "Job"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"], POD),
    ("batch", "Job", &["spec", "template"], POD),
    ("", "ReplicationController", &["spec", "template"], POD),
];

const POD: [&str; 3] = ["", "v1", "Pod"];

/// Adds what is made of an object. What it does not describe is not made.
pub(super) fn expand(
    object: &Node,
    gvk: &Gvk,
    (namespace, mutators): Context<'_>,
    found: &mut Vec<Resultant>,
) -> Result<(), String> {
    let of_kind = BUILT_IN.iter().filter(|one| one.0 == gvk.group && one.1 == gvk.kind);
    for (_, kind, path, [group, version, made]) in of_kind {
        let source = object.at(path).filter(|source| source.as_mapping().is_some());
        let Some(source) = source else { continue };
        let made = Gvk { group: (*group).into(), version: (*version).into(), kind: (*made).into() };
        let mut object = resultant(source, object, &made, namespace);
        mutators.apply(&mut object, namespace, Origin::Generated)?;
        found.push(Resultant {
            object: Arc::new(object),
            template: Text::from(format!("the {}s of this {kind}", made.kind)),
            action: None,
        });
    }
    Ok(())
}
