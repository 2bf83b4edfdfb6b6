//! Which lists a strategic merge patch merges, and by which keys.
//!
//! Source: the `OpenAPI` document that kustomize carries, reduced to the ways that lead to such a
//! list (`tables/merge_keys.tsv`), or the document that `openapi:` names. Everything else, as every
//! list of a custom resource without a document, is replaced.

mod custom;

use std::{collections::HashMap, sync::OnceLock};

use crate::{
    resource::{Gvk, is_known},
    source::Span,
    yaml::{Node, Text},
};

/// The version of Kubernetes whose document kustomize carries.
pub const BUILTIN_VERSION: &str = "v1.21.2";

/// What is known of one type of object or value; nothing where nothing below it is merged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Definition<'s> {
    known: Option<(&'s Schema, &'s Fields)>,
}

/// The fields of one definition that lead to merged lists.
#[derive(Debug, Default)]
struct Fields {
    named: Vec<(Text, How, Option<usize>)>,
    /// How every other field is merged.
    others: Option<(How, Option<usize>)>,
    /// The definition of the document that kustomize carries whose fields these are.
    builtin: Option<usize>,
}

impl Definition<'_> {
    /// Whether there is a definition at all.
    pub fn is_known(self) -> bool {
        self.known.is_some()
    }
}

/// How a field is merged.
#[derive(Clone, Debug)]
pub enum How {
    /// As any map; a list is replaced.
    Plain,
    /// A list whose elements are merged by these keys, or by their values if there are none.
    Merge(Vec<Text>),
}

/// What a document says of all kinds of objects.
#[derive(Debug, Default)]
pub struct Schema {
    kinds: HashMap<(Text, Text), usize>,
    definitions: Vec<Fields>,
    /// The places of the definitions that kustomize carries, by the last three parts of their names.
    names: HashMap<Text, usize>,
    /// The kinds that the paths of the document name, and whether they are in no namespace.
    cluster_scoped: HashMap<(Text, Text), bool>,
}

/// The documents that a build works with: the one that kustomize carries, until a kustomization
/// names another. The first that names one wins, and the root comes first.
#[derive(Debug, Default)]
pub struct Schemas {
    /// Where `openapi:` was found first.
    chosen: Option<Span>,
    custom: Option<Schema>,
    /// Whether the document that kustomize carries was used before another took its place, which
    /// then only adds to it.
    builtin_used: bool,
}

fn builtin() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = Schema::default();
        let mut indices: HashMap<&str, usize> = HashMap::new();
        let mut index = |schema: &mut Schema, name: &'static str| {
            *indices.entry(name).or_insert_with(|| {
                schema.definitions.push(Fields::default());
                schema.definitions.len() - 1
            })
        };
        for line in include_str!("tables/merge_keys.tsv").lines() {
            match *line.split('\t').collect::<Vec<_>>().as_slice() {
                ["kind", api_version, kind, definition] => {
                    let at = index(&mut schema, definition);
                    schema.kinds.insert((api_version.into(), kind.into()), at);
                }
                ["field", definition, field, how, keys, value] => {
                    let how = match how {
                        "merge" => How::Merge(
                            keys.split(',').filter(|k| !k.is_empty()).map(Text::from).collect(),
                        ),
                        _ => How::Plain,
                    };
                    let below = (!value.is_empty()).then(|| index(&mut schema, value));
                    let at = index(&mut schema, definition);
                    if let Some(fields) = schema.definitions.get_mut(at) {
                        fields.named.push((field.into(), how, below));
                    }
                }
                _ => {}
            }
        }
        schema.names = indices.into_iter().map(|(name, at)| (name.into(), at)).collect();
        schema
    })
}

impl Schema {
    fn definition(&self, at: Option<usize>) -> Definition<'_> {
        let fields = at.and_then(|at| self.definitions.get(at));
        if let Some(at) = fields.and_then(|fields| fields.builtin) {
            return builtin().definition(Some(at));
        }
        Definition { known: fields.map(|fields| (self, fields)) }
    }

    fn of_kind(&self, key: &(Text, Text)) -> Option<Definition<'_>> {
        self.kinds.get(key).map(|&at| self.definition(Some(at)))
    }
}

fn key(gvk: &Gvk) -> (Text, Text) {
    (gvk.api_version(), gvk.kind.clone())
}

impl Schemas {
    /// Whether a kustomization has named a document or a version.
    pub fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// Chooses the document that kustomize carries, as `openapi.version` does.
    pub fn choose_builtin(&mut self, at: Span) {
        self.chosen = Some(at);
    }

    /// Chooses a document of the user's.
    pub fn choose(&mut self, at: Span, document: Option<&Node>) {
        self.chosen = Some(at);
        let read = |document| Schema::from_document(document, self.builtin_used);
        self.custom = Some(document.map(read).unwrap_or_default());
    }

    /// Notes that an object was read. One whose scope kustomize does not know by heart makes it read
    /// the document that it carries, to which a document that is chosen later only adds.
    pub fn note_kind(&mut self, gvk: &Gvk) {
        if self.chosen.is_none() && !self.builtin_used {
            self.builtin_used = !is_known(&gvk.group, &gvk.version, &gvk.kind);
        }
    }

    /// Whether objects of this kind are in no namespace, where the user's document says.
    pub fn cluster_scoped(&self, gvk: &Gvk) -> Option<bool> {
        let custom = self.custom.as_ref().filter(|custom| !custom.cluster_scoped.is_empty())?;
        custom.cluster_scoped.get(&key(gvk)).copied()
    }

    /// What is known of an object that is patched: by its own kind, or by the one that the patch
    /// names.
    pub fn of_patched(&mut self, gvk: &Gvk, patch_kind: Option<&str>) -> Definition<'_> {
        if self.custom.is_none() {
            self.builtin_used = true;
        }
        let other = patch_kind.map(|kind| Gvk { kind: kind.into(), ..gvk.clone() });
        let custom = self.custom.as_ref();
        let builtin = self.builtin_used.then(builtin);
        [Some(gvk), other.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|gvk| {
                let key = key(gvk);
                custom
                    .and_then(|schema| schema.of_kind(&key))
                    .or_else(|| builtin.and_then(|schema| schema.of_kind(&key)))
            })
            .unwrap_or_default()
    }
}

/// How a field of a definition is merged, and what is known of its value or its elements.
pub fn of_field<'s>(definition: Definition<'s>, field: &str) -> (&'s How, Definition<'s>) {
    static PLAIN: How = How::Plain;
    let Some((schema, fields)) = definition.known else { return (&PLAIN, Definition::default()) };
    let named = fields.named.iter().find(|(name, ..)| name == field);
    let found = named.map(|(_, how, below)| (how, below));
    match found.or_else(|| fields.others.as_ref().map(|(how, below)| (how, below))) {
        Some((how, &below)) => (how, schema.definition(below)),
        None => (&PLAIN, Definition::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(api_version: &str, kind: &str, path: &[&str]) -> Option<Vec<Text>> {
        let mut schemas = Schemas::default();
        let mut definition = schemas.of_patched(&Gvk::new(api_version, kind), None);
        let mut keys = None;
        for field in path {
            let (how, next) = of_field(definition, field);
            keys = match how {
                How::Merge(keys) => Some(keys.clone()),
                How::Plain => None,
            };
            definition = next;
        }
        keys
    }

    #[test]
    fn lists_of_known_kinds_have_their_keys() {
        let pod = ["spec", "template", "spec"];
        let path = |rest: &[&'static str]| [&pod[..], rest].concat();
        assert_eq!(
            keys("apps/v1", "Deployment", &path(&["containers"])),
            Some(vec!["name".into()])
        );
        assert_eq!(
            keys("apps/v1", "Deployment", &path(&["containers", "ports"])),
            Some(vec!["containerPort".into(), "protocol".into()])
        );
        assert_eq!(keys("apps/v1", "Deployment", &["metadata", "finalizers"]), Some(vec![]));
        assert_eq!(keys("apps/v1", "Deployment", &path(&["tolerations"])), None);
        assert_eq!(
            keys("v1", "Service", &["spec", "ports"]),
            Some(vec!["port".into(), "protocol".into()])
        );
    }

    #[test]
    fn lists_of_unknown_kinds_are_replaced() {
        assert_eq!(keys("autoscaling/v2", "HorizontalPodAutoscaler", &["spec", "metrics"]), None);
        assert_eq!(keys("example.com/v1", "Deployment", &["spec", "template"]), None);
    }
}
