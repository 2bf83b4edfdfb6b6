//! Strategic merge patches.
//!
//! Source: kustomize's `kyaml/yaml/walk` and `merge2`, whose results are reproduced where they are
//! odd too: patch elements come first in a merged list, an element without its merge key empties
//! the list, an empty value (`key:`) next to a patched field disappears while `key: null` stays.

mod list;

use std::collections::HashSet;

use indexmap::IndexMap;

use super::merge_keys::{Definition, How, of_field};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, Step},
    source::Span,
    yaml::{Entry, Mapping, Node, Text, Value, to_json},
};

/// The key of a directive in a patch.
const DIRECTIVE: &str = "$patch";

/// One patch on its way through one object.
pub struct Merge<'a> {
    /// The histories of the build.
    pub origins: &'a mut Origins,
    /// Where the kustomization asks for the patch.
    pub via: Span,
    /// Collects what is wrong with the patch.
    pub out: &'a mut Vec<Diagnostic>,
    /// The keys on the way to what is being merged, for messages.
    pub path: Vec<Text>,
    /// The object, for messages.
    pub id: String,
    /// Whether the kind of the object is known, so that its lists are merged as its users expect.
    pub is_known: bool,
}

/// What a `$patch` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The result of merging an object.
pub enum Merged {
    /// The object stays, changed or not.
    Kept(Node),
    /// The patch deletes it.
    Deleted,
}

impl Merge<'_> {
    /// Merges a patch into an object.
    pub fn object(&mut self, object: Node, patch: &Node, definition: Definition<'_>) -> Merged {
        match self.directive(patch) {
            Directive::Delete => Merged::Deleted,
            // kustomize drops the result of a replacement of the whole object.
            Directive::Replace => Merged::Kept(object),
            Directive::Merge => match self.both(object, patch, definition, &How::Plain) {
                Some(merged) => Merged::Kept(merged),
                None => Merged::Deleted,
            },
        }
    }

    /// Merges a value with what a patch has for it.
    fn both(
        &mut self,
        target: Node,
        patch: &Node,
        definition: Definition<'_>,
        how: &How,
    ) -> Option<Node> {
        if patch.is_null() {
            return None;
        }
        if target.is_null() {
            return self.added(patch, definition, how).map(|node| self.over(node, &target));
        }
        match (&patch.value, target.value) {
            (Value::Scalar(_), old @ Value::Scalar(_)) => {
                let target = Node { value: old, ..target };
                Some(self.over(patch.clone(), &target))
            }
            (Value::Mapping(map), Value::Mapping(old)) => match self.directive(patch) {
                Directive::Delete => None,
                Directive::Replace => {
                    let target = Node { value: Value::Mapping(old), ..target };
                    let node = self.added(patch, definition, how)?;
                    Some(self.over(node, &target))
                }
                Directive::Merge => {
                    let value = Value::Mapping(self.mappings(old, map, definition));
                    Some(Node { value, ..target })
                }
            },
            (Value::Sequence(items), Value::Sequence(old)) => match how {
                How::Plain => {
                    if !self.is_known {
                        self.warn_of_lost_elements(&old, items, target.span, patch.span);
                    }
                    let target = Node { value: Value::Sequence(old), ..target };
                    Some(self.over(patch.clone(), &target))
                }
                How::Merge(keys) => {
                    let (directive, items) = self.list_directive(items);
                    match directive {
                        Directive::Delete => None,
                        Directive::Replace => {
                            let target = Node { value: Value::Sequence(old), ..target };
                            let value = Value::Sequence(self.list(
                                items,
                                list::Patch::Same,
                                keys,
                                definition,
                            ));
                            let node = Node { value, span: patch.span, origin: patch.origin };
                            Some(self.over(node, &target))
                        }
                        Directive::Merge => {
                            let merged =
                                self.list(old, list::Patch::Other(&items), keys, definition);
                            Some(Node { value: Value::Sequence(merged), ..target })
                        }
                    }
                }
            },
            (_, old) => {
                let target = Node { value: old, ..target };
                let message = format!(
                    "the patch has {} for `{}` of {}, which has {}",
                    patch.describe(),
                    self.path.join("."),
                    self.id,
                    target.describe()
                );
                self.out.push(
                    Diagnostic::error(codes::PATCH_TYPE, message, patch.span)
                        .with_related(target.span, "the resource sets it here")
                        .with_help("remove the field first with `null`, or use a JSON 6902 patch"),
                );
                Some(target)
            }
        }
    }

    /// Warns that a list of a kind without a schema loses elements to the one of the patch.
    fn warn_of_lost_elements(&mut self, old: &[Node], new: &[Node], there: Span, patch: Span) {
        let json = |item: &Node| {
            let mut text = String::new();
            to_json(item, &mut text).ok().map(|()| text)
        };
        let kept: HashSet<Option<String>> = new.iter().map(json).collect();
        let lost = old.iter().filter(|item| !kept.contains(&json(item))).count();
        if lost == 0 || new.is_empty() {
            return;
        }
        let message = format!(
            "the patch replaces the whole list `{}` of {}, and {lost} of its {} elements are lost",
            self.path.join("."),
            self.id,
            old.len()
        );
        self.out.push(
            Diagnostic::warning(codes::PATCH_REPLACES_LIST, message, patch)
                .with_related(there, "the resource sets it here")
                .with_help(
                    "lists of a kind without a schema are not merged: name the merge keys in an \
                     `openapi` document, or say what you mean with a JSON 6902 patch",
                ),
        );
    }

    fn mappings(
        &mut self,
        target: Mapping,
        patch: &Mapping,
        definition: Definition<'_>,
    ) -> Mapping {
        let mut entries: Vec<Entry> = Vec::with_capacity(target.len());
        let mut left: IndexMap<&str, &Entry> = patch
            .iter()
            .filter(|entry| entry.key != DIRECTIVE)
            .map(|entry| (entry.key.as_str(), entry))
            .collect();
        for entry in target.into_entries() {
            let (how, below) = of_field(definition, &entry.key);
            let Entry { key, key_span, value } = entry;
            self.path.push(key.clone());
            let value = match left.swap_remove(key.as_str()) {
                Some(other) => self.both(value, &other.value, below, how),
                None => self.unpatched(value, below, how),
            };
            self.path.pop();
            entries.extend(value.map(|value| Entry { key, key_span, value }));
        }
        for entry in left.into_values() {
            let (how, below) = of_field(definition, &entry.key);
            self.path.push(entry.key.clone());
            let value = self.added(&entry.value, below, how);
            self.path.pop();
            entries.extend(value.map(|value| Entry {
                key: entry.key.clone(),
                key_span: entry.key_span,
                value,
            }));
        }
        Mapping::from_entries(entries)
    }

    /// A value that only the patch has. Nulls and directives in it have nothing to act on.
    fn added(&mut self, patch: &Node, definition: Definition<'_>, how: &How) -> Option<Node> {
        let value = match &patch.value {
            Value::Scalar(_) if patch.is_null() => return None,
            Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
            Value::Mapping(map) => {
                if Self::known_directive(patch) == Some(Directive::Delete) {
                    return None;
                }
                let known = Self::known_directive(patch).is_some();
                let mut entries = Vec::with_capacity(map.len());
                for entry in map.iter().filter(|entry| !(known && entry.key == DIRECTIVE)) {
                    let (how, below) = of_field(definition, &entry.key);
                    // Only the outermost map of what is added may have an unknown one.
                    self.directive(&entry.value);
                    self.path.push(entry.key.clone());
                    let value = self.added(&entry.value, below, how);
                    self.path.pop();
                    entries.extend(value.map(|value| Entry {
                        key: entry.key.clone(),
                        key_span: entry.key_span,
                        value,
                    }));
                }
                Value::Mapping(Mapping::from_entries(entries))
            }
            Value::Sequence(items) => match how {
                How::Plain => Value::Sequence(items.clone()),
                How::Merge(keys) => {
                    Value::Sequence(self.list(items.clone(), list::Patch::Same, keys, definition))
                }
            },
        };
        Some(Node { value, span: patch.span, origin: patch.origin })
    }

    /// A value that the patch does not mention, below a map that it does.
    fn unpatched(&mut self, node: Node, definition: Definition<'_>, how: &How) -> Option<Node> {
        let Node { value, span, origin } = node;
        let value = match value {
            Value::Scalar(scalar) => {
                let node = Node { value: Value::Scalar(scalar), span, origin };
                return (!node.is_null() || node.scalar_text() != Some("")).then_some(node);
            }
            Value::Mapping(map) => {
                let mut entries = Vec::with_capacity(map.len());
                for Entry { key, key_span, value } in map.into_entries() {
                    let (how, below) = of_field(definition, &key);
                    self.path.push(key.clone());
                    let value = self.unpatched(value, below, how);
                    self.path.pop();
                    entries.extend(value.map(|value| Entry { key, key_span, value }));
                }
                Value::Mapping(Mapping::from_entries(entries))
            }
            Value::Sequence(items) => match how {
                How::Plain => Value::Sequence(items),
                How::Merge(keys) => {
                    Value::Sequence(self.list(items, list::Patch::None, keys, definition))
                }
            },
        };
        Some(Node { value, span, origin })
    }

    /// Notes on `node` that the patch put it in the place of `old`.
    fn over(&mut self, mut node: Node, old: &Node) -> Node {
        node.origin = self.origins.record_over(Step::Patch, self.via, old);
        node
    }

    /// The directive of a map; an unknown one is reported.
    fn directive(&mut self, patch: &Node) -> Directive {
        let Some(node) = patch.get(DIRECTIVE) else { return Directive::Merge };
        Self::known_directive(patch).unwrap_or_else(|| {
            let message = format!(
                "`$patch` must be `delete`, `replace` or `merge`, not `{}`, in the patch of {}",
                node.scalar_text().unwrap_or_else(|| node.describe()),
                self.id
            );
            self.out.push(
                Diagnostic::error(codes::PATCH_DIRECTIVE, message, node.span)
                    .with_help("leave it out to merge, which is the default"),
            );
            Directive::Merge
        })
    }

    fn known_directive(patch: &Node) -> Option<Directive> {
        match patch.get(DIRECTIVE)?.scalar_text()? {
            "delete" => Some(Directive::Delete),
            "replace" => Some(Directive::Replace),
            "merge" => Some(Directive::Merge),
            _ => None,
        }
    }

    /// The directive of a list is an element of its own: `- $patch: replace`.
    fn list_directive(&mut self, items: &[Node]) -> (Directive, Vec<Node>) {
        let is_directive = |item: &Node| {
            item.as_mapping().is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE))
        };
        let first = items.iter().find(|item| item.get(DIRECTIVE).is_some());
        let Some(element) = first.filter(|item| is_directive(item)) else {
            return (Directive::Merge, items.to_vec());
        };
        let directive = self.directive(element);
        (directive, items.iter().filter(|item| !is_directive(item)).cloned().collect())
    }
}
