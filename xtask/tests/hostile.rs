//! Manifests that lie, repeat themselves or have no end: `validate` says a few clear things of each,
//! in bounded time and memory, and checks what stands beside them.
//!
//! Each text is checked as a file and as a resource of an overlay. How long it takes is not asserted:
//! what is not bounded does not end while anyone waits.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output},
};

/// An object with a mistake of its own, which must be found whatever stands before it.
const BESIDE: &str = "
---
apiVersion: v1
kind: Service
metadata: {name: beside}
spec: {portz: [], ports: [{port: 80}]}
";

/// More lines than an object has findings that are told, and than a person reads.
const LINES: usize = 430;

/// Checks a text together with an object beside it, and that each of `says` is said.
fn check(text: &str, says: &[&str]) {
    check_in(&[("file", as_file(text)), ("overlay", as_overlay(text))], says);
}

/// As [`check`], for a text that cannot be read, so that no overlay can be built of it.
fn check_file(text: &str, says: &[&str]) {
    check_in(&[("file", as_file(text))], says);
}

fn check_in(outputs: &[(&str, Output)], says: &[&str]) {
    for (place, output) in outputs {
        let said = String::from_utf8_lossy(&output.stderr);
        let start: String = said.chars().take(2_000).collect();
        assert_eq!(output.status.code(), Some(1), "{place}: {start}");
        assert!(said.contains("unknown field `spec.portz`"), "{place}: {start}");
        assert!(said.lines().count() < LINES, "{place}: {start}");
        assert!(said.lines().all(|line| line.len() < 2_000), "{place}: {start}");
        for part in says {
            assert!(said.contains(part), "{place}: `{part}` is missing: {start}");
        }
    }
}

fn as_file(text: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("all.yaml"), format!("{}{BESIDE}", text.trim_end())).unwrap();
    validate(dir.path(), "all.yaml")
}

fn as_overlay(text: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let overlay = dir.path().join("overlays/dev/web");
    fs::create_dir_all(dir.path().join(".git")).unwrap();
    fs::create_dir_all(&overlay).unwrap();
    fs::write(overlay.join("all.yaml"), format!("{}{BESIDE}", text.trim_end())).unwrap();
    fs::write(overlay.join("kustomization.yaml"), "resources: [all.yaml]\n").unwrap();
    validate(dir.path(), "dev")
}

fn validate(dir: &Path, what: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["validate", "--only", "schema,yaml", "--format", "concise", "--kubernetes-version"])
        .args(["1.36,1.37", what])
        .current_dir(dir)
        .output()
        .unwrap()
}

/// A definition of the kind `Thing` with a schema in flow style, or one that is indented by 10.
fn definition(schema: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.example.com}}
spec:
  group: example.com
  scope: Namespaced
  names: {{kind: Thing, plural: things, singular: thing, listKind: ThingList}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
{}",
        indented(schema, 10)
    )
}

/// A definition in which `spec` has this schema, and an object with this `spec`.
fn thing(schema: &str, spec: &str) -> String {
    let schema = format!("type: object\nproperties:\n  spec:\n{}", indented(schema, 4));
    format!(
        "{}---
apiVersion: example.com/v1
kind: Thing
metadata: {{name: thing}}
spec:
{}",
        definition(&schema),
        indented(spec, 2)
    )
}

fn indented(text: &str, by: usize) -> String {
    let line = |line: &str| format!("{:by$}{line}\n", "");
    text.lines().map(line).collect()
}

/// As many lines as asked for.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "{}", line(at));
        text
    })
}

/// A schema of an object with these properties, one a line.
fn properties(count: usize, property: impl Fn(usize) -> String) -> String {
    let properties = lines(count, |at| format!("  {}", property(at)));
    format!("type: object\nproperties:\n{properties}")
}

fn service(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n{spec}")
}

fn pod(containers: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n{containers}"
    )
}

fn config_map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\ndata:\n{data}")
}

#[test]
fn a_schema_that_refers_to_itself() {
    let schema = "{type: object, properties: {a: {$ref: '#/properties/spec'}, b: {type: integer}}}";
    check(
        &thing(schema, "b: x"),
        &[
            "properties.spec.properties.a.$ref` is not supported",
            "`spec.b` must be an integer, not a string",
        ],
    );
}

#[test]
fn a_schema_of_very_many_parts() {
    let part = |at| {
        format!("p{at}: {{type: object, properties: {{a: {{type: string}}, b: {{type: string}}}}}}")
    };
    check(
        &thing(&properties(42_000, part), "p1: {a: 1}"),
        &[
            "the schema of Thing: it has more than 120000 parts, and the rest is not checked",
            "`spec.p1.a` must be a string, not an integer",
        ],
    );
}

#[test]
fn a_schema_that_nests_without_an_end() {
    let nested = |levels: usize| {
        let open = "{type: object, properties: {a: ".repeat(levels);
        format!("{open}{{type: string}}{}", "}}".repeat(levels))
    };
    check(&thing(&nested(100), "a: {a: 1}"), &["it nests more than 50 levels"]);
    check_file(&thing(&nested(5_000), "a: {a: 1}"), &["collections are nested more than 255 deep"]);
    let not = "{not: ".repeat(110) + "{}" + &"}".repeat(110);
    check(&thing(&not, "a: 1"), &["it nests more than 50 levels"]);
}

#[test]
fn alternatives_of_alternatives() {
    let schema = (0..10).fold("{minimum: 1}".to_owned(), |one, _| {
        format!("{{anyOf: [{{not: {one}}}, {{not: {one}}}]}}")
    });
    let schema =
        format!("{{type: object, additionalProperties: {{type: integer, allOf: [{schema}]}}}}");
    check(
        &thing(&schema, &lines(250, |at| format!("a{at}: 0"))),
        &["`spec.a0` fits none of the 2"],
    );
}

#[test]
fn patterns_that_are_broken_many_or_slow() {
    let broken = |at| format!("p{at}: {{type: string, pattern: '({at}'}}");
    check(
        &thing(&properties(300, broken), "p1: a"),
        &["properties.p0.pattern` must be a regular expression: unclosed group"],
    );
    let large = |at| {
        format!("p{at}: {{type: string, default: a, pattern: '^([a-z]{{1,50}}{at}){{1,20}}$'}}")
    };
    check(
        &thing(&properties(300, large), "p1: a"),
        &[
            "it has more than 250 patterns, and the rest is not checked",
            "properties.p0.default` must match the `pattern` of the schema",
            "`spec.p1` must be a text that matches",
        ],
    );
    let slow = "type: object
properties:
  a: {type: string, pattern: '^(a+)+$'}
  b: {type: string, pattern: '(.*)*(.*)*(.*)*x'}
  c: {type: string, pattern: '\\pL{1000}'}";
    let text = "a".repeat(100_000);
    check(
        &thing(slow, &format!("a: {text}!\nb: {text}\nc: b")),
        &[
            "`spec.a` must be a text that matches",
            "`spec.b` must be a text that matches",
            "a pattern cannot be used: it is too large to compile",
        ],
    );
}

#[test]
fn bounds_that_contradict_each_other() {
    let schema = "type: object
minProperties: 5
maxProperties: 1
required: [z]
properties:
  a: {type: integer, minimum: 10, maximum: 1}
  b: {type: string, minLength: 9, maxLength: 1}
  c: {type: array, minItems: 9, maxItems: 1, items: {type: string}}
  d: {type: number, multipleOf: 0, minimum: 1e400}
  e: {type: [string, integer]}
  f: {type: fruit}
  g: {type: string, minLength: -1, maxLength: 1.5}";
    check(
        &thing(schema, "a: 5\nb: abc\nc: [a]\nd: 1\ne: 1\nf: 1\ng: x"),
        &[
            "`spec.a` must be at least 10",
            "`spec.b` must be at least 9 characters",
            "`spec.z` is missing",
            "not `fruit`",
        ],
    );
}

#[test]
fn an_enumeration_without_an_end() {
    let values = lines(5_000, |at| format!("    - v{at}"));
    let schema = format!(
        "type: object\nproperties:\n  a:\n    type: array\n    items:\n      type: string\n      enum:\n{}",
        indented(&values, 4)
    );
    let items = lines(5_000, |at| format!("  - v{}", at + 1));
    check(
        &thing(&schema, &format!("a:\n{items}")),
        &["`spec.a[4999]` must be `v0`, `v1`", "or one of 4976 others"],
    );
}

#[test]
fn mappings_of_very_many_keys() {
    let good = lines(30_000, |at| format!("  k{at}: v"));
    check(&config_map(&good), &[]);
    let wrong = lines(5_000, |at| format!("  k{at}: 1"));
    check(&config_map(&wrong), &["`data.k0` must be a string, not an integer"]);
    check(&service(&wrong), &["unknown field `spec.k0`"]);
    let labels = lines(5_000, |at| format!("    k{at}: v"));
    check(&service(&format!("  ports: [{{port: 80}}]\n  selector:\n{labels}")), &[]);
}

#[test]
fn a_key_that_is_there_very_often() {
    let output = as_file(&config_map(&"  k: v\n".repeat(5_000)));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("the key `k` is already set in this mapping").count(), 100);
    assert!(said.contains("unknown field `spec.portz`"), "{said}");
}

#[test]
fn objects_that_nest_without_an_end() {
    for (open, close) in [("{a: ", "}"), ("[", "]")] {
        let text = format!("  a: {}1{}", open.repeat(100_000), close.repeat(100_000));
        check_file(&config_map(&text), &["collections are nested more than 255 deep"]);
    }
    let free = "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {b: {type: integer}}}";
    let deep = format!("a: {}1{}\nb: x", "{a: ".repeat(200), "}".repeat(200));
    check(&thing(free, &deep), &["`spec.b` must be an integer"]);
    let lists =
        format!("{}{}", "{apiVersion: v1, kind: List, items: [".repeat(80), "]}".repeat(80));
    check(&lists, &[]);
}

#[test]
fn pods_of_very_many_containers() {
    let container = |at| {
        format!("  - {{name: c{at}, image: a, volumeMounts: [{{name: v{at}, mountPath: /data}}]}}")
    };
    let volumes = lines(4_000, |at| format!("  - {{name: v{at}, emptyDir: {{}}}}"));
    check(&pod(&format!("{}  volumes:\n{volumes}", lines(4_000, container))), &[]);
    let same = "  - {name: c, image: a, volumeMounts: [{name: none, mountPath: /data}]}\n";
    check(&pod(&same.repeat(4_000)), &["`spec.containers[1].name` repeats `c`"]);
    let variables = lines(5_000, |at| format!("    - {{name: V{at}, value: $(V0)}}"));
    check(&pod(&format!("  - name: c\n    image: a\n    env:\n{variables}")), &[]);
    let ports = lines(5_000, |at| format!("  - {{name: p{at}, port: {}}}", at % 4_000 + 1));
    check(
        &service(&format!("  ports:\n{ports}")),
        &["`spec.ports[4000]` repeats port `1`, protocol `TCP`"],
    );
}

#[test]
fn sets_and_maps_of_very_many_items() {
    let schema = "type: object
properties:
  set: {type: array, x-kubernetes-list-type: set, items: {type: string}}
  map:
    type: array
    x-kubernetes-list-type: map
    x-kubernetes-list-map-keys: [name]
    items: {type: object, required: [name], properties: {name: {type: string}}}";
    let list = |text: &dyn Fn(usize) -> String| {
        let set = lines(10_000, |at| format!("- {}", text(at)));
        let map = lines(10_000, |at| format!("- name: {}", text(at)));
        format!("set:\n{set}map:\n{map}")
    };
    check(&thing(schema, &list(&|at| format!("v{at}"))), &[]);
    check(
        &thing(schema, &list(&|_| "v".to_owned())),
        &["`spec.set[1]` repeats `v`", "`spec.map[1]` repeats name `v`"],
    );
}

#[test]
fn scalars_of_a_megabyte() {
    let long = "9".repeat(1_000_000);
    check(
        &service(&format!("  type: {long}x\n  clusterIP: {long}x\n  ports: [{{port: {long}}}]")),
        &["`spec.type` must be", "`spec.clusterIP` must be", "`spec.ports[0].port` must be"],
    );
}

#[test]
fn numbers_that_no_machine_holds() {
    check(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 99999999999999999999999999999
  minReadySeconds: 1e400
  revisionHistoryLimit: 0x7fffffffffffffffffffffffffffffff
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        resources: {limits: {cpu: 1e999999999, memory: 1e-999999999}}",
        &["`spec.replicas` must be", "`spec.minReadySeconds` must be"],
    );
}

#[test]
fn very_many_documents() {
    let document = |at| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{at}}}");
    check(&lines(5_000, document), &[]);
    check(&"---\n".repeat(50_000), &[]);
    let output = as_file(&"---\napiVersion: v1\nkind: Nothing\n".repeat(5_000));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("there is no schema for v1 Nothing").count(), 5_000);
    assert!(said.contains("unknown field `spec.portz`"));
}

#[test]
fn characters_that_are_no_text() {
    check_file(&config_map("  a: b\0c"), &["yaml/syntax"]);
    check(&format!("\u{feff}{}", config_map("  a: b")), &[]);
    check(
        &config_map("  a: |\n    b\n  c: 1\n").replace('\n', "\r\n"),
        &["`data.c` must be a string"],
    );
    let dir = tempfile::tempdir().unwrap();
    let text: Vec<u8> = "kind: Café".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(dir.path().join("utf-16.yaml"), text).unwrap();
    fs::write(dir.path().join("beside.yaml"), BESIDE).unwrap();
    let said = String::from_utf8(validate(dir.path(), ".").stderr).unwrap();
    assert!(said.contains("`./utf-16.yaml` cannot be read: byte 18 is not UTF-8"), "{said}");
    assert!(said.contains("unknown field `spec.portz`"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_to_nothing_and_to_a_directory_around_them() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("all")).unwrap();
    fs::write(dir.path().join("all/beside.yaml"), BESIDE).unwrap();
    symlink("nothing.yaml", dir.path().join("all/link.yaml")).unwrap();
    symlink("nothing.txt", dir.path().join("all/link.txt")).unwrap();
    symlink(".", dir.path().join("all/again")).unwrap();
    let output = validate(dir.path(), "all");
    check_in(&[("directory", output)], &["`all/link.yaml` cannot be read: no such file"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file() {
    let dir = tempfile::tempdir().unwrap();
    let output = validate(dir.path(), "/dev/zero");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`/dev/zero` cannot be read: 65 MiB is more than the limit"), "{said}");

    let fifo = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let writer = std::thread::spawn(move || fs::write(fifo, BESIDE));
    check_in(&[("pipe", validate(dir.path(), "pipe"))], &[]);
    writer.join().unwrap().unwrap();
}
