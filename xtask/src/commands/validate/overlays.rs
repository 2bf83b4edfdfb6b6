//! Checking what overlays build to.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{super::render::Inspect, graph};
use crate::{
    cluster::{Cluster, Object, World},
    diag::Report,
    repository::Built,
    schema::{Store, custom::CustomKinds},
    source::Sources,
};

/// Checks the objects of each overlay, then those of each environment against each other: an
/// environment is one cluster, so that what one overlay defines holds for all of it.
pub(super) struct Inspection<'a> {
    store: &'a Store,
}

impl<'a> Inspection<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// Checks the objects of custom kinds, with what all overlays of the environment define.
    fn custom(&self, overlays: &mut [&mut Built]) {
        let mut custom: BTreeMap<String, CustomKinds> = BTreeMap::new();
        for built in overlays.iter_mut() {
            let kinds = custom.entry(built.overlay.env.clone()).or_default();
            for resource in built.build.iter().flat_map(|build| &build.resources) {
                kinds.add(&resource.node, &mut built.diagnostics);
            }
        }
        let stores: BTreeMap<&str, Store> = custom
            .iter()
            .map(|(env, kinds)| (env.as_str(), self.store.with_custom(kinds.clone())))
            .collect();
        overlays.par_iter_mut().for_each(|built| {
            let Built { overlay, build, diagnostics, .. } = &mut **built;
            let Some(store) = stores.get(overlay.env.as_str()) else { return };
            for resource in build.iter().flat_map(|build| &build.resources) {
                if store.may_be_custom(&resource.node) {
                    store.check(&resource.node, diagnostics);
                }
            }
        });
    }
}

impl Inspect for Inspection<'_> {
    /// Checks the objects of Kubernetes' own kinds.
    fn one(&self, built: &mut Built) -> bool {
        let resources = built.build.iter().flat_map(|build| &build.resources);
        for resource in resources.filter(|one| !self.store.may_be_custom(&one.node)) {
            self.store.check(&resource.node, &mut built.diagnostics);
        }
        true
    }

    fn all(&self, overlays: &mut [&mut Built], report: &mut Report) {
        self.custom(overlays);
        let units: Vec<&Sources> = overlays.iter().map(|built| &built.sources).collect();
        let mut objects: BTreeMap<&str, (World, Vec<Object<'_>>)> = BTreeMap::new();
        for (unit, built) in overlays.iter().enumerate() {
            let (world, objects) =
                objects.entry(&built.overlay.env).or_insert((World::Closed, Vec::new()));
            match &built.build {
                // What this overlay would have made is not known.
                None => *world = World::Open,
                Some(build) => {
                    let app = built.overlay.app.as_str();
                    let one = |node| Object::new(node, unit, app);
                    objects.extend(build.resources.iter().map(|resource| one(&resource.node)));
                }
            }
        }
        let clusters: Vec<Cluster<'_>> = objects
            .into_iter()
            .map(|(env, (world, objects))| Cluster::new(env, world, objects))
            .collect();
        graph::check(&clusters, &units, report);
    }
}
