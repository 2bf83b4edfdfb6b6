//! What is allowed but wrong.

use super::*;
use crate::policy::rego::lint;

fn check(source: &Source<'_>, expected: &[(&str, &str)]) {
    let findings = lint(source);
    let found: Vec<(&str, &str)> =
        findings.iter().map(|one| (one.rule.name(), one.problem.message.as_str())).collect();
    assert_eq!(found, expected);
}

fn check_body(body: &str, expected: &[(&str, &str)]) {
    check(&source(&format!("package t\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}")), expected);
}

#[test]
fn sprintf_is_given_what_its_text_needs() {
    let needs_more = "the text of `sprintf` needs more arguments, 1 is given";
    check_body("sprintf(\"%v %v\", [1])", &[("rego-sprintf", needs_more)]);
    let needs_fewer = "the text of `sprintf` needs fewer arguments, 2 are given";
    check_body("sprintf(\"%v\", [1, 2])", &[("rego-sprintf", needs_fewer)]);
    check_body("sprintf(\"%y\", [1])", &[("rego-sprintf", "`%y` is no verb of `sprintf`")]);
    let percent = "the text of `sprintf` ends within a verb, write `%%` for a percent sign";
    check_body("sprintf(\"100%\", [])", &[("rego-sprintf", percent)]);
    let number = "`%s` of `sprintf` does not print an integer, `%v` does";
    check_body("x := 1; sprintf(\"%v %s\", [x, 1])", &[("rego-sprintf", number)]);
    let float = "`%d` of `sprintf` does not print a number with a dot or an exponent, `%v` does";
    check_body("sprintf(\"%d\", [1.0])", &[("rego-sprintf", float)]);
    let text = "`%d` of `sprintf` does not print a text or a boolean, `%v` does";
    check_body("sprintf(\"%s %5d\", [\"a\", \"b\"])", &[("rego-sprintf", text)]);
    check_body("sprintf(\"%t\", [true])", &[("rego-sprintf", &text.replace("%d", "%t"))]);
    check_body("x := 1; sprintf(\"%d %x %T %q %s\", [1, \"a\", true, \"q\", x])", &[]);
    check_body("sprintf(\"%[2]v %[1]d %05.2f %% %-4d\", [1, 2.5, 3])", &[]);
    check_body("x := [1]; sprintf(\"%v %v\", x)", &[]);
}

#[test]
fn functions_and_expressions_that_surprise_are_told() {
    check_body(
        "re_match(\"a(\", \"a\")",
        &[
            ("rego-deprecated", "`re_match` is deprecated, use `regex.match`"),
            ("rego-regex", "the regular expression `a(` is not valid: unclosed group"),
        ],
    );
    check_body(
        "http.send({})",
        &[("rego-impure", "`http.send` is undefined here: nothing is sent")],
    );
    check_body(
        "time.now_ns() > 1",
        &[("rego-impure", "`time.now_ns` gives another result each time")],
    );
    check_body("regex.match(\"^a{1,3}$\", \"a\")", &[]);
}

#[test]
fn what_nothing_uses_is_told() {
    let code = "package t\nimport data.lib.a\nimport data.lib.b\np = 1\nviolation[{\"mesg\": f(b.x)}] { true }\nf(x) = x\ng(x) = f(x)";
    let libs = vec!["package lib.a\np = 1", "package lib.b\nx = 1\ny = 2"];
    check(
        &Source { libs, ..source(code) },
        &[
            ("rego-unused", "the import `a` is not used"),
            ("rego-unused", "the rule `p` is not used"),
            ("rego-no-message", "this element of `violation` has no `msg` and is dropped"),
            ("rego-unused", "the function `g` is not used"),
            ("rego-unused", "nothing of the library `lib.a` is used"),
        ],
    );
}
