//! What an API server refuses to store.

use proptest::prelude::*;

use super::*;

#[test]
fn syntax() {
    check(&[
        ("", "refused: it ends where more is expected"),
        ("1 +", "refused: it ends where more is expected"),
        ("1 2", "refused: a value is not expected here"),
        ("(1", "refused: it ends where more is expected"),
        ("a b", "refused: `b` is not expected here"),
        ("self.", "refused: it ends where more is expected"),
        ("'abc", "refused: the quotes are not closed"),
        (r"'\q'", "refused: the escape does not exist"),
        ("1 = 1", "refused: `=` has no meaning here"),
        ("a & b", "refused: `&` has no meaning here"),
        ("9223372036854775808", "refused: the number is too large"),
        ("namespace == 'a'", "refused: `namespace` is a reserved word"),
        ("{'a' 1}", "refused: a value is not expected here"),
    ]);
}

#[test]
fn names() {
    check(&[
        ("undeclared > 1", "refused: `undeclared` is not declared"),
        ("nosuch(1)", "refused: `nosuch` is not declared"),
        ("'a'.nosuch()", "refused: `nosuch` is not declared"),
        ("'a'.startWith('b')", "refused: `startWith` is not declared; did you mean `startsWith`?"),
        ("'abc'.reverse()", "refused: `reverse` is not declared"),
        ("[1].all(x, y > 1)", "refused: `y` is not declared"),
        ("[1].all(x, x > 0) && x > 1", "refused: `x` is not declared"),
        ("optional.off(1)", "refused: `optional` is not declared; did you mean `optional.of`?"),
    ]);
}

#[test]
fn types() {
    check(&[
        ("1 + 'a'", "refused: `+` does not take (int, string)"),
        ("1 == 'a'", "refused: `==` does not take (int, string)"),
        ("1 && true", "refused: `&&` takes bool, not int"),
        ("!1", "refused: `!` does not take (int)"),
        ("-'a'", "refused: `-` does not take (string)"),
        ("1 ? 2 : 3", "refused: the condition before `?` is int, not bool"),
        ("true ? 1 : 'a'", "refused: the two sides of `:` are int and string"),
        ("true ? [1] : [] == [1] ? [2] : [3]", "[1]"),
        ("size(1)", "refused: `size` does not take (int)"),
        ("size()", "refused: `size` does not take ()"),
        (
            "'a'.startsWith('b', 'c')",
            "refused: `startsWith` of string does not take (string, string)",
        ),
        ("startsWith('a', 'b')", "refused: `startsWith` does not take (string, string)"),
        ("[1, 'a']", "refused: the items of a list must have one type, not int and string"),
        ("[1, dyn('a')]", "[1, a]"),
        (
            "{'a': 1, 'b': 'c'}",
            "refused: the values of a map must have one type, not int and string",
        ),
        ("{'a': 1, 2: 1}", "refused: the keys of a map must have one type, not string and int"),
        ("[1].all(x, x)", "refused: what is asked of each item is int, not bool"),
        ("1.all(x, true)", "refused: a macro goes through lists and maps, not int"),
        ("'a' in 'abc'", "refused: `in` does not take (string, string)"),
        ("'a' in [1]", "refused: `in` does not take (string, list(int))"),
        ("1.a", "refused: int has no fields"),
        ("'a'.b", "refused: string has no fields"),
        ("[1]['a']", "refused: `[]` does not take (list(int), string)"),
        ("{'a': 1}[1]", "refused: `[]` does not take (map(string, int), int)"),
        ("[[1]].map(x, x[0] + 'a')", "refused: `+` does not take (int, string)"),
        ("[1].map(x, x + 1).all(y, y == 'a')", "refused: `==` does not take (int, string)"),
        (
            "optional.of(1).orValue('a')",
            "refused: `orValue` of optional(int) does not take (string)",
        ),
        ("[] == [1] && {} == {'a': 1}", "false"),
        ("duration('1h') + 1", "refused: `+` does not take (duration, int)"),
        ("quantity('1') > quantity('2')", "refused: `>` does not take (quantity, quantity)"),
    ]);
}

#[test]
fn macros_and_literals() {
    check(&[
        ("has(1)", "refused: `has` takes a field, as in `has(a.b)`"),
        ("has([1][0])", "refused: `has` takes a field, as in `has(a.b)`"),
        ("[1].all(1, true)", "refused: `all` takes the name of a variable"),
        ("[1].all(x.y, true)", "refused: `all` takes the name of a variable"),
        ("[1].all(x, x, true)", "refused: the two variables of `all` must differ"),
        ("[1].all(x)", "refused: `all` is not declared"),
        ("'a'.matches('(')", "refused: the pattern cannot be used: unclosed group"),
        ("duration('1 hour') > duration('1h')", "refused: the text is no duration"),
        ("timestamp('yesterday') > timestamp(0)", "refused: the text is no time"),
    ]);
}

#[test]
fn the_place_is_that_of_the_name() {
    let wrong = Program::compile("1 == 1 && nosuch(2)", &Environment::default()).unwrap_err();
    assert_eq!(wrong.range, 10..16);
}

#[test]
fn what_is_known_but_not_evaluated_is_told() {
    let environment = Environment::default()
        .with("authorizer", Type::authorizer())
        .with("authorizer.requestResource", Type::resource_check());
    let unsupported = |text: &str| {
        let program = Program::compile(text, &environment).unwrap();
        assert!(matches!(program.result(), Type::Bool | Type::Dyn));
        program.unsupported().map(str::to_owned)
    };
    let check = "authorizer.group('apps').resource('deployments').check('get').allowed()";
    assert_eq!(unsupported(check).as_deref(), Some("group()"));
    let check = "authorizer.requestResource.check('get').allowed()";
    assert_eq!(unsupported(check).as_deref(), Some("check()"));
    assert_eq!(unsupported("Object{spec: Object.spec{replicas: 1}}").as_deref(), Some("Object{}"));
    assert_eq!(unsupported("1 == 1"), None);
}

/// Words of which some texts are expressions.
const WORDS: &[&str] = &[
    "1",
    "2u",
    "1.5",
    "'a'",
    "b'a'",
    "true",
    "null",
    "self",
    "self.a",
    "x",
    "y",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ",",
    ":",
    "?",
    ".",
    ".?a",
    "[?0]",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "&&",
    "||",
    "==",
    "<",
    "in",
    ".all(x,",
    ".map(x,",
    ".exists(x, y,",
    "has(self.a)",
    ".size()",
    ".matches(",
    "int(",
    "string(",
    "duration('1h')",
    "timestamp(0)",
    "quantity('1')",
    "optional.of(",
    ".orValue(",
    ".format([",
    ".split(",
    "ip('::1')",
    "\u{e9}",
    "'\\",
    "\"\"\"",
    "0x",
    "9223372036854775807",
];

proptest! {
    #[test]
    fn any_text_has_a_value_or_says_why_not(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..24),
        space in prop::sample::select(&["", " "][..]),
    ) {
        let value = json!({"a": [1, "b", {"c": null}]});
        let value = Value::of(Data::Json(&value), &Shape::Dyn).unwrap();
        let environment = Environment::default().with("self", Type::Dyn);
        result_of(&words.join(space), &environment, &[value]);
    }

    #[test]
    fn any_characters_are_read(text in ".{0,60}") {
        result_of(&text, &Environment::default(), &[]);
    }
}
