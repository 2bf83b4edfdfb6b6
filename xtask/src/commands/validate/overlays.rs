//! Checking what overlays build to.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::super::render::Inspect;
use crate::{
    repository::Built,
    schema::{Store, custom::CustomKinds},
};

/// Checks the objects of each overlay; an environment is one cluster, so that what one overlay
/// defines holds for all of it.
pub(super) struct Inspection<'a> {
    store: &'a Store,
    /// By environment, then by overlay: the order in which they are built does not matter.
    custom: Mutex<BTreeMap<String, BTreeMap<String, CustomKinds>>>,
}

impl<'a> Inspection<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, custom: Mutex::default() }
    }
}

impl Inspect for Inspection<'_> {
    /// Checks the objects of Kubernetes' own kinds, and keeps what the overlay defines.
    fn first(&self, built: &mut Built) -> bool {
        let Some(build) = &built.build else { return false };
        let mut custom = CustomKinds::default();
        let mut has_custom_objects = false;
        for resource in &build.resources {
            custom.add(&resource.node, &mut built.diagnostics);
            if self.store.may_be_custom(&resource.node) {
                has_custom_objects = true;
            } else {
                self.store.check(&resource.node, &mut built.diagnostics);
            }
        }
        if !custom.is_empty() {
            let mut all = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
            let overlays = all.entry(built.overlay.env.clone()).or_default();
            overlays.insert(built.overlay.path.clone(), custom);
        }
        has_custom_objects
    }

    /// Checks the objects of custom kinds.
    fn second(&self, built: &mut Built) {
        let Some(build) = &built.build else { return };
        let mut custom = CustomKinds::default();
        {
            let all = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
            let overlays = all.get(&built.overlay.env).into_iter().flat_map(BTreeMap::values);
            overlays.for_each(|one| custom.merge(one));
        }
        let store = self.store.with_custom(custom);
        for resource in &build.resources {
            if store.may_be_custom(&resource.node) {
                store.check(&resource.node, &mut built.diagnostics);
            }
        }
    }
}
