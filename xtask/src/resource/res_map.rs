//! The objects of one accumulation, in order, found by any identity that they have or had.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Gvk, PreviousId, ResId, Resource};

/// The objects of one accumulation.
///
/// An object keeps its index also when others are removed.
#[derive(Debug, Default)]
pub struct ResMap {
    slots: Vec<Option<Resource>>,
    /// From the hash of a name to the slots whose object has or had that name together with a
    /// kind and a namespace. A look-up compares the objects themselves, so that a collision costs
    /// time and nothing else.
    by_id: HashMap<u64, Vec<usize>>,
    by_name: HashMap<u64, Vec<usize>>,
}

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn id_hash(id: &PreviousId) -> u64 {
    hash_of((&id.kind, &id.name, &id.namespace))
}

impl ResMap {
    /// The objects in order.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.slots.iter().flatten()
    }

    /// The objects in order, for changes that leave their identities alone. After a change of
    /// identities call [`ResMap::reindex`].
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.slots.iter_mut().flatten()
    }

    /// The indices of the objects in order.
    pub fn indices(&self) -> impl Iterator<Item = usize> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.is_some()).map(|(index, _)| index)
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The object at an index.
    pub fn get(&self, index: usize) -> Option<&Resource> {
        self.slots.get(index)?.as_ref()
    }

    /// The object at an index; call [`ResMap::update`] instead to change its identity.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut Resource> {
        self.slots.get_mut(index)?.as_mut()
    }

    /// Adds an object, unless one with the same identity is there: then that one's index comes
    /// back with the object.
    pub fn append(&mut self, resource: Resource) -> Result<usize, Box<(usize, Resource)>> {
        if let Some(existing) = self.with_current_id(resource.id()) {
            return Err(Box::new((existing, resource)));
        }
        let index = self.slots.len();
        self.add_to_index(index, &resource);
        self.slots.push(Some(resource));
        Ok(index)
    }

    /// Puts an object in the place of another.
    pub fn replace(&mut self, index: usize, resource: Resource) {
        self.remove_from_index(index);
        self.add_to_index(index, &resource);
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(resource);
        }
    }

    /// Removes an object.
    pub fn remove(&mut self, index: usize) -> Option<Resource> {
        self.remove_from_index(index);
        self.slots.get_mut(index)?.take()
    }

    /// Changes an object and with it the identities that it is found by.
    pub fn update<T>(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut Resource) -> T,
    ) -> Option<T> {
        self.remove_from_index(index);
        let resource = self.slots.get_mut(index)?.as_mut()?;
        let result = change(resource);
        resource.refresh();
        if let Some(resource) = self.slots.get_mut(index).and_then(Option::take) {
            self.add_to_index(index, &resource);
            if let Some(slot) = self.slots.get_mut(index) {
                *slot = Some(resource);
            }
        }
        Some(result)
    }

    /// Builds the look-ups anew, after a step that changed the identities of many objects.
    pub fn reindex(&mut self) {
        self.by_id.clear();
        self.by_name.clear();
        let slots = std::mem::take(&mut self.slots);
        for (index, slot) in slots.iter().enumerate() {
            if let Some(resource) = slot {
                self.add_to_index(index, resource);
            }
        }
        self.slots = slots;
    }

    /// The object whose current identity is `id`.
    pub fn with_current_id(&self, id: &ResId) -> Option<usize> {
        let wanted = PreviousId {
            namespace: id.effective_namespace(),
            name: id.name.clone(),
            kind: id.gvk.kind.clone(),
        };
        self.candidates(&self.by_id, id_hash(&wanted))
            .find(|(_, resource)| resource.id().gvk == id.gvk && resource.current() == wanted)
            .map(|(index, _)| index)
    }

    /// The objects that have or had the identity `id`, in order.
    pub fn with_any_id(&self, id: &ResId) -> Vec<usize> {
        let wanted = PreviousId {
            namespace: id.effective_namespace(),
            name: id.name.clone(),
            kind: id.gvk.kind.clone(),
        };
        self.candidates(&self.by_id, id_hash(&wanted))
            .filter(|(_, resource)| {
                let current = &resource.id().gvk;
                current.group == id.gvk.group
                    && current.version == id.gvk.version
                    && resource.any_id(|other| *other == wanted)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// The objects that have or had `name` in any namespace while `selector` fitted them, in order.
    pub fn with_any_name(&self, name: &str, selector: &Gvk) -> Vec<usize> {
        self.candidates(&self.by_name, hash_of(name))
            .filter(|(_, resource)| {
                resource.any_id(|other| {
                    let gvk = Gvk { kind: other.kind.clone(), ..resource.id().gvk.clone() };
                    other.name == name && gvk.is_selected_by(selector)
                })
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// The objects in order, taken out.
    pub fn into_resources(self) -> Vec<Resource> {
        self.slots.into_iter().flatten().collect()
    }

    fn candidates<'a>(
        &'a self,
        index: &'a HashMap<u64, Vec<usize>>,
        hash: u64,
    ) -> impl Iterator<Item = (usize, &'a Resource)> {
        let slots = index.get(&hash).map(Vec::as_slice).unwrap_or_default();
        slots.iter().filter_map(|&slot| Some((slot, self.get(slot)?)))
    }

    fn keys(resource: &Resource) -> (Vec<u64>, Vec<u64>) {
        let mut ids = Vec::with_capacity(resource.previous().len() + 1);
        let mut names = Vec::with_capacity(resource.previous().len() + 1);
        resource.any_id(|id| {
            ids.push(id_hash(id));
            names.push(hash_of(id.name.as_str()));
            false
        });
        for keys in [&mut ids, &mut names] {
            keys.sort_unstable();
            keys.dedup();
        }
        (ids, names)
    }

    fn add_to_index(&mut self, index: usize, resource: &Resource) {
        let (ids, names) = Self::keys(resource);
        for (map, keys) in [(&mut self.by_id, ids), (&mut self.by_name, names)] {
            for key in keys {
                let slots = map.entry(key).or_default();
                // Kept in the order of the objects, which decides between several.
                let at = slots.partition_point(|&other| other < index);
                slots.insert(at, index);
            }
        }
    }

    fn remove_from_index(&mut self, index: usize) {
        let Some(resource) = self.get(index) else { return };
        let (ids, names) = Self::keys(resource);
        for (map, keys) in [(&mut self.by_id, ids), (&mut self.by_name, names)] {
            for key in keys {
                if let Some(slots) = map.get_mut(&key) {
                    slots.retain(|&other| other != index);
                }
            }
        }
    }
}

impl FromIterator<Resource> for ResMap {
    fn from_iter<T: IntoIterator<Item = Resource>>(resources: T) -> Self {
        let mut map = Self { slots: resources.into_iter().map(Some).collect(), ..Self::default() };
        map.reindex();
        map
    }
}
