//! The tables of Gatekeeper's own tests that ask the library.

use serde_json::Value as Json;
use xtask::{
    policy::{
        Origin, Review,
        client::{Driver, Engines, Options, Policies},
        constraint::{Constraint, point},
        expansion::{ExpansionTemplate, Expansions},
        inventory::Inventory,
        matching::{Match, Target, Wildcard},
        mutation::{Mutator, Mutators},
        suite::{Filter, Suite},
        template::Template,
    },
    resource::Gvk,
    source::Sources,
    yaml::{Dialect, Node, parse, same_json},
};

use super::policy::{Row, agree, is_set, text_of};

/// The tables, by the names of their files.
pub const NAMES: &[&str] = &[
    "assertion",
    "enforcement",
    "expand",
    "filter",
    "gator_test",
    "match",
    "matcher_cached_ns",
    "validate_constraint",
    "wildcard",
];

/// Whether a row comes out as Gatekeeper says.
pub fn check(table: &str, row: &Json) -> Row {
    match table {
        "assertion" => assertion(row),
        "enforcement" => enforcement(row),
        "expand" => expand(row),
        "filter" => filter(row),
        "gator_test" => gator_test(row),
        "match" => matches(row),
        "matcher_cached_ns" => matches_review(row),
        "validate_constraint" => validate_constraint(row),
        "wildcard" => wildcard(row),
        _ => Err("there is no such table".to_owned()),
    }
}

/// The documents of a text.
fn nodes(text: &str, sources: &mut Sources) -> Result<Vec<Node>, String> {
    let id = sources.add("row.yaml", text);
    let mut wrong = Vec::new();
    // `gator test` reads YAML 1.1.
    let nodes = parse(sources, id, Dialect::Config, &mut wrong);
    wrong.retain(xtask::diag::Diagnostic::is_error);
    wrong.first().map_or(Ok(nodes), |first| Err(first.message.to_string()))
}

/// A value of a row, if it is there.
fn node(row: &Json, key: &str) -> Option<Node> {
    let value = row.get(key).filter(|value| !value.is_null())?;
    nodes(&value.to_string(), &mut Sources::default()).ok()?.into_iter().next()
}

fn items(row: &Json, key: &str) -> Vec<Node> {
    let list = row.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let wrapped: Vec<Json> = list.into_iter().map(|one| serde_json::json!({"one": one})).collect();
    wrapped.iter().filter_map(|one| node(one, "one")).collect()
}

fn gvk(node: &Node) -> Gvk {
    let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
    Gvk::new(text("apiVersion"), text("kind"))
}

fn origin(row: &Json) -> Option<Origin> {
    match text_of(row, "source") {
        "Original" => Some(Origin::Original),
        "Generated" => Some(Origin::Generated),
        _ => None,
    }
}

fn wildcard(row: &Json) -> Row {
    let wildcard = Wildcard(text_of(row, "wildcard"));
    let candidate = text_of(row, "candidate");
    let found = match text_of(row, "func") {
        "TestMatches" => wildcard.matches(candidate),
        _ => wildcard.matches_prefix(candidate),
    };
    agree(is_set(row, "want"), found, "it matches")
}

fn matches(row: &Json) -> Row {
    let (wanted, namespace) = (node(row, "match"), node(row, "namespace"));
    let found = node(row, "object").ok_or_else(String::new).and_then(|object| {
        let condition = wanted.as_ref().map_or_else(|| Ok(Match::default()), Match::new);
        let gvk = gvk(&object);
        let (namespace, origin) = (namespace.as_ref(), origin(row));
        let target = Target { object: &object, gvk: &gvk, namespace, origin };
        condition.map_err(|fault| fault.message)?.matches(target)
    });
    agree_or_error(row, &found)
}

/// Either what is wanted, or an error where one is.
fn agree_or_error(row: &Json, found: &Result<bool, String>) -> Row {
    agree(is_set(row, "error"), found.is_err(), "it is an error")?;
    match found {
        Ok(found) => agree(is_set(row, "want"), *found, "it matches"),
        Err(_) => Ok(()),
    }
}

/// A row of `matcher_cached_ns`: an object and what it was before, with a namespace that is given or
/// known.
fn matches_review(row: &Json) -> Row {
    let objects: Vec<Node> =
        ["object", "oldObject"].iter().filter_map(|key| node(row, key)).collect();
    if !is_set(row, "handled") {
        return agree(true, objects.is_empty(), "there is nothing to review");
    }
    let (wanted, given) = (node(row, "match"), node(row, "namespace"));
    let known = node(row, "cachedNamespace");
    let request_namespace = text_of(row, "requestNamespace");
    let known = known.as_ref().filter(|_| !request_namespace.is_empty());
    let namespace = given.as_ref().or(known);
    let condition = wanted.as_ref().map_or_else(|| Ok(Match::default()), Match::new);
    let found = condition.map_err(|fault| fault.message).and_then(|condition| {
        for object in &objects {
            let gvk = gvk(object);
            let origin = origin(row);
            if condition.matches(Target { object, gvk: &gvk, namespace, origin })? {
                return Ok(true);
            }
        }
        if objects.is_empty() { Err("there is no object".to_owned()) } else { Ok(false) }
    });
    agree_or_error(row, &found)
}

/// A template that denies everything, or nothing.
fn template(kind: &str, body: &str) -> String {
    serde_json::json!({
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": kind.to_lowercase()},
        "spec": {
            "crd": {"spec": {"names": {"kind": kind}}},
            "targets": [{
                "target": "admission.k8s.gatekeeper.sh",
                "rego": format!("package made\nviolation[{{\"msg\": \"denied\"}}] {{ {body} }}\n"),
            }],
        },
    })
    .to_string()
}

const OPTIONS: Options =
    Options { driver: Driver::Rego, point: point::GATOR, has_built_in_expansions: false };

fn enforcement(row: &Json) -> Row {
    let mut sources = Sources::default();
    let constraint = node(row, "constraint").ok_or("there is no constraint")?;
    let kind = gvk(&constraint).kind;
    let templates = nodes(&template(&kind, "true"), &mut sources)?;
    let mut policies = Policies::new(OPTIONS);
    for one in &templates {
        policies.add_template(one, &sources).map_err(|all| format!("{all:?}"))?;
    }
    policies.add_constraint(&constraint).map_err(|fault| fault.message)?;
    let (object, namespace) = (node(row, "object"), node(row, "namespace"));
    let object = object.ok_or("there is no object")?;
    let review = Review { namespace: namespace.as_ref(), ..Review::of(&object) };
    let outcome = policies.review(review, &Inventory::default(), &mut Engines::default());
    agree(is_set(row, "allowed"), outcome.findings.is_empty(), "it is allowed")
}

fn validate_constraint(row: &Json) -> Row {
    let mut sources = Sources::default();
    let constraints = nodes(text_of(row, "constraint"), &mut sources)?;
    let constraint = constraints.first().ok_or("there is no constraint")?;
    let templates = nodes(&template(&gvk(constraint).kind, "true"), &mut sources)?;
    let template = templates.first().ok_or("there is no template")?;
    let template = Template::new(template).map_err(|fault| fault.message)?;
    let found = Constraint::validate(constraint, &template);
    agree(is_set(row, "error"), found.is_err(), "it is an error")
}

fn filter(row: &Json) -> Row {
    let filter = Filter::new(text_of(row, "filter"));
    if text_of(row, "func") == "TestFilter_Error" {
        return agree(is_set(row, "want"), filter.is_err(), "it is an error");
    }
    let filter = filter?;
    for (test, cases) in row.get("wantMatch").and_then(Json::as_object).into_iter().flatten() {
        for (case, wanted) in cases.as_object().into_iter().flatten() {
            let found = filter.has_case(test, case);
            agree(*wanted == true, found, &format!("it has `{test}//{case}`"))?;
        }
    }
    let Some(test) = row.get("test") else { return Ok(()) };
    let wrapped = serde_json::json!({"suite": {"tests": [test]}});
    let suite = node(&wrapped, "suite").ok_or("there is no suite")?;
    let suite = Suite::new(&suite, &mut Vec::new()).map_err(|fault| fault.message)?;
    let test = suite.tests.first().ok_or("there is no test")?;
    agree(is_set(row, "want"), filter.has_test(test), "it has the test")
}

fn assertion(row: &Json) -> Row {
    let case = serde_json::json!({"assertions": [row.get("assertion")]});
    let wrapped = serde_json::json!({"suite": {"tests": [{"cases": [case]}]}});
    let suite = node(&wrapped, "suite").ok_or("there is no suite")?;
    let results = row.get("results").and_then(Json::as_array).cloned().unwrap_or_default();
    let message = |result: &Json| ["msg", "Msg"].map(|key| text_of(result, key)).concat();
    let messages: Vec<String> = results.iter().map(message).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let found = match Suite::new(&suite, &mut Vec::new()) {
        Ok(suite) => {
            let cases = suite.tests.iter().flat_map(|test| &test.cases);
            let mut all = cases.flat_map(|case| &case.assertions);
            all.all(|assertion| assertion.check(&messages).is_ok())
        }
        Err(_) => false,
    };
    agree(!is_set(row, "error"), found, "it holds")
}

fn expand(row: &Json) -> Row {
    let templates = items(row, "templates");
    let mut mutators = row.get("mutators").cloned().unwrap_or_default();
    for mutator in mutators.as_array_mut().into_iter().flatten() {
        // A fixture of Gatekeeper's that adds operations to one of its mutators.
        if let Some(inner) = mutator.get("assign").cloned() {
            *mutator = inner;
            if let Some(Json::Object(first)) = mutator.pointer_mut("/spec/applyTo/0") {
                first.insert("operations".to_owned(), serde_json::json!(["CREATE"]));
            }
        }
    }
    let mutators = items(&serde_json::json!({"mutators": mutators}), "mutators");
    let generator = node(row, "generator").ok_or("there is no generator")?;
    let namespace = node(row, "namespace");
    let made = || -> Result<_, String> {
        let mut expansions = Expansions::default();
        let templates: Result<Vec<_>, _> = templates.iter().map(ExpansionTemplate::new).collect();
        let faults = expansions.add(templates.map_err(|fault| fault.message)?);
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault.message);
        }
        let mut all = Mutators::default();
        for mutator in &mutators {
            all.add(Mutator::new(mutator).map_err(|fault| fault.message)?);
        }
        expansions.expand(&generator, namespace.as_ref(), &all)
    };
    let made = made();
    agree(is_set(row, "error"), made.is_err(), "it is an error")?;
    let Ok(mut made) = made else { return Ok(()) };
    let mut wanted = row.get("want").and_then(Json::as_array).cloned().unwrap_or_default();
    agree(wanted.len(), made.len(), "so many are made")?;
    wanted.sort_by_key(|one| text_of(one, "templateName").to_owned());
    made.sort_by_key(|one| one.template.clone());
    for (wanted, made) in wanted.iter().zip(made) {
        agree(text_of(wanted, "templateName"), &*made.template, "the template")?;
        let action = made.action.as_deref().unwrap_or_default();
        agree(text_of(wanted, "enforcementAction"), action, "the action")?;
        let object = node(wanted, "obj").ok_or("there is no object")?;
        if !same_json(&object, &made.object) {
            return Err(format!("it makes {:?}", made.object.value));
        }
    }
    Ok(())
}

/// A row of `gator_test`: files, and what is found.
fn gator_test(row: &Json) -> Row {
    let mut sources = Sources::default();
    let mut objects = Vec::new();
    for text in row.get("inputs").and_then(Json::as_array).into_iter().flatten() {
        objects.extend(nodes(text.as_str().unwrap_or_default(), &mut sources)?);
    }
    let found = found(&objects, &sources);
    agree(is_set(row, "error"), found.is_err(), "it is an error")?;
    let Ok(mut found) = found else { return Ok(()) };
    let wanted = row.get("want").and_then(Json::as_array).cloned().unwrap_or_default();
    agree(wanted.len(), found.len(), "so many are found")?;
    for one in &wanted {
        let fits = |(message, action, scoped): &(String, String, Vec<String>)| {
            let list = one.get("scopedEnforcementActions").and_then(Json::as_array);
            text_of(one, "msg") == message
                && one.get("enforcementAction").is_none_or(|wanted| wanted == action)
                && list.is_none_or(|list| list.iter().eq(scoped))
        };
        match found.iter().position(fits) {
            Some(at) => _ = found.remove(at),
            None => return Err(format!("`{}` is not found", text_of(one, "msg"))),
        }
    }
    Ok(())
}

/// The messages about all objects, each with what follows and what follows from being scoped.
fn found(
    objects: &[Node],
    sources: &Sources,
) -> Result<Vec<(String, String, Vec<String>)>, String> {
    let mut policies = Policies::new(OPTIONS);
    let mut inventory = Inventory::default();
    for one in objects.iter().filter(|one| Template::is(one)) {
        policies.add_template(one, sources).map_err(|all| format!("{all:?}"))?;
    }
    let mut expansions = Vec::new();
    for one in objects {
        if Constraint::is(one) {
            policies.add_constraint(one).map_err(|fault| fault.message)?;
        } else if ExpansionTemplate::is(one) {
            expansions.push(ExpansionTemplate::new(one).map_err(|fault| fault.message)?);
        } else if Mutator::is(one) {
            policies.add_mutator(Mutator::new(one).map_err(|fault| fault.message)?);
        }
        inventory.add(one).map_err(|fault| fault.message)?;
    }
    if let Some(first) = policies.add_expansions(expansions).first() {
        return Err(first.message.to_string());
    }
    let reviews: Vec<_> = objects.iter().map(Review::of).collect();
    let outcome = policies.review_all(&reviews, &inventory);
    if let Some((_, _, why)) = outcome.failures.first() {
        return Err(why.clone());
    }
    let of = |finding: &xtask::policy::client::Finding<'_>| {
        let actions = finding.actions.iter().map(ToString::to_string).collect();
        (finding.violation.message.clone(), finding.constraint.action.to_owned(), actions)
    };
    Ok(outcome.findings.iter().map(|(_, finding)| of(finding)).collect())
}
