//! The path of a replacement: keys, indices, `*`, and `[name=expression]` for elements.
//!
//! Source: kustomize's `PathMatcher` and `SmarterPathSplitter`.

use regex::Regex;

use crate::{
    source::OriginId,
    yaml::{Dialect, Mapping, Node, Scalar, ScalarKind, Text, Value, resolve},
};

/// The origin of a node that was made for the value to come.
pub(super) const CREATED: OriginId = OriginId::MAX;

/// Why a path does not lead to a field.
#[derive(Debug)]
pub(super) enum Found {
    /// It is not there.
    Nothing,
    /// It leads into a text.
    Structured,
    /// It does not fit what is there.
    Wrong(String),
}

/// The parts of a path. A dot in brackets is not one between parts, `\.` is a dot in a key.
pub(super) fn split(path: &str) -> Vec<Text> {
    let mut parts: Vec<Text> = vec![Text::default()];
    let mut in_brackets = false;
    let mut escaped = false;
    for c in path.chars() {
        let Some(last) = parts.last_mut() else { break };
        match c {
            '.' if escaped => {
                last.pop();
                last.push('.');
            }
            '.' if !in_brackets => parts.push(Text::default()),
            '[' if last.is_empty() => {
                in_brackets = true;
                last.push(c);
            }
            ']' => {
                in_brackets = false;
                last.push(c);
            }
            c => last.push(c),
        }
        escaped = c == '\\';
    }
    if parts.len() > 1 && parts.first().is_some_and(Text::is_empty) {
        parts.remove(0);
    }
    for part in &mut parts {
        // Brackets without an expression only protect the dots of a key.
        if part.starts_with('[') && !part.contains('=') && part.contains('.') {
            *part = part.trim_matches(['[', ']']).into();
        }
    }
    parts
}

/// Calls `visit` with each field that a path leads to. With `create`, what is missing on the way is
/// made, and the last part for that value.
pub(super) fn find(
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
    if part.starts_with('[') && part.ends_with(']') {
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
    if node.as_scalar().is_some() {
        return Err(Found::Structured);
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
    let inner = part.trim_start_matches('[').trim_end_matches(']');
    let Some((key, expression)) = inner.split_once('=') else {
        return Err(Found::Wrong(format!("`{part}` must be `[field=value]`")));
    };
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
    let is_element =
        |part: &Text| part.parse::<usize>().is_ok() || part.starts_with('[') && part.ends_with(']');
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
    use super::split;

    #[test]
    fn dots_in_brackets_and_escaped_dots_belong_to_a_part() {
        assert_eq!(split("spec.containers.0.image"), ["spec", "containers", "0", "image"]);
        assert_eq!(split("a.[name=x.y].b"), ["a", "[name=x.y]", "b"]);
        assert_eq!(split(r"metadata.annotations.a\.b/c"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(split("metadata.annotations.[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
    }
}
