//! Values that share their parts, of which there are more than could be walked; and functions that look
//! at each part of what they are given again and again.

use super::hostile::{body, said};

/// `s0` to `s60`, each twice the one before.
fn doubled(line: &str) -> String {
    let line = |at: usize| {
        line.replace("NEXT", &format!("s{at}")).replace("LAST", &format!("s{}", at - 1))
    };
    format!("s0 := [1]\n{}", (1..61).map(line).collect::<Vec<_>>().join("\n"))
}

/// Which limit comes first depends on the machine.
fn is_ended(said: &str) -> bool {
    said.contains("too much memory") || said.contains("took longer than 1 s")
}

#[test]
fn what_shares_its_parts_is_not_walked() {
    let ways = [
        "NEXT := [LAST, LAST]",
        "NEXT = [LAST, LAST]",
        "[LAST, LAST] = NEXT",
        "NEXT := {\"a\": [LAST, {\"b\": LAST}]}",
        "NEXT := {\"a\": [x | x := LAST; numbers.range(1, 2)[_]]}",
        "NEXT := [x | x = [LAST, LAST]][0]",
        "[NEXT, _] := [[LAST, LAST], 1]",
        "[false, NEXT] = [false, [LAST, LAST]]",
        "NEXT := object.get({}, \"a\", [LAST, LAST])",
        "NEXT := array.concat([LAST], [LAST])",
        "NEXT := array.flatten([[LAST], [LAST]])",
        "NEXT := {x: LAST | x := numbers.range(1, 2)[_]}",
        "NEXT := {[x, LAST] | x := numbers.range(1, 2)[_]}",
        "NEXT := double(LAST)",
        "double(LAST, NEXT)",
        "some NEXT in [[LAST, LAST]]",
        "NEXT := json.patch({\"a\": LAST}, [{\"op\": \"copy\", \"from\": \"/a\", \"path\": \"/b\"}])",
    ];
    for way in ways {
        assert_ended(way, "s60 == s59");
    }
}

#[test]
fn whatever_would_walk_it_is_not_reached() {
    for end in [
        "s60 == [s59, s59, 1]",
        "{s60, [s59]} != set()",
        "{s60: 1} != {}",
        "sort([s60, [s59]]) != []",
        "json.marshal(s60) != \"\"",
        "sprintf(\"%v\", [s60]) != \"\"",
        "s60 in [s59, 1]",
        "object.get({1: s60}, 1, 2) != 1",
        "is_array(s60)",
    ] {
        assert_ended("NEXT := [LAST, LAST]", end);
    }
}

fn assert_ended(way: &str, end: &str) {
    let said = said(&format!(
        "package t
import future.keywords
double(x) = [x, x]
violation[{{\"msg\": \"m\"}}] {{
{}
{end}
}}",
        doubled(way)
    ));
    assert!(is_ended(&said), "{way}, {end}: {said}");
}

#[test]
fn what_rules_share_is_not_walked() {
    let rules = |rule: &str| {
        let line = |at: usize| {
            rule.replace("NEXT", &format!("s{at}")).replace("LAST", &format!("s{}", at - 1))
        };
        (1..61).map(line).collect::<Vec<_>>().join("\n")
    };
    for rule in [
        "NEXT = [LAST, LAST]",
        "NEXT = x { x := [LAST, LAST] }",
        "NEXT[x] { x := [LAST, numbers.range(1, 2)[_]] }",
        "NEXT[\"a\"] = x { x := [LAST, LAST] }",
        "NEXT = 1 { false } else = x { x := [LAST, LAST] }",
        "NEXT = x { x := given with input as [LAST, LAST] }",
    ] {
        let said = said(&format!(
            "package t\ngiven = input\ns0 = [1]\n{}\nviolation[{{\"msg\": \"m\"}}] {{ s60 == s59 }}",
            rules(rule)
        ));
        assert!(is_ended(&said), "{rule}: {said}");
    }
    let said = said(&format!(
        "package t\nviolation[{{\"msg\": \"m\", \"details\": s60}}] {{\n{}\n}}",
        doubled("NEXT := [LAST, LAST]")
    ));
    assert!(is_ended(&said) || said.contains("too large"), "{said}");
}

#[test]
fn what_is_walked_often_ends_when_its_time_is_over() {
    for code in [
        "count(regex.find_n(\".*[^a]|a\", input.review.s, -1)) > 0",
        "count(regex.find_all_string_submatch_n(\".*[^a]|a\", input.review.s, -1)) > 0",
        "regex.replace(input.review.s, \".*[^a]|a\", \"b\") != \"\"",
        "count(regex.split(\".*[^a]|a\", input.review.s)) > 0",
        "x := [1 | numbers.range(1, 200000)[_]]
         y := array.concat([1 | numbers.range(1, 100000)[_]], [2])
         object.subset(x, y)",
    ] {
        let said = body(code);
        assert!(said.contains("took longer than 1 s"), "{code}: {said}");
    }
    // Long, but in linear time.
    for code in [
        "x := {{i} | i := numbers.range(1, 2000)[_]}; count(union(x)) == 2000",
        "x := [{sprintf(\"%d\", [i]): i} | i := numbers.range(1, 2000)[_]]
         count(object.union_n(x)) == 2000",
        "indexof(input.review.s, concat(\"\", [substring(input.review.s, 0, 50000), \"b\"])) == -1",
        "strings.count(input.review.s, \"\") == 100001",
        "object.subset([1], [])",
    ] {
        assert_eq!(body(code), "m", "{code}");
    }
}

#[test]
fn what_nests_by_many_lines_is_refused() {
    let line = |at: usize| format!("s{at} := [[[[s{}]]]]", at - 1);
    let nested = (1..400).map(line).collect::<Vec<_>>().join("\n");
    let said = body(&format!("s0 := [input]\n{nested}\ns399 != 1"));
    assert!(said.contains("nests too deep"), "{said}");
}
