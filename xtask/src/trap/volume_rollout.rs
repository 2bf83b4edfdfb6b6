//! A Deployment that waits for itself, since its volume is for one node or one pod.
//!
//! A rolling update starts the new pod before the old one ends. With a volume that only one node can
//! have (`ReadWriteOnce`) the new pod waits for as long as it is put on another node; with one for one
//! pod (`ReadWriteOncePod`) always. Source: "Access Modes" in "Persistent Volumes" of Kubernetes'
//! documentation, all releases, and 1.29 for the second.

use super::items;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for workload in cluster.workloads() {
        let deployment = cluster.object_of(workload);
        if !deployment.is("apps", "Deployment") || !starts_new_pods_first(deployment.node) {
            continue;
        }
        for volume in items(workload.spec, &["volumes"]) {
            let path = ["persistentVolumeClaim", "claimName"];
            let (Some(name), Some(at)) = (volume.text_at(&path), volume.at(&path)) else {
                continue;
            };
            let claim = cluster.find("", "PersistentVolumeClaim", workload.namespace(), name);
            let Some(claim) = claim else { continue };
            let modes = items(claim.node, &["spec", "accessModes"]);
            let names: Vec<&str> = modes.iter().filter_map(Node::as_str).collect();
            let says = match names.as_slice() {
                ["ReadWriteOncePod"] => "one pod, and the new one waits for the old one",
                ["ReadWriteOnce"] => "one node, and a new pod on another waits for the old one",
                _ => continue,
            };
            let message = format!("a rollout of {deployment} may never end: {claim} is for {says}");
            let related = claim.at(modes.first().unwrap_or(claim.node).span);
            out.push(
                deployment
                    .warning(codes::TRAP_VOLUME_ROLLOUT, message, at)
                    .with_related(related, "who can use it")
                    .with_help("set `spec.strategy.type: Recreate`, or use a StatefulSet"),
            );
        }
    }
}

/// Whether an update starts new pods while the old ones are there.
fn starts_new_pods_first(deployment: &Node) -> bool {
    let surge = deployment.at(&["spec", "strategy", "rollingUpdate", "maxSurge"]);
    let surge = surge.and_then(Node::scalar_text).unwrap_or("25%");
    deployment.text_at(&["spec", "strategy", "type"]) != Some("Recreate")
        && !matches!(surge, "0" | "0%")
}
