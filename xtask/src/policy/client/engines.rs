//! The engines of one thread, each compiled when it is first needed.

use std::collections::{BTreeMap, btree_map::Entry};

use anyhow::Result;

use crate::policy::{
    inventory::Inventory,
    rego::{Evaluator, Module},
};

/// The engines of one thread.
#[derive(Debug, Default)]
pub struct Engines {
    /// By the number of the code.
    engines: BTreeMap<u64, Engine>,
}

#[derive(Debug)]
struct Engine {
    evaluator: Evaluator,
    /// The number of the inventory that it has.
    inventory: Option<u64>,
}

impl Engines {
    /// The engine of some code, with an inventory if it reads one.
    pub(super) fn engine(
        &mut self,
        code: u64,
        module: &Module,
        inventory: &Inventory<'_>,
    ) -> Result<&mut Evaluator> {
        let engine = match self.engines.entry(code) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                entry.insert(Engine { evaluator: Evaluator::new(module)?, inventory: None })
            }
        };
        if module.uses_inventory() && engine.inventory != Some(inventory.number) {
            engine.evaluator.set_inventory(inventory.value())?;
            engine.inventory = Some(inventory.number);
        }
        Ok(&mut engine.evaluator)
    }
}
