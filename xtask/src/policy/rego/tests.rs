//! Code with what the real Gatekeeper says of it: the driver of the constraint framework with
//! OPA 1.17.1 answered each case once.

mod hostile;
mod lint;
mod problems;
mod sharing;

use serde_json::{Value as Json, json};

use super::{Evaluator, Module, Source, Value, Version, on_big_stack};

/// Each is the code of a message, or of a whole template, and what becomes of it: its messages in
/// order, `refused` when it is loaded, or `error` when it is evaluated.
#[test]
fn code_means_what_gatekeeper_makes_of_it() {
    let cases = [
        include_str!("tests/constants.jsonl"),
        include_str!("tests/expressions.jsonl"),
        include_str!("tests/bodies.jsonl"),
        include_str!("tests/functions.jsonl"),
        include_str!("tests/globs_and_times.jsonl"),
        include_str!("tests/modifiers.jsonl"),
        include_str!("tests/modules.jsonl"),
        include_str!("tests/numbers.jsonl"),
        include_str!("tests/order.jsonl"),
        include_str!("tests/scopes.jsonl"),
        include_str!("tests/template_strings.jsonl"),
        include_str!("tests/texts.jsonl"),
        include_str!("tests/types.jsonl"),
    ];
    let mut failed = Vec::new();
    on_big_stack(|| {
        for line in cases.iter().flat_map(|text| text.lines()) {
            let case: Json = serde_json::from_str(line).unwrap();
            let found = result(&case);
            if found != case["is"] {
                failed.push(format!("{line}\n  but here: {found}"));
            }
        }
    });
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn result(case: &Json) -> Json {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    let rego = match (case["m"].as_str(), case["body"].as_str()) {
        (Some(message), _) => {
            format!("package t\n\nviolation[{{\"msg\": m}}] {{ m := {message} }}\n")
        }
        (_, Some(body)) => {
            format!("package t\n{}\nviolation[{{\"msg\": m}}] {{ {body} }}\n", text("rules"))
        }
        _ => text("rego").to_owned(),
    };
    let libs = case["libs"].as_array().map_or(&[] as &[Json], Vec::as_slice);
    let version = if text("version") == "v1" { Version::V1 } else { Version::V0 };
    let libs = libs.iter().filter_map(Json::as_str).collect();
    let source = Source { name: "test", rego: &rego, libs, version };
    let Ok(module) = Module::new(&source) else { return json!("refused") };
    let mut evaluator = Evaluator::new(&module).unwrap();
    if let Some(inventory) = case.get("inventory") {
        evaluator.set_inventory(&value(inventory)).unwrap();
    }
    let review = value(&json!({"namespaceObject": {}}));
    match evaluator.evaluate(&review, &Value::new_object()) {
        Ok(violations) => violations
            .into_iter()
            .map(|one| match one.details {
                Json::Null => json!(one.message),
                Json::Object(fields) if fields.is_empty() => json!(one.message),
                details => json!({"msg": one.message, "details": details}),
            })
            .collect(),
        Err(_) => json!("error"),
    }
}

fn value(json: &Json) -> Value {
    serde_json::from_value(json.clone()).unwrap()
}

fn source(rego: &str) -> Source<'_> {
    Source { name: "test", rego, libs: Vec::new(), version: Version::V0 }
}
