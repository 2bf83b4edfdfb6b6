//! ExternalDNS: what it must be told, and the annotations that it reads.
//!
//! Since v0.22.0 the flag `--policy` has no default and is required, and annotations begin with
//! `external-dns.kubernetes.io/` unless `--annotation-prefix` says otherwise; before, they began with
//! `external-dns.alpha.kubernetes.io/`. With the other prefix an annotation is not there for it:
//! names are not published, and under `--policy=sync` those that were are removed. It has no leader
//! election, so two replicas work against each other. Source: its pages of flags at v0.21.0 and
//! v0.22.0, and the changelog of the chart.

use std::collections::BTreeSet;

use super::{
    integer,
    program::{Program, Setting, programs},
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Entry, Node},
};

/// What its variables begin with.
pub(super) const VARIABLES: &str = "EXTERNAL_DNS";

const BEFORE: &str = "external-dns.alpha.kubernetes.io/";
const SINCE_0_22: &str = "external-dns.kubernetes.io/";
/// More prefixes than one cluster ever reads.
const FEW: usize = 10;
const CHANGE: (u32, u32) = (0, 22);

/// What runs it.
pub(super) fn deployed<'c, 'a>(cluster: &'c Cluster<'a>) -> Vec<Program<'c, 'a>> {
    programs(cluster, &["external-dns"], &["external-dns"])
}

/// A release that needs `--policy` is told none.
pub(super) fn policy(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for program in deployed(cluster) {
        let Some((image, at)) = program.image else { continue };
        let is_needed = image.version().is_some_and(|version| version >= CHANGE);
        if is_needed && program.setting(cluster, "policy", VARIABLES) == Setting::Absent {
            let object = program.object;
            let version = image.tag.unwrap_or_default();
            let message = format!(
                "ExternalDNS {version} of {object} does not start: `--policy` is not set, and has no default since v0.22"
            );
            out.push(
                object
                    .error(codes::TRAP_EXTERNAL_DNS_POLICY, message, program.place())
                    .with_related(object.at(at.span), "this release needs it")
                    .with_help(
                        "add `--policy=upsert-only`, or `--policy=sync` where it alone owns the zone",
                    ),
            );
        }
    }
}

/// Annotations that no ExternalDNS of the cluster reads.
pub(super) fn annotations(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let programs = deployed(cluster);
    let prefixes: Option<BTreeSet<String>> =
        programs.iter().map(|program| prefix(program, cluster)).collect();
    // Of one whose prefix is not known, every annotation may be read.
    let (Some(first), Some(prefixes)) = (programs.first(), prefixes) else { return };
    let Some(reads) = prefixes.first() else { return };
    let unread: Vec<&str> =
        [BEFORE, SINCE_0_22].into_iter().filter(|one| !prefixes.contains(*one)).collect();
    let mut check = |object: &Object<'_>, metadata: &Node| {
        let annotations = metadata.get("annotations").and_then(Node::as_mapping);
        let mut found = Vec::new();
        for entry in annotations.into_iter().flatten() {
            let name = unread.iter().find_map(|one| entry.key.strip_prefix(one));
            found.extend(name.map(|name| (name, entry)));
        }
        if found.is_empty() {
            return;
        }
        // Both prefixes at once are how a change of the release is made without a gap.
        let keys: BTreeSet<&str> =
            annotations.into_iter().flatten().map(|entry| entry.key.as_str()).collect();
        let other = |name| prefixes.iter().take(FEW).map(move |read| format!("{read}{name}"));
        found.retain(|(name, _)| !other(*name).any(|key| keys.contains(key.as_str())));
        out.extend(
            found.iter().map(|(_, entry)| unread_annotation(cluster, object, entry, first, reads)),
        );
    };
    for object in cluster.objects() {
        if let Some(metadata) = object.node.get("metadata") {
            check(object, metadata);
        }
    }
    for workload in cluster.workloads().iter().filter(|workload| !workload.path.is_empty()) {
        if let Some(metadata) = workload.metadata {
            check(cluster.object_of(workload), metadata);
        }
    }
}

fn unread_annotation(
    cluster: &Cluster<'_>,
    object: &Object<'_>,
    entry: &Entry,
    program: &Program<'_, '_>,
    reads: &str,
) -> Diagnostic<Anchor> {
    let key = &entry.key;
    let message =
        format!("annotation `{key}` of {object} is not read: the ExternalDNS here reads `{reads}`");
    let code = codes::TRAP_EXTERNAL_DNS_ANNOTATION;
    let at = object.at(entry.key_span);
    let diagnostic = if cluster.is_closed() {
        Diagnostic::error(code, message, at)
    } else {
        Diagnostic::warning(code, message, at)
    };
    let place = program.image.map_or(program.place(), |(_, at)| at);
    diagnostic.with_related(program.object.at(place.span), "the release that reads it").with_help(
        format!("begin the annotation with `{reads}`, or set `--annotation-prefix` of ExternalDNS"),
    )
}

/// What the annotations begin with that it reads.
fn prefix<'a>(program: &Program<'_, 'a>, cluster: &Cluster<'a>) -> Option<String> {
    match program.setting(cluster, "annotation-prefix", VARIABLES) {
        Setting::Unknown => None,
        Setting::Values(values) => Some(values.last()?.0.to_owned()),
        Setting::Absent => {
            let version = program.image?.0.version()?;
            Some(if version < CHANGE { BEFORE } else { SINCE_0_22 }.to_owned())
        }
    }
}

/// More than one replica.
pub(super) fn replicas(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for Program { object, .. } in deployed(cluster) {
        let Some(at) = object.node.at(&["spec", "replicas"]) else { continue };
        if let Some(replicas) = integer(object.node, &["spec", "replicas"]).filter(|&n| n > 1) {
            let message = format!(
                "ExternalDNS of {object} has {replicas} replicas: it elects no leader, so they work against each other"
            );
            out.push(
                object
                    .warning(codes::TRAP_EXTERNAL_DNS_REPLICAS, message, at)
                    .with_help("set `replicas: 1`; it needs to be there only when names change"),
            );
        }
    }
}
