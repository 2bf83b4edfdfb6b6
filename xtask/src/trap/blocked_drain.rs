//! A disruption budget that lets no pod go.
//!
//! A node is drained by evicting its pods, and a budget that always wants all of them refuses each
//! eviction: upgrades of the nodes wait until somebody deletes a pod by hand. Source: "Specifying a
//! Disruption Budget for your Application" of Kubernetes' documentation, all releases.

use std::collections::BTreeSet;

use super::integer;
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let scaled = scaled(cluster);
    for budget in cluster.of_kind("policy", "PodDisruptionBudget") {
        let field = |name| budget.node.at(&["spec", name]).filter(|at| !at.is_null());
        let Some(selector) = field("selector").and_then(Selector::of) else { continue };
        let pods = cluster.selected(&budget.namespace(), &selector);
        let makers: Vec<&Object<'_>> = pods.iter().map(|pod| cluster.object_of(pod)).collect();
        if makers.is_empty() {
            continue;
        }
        let (at, says, because) = if let Some(at) = field("maxUnavailable") {
            let Some(text @ ("0" | "0%")) = at.scalar_text() else { continue };
            (at, format!("`maxUnavailable` is {text}"), None)
        } else if let Some(at) = field("minAvailable") {
            if at.scalar_text() == Some("100%") {
                (at, "`minAvailable` is 100%".to_owned(), None)
            } else {
                let Some(wanted) = integer(budget.node, &["spec", "minAvailable"]) else {
                    continue;
                };
                let is_scaled = |maker: &&Object<'_>| scaled.contains(&key(maker));
                let replicas = makers.iter().map(|maker| replicas(maker)).sum::<Option<i64>>();
                let Some(replicas) = replicas.filter(|_| !makers.iter().any(is_scaled)) else {
                    continue;
                };
                if wanted < replicas || replicas == 0 {
                    continue;
                }
                let says = format!("`minAvailable` is {wanted}, of {replicas} replicas");
                (at, says, makers.first())
            }
        } else {
            continue;
        };
        let message =
            format!("{budget} lets no pod go, so that its nodes cannot be drained: {says}");
        let diagnostic = budget
            .warning(codes::TRAP_BLOCKED_DRAIN, message, at)
            .with_help("set `maxUnavailable: 1`, which is right for any number of replicas");
        let replicas_at = |maker: &Object<'_>| match maker.node.at(&["spec", "replicas"]) {
            Some(at) => maker.at(at.span),
            None => maker.name_anchor(),
        };
        out.push(match because {
            Some(maker) => diagnostic.with_related(replicas_at(maker), "how many there are"),
            None => diagnostic,
        });
    }
}

type Key<'a> = (&'a str, String, &'a str);

fn key<'a>(object: &'a Object<'_>) -> Key<'a> {
    (&object.id.gvk.kind, object.namespace().to_string(), &object.id.name)
}

/// What an autoscaler scales.
fn scaled<'a>(cluster: &Cluster<'a>) -> BTreeSet<Key<'a>> {
    let scalers = cluster
        .of_kind("autoscaling", "HorizontalPodAutoscaler")
        .chain(cluster.of_kind("keda.sh", "ScaledObject"));
    let target = |scaler: &Object<'a>| {
        let target = scaler.node.at(&["spec", "scaleTargetRef"])?;
        let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
        Some((kind, scaler.namespace().to_string(), target.text_at(&["name"])?))
    };
    scalers.filter_map(target).collect()
}

/// How many pods an object makes, if it says so.
fn replicas(maker: &Object<'_>) -> Option<i64> {
    let is_scalable = maker.id.gvk.group == "apps" && maker.id.gvk.kind != "DaemonSet";
    let replicas = maker.node.at(&["spec", "replicas"]);
    match replicas.and_then(Node::scalar_text) {
        _ if !is_scalable => None,
        None => Some(1),
        Some(text) => text.parse().ok(),
    }
}
