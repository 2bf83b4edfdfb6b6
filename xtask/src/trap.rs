//! Traps: what every schema allows, and what does harm in the systems that are deployed here.
//!
//! One file per rule, and all of them are registered here. Invariant: a rule says which release of
//! which system behaves as it says. What is sure to fail is an error, what is likely to is a
//! warning. Rules about how this repository is meant to be, beside what the systems do, look at
//! environments only: files may be anybody's.

mod acme_client_auth;
mod autoscaled_replicas;
mod blocked_drain;
mod certificate;
mod certificate_key;
mod certificate_renewal;
mod constraint_order;
mod dns_egress;
mod external_dns;
mod external_dns_owner;
mod http_challenge;
pub mod image;
mod image_digest;
mod image_tag;
mod matched_label;
mod metadata_address;
mod mongodb;
mod mongodb_client;
mod mongodb_member;
mod password_in_clear;
mod pod_security;
mod program;
mod retired;
mod secret_in_clear;
mod stale_secret;
mod test_issuer;
mod volume_rollout;

use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
    yaml::Node,
};

/// A rule: adds what it finds in a cluster.
type Rule = fn(&Cluster<'_>, &mut Vec<Diagnostic<Anchor>>);

/// A rule about what several clusters must not share.
type RuleAcross = fn(&[Cluster<'_>], &mut Vec<Diagnostic<Anchor>>);

/// All rules.
const RULES: &[Rule] = &[
    external_dns::policy,
    external_dns::annotations,
    external_dns::replicas,
    external_dns_owner::default,
    certificate_key::check,
    certificate_renewal::check,
    acme_client_auth::check,
    http_challenge::wildcards,
    test_issuer::check,
    mongodb_client::check,
    mongodb_member::check,
    stale_secret::check,
    constraint_order::check,
    image_tag::check,
    image_digest::check,
    retired::images,
    retired::ingresses,
    secret_in_clear::check,
    password_in_clear::check,
    pod_security::check,
    metadata_address::check,
    dns_egress::check,
    volume_rollout::check,
    matched_label::check,
    autoscaled_replicas::check,
    blocked_drain::check,
];

/// All rules about several clusters.
const RULES_ACROSS: &[RuleAcross] = &[external_dns_owner::shared, http_challenge::two_clusters];

/// Looks for traps in a cluster.
pub fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for rule in RULES {
        rule(cluster, out);
    }
}

/// Looks for traps between clusters.
pub fn check_across(clusters: &[Cluster<'_>], out: &mut Vec<Diagnostic<Anchor>>) {
    for rule in RULES_ACROSS {
        rule(clusters, out);
    }
}

/// The items of the list at the end of a path; none if there is no list.
fn items<'a>(node: &'a Node, path: &[&str]) -> &'a [Node] {
    node.at(path).and_then(Node::as_sequence).unwrap_or_default()
}

/// The number at the end of a path.
fn integer(node: &Node, path: &[&str]) -> Option<i64> {
    node.at(path)?.scalar_text()?.parse().ok()
}
