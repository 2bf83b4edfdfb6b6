//! The language: literals, operators, macros, optional values, data.

use super::*;

#[test]
fn literals() {
    check(&[
        ("1", "1"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0x1F", "31"),
        ("-0x1", "-1"),
        ("7u", "7"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1000000.0", "1e+06"),
        ("1.5e-7", "1.5e-07"),
        (r#""a\tb\u00e9\x41\101\n""#, "a\tbéAA\n"),
        (r"r'a\tb'", r"a\tb"),
        (r#"r"""^[A-Za-z_"]*$""""#, r#"^[A-Za-z_"]*$"#),
        ("'''a\n'b'''", "a\n'b"),
        (r"b'\xff' == b'\377'", "true"),
        ("'a' 'b'", "refused: a value is not expected here"),
        ("// nothing\n1 // one", "1"),
        ("[1, 2, 3,]", "[1, 2, 3]"),
        ("{'a': 1, 'b': 2}", "{a: 1, b: 2}"),
        ("null", "null"),
    ]);
}

#[test]
fn arithmetic() {
    check(&[
        ("1 + 2 * 3 - 4 / 2 % 3", "5"),
        ("-5 / 2", "-2"),
        ("-5 % 3", "-2"),
        ("1 / 0", "error: division by zero"),
        ("1 % 0", "error: modulus by zero"),
        ("1.0 / 0.0", "+Inf"),
        ("9223372036854775807 + 1", "error: integer overflow"),
        ("-(-9223372036854775808)", "error: integer overflow"),
        ("0u - 1u", "error: integer overflow"),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", "[1, 2]"),
        ("b'a' + b'b' == b'ab'", "true"),
        ("--1", "1"),
        ("!!true", "true"),
    ]);
}

#[test]
fn comparisons_cross_the_types_of_numbers() {
    check(&[
        ("1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2", "true"),
        ("1 < 1.5 && 1u < 2 && 2.5 > 2u", "true"),
        ("dyn(1) == 1.0 && dyn(1u) == 1", "true"),
        ("dyn(1) == 'a'", "false"),
        ("dyn(1) != 'a'", "true"),
        ("dyn(9223372036854775807) == 9223372036854775808.0", "false"),
        ("dyn(0.0 / 0.0) == 0.0 / 0.0", "false"),
        ("'a' < 'b'", "true"),
        ("false < true", "true"),
        ("dyn(1) < 'a'", "error: no such overload"),
        ("[1, 2] == [1, 2] && {'a': [1]} == {'a': [1]}", "true"),
        ("[1, 2] == [2, 1]", "false"),
        ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"),
        ("1 in [1, 2] && !(3 in [1, 2]) && 'a' in {'a': 1}", "true"),
        ("dyn(1.0) in [1, 2]", "true"),
        ("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-01T00:00:01Z')", "true"),
        ("type(1) == int && type('a') == string && type(null) == null_type", "true"),
    ]);
}

#[test]
fn an_operand_that_decides_makes_up_for_an_error() {
    check(&[
        ("true || 1 / 0 == 1", "true"),
        ("1 / 0 == 1 || true", "true"),
        ("1 / 0 == 1 || false", "error: division by zero"),
        ("false && 1 / 0 == 1", "false"),
        ("1 / 0 == 1 && false", "false"),
        ("1 / 0 == 1 && true", "error: division by zero"),
        ("true ? 1 : 1 / 0", "1"),
        ("1 / 0 == 1 ? 1 : 2", "error: division by zero"),
        ("[1, 0].exists(x, 1 / x == 1)", "true"),
        ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 2].exists(x, 1 / x == 1)", "error: division by zero"),
        ("[0, 2].all(x, 1 / x == 1)", "false"),
        ("[0, 1].all(x, 1 / x == 1)", "error: division by zero"),
        ("[0, 1].exists_one(x, 1 / x == 1)", "error: division by zero"),
        ("[0, 1].filter(x, 1 / x == 1)", "error: division by zero"),
    ]);
}

#[test]
fn macros() {
    check(&[
        ("[1, 2, 3].all(x, x > 0)", "true"),
        ("[].all(x, x > 0) && ![].exists(x, x > 0)", "true"),
        ("[1, 2, 2].exists_one(x, x == 2)", "false"),
        ("[1, 2, 3].exists_one(x, x == 2)", "true"),
        ("[1, 2, 3].map(x, x * 2)", "[2, 4, 6]"),
        ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
        ("[1, 2, 3].filter(x, x > 1)", "[2, 3]"),
        ("{'a': 1, 'b': 2}.all(k, k < 'c')", "true"),
        ("{'a': 1, 'b': 2}.map(k, k)", "[a, b]"),
        ("[1, 2].map(x, [3, 4].map(y, x * y))", "[[3, 4], [6, 8]]"),
        ("[1, 2].map(x, [x].map(x, x + 1))", "[[2], [3]]"),
        ("has({'a': 1}.a) && !has({'a': 1}.b)", "true"),
        ("['a', 'b'].all(i, v, i < 2 && v != '')", "true"),
        ("['a', 'b'].exists(i, v, i == 1 && v == 'b')", "true"),
        ("{'a': 1}.existsOne(k, v, k == 'a' && v == 1)", "true"),
        ("['a', 'b'].transformList(i, v, v + string(i))", "[a0, b1]"),
        ("['a', 'b'].transformList(i, v, i > 0, v)", "[b]"),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{b: 20}"),
        ("['a', 'b'].transformMapEntry(i, v, {v: i})", "{a: 0, b: 1}"),
        ("['a', 'a'].transformMapEntry(i, v, {v: i})", "error: the map has the key a twice"),
        ("{1: 1, 1u + 0u == 1u ? 1 : 2: 2}", "error: the map has the key 1 twice"),
    ]);
}

#[test]
fn optional_values() {
    check_on(
        &json!({"a": {"b": 1}, "list": [1, 2], "empty": ""}),
        &[
            ("self.?a.?b", "some(1)"),
            ("self.?a.b", "some(1)"),
            ("self.?x.?b", "none"),
            ("self.?x.b.orValue(3)", "3"),
            ("self.?a.b.orValue(1 / 0)", "1"),
            ("self.list[?1]", "some(2)"),
            ("self.list[?9].hasValue()", "false"),
            ("self[?'list'][0]", "some(1)"),
            ("self.?x.or(self.?a).value()", "{b: 1}"),
            ("optional.none().value()", "error: the optional value is not there"),
            ("optional.ofNonZeroValue(self.empty)", "none"),
            ("optional.of(1) == optional.of(1)", "true"),
            ("self.?a.optMap(x, x.b + 1)", "some(2)"),
            ("self.?x.optMap(x, x.b + 1)", "none"),
            ("self.?a.optFlatMap(x, x.?b)", "some(1)"),
            ("[?self.?x, ?optional.of(1)]", "[1]"),
            ("{?'a': self.?x, ?'b': optional.of(1)}", "{b: 1}"),
            ("has(self.?a.b)", "true"),
            ("has(self.?x.b)", "false"),
        ],
    );
}

#[test]
fn data_of_any_type() {
    check_on(
        &json!({"n": 1, "d": 1.5, "list": [{"name": "a"}], "nil": null, "x-y": true}),
        &[
            ("self.n + 1", "2"),
            ("self.d == 1.5", "true"),
            ("self.list[0].name", "a"),
            ("self.list[1]", "error: index out of bounds: 1"),
            ("self.list[-1]", "error: index out of bounds: -1"),
            ("self.missing", "error: no such key: missing"),
            ("self.n.missing", "error: no such key: missing"),
            ("has(self.n.missing)", "false"),
            ("has(self.nil.missing)", "false"),
            ("self.nil.?missing", "none"),
            ("self.nil['missing']", "error: no such key: missing"),
            ("has(self.list.missing)", "error: no such overload"),
            ("self['x-y']", "true"),
            ("self.nil == null", "true"),
            ("'n' in self && !('m' in self)", "true"),
            ("size(self)", "5"),
            ("self.n + 'a'", "error: no such overload"),
            ("self.n && true", "error: no such overload"),
            ("self.n ? 1 : 2", "error: no such overload"),
            ("self.n.all(x, x)", "error: got 'types.Int', expected iterable type"),
        ],
    );
}

/// `self` of a kind that declares its fields.
fn declared() -> Shape {
    let object = |name: &str, fields: Vec<(&str, Shape)>| {
        let fields = fields.into_iter().map(|(name, shape)| (Text::from(name), shape));
        Shape::Object(Arc::new(Object::new(name, fields)))
    };
    let port = object("port", vec![("name", Shape::String), ("number", Shape::Int)]);
    let set = Shape::List(Arc::new(Shape::String), ListKind::Set);
    let keys = ListKind::Map(vec!["name".into()]);
    object(
        "self",
        vec![
            ("replicas", Shape::Int),
            ("ratio", Shape::Double),
            ("namespace", Shape::String),
            ("x-y", Shape::String),
            ("a.b/c", Shape::String),
            ("a__b", Shape::String),
            ("1st", Shape::String),
            ("timeout", Shape::Duration),
            ("since", Shape::Timestamp),
            ("day", Shape::Timestamp),
            ("data", Shape::Bytes),
            ("labels", Shape::Map(Arc::new(Shape::String))),
            ("set", set.clone()),
            ("other", set),
            ("ports", Shape::List(Arc::new(port.clone()), keys.clone())),
            ("more", Shape::List(Arc::new(port), keys)),
            ("either", Shape::Dyn),
            ("nothing", Shape::String),
        ],
    )
}

#[test]
fn declared_data() {
    let shape = declared();
    let json = json!({
        "replicas": 3, "ratio": 2, "namespace": "n", "x-y": "xy", "a.b/c": "abc", "a__b": "ab",
        "1st": "no", "timeout": "1m30s", "since": "2026-01-02T03:04:05Z", "day": "2026-01-02",
        "data": "aGk=", "labels": {"a": "1"}, "set": ["a", "b"], "other": ["b", "a"],
        "ports": [{"name": "a", "number": 1}, {"name": "b", "number": 2}],
        "more": [{"name": "b", "number": 3}, {"name": "c", "number": 4}],
        "either": "50%", "nothing": null, "undeclared": 1,
    });
    let environment = Environment::default().with("self", shape.to_type());
    let value = Value::of(Data::Json(&json), &shape).unwrap();
    check_with(
        &environment,
        &[value],
        &[
            ("self.replicas + 1", "4"),
            ("self.ratio * 1.5", "3"),
            ("self.ratio == 2.0", "true"),
            ("self.__namespace__", "n"),
            ("self.x__dash__y + self.a__dot__b__slash__c + self.a__underscores__b", "xyabcab"),
            ("self.timeout > duration('1m')", "true"),
            ("self.since.getHours()", "3"),
            ("self.day == timestamp('2026-01-02T00:00:00Z')", "true"),
            ("string(self.data)", "hi"),
            ("self.labels['a'] + self.labels.a", "11"),
            ("self.labels.all(k, self.labels[k] == '1')", "true"),
            ("self.set == self.other", "true"),
            ("self.set + ['b', 'c']", "[a, b, c]"),
            ("(self.set + ['c']) == ['c', 'b', 'a']", "true"),
            ("(self.ports + self.more).map(p, p.name + string(p.number))", "[a1, b3, c4]"),
            ("self.ports == self.more", "false"),
            ("self.either == '50%' && self.either != 50", "true"),
            ("type(self.either) == int ? self.either > 1 : self.either.contains('%')", "true"),
            ("has(self.nothing)", "false"),
            ("self.nothing", "error: no such key: nothing"),
            (
                "self.namespace",
                "refused: there is no field `namespace`; it is written `__namespace__`",
            ),
            ("self.undeclared", "refused: there is no field `undeclared`"),
            ("self.replica", "refused: there is no field `replica`; did you mean `replicas`?"),
            (
                "has(self.replicaz)",
                "refused: there is no field `replicaz`; did you mean `replicas`?",
            ),
            ("self.replicas == 'a'", "refused: `==` does not take (int, string)"),
            ("self.replicas + 1.0 == 2.0", "refused: `+` does not take (int, double)"),
            ("self.replicas > 1.5", "true"),
            (
                "self.replicas.startsWith('a')",
                "refused: `startsWith` of int does not take (string)",
            ),
            ("self.ports[0].nam", "refused: there is no field `nam`; did you mean `name`?"),
            ("self.ports.all(p, p.number > 0 && p.name.size() == 1)", "true"),
            ("self.ports == null", "refused: `==` does not take (list(port), null)"),
            ("self.since == null", "false"),
        ],
    );
}

#[test]
fn data_as_it_is_written() {
    let mut sources = crate::source::Sources::default();
    let text = "a: {b: [1, 0x10, 1.5, yes, \"yes\", 2026-01-02]}\nlabels: {x: '1'}\n";
    let id = sources.add("a.yaml", text);
    let dialect = crate::yaml::Dialect::Resource;
    let documents = crate::yaml::parse(&sources, id, dialect, &mut Vec::new());
    let node = &documents[0];
    let environment = Environment::default().with("self", Type::Dyn);
    let value = Value::of(Data::Node(node), &Shape::Dyn).unwrap();
    check_with(
        &environment,
        &[value],
        &[
            ("self.a.b[0] + self.a.b[1]", "17"),
            ("self.a.b[2]", "1.5"),
            ("self.a.b[4] == 'yes'", "true"),
            ("self.labels.x", "1"),
            ("self == {'a': {'b': self.a.b}, 'labels': {'x': '1'}}", "true"),
        ],
    );
}

#[test]
fn hostile_expressions_end() {
    check(&[
        (
            "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, true)))))",
            "Budget",
        ),
        (
            "[1,2,3,4,5,6,7,8].map(a, [1,2,3,4,5,6,7,8].map(b, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').size())).size() > 0",
            "Budget",
        ),
    ]);
    let deep = |open: &str, close: &str, count: usize| {
        result_of(
            &format!("{}1{}", open.repeat(count), close.repeat(count)),
            &Environment::default(),
            &[],
        )
    };
    for (open, close) in
        [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("{1:", "}"), ("[1].map(x,", ")")]
    {
        for count in [10_usize, 100, 190, 500, 5_000] {
            let found = deep(open, close, count);
            assert!(
                found.len() < 10_000 && (count < 300 || found.starts_with("refused")),
                "{found}"
            );
        }
    }
    let sum = vec!["1"; 5_000].join(" + ");
    assert_eq!(
        result_of(&sum, &Environment::default(), &[]),
        "refused: it nests more than 200 levels"
    );
    let chain = vec!["true"; 5_000].join(" && ");
    assert_eq!(result_of(&chain, &Environment::default(), &[]), "true");
    // A type that has another one twice, over and over.
    let mut text = "[1]".to_owned();
    for _ in 0..60 {
        text.push_str(".map(x, {x == x ? 1 : 1: x, 2: x})");
    }
    result_of(&text, &Environment::default(), &[]);
    let long = format!("'{}'", "a".repeat(200_000));
    assert!(result_of(&long, &Environment::default(), &[]).starts_with("refused: it is longer"));
}
