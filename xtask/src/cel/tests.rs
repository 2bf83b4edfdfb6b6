//! Expressions and what they come to: a value as `%s` prints it, or why there is none.
//!
//! Source: the conformance tests of `google/cel-spec`, the tests of `google/cel-go` and of
//! `k8s.io/apiserver/pkg/cel/library`, for what the results are.

use std::{fmt::Write, sync::Arc};

use serde_json::json;

use super::*;

mod language;
mod libraries;
mod refused;

/// The value of an expression, or what is wrong with it.
fn result_of(text: &str, environment: &Environment, variables: &[Value<'_>]) -> String {
    let program = match Program::compile(text, environment) {
        Ok(program) => program,
        Err(error) => return format!("refused: {}", error.message),
    };
    match program.evaluate(variables, &mut Budget::new(100_000)) {
        Ok(value) => shown(&value),
        Err(error) => match error.kind {
            ErrorKind::Value => format!("error: {}", error.message),
            kind => format!("{kind:?}"),
        },
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(|item| shown(&item.unwrap())).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let entries = map.keys().into_iter().map(|key| {
                let value = operators::find(&mut Budget::new(1_000), map, &key).unwrap().unwrap();
                format!("{}: {}", shown(&key), shown(&value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Optional(None) => "none".to_owned(),
        Value::Optional(Some(inner)) => format!("some({})", shown(inner)),
        other => library::shown(other),
    }
}

/// A table of expressions without variables.
fn check(table: &[(&str, &str)]) {
    check_with(&Environment::default(), &[], table);
}

/// A table of expressions on the variable `self`, which is anything.
fn check_on(value: &serde_json::Value, table: &[(&str, &str)]) {
    let environment = Environment::default().with("self", Type::Dyn);
    let value = Value::of(Data::Json(value), &Shape::Dyn).unwrap();
    check_with(&environment, &[value], table);
}

fn check_with(environment: &Environment, variables: &[Value<'_>], table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let found = result_of(text, environment, variables);
        if found != *expected {
            let _ = write!(wrong, "\n  {text}\n    is  {found}\n    not {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
