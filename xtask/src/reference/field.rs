//! A value of an object with the path to it, which is only written out for a message.

use std::fmt;

use crate::yaml::Node;

/// A value of an object. Invariant: it is not null, which means the same as nothing.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a, 'p> {
    /// The value.
    pub node: &'a Node,
    parent: Option<&'p Field<'a, 'p>>,
    /// From the parent, keys with dots between them.
    path: &'a str,
    index: Option<usize>,
}

impl<'a> Field<'a, '_> {
    /// The whole object.
    pub fn root(node: &'a Node) -> Self {
        Self { node, parent: None, path: "", index: None }
    }

    /// The value at the end of a path, of keys with dots between them.
    pub fn get<'s>(&'s self, path: &'a str) -> Option<Field<'a, 's>> {
        let steps = path.split('.').filter(|step| !step.is_empty());
        let node = steps.into_iter().try_fold(self.node, |node, step| node.get(step))?;
        (!node.is_null()).then_some(Field { node, parent: Some(self), path, index: None })
    }

    /// The value of one key, which may have dots.
    pub fn key<'s>(&'s self, key: &'a str) -> Option<Field<'a, 's>> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        Some(Field { node, parent: Some(self), path: key, index: None })
    }

    /// The items of the list at the end of a path.
    pub fn items<'s>(&'s self, path: &'a str) -> impl Iterator<Item = Field<'a, 's>> + use<'a, 's> {
        let list = self.get(path).map(|list| list.node).and_then(Node::as_sequence);
        list.unwrap_or_default()
            .iter()
            .enumerate()
            .filter(|(_, node)| !node.is_null())
            .map(move |(index, node)| Field { node, parent: Some(self), path, index: Some(index) })
    }

    /// The values of the map at the end of a path, with their keys.
    pub fn entries<'s>(&'s self) -> impl Iterator<Item = (&'a str, Field<'a, 's>)> + use<'a, 's> {
        let entries = self.node.as_mapping().into_iter().flatten();
        entries.filter(|entry| !entry.value.is_null()).map(move |entry| {
            let key = entry.key.as_str();
            (key, Field { node: &entry.value, parent: Some(self), path: key, index: None })
        })
    }

    /// The text, if it is one that is not empty.
    pub fn text(&self) -> Option<&'a str> {
        self.node.as_str().filter(|text| !text.is_empty())
    }

    /// The text at the end of a path, if it is one that is not empty.
    pub fn text_at(&self, path: &'a str) -> Option<&'a str> {
        self.get(path)?.text()
    }

    /// Whether the value at the end of a path is `true`.
    pub fn is_true(&self, path: &'a str) -> bool {
        self.get(path).is_some_and(|field| field.node.scalar_text() == Some("true"))
    }
}

/// `spec.containers[0].image`.
impl fmt::Display for Field<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
            if !self.path.is_empty() && !parent.is_root() {
                f.write_str(".")?;
            }
        }
        f.write_str(self.path)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

impl Field<'_, '_> {
    /// Whether its path is empty.
    fn is_root(&self) -> bool {
        self.path.is_empty() && self.index.is_none() && self.parent.is_none_or(Field::is_root)
    }
}
