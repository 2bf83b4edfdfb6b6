//! Whole templates: what they print, where it comes from, and what is refused.

use std::collections::BTreeSet;

use super::{Renderer, filters, plain_environment};
use crate::{
    diag::Diagnostic,
    resource::Origins,
    source::{LineCol, SourceId, Sources, Span},
    template::{Layer, Values},
    yaml::{Dialect, parse},
};

struct Run {
    sources: Sources,
    template: SourceId,
    values: Values,
    output: Option<SourceId>,
    diagnostics: Vec<Diagnostic>,
    renderer: Renderer,
}

fn run(values: &str, template: &str) -> Run {
    let mut sources = Sources::default();
    let template = sources.add("a.yaml.j2", template);
    let file = sources.add("values.yaml", values);
    let mut diagnostics = Vec::new();
    let documents = parse(&sources, file, Dialect::Config, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{values}");
    let layers: Vec<Layer> =
        documents.into_iter().map(|node| Layer { node, shared: false }).collect();
    let values = Values::merge(&layers, Span::start_of(template), &mut Origins::default());
    let renderer = Renderer::new();
    let output = renderer.render(&mut sources, template, &values, &mut diagnostics);
    Run { sources, template, values, output, diagnostics, renderer }
}

impl Run {
    fn text(&self) -> &str {
        let output = self.output.unwrap_or_else(|| panic!("{:?}", self.diagnostics));
        &self.sources.get(output).text
    }

    fn at(&self, span: Span) -> String {
        let source = self.sources.get(span.source);
        let LineCol { line, col } = source.line_col(span.start);
        format!("{}:{line}:{col}", if span.source == self.template { "j2" } else { "v" })
    }

    /// Where the first `text` of the output is written: in the template, and in the values.
    fn place(&self, text: &str) -> String {
        let start =
            self.text().find(text).unwrap_or_else(|| panic!("no {text} in {}", self.text()));
        let offset = |n: usize| u32::try_from(n).unwrap();
        let span = Span::new(self.output.unwrap(), offset(start)..offset(start + text.len()));
        let place = self.sources.place(span);
        let value = place.value.map(|(span, _)| format!(" {}", self.at(span))).unwrap_or_default();
        self.at(place.span) + &value
    }

    /// The only problem: place, message, help.
    fn problem(&self) -> String {
        assert!(self.output.is_none(), "{}", self.text());
        let [problem] = self.diagnostics.as_slice() else { panic!("{:?}", self.diagnostics) };
        let help = problem.help.as_deref().unwrap_or("-");
        format!("{} {}; {help}", self.at(problem.primary), problem.message)
    }

    fn unused(&self) -> Vec<String> {
        let mut used = self.renderer.used();
        self.values.mark(&self.renderer.mentions(&self.sources, self.template), &mut used);
        let mut out = Vec::new();
        self.values.unused(&used, &mut out);
        out.iter().map(|one| self.at(one.primary)).collect()
    }
}

#[track_caller]
fn refused(values: &str, template: &str, expected: &str) {
    let problem = run(values, template).problem();
    assert!(problem.starts_with(expected), "{template:?}: {problem}");
}

#[track_caller]
fn unsafe_there(values: &str, template: &str, expected: &str) {
    let problem = run(values, template).problem();
    let message = "the value that is printed here is not safe in YAML";
    assert!(problem.contains(&format!("{message}: {expected}")), "{template:?}: {problem}");
}

#[test]
fn text_is_placed_where_it_is_written() {
    let run = run("a: 1\n", "é: x\n{% if a %}\n  b: {{ a }}  # {{ a }}y\n{% endif %}\nc: d\n");
    assert_eq!(run.text(), "é: x\n  b: 1  # 1y\nc: d\n");
    assert_eq!((run.place("x"), run.place("b:")), ("j2:1:4".into(), "j2:3:3".into()));
    assert_eq!((run.place("y"), run.place("d")), ("j2:3:24".into(), "j2:5:4".into()));
}

#[test]
fn line_breaks_of_windows_and_odd_characters_move_nothing() {
    let run = run("s: \"\u{e000}x\"\r\n", "{# c #}\r\n\u{e001}\u{f8ff}: '{{ s }}'\r\nb: c\r\n");
    assert_eq!(run.text(), "\u{e001}\u{f8ff}: '\u{e000}x'\r\nb: c\r\n");
    assert_eq!(run.place("\u{e000}x"), "j2:2:9 v:1:4");
    assert_eq!(run.place("c\r"), "j2:3:4");
}

#[test]
fn whitespace_control_moves_nothing() {
    let run =
        run("a: v\n", "x:\n  {%- if true %}  y\n  {%- endif %}\nz: {{- ' ' ~ a -}}  {# #}\nw: q\n");
    assert_eq!(run.text(), "x:  yz: vw: q\n");
    assert_eq!((run.place("y"), run.place("w")), ("j2:2:19".into(), "j2:5:1".into()));
    assert_eq!(run.place(" v"), "j2:4:8 v:1:4");
}

#[test]
fn a_value_is_traced_through_filters() {
    let run = run("a:\n  b: Web\n", "x: {{ a.b | lower | replace('w', 'W') }}\n");
    assert_eq!(run.place("Web"), "j2:1:7 v:2:6");
}

#[test]
fn a_value_is_traced_through_set_and_concatenation() {
    let run = run("host: h\nport: 80\n", "{% set u = host ~ ':' %}\nx: {{ u }}{{ port + 1 }}-\n");
    assert_eq!((run.place("h:"), run.place("81")), ("j2:2:7 v:1:7".into(), "j2:2:14 v:2:7".into()));
}

#[test]
fn each_item_of_a_loop_is_traced_to_its_own_line() {
    let template = "{% for h in hosts %}\n- {{ h ~ loop.index }}\n{% endfor %}\n";
    let run = run("hosts:\n- a\n- a\n- b\n", template);
    assert_eq!((run.place("a1"), run.place("a2")), ("j2:2:6 v:2:3".into(), "j2:2:6 v:3:3".into()));
    assert_eq!(run.place("b3"), "j2:2:6 v:4:3");
}

#[test]
fn each_entry_of_a_map_is_traced_to_its_own_line() {
    let run = run(
        "env:\n  A: x\n  B: z\n",
        "{% for k, v in env | items %}\n{{ k }}: {{ v }}\n{% endfor %}",
    );
    assert_eq!(run.place("z"), "j2:2:13 v:3:6");
}

#[test]
fn a_field_of_json_is_traced_to_its_own_line() {
    let values = "r:\n  l: {cpu: 1}\n  m: [\"yes\", b]\n";
    let run = run(values, "x: {{ r | tojson }}\ny: {{ r | tojson(indent=2) | indent(2) }}\n");
    assert_eq!(run.place("1"), "j2:1:7 v:2:12");
    assert_eq!(run.place("\"yes\""), "j2:1:7 v:3:7");
    assert_eq!(run.place("\"b\""), "j2:1:7 v:3:14");
}

#[test]
fn what_a_macro_prints_is_traced_to_each_value() {
    let template = "{% macro m(a) %}\nx: {{ a }}\ny: {{ e.b }}\n{% endmacro %}\nz:\n  {{ m(e.a) | indent(2) }}\n";
    let run = run("e:\n  a: one\n  b: two\n", template);
    assert_eq!(
        (run.place("one"), run.place("two")),
        ("j2:6:6 v:2:6".into(), "j2:6:6 v:3:6".into())
    );
}

#[test]
fn each_call_of_a_macro_is_traced_to_its_own_values() {
    let template = "{% set s %}\nw: {{ e.a }}\n{% endset %}\n{% macro m(a) %}\nx: {{ a }}\n{% endmacro %}\ny:\n  {{ m(e.a) | indent(2) }}\nz:\n  {{ m(e.b) | indent(2) }}\n{{ s | indent }}!";
    let run = run("e:\n  a: one\n  b: one\n", template);
    assert_eq!(run.place("one\nz"), "j2:8:6 v:2:6");
    assert_eq!(run.place("one\nw"), "j2:10:6 v:3:6");
    assert_eq!(run.place("one!"), "j2:11:4 v:2:6");
}

#[test]
fn what_no_value_was_used_for_has_no_value() {
    let template = "a: {{ replicas }}\n{% for i in range(2) %}\nb{{ loop.index }}: x{{ i }}\n{% endfor %}\nc: {{ 1 }}-\n";
    let run = run("replicas: 1\n", template);
    assert_eq!(run.place("1\nb"), "j2:1:7 v:1:11");
    assert_eq!(run.place("1: "), "j2:3:5");
    assert_eq!((run.place("0\n"), run.place("1-")), ("j2:3:24".into(), "j2:5:7".into()));
}

#[test]
fn undefined_is_an_error_with_its_whole_path_and_place() {
    let values = "image:\n  tag: v1\n";
    let found = "j2:1:7 `image.tga` is undefined; did you mean `tag`?";
    for template in
        ["a: {{ image.tga }}", "a: {{ image.tga | upper }}", "a: {{ image['tga'] | quote }}"]
    {
        refused(values, template, found);
    }
    for template in
        ["a: {{ image.tga | tojson }}", "a: {{ image.tga ~ 'x' }}", "a: {{ image.tga.x }}"]
    {
        refused(values, template, found);
    }
    refused(values, "a: {{ 'é' ~ image.tga }}", "j2:1:13 `image.tga` is undefined");
    refused(values, "{% if image.tga %}{% endif %}", "j2:1:7 `image.tga` is undefined");
    refused(values, "a: {{ {'k': [image.tga]} | tojson }}", "j2:1:14 `image.tga` is undefined");
    refused(values, "{% set x = image.tga %}\na: {{ x }}", "j2:1:12 `image.tga` is undefined");
    refused(values, "a: {{ imgae.tag }}", "j2:1:7 `imgae` is undefined; did you mean `image`?");
    refused(
        values,
        "a: {{ image.tag.x }}",
        "j2:1:7 `image.tag.x` is undefined; `image.tag` is a str",
    );
    refused(
        "p: [{q: 1}]",
        "{% for x in p %}\n{{ x.r }}{% endfor %}",
        "j2:2:4 `x.r` is undefined; -",
    );
    refused("p: [{q: 1}]", "a: {{ p[0].r }}", "j2:1:7 `p[0].r` is undefined; did you mean `q`?");
    refused("", "a: {{ b }}", "j2:1:7 `b` is undefined; the values have no keys");
}

#[test]
fn undefined_can_be_asked_for() {
    let run = run("a: 1\n", "x: {{ b | default('w') }}{% if c is defined %}z{% endif %}\n");
    assert_eq!(run.text(), "x: w");
}

#[test]
fn what_yaml_would_read_otherwise_is_refused() {
    unsafe_there("a: null", "x: {{ a }}\n", "it is none");
    unsafe_there("a: {}", "x: {{ a }}\n", "it is a map");
    unsafe_there("a: [1]", "x: {{ a }}\n", "it is a list");
    unsafe_there("a: 'no'", "x: {{ a }}\n", "YAML would read it as something else");
    unsafe_there("a: 'no'", "{{ a }}: x\n", "YAML would read it as something else");
    unsafe_there("a: \"b\\nc\"", "x: {{ a }}\n", "it has several lines");
    unsafe_there("a: b", "x: pre-{{ a | quote }}\n", "it is a part of a longer string");
    let template = "{% macro m() %}\nx: {{ a }}\n{% endmacro %}\ny:\n  {{ m() | indent(2) }}\n";
    unsafe_there("a: 'no'", template, "YAML would read it as something else");
}

#[test]
fn filters_make_values_safe() {
    let values = "a: 'no'\nb: \"c\\nd\"\ne: null\n";
    let template =
        "x: {{ a | quote }}\ny: |\n  {{ b | indent(2) }}\n  {{ a }}\nz: {{ [a, e] | tojson }}\n";
    assert_eq!(
        run(values, template).text(),
        "x: \"no\"\ny: |\n  c\n  d\n  no\nz: [\"no\", null]\n"
    );
}

#[test]
fn a_template_is_one_file() {
    for statement in ["include 'b'", "import 'b' as c", "from 'b' import c", "extends 'b'"] {
        let word = statement.split(' ').next().unwrap();
        refused("", &format!("{{% {statement} %}}"), &format!("j2:1:4 `{word}` is not supported"));
    }
}

#[test]
fn a_template_ends() {
    let endless = "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}";
    refused("", endless, "j2:1:1 the template takes more than 2000000 steps");
    let long = "{% for i in range(9999) %}{{ 'x' * 9999 }}{% endfor %}";
    refused("", long, "j2:1:30 the template renders to more than 16 MiB");
}

#[test]
fn no_message_shows_a_value() {
    let values = "s: hunter2\nnum: 9223372036854775807\nl: [hunter2]\nm: {k: hunter2}\n";
    let expressions = [
        "s + 1 ; s | int ; s | float ; s.a.b ; s | indent(s) ; -s ; s // 0 ; s() ; s.x()",
        "s | join(1) ; num * num * num ; -num * num * num ; num ** num ; num // 0 ; num % 0",
        "l + 1 ; l | sum ; l | map(s) | list ; m | items | sort(attribute=s) ; l[s] ; s[l]",
        "m[l] ; s is divisibleby(2) ; l | batch(s) ; s | round ; range(s) ; s | tojson(indent=s)",
        "dict(s) ; m | tojson(s) ; l | select(s) | list ; s % l ; '%d' | format(s)",
        "s | urlencode | abs ; namespace(s) ; s | replace(l, m) ; s in 5 ; 5 in s",
        "l | groupby(s) ; s | quote(s) ; (s ~ ': ') ",
    ];
    for expression in expressions.iter().flat_map(|line| line.split(" ; ")) {
        let run = run(values, &format!("x: {{{{ {expression} }}}}\n"));
        for problem in &run.diagnostics {
            let shown = format!("{} {:?} {:?}", problem.message, problem.help, problem.related);
            let leaks = shown.contains("hunter2") || shown.contains("9223372036854775807");
            assert!(!leaks, "{expression}: {shown}");
        }
    }
}

#[test]
fn a_value_that_only_another_branch_needs_is_used() {
    let template =
        "{% if tls.up %}{{ tls.issuer }}{% endif %}{% for k in names %}{{ k }}{% endfor %}\n";
    let values = "tls:\n  up: false\n  issuer: a\n  other: b\nnames: {c: 1}\nd:\n  e: 1\nf: {}\n";
    assert_eq!(run(values, template).unused(), ["v:4:3", "v:7:3", "v:8:1"]);
    assert!(run("r:\n  a: {b: 1}\n  c: [d]\n", "x: {{ r | tojson }}\n").unused().is_empty());
}

/// Everything that decides positions and safety must leave the text as minijinja makes it, but for
/// booleans, which YAML writes in lower case.
#[test]
fn the_output_is_that_of_minijinja() {
    let values = "a: web\nnum: 3\nf: 1.5\nb: true\nl: [x, 'é', z]\nm: {k: v, j: {i: [1, {h: null}]}}\nt: \"p\\nq\"\n";
    let corpus = [
        "a: {{ a }}\nn: {{ num }} {{ f }} {{ b }}\n",
        "{% for x in l %}\n- {{ x }}{{ loop.index }}{% if not loop.last %} {% endif %}\n{% endfor %}\n",
        "{% for x in l %}{{ loop.previtem | default('.') }}{{ loop.nextitem | default('.') }} {% endfor %}",
        "{% for k, v in m | items %}\n{{ k }}: {{ v | tojson }}\n{% endfor %}\n",
        "{% for k in m | sort %}{{ k }} {% endfor %}{{ m | length }}{{ 'k' in m }}{{ m.k in l }}\n",
        "x: {{ m | tojson }}\ny: {{ l | tojson }}\nz: {{ {'q': l, 'r': m.j, 1: f, 's': []} | tojson }}\n",
        "x: |\n  {{ m | tojson(indent=2) | indent(2) }}\n  {{ [l, {}, []] | tojson(4) | indent }}{{ l | tojson(true) | indent }}\n",
        "x: |\n  {{ t | indent(2) }}\n  {{ t | indent(2, true) }}\n",
        "{% macro f(x, z=2) -%} {{ x }}{{ z }} {%- endmacro %}c: {{ f(a) }}{{ f(num, z=a) }}\n",
        "{% set s %}\nq{{ a }}\n{% endset %}\n{% set u = a ~ '-' ~ num %}\n{{ u | upper }} {{ s | trim }}\n",
        "  {%- if b %} x {% else %} y {% endif -%}\n\n{# c #}\n{% raw %}{{ a }}{% endraw %}\n",
        "{{ l | join(',') }} {{ l | first }} {{ l | reverse | list | tojson }} {{ (l + l) | unique | list | tojson }}\n",
        "{{ num * 2 + 1 }} {{ num / 2 }} {{ num // 2 }} {{ f | round }} {{ l[1:] | tojson }} {{ a[0] }}\r\n",
        "{% filter upper %}{{ a }}é{% endfilter %}{% with z = a %}{{ z }}{% endwith %}\u{e000}\n",
        "{% if m.j.i[1].h is none %}{{ a | default('d') }}{{ zz | default('d') }}{% endif %}",
    ];
    for template in corpus {
        let mut plain = plain_environment();
        plain.add_filter("quote", filters::quote);
        let context: serde_yaml::Value = serde_yaml::from_str(values).unwrap();
        let expected = plain.render_str(template, minijinja::value::Serde(context)).unwrap();
        let expected = expected.replace("True", "true").replace("False", "false");
        assert_eq!(run(values, template).text(), expected, "{template}");
    }
}

#[test]
fn every_byte_of_the_output_has_a_segment() {
    let template = "a: {{ m | tojson }}x\n{% for i in l %}{{ i }}-{% endfor %}\n";
    let run = run("m: {k: [1, 2]}\nl: [a, b]\n", template);
    let map = run.sources.get(run.output.unwrap()).rendered.clone().unwrap();
    let mut done = 0;
    for segment in &map.segments {
        assert_eq!(segment.rendered.start, done);
        done = segment.rendered.end;
    }
    assert_eq!(done as usize, run.text().len());
    let values: BTreeSet<_> = map.segments.iter().filter_map(|segment| segment.value).collect();
    assert_eq!(values.len(), 5, "the map, its two numbers, two items");
}
