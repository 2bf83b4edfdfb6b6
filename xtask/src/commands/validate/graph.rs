//! Checking the objects of a cluster against each other.

use rayon::prelude::*;

use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
    reference, trap,
};

/// Checks clusters, each for itself and all together.
pub(super) fn check(clusters: &[Cluster<'_>]) -> Vec<Diagnostic<Anchor>> {
    let each = |cluster: &Cluster<'_>| {
        let mut diagnostics = Vec::new();
        reference::check(cluster, &mut diagnostics);
        trap::check(cluster, &mut diagnostics);
        diagnostics
    };
    let mut diagnostics: Vec<_> = clusters.par_iter().flat_map_iter(each).collect();
    trap::check_across(clusters, &mut diagnostics);
    diagnostics
}
