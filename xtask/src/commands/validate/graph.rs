//! Checking the objects of a cluster against each other.

use rayon::prelude::*;

use super::super::Areas;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
    reference, trap,
};

/// Whether anything here is asked for.
pub(super) fn is_in(areas: &Areas) -> bool {
    areas.has("reference") || areas.has("trap")
}

/// Checks clusters, each for itself and all together.
pub(super) fn check(clusters: &[Cluster<'_>], areas: &Areas) -> Vec<Diagnostic<Anchor>> {
    let each = |cluster: &Cluster<'_>| {
        let mut diagnostics = Vec::new();
        if areas.has("reference") {
            reference::check(cluster, &mut diagnostics);
        }
        if areas.has("trap") {
            trap::check(cluster, &mut diagnostics);
        }
        diagnostics
    };
    let mut diagnostics: Vec<_> = clusters.par_iter().flat_map_iter(each).collect();
    if areas.has("trap") {
        trap::check_across(clusters, &mut diagnostics);
    }
    diagnostics
}
