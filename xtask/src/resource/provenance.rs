//! Where the values that messages are about came from: the steps that set them, and what these
//! overrode.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{Layer, Origins, Resource, Step, history};
use crate::{
    source::{Sources, Span},
    yaml::{Node, Value},
};

/// As many overridden values are told of; the newest ones matter.
const MAX_OVERRIDDEN: usize = 3;

/// For places in objects, what explains each of them: places with a few words.
pub type Provenance = BTreeMap<Span, Vec<(Span, String)>>;

/// What explains some places in an object: what applied the value, what it overrode, and which
/// object it is in if that is written in another file. The object is walked once for all places.
pub fn provenance(
    resource: &Resource,
    places: &BTreeSet<Span>,
    origins: &Origins,
    sources: &Sources,
) -> Provenance {
    let mut found = BTreeMap::new();
    if !places.is_empty() {
        let mut search = Search { resource, places, origins, sources, found: &mut found };
        search.value(&mut vec![&resource.node]);
        search.in_object();
    }
    found
}

/// Adds what explains a place. Several fields, of one object or of many, may have their value from
/// one place, as the names that a prefix is in: what holds for all of them is kept.
pub fn explain_place(all: &mut Provenance, place: Span, why: Vec<(Span, String)>) {
    match all.entry(place) {
        Entry::Vacant(entry) => drop(entry.insert(why)),
        Entry::Occupied(mut entry) => entry.get_mut().retain(|one| why.contains(one)),
    }
}

struct Search<'a> {
    resource: &'a Resource,
    places: &'a BTreeSet<Span>,
    origins: &'a Origins,
    sources: &'a Sources,
    found: &'a mut Provenance,
}

impl<'a> Search<'a> {
    /// Looks at the value at the end of a trail, and at those below it.
    fn value(&mut self, trail: &mut Vec<&'a Node>) {
        let Some(&node) = trail.last() else { return };
        self.meet(node.span, trail);
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter().for_each(|item| self.below(item, trail)),
            Value::Mapping(mapping) => {
                for entry in mapping {
                    trail.push(&entry.value);
                    self.meet(entry.key_span, trail);
                    trail.pop();
                    self.below(&entry.value, trail);
                }
            }
        }
    }

    fn below(&mut self, node: &'a Node, trail: &mut Vec<&'a Node>) {
        trail.push(node);
        self.value(trail);
        trail.pop();
    }

    fn meet(&mut self, place: Span, trail: &[&'a Node]) {
        if !self.places.contains(&place) {
            return;
        }
        let layers = history(trail, self.origins, self.sources);
        let mut related = Vec::new();
        let Some((newest, older)) = layers.split_first() else { return };
        if let (Some(step), Some(via)) = (newest.step, newest.via) {
            self.applied(step, via, place, &mut related);
        }
        let is_shown = self.is_shown(trail);
        overridden(older, is_shown, &mut related);
        for values in &newest.values {
            overridden(values.get(1..).unwrap_or_default(), is_shown, &mut related);
        }
        explain_place(self.found, place, related);
    }

    /// Whether the values of a field may be printed.
    fn is_shown(&self, trail: &[&'a Node]) -> bool {
        let is_at = |key| match (self.resource.node.get(key), trail.get(1)) {
            (Some(node), Some(step)) => std::ptr::eq(node, *step),
            _ => false,
        };
        !self.resource.is_secret() || (is_at("metadata") && trail.len() == 3) || is_at("type")
    }

    /// Which entry of a kustomization has set the value, unless that is the place itself.
    fn applied(&self, step: Step, via: Span, place: Span, related: &mut Vec<(Span, String)>) {
        let place = self.sources.place(place).span;
        let is_inside =
            via.source == place.source && via.start <= place.start && place.end <= via.end;
        if !is_inside && via != place {
            let text = match step {
                Step::Patch => "this patch sets it".to_owned(),
                Step::Generator => "this generator makes it".to_owned(),
                Step::NameReference => "it follows a name that is changed here".to_owned(),
                _ => format!("`{step}` sets it here"),
            };
            related.push((via, text));
        }
    }

    /// Adds the object where a reader of a place cannot see it.
    fn in_object(&mut self) {
        let kind = self.resource.node.get("kind").unwrap_or(&self.resource.node).span;
        let id = self.resource.id();
        let mut found = std::mem::take(self.found);
        for (place, related) in &mut found {
            let is_seen = |span: Span| self.path(span) == self.path(kind);
            if !is_seen(*place) && !related.iter().any(|(span, _)| is_seen(*span)) {
                related.push((kind, format!("it is part of {} `{}`", id.gvk.kind, id.name)));
            }
        }
        *self.found = found;
    }

    fn path(&self, span: Span) -> &'a str {
        &self.sources.get(self.sources.place(span).span.source).path
    }
}

fn overridden(layers: &[Layer], is_shown: bool, related: &mut Vec<(Span, String)>) {
    for layer in layers.iter().take(MAX_OVERRIDDEN) {
        let text = match &layer.value {
            Some(value) if is_shown && value.is_empty() => "it overrides an empty text".to_owned(),
            Some(value) if is_shown => format!("it overrides `{value}`"),
            _ => "it overrides what is set here".to_owned(),
        };
        related.push((layer.span, text));
    }
}
