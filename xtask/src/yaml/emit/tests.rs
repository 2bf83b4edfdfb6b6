//! Expectations are the output of `kustomize build` 5.8.2 for the same values.

use serde_json::{Value as Json, json};

use super::*;
use crate::{
    source::{SourceId, Sources},
    yaml::{Dialect, resolve},
};

fn source() -> SourceId {
    Sources::default().add("test.yaml", "")
}

/// A tree of values; `{"=": text}` is a plain scalar of a resource.
pub(in crate::yaml) fn tree(json: &Json) -> Node {
    let span = Span::start_of(source());
    let scalar =
        |kind, text: &str| Node::new(Value::Scalar(Scalar { kind, text: text.into() }), span);
    match json {
        Json::Null => scalar(ScalarKind::Null, "null"),
        Json::Bool(value) => scalar(ScalarKind::Bool, &value.to_string()),
        Json::Number(value) => scalar(ScalarKind::Int, &value.to_string()),
        Json::String(text) => scalar(ScalarKind::String, text),
        Json::Array(items) => Node::new(Value::Sequence(items.iter().map(tree).collect()), span),
        Json::Object(entries) => {
            if let Some(Json::String(text)) = entries.get("=") {
                return scalar(resolve(text, Dialect::Resource), text);
            }
            let mut mapping = Mapping::default();
            for (key, value) in entries {
                mapping.push(key.as_str(), span, tree(value));
            }
            Node::new(Value::Mapping(mapping), span)
        }
    }
}

fn print(json: &Json) -> String {
    let mut out = String::new();
    emit(&tree(json), &mut out).unwrap();
    out
}

fn refusal(json: &Json) -> String {
    emit(&tree(json), &mut String::new()).unwrap_err().message
}

/// Each string as an item of `v:`, in a mapping that is indented by two columns.
fn check_strings(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let printed = print(&json!({"spec": {"v": [text]}}));
        assert_eq!(printed, format!("spec:\n  v:\n  - {expected}\n"), "{text:?}");
    }
}

#[test]
fn strings_that_yaml_1_1_reads_as_something_else_are_double_quoted() {
    let ambiguous = [
        "",
        "yes",
        "y",
        "On",
        "null",
        "~",
        "12",
        "0x1F",
        "1_000",
        "0o17",
        "+1",
        "1.5",
        ".5",
        "1e3",
        "1:30",
        "2001-01-01",
        "08",
        "0b-1",
        ".inf",
    ];
    for text in ambiguous {
        check_strings(&[(text, &format!("\"{text}\""))]);
    }
    for text in ["a", "yEs", "tRue", "0o-7", "1:60", "2001-13-01", "1.2.3", "10m", "<<", "="] {
        check_strings(&[(text, text)]);
    }
}

#[test]
fn indicators_and_blanks_at_the_ends_are_single_quoted() {
    check_strings(&[
        ("-", "'-'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("?", "'?'"),
        ("a: b", "'a: b'"),
        ("a:b", "a:b"),
        ("a:", "'a:'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("#a", "'#a'"),
        ("@a", "'@a'"),
        ("*a", "'*a'"),
        ("[a", "'[a'"),
        ("a, b", "a, b"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("it's: 1", "'it''s: 1'"),
        ("say \"hi\"", "say \"hi\""),
        ("\"hi\"", "'\"hi\"'"),
        ("back\\slash", "back\\slash"),
        ("---", "'---'"),
        ("--- a", "'--- a'"),
        ("...", "'...'"),
        ("a\u{2028}b", "'a\u{2028}    b'"),
    ]);
}

#[test]
fn what_is_not_printable_in_the_basic_plane_is_escaped() {
    check_strings(&[
        ("é", "é"),
        ("日本", "日本"),
        ("nbsp\u{a0}", "nbsp\u{a0}"),
        ("tab\there", r#""tab\there""#),
        ("cr\rhere", r#""cr\rhere""#),
        ("bell\x07\x01", r#""bell\a\x01""#),
        ("😀", r#""\U0001F600""#),
        ("\u{feff}bom", r#""\uFEFF\x62\x6F\x6D""#),
        ("bom\u{feff}", r#""bom\uFEFF""#),
    ]);
}

#[test]
fn text_of_more_lines_is_literal_unless_a_line_ends_in_a_blank() {
    check_strings(&[
        ("a\nb", "|-\n    a\n    b"),
        ("a\nb\n", "|\n    a\n    b"),
        ("a\n\n", "|+\n    a\n"),
        ("\n", "|2+\n"),
        ("\na", "|2-\n\n    a"),
        ("  a\nb\n", "|2\n      a\n    b"),
        ("a\n b\n", "|\n    a\n     b"),
        ("a \nb\n", r#""a \nb\n""#),
        ("\ta\nb", r#""\ta\nb""#),
        ("a\nb ", r#""a\nb ""#),
    ]);
}

#[test]
fn long_lines_are_folded_at_the_first_single_space_behind_column_80() {
    let line = ["word"; 16].join(" ");
    let words = |n: usize| "word ".repeat(n);
    let folded_quote = format!("'{line}\n    word word word word it''s: end'");
    let wide = format!("{}two  spaces\n    end and more", "word  ".repeat(14));
    check_strings(&[
        (&(words(20) + "end"), &format!("{line}\n    word word word word end")),
        (&(words(20) + "it's: end"), &folded_quote),
        (&("word  ".repeat(14) + "two  spaces end and more"), &wide),
        (&("x".repeat(90) + " y z"), &format!("{}\n    y z", "x".repeat(90))),
        (
            &("\tword ".repeat(12) + " two  spaces end and more words that fold"),
            "\"\\tword \\tword \\tword \\tword \\tword \\tword \\tword \\tword \\tword \\tword \
             \\tword\n    \\tword  two  spaces end and more words that fold\"",
        ),
    ]);
}

#[test]
fn keys_are_quoted_like_strings_and_stay_on_one_line() {
    let long = "x".repeat(128);
    let longer = "y".repeat(129);
    let printed = print(&json!({
        "yes": 1, "1": 1, "": 1, "a: b": 1, "2001-01-01": 1, "\"q\"": 1,
        "a\nb": "v", "a\u{2028}b": 1, &long: {"=": "0x1F"}, &longer: {"a": [1]},
    }));
    let expected = format!(
        "\"\": 1\n'\"q\"': 1\n\"1\": 1\n\"2001-01-01\": 1\n? |-\n  a\n  b\n: v\n'a: b': 1\n\
         ? 'a\u{2028}  b'\n: 1\n{long}: 31\n\"yes\": 1\n? {longer}\n: a:\n  - 1\n"
    );
    assert_eq!(printed, expected);
}

#[test]
fn lists_stand_under_their_key_and_empty_collections_in_brackets() {
    let printed = print(&json!({
        "a": [[1, [2]], [{"a": 1, "b": []}], {}, [], null, true],
        "b": {"c": {"d": [{"e": {"f": 1}}]}},
    }));
    let expected = "a:\n- - 1\n  - - 2\n- - a: 1\n    b: []\n- {}\n- []\n- null\n- true\n\
                    b:\n  c:\n    d:\n    - e:\n        f: 1\n";
    assert_eq!(printed, expected);
}

#[test]
fn keys_are_in_natural_order() {
    let sorted = [
        ".x", "_x", "\"9\"", "\"10\"", "A", "B", "a", "a-b", "a.b", "a_b", "a2", "a02", "a002",
        "a10", "ab", "b", "z", "é",
    ];
    let entries = sorted.iter().map(|key| (key.replace('"', ""), json!(1))).collect();
    let expected: String = sorted.iter().flat_map(|key| [*key, ": 1\n"]).collect();
    assert_eq!(print(&Json::Object(entries)), expected);
}

#[test]
fn keys_without_a_consistent_order_have_one_that_is_always_the_same() {
    let key = |n: usize| format!("v{}{}", n % 97, ["", "beta1", "0"][n % 3]);
    let print = |keys: &mut dyn Iterator<Item = usize>| {
        let mut node = tree(&json!({}));
        let span = node.span;
        for n in keys {
            node.as_mapping_mut().unwrap().insert(&key(n), span, tree(&json!(1)));
        }
        let mut out = String::new();
        emit(&node, &mut out).unwrap();
        out
    };
    assert_eq!(print(&mut (0..500)), print(&mut (0..500).rev()));
}

#[test]
fn documents_are_joined_by_a_separator() {
    let mut out = String::new();
    emit_documents(&[tree(&json!({"a": "b\n\n"})), tree(&json!({"c": 1}))], &mut out).unwrap();
    assert_eq!(out, "a: |+\n  b\n\n---\nc: 1\n");
}

#[test]
fn next_line_characters_are_folded_as_the_json_reader_folds_them() {
    check_strings(&[
        ("a\u{85}b", "a b"),
        ("a \u{85} b", "a b"),
        ("a \u{85}\u{85} b", "|-\n    a\n    b"),
        ("a\u{85}", "'a '"),
    ]);
}

#[test]
fn what_kustomize_refuses_is_an_error_at_the_value() {
    let del = "the control character U+007F is not allowed in YAML";
    assert_eq!(refusal(&json!({"a": "x\u{7f}"})), del);
    assert_eq!(refusal(&json!({"a\u{7f}": 1})), del);
    assert!(refusal(&json!({"a": "\u{9f}"})).contains("U+009F"));
    assert!(refusal(&json!({"a": "\u{ffff}"})).contains("U+FFFF"));
    assert!(refusal(&json!({"a\u{85}b": 1})).contains("U+0085"));
    assert!(refusal(&json!({"a": "b\u{85}--- c"})).contains("document marker"));
    assert!(refusal(&json!({"k".repeat(1023): 1})).contains("1024 characters"));
    assert!(refusal(&json!({"a": {"=": "-.inf"}})).contains("`-.inf` has no JSON value"));
    assert!(refusal(&json!({"a": {"=": "2001-1-1T1:2:3+24:00"}})).contains("time zone"));
    // The longest key.
    assert_eq!(print(&json!({"k".repeat(1022): 1})).len(), 1029);
}

#[test]
fn an_error_is_where_the_value_is_written() {
    let mut node = tree(&json!({"a": 1}));
    let source = node.span.source;
    let mapping = node.as_mapping_mut().unwrap();
    mapping.push("b", Span::new(source, 5..6), tree(&json!(1)));
    mapping.push("b", Span::new(source, 10..11), tree(&json!(1)));
    let error = emit(&node, &mut String::new()).unwrap_err();
    assert_eq!(error.span, Span::new(source, 10..11));
    assert_eq!(error.to_string(), "the key `b` is there twice");
}

#[test]
fn a_thousand_levels_are_no_problem() {
    let span = Span::start_of(source());
    let mut node = tree(&json!("end"));
    for _ in 0..500 {
        let mut mapping = Mapping::default();
        mapping.push("k", span, node);
        let inner = Node::new(Value::Mapping(mapping), span);
        node = Node::new(Value::Sequence(vec![inner]), span);
    }
    let mut out = String::new();
    emit(&node, &mut out).unwrap();
    assert!(out.starts_with("- k:\n  - k:\n    - k:\n"));
    assert!(out.ends_with("    - k: end\n"));
}
