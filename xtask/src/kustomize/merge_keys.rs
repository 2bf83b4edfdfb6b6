//! Which lists a strategic merge patch merges, and by which keys.
//!
//! Source: the `OpenAPI` document that kustomize carries, reduced to the ways that lead to such a
//! list (`tables/merge_keys.tsv`). Everything else, as every list of a custom resource, is replaced.

use std::{collections::HashMap, sync::OnceLock};

use crate::resource::Gvk;

/// What is known of one type of object or value; `None` where nothing below it is merged.
pub type Definition = Option<&'static Fields>;

/// The fields of one definition that lead to merged lists.
#[derive(Debug, Default)]
pub struct Fields {
    fields: Vec<(&'static str, How, &'static str)>,
}

/// How a field is merged.
#[derive(Clone, Debug)]
pub enum How {
    /// As any map; a list is replaced.
    Plain,
    /// A list whose elements are merged by these keys, or by their values if there are none.
    Merge(Vec<&'static str>),
}

#[derive(Default)]
struct Table {
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    definitions: HashMap<&'static str, Fields>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::default();
        for line in include_str!("tables/merge_keys.tsv").lines() {
            match *line.split('\t').collect::<Vec<_>>().as_slice() {
                ["kind", api_version, kind, definition] => {
                    table.kinds.insert((api_version, kind), definition);
                }
                ["field", definition, field, how, keys, value] => {
                    let how = match how {
                        "merge" => How::Merge(keys.split(',').filter(|k| !k.is_empty()).collect()),
                        _ => How::Plain,
                    };
                    table
                        .definitions
                        .entry(definition)
                        .or_default()
                        .fields
                        .push((field, how, value));
                }
                _ => {}
            }
        }
        table
    })
}

/// What is known of a kind of object.
pub fn of_kind(gvk: &Gvk) -> Definition {
    let api_version = if gvk.group.is_empty() {
        gvk.version.to_string()
    } else {
        format!("{}/{}", gvk.group, gvk.version)
    };
    let table = table();
    let definition = table.kinds.get(&(api_version.as_str(), gvk.kind.as_str()))?;
    table.definitions.get(definition)
}

/// What is known of an object that is patched: by its own kind, or by the one that the patch names.
pub fn of_patched(gvk: &Gvk, patch_kind: Option<&str>) -> Definition {
    of_kind(gvk).or_else(|| of_kind(&Gvk { kind: patch_kind?.into(), ..gvk.clone() }))
}

/// How a field of a definition is merged, and what is known of its value or its elements.
pub fn of_field(definition: Definition, field: &str) -> (&'static How, Definition) {
    static PLAIN: How = How::Plain;
    let found = definition.and_then(|known| known.fields.iter().find(|&&(name, ..)| name == field));
    match found {
        Some((_, how, value)) => (how, table().definitions.get(value)),
        None => (&PLAIN, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(api_version: &str, kind: &str, path: &[&str]) -> Option<Vec<&'static str>> {
        let mut definition = of_kind(&Gvk::new(api_version, kind));
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
        assert_eq!(keys("apps/v1", "Deployment", &path(&["containers"])), Some(vec!["name"]));
        assert_eq!(
            keys("apps/v1", "Deployment", &path(&["containers", "ports"])),
            Some(vec!["containerPort", "protocol"])
        );
        assert_eq!(keys("apps/v1", "Deployment", &["metadata", "finalizers"]), Some(vec![]));
        assert_eq!(keys("apps/v1", "Deployment", &path(&["tolerations"])), None);
        assert_eq!(keys("v1", "Service", &["spec", "ports"]), Some(vec!["port", "protocol"]));
    }

    #[test]
    fn lists_of_unknown_kinds_are_replaced() {
        assert_eq!(keys("autoscaling/v2", "HorizontalPodAutoscaler", &["spec", "metrics"]), None);
        assert_eq!(keys("example.com/v1", "Deployment", &["spec", "template"]), None);
    }
}
