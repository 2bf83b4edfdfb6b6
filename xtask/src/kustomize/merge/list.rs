//! Lists that are merged by the keys of their elements.

use std::collections::{HashMap, HashSet};

use super::{
    super::merge_keys::{Definition, How},
    DIRECTIVE, Directive, Merge,
};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
    yaml::{Node, Scalar, Text, Value},
};

/// What a patch has for a list.
#[derive(Clone, Copy)]
pub(super) enum Patch<'a> {
    /// Nothing.
    None,
    /// Elements of its own.
    Other(&'a [Node]),
    /// The list itself comes from the patch, and there was none before.
    Same,
}

/// The values of the keys of one element; empty where it does not have one.
type Values = Vec<Text>;

impl Merge<'_> {
    /// Merges the elements of a list by `keys`, or by their values if there are none.
    pub(super) fn list(
        &mut self,
        target: Vec<Node>,
        patch: Patch<'_>,
        keys: &[Text],
        definition: Definition<'_>,
    ) -> Vec<Node> {
        let key = match keys {
            [] => "",
            [key] => key.as_str(),
            _ => {
                let keys: Vec<&str> = keys.iter().map(Text::as_str).collect();
                return self.irregular(target, patch, &keys, definition);
            }
        };
        if is_regular(&target, key) && patch_is_regular(patch, key) {
            self.regular(target, patch, key, definition)
        } else {
            self.irregular(target, patch, &[key], definition)
        }
    }

    /// Every element has the key and no two of one list have the same: patch elements in their
    /// order, then the others in theirs.
    fn regular(
        &mut self,
        target: Vec<Node>,
        patch: Patch<'_>,
        key: &str,
        definition: Definition<'_>,
    ) -> Vec<Node> {
        let mut merged = Vec::with_capacity(target.len());
        let Patch::Other(items) = patch else {
            for item in target {
                let item = match patch {
                    Patch::Same => self.added(&item, definition, &How::Plain),
                    _ => self.unpatched(item, definition, &How::Plain),
                };
                merged.extend(item.filter(|item| !is_empty(item)));
            }
            return merged;
        };
        let mut left: Vec<Option<Node>> = target.into_iter().map(Some).collect();
        let places: HashMap<Text, usize> = left
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some((value_of(item.as_ref()?, key), at)))
            .collect();
        for item in items {
            let place = places.get(&value_of(item, key));
            let old = place.and_then(|&at| left.get_mut(at)).and_then(Option::take);
            let item = match old {
                Some(old) => self.both(old, item, definition, &How::Plain),
                None => self.added(item, definition, &How::Plain),
            };
            merged.extend(item.filter(|item| !is_empty(item)));
        }
        for item in left.into_iter().flatten() {
            let item = self.unpatched(item, definition, &How::Plain);
            merged.extend(item.filter(|item| !is_empty(item)));
        }
        merged
    }

    /// Several keys, missing keys and repeated elements, step by step as the original does it.
    fn irregular(
        &mut self,
        target: Vec<Node>,
        patch: Patch<'_>,
        keys: &[&str],
        definition: Definition<'_>,
    ) -> Vec<Node> {
        let mut elements: Vec<Node> = target;
        let mut list: Vec<usize> = (0..elements.len()).collect();
        let empty: &[Node] = &[];
        let items: Vec<Node> = match patch {
            Patch::None => empty.to_vec(),
            Patch::Other(items) => items.to_vec(),
            Patch::Same => elements.clone(),
        };
        let mut all = key_values(&items, elements.iter(), keys);
        if keys.len() > 1 {
            complete(&mut all);
        }
        let original = |element: &Node| {
            (element.span, keys.iter().map(|key| value_of(element, key)).collect::<Values>())
        };
        let originals: Vec<(Span, Values)> = elements.iter().map(original).collect();
        let mut removed: Vec<usize> = Vec::new();
        let mut result: Vec<usize> = Vec::new();
        let mut valid: (Vec<&str>, Values) = (Vec::new(), Vec::new());
        for values in &all {
            valid = valid_keys(&all, values, keys);
            let (valid_keys, valid_values) = (&valid.0, &valid.1);
            let own = self::valid_keys(std::slice::from_ref(values), values, valid_keys);
            let old = list.iter().copied().find(|&at| {
                elements.get(at).is_some_and(|element| matches(element, &own.0, &own.1))
            });
            let new = match patch {
                Patch::Same => None,
                _ => items.iter().find(|item| matches(item, &own.0, &own.1)),
            };
            let merged = match (old, new) {
                (Some(at), new) => {
                    let element = elements.get(at).cloned();
                    let replaces = new
                        .is_some_and(|new| Self::known_directive(new) == Some(Directive::Replace));
                    let merged = element.and_then(|element| match (new, patch) {
                        (Some(new), _) => self.both(element, new, definition, &How::Plain),
                        (None, Patch::Same) => self.added(&element, definition, &How::Plain),
                        (None, _) => self.unpatched(element, definition, &How::Plain),
                    });
                    // A replaced element is a new one; the list keeps the old one beside it.
                    merged.filter(|merged| !is_empty(merged)).map(|merged| {
                        match elements.get_mut(at) {
                            Some(slot) if !replaces => {
                                *slot = merged;
                                at
                            }
                            _ => push(&mut elements, merged),
                        }
                    })
                }
                (None, Some(new)) => self
                    .added(new, definition, &How::Plain)
                    .filter(|added| !is_empty(added))
                    .map(|added| push(&mut elements, added)),
                (None, None) => None,
            };
            let Some(merged) = merged else {
                removed.extend(old);
                set_element(&mut list, &elements, None, valid_keys, valid_values);
                continue;
            };
            if let Some(element) = elements.get_mut(merged) {
                add_missing_keys(element, valid_keys, valid_values);
            }
            set_element(&mut result, &elements, Some(merged), valid_keys, valid_values);
        }
        if all.is_empty() {
            return elements;
        }
        for &at in &list {
            append(&mut result, &elements, at, &valid.0);
        }
        for (at, (span, values)) in originals.iter().enumerate() {
            if !result.contains(&at) && !removed.contains(&at) {
                let mut others = originals.iter().enumerate().rev();
                let same = others.find(|(other, one)| *other != at && one.1 == *values);
                self.warn_of_loss(*span, keys, same.map(|(_, (span, _))| *span));
            }
        }
        // An element without its keys can be there more than once.
        let result: Vec<Node> = result.iter().filter_map(|&at| elements.get(at).cloned()).collect();
        if let Patch::Other(items) = patch {
            self.warn_of_lost_items(items, &result, keys);
        }
        result
    }

    /// Warns of an element of the object that did not reach the result.
    fn warn_of_loss(&mut self, element: Span, keys: &[&str], same: Option<Span>) {
        let why = match keys {
            _ if same.is_none() => String::new(),
            [""] => ": another one is the same".to_owned(),
            keys => format!(": another one has the same `{}`", keys.join("` and `")),
        };
        let message = format!(
            "this element of `{}` is lost in the merge with {}{why}",
            self.path.join("."),
            self.id
        );
        let help = if same.is_some() {
            "give one of them another name, or remove it"
        } else {
            "the elements of the patch need the keys that the list is merged by"
        };
        let at = Span { end: element.start, ..element };
        let mut diagnostic = Diagnostic::warning(codes::PATCH_LOST_ELEMENT, message, at);
        if let Some(same) = same {
            let same = Span { end: same.start, ..same };
            diagnostic = diagnostic.with_related(same, "this one stays");
        }
        self.out.push(diagnostic.with_help(help));
    }

    /// Warns of elements of the patch that did not reach the result.
    fn warn_of_lost_items(&mut self, items: &[Node], result: &[Node], keys: &[&str]) {
        for item in items {
            let Some(map) = item.as_mapping().filter(|map| !map.contains_key(DIRECTIVE)) else {
                continue;
            };
            let scalars = || map.iter().filter(|entry| entry.value.as_scalar().is_some());
            let is_there = result.iter().any(|element| {
                let same = |value: &Node, other: &Node| value.scalar_text() == other.scalar_text();
                scalars().filter(|entry| !entry.value.is_null()).all(|entry| {
                    element.get(&entry.key).is_some_and(|value| same(&entry.value, value))
                })
            });
            if is_there {
                continue;
            }
            let missing: Vec<String> = keys
                .iter()
                .filter(|key| !key.is_empty() && !map.contains_key(key))
                .map(|key| format!("`{key}`"))
                .collect();
            let message = format!(
                "this element of `{}` is lost in the merge with {}",
                self.path.join("."),
                self.id
            );
            let at = Span { end: item.span.start, ..item.span };
            let diagnostic = Diagnostic::warning(codes::PATCH_LOST_ELEMENT, message, at);
            self.out.push(if missing.is_empty() {
                diagnostic.with_help("use a JSON 6902 patch for it")
            } else {
                diagnostic.with_help(format!(
                    "the list is merged by {}, so add {}",
                    keys.join(" and "),
                    missing.join(" and ")
                ))
            });
        }
    }
}

fn push(elements: &mut Vec<Node>, element: Node) -> usize {
    elements.push(element);
    elements.len() - 1
}

/// Whether an element would vanish: a merge that leaves nothing removes it.
fn is_empty(node: &Node) -> bool {
    node.is_null() || node.as_mapping().is_some_and(crate::yaml::Mapping::is_empty)
}

fn patch_is_regular(patch: Patch<'_>, key: &str) -> bool {
    match patch {
        Patch::Other(items) => {
            let replaces =
                |item: &Node| item.get(DIRECTIVE).and_then(Node::scalar_text) == Some("replace");
            is_regular(items, key) && !items.iter().any(replaces)
        }
        Patch::None | Patch::Same => true,
    }
}

fn is_regular(items: &[Node], key: &str) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| {
        let shaped = if key.is_empty() {
            item.as_scalar().is_some_and(|scalar| !scalar.is_null())
        } else {
            item.as_mapping().is_some()
                && item.get(key).is_some_and(|value| value.as_scalar().is_some())
        };
        let value = value_of(item, key);
        shaped && !value.is_empty() && seen.insert(value)
    })
}

/// The text of an element's key, or of the element itself if there is no key.
fn value_of(item: &Node, key: &str) -> Text {
    let value = if key.is_empty() { Some(item) } else { item.get(key) };
    value.filter(|value| !value.is_null()).and_then(Node::scalar_text).unwrap_or("").into()
}

/// The values of the keys of all elements, the patch's first, without repetitions.
fn key_values<'a>(
    items: &'a [Node],
    elements: impl Iterator<Item = &'a Node>,
    keys: &[&str],
) -> Vec<Values> {
    let mut seen = HashSet::new();
    items
        .iter()
        .chain(elements)
        .map(|item| keys.iter().map(|key| value_of(item, key)).collect::<Values>())
        .filter(|values| seen.insert(values.clone()))
        .collect()
}

/// Where two elements agree in one key and one of them lacks another, both count as having it.
fn complete(all: &mut [Values]) {
    for i in 0..all.len() {
        for j in 0..all.len() {
            let (Some(a), Some(b)) = (all.get(i), all.get(j)) else { continue };
            let Some(both) = agree(a, b) else { continue };
            for at in [i, j] {
                if let Some(values) = all.get_mut(at) {
                    values.clone_from(&both);
                }
            }
        }
    }
}

fn agree(a: &Values, b: &Values) -> Option<Values> {
    let conflict = |(a, b): (&Text, &Text)| a != b && !a.is_empty() && !b.is_empty();
    if a.iter().zip(b).any(conflict) || !a.iter().zip(b).any(|(a, b)| a == b) {
        return None;
    }
    Some(a.iter().zip(b).map(|(a, b)| if a.is_empty() { b.clone() } else { a.clone() }).collect())
}

/// The keys that at least one element has, with this element's values for them.
fn valid_keys<'k>(all: &[Values], values: &Values, keys: &[&'k str]) -> (Vec<&'k str>, Values) {
    let used = |at: usize| all.iter().any(|other| other.get(at).is_some_and(|v| !v.is_empty()));
    if !(0..keys.len()).any(used) {
        return (keys.to_vec(), values.clone());
    }
    let kept = keys.iter().zip(values).enumerate().filter(|&(at, _)| used(at));
    kept.map(|(_, (&key, value))| (key, value.clone())).unzip()
}

/// Whether an element has exactly these values.
fn matches(element: &Node, keys: &[&str], values: &Values) -> bool {
    if keys.first() == Some(&"") {
        return element.scalar_text() == values.first().map(Text::as_str);
    }
    element.as_mapping().is_some()
        && keys.iter().zip(values).all(|(key, value)| {
            element.get(key).is_some_and(|field| field.scalar_text().unwrap_or("") == value)
        })
}

/// Writes the keys that an element lacks.
fn add_missing_keys(element: &mut Node, keys: &[&str], values: &Values) {
    let (span, origin) = (element.span, element.origin);
    let Some(map) = element.as_mapping_mut() else { return };
    for (key, value) in keys.iter().zip(values) {
        if !value.is_empty() && !map.contains_key(key) {
            let kind = crate::yaml::resolve(value, crate::yaml::Dialect::Resource);
            let value = Value::Scalar(Scalar { kind, text: value.clone() });
            map.push(*key, span, Node { value, span, origin });
        }
    }
}

/// Puts an element in the place of those that match, or at the end; without an element removes
/// those that match. A value that is not given matches any.
fn set_element(
    list: &mut Vec<usize>,
    elements: &[Node],
    element: Option<usize>,
    keys: &[&str],
    values: &Values,
) {
    let mapping_setter = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut found_any = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for &at in list.iter() {
        let Some(node) = elements.get(at) else { continue };
        if is_empty(node) {
            continue;
        }
        if node.as_mapping().is_none() && mapping_setter {
            kept.push(at);
            continue;
        }
        let mut found = !keys.is_empty();
        let mut last = false;
        for (index, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(index) {
                last = field_matches(node, key, value);
            }
            found &= last;
        }
        if !found {
            if !values.is_empty() {
                kept.push(at);
            }
            continue;
        }
        found_any = true;
        kept.extend(element);
    }
    if !found_any {
        kept.extend(element);
    }
    *list = kept;
}

fn field_matches(node: &Node, key: &str, value: &Text) -> bool {
    if key.is_empty() {
        return node.scalar_text() == Some(value);
    }
    node.get(key)
        .is_some_and(|field| value.is_empty() || field.scalar_text().unwrap_or("") == value)
}

/// Adds an element of the target behind those of the patch.
fn append(result: &mut Vec<usize>, elements: &[Node], at: usize, keys: &[&str]) {
    let Some(element) = elements.get(at) else { return };
    if keys.first() == Some(&"") {
        let value = element.scalar_text().unwrap_or("").into();
        set_element(result, elements, Some(at), keys, &vec![value]);
        return;
    }
    let mut values = Values::new();
    for key in keys {
        match element.get(key) {
            Some(value) => values.push(value.scalar_text().unwrap_or("").into()),
            None => result.push(at),
        }
    }
    if keys.len() > 1 {
        set_element(result, elements, None, keys, &values);
    }
    set_element(result, elements, Some(at), keys, &values);
}
