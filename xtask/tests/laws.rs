//! What holds for every input.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{fs, path::Path};

use proptest::prelude::*;
use xtask::{
    diag::Diagnostic,
    kustomize::{Options, build},
    repository::documents,
    source::{OriginId, Sources, Span},
    yaml::{Dialect, Mapping, Node, Scalar, ScalarKind, Value, emit, parse, same_json},
};

/// Strings of the kinds that an emitter gets wrong.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[ -~]{0,90}",
        "([ -~]{0,20}\n){1,4}[ -~]{0,5}",
        "[a-zA-Z0-9é☃😀 \t\n:#'\"\\\\-]{0,40}",
        "[0-9]{1,3}[xob:._]?[0-9]{0,3}",
        prop::sample::select(vec![
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "~",
            "null",
            "true",
            "",
            "-",
            "- a",
            "? b",
            ": c",
            "&a",
            "*a",
            "!t",
            "|",
            ">",
            "%",
            "@",
            "`",
            "{",
            "[",
            "<<",
            "=",
            ".inf",
            "1e3",
            "0777",
            "2001-01-01",
            "a: b",
            "a #b",
            " a",
            "a ",
            "\n",
            "a\n\n",
            "\t",
            "---",
            "...",
        ])
        .prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Scalar> {
    let number = |kind, text: String| Scalar { kind, text: text.into() };
    prop_oneof![
        5 => text().prop_map(Scalar::string),
        1 => any::<i64>().prop_map(move |n| number(ScalarKind::Int, n.to_string())),
        1 => (-1_000_000i32..1_000_000).prop_map(move |n| number(ScalarKind::Float, format!("{n}.5"))),
        1 => any::<bool>().prop_map(move |b| number(ScalarKind::Bool, b.to_string())),
        1 => Just(Scalar::null()),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = scalar().prop_map(|scalar| tree(Value::Scalar(scalar)));
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| tree(Value::Sequence(items))),
            prop::collection::btree_map(key(), inner, 0..6).prop_map(|entries| {
                let mut map = Mapping::default();
                for (key, value) in entries {
                    map.push(key, nowhere(), value);
                }
                tree(Value::Mapping(map))
            }),
        ]
    })
}

/// A key; `<<` would be merged.
fn key() -> impl Strategy<Value = String> {
    text().prop_filter("a merge is no key", |key| key != "<<")
}

fn nowhere() -> Span {
    Span::start_of(Sources::default().add("", ""))
}

fn tree(value: Value) -> Node {
    Node { value, span: nowhere(), origin: OriginId::NONE }
}

fn read(text: &str) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", text);
    let mut diagnostics = Vec::new();
    let documents = parse(&sources, id, Dialect::Resource, &mut diagnostics);
    (documents, diagnostics)
}

fn build_text(dir: &Path) -> Result<String, String> {
    let options = Options::new(dir.to_owned());
    let mut sources = Sources::default();
    let (built, mut diagnostics) = build(dir, &options, &mut sources);
    let text = built.map(|built| documents(&built, &mut diagnostics));
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|one| one.is_error())
        .map(|one| one.message.to_string())
        .collect();
    text.filter(|_| errors.is_empty()).ok_or_else(|| errors.join("\n"))
}

/// A few objects that refer to each other.
fn objects() -> impl Strategy<Value = Vec<String>> {
    let object = |name: usize, value: String, replicas: u8| {
        let value = serde_json::to_string(&value).unwrap();
        [
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{name}\ndata:\n  key: {value}\n"
            ),
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{name}\nspec:\n  replicas: {replicas}\n  \
                 template:\n    spec:\n      containers:\n      - name: a\n        image: nginx:1\n        envFrom:\n        \
                 - configMapRef:\n            name: c{name}\n"
            ),
        ]
    };
    prop::collection::vec(("[ -~]{0,30}", any::<u8>()), 1..6).prop_map(move |seeds| {
        let seeds = seeds.into_iter().enumerate();
        seeds.flat_map(|(name, (value, replicas))| object(name, value, replicas)).collect()
    })
}

const OVERLAY: &str = "namePrefix: p-\nnamespace: shop\nlabels:\n- pairs:\n    app: web\n  includeSelectors: true\n\
                       images:\n- name: nginx\n  newTag: \"2\"\nconfigMapGenerator:\n- name: g\n  literals: [a=b]\n";

/// Builds `objects` in this order under an overlay.
fn build_objects(objects: &[String]) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let mut kustomization = String::from("resources:\n");
    for (at, object) in objects.iter().enumerate() {
        fs::write(dir.path().join(format!("{at}.yaml")), object).unwrap();
        kustomization.extend([format!("- {at}.yaml\n")]);
    }
    kustomization.push_str(OVERLAY);
    fs::write(dir.path().join("kustomization.yaml"), kustomization).unwrap();
    build_text(dir.path())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back_the_same(node in node()) {
        let mut text = String::new();
        // Control characters and keys of a thousand letters are refused, as kustomize does.
        prop_assume!(emit(&node, &mut text).is_ok());
        let (documents, diagnostics) = read(&text);
        prop_assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        match documents.first() {
            Some(back) => prop_assert!(same_json(&node, back), "{text}\n{back:?}"),
            None => prop_assert!(node.is_null(), "{text}"),
        }
        let mut again = String::new();
        if let Some(back) = documents.first() {
            emit(back, &mut again).unwrap();
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[ -~\n\t]{0,200}") {
        let (documents, diagnostics) = read(&text);
        prop_assert!(documents.len() + diagnostics.len() <= text.len() + 1);
    }

    #[test]
    fn building_a_built_result_again_changes_nothing(objects in objects()) {
        let first = build_objects(&objects).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("all.yaml"), &first).unwrap();
        fs::write(dir.path().join("kustomization.yaml"), "resources:\n- all.yaml\n").unwrap();
        prop_assert_eq!(build_text(dir.path()).unwrap(), first);
    }

    #[test]
    fn the_order_of_files_does_not_change_the_result(objects in objects(), seed in any::<usize>()) {
        let mut other = objects.clone();
        other.reverse();
        let turn = seed % other.len();
        other.rotate_left(turn);
        prop_assert_eq!(build_objects(&objects).unwrap(), build_objects(&other).unwrap());
    }
}
