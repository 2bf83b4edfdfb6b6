//! Traps: what every schema allows, and what does harm in the systems that are deployed here.
//!
//! One file per rule, and all of them are registered here. Invariant: a rule says which release of
//! which system behaves as it says.

use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
};

/// A rule: adds what it finds in a cluster.
type Rule = fn(&Cluster<'_>, &mut Vec<Diagnostic<Anchor>>);

/// A rule about what several clusters must not share.
type RuleAcross = fn(&[Cluster<'_>], &mut Vec<Diagnostic<Anchor>>);

/// All rules.
const RULES: &[Rule] = &[];

/// All rules about several clusters.
const RULES_ACROSS: &[RuleAcross] = &[];

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
