//! Where problems are, and how they are said.

use super::*;

fn check(source: &Source<'_>, expected: &[(&str, &str)]) {
    let problems = Module::new(source).err().unwrap_or_default();
    let texts: Vec<&str> =
        std::iter::once(source.rego).chain(source.libs.iter().copied()).collect();
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|one| (one.message.as_str(), texts[one.text].get(one.range.clone()).unwrap()))
        .collect();
    assert_eq!(found, expected);
}

fn check_body(body: &str, expected: &[(&str, &str)]) {
    check(
        &source(&format!("package t\nf(x) = x\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}")),
        expected,
    );
}

#[test]
fn a_problem_is_where_it_is_written() {
    check_body("lowr(\"a\")", &[("there is no function `lowr`, did you mean `lower`?", "lowr")]);
    check_body("f(1, 2, 3)", &[("`f` takes 1 argument, not 3", "f(1, 2, 3)")]);
    check_body(
        "count(1)",
        &[(
            "argument 1 of `count` must be a set or an array or an object or a string, not a number",
            "1",
        )],
    );
    check_body("1 + \"a\"", &[("an operand of `+` must be a number, not a string", "\"a\"")]);
    check_body("x > 1", &[("nothing gives the variable `x` a value", "x")]);
    check_body("not input.x[_]", &[("nothing gives `_` a value here", "_")]);
    check_body("x := 1; x := 2", &[("`x` is declared above", "x")]);
    check_body("y := x; x := 1", &[("`x` is assigned behind its use", "x")]);
    check_body(
        "data.foo.bar",
        &[(
            "`data.foo.bar` cannot be read: Gatekeeper allows only `data.inventory` and `data.lib`",
            "data.foo.bar",
        )],
    );
    check_body(
        "io.jwt.decode(\"a\")",
        &[(
            "the function `io.jwt.decode` is not supported here: it needs cryptography with keys",
            "io.jwt.decode",
        )],
    );
    check_body("x := ]", &[("expected a term, found `]`", "]")]);
}

#[test]
fn a_library_has_problems_of_its_own() {
    let code = "package t\nimport data.lib.a\nviolation[{\"msg\": \"m\"}] { a.p }";
    let source = Source { libs: vec!["package a\np { q }", "package lib.a\np {"], ..source(code) };
    check(&source, &[("expected a term, found the end of the text", "")]);
    let source = Source { libs: vec!["package a\np { q }"], ..source };
    check(
        &source,
        &[
            ("the package of a library must be below `lib`, not `a`", "package a"),
            ("nothing gives the variable `q` a value", "q"),
        ],
    );
}

#[test]
fn an_error_of_the_evaluation_has_the_line_of_the_template() {
    let code = "package t\nimport data.lib.a\n\nviolation[{\"msg\": \"m\"}] {\n  a.f(1) == 1\n}\n";
    let source = Source { libs: vec!["package lib.a\n\nf(x) = 1\n\nf(x) = 2"], ..source(code) };
    let module = Module::new(&source).unwrap();
    let found =
        Evaluator::new(&module).unwrap().evaluate(&Value::new_object(), &Value::new_object());
    assert_eq!(
        found.unwrap().first().unwrap().message,
        "libs[\"lib_0\"]:5: eval_conflict_error: functions must not produce multiple outputs for same inputs"
    );
}

#[test]
fn what_a_module_depends_on_is_known() {
    let module = |body: &str| {
        Module::new(&source(&format!("package t\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}")))
            .unwrap()
    };
    assert!(module("data.inventory.cluster[_]").uses_inventory());
    assert!(!module("\"data.inventory\" == \"x\" # data.inventory\n").uses_inventory());
    assert!(module("lower(\"A\") == \"a\"").is_pure());
    assert!(!module("time.now_ns() > 0").is_pure());
}
