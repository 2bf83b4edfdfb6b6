use super::*;

fn read(text: &str, dialect: Dialect) -> (Sources, Vec<Node>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", text);
    let mut diagnostics = Vec::new();
    let documents = parse(&sources, id, dialect, &mut diagnostics);
    (sources, documents, diagnostics)
}

fn said(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let line = |one: &Diagnostic| format!("{} {}", sources.locate(one.primary), one.code);
    diagnostics.iter().map(line).collect()
}

#[test]
fn keys_and_values_know_where_they_are() {
    let (sources, documents, diagnostics) =
        read("a:\n  b: \"x y\"\n  c: [1, z]\n", Dialect::Resource);
    assert!(diagnostics.is_empty());
    let map = documents[0].get("a").unwrap();
    let entry = map.as_mapping().unwrap().entry("b").unwrap();
    assert_eq!(sources.slice(entry.key_span), "b");
    assert_eq!(sources.slice(entry.value.span), "\"x y\"");
    let list = map.get("c").unwrap();
    assert_eq!(sources.slice(list.span), "[1, z]");
    assert_eq!(sources.slice(list.as_sequence().unwrap()[1].span), "z");
}

#[test]
fn a_broken_document_leaves_the_others() {
    let (sources, documents, diagnostics) =
        read("a: [1\n---\nb: 1\n---\nc: }\n---\nd: 1\n", Dialect::Resource);
    assert_eq!(documents.len(), 2);
    assert_eq!(said(&diagnostics, &sources), ["a.yaml:1:4 yaml/syntax", "a.yaml:5:4 yaml/syntax"]);
}

#[test]
fn the_dialects_read_booleans_and_keys_differently() {
    let text = "a: yes\n";
    let kind = |dialect| {
        let (_, documents, _) = read(text, dialect);
        documents[0].get("a").unwrap().as_scalar().unwrap().kind
    };
    assert_eq!(kind(Dialect::Resource), ScalarKind::String);
    assert_eq!(kind(Dialect::Config), ScalarKind::Bool);
    let (_, documents, diagnostics) = read("on: 1\n0777: 2\n", Dialect::Config);
    assert!(diagnostics.is_empty());
    assert!(documents[0].get("true").is_some() && documents[0].get("511").is_some());
    let (sources, _, diagnostics) = read("a:\n  1: x\n", Dialect::Resource);
    assert_eq!(said(&diagnostics, &sources), ["a.yaml:2:3 yaml/unsupported"]);
}

#[test]
fn a_key_twice_is_an_error_in_a_resource_only() {
    let text = "a: 1\nb: 2\na: 3\n";
    let (sources, _, diagnostics) = read(text, Dialect::Resource);
    assert_eq!(said(&diagnostics, &sources), ["a.yaml:3:1 yaml/duplicate-key"]);
    assert!(diagnostics[0].is_error());
    let (_, documents, diagnostics) = read(text, Dialect::Config);
    assert!(!diagnostics[0].is_error());
    assert_eq!(documents[0].get("a").unwrap().scalar_text(), Some("3"));
}

#[test]
fn merge_keys_give_way_to_explicit_ones() {
    let (_, documents, diagnostics) =
        read("x: &x {a: 1, b: 1}\ny:\n  <<: *x\n  b: 2\n", Dialect::Resource);
    assert!(diagnostics.is_empty());
    let y = documents[0].get("y").unwrap();
    assert_eq!(y.get("a").unwrap().scalar_text(), Some("1"));
    assert_eq!(y.get("b").unwrap().scalar_text(), Some("2"));
    assert!(y.get("<<").is_none());
}

#[test]
fn aliases_have_a_budget() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        text.extend([format!("a{n}: &a{n} [{list}]\n")]);
    }
    let (_, documents, diagnostics) = read(&text, Dialect::Resource);
    assert!(documents.is_empty());
    assert_eq!(diagnostics[0].code, codes::YAML_TOO_LARGE);
}

#[test]
fn nesting_has_a_limit() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        let (_, documents, diagnostics) = read(&text, Dialect::Resource);
        assert!(documents.is_empty());
        assert_eq!(diagnostics[0].code, codes::YAML_TOO_LARGE);
    }
}

#[test]
fn positions_in_an_embedded_text_are_those_in_the_file() {
    let text = "p: |-\n    a: 1\n    b:\n      c: x\nq: 'd: 2'\nr: >\n  e:\n  1\n";
    let (sources, documents, _) = read(text, Dialect::Config);
    let inner = |key: &str| {
        let scalar = documents[0].get(key).unwrap();
        parse_embedded(&sources, scalar, Dialect::Resource, &mut Vec::new())
    };
    let literal = inner("p");
    let value = literal[0].at(&["b", "c"]).unwrap();
    assert_eq!(
        (sources.slice(value.span), sources.locate(value.span)),
        ("x", "a.yaml:4:10".into())
    );
    let quoted = inner("q");
    let value = quoted[0].get("d").unwrap();
    assert_eq!(sources.slice(value.span), "'d: 2'", "the whole scalar");
}
