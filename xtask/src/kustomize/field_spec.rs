//! Which fields of which objects a transformer changes, and the walk to them.
//!
//! Source: kustomize's `filters/fieldspec`. A path names maps only: a list on the way is walked
//! through, each element for itself.

use super::kustomization::FieldSpecEntry;
use crate::{
    resource::Gvk,
    source::{OriginId, Span},
    yaml::{Mapping, Node, Scalar, Text, Value},
};

/// A field of the objects that `gvk` fits.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// Which objects; empty parts fit everything.
    pub gvk: Gvk,
    /// The keys on the way, `[]` behind one marks a list.
    pub path: Vec<Text>,
    /// Whether it is created where it is missing.
    pub create: bool,
    /// Where a configuration names it.
    pub span: Option<Span>,
}

impl From<&FieldSpecEntry> for FieldSpec {
    fn from(entry: &FieldSpecEntry) -> Self {
        Self {
            gvk: entry.gvk.clone(),
            path: split_path(&entry.path),
            create: entry.create,
            span: Some(entry.span),
        }
    }
}

impl FieldSpec {
    /// Whether it is the name of an object.
    pub fn is_name(&self) -> bool {
        self.path.iter().map(Text::as_str).eq(["metadata", "name"])
    }
}

/// The parts of a path that are separated by `/`; `\/` is a slash in a key.
pub fn split_path(path: &str) -> Vec<Text> {
    let mut parts = vec![Text::default()];
    let mut escaped = false;
    for c in path.chars() {
        let Some(last) = parts.last_mut() else { break };
        match c {
            '/' if escaped => {
                last.pop();
                last.push('/');
            }
            '/' => parts.push(Text::default()),
            c => last.push(c),
        }
        escaped = c == '\\';
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// What to make where the end of a path is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Nothing.
    Never,
    /// An empty string.
    Scalar,
    /// An empty map.
    Mapping,
}

/// Who asks for a field that is created.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// Where the kustomization asks for it.
    pub span: Span,
    /// The step.
    pub origin: OriginId,
}

/// A value on the way of a path that is neither a map nor a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACollection {
    /// Where it is written.
    pub span: Span,
    /// What it is, for messages.
    pub found: &'static str,
}

/// A value at the end of a path that is a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAScalar {
    /// Where it is written.
    pub span: Span,
    /// What it is, for messages.
    pub found: &'static str,
}

impl NotAScalar {
    /// If a node is a collection.
    pub fn of(node: &Node) -> Option<Self> {
        let wrong = Self { span: node.span, found: node.describe() };
        node.as_scalar().is_none().then_some(wrong)
    }
}

/// Calls `visit` with each value at the end of `path`, which may be null.
pub fn visit(
    node: &mut Node,
    path: &[Text],
    create: Create,
    by: By,
    visit_end: &mut impl FnMut(&mut Node),
) -> Result<(), NotACollection> {
    let Some((key, rest)) = path.split_first() else {
        visit_end(node);
        return Ok(());
    };
    let (span, found, is_null) = (node.span, node.describe(), node.is_null());
    match &mut node.value {
        Value::Sequence(items) => {
            items.iter_mut().try_for_each(|item| visit(item, path, create, by, visit_end))
        }
        Value::Scalar(_) if is_null => Ok(()),
        Value::Scalar(_) => Err(NotACollection { span, found }),
        Value::Mapping(map) => {
            let (key, is_list) = match key.strip_suffix("[]") {
                Some(key) => (key, true),
                None => (key.as_str(), false),
            };
            let create_here = match create {
                Create::Never => None,
                _ if is_list => None,
                create if rest.is_empty() => Some(create),
                _ => Some(Create::Mapping),
            };
            if let Some(kind) = create_here
                && map.get(key).is_none_or(|field| field.is_null() && kind == Create::Mapping)
            {
                let value = match kind {
                    Create::Mapping => Value::Mapping(Mapping::default()),
                    _ => Value::Scalar(Scalar::string("")),
                };
                map.insert(key, by.span, Node { value, span: by.span, origin: by.origin });
            }
            match map.get_mut(key) {
                // kustomize makes a list of it on its way, whether or not it finds anything there.
                Some(field) if is_list && field.is_null() => {
                    field.value = Value::Sequence(Vec::new());
                    Ok(())
                }
                Some(field) => visit(field, rest, create, by, visit_end),
                None => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_in_a_key_is_escaped() {
        assert_eq!(
            split_path(r"metadata/annotations/a.b\/c"),
            ["metadata", "annotations", "a.b/c"]
        );
    }
}
