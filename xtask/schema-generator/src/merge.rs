//! Types that are equal in several versions of their API group are kept once.
//!
//! `resource.v1beta2.Device` and `resource.v1.Device` say the same until one of them changes; a
//! bundle holds such types once, under the name of the most stable version. Invariant: what a kind
//! accepts stays the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::upstream::Definitions;

/// A type of an API group in one version: `resource.v1beta2.Device`.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (group, rest) = name.split_once('.')?;
    let (version, name) = rest.split_once('.')?;
    version.starts_with('v').then_some((group, version, name))
}

/// Sorts `v2` and `v1` in front of `v1beta2`, `v1beta1` and `v1alpha3`.
fn stability(version: &str) -> (u8, Reverse<&str>) {
    let stage = if version.contains("alpha") { 2 } else { u8::from(version.contains("beta")) };
    (stage, Reverse(version))
}

/// Merges the equal types, and returns under which name each of the others is kept.
pub fn merge(definitions: &mut Definitions) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    loop {
        let found = equal_types(definitions);
        if found.is_empty() {
            return kept;
        }
        for name in found.keys() {
            definitions.remove(name);
        }
        // Types become equal when what they refer to has become one.
        for schema in definitions.values_mut() {
            redirect(schema, &found);
        }
        for target in kept.values_mut() {
            if let Some(further) = found.get(target) {
                target.clone_from(further);
            }
        }
        kept.extend(found);
    }
}

fn equal_types(definitions: &Definitions) -> BTreeMap<String, String> {
    let mut types: BTreeMap<(&str, &str), Vec<(&str, &String)>> = BTreeMap::new();
    for full in definitions.keys() {
        if let Some((group, version, name)) = parts(full) {
            types.entry((group, name)).or_default().push((version, full));
        }
    }
    let mut found = BTreeMap::new();
    for mut versions in types.into_values() {
        versions.sort_by_key(|(version, _)| stability(version));
        for (index, (_, less_stable)) in versions.iter().enumerate() {
            let stable = versions
                .iter()
                .take(index)
                .find(|(_, name)| definitions.get(*name) == definitions.get(*less_stable));
            if let Some((_, stable)) = stable {
                found.insert((*less_stable).clone(), (*stable).clone());
            }
        }
    }
    found
}

fn redirect(schema: &mut Map<String, Value>, targets: &BTreeMap<String, String>) {
    for (keyword, value) in schema {
        match value {
            Value::String(reference) if keyword == "$ref" => {
                let name =
                    reference.strip_prefix("#/definitions/").and_then(|name| targets.get(name));
                if let Some(name) = name {
                    *reference = format!("#/definitions/{name}");
                }
            }
            Value::Object(inner) => redirect(inner, targets),
            Value::Array(items) => {
                items
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|inner| redirect(inner, targets));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definitions(schemas: Value) -> Definitions {
        serde_json::from_value(schemas).expect("the schemas are objects")
    }

    #[test]
    fn equal_types_are_kept_under_the_most_stable_version() {
        let mut all = definitions(json!({
            "resource.v1.Pool": {"items": {"$ref": "#/definitions/resource.v1.Device"}},
            "resource.v1.Device": {"type": "object"},
            "resource.v1beta1.Pool": {"items": {"$ref": "#/definitions/resource.v1beta1.Device"}},
            "resource.v1beta1.Device": {"type": "object"},
            "resource.v1alpha1.Device": {"type": "string"},
            "storage.v1.Device": {"type": "object"},
        }));
        let kept = merge(&mut all);
        let expected = [
            ("resource.v1beta1.Device", "resource.v1.Device"),
            ("resource.v1beta1.Pool", "resource.v1.Pool"),
        ];
        let expected = expected.map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert_eq!(kept, BTreeMap::from(expected));
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "resource.v1.Device",
                "resource.v1.Pool",
                "resource.v1alpha1.Device",
                "storage.v1.Device"
            ]
        );
    }

    #[test]
    fn types_that_refer_to_different_types_stay_apart() {
        let mut all = definitions(json!({
            "apps.v1.Set": {"$ref": "#/definitions/apps.v1.Spec"},
            "apps.v1.Spec": {"type": "object"},
            "apps.v1beta1.Set": {"$ref": "#/definitions/apps.v1beta1.Spec"},
            "apps.v1beta1.Spec": {"type": "string"},
        }));
        assert!(merge(&mut all).is_empty());
        assert_eq!(all.len(), 4);
    }
}
