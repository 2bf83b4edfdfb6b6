//! The cascade of values files.

use std::collections::BTreeSet;

use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, Step},
    source::Span,
    yaml::{Entry, Mapping, Node, Text, Value},
};

/// The value that no values file sets: `{name, apps}` of the environment that is built.
pub const ENVIRONMENT: &str = "environment";

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

    /// Adds what is known of the environment. A template may leave it alone.
    pub fn add_environment(&mut self, node: Node) {
        if let Some(map) = node.as_mapping() {
            leaves(map, "", &mut |_, entry| {
                self.shared.insert(entry.value.span);
            });
        }
        let span = node.span;
        if let Some(root) = self.root.as_mapping_mut() {
            root.push(ENVIRONMENT, span, node);
        }
    }

    /// The merged document.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Adds the leaves at or below each path that a template mentions (`image.tag`) to `used`.
    pub fn mark(&self, mentioned: &BTreeSet<String>, used: &mut BTreeSet<Span>) {
        for path in mentioned {
            let (mut node, mut known) = (&self.root, false);
            for key in path.split('.') {
                // What follows is a method or a key of something that is looked up dynamically.
                let Some(next) = node.get(key) else { break };
                (node, known) = (next, true);
            }
            if !known {
                continue;
            }
            used.insert(node.span);
            if let Some(map) = node.as_mapping() {
                leaves(map, "", &mut |_, entry| {
                    used.insert(entry.value.span);
                });
            }
        }
    }

    /// A warning for each value that no template used. Those that other applications may use are
    /// left out.
    pub fn unused(&self, used: &BTreeSet<Span>, out: &mut Vec<Diagnostic>) {
        unused_leaves(&self.root, used, &mut |path, entry| {
            if !self.shared.contains(&entry.value.span) {
                out.push(unused(format!("no template uses the value `{path}`"), entry.key_span));
            }
        });
    }
}

/// A warning for each value of a file that all applications of `environment` share, if none of the
/// templates here used it. It holds if it holds for all of them.
pub fn unused_shared(node: &Node, environment: &str, used: &BTreeSet<Span>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    unused_leaves(node, used, &mut |path, entry| {
        let message = format!("no application of `{environment}` uses the value `{path}`");
        out.push(unused(message, entry.key_span));
    });
    out
}

/// A warning for a values file that no template sees.
pub fn unseen(node: &Node) -> Diagnostic {
    let first = node.as_mapping().and_then(|map| map.iter().next());
    let at = first.map_or(Span { end: node.span.start, ..node.span }, |entry| entry.key_span);
    unused("no template sees the values in this file".to_owned(), at)
}

fn unused(message: String, at: Span) -> Diagnostic {
    Diagnostic::warning(codes::TEMPLATE_UNUSED_VALUE, message, at)
        .with_help("remove it, or use it in a template (`*.yaml.j2`)")
}

fn unused_leaves(node: &Node, used: &BTreeSet<Span>, visit: &mut impl FnMut(&str, &Entry)) {
    let Some(map) = node.as_mapping() else { return };
    leaves(map, "", &mut |path, entry| {
        if !used.contains(&entry.value.span) {
            visit(path, entry);
        }
    });
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
