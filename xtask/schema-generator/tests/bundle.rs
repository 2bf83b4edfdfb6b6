//! The bundle of the version that this crate is built for: what it says, and that it is the committed one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use schema_generator::assertion::Assertion;
use schema_generator::bundle::{Bundle, differences};
use schema_generator::kinds::VERSION;
use schema_generator::rules;
use serde_json::{Map, Value, json};

/// A bundle is reviewed as text and indexed at every start of `xtask`.
const GREATEST_SIZE: usize = 260_000;

fn bundle() -> Bundle {
    Bundle::generate().expect("the bundle can be made")
}

fn committed() -> String {
    let file = format!("../schemas/kubernetes/{VERSION}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).expect("the bundle is committed")
}

/// Calls a function for every schema of the bundle, with the name of its definition.
fn for_each_schema(bundle: &Bundle, act: &mut impl FnMut(&str, &Map<String, Value>)) {
    fn walk(
        name: &str,
        schema: &Map<String, Value>,
        act: &mut impl FnMut(&str, &Map<String, Value>),
    ) {
        act(name, schema);
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for inner in properties.values().filter_map(Value::as_object) {
                        walk(name, inner, act);
                    }
                }
                ("oneOf", Value::Array(schemas)) => {
                    for inner in schemas.iter().filter_map(Value::as_object) {
                        walk(name, inner, act);
                    }
                }
                (_, Value::Object(inner)) => walk(name, inner, act),
                _ => {}
            }
        }
    }
    for (name, schema) in &bundle.definitions {
        walk(name, schema, act);
    }
}

#[test]
fn two_runs_write_the_same_bytes_and_they_are_committed() {
    let text = bundle().to_text();
    assert_eq!(text, bundle().to_text());
    assert_eq!(
        differences(&committed(), &bundle()).expect("the file is JSON"),
        Vec::<String>::new()
    );
    assert_eq!(text, committed());
}

#[test]
fn a_bundle_is_small_and_has_an_entry_a_line() {
    let bundle = bundle();
    let text = bundle.to_text();
    assert!(text.len() < GREATEST_SIZE, "{} bytes", text.len());
    // The braces and names of the three parts take eight lines.
    assert_eq!(text.lines().count(), bundle.kinds.len() + bundle.definitions.len() + 7);
    let parsed: Value = serde_json::from_str(&text).expect("the bundle is JSON");
    assert_eq!(parsed["version"], VERSION);
    assert_eq!(parsed["kinds"]["apps/v1/Deployment"]["plural"], "deployments");
    assert_eq!(parsed["kinds"]["v1/Namespace"]["name"], "dns1123-label");
    assert_eq!(parsed["kinds"]["authorization.k8s.io/v1/SubjectAccessReview"].get("name"), None);
}

#[test]
fn every_reference_and_every_kind_has_its_definition() {
    let bundle = bundle();
    let mut used = BTreeSet::new();
    for_each_schema(&bundle, &mut |name, schema| {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target =
                reference.strip_prefix("#/definitions/").expect("references stay in the bundle");
            assert!(bundle.definitions.contains_key(target), "{name} refers to {target}");
            used.insert(target.to_owned());
        }
    });
    for entry in bundle.kinds.values() {
        let definition = entry["definition"].as_str().expect("a kind names its definition");
        assert!(bundle.definitions.contains_key(definition), "no definition {definition}");
        used.insert(definition.to_owned());
    }
    let defined: BTreeSet<String> = bundle.definitions.keys().cloned().collect();
    assert_eq!(used, defined, "every definition is used");
}

#[test]
fn every_object_that_names_its_properties_is_closed() {
    let mut open = Vec::new();
    for_each_schema(&bundle(), &mut |name, schema| {
        let is_object = schema.get("type") == Some(&json!("object"));
        if is_object && !schema.contains_key("additionalProperties") {
            open.push(name.to_owned());
        }
    });
    let free = [
        "apiextensions.v1.CustomResourceSubresourceStatus",
        "meta.v1.FieldsV1",
        "runtime.RawExtension",
    ];
    assert_eq!(open, free);
}

#[test]
fn no_description_is_left_and_integers_have_a_range() {
    for_each_schema(&bundle(), &mut |name, schema| {
        assert!(
            !schema.get("description").is_some_and(Value::is_string),
            "{name} has a description"
        );
        if schema.get("type") == Some(&json!("integer")) {
            let has_range = schema.contains_key("minimum") && schema.contains_key("maximum");
            assert!(has_range, "{name} has an integer without a range");
        }
    });
}

#[test]
fn the_corrections_hold() {
    let bundle = bundle();
    let definition =
        |name: &str| bundle.definitions.get(name).unwrap_or_else(|| panic!("no {name}"));
    let requires = |name: &str, property: &str| {
        let required = definition(name).get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|item| item == property))
    };
    assert!(!requires("core.v1.Pod", "metadata"));
    assert!(!requires("core.v1.LocalObjectReference", "name"));
    assert!(requires("events.v1.Event", "eventTime"));
    assert_eq!(requires("networking.v1.NetworkPolicySpec", "podSelector"), VERSION == "1.33");
    assert_eq!(definition("apiextensions.v1.JSON"), &Map::new());
    assert_eq!(definition("resource.Quantity")["type"], json!(["number", "string"]));
    assert_eq!(definition("intstr.IntOrString")["type"], json!(["integer", "string"]));
    assert_eq!(
        definition("core.v1.ConfigMap")["properties"]["binaryData"]["additionalProperties"]["format"],
        "byte"
    );
    assert_eq!(definition("meta.v1.Time")["format"], "date-time");
    assert_eq!(
        definition("apps.v1.StatefulSetOrdinals")["properties"]["start"]["maximum"],
        i32::MAX
    );
}

#[test]
fn a_row_narrows_one_place_beside_the_reference() {
    let bundle = bundle();
    let template = &bundle.definitions["apps.v1.DeploymentSpec"]["properties"]["template"];
    assert_eq!(template["$ref"], "#/definitions/core.v1.PodTemplateSpec");
    let pod = &template["properties"]["spec"]["properties"];
    assert_eq!(pod["restartPolicy"], json!({"enum": ["Always", ""]}));
    assert_eq!(pod["activeDeadlineSeconds"], json!({"not": {}}));
    let policy = &bundle.definitions["core.v1.PodSpec"]["properties"]["restartPolicy"];
    assert_eq!(policy["enum"], json!(["Always", "OnFailure", "Never", ""]));
}

#[test]
fn most_enums_are_proved_by_the_descriptions() {
    let rows = rules::rows().expect("the tables are well-formed");
    let enums = rows.iter().filter(|row| matches!(row.content.0.as_slice(), [Assertion::Enum(_)]));
    let (undocumented, documented): (Vec<_>, Vec<_>) = enums.partition(|row| row.undocumented);
    assert!(documented.len() >= 60, "{} enums are documented", documented.len());
    assert!(undocumented.len() < documented.len(), "{} enums are not", undocumented.len());
}

#[test]
fn a_difference_is_told_by_its_place() {
    let bundle = bundle();
    let changed = bundle.to_text().replace("\"plural\":\"deployments\"", "\"plural\":\"deploys\"");
    let told = differences(&changed, &bundle).expect("the file is JSON");
    let place = "kinds: `apps/v1/Deployment` differs at `/plural`: \
                 the file has \"deploys\", expected \"deployments\"";
    assert_eq!(told, [place]);
    let told = differences(&bundle.to_text().replace('\n', ""), &bundle).expect("the file is JSON");
    assert_eq!(told, ["the same content is written in another way"]);
    assert!(differences("{", &bundle).is_err());
}
