//! What the definition of a custom kind makes of objects.

use super::CustomKinds;
use crate::{
    diag::Diagnostic,
    schema::Store,
    source::Sources,
    yaml::{Dialect, Node, parse},
};

fn read(text: &str) -> Vec<Node> {
    let mut sources = Sources::default();
    let source = sources.add("test.yaml", text);
    let mut diagnostics = Vec::new();
    let documents = parse(&sources, source, Dialect::Config, &mut diagnostics);
    assert_eq!(diagnostics.len(), 0, "{:?}", diagnostics.first());
    documents
}

/// A definition with this schema of `spec`, in flow style or indented by 14.
fn definition(spec: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.example.com}}
spec:
  group: example.com
  scope: Namespaced
  names: {{kind: Thing, plural: things}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {{status: {{}}}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {spec}
          status: {{type: object, properties: {{ready: {{type: boolean}}}}, required: [ready]}}
"
    )
}

fn messages(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(|one| one.message.to_string()).collect()
}

/// What is said of the fields `rest` of an object.
fn told_of(kinds: &CustomKinds, rest: &str) -> Vec<String> {
    let store = Store::all_versions().with_custom(kinds.clone());
    let object =
        format!("apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\n{rest}\n");
    let mut out = Vec::new();
    for node in &read(&object) {
        store.check(node, &mut out);
    }
    messages(&out)
}

fn kinds(spec: &str) -> CustomKinds {
    let mut kinds = CustomKinds::default();
    let mut out = Vec::new();
    for node in &read(&definition(spec)) {
        kinds.add(node, &mut out);
    }
    assert!(out.is_empty(), "{:?}", messages(&out));
    kinds
}

/// Checks specs against a schema: each with what is said of it, and nothing for a good one.
fn check(schema: &str, cases: &[(&str, &str)]) {
    let kinds = kinds(schema);
    for (spec, expected) in cases {
        assert_eq!(told_of(&kinds, &format!("spec: {spec}")).join("; "), *expected, "{spec}");
    }
}

#[test]
fn fields_without_a_schema_are_unknown_unless_they_are_kept() {
    check(
        "{type: object, properties: {a: {type: object}, \
         b: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: \
         {c: {type: object, properties: {d: {type: string}}}}}, \
         free: {type: object, additionalProperties: true}, \
         kept: {type: array, x-kubernetes-preserve-unknown-fields: true, items: {type: object}}, \
         list: {type: array}}}",
        &[
            ("{a: {}, b: {x: {z: 1}}, kept: [{x: 1}], list: [1]}", ""),
            ("{a: {x: 1}}", "unknown field `spec.a.x`"),
            ("{b: {c: {e: 1}}}", "unknown field `spec.b.c.e`"),
            ("{free: {x: 1, z: [2]}}", ""),
            ("{free: {x: {z: 1}}}", "unknown field `spec.free.x.z`"),
            ("{free: {x: [{z: 1}]}}", "unknown field `spec.free.x[0].z`"),
            ("{list: [{x: 1}]}", "unknown field `spec.list[0].x`"),
        ],
    );
}

#[test]
fn a_null_is_dropped_where_it_is_no_value() {
    check(
        "{type: object, required: [a, q, d], properties: {a: {type: string}, \
         q: {type: string, nullable: true}, d: {type: string, default: x}, \
         l: {type: array, items: {type: string}}, \
         p: {type: array, items: {type: string, default: x}}, \
         m: {type: object, additionalProperties: {type: string}, minProperties: 1}}}",
        &[
            ("{a: x, q: x}", ""),
            ("{a: x, q: null, d: null}", ""),
            ("{a: null, q: x}", "`spec.a` is missing"),
            ("{a: x}", "`spec.q` is missing"),
            ("{a: x, q: x, l: [null]}", "`spec.l[0]` must be a string, not null"),
            ("{a: x, q: x, p: [null]}", ""),
            ("{a: x, q: x, m: {k: v, l: null}}", ""),
            ("{a: x, q: x, m: {k: null}}", "`spec.m` must not be empty"),
        ],
    );
}

#[test]
fn values_have_ranges_lengths_patterns_and_formats() {
    check(
        "{type: object, properties: {\
         half: {type: number, minimum: 0.5, maximum: 2, exclusiveMaximum: true}, \
         step: {type: integer, multipleOf: 5}, small: {type: integer, format: int32}, \
         any: {x-kubernetes-int-or-string: true, pattern: '^[0-9]+%$'}, \
         code: {type: string, pattern: '^\\d{2}$'}, time: {type: string, format: date-time}, \
         odd: {type: string, format: nobody-knows}, \
         pair: {enum: [{a: 1}, [2]], x-kubernetes-preserve-unknown-fields: true}, \
         map: {type: object, additionalProperties: {type: string}, maxProperties: 1}}}",
        &[
            ("{half: 0.5, step: 10, small: 1, any: 5, code: '42', odd: x, pair: {a: 1}}", ""),
            ("{half: 0.4}", "`spec.half` must be at least 0.5, not `0.4`"),
            ("{half: 2}", "`spec.half` must be less than 2, not `2`"),
            ("{step: 7}", "`spec.step` must be a multiple of 5, not `7`"),
            ("{small: 2147483648}", "`spec.small` must be at most 2147483647, not `2147483648`"),
            ("{any: x}", "`spec.any` must be a text that matches `^[0-9]+%$`, not `x`"),
            ("{any: true}", "`spec.any` must be an integer or a string, not a boolean"),
            ("{code: '٤٢'}", "`spec.code` must be a text that matches `^\\d{2}$`, not `٤٢`"),
            ("{time: now}", "`spec.time` must be a time such as `2006-01-02T15:04:05Z`, not `now`"),
            ("{pair: {a: 2}}", "`spec.pair` must be `{\"a\":1}` or `[2]`"),
            ("{map: {a: x, b: x}}", "`spec.map` must have at most 1 entry, not 2"),
        ],
    );
}

#[test]
fn alternatives_see_defaults() {
    check(
        "{type: object, properties: {a: {type: string}, b: {type: string}, \
         c: {type: string, default: x}, q: {type: integer}}, \
         oneOf: [{required: [a]}, {required: [b]}], anyOf: [{required: [c]}, {required: [q]}], \
         not: {required: [b, q]}, allOf: [{properties: {q: {maximum: 9}}}]}",
        &[
            ("{a: x}", ""),
            ("{q: 1}", "`spec` must have one of `a` and `b`"),
            ("{a: x, b: x}", "`spec` must have only one of `a` and `b`"),
            ("{b: x, q: 1}", "`spec` must not have `b` with `q`"),
            ("{a: x, q: 10}", "`spec.q` must be at most 9, not `10`"),
        ],
    );
    check(
        "{type: string, anyOf: [{pattern: '^a'}, {maxLength: 1}]}",
        &[("ab", ""), ("b", ""), ("bb", "`spec` fits none of the 2 alternatives of its schema")],
    );
}

#[test]
fn items_differ_in_their_keys_after_defaulting() {
    check(
        "{type: object, properties: {set: {type: array, x-kubernetes-list-type: set, items: \
         {type: string}}, map: {type: array, x-kubernetes-list-type: map, \
         x-kubernetes-list-map-keys: [port, protocol], items: {type: object, properties: \
         {port: {type: integer}, protocol: {type: string, default: TCP}}}}}}",
        &[
            ("{set: [a, b], map: [{port: 1}, {port: 1, protocol: UDP}]}", ""),
            ("{set: [a, b, a, a]}", "`spec.set[2]` repeats `a`"),
            (
                "{map: [{port: 1}, {port: 1, protocol: TCP}]}",
                "`spec.map[1]` repeats port `1`, protocol `TCP`",
            ),
        ],
    );
}

#[test]
fn an_embedded_object_says_what_it_is() {
    check(
        "{type: object, x-kubernetes-embedded-resource: true, \
         x-kubernetes-preserve-unknown-fields: true}",
        &[
            ("{apiVersion: v1, kind: Pod, metadata: {name: a}, anything: 1}", ""),
            ("{apiVersion: v1}", "`spec.kind` is missing"),
            (
                "{apiVersion: v1, kind: Pod, metadata: {nam: a}}",
                "unknown field `spec.metadata.nam`",
            ),
        ],
    );
}

#[test]
fn a_status_that_is_written_apart_is_not_checked_but_for_its_fields() {
    let kinds = kinds("{type: object}");
    assert_eq!(told_of(&kinds, "status: {ready: maybe}"), Vec::<String>::new());
    assert_eq!(told_of(&kinds, "status: {read: true}"), ["unknown field `status.read`"]);
    assert_eq!(told_of(&kinds, "statu: {}"), ["unknown field `statu`"]);
}

/// Adds a definition that lies: one thing is said of it.
fn told_of_definition(schema: &str) -> (CustomKinds, Vec<String>) {
    let documents = read(&definition(schema));
    let mut kinds = CustomKinds::default();
    let mut out = Vec::new();
    for node in &documents {
        kinds.add(node, &mut out);
    }
    (kinds, messages(&out))
}

#[test]
fn what_cannot_be_used_is_told_once_and_the_rest_is_checked() {
    let schema = "{type: object, properties: {a: {type: string, pattern: '('}, \
         b: {$ref: '#/properties/spec'}, c: {type: sting}, d: {type: integer}}}";
    let (kinds, told) = told_of_definition(schema);
    assert_eq!(told, Vec::<String>::new(), "the rules for definitions tell it");
    assert_eq!(
        told_of(&kinds, "spec: {a: x, b: {c: [1]}, c: 1, d: x}"),
        ["`spec.d` must be an integer, not a string"]
    );
    let mut out = Vec::new();
    for node in &read(&definition(schema)) {
        CustomKinds::default().import(node, &mut out);
    }
    let told = messages(&out);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("the schema of Thing: a pattern cannot be used"), "{told:?}");
    assert!(told[0].ends_with("and 2 other parts are"), "{told:?}");
}

#[test]
fn a_deep_definition_ends() {
    let deep = |levels: usize| {
        let open = "{type: object, properties: {a: ".repeat(levels);
        format!("{open}{{type: string}}{}", "}}".repeat(levels))
    };
    let (kinds, told) = told_of_definition(&deep(100));
    assert_eq!(
        told,
        ["the schema of Thing: it nests more than 50 levels, and what is deeper is not checked"]
    );
    assert_eq!(told_of(&kinds, "spec: {a: {b: 1}}"), ["unknown field `spec.a.b`"]);
    assert_eq!(told_of_definition(&deep(40)).1, Vec::<String>::new());
}

#[test]
fn a_definition_of_very_many_fields_is_checked() {
    let many: Vec<_> = (0..100_000).map(|n| format!("f{n}: {{type: string}}")).collect();
    let names: Vec<_> = (0..100_000).map(|n| format!("f{n}")).collect();
    let (kinds, told) = told_of_definition(&format!(
        "{{type: object, required: [{}], properties: {{{}}}}}",
        names.join(","),
        many.join(",")
    ));
    assert_eq!(told, Vec::<String>::new());
    let good: Vec<_> = names.iter().map(|name| format!("{name}: x")).collect();
    assert_eq!(told_of(&kinds, &format!("spec: {{{}}}", good.join(","))), Vec::<String>::new());
    let wrong: Vec<_> = names.iter().map(|name| format!("{name}x: x")).collect();
    assert_eq!(told_of(&kinds, &format!("spec: {{{}}}", wrong.join(","))).len(), 200);
}

#[test]
fn very_many_patterns_are_not_all_kept() {
    let field = |n| format!("f{n}: {{type: string, pattern: 'x{n}$'}}");
    let fields: Vec<_> = (0..252).map(field).collect();
    let (kinds, told) =
        told_of_definition(&format!("{{type: object, properties: {{{}}}}}", fields.join(",")));
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("it has more than 250 patterns"), "{told:?}");
    assert_eq!(told_of(&kinds, "spec: {f0: a, f251: a}").len(), 1);
}

#[test]
fn very_many_alternatives_have_an_end() {
    let alternatives = vec!["{required: [b], properties: {a: {enum: [x]}}}"; 3_000].join(",");
    let (kinds, _) = told_of_definition(&format!(
        "{{type: array, items: {{type: object, properties: {{a: {{type: string}}}}, \
         anyOf: [{alternatives}]}}}}"
    ));
    let items = vec!["{a: z}"; 20_000].join(",");
    assert!(!told_of(&kinds, &format!("spec: [{items}]")).is_empty());
}

#[test]
fn the_built_in_kinds_can_be_read_and_are_there_once() {
    let names: Vec<_> = super::names().collect();
    assert!(names.len() >= 50);
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len(), "a kind is in two bundles");
    for name in names {
        let kind = super::get(name).unwrap();
        let read = kind.read();
        assert!(matches!(read.entry.scope.as_str(), "Cluster" | "Namespaced"), "{name}");
        assert!(read.schema.properties.len() > 2, "{name}");
    }
    assert!(super::get("example.com/v1/Nothing").is_none());
}

#[test]
fn the_rules_of_the_built_in_kinds_can_be_evaluated() {
    let mut unusable = Vec::new();
    let mut count = 0;
    for name in super::names() {
        if let Some(rules) = &super::get(name).unwrap().read().rules {
            rules.unusable(&mut unusable);
            count += rules.count();
        }
    }
    assert_eq!(unusable, Vec::<String>::new());
    assert!(count > 100, "{count}");
}

#[test]
fn a_rule_says_its_message_at_its_field() {
    let kinds = kinds(
        "{type: object, x-kubernetes-validations: [\
         {rule: 'self.least <= self.most', message: 'set `least` to less.', fieldPath: .least}, \
         {rule: 'self.least > 0', messageExpression: '\"not \" + string(self.least)'}, \
         {rule: 'self.list.all(x, x < self.most)'}], \
         properties: {least: {type: integer}, most: {type: integer, default: 3}, \
         list: {type: array, default: [1], items: {type: integer, x-kubernetes-validations: \
         [{rule: 'self != 7', message: no 7}]}}}}",
    );
    let told = |spec: &str| told_of(&kinds, &format!("spec: {spec}"));
    assert_eq!(told("{least: 2}"), Vec::<String>::new());
    let broken = "`spec.least` breaks a rule of its kind: set 'least' to less";
    assert_eq!(told("{least: 4}"), [broken]);
    assert_eq!(told("{least: 0}"), ["`spec` breaks a rule of its kind: not 0"]);
    let told_list = told("{least: 1, list: [1, 7]}");
    let of_list = "`spec` breaks the rule `self.list.all(x, x < self.most)`";
    assert_eq!(told_list, [of_list, "`spec.list[1]` breaks a rule of its kind: no 7"]);
    let none = "`spec` cannot be tried on the rule `self.least <= self.most`: no such key: least";
    assert_eq!(told("{}").first().map(String::as_str), Some(none));
    assert_eq!(told("{least: four}"), ["`spec.least` must be an integer, not a string"]);
}

#[test]
fn a_rule_on_changes_waits_for_a_change() {
    let kinds = kinds(
        "{type: object, x-kubernetes-validations: [{rule: self.a == oldSelf.a}, \
         {rule: '!oldSelf.hasValue() && self.a > 1', optionalOldSelf: true, message: too few}], \
         properties: {a: {type: integer}}}",
    );
    assert_eq!(told_of(&kinds, "spec: {a: 2}"), Vec::<String>::new());
    assert_eq!(told_of(&kinds, "spec: {a: 1}"), ["`spec` breaks a rule of its kind: too few"]);
}

#[test]
fn what_only_a_server_knows_is_told_once() {
    let kinds = kinds(
        "{type: array, items: {type: string, format: date-time, x-kubernetes-validations: \
         [{rule: \"self.getHours('Europe/Berlin') > 5\"}]}}",
    );
    let told = told_of(&kinds, "spec: ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("it needs time zones by name"), "{told:?}");
}

#[test]
fn a_hostile_rule_ends() {
    let kinds = kinds(
        "{type: array, x-kubernetes-validations: [{rule: \
         'self.all(a, self.all(b, self.all(c, self.all(d, self.all(e, true)))))'}, \
         {rule: 'self.size() == 0'}], items: {type: integer}}",
    );
    let items = vec!["1"; 10_000].join(",");
    let told = told_of(&kinds, &format!("spec: [{items}]"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("more steps than a server allows"), "{told:?}");
}

#[test]
fn an_import_has_no_sentences_and_is_the_same_every_time() {
    let text = definition(
        "{type: object, description: Words., x-kubernetes-validations: \
         [{rule: 'true', message: Words.}]}",
    );
    let lines = || {
        let mut kinds = CustomKinds::default();
        for node in &read(&text) {
            kinds.import(node, &mut Vec::new());
        }
        kinds.iter().map(|kind| kind.line().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines(), lines());
    assert!(!lines()[0].contains("Words"), "{lines:?}", lines = lines());
}
