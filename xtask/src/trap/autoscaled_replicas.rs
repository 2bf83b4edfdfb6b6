//! A number of replicas that is written down for what is scaled automatically.
//!
//! Each time the workload is applied its `replicas` is put back to what is written, and the autoscaler
//! begins anew: in the middle of the day, under load. Argo CD reports the difference and, with
//! `selfHeal`, does so all the time. Source: "Horizontal Pod Autoscaling" of
//! Kubernetes' documentation, on migrating to it, and "Best Practices" of Argo CD's.

use super::items;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// Where an autoscaler writes what it scales, by its group and kind.
const AUTOSCALERS: &[(&str, &str)] =
    &[("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")];

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if is_left_to_the_cluster(cluster) {
        return;
    }
    for &(group, kind) in AUTOSCALERS {
        for scaler in cluster.of_kind(group, kind) {
            let Some(target) = scaler.node.at(&["spec", "scaleTargetRef"]) else { continue };
            let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
            let Some(name) = target.text_at(&["name"]) else { continue };
            let Some(scaled) = cluster.find("apps", kind, &scaler.namespace(), name) else {
                continue;
            };
            let Some(replicas) = scaled.node.at(&["spec", "replicas"]).filter(|at| !at.is_null())
            else {
                continue;
            };
            let written = replicas.scalar_text().unwrap_or_default();
            let message = format!(
                "{scaler} scales {scaled}, which is put back to `replicas: {written}` each time it is applied"
            );
            out.push(
                scaled
                    .warning(codes::TRAP_AUTOSCALED_REPLICAS, message, replicas)
                    .with_related(scaler.at(target.span), "what scales it")
                    .with_help("leave `replicas` out"),
            );
        }
    }
}

/// Whether an Application tells Argo CD to leave the number of replicas alone.
fn is_left_to_the_cluster(cluster: &Cluster<'_>) -> bool {
    cluster.of_kind("argoproj.io", "Application").any(|application| {
        items(application.node, &["spec", "ignoreDifferences"]).iter().any(|one| {
            let pointers = items(one, &["jsonPointers"]).iter();
            let expressions = items(one, &["jqPathExpressions"]).iter();
            let mut all = pointers.chain(expressions).filter_map(Node::as_str);
            all.any(|path| path.ends_with("replicas"))
        })
    })
}
