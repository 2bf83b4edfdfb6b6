//! Checking the objects of a cluster against each other.

use rayon::prelude::*;

use super::super::Areas;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
    policy::{self, client::Driver},
    reference,
    source::Sources,
    trap,
};

/// What is asked for.
pub(super) struct Asked {
    pub areas: Areas,
    /// What evaluates a policy that is written in Rego and in CEL.
    pub driver: Driver,
}

impl Asked {
    /// Whether anything is asked for that is found by looking at a whole cluster.
    pub fn is_about_clusters(&self) -> bool {
        ["reference", "trap", "policy"].iter().any(|area| self.areas.has(area))
    }
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
pub(super) fn check(clusters: &[Cluster<'_>], units: &[&Sources], asked: &Asked) -> Found {
    let areas = &asked.areas;
    let compile = || policy::Codes::compile(clusters, units, asked.driver);
    let codes = areas.has("policy").then(compile);
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
