//! Expansion templates that lead back to themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Expansions;
use crate::resource::Gvk;

impl<'a> Expansions<'a> {
    /// The templates that are in a cycle. A template leads from each kind that it applies to to the
    /// one that it makes; it is in a cycle if the one leads to the other as well.
    pub(super) fn find_cycles(&self) -> BTreeSet<&'a str> {
        let kinds: BTreeSet<&Gvk> = self.templates.values().map(|one| &one.generated).collect();
        let next: BTreeMap<&Gvk, BTreeSet<&Gvk>> = kinds
            .iter()
            .map(|kind| (*kind, self.of_kind(kind).map(|one| &one.generated).collect()))
            .collect();
        let component = components(&next);
        let is_in_cycle = |made: &Gvk, from: &Gvk| component.get(made) == component.get(from);
        let mut found = BTreeSet::new();
        for kind in kinds {
            let templates = self.of_kind(kind);
            found.extend(
                templates.filter(|one| is_in_cycle(&one.generated, kind)).map(|one| one.name),
            );
        }
        found
    }
}

/// For each kind the number of the strongly connected component that it is in: Kosaraju's way, with
/// lists in the place of recursion.
fn components<'g>(next: &BTreeMap<&'g Gvk, BTreeSet<&'g Gvk>>) -> BTreeMap<&'g Gvk, usize> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for &kind in next.keys() {
        visit(kind, next, &mut seen, &mut order);
    }
    let mut before: BTreeMap<&Gvk, BTreeSet<&Gvk>> = BTreeMap::new();
    for (&from, all) in next {
        for &to in all {
            before.entry(to).or_default().insert(from);
        }
    }
    let mut component = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (number, &kind) in order.iter().rev().enumerate() {
        let mut members = Vec::new();
        visit(kind, &before, &mut seen, &mut members);
        component.extend(members.into_iter().map(|member| (member, number)));
    }
    component
}

/// What a kind leads to, each after all that it leads to itself.
fn visit<'g>(
    start: &'g Gvk,
    next: &BTreeMap<&'g Gvk, BTreeSet<&'g Gvk>>,
    seen: &mut BTreeSet<&'g Gvk>,
    order: &mut Vec<&'g Gvk>,
) {
    let all = |kind| next.get(kind).into_iter().flatten().copied().collect::<Vec<_>>();
    if !seen.insert(start) {
        return;
    }
    let mut stack = vec![(start, all(start))];
    while let Some((kind, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(after) if seen.insert(after) => stack.push((after, all(after))),
            Some(_) => {}
            None => {
                order.push(kind);
                stack.pop();
            }
        }
    }
}
