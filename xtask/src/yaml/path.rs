//! The path of a field, as a person writes it: `spec.containers[name=web].image`,
//! `metadata.annotations["a.b/c"]`.

use std::{fmt, str::FromStr};

use super::{Node, Text, Value};

/// Where a field is in a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath {
    steps: Vec<PathStep>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// The value of a key.
    Key(Text),
    /// The item at a place of a list, from zero.
    Index(usize),
    /// The first item of a list whose `key` has this value.
    Item {
        /// The key.
        key: Text,
        /// Its value.
        value: Text,
    },
}

/// A text that is no path: where it goes wrong, in bytes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The byte at which it goes wrong.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// A field that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How far the path leads.
    pub parent: FieldPath,
    /// The step that leads nowhere.
    pub step: PathStep,
    /// What is there instead: `a string`, `a mapping`.
    pub found: &'static str,
    /// The steps that could follow `parent`.
    pub choices: Vec<PathStep>,
}

impl FieldPath {
    /// The path of the whole tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[PathStep] {
        &self.steps
    }

    /// One step further.
    #[must_use]
    pub fn join(&self, step: PathStep) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { steps }
    }

    /// The nodes from the root to the field, both included.
    pub fn trail<'a>(&self, root: &'a Node) -> Result<Vec<&'a Node>, Missing> {
        let mut trail = vec![root];
        let mut node = root;
        for (depth, step) in self.steps.iter().enumerate() {
            node = step.follow(node).ok_or_else(|| Missing {
                parent: Self { steps: self.steps.iter().take(depth).cloned().collect() },
                step: step.clone(),
                found: node.describe(),
                choices: choices(node),
            })?;
            trail.push(node);
        }
        Ok(trail)
    }
}

impl PathStep {
    fn follow<'a>(&self, node: &'a Node) -> Option<&'a Node> {
        match self {
            Self::Key(key) => node.get(key),
            Self::Index(index) => node.as_sequence()?.get(*index),
            Self::Item { key, value } => node
                .as_sequence()?
                .iter()
                .find(|item| item.get(key).and_then(Node::scalar_text) == Some(value)),
        }
    }
}

/// What can follow the path of `node`.
fn choices(node: &Node) -> Vec<PathStep> {
    match &node.value {
        Value::Scalar(_) => Vec::new(),
        Value::Mapping(mapping) => {
            mapping.iter().map(|entry| PathStep::Key(entry.key.clone())).collect()
        }
        Value::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| match item.get("name").and_then(Node::scalar_text) {
                Some(name) => PathStep::Item { key: "name".into(), value: name.into() },
                None => PathStep::Index(index),
            })
            .collect(),
    }
}

/// Calls `visit` with the trail and the path of every scalar and every empty collection in the
/// last node of `trail`, in order.
pub fn leaves<'a>(
    trail: &mut Vec<&'a Node>,
    path: &FieldPath,
    visit: &mut impl FnMut(&[&'a Node], &FieldPath),
) {
    let Some(&node) = trail.last() else { return };
    let mut below = |step: PathStep, child: &'a Node, visit: &mut _| {
        trail.push(child);
        leaves(trail, &path.join(step), visit);
        trail.pop();
    };
    match &node.value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            for entry in mapping {
                below(PathStep::Key(entry.key.clone()), &entry.value, visit);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                below(PathStep::Index(index), item, visit);
            }
        }
        _ => visit(trail, path),
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
                bracket(inside).map_err(|expected| PathError { at: at + 1, expected })?
            } else {
                let rest = if at == 0 { rest } else { rest.strip_prefix('.').unwrap_or(rest) };
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at(end);
                if key.is_empty() {
                    return Err(PathError { at, expected: "the name of a field" });
                }
                (PathStep::Key(key.into()), after)
            };
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }
}

/// What follows a `[`, and the text after its `]`.
fn bracket(text: &str) -> Result<(PathStep, &str), &'static str> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (key, rest) = quoted.split_once(quote).ok_or("a closing quote")?;
            let rest = rest.strip_prefix(']').ok_or("a closing bracket")?;
            return Ok((PathStep::Key(key.into()), rest));
        }
    }
    let (inside, rest) = text.split_once(']').ok_or("a closing bracket")?;
    let step = match inside.split_once('=') {
        Some((key, value)) => PathStep::Item { key: key.into(), value: value.into() },
        None => {
            PathStep::Index(inside.parse().map_err(|_| "a number, `name=...` or a quoted key")?)
        }
    };
    Ok((step, rest))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 && matches!(step, PathStep::Key(key) if is_plain(key)) {
                f.write_str(".")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) if is_plain(key) => f.write_str(key),
            Self::Key(key) if key.contains('"') => write!(f, "['{key}']"),
            Self::Key(key) => write!(f, "[\"{key}\"]"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Item { key, value } => write!(f, "[{key}={value}]"),
        }
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', ']', '"', '\'', ' '])
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at character {}", self.expected, self.at + 1)
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::{OriginId, Sources, Span},
        yaml::Mapping,
    };

    #[test]
    fn a_path_is_read_and_written_alike() {
        for text in [
            "",
            "spec.template.spec.containers[0].image",
            "spec.containers[name=web].image",
            "metadata.annotations[\"a.b/c\"]",
            "metadata.annotations['say \"x\"'].y",
            "data[\"app.yaml\"][0][1]",
        ] {
            assert_eq!(text.parse::<FieldPath>().unwrap().to_string(), text);
        }
        let other = "metadata.annotations['a.b/c']".parse::<FieldPath>().unwrap();
        assert_eq!(other.to_string(), "metadata.annotations[\"a.b/c\"]");
    }

    #[test]
    fn what_is_no_path_is_said_with_its_place() {
        for (text, at, expected) in [
            (".spec", 0, "the name of a field"),
            ("spec..x", 4, "the name of a field"),
            ("spec.", 4, "the name of a field"),
            ("a[b]", 2, "a number, `name=...` or a quoted key"),
            ("a[\"b", 2, "a closing quote"),
            ("a[0", 2, "a closing bracket"),
        ] {
            assert_eq!(text.parse::<FieldPath>(), Err(PathError { at, expected }), "{text}");
        }
    }

    fn tree() -> Node {
        let mut sources = Sources::default();
        let span = Span::start_of(sources.add("a.yaml", ""));
        let string = |text: &str| Node::string(text, span, OriginId::NONE);
        let mut item = Mapping::default();
        item.push("name", span, string("web"));
        let items = Value::Sequence(vec![Node::new(Value::Mapping(item), span)]);
        let mut root = Mapping::default();
        root.push("a.b/c", span, string("x"));
        root.push("items", span, Node::new(items, span));
        root.push("none", span, Node::new(Value::Sequence(Vec::new()), span));
        Node::new(Value::Mapping(root), span)
    }

    #[test]
    fn a_path_leads_to_its_field() {
        let tree = tree();
        for (path, value) in
            [("[\"a.b/c\"]", "x"), ("items[0].name", "web"), ("items[name=web].name", "web")]
        {
            let trail = path.parse::<FieldPath>().unwrap().trail(&tree).unwrap();
            assert_eq!(trail.last().and_then(|node| node.scalar_text()), Some(value));
        }
        let missing = "items[name=db].name".parse::<FieldPath>().unwrap().trail(&tree).unwrap_err();
        assert_eq!(missing.parent.to_string(), "items");
        assert_eq!(
            missing.choices.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["[name=web]"]
        );
    }

    #[test]
    fn every_leaf_is_visited_in_order() {
        let tree = tree();
        let mut seen = Vec::new();
        leaves(&mut vec![&tree], &FieldPath::root(), &mut |_, path| seen.push(path.to_string()));
        assert_eq!(seen, ["[\"a.b/c\"]", "items[0].name", "none"]);
    }
}
