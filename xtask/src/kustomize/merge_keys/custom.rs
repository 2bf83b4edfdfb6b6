//! The document that `openapi.path` names: definitions of the kinds of a cluster, as `kustomize
//! openapi fetch` writes them.
//!
//! Source: kustomize's `kyaml/openapi`. Only what leads to merged lists is kept, and which kinds are
//! in no namespace.

use std::collections::HashMap;

use super::{Fields, How, Schema, builtin};
use crate::{
    resource::Gvk,
    yaml::{Node, ScalarKind, Text},
};

/// Deeper nesting in one definition, and longer chains of references, are not followed.
const MAX_DEPTH: usize = 100;

impl Schema {
    /// Reads a document from its tree. With `adds` it adds to the document that kustomize carries,
    /// and may refer to the definitions there.
    pub fn from_document(document: &Node, adds: bool) -> Self {
        let mut schema = Self::default();
        let definitions = document.get("definitions").and_then(Node::as_mapping);
        let mut named = HashMap::new();
        for entry in definitions.into_iter().flatten() {
            named.insert(entry.key.as_str(), (schema.definitions.len(), &entry.value));
            schema.definitions.push(Fields::default());
        }
        let mut reader = Reader { schema, named, adds };
        for (at, entry) in definitions.into_iter().flatten().enumerate() {
            let fields = reader.fields(&entry.value, 0);
            if let Some(slot) = reader.schema.definitions.get_mut(at) {
                *slot = fields;
            }
            for key in kinds(&entry.value) {
                reader.schema.kinds.insert(key, at);
            }
        }
        let mut schema = reader.schema;
        let paths = document.get("paths").and_then(Node::as_mapping);
        for entry in paths.into_iter().flatten() {
            let Some(operation) = entry.value.get("get") else { continue };
            let Some(key) = operation.get("x-kubernetes-group-version-kind").and_then(kind) else {
                continue;
            };
            let scoped = schema.cluster_scoped.entry(key).or_insert(true);
            *scoped &= !entry.key.contains("namespaces/{namespace}");
        }
        schema
    }
}

struct Reader<'n> {
    schema: Schema,
    /// The place of each named definition, and its text.
    named: HashMap<&'n str, (usize, &'n Node)>,
    /// Whether what it refers to and does not have may be in the document that kustomize carries.
    adds: bool,
}

impl<'n> Reader<'n> {
    fn fields(&mut self, schema: &'n Node, depth: usize) -> Fields {
        let mut fields = Fields::default();
        if depth > MAX_DEPTH {
            return fields;
        }
        for entry in schema.get("properties").and_then(Node::as_mapping).into_iter().flatten() {
            let (how, below) = self.field(&entry.value, depth);
            fields.named.push((entry.key.clone(), how, below));
        }
        fields.others = schema
            .get("additionalProperties")
            .filter(|node| node.as_mapping().is_some())
            .map(|node| self.field(node, depth));
        fields
    }

    /// How a field with this schema is merged, and the definition of its value or its elements.
    fn field(&mut self, schema: &'n Node, depth: usize) -> (How, Option<usize>) {
        let Some((place, schema)) = self.resolved(schema) else {
            return (How::Plain, self.carried(schema));
        };
        let how = how(schema);
        match schema.get("items").filter(|_| is_array(schema)) {
            Some(items) => {
                let below = match self.resolved(items) {
                    Some((place, item)) => place.or_else(|| self.nested(item, depth)),
                    None => self.carried(items),
                };
                (how, below)
            }
            None => (how, place.or_else(|| self.nested(schema, depth))),
        }
    }

    /// What a schema refers to, if it is a reference, and the place of that among the definitions.
    fn resolved(&self, schema: &'n Node) -> Option<(Option<usize>, &'n Node)> {
        let mut found = (None, schema);
        for _ in 0..MAX_DEPTH {
            let Some(reference) = found.1.get("$ref").and_then(Node::as_str) else {
                return Some(found);
            };
            let &(place, schema) = self.named.get(reference.strip_prefix("#/definitions/")?)?;
            found = (Some(place), schema);
        }
        None
    }

    /// A definition that stands for the one of the document that kustomize carries.
    fn carried(&mut self, schema: &Node) -> Option<usize> {
        let name = schema.get("$ref").and_then(Node::as_str).filter(|_| self.adds)?;
        let start = name.rmatch_indices('.').nth(2).map_or(0, |(at, _)| at + 1);
        let at = builtin().names.get(name.get(start..)?)?;
        self.schema.definitions.push(Fields { builtin: Some(*at), ..Fields::default() });
        Some(self.schema.definitions.len() - 1)
    }

    /// The definition of a schema that has no name.
    fn nested(&mut self, schema: &'n Node, depth: usize) -> Option<usize> {
        if schema.get("properties").is_none() && schema.get("additionalProperties").is_none() {
            return None;
        }
        let fields = self.fields(schema, depth + 1);
        self.schema.definitions.push(fields);
        Some(self.schema.definitions.len() - 1)
    }
}

fn is_array(schema: &Node) -> bool {
    match schema.get("type") {
        Some(node) => match node.as_sequence() {
            Some([only]) => only.as_str() == Some("array"),
            Some(_) => false,
            None => node.as_str() == Some("array"),
        },
        None => false,
    }
}

fn how(schema: &Node) -> How {
    let text = |key| schema.get(key).and_then(Node::as_str);
    let merges = text("x-kubernetes-patch-strategy")
        .is_some_and(|strategy| strategy.split(',').any(|part| part == "merge"));
    if !merges {
        return How::Plain;
    }
    let keys = match schema.get("x-kubernetes-list-map-keys").and_then(Node::as_sequence) {
        Some(keys) => keys.iter().filter_map(Node::as_str).map(Text::from).collect(),
        None => text("x-kubernetes-patch-merge-key").map(Text::from).into_iter().collect(),
    };
    How::Merge(keys)
}

/// The `apiVersion` and `kind` of the objects that a definition is for.
fn kinds(definition: &Node) -> Vec<(Text, Text)> {
    let list = definition.get("x-kubernetes-group-version-kind").and_then(Node::as_sequence);
    list.into_iter().flatten().filter_map(kind).collect()
}

fn kind(node: &Node) -> Option<(Text, Text)> {
    let text = |key| {
        let scalar = node.get(key)?.as_scalar()?;
        (scalar.kind == ScalarKind::String).then(|| scalar.text.clone())
    };
    let group = text("group").unwrap_or_default();
    Some(super::key(&Gvk { group, version: text("version")?, kind: text("kind")? }))
}
