//! Templates in CEL and what they say.
//!
//! Source of the expectations: `gator` 3.23.1, which was asked for each of them.

use std::fmt::Write;

use super::*;
use crate::{
    source::Sources,
    yaml::{Dialect, parse},
};

fn node(text: &str) -> Node {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", text);
    let mut nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    assert_eq!(nodes.len(), 1, "{text}");
    nodes.remove(0)
}

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: team, labels: {x: v}}
spec: {containers: [{name: a, image: b}]}
";

const CONSTRAINT: &str = "{kind: K8sProbe, metadata: {name: probe}, spec: {parameters: {size: 3}}}";

/// What the source of a template says against a pod.
fn says(source: &str, review: &Review<'_>, constraint: &str) -> Vec<String> {
    let validation = Validation::compile(&node(source)).expect("it compiles");
    let violations = validation.evaluate(review, &node(constraint)).violations;
    violations.into_iter().map(|violation| violation.message).collect()
}

#[test]
fn a_message_is_made_as_gatekeeper_makes_it() {
    let pod = node(POD);
    let table = [
        ("expression: object.metadata.name == 'p'", ""),
        ("{expression: object.metadata.name == 'q', message: '  plain  '}", "plain"),
        (
            "{expression: object.metadata.name == 'q'}",
            "failed expression: object.metadata.name == 'q'",
        ),
        (r#"{expression: "false", message: a, messageExpression: "'b' + object.kind"}"#, "bPod"),
        (r#"{expression: "false", message: a, messageExpression: "'  '"}"#, "a"),
        (r#"{expression: "false", message: a, messageExpression: "'b\\nc'"}"#, "a"),
        (r#"{expression: "false", message: a, messageExpression: "string(object.b)"}"#, "a"),
        (
            "expression: object.nope == 1",
            "expression 'object.nope == 1' resulted in error: no such key: nope",
        ),
        ("expression: 1/0 == 1", "expression '1/0 == 1' resulted in error: division by zero"),
        (
            "expression: '[1][3] == 1'",
            "expression '[1][3] == 1' resulted in error: index out of bounds: 3",
        ),
        (
            "expression: object.metadata.name < 1",
            "expression 'object.metadata.name < 1' resulted in error: no such overload",
        ),
        (
            "expression: object.metadata.name.x.y == 1",
            "expression 'object.metadata.name.x.y == 1' resulted in error: no such key: x",
        ),
        (
            "expression: object.metadata.name[0] == 'q'",
            "expression 'object.metadata.name[0] == 'q'' resulted in error: no such key: 0",
        ),
        (
            "expression: object.spec.containers[5].name == 'a'",
            "expression 'object.spec.containers[5].name == 'a'' resulted in error: index out of bounds: 5",
        ),
        (
            "expression: object.spec.containers.all(c, c.x)",
            "expression 'object.spec.containers.all(c, c.x)' resulted in error: no such key: x",
        ),
        (
            r#"expression: "{'a': 1}['b'] == 1""#,
            "expression '{'a': 1}['b'] == 1' resulted in error: no such key: b",
        ),
        ("{expression: has(oldObject.x), message: old}", "old"),
        (
            "{expression: 'request.operation == \"\" && has(request.namespace) && has(request.options) && has(request.userInfo) && has(request.dryRun) && !has(request.subResource) && request.resource.resource == \"\" && request.requestKind.kind == \"Pod\"'}",
            "",
        ),
        (
            "{expression: 'false', messageExpression: 'string(namespaceObject == null) + string(request.options == null) + request.userInfo.username', message: a}",
            "a",
        ),
    ];
    let mut wrong = String::new();
    for (validation, expected) in table {
        let source = format!("validations:\n- {validation}\n");
        let review = Review { object: Some(&pod), ..Review::default() };
        let found = says(&source, &review, CONSTRAINT).join("; ");
        if found != expected {
            let _ = write!(wrong, "\n{validation}\n  is  {found}\n  not {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_variables_of_gatekeeper_are_there() {
    let pod = node(POD);
    let source = "
variables:
- {name: twice, expression: variables.params.size * 2}
- {name: whole, expression: params.metadata.name}
validations:
- {expression: variables.twice == 5, messageExpression: 'string(variables.twice) + variables.whole'}
- {expression: has(variables.params.none), message: none}
- {expression: 'variables.anyObject.metadata.name == \"q\"', messageExpression: string(variables.anyObject.kind)}
";
    let review = Review { object: Some(&pod), ..Review::default() };
    assert_eq!(says(source, &review, CONSTRAINT), ["6probe", "none", "Pod"]);
    let without = says(
        "validations: [{expression: has(variables.params.a), message: none}]",
        &review,
        "{kind: K8sProbe, metadata: {name: probe}}",
    );
    assert_eq!(without, ["none"]);
}

#[test]
fn what_is_deleted_is_the_old_object() {
    let pod = node(POD);
    let request = node("{operation: DELETE, name: p, kind: {group: '', version: v1, kind: Pod}}");
    let source = "
validations:
- {expression: 'object != null', messageExpression: 'request.operation + request.kind.kind'}
- {expression: 'variables.anyObject.metadata.name == \"q\"', message: any}
";
    let review = Review {
        object: Some(&pod),
        old_object: Some(&pod),
        request: Some(&request),
        ..Review::default()
    };
    assert_eq!(says(source, &review, CONSTRAINT), ["DELETEPod", "any"]);
}

#[test]
fn a_variable_is_evaluated_when_it_is_needed_and_its_error_is_told() {
    let pod = node(POD);
    let source = "
variables:
- {name: bad, expression: object.nope.x}
- {name: worse, expression: variables.bad + 1}
validations:
- {expression: 'object.kind == \"Pod\" || variables.bad == 1'}
- {expression: has(variables.bad)}
- {expression: variables.bad == 1}
- {expression: 'variables.worse == 1 || true'}
- {expression: variables.worse == 1}
";
    let review = Review { object: Some(&pod), ..Review::default() };
    let bad = "composited variable \"bad\" fails to evaluate: no such key: nope";
    assert_eq!(
        says(source, &review, CONSTRAINT),
        [
            format!("expression 'has(variables.bad)' resulted in error: {bad}"),
            format!("expression 'variables.bad == 1' resulted in error: {bad}"),
            format!(
                "expression 'variables.worse == 1' resulted in error: composited variable \"worse\" fails to evaluate: {bad}"
            ),
        ]
    );
}

#[test]
fn match_conditions_say_whether_anything_is_evaluated() {
    let pod = node(POD);
    let review = Review { object: Some(&pod), ..Review::default() };
    let source = |conditions: &str, policy: &str| {
        format!(
            "{{failurePolicy: {policy}, matchCondition: [{conditions}], validations: [{{expression: 'false', message: no}}]}}"
        )
    };
    let condition = |text: &str| format!("{{name: a, expression: '{text}'}}");
    let (yes, no) = (condition("variables.anyObject.kind == \"Pod\""), condition("false"));
    let bad = condition("object.nope");
    let error = "expression 'object.nope == 1' resulted in error: no such key: nope";
    let table = [
        (yes.clone(), "Fail", vec!["no"]),
        (no.clone(), "Fail", vec![]),
        (bad.replace("nope", "nope == 1"), "Fail", vec![error]),
        (bad.replace("nope", "nope == 1"), "Ignore", vec![]),
        (format!("{}, {no}", bad.replace("nope", "nope == 1")), "Fail", vec![]),
        (format!("{yes}, {yes}"), "Ignore", vec!["no"]),
    ];
    for (conditions, policy, expected) in table {
        let found = says(&source(&conditions, policy), &review, CONSTRAINT);
        assert_eq!(found, expected, "{conditions} {policy}");
    }
    // Gatekeeper does not know the name that Kubernetes has for them.
    let other = source(&no, "Fail").replace("matchCondition", "matchConditions");
    assert_eq!(says(&other, &review, CONSTRAINT), ["no"]);
}

#[test]
fn an_error_passes_only_where_the_template_says_so() {
    let pod = node(POD);
    let review = Review { object: Some(&pod), ..Review::default() };
    let source = |policy| {
        format!(
            "{{failurePolicy: {policy}, validations: [{{expression: object.nope == 1}}, {{expression: 'false', message: no}}]}}"
        )
    };
    assert_eq!(says(&source("Ignore"), &review, CONSTRAINT), ["no"]);
    assert_eq!(says(&source("Fail"), &review, CONSTRAINT).len(), 2);
    assert_eq!(says(&source("null"), &review, CONSTRAINT).len(), 2);
}

/// What is wrong with a source: the text that each problem is in, and what is said.
#[test]
fn what_does_not_compile_is_told_with_its_place() {
    let table = [
        (
            "validations: [{expression: 'nofun(1)'}]",
            "nofun(1)[0..5]: `expression` does not compile: `nofun` is not declared",
        ),
        (
            "validations: [{expression: '1 + \"a\" == 2'}]",
            "1 + \"a\" == 2[2..3]: `expression` does not compile: `+` does not take (int, string)",
        ),
        (
            "validations: [{expression: object.spec}]",
            "object.spec[0..11]: `expression` must be true or false, and its type is not known; compare it",
        ),
        (
            "validations: [{expression: 'true', messageExpression: '1'}]",
            "1[0..1]: `messageExpression` must be a string, not int",
        ),
        (
            "validations: [{expression: params.x == 1}]",
            "params.x == 1[0..6]: `expression` does not compile: `params` is not declared",
        ),
        (
            "validations: [{expression: 'authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed()'}]",
            "authorizer.group(\"\").resource(\"pods\").check(\"get\").allowed()[0..10]: `expression` does not compile: `authorizer` is not declared",
        ),
        (
            "{variables: [{name: later, expression: '1'}], validations: [{expression: variables.latter == 1}]}",
            "variables.latter == 1[10..16]: `expression` does not compile: there is no field `latter`; did you mean `later`?",
        ),
        (
            "variables: [{name: a, expression: variables.b}, {name: b, expression: '1'}]",
            "variables.b[10..11]: `expression` does not compile: there is no field `b`",
        ),
        (
            "variables: [{name: params, expression: '1'}]",
            "1[0..0]: the variable `params` is Gatekeeper's own",
        ),
        (
            "variables: [{name: gatekeeper_internal_a, expression: '1'}]",
            "1[0..0]: the variable `gatekeeper_internal_a` must not start with `gatekeeper_internal_`",
        ),
        (
            "variables: [{name: a, expression: '1'}, {name: a, expression: '2'}]",
            "2[0..0]: the variable `a` is made twice",
        ),
        (
            "matchCondition: [{name: gatekeeper_internal_a, expression: 'true'}]",
            "true[0..0]: the match condition `gatekeeper_internal_a` must not start with `gatekeeper_internal_`",
        ),
        ("failurePolicy: fail", "fail[0..0]: `failurePolicy` must be `Fail` or `Ignore`"),
        ("validations: [{message: a}]", "-[0..0]: `expression` is missing"),
        (
            "validations: [{expression: true}]",
            "true[0..0]: `expression` must be a string, not a boolean",
        ),
        ("validations: [{expression: ' '}]", " [0..0]: `expression` is empty"),
        ("validations: {}", "-[0..0]: `validations` must be a list, not a mapping"),
        ("[]", "-[0..0]: `source` must be a mapping, not a sequence"),
    ];
    let mut wrong = String::new();
    for (source, expected) in table {
        let source = node(source);
        let problems = Validation::compile(&source).expect_err("it does not compile");
        let all = texts(&source);
        let shown = problems.iter().map(|problem| {
            let text = all[problem.text].scalar_text().unwrap_or("-");
            format!("{text}[{}..{}]: {}", problem.range.start, problem.range.end, problem.message)
        });
        let found = shown.collect::<Vec<_>>().join("; ");
        if found != expected {
            let _ = write!(wrong, "\n  is  {found}\n  not {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn hostile_code_ends_within_bounds() {
    let pod = node(POD);
    let review = Review { object: Some(&pod), ..Review::default() };
    // Each variable needs the one before it, on the stack of a thread of a test.
    let mut chain = "variables:\n- {name: v0, expression: '1'}\n".to_owned();
    let nested = "(".repeat(60);
    let closed = ")".repeat(60);
    for at in 1..490 {
        let before = at - 1;
        let _ = writeln!(
            chain,
            "- {{name: v{at}, expression: '{nested}variables.v{before}+1{closed}'}}"
        );
    }
    let source = format!("{chain}validations:\n- {{expression: variables.v489 == 490}}\n");
    assert_eq!(says(&source, &review, CONSTRAINT), [""; 0]);
    // What takes too long is an error.
    let list = format!("[{}]", "1,".repeat(99) + "1");
    let source = format!(
        "validations: [{{expression: '{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, true))))'}}]"
    );
    let found = says(&source, &review, CONSTRAINT);
    assert!(
        found[0].starts_with("validation failed due to running out of cost budget"),
        "{found:?}"
    );
    // Nor are there any number of variables.
    let many: Vec<_> = (0..2_000).map(|at| format!("{{name: v{at}, expression: '1'}}")).collect();
    let many = many.join(", ");
    let problems =
        Validation::compile(&node(&format!("variables: [{many}]"))).expect_err("too many");
    assert!(problems[0].message.starts_with("there are more variables"), "{problems:?}");
}

#[test]
fn an_error_is_said_in_the_same_words() {
    let object = node(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: o, namespace: default}, v: {i: 1, \
         s: a, b: true, l: [1], m: {a: 1}, d: 1.5, neg: -1, big: 1e+30}}",
    );
    let mut wrong = String::new();
    for line in include_str!("words.jsonl").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let expression = row["expression"].as_str().unwrap();
        let quoted = serde_json::to_string(expression).unwrap();
        let source = format!("validations: [{{expression: {quoted}, message: 'no'}}]");
        let said = says(&source, &Review::of(&object), CONSTRAINT);
        let said = match said.first().map(String::as_str) {
            None => "true".to_owned(),
            Some("no") => "false".to_owned(),
            Some(error) => {
                error.replace(&format!("expression '{expression}' resulted in error: "), "error: ")
            }
        };
        if row["is"] != said {
            let _ = writeln!(wrong, "{line}\n  but here: {said}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
