//! Graphs: an object from a node to those that it leads to.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Function, Outcome, elements};
use crate::policy::rego::limits::spend;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] =
    &[("graph.reachable_paths", 2, reachable_paths)];

/// The paths from a few nodes to where they end, or to where they come to a node once more.
fn reachable_paths(arguments: &[Value]) -> Outcome {
    let (Some(Value::Object(graph)), Some(starts)) =
        (arguments.first(), elements(arguments.get(1)))
    else {
        return Ok(None);
    };
    let next = |node: &Value| graph.get(node).map(|next| elements(Some(next)).unwrap_or_default());
    let mut found: BTreeSet<Value> = BTreeSet::new();
    let mut add = |path: &[&Value]| {
        let path: Vec<Value> = path.iter().map(|node| (*node).clone()).collect();
        found.insert(Value::from(path));
    };
    // Without recursion: a path may be as long as the graph is large.
    let mut open: Vec<(&Value, Vec<&Value>)> = Vec::new();
    for start in starts {
        match next(start) {
            None => {}
            Some(next) if next.is_empty() => add(&[start]),
            Some(next) => open.extend(next.into_iter().map(|node| (node, vec![start]))),
        }
    }
    while let Some((node, mut path)) = open.pop() {
        let Some(next) = next(node) else {
            add(&path);
            continue;
        };
        path.push(node);
        if next.is_empty() {
            add(&path);
        }
        for neighbor in next {
            // There may be very many paths, and each is looked through.
            spend(64 * (path.len() + 1))?;
            if path.contains(&neighbor) {
                add(&path);
            } else {
                open.push((neighbor, path.clone()));
            }
        }
    }
    Ok(Some(found.into_iter().collect::<regorus::value::Set>().into_value()))
}
