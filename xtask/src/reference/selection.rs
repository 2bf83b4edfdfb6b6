//! What a selector selects, found once for all objects that select alike.

use std::{collections::BTreeMap, rc::Rc};

use super::{foreign, ports::Ports};
use crate::{
    cluster::{Cluster, Selector, Workload},
    yaml::Text,
};

/// The selections of a cluster.
pub(super) struct Selections<'c, 'a> {
    pub cluster: &'c Cluster<'a>,
    known: BTreeMap<(Text, Selector<'a>), Rc<Selection<'c, 'a>>>,
}

/// The pods that a selector selects in a namespace.
pub(super) struct Selection<'c, 'a> {
    /// What makes them, in order.
    pub workloads: Vec<&'c Workload<'a>>,
    /// The first that is of another application than the first of all.
    pub other: Option<&'c Workload<'a>>,
    /// The ports that their containers declare.
    pub ports: Ports<'a>,
}

impl<'c, 'a> Selections<'c, 'a> {
    pub fn new(cluster: &'c Cluster<'a>) -> Self {
        Self { cluster, known: BTreeMap::new() }
    }

    /// What a selector selects in a namespace.
    pub fn get(&mut self, namespace: &Text, selector: &Selector<'a>) -> Rc<Selection<'c, 'a>> {
        let key = (namespace.clone(), selector.clone());
        let cluster = self.cluster;
        let selection = self.known.entry(key).or_insert_with(|| {
            let workloads = cluster.selected(namespace, selector);
            let mut ports = Ports::default();
            for workload in &workloads {
                ports.add(workload, cluster.object_of(workload));
            }
            let other = foreign::first_other(&workloads, cluster);
            Rc::new(Selection { workloads, other, ports })
        });
        Rc::clone(selection)
    }
}
