//! Checking what overlays build to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path},
};

use rayon::prelude::*;

use super::{
    super::{Settings, render::Inspect},
    graph::{self, Asked},
};
use crate::{
    cluster::{Cluster, Object, World},
    diag::{Anchor, Diagnostic, Report},
    reference,
    repository::Built,
    resource::{Provenance, explain_place, provenance},
    schema::{Store, custom::CustomKinds},
    source::{Sources, Span},
    yaml::Node,
};

/// Checks the objects of each overlay, then those of each environment against each other: an
/// environment is one cluster, so that what one overlay defines holds for all of it.
pub(super) struct Inspection<'a> {
    pub store: &'a Store,
    pub settings: &'a Settings,
    pub asked: &'a Asked,
    pub root: &'a Path,
    /// How many kinds the objects are of, which is known afterwards.
    pub kinds: usize,
    /// How many references by name they have, which is known afterwards.
    pub references: usize,
    /// How many constraints they were reviewed with, which is known afterwards.
    pub constraints: usize,
}

impl Inspection<'_> {
    /// Checks the objects of custom kinds, with what all overlays of the environment define.
    fn custom(&self, overlays: &mut [&mut Built]) {
        let mut environments: BTreeMap<String, Vec<&mut Built>> = BTreeMap::new();
        for built in overlays.iter_mut() {
            environments.entry(built.overlay.env.clone()).or_default().push(built);
        }
        let define = |(environment, overlays): (String, Vec<&mut Built>)| {
            let mut kinds = CustomKinds::default();
            for built in overlays {
                for resource in built.build.iter().flat_map(|build| &build.resources) {
                    kinds.add(&resource.node, &mut built.diagnostics);
                }
            }
            (environment, self.store.with_custom(kinds))
        };
        let stores: BTreeMap<String, Store> = environments.into_par_iter().map(define).collect();
        overlays.par_iter_mut().for_each(|built| {
            if let Some(store) = stores.get(&built.overlay.env) {
                check(built, store, |node| store.may_be_custom(node));
            }
        });
    }
}

/// Checks some of the objects of an overlay.
fn check(built: &mut Built, store: &Store, is_wanted: impl Fn(&Node) -> bool) {
    let Some(build) = &built.build else { return };
    for resource in build.resources.iter().filter(|one| is_wanted(&one.node)) {
        let mut found = Vec::new();
        store.check(&resource.node, &mut found);
        let places = found.iter().map(|one| one.primary).collect();
        let why = provenance(resource, &places, &build.origins, &built.sources);
        for one in &mut found {
            one.related.extend(why.get(&one.primary).cloned().unwrap_or_default());
        }
        built.diagnostics.append(&mut found);
    }
}

impl Inspect for Inspection<'_> {
    /// Checks the objects of Kubernetes' own kinds.
    fn one(&self, built: &mut Built) -> bool {
        if !self.asked.areas.has("schema") {
            return self.asked.is_about_clusters();
        }
        check(built, self.store, |node| !self.store.may_be_custom(node));
        true
    }

    fn all(&mut self, overlays: &mut [&mut Built], report: &mut Report) {
        if self.asked.areas.has("schema") {
            self.custom(overlays);
            let builds = overlays.iter().flat_map(|built| &built.build);
            let gvks: BTreeSet<_> =
                builds.flat_map(|build| &build.resources).map(|one| one.id().gvk.clone()).collect();
            self.kinds = gvks.len();
        }
        if !self.asked.is_about_clusters() {
            return;
        }
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
            .map(|cluster| self.settings.declare(cluster))
            .map(|cluster| with_directories(cluster, self.root))
            .collect();
        let mut found = graph::check(&clusters, &units, self.asked);
        self.references = found.references;
        self.constraints = found.constraints;
        explain(&mut found.diagnostics, overlays);
        report.add_across(&found.diagnostics, &units);
    }
}

/// With those of the directories that Argo CD is to sync which there are.
fn with_directories<'a>(cluster: Cluster<'a>, root: &Path) -> Cluster<'a> {
    let paths = reference::directories(&cluster).into_iter();
    let there = paths.filter(|path| is_directory(root, path)).map(str::to_owned);
    let there = there.collect();
    cluster.with_directories(there)
}

/// Whether there is a directory in the repository. That of an overlay is there when it is rendered.
fn is_directory(root: &Path, path: &str) -> bool {
    let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let overlay = path.strip_prefix("rendered/").map(|path| root.join("overlays").join(path));
    is_inside && overlay.unwrap_or_else(|| root.join(path)).is_dir()
}

/// Adds where the values came from that the diagnostics between objects are about.
fn explain(found: &mut [Diagnostic<Anchor>], overlays: &[&mut Built]) {
    let mut places: BTreeMap<usize, BTreeSet<Span>> = BTreeMap::new();
    // What a secret value overrides may be a secret as well.
    for one in found.iter().filter(|one| !one.primary.is_secret) {
        places.entry(one.primary.unit).or_default().insert(one.primary.span);
    }
    let why: BTreeMap<usize, Provenance> = places
        .into_iter()
        .filter_map(|(unit, places)| Some((unit, provenance_in(overlays.get(unit)?, &places))))
        .collect();
    for one in found.iter_mut().filter(|one| !one.primary.is_secret) {
        let at = one.primary;
        let places = why.get(&at.unit).and_then(|why| why.get(&at.span));
        for (span, text) in places.into_iter().flatten() {
            one.related.push((Anchor { span: *span, ..at }, text.clone()));
        }
    }
}

/// What explains places of an overlay.
fn provenance_in(built: &Built, places: &BTreeSet<Span>) -> Provenance {
    let Some(build) = &built.build else { return Provenance::new() };
    let mut all = Provenance::new();
    for resource in &build.resources {
        for (place, why) in provenance(resource, places, &build.origins, &built.sources) {
            explain_place(&mut all, place, why);
        }
    }
    all
}
