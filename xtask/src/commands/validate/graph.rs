//! Checking the objects of a cluster against each other.

use rayon::prelude::*;

use super::super::Areas;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
    policy, reference,
    source::Sources,
    trap,
};

/// Whether anything here is asked for.
pub(super) fn is_in(areas: &Areas) -> bool {
    ["reference", "trap", "policy"].iter().any(|area| areas.has(area))
}

/// What came of checking clusters.
#[derive(Default)]
pub(super) struct Found {
    pub diagnostics: Vec<Diagnostic<Anchor>>,
    /// How many references by name were looked up.
    pub references: usize,
    /// How many constraints they were reviewed with.
    pub constraints: usize,
}

/// Checks clusters, each for itself and all together. `units` are the sets of sources that the places
/// of their objects are in.
pub(super) fn check(clusters: &[Cluster<'_>], units: &[&Sources], areas: &Areas) -> Found {
    let is_reviewed = areas.has("policy");
    let codes = is_reviewed.then(|| policy::Codes::compile(clusters, units));
    let each = |cluster: &Cluster<'_>| {
        let mut found = Found::default();
        if areas.has("reference") {
            found.references = reference::check(cluster, &mut found.diagnostics);
        }
        if areas.has("trap") {
            trap::check(cluster, &mut found.diagnostics);
        }
        if let Some(codes) = &codes {
            policy::admission::check(cluster, &mut found.diagnostics);
            found.constraints = policy::check(cluster, codes, &mut found.diagnostics);
        }
        found
    };
    let each: Vec<Found> = clusters.par_iter().map(each).collect();
    let mut all = Found::default();
    for mut found in each {
        all.diagnostics.append(&mut found.diagnostics);
        all.references += found.references;
        all.constraints += found.constraints;
    }
    if areas.has("trap") {
        trap::check_across(clusters, &mut all.diagnostics);
    }
    all
}
