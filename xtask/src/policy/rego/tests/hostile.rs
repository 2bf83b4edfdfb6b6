//! Code that has no end, is too deep or too large: it ends as one problem or as one violation.

use std::time::{Duration, Instant};

use super::*;

/// How long a hostile template may take, with room for a slow machine and unoptimised code.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said of a template, as a problem or as a violation.
pub(super) fn said(rego: &str) -> String {
    let start = Instant::now();
    let said = on_big_stack(|| match Module::new(&source(rego)) {
        Err(problems) => {
            problems.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; ")
        }
        Ok(module) => {
            let mut evaluator = Evaluator::new(&module).unwrap();
            let review = value(&json!({"s": "a".repeat(100_000)}));
            let found = evaluator.evaluate(&review, &Value::new_object()).unwrap();
            found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("; ")
        }
    });
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    said
}

pub(super) fn body(body: &str) -> String {
    said(&format!("package t\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}"))
}

#[test]
fn terms_that_nest_are_refused() {
    let deep = |open: &str, close: &str| {
        body(&format!("x := {}1{}; x", open.repeat(9_000), close.repeat(9_000)))
    };
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{", "}"),
        ("[\n", "]\n"),
        ("-\n", ""),
        ("f(", ")"),
        ("{1: ", "}"),
    ] {
        let said = deep(open, close);
        assert!(said.contains("nest more than") || said.contains("expected"), "{open}: {said}");
    }
    assert_eq!(body(&format!("x := 1{}; x == 18001", "+ 1\n".repeat(18_000))), "m");
    assert!(
        body(&format!("x := true{}; x", "== true\n".repeat(18_000))).contains("nest more than")
    );
    let sets =
        format!("x := numbers.range(1, 9000); y := {{z | z := x[_]}}{}", "| {1}".repeat(9_000));
    assert!(body(&format!("{sets}; y")).contains("memory"));
    assert!(body(&format!("x := {}1; x", "[x | x := ".repeat(9_000))).contains("nest more than"));
    let twenty_four = body(&format!("x := {}1{}; x", "[".repeat(40), "]".repeat(40)));
    assert!(twenty_four.contains("nest too deep"), "{twenty_four}");
}

#[test]
fn recursion_is_refused() {
    for rules in [
        "f(x) = y { y := f(x) }",
        "f(x) = y { y := g(x) }\ng(x) = y { y := f(x) }",
        "p { q }\nq { p }",
        "p[x] { x := [y | p[y]] }",
    ] {
        let said = said(&format!("package t\n{rules}\nviolation[{{\"msg\": \"m\"}}] {{ true }}"));
        assert!(said.contains("needs itself"), "{said}");
    }
}

#[test]
fn a_loop_ends_when_its_time_is_over() {
    let said =
        body("count([1 | numbers.range(1, 10000)[_] + numbers.range(1, 10000)[_] == 3]) > 0");
    assert!(said.contains("took longer than 1 s"), "{said}");
}

#[test]
fn what_needs_too_much_memory_ends_the_evaluation() {
    for (code, says) in [
        ("count(numbers.range(1, 1000000000)) > 0", "memory"),
        ("count(numbers.range_step(1, 1000000000, 2)) > 0", "memory"),
        ("count(net.cidr_expand(\"10.0.0.0/4\")) > 0", "memory"),
        ("count(net.cidr_expand(\"::/0\")) > 0", "memory"),
        ("count([lower(input.review.s) | numbers.range(1, 100000)[_]]) > 0", "memory"),
        ("count([trim_prefix(input.review.s, \"a\") | numbers.range(1, 100000)[_]]) > 0", "memory"),
        ("glob.match(replace(input.review.s, \"a\", \"*\"), [], \"a\")", "too large"),
        ("bits.lsh(1, 100000000000) > 0", "memory"),
        (
            "sprintf(\"%1000000d%1000000d%1000000d%1000000d%1000000d\", [1, 1, 1, 1, 1]) != \"\"",
            "too long",
        ),
        ("count(replace(input.review.s, \"a\", input.review.s)) > 0", "memory"),
        ("count(replace(input.review.s, \"\", input.review.s)) > 0", "memory"),
        ("count(strings.replace_n({\"a\": input.review.s}, input.review.s)) > 0", "memory"),
        ("count(regex.replace(input.review.s, \"a\", input.review.s)) > 0", "memory"),
        ("regex.match(\"((a{10}){10}){10}[a-z]{1000}\\\\pL{1000}\", \"aaa\")", "too large"),
        ("regex.match(\"^.{1000}$\", input.review.s)", "too long"),
        ("product([1e300, 1e300]) > 0", "too large"),
        ("1e300 * 1e300 > 0", "too large"),
        ("json.filter({\"a\": 1}, [replace(input.review.s, \"a\", \"a/\")]) != {}", "too long"),
    ] {
        let said = body(code);
        // On a slow machine the time is over before.
        let is_over = says == "memory" && said.contains("took longer than 1 s");
        assert!(is_over || said.contains(says), "{code}: {said}");
    }
    let lines: Vec<String> = ('b'..='j')
        .zip('a'..='i')
        .map(|(next, last)| format!("{next} := [{}]", vec![last.to_string(); 10].join(", ")))
        .collect();
    for end in [
        "json.marshal(j) != \"\"",
        "walk(j, [p, v])",
        "yaml.marshal(j) != \"\"",
        "sprintf(\"%v\", [j]) != \"\"",
    ] {
        let said = body(&format!("a := [1]\n{}\n{end}", lines.join("\n")));
        assert!(said.contains("memory") || said.contains("too long"), "{end}: {said}");
    }
    let texts = lines.join("\n").replace(":= [", ":= concat(\"\", [").replace(']', "])");
    assert!(body(&format!("a := \"aaaaaaaaaa\"\n{texts}\nj != \"\"")).contains("memory"));
}

#[test]
fn numbers_without_end_are_undefined() {
    for code in [
        "to_number(\"1e999999999\")",
        "units.parse(\"1e100000000\")",
        "units.parse_bytes(\"1e100000000\")",
        "json.unmarshal(\"1e999999999\")",
        "json.unmarshal(concat(\"\", [\"1\", replace(input.review.s, \"a\", \"1\")]))",
        "yaml.unmarshal(\"1e999999999\")",
        "json.unmarshal(replace(input.review.s, \"a\", \"[\"))",
        "yaml.unmarshal(replace(input.review.s, \"a\", \"[\"))",
        "yaml.unmarshal(\"a: &a [1,1,1,1,1,1,1,1]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\")",
    ] {
        assert_eq!(body(code), "", "{code}");
    }
    assert!(body("x := 1e999999999").contains("too large"));
    assert!(body(&format!("x := {}", "1".repeat(10_000))).contains("too large"));
}

#[test]
fn odd_texts_are_read() {
    assert_eq!(body("sprintf(\"%²d\", [1]) != \"\""), "m");
    assert_eq!(body("regex.match(\"^(a+)+$\", concat(\"\", [input.review.s, \"!\"]))"), "");
    for text in [
        "\u{0}",
        "package",
        "package t\n\u{feff}",
        "package t\nviolation[",
        "package t.",
        "package t\nviolation[x] { x = \"\\",
        "package t\nviolation[x] { x = `",
        "package t\nimport",
        "package t\ndefault",
        "package t\nviolation[{\"msg\": \"m\"}] { not",
        "package t\nviolation[{\"msg\": \"m\"}] { x := }",
        "package t\nviolation[x] { true } else",
    ] {
        assert!(!said(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_long_text_is_read_in_linear_time() {
    let literals = |count: usize| {
        let line = |at: usize| format!("x{at} := x{} + 1\n", at - 1);
        format!("x0 := 1\n{}true", (1..count).map(line).collect::<Vec<_>>().concat())
    };
    assert_eq!(body(&literals(500)), "m");
    assert!(body(&literals(3_000)).contains("too long"));
    let chain = |count: usize| {
        let line = |at: usize| format!("p{at} {{ p{} }}\n", at + 1);
        let rules = (1..count).map(line).collect::<Vec<_>>().concat();
        let violation = "violation[{\"msg\": \"m\"}] { p1 }";
        said(&format!("package t\n{rules}p{count} {{ true }}\n{violation}"))
    };
    assert_eq!(chain(1_900), "m");
    assert!(chain(5_000).contains("a chain of more than 2000 rules"));
    assert!(chain(30_000).contains("more than 6000 rules"));
    assert!(body(&format!("x := [{}1]; x", "1, ".repeat(100_000))).contains("80000 terms"));
    assert!(said(&format!("package t\n{}", "#\n".repeat(600_000))).contains("longer than"));
}
