//! A Secret that something renews, mounted so that the renewal is never seen.
//!
//! The kubelet brings a changed Secret into the pods that mount it, but not into a mount with
//! `subPath`: that is a copy from when the container was started. A certificate then expires in a
//! running pod although the Secret has the next one. Source: "Using Secrets as files from a Pod" of
//! Kubernetes' documentation, all releases. For what only changes with a deployment it does no harm.

use std::collections::BTreeMap;

use super::{certificate::certificates, items};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::Text,
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let renewed = renewed(cluster);
    if renewed.is_empty() {
        return;
    }
    for workload in cluster.workloads() {
        let object = cluster.object_of(workload);
        // The volumes of Secrets that are renewed, each with one of these and what renews it.
        let namespace = Text::from(workload.namespace());
        let volumes: BTreeMap<&str, (&str, &Object<'_>)> = items(workload.spec, &["volumes"])
            .iter()
            .filter_map(|volume| {
                let sources = items(volume, &["projected", "sources"]).iter();
                let projected = sources.filter_map(|source| source.text_at(&["secret", "name"]));
                let own = volume.text_at(&["secret", "secretName"]);
                let found = own
                    .into_iter()
                    .chain(projected)
                    .find_map(|secret| Some((secret, *renewed.get(&(namespace.clone(), secret))?)));
                Some((volume.text_at(&["name"])?, found?))
            })
            .collect();
        for container in workload.containers() {
            for mount in items(container.node, &["volumeMounts"]) {
                let at = ["subPath", "subPathExpr"].iter().find_map(|field| {
                    mount
                        .get(field)
                        .filter(|path| path.as_str().is_some_and(|path| !path.is_empty()))
                });
                let volume = mount.text_at(&["name"]).and_then(|name| volumes.get(name));
                let (Some(at), Some((secret, by))) = (at, volume) else { continue };
                let path = workload.field(&container.path());
                let message = format!(
                    "`{path}` of {object} never sees a renewal of Secret `{secret}` by {by}: its mount has a `subPath`"
                );
                out.push(
                    object
                        .warning(codes::TRAP_STALE_SECRET, message, at)
                        .with_related(by.name_anchor(), "what renews it")
                        .with_help("mount the whole volume into a directory of its own"),
                );
            }
        }
    }
}

/// The Secrets that something renews, by namespace and name.
fn renewed<'c, 'a>(cluster: &'c Cluster<'a>) -> BTreeMap<(Text, &'a str), &'c Object<'a>> {
    let mut renewed = BTreeMap::new();
    for certificate in certificates(cluster) {
        if let Some(secret) = certificate.secret() {
            renewed.insert((certificate.object.namespace(), secret), certificate.object);
        }
    }
    for external in cluster.of_kind("external-secrets.io", "ExternalSecret") {
        let name = external
            .node
            .text_at(&["spec", "target", "name"])
            .or_else(|| external.node.text_at(&["metadata", "name"]));
        if let Some(name) = name {
            renewed.insert((external.namespace(), name), external);
        }
    }
    renewed
}
