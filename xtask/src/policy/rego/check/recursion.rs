//! Rules and functions that need themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;

/// How many rules may need each other one after the other: each takes a part of the stack.
const LONGEST: usize = 2_000;

impl Findings<'_> {
    /// Adds a problem for the first rule of each circle.
    pub(super) fn recursion(&mut self) {
        let mut needs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &(from, to) in &self.edges {
            needs.entry(from).or_default().push(to);
        }
        let definitions = self.program.names.definitions();
        let mut done = BTreeMap::new();
        for start in 0..definitions.len() {
            let Some(circle) = circle(start, &needs, &mut done) else { continue };
            let names: Vec<&str> = circle
                .iter()
                .filter_map(|at| definitions.get(*at))
                .map(|one| one.name.as_str())
                .collect();
            let Some(first) = circle.first().and_then(|at| definitions.get(*at)) else { continue };
            let Some((text, rule)) = first.rules.first() else { continue };
            self.text = *text;
            let message = match names.as_slice() {
                [name] => format!("`{name}` needs itself"),
                [name, rest @ ..] => {
                    let path: Vec<String> = rest.iter().map(|one| format!("`{one}`")).collect();
                    format!("`{name}` needs itself, by way of {}", path.join(" and "))
                }
                [] => continue,
            };
            self.add(message, &rule.name.range);
        }
        let too_long = done.iter().find(|(_, length)| **length > LONGEST);
        if let Some(one) = too_long.and_then(|(at, _)| definitions.get(*at))
            && let Some((text, rule)) = one.rules.first()
        {
            self.text = *text;
            let message = format!("`{}` needs a chain of more than {LONGEST} rules", one.name);
            self.add(message, &rule.name.range);
        }
    }
}

/// The first circle that is reachable from `start`; what is known to lead into none is `done`, with the
/// length of the longest chain that it begins.
fn circle(
    start: usize,
    needs: &BTreeMap<usize, Vec<usize>>,
    done: &mut BTreeMap<usize, usize>,
) -> Option<Vec<usize>> {
    // Without recursion: a chain of rules may be long.
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    let mut on_path = BTreeSet::from([start]);
    if done.contains_key(&start) {
        return None;
    }
    while let Some((node, next)) = path.last_mut() {
        let target = needs.get(node).and_then(|targets| targets.get(*next)).copied();
        *next += 1;
        match target {
            None => {
                let targets = needs.get(node).into_iter().flatten();
                let below = targets.filter_map(|target| done.get(target)).max();
                let length = 1 + below.copied().unwrap_or(0);
                done.insert(*node, length);
                on_path.remove(node);
                path.pop();
            }
            Some(target) if on_path.contains(&target) => {
                let circle = path.iter().map(|(node, _)| *node);
                let circle: Vec<usize> = circle.skip_while(|node| *node != target).collect();
                done.extend(path.iter().map(|(node, _)| (*node, 0)));
                return Some(circle);
            }
            Some(target) if done.contains_key(&target) => {}
            Some(target) => {
                on_path.insert(target);
                path.push((target, 0));
            }
        }
    }
    None
}
