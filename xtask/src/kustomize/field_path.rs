//! The path of a field, as `replacements` and `vars` write it: keys, indices, `*`, and
//! `[name=expression]` for elements.
//!
//! Source: kustomize's `PathMatcher`, `PathGetter` and `SmarterPathSplitter`.

use regex::Regex;

use crate::{
    source::OriginId,
    yaml::{Dialect, Mapping, Node, Scalar, ScalarKind, Text, Value, resolve},
};

/// The origin of a node that was made for the value to come.
pub const CREATED: OriginId = OriginId::MAX;

/// Why a path does not lead to a field.
#[derive(Debug)]
pub enum Found {
    /// It is not there.
    Nothing,
    /// It leads into a text.
    Structured,
    /// It does not fit what is there.
    Wrong(String),
}

/// The parts of a path that are separated by dots. A dot in brackets is not one between parts, `\.`
/// is a dot in a key.
pub fn split(path: &str) -> Vec<Text> {
    let mut parts: Vec<Text> = Vec::new();
    // A leading dot says nothing.
    let path = path.strip_prefix('.').unwrap_or(path);
    for part in path.split('.') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(part);
            }
            _ => parts.push(part.into()),
        }
    }
    let mut joined: Vec<Text> = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter();
    while let Some(mut part) = parts.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for next in parts.by_ref() {
                part.push('.');
                part.push_str(&next);
                if next.ends_with(']') {
                    break;
                }
            }
            // Brackets without an expression only protect the dots of a key.
            if !part.contains('=') {
                part = part.trim_matches(['[', ']']).into();
            }
        }
        joined.push(part);
    }
    joined
}

/// As [`split`], where `ports[0]` is the element 0 of `ports`.
pub fn split_with_indices(path: &str) -> Vec<Text> {
    let mut parts = Vec::new();
    for part in split(path) {
        let index = part.strip_suffix(']').and_then(|part| part.rsplit_once('['));
        match index {
            Some((key, index))
                if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                if !key.is_empty() {
                    parts.push(key.into());
                }
                parts.push(index.into());
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// The one field that a path leads to; an expression is compared as text. `None` if it is missing.
///
/// Errors are paths that do not fit what is there, for messages.
pub fn lookup<'n>(node: &'n Node, path: &[Text]) -> Result<Option<&'n Node>, String> {
    let mut found = node;
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if found.is_null() {
            return Ok(None);
        }
        let sequence = || {
            let message =
                || format!("`{part}` is for a sequence, and this is {}", found.describe());
            found.as_sequence().ok_or_else(message)
        };
        let next = if let Ok(index) = part.parse::<i64>() {
            let index = usize::try_from(index).map_err(|_| format!("`{part}` is negative"))?;
            sequence()?.get(index)
        } else if part == "-" {
            sequence()?.last()
        } else if part == "*" {
            return Err("`*` is for targets, where several fields can be meant".to_owned());
        } else if is_expression(part) {
            let (key, value) = expression(part)?;
            sequence()?.iter().find(|item| {
                let field = if key.is_empty() { Some(*item) } else { item.get(key) };
                field.and_then(Node::scalar_text) == Some(value)
            })
        } else {
            let message = || format!("`{part}` is a key, and this is {}", found.describe());
            found.as_mapping().ok_or_else(message)?.get(part)
        };
        match next {
            Some(next) => found = next,
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

fn is_expression(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// Field and value of `[field=value]`.
fn expression(part: &str) -> Result<(&str, &str), String> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| format!("`{part}` must be `[field=value]`"))
}

/// Calls `visit` with each field that a path leads to. With `create`, what is missing on the way is
/// made, and the last part for that value.
pub fn find(
    node: &mut Node,
    path: &[Text],
    create: Option<&Node>,
    visit: &mut impl FnMut(&mut Node),
) -> Result<(), Found> {
    let Some((part, rest)) = path.split_first() else {
        visit(node);
        return Ok(());
    };
    if let Ok(index) = part.parse::<usize>() {
        let Some(items) = node.as_sequence_mut() else {
            return Err(Found::Wrong(format!("`{part}` is an index, and this is no sequence")));
        };
        if items.len() == index
            && let Some(value) = create
        {
            items.push(made_for(rest.first(), value));
        }
        let length = items.len();
        return match items.get_mut(index) {
            Some(item) => find(item, rest, create, visit),
            None => Err(Found::Wrong(format!("there are {length} elements, and no index {index}"))),
        };
    }
    if is_expression(part) {
        return elements(node, part, rest, create, visit);
    }
    if part == "*" {
        let Some(items) = node.as_sequence_mut() else { return Err(Found::Nothing) };
        return any(items.iter_mut().map(|item| find(item, rest, create, visit)));
    }
    field(node, part, rest, create, visit)
}

/// One of several ways is enough.
fn any(ways: impl Iterator<Item = Result<(), Found>>) -> Result<(), Found> {
    let mut result = Err(Found::Nothing);
    for way in ways {
        match way {
            Ok(()) => result = Ok(()),
            Err(Found::Nothing) => {}
            Err(other) => return Err(other),
        }
    }
    result
}

fn field(
    node: &mut Node,
    key: &Text,
    rest: &[Text],
    create: Option<&Node>,
    visit: &mut impl FnMut(&mut Node),
) -> Result<(), Found> {
    if node.is_null() || node.origin == CREATED && node.as_scalar().is_some() {
        let Some(value) = create else { return Err(Found::Nothing) };
        *node = Node { value: Value::Mapping(Mapping::default()), ..made_for(None, value) };
    }
    if let Some(scalar) = node.as_scalar() {
        if scalar.is_string() {
            return Err(Found::Structured);
        }
        return Err(Found::Wrong(format!("`{key}` is a key, and this is {}", node.describe())));
    }
    let Some(map) = node.as_mapping_mut() else {
        return Err(Found::Wrong(format!("`{key}` is a key, and this is a sequence")));
    };
    if !map.contains_key(key) {
        let Some(value) = create else { return Err(Found::Nothing) };
        map.push(key.clone(), value.span, made_for(rest.first(), value));
    }
    match map.get_mut(key) {
        Some(next) => find(next, rest, create, visit),
        None => Err(Found::Nothing),
    }
}

/// The elements whose field, or which themselves, fit the expression.
fn elements(
    node: &mut Node,
    part: &str,
    rest: &[Text],
    create: Option<&Node>,
    visit: &mut impl FnMut(&mut Node),
) -> Result<(), Found> {
    let (key, expression) = expression(part).map_err(Found::Wrong)?;
    let Ok(regex) = Regex::new(expression) else {
        return Err(Found::Wrong(format!("`{expression}` is not a regular expression")));
    };
    let Some(items) = node.as_sequence_mut() else { return Err(Found::Nothing) };
    let fits = |item: &Node| {
        let field = if key.is_empty() { Some(item) } else { item.get(key) };
        field.and_then(Node::scalar_text).is_some_and(|text| regex.is_match(text))
    };
    if let Some(value) = create.filter(|_| !items.iter().any(fits)) {
        let kind = resolve(expression, Dialect::Resource);
        let scalar = Value::Scalar(Scalar { kind, text: expression.into() });
        let made = made_for(None, value);
        items.push(if key.is_empty() {
            Node { value: scalar, ..made }
        } else {
            let mut map = Mapping::default();
            map.push(key, value.span, Node { value: scalar, ..made });
            Node { value: Value::Mapping(map), ..made }
        });
    }
    let chosen = items.iter_mut().filter(|item| fits(item));
    // An element that is a single value is the end of the path.
    let rest = if key.is_empty() { &[] } else { rest };
    any(chosen.map(|item| find(item, rest, create, visit)))
}

/// A node for what the next part of the path needs, or for the value itself.
fn made_for(next: Option<&Text>, value: &Node) -> Node {
    let is_element = |part: &Text| part.parse::<usize>().is_ok() || is_expression(part);
    let made = match next {
        Some(part) if is_element(part) => Value::Sequence(Vec::new()),
        Some(_) => Value::Mapping(Mapping::default()),
        None => match &value.value {
            Value::Scalar(_) => {
                Value::Scalar(Scalar { kind: ScalarKind::Null, text: Text::default() })
            }
            Value::Sequence(_) => Value::Sequence(Vec::new()),
            Value::Mapping(_) => Value::Mapping(Mapping::default()),
        },
    };
    Node { value: made, span: value.span, origin: CREATED }
}

#[cfg(test)]
mod tests {
    use super::{split, split_with_indices};

    #[test]
    fn dots_in_brackets_and_escaped_dots_belong_to_a_part() {
        assert_eq!(split("spec.containers.0.image"), ["spec", "containers", "0", "image"]);
        assert_eq!(split("a.[name=x.y].b"), ["a", "[name=x.y]", "b"]);
        assert_eq!(split(r"metadata.annotations.a\.b/c"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(split("metadata.annotations.[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
    }

    #[test]
    fn an_index_behind_a_key_is_a_part_of_its_own() {
        assert_eq!(split_with_indices("spec.ports[0].port"), ["spec", "ports", "0", "port"]);
        assert_eq!(split_with_indices("a.[name=x]"), ["a", "[name=x]"]);
    }
}
