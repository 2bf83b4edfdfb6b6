//! References between the objects of a cluster: what names or selects what, and whether that is
//! there.
//!
//! Invariant: nothing here knows policies or reads files; a check is one function over a
//! [`Cluster`], and each of its diagnostics has the place of the reference and, where there is
//! one, the place of what it refers to.

mod affinity;
mod budget;
mod foreign;
mod nearest;
mod policy_selector;
mod ports;
mod route;
mod selection;
mod service;
mod target;

use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
};

/// A check: adds what it finds.
type Check = fn(&Cluster<'_>, &mut Vec<Diagnostic<Anchor>>);

/// All checks.
const CHECKS: &[Check] = &[
    service::check,
    foreign::check,
    budget::check,
    affinity::check,
    route::check,
    policy_selector::check,
];

/// Checks the references of a cluster.
pub fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for check in CHECKS {
        check(cluster, out);
    }
}
