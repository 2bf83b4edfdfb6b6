//! References between the objects of a cluster: what names or selects what, and whether that is
//! there.
//!
//! Invariant: nothing here knows policies or reads files; a check is one function over a
//! [`Cluster`], and each of its diagnostics has the place of the reference and, where there is
//! one, the place of what it refers to.

mod affinity;
mod argocd;
mod budget;
mod foreign;
mod monitor;
mod nearest;
mod policy_selector;
mod ports;
mod route;
mod selection;
mod service;
mod target;

pub use argocd::directories;

use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic},
};

mod access;
mod backends;
mod certificates;
mod data;
mod field;
mod fields;
mod kinds;
mod marks;
mod missing;
mod name;
mod namespaces;
mod parts;
mod pods;
mod produced;
mod resolve;
mod storage;
mod sub_path;
mod targets;
mod unused;

pub use field::Field;
pub use name::{Kind, Part, Reference, Target, Visit};

use missing::Checker;
use name::Collector;
use resolve::Resolver;

/// A check: adds what it finds.
type Check = fn(&Cluster<'_>, &mut Vec<Diagnostic<Anchor>>);

/// All checks, beside that of the references by name.
const CHECKS: &[Check] = &[
    service::check,
    foreign::check,
    budget::check,
    affinity::check,
    route::check,
    policy_selector::check,
    monitor::check,
    argocd::check,
];

/// Checks the references of a cluster, and returns how many there are by name.
pub fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) -> usize {
    for check in CHECKS {
        check(cluster, out);
    }
    by_name(cluster, out)
}

/// Calls `visit` with each reference by name.
pub fn visit_names<'a>(cluster: &Cluster<'a>, visit: &mut Visit<'_, 'a>) {
    for workload in cluster.workloads() {
        let mut collector = Collector::new(cluster.object_of(workload), visit);
        pods::references(workload, &mut collector);
    }
    let cluster_namespace = certificates::cluster_namespace(cluster);
    for object in cluster.objects() {
        let root = Field::root(object.node);
        let mut collector = Collector::new(object, visit);
        access::references(&root, &mut collector);
        backends::references(&root, &mut collector);
        certificates::references(&root, &cluster_namespace, &mut collector);
        fields::references(&root, &mut collector);
        storage::references(&root, &mut collector);
        targets::references(&root, cluster, &mut collector);
    }
}

/// Whether what is named is there.
fn by_name(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) -> usize {
    let resolver = Resolver::new(cluster);
    let mut checker = Checker::new(&resolver, out);
    visit_names(cluster, &mut |reference| checker.check(reference));
    for workload in cluster.workloads() {
        sub_path::check(workload, &mut checker);
    }
    let Checker { keys, used, count, .. } = checker;
    unused::check(cluster, &keys.marks, &used, out);
    namespaces::check(&resolver, out);
    count
}

#[cfg(test)]
mod tests;
