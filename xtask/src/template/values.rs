//! The cascade of values files.

use std::collections::BTreeSet;

use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, Step},
    source::Span,
    yaml::{Entry, Mapping, Node, Text, Value},
};

/// One values file.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its document.
    pub node: Node,
    /// Whether every application of an environment sees it: then one of them may leave a value
    /// alone.
    pub shared: bool,
}

/// The values that a template sees: all layers merged.
#[derive(Clone, Debug)]
pub struct Values {
    root: Node,
    shared: BTreeSet<Span>,
}

impl Values {
    /// Merges layers, the weakest first. Maps merge, everything else replaces. `at` stands for the whole where there is no layer.
    pub fn merge(layers: &[Layer], at: Span, origins: &mut Origins) -> Self {
        let span = layers.last().map_or(at, |layer| layer.node.span);
        let mut values = Self {
            root: Node::new(Value::Mapping(Mapping::default()), span),
            shared: BTreeSet::new(),
        };
        for layer in layers {
            if let Some(map) = layer.node.as_mapping() {
                if layer.shared {
                    leaves(map, "", &mut |_, entry| {
                        values.shared.insert(entry.value.span);
                    });
                }
                if let Some(root) = values.root.as_mapping_mut() {
                    merge(root, map, origins);
                }
            }
        }
        values
    }

    /// The merged document.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// A warning for each value that no template used. Those that other applications may use are
    /// left out.
    pub fn unused(&self, used: &BTreeSet<Span>, out: &mut Vec<Diagnostic>) {
        let Some(map) = self.root.as_mapping() else { return };
        leaves(map, "", &mut |path, entry| {
            let span = entry.value.span;
            if !used.contains(&span) && !self.shared.contains(&span) {
                out.push(
                    Diagnostic::warning(
                        codes::TEMPLATE_UNUSED_VALUE,
                        format!("no template uses the value `{path}`"),
                        entry.key_span,
                    )
                    .with_help("remove it, or use it"),
                );
            }
        });
    }
}

fn merge(target: &mut Mapping, layer: &Mapping, origins: &mut Origins) {
    for entry in layer {
        let Some(old) = target.get_mut(&entry.key) else {
            target.push(entry.key.clone(), entry.key_span, entry.value.clone());
            continue;
        };
        if let (Value::Mapping(old), Value::Mapping(new)) = (&mut old.value, &entry.value.value) {
            merge(old, new, origins);
            continue;
        }
        let origin = origins.record_over(Step::Values, entry.value.span, old);
        let value = Node { origin, ..entry.value.clone() };
        target.insert(&entry.key, entry.key_span, value);
    }
}

/// Calls `visit` with each entry whose value is not a map, and its path.
fn leaves(map: &Mapping, path: &str, visit: &mut impl FnMut(&str, &Entry)) {
    for entry in map {
        let path = if path.is_empty() {
            entry.key.clone()
        } else {
            compact_str::format_compact!("{path}.{}", entry.key)
        };
        match entry.value.as_mapping() {
            Some(below) if !below.is_empty() => leaves(below, &path, visit),
            _ => visit(&path, entry),
        }
    }
}

/// The keys of a map, for messages.
pub(super) fn keys(map: &Mapping) -> Vec<Text> {
    map.iter().map(|entry| entry.key.clone()).collect()
}
