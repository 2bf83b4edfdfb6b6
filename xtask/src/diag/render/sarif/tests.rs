use serde_json::{Value, json};

use crate::{
    diag::{Diagnostic, Format, Report, codes, render, render::fixture},
    source::{Sources, Span},
};

fn document(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let text = render(diagnostics, sources, Format::Sarif, true);
    serde_json::from_str(&text).unwrap()
}

/// The results for a text, each at a range of it.
fn results(path: &str, text: &str, at: &[(&'static str, std::ops::Range<u32>)]) -> Vec<Value> {
    let mut sources = Sources::default();
    let id = sources.add(path, text);
    let diagnostics: Vec<_> = at
        .iter()
        .map(|(message, at)| {
            Diagnostic::warning(codes::YAML_SYNTAX, *message, Span::new(id, at.clone()))
        })
        .collect();
    document(&diagnostics, &sources)["runs"][0]["results"].as_array().unwrap().clone()
}

#[test]
fn a_result_has_every_place_and_the_help() {
    let (diagnostics, sources) = fixture::template();
    let place = |uri: &str, region: [u32; 4]| {
        let [start_line, start_column, end_line, end_column] = region;
        json!({
            "artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"},
            "region": {"startLine": start_line, "startColumn": start_column,
                       "endLine": end_line, "endColumn": end_column},
        })
    };
    let document = document(&diagnostics, &sources);
    let run = &document["runs"][0];
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "yaml/unsupported");
    let mut result = run["results"][0].clone();
    let fingerprint = result.as_object_mut().unwrap().remove("partialFingerprints").unwrap();
    assert!(fingerprint["findingHash/v1"].as_str().unwrap().ends_with(":1"), "{fingerprint}");
    let text = "`spec.replicas` must be an integer, not a string\n\
        [base/web/values.yaml:1:11: the value comes from here](1)\n\
        [base/web/old.yaml:1:11: it was an integer here](2)\n\
        help: write a number";
    let expected = json!({
        "ruleId": "yaml/unsupported",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": text},
        "locations": [{"physicalLocation": place("base/web/web.yaml.j2", [2, 16, 2, 24])}],
        "relatedLocations": [
            {"id": 1, "physicalLocation": place("base/web/values.yaml", [1, 11, 1, 16]),
             "message": {"text": "the value comes from here"}},
            {"id": 2, "physicalLocation": place("base/web/old.yaml", [1, 11, 1, 12]),
             "message": {"text": "it was an integer here"}},
        ],
    });
    assert_eq!(result, expected);
}

#[test]
fn a_document_without_results_is_whole() {
    let document = document(&[], &Sources::default());
    let run = &document["runs"][0];
    assert_eq!((&run["results"], &run["tool"]["driver"]["rules"]), (&json!([]), &json!([])));
}

#[test]
fn a_result_refers_to_its_rule() {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", "x: 1\ny: 2\n");
    let at = |code, start| Diagnostic::info(code, "wrong", Span::new(id, start..start));
    let diagnostics =
        [at(codes::YAML_UNSUPPORTED, 0), at(codes::YAML_SYNTAX, 5), at(codes::YAML_UNSUPPORTED, 5)];
    let document = document(&diagnostics, &sources);
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 2);
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'), "{rule}");
        assert_eq!(result["level"], "note");
    }
}

#[test]
fn a_rule_has_its_explanation_and_the_worst_level_of_its_results() {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", "x: 1\n");
    let at = |start| Span::new(id, start..start);
    let mut report = Report::new(true);
    let raised = Diagnostic::warning(codes::PATCH_NO_MATCH, "odd", at(0));
    let noted = Diagnostic::info(codes::PATCH_NO_MATCH, "as it is", at(1));
    report.add(&[raised, noted], &sources);
    let run =
        &serde_json::from_str::<Value>(&report.render(Format::Sarif, false)).unwrap()["runs"][0];
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["defaultConfiguration"]["level"], "warning");
    assert_eq!(rule["help"]["text"], codes::explanation(codes::PATCH_NO_MATCH).unwrap());
    assert_eq!(rule["help"]["text"], rule["help"]["markdown"]);
    assert_eq!(
        (&run["results"][0]["level"], &run["results"][1]["level"]),
        (&json!("error"), &json!("note"))
    );
    assert_eq!(run["results"][0]["suppressions"], Value::Null);
}

#[test]
fn what_is_accepted_is_there_with_the_reason() {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", "x: 1\ny: 2\n");
    let at = |code, start| Diagnostic::error(code, "wrong", Span::new(id, start..start));
    let mut report = Report::default();
    report.add(&[at(codes::SCHEMA_TYPE, 0), at(codes::SCHEMA_ENUM, 5)], &sources);
    report.suppress(|one| (one.code == codes::SCHEMA_TYPE).then(|| "it is {known}".to_owned()));
    let run =
        &serde_json::from_str::<Value>(&report.render(Format::Sarif, false)).unwrap()["runs"][0];
    let results = run["results"].as_array().unwrap();
    let accepted = json!([{"kind": "external", "justification": "it is {known}"}]);
    let told = results.iter().map(|one| (one["ruleId"].as_str().unwrap(), &one["suppressions"]));
    assert_eq!(told.collect::<Vec<_>>(), [("schema/type", &accepted), ("schema/enum", &json!([]))]);
    assert_eq!(report.render(Format::Concise, false).lines().count(), 1);
}

#[test]
fn columns_are_those_of_utf_16() {
    let [result] = &results("a.yaml", "😀: x\n", &[("wrong", 6..7)])[..] else { panic!() };
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&json!(5), &json!(6)));
}

#[test]
fn a_path_is_a_valid_reference() {
    for (path, uri, base) in [
        ("a b/é:%.yaml", "a%20b/%C3%A9%3A%25.yaml", json!("SRCROOT")),
        ("../x.yaml", "../x.yaml", json!("SRCROOT")),
        ("/tmp/x.yaml", "file:///tmp/x.yaml", Value::Null),
    ] {
        let result = &results(path, "", &[("wrong", 0..0)])[0];
        let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!((&location["uri"], &location["uriBaseId"]), (&json!(uri), &base));
    }
}

#[test]
fn a_message_means_itself() {
    let mut sources = Sources::default();
    let id = sources.add("a[0].yaml", "x: 1\n");
    let at = Span::start_of(id);
    let wrong = Diagnostic::error(codes::YAML_SYNTAX, "`{0}` at [0](1)\u{1b}", at)
        .with_related(at, r"a\b")
        .with_help("write `{}`\nor nothing");
    let document = document(&[wrong], &sources);
    let expected = "`{{0}}` at [0\\](1)\u{fffd}\n\
        [a\\[0\\].yaml:1:1: a\\\\b](1)\n\
        help: write `{{}}`\nor nothing";
    assert_eq!(document["runs"][0]["results"][0]["message"]["text"], expected);
}

#[test]
fn a_fingerprint_follows_its_line() {
    let of = |text: &str, at: &[(&'static str, std::ops::Range<u32>)]| -> Vec<String> {
        results("a.yaml", text, at)
            .iter()
            .map(|result| result["partialFingerprints"]["findingHash/v1"].to_string())
            .collect()
    };
    let first = of("x: 1\n", &[("wrong", 0..1)]);
    assert_eq!(first, of("# new\n\n  x: 1\n", &[("wrong", 9..10)]), "moved and indented");
    assert_ne!(first, of("x: 1\n", &[("odd", 0..1)]), "another message");
    assert_ne!(first, of("y: 1\n", &[("wrong", 0..1)]), "another line");
    let twice = of("x: 1\nx: 1\n", &[("wrong", 0..1), ("wrong", 5..6)]);
    assert_eq!(twice[0], first[0]);
    assert_ne!(twice[0], twice[1]);
}
