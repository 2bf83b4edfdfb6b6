//! `<<`: the entries of other maps, which give way to those that are written.

use std::collections::HashSet;

use super::super::{Entry, Node, Text, Value};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
};

/// What is wrong with the value of `<<`.
pub(super) fn not_mergeable(node: &Node) -> Option<Diagnostic> {
    let bad = match &node.value {
        Value::Mapping(_) => None,
        Value::Sequence(items) => items.iter().find(|item| item.as_mapping().is_none()),
        Value::Scalar(_) => Some(node),
    };
    bad.map(|bad| bad_merge(bad, bad.span))
}

pub(super) fn bad_merge(node: &Node, span: Span) -> Diagnostic {
    let message = format!("`<<` merges mappings, not {}", node.describe());
    Diagnostic::error(codes::YAML_UNSUPPORTED, message, span)
        .with_help("write an alias of a mapping, or several in a sequence: `<<: [*a, *b]`")
}

/// Adds what `<<` brings in: explicit keys win, then earlier maps.
pub(super) fn with_merges(mut entries: Vec<Entry>, merges: Vec<(Span, Node)>) -> Vec<Entry> {
    if merges.is_empty() {
        return entries;
    }
    let mut known: HashSet<Text> = entries.iter().map(|entry| entry.key.clone()).collect();
    let maps = merges.into_iter().flat_map(|(_, node)| match node.value {
        Value::Sequence(items) => items,
        value => vec![Node { value, span: node.span, origin: node.origin }],
    });
    for map in maps {
        let Value::Mapping(map) = map.value else { continue };
        entries
            .extend(map.into_entries().into_iter().filter(|entry| known.insert(entry.key.clone())));
    }
    entries
}
