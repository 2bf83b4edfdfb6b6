//! The schemas as `k8s-openapi` gives them, with their descriptions, under short names.
//!
//! Invariant: nothing is corrected here; what upstream says stays what upstream says.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::kinds;

/// Definitions by their short name.
pub type Definitions = BTreeMap<String, Map<String, Value>>;

/// How the names of definitions are shortened, longest prefix first.
///
/// The group and the version stay (`apps.v1.Deployment`), what stands in front of them goes.
const PREFIXES: &[&str] = &[
    "io.k8s.kube-aggregator.pkg.apis.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apimachinery.pkg.api.",
    "io.k8s.apimachinery.pkg.util.",
    "io.k8s.apimachinery.pkg.",
    "io.k8s.api.",
];

/// `io.k8s.api.core.v1.Pod` is `core.v1.Pod`.
pub fn short_name(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Every definition that some kind of the enabled version needs.
pub fn definitions() -> Definitions {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    for kind in kinds::all() {
        (kind.add_schema)(&mut generator);
    }
    let mut definitions = Definitions::new();
    for (name, schema) in generator.take_definitions(true) {
        let Value::Object(mut schema) = schema else {
            unreachable!("k8s-openapi has no boolean schemas")
        };
        shorten_references(&mut schema);
        let clash = definitions.insert(short_name(&name).to_owned(), schema);
        assert!(
            clash.is_none(),
            "two definitions are called `{}`: `PREFIXES` shortens too much",
            short_name(&name)
        );
    }
    definitions
}

fn shorten_references(schema: &mut Map<String, Value>) {
    for (key, value) in schema {
        match value {
            Value::String(target) if key == "$ref" => {
                let name = target
                    .strip_prefix("#/$defs/")
                    .expect("schemars refers to definitions by `#/$defs/`");
                *target = format!("#/definitions/{}", short_name(name));
            }
            Value::Object(inner) => shorten_references(inner),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(shorten_references);
            }
            _ => {}
        }
    }
}
