//! Checking the objects of a cluster against each other.

use rayon::prelude::*;

use crate::{cluster::Cluster, diag::Report, reference, source::Sources, trap};

/// Checks clusters, each for itself and all together. `units` are the sources that the places in the
/// objects are of.
pub(super) fn check(clusters: &[Cluster<'_>], units: &[&Sources], report: &mut Report) {
    let each = |cluster: &Cluster<'_>| {
        let mut diagnostics = Vec::new();
        reference::check(cluster, &mut diagnostics);
        trap::check(cluster, &mut diagnostics);
        diagnostics
    };
    let mut diagnostics: Vec<_> = clusters.par_iter().flat_map_iter(each).collect();
    trap::check_across(clusters, &mut diagnostics);
    report.add_across(&diagnostics, units);
}
