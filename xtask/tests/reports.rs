//! Reports of real runs are what their formats demand: SARIF by a schema that is written from the
//! specification, and by what a schema cannot say; JUnit by reading it back with another parser.
//! The lines of `--format json` say what there is to report.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use roxmltree::Node;
use serde_json::Value;
use walkdir::WalkDir;

/// A run: the repository, and what is said to `validate`.
struct Run {
    root: PathBuf,
    arguments: Vec<String>,
}

impl Run {
    fn new(root: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        Self { root: root.into(), arguments }
    }

    /// The standard output in a format, and the standard error.
    fn output(&self, format: &str) -> (String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("validate")
            .args(&self.arguments)
            .args(["--root", ".", "--format", format])
            .current_dir(&self.root)
            .output()
            .unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    }

    /// The document in a format, which is all that is printed.
    fn document(&self, format: &str) -> String {
        let (document, said) = self.output(format);
        assert_eq!(said, "");
        document
    }

    /// What there is to report.
    fn findings(&self) -> Vec<Value> {
        let (data, said) = self.output("json");
        (said + &data).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// All manifests of the golden cases in one run, and the overlays of one case of each topic.
fn runs() -> Vec<Run> {
    let mut runs = vec![
        Run::new(cases(), &["validate", "build/yaml"]),
        Run::new(cases().join("validate/suppress/used-in-an-overlay"), &[]),
    ];
    let mut topics = BTreeSet::new();
    for entry in WalkDir::new(cases()).min_depth(3).max_depth(3).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.join("overlays").is_dir()
            && renders(&path)
            && topics.insert(path.parent().unwrap().to_owned())
        {
            let strict: &[&str] = if topics.len() % 2 == 0 { &["--strict"] } else { &[] };
            runs.push(Run::new(path, strict));
        }
    }
    assert!(runs.len() > 15);
    runs
}

/// Whether there is a report: some cases are about what the tool cannot do.
fn renders(case: &Path) -> bool {
    let diagnostics = fs::read_to_string(case.join("expected.diag")).unwrap_or_default();
    !diagnostics.contains("exit code 2") && case.join("overlays").read_dir().unwrap().count() > 0
}

/// Manifests whose names and contents are made to break a document.
fn hostile() -> (tempfile::TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    let odd = "]]> <!-- & \\\"'{0} [x](1) 😀 \\x1b[31m \\x7f \\0 \\uFFFF \\u2028 é";
    let text = format!("apiVersion: v1\nkind: ConfigMap\n\"{odd}\": 1\n\"{odd}b\": &x 1\n");
    for name in ["a b.yaml", "é😀%41#?.yaml", "]]>&<\"'.yaml", "a:b.yaml", "\u{1}\t\u{7f}.yaml"]
    {
        fs::write(dir.path().join(name), &text).unwrap();
    }
    let run = Run::new(dir.path(), &["."]);
    (dir, run)
}

#[test]
fn sarif_is_what_the_specification_says() {
    let schema = include_str!("reports/sarif.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let (_dir, hostile) = hostile();
    let (mut results, mut related, mut suppressed, mut helped) = (0, 0, 0, 0);
    for run in runs().iter().chain([&hostile]) {
        let text = run.document("sarif");
        let document: Value = serde_json::from_str(&text).unwrap();
        if let Err(error) = schema.validate(&document) {
            panic!("{}: {}: {error}", run.root.display(), error.instance_path());
        }
        let told = run.findings();
        let run = &document["runs"][0];
        let all = run["results"].as_array().unwrap();
        let accepted = all.iter().filter(|one| is_suppressed(one)).count();
        assert_eq!(all.len() - accepted, told.len());
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let bases = run["originalUriBaseIds"].as_object().unwrap();
        let bases = bases.keys().map(String::as_str).collect();
        for result in all {
            check_result(result, rules, &bases);
            related += result["relatedLocations"].as_array().map_or(0, Vec::len);
        }
        let say = all.iter().filter(|one| one["suppressions"].is_array()).count();
        assert!(say == 0 || say == all.len(), "all results say whether they are accepted, or none");
        results += all.len();
        suppressed += accepted;
        helped += rules.iter().filter(|rule| rule["help"].is_object()).count();
    }
    assert!(results > 500 && related > 20 && suppressed > 0 && helped > 10);
}

fn is_suppressed(result: &Value) -> bool {
    result["suppressions"].as_array().is_some_and(|all| !all.is_empty())
}

/// What a schema cannot say of a result.
fn check_result(result: &Value, rules: &[Value], bases: &BTreeSet<&str>) {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    assert_eq!(rules[number(&result["ruleIndex"])]["id"], result["ruleId"]);
    let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
    let ids: BTreeSet<usize> = related.iter().map(|one| number(&one["id"])).collect();
    assert_eq!(ids.len(), related.len());
    for place in result["locations"].as_array().unwrap().iter().chain(&related) {
        let place = &place["physicalLocation"];
        let region = &place["region"];
        let at = |line: &str, column: &str| (number(&region[line]), number(&region[column]));
        assert!(at("startLine", "startColumn") <= at("endLine", "endColumn"), "{region}");
        let base = place["artifactLocation"]["uriBaseId"].as_str();
        assert!(base.is_none_or(|base| bases.contains(base)), "{place}");
    }
    let text = result["message"]["text"].as_str().unwrap();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    // A link names a related place (3.11.6); a brace that is no placeholder is doubled (3.11.5).
    let links = text.match_indices("](").filter(|(at, _)| !text[..*at].ends_with('\\'));
    for (at, _) in links {
        let Some((id, _)) = text[at + 2..].split_once(')') else { continue };
        if let Ok(id) = id.parse() {
            assert!(ids.contains(&id), "{text}");
        }
    }
    for brace in ["{", "}"] {
        assert_eq!(text.matches(brace).count() % 2, 0, "{text}");
    }
}

#[test]
fn junit_is_read_back_by_another_parser() {
    let (_dir, hostile) = hostile();
    let mut cases = 0;
    for run in runs().iter().chain([&hostile]) {
        let text = run.document("junit");
        // What XML 1.0 has no characters for (2.2), a parser may let pass.
        assert!(text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}'
            | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)));
        let document = roxmltree::Document::parse(&text).unwrap();
        let [suite] = children(document.root_element(), "testsuites")[..] else { panic!() };
        let findings = run.findings();
        let errors = findings.iter().filter(|one| one["severity"] == "error").count();
        let read = children(suite, "testsuite");
        let count =
            |node: Node<'_, '_>, name| node.attribute(name).unwrap().parse::<usize>().unwrap();
        for node in [document.root_element(), suite] {
            assert_eq!((count(node, "tests"), count(node, "failures")), (read.len(), errors));
            assert_eq!(count(node, "errors"), 0);
        }
        if findings.is_empty() {
            assert!(matches!(read[..], [case] if !case.has_children()));
            continue;
        }
        assert_eq!(count(suite, "skipped"), findings.len() - errors);
        let names: BTreeSet<_> =
            read.iter().map(|case| (case.attribute("classname"), case.attribute("name"))).collect();
        assert_eq!(names.len(), read.len(), "a reader takes cases of one name for one");
        assert_eq!(told_by_cases(&read), told_by(&findings));
        cases += read.len();
    }
    assert!(cases > 500, "{cases}");
}

/// How often a severity, a file and a message are there.
type Told = BTreeMap<(String, String, String), usize>;

fn told_by_cases(cases: &[Node<'_, '_>]) -> Told {
    let mut told = Told::new();
    for case in cases {
        let [outcome] = children(*case, "testcase")[..] else { panic!() };
        let [severity, message] = ["type", "message"].map(|key| outcome.attribute(key).unwrap());
        assert_eq!(outcome.tag_name().name() == "failure", severity == "error");
        assert!(outcome.text().unwrap().contains(message), "{outcome:?}");
        let path = case.attribute("classname").unwrap();
        let key = [severity, path, message].map(str::to_owned);
        *told.entry(key.into()).or_default() += 1;
    }
    told
}

/// The elements in an element of this name, which has no attributes and elements but those that
/// readers know.
fn children<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    let (attributes, elements): (&[&str], &[&str]) = match name {
        "testsuites" => (&["name", "tests", "failures", "errors"], &["testsuite"]),
        "testsuite" => (&["name", "tests", "failures", "errors", "skipped"], &["testcase"]),
        "testcase" => (&["classname", "name"], &["failure", "skipped"]),
        _ => panic!("{name}"),
    };
    assert_eq!(parent.tag_name().name(), name);
    let named: Vec<&str> = parent.attributes().map(|one| one.name()).collect();
    assert_eq!(named, attributes);
    let children: Vec<_> = parent.children().filter(Node::is_element).collect();
    assert!(children.iter().all(|child| elements.contains(&child.tag_name().name())));
    children
}

fn told_by(findings: &[Value]) -> Told {
    let mut told = Told::new();
    for finding in findings {
        let [severity, path, message] =
            ["severity", "path", "message"].map(|key| writable(finding[key].as_str().unwrap()));
        *told.entry((severity, path, message)).or_default() += 1;
    }
    told
}

/// A text as an attribute of XML can have it: on one line, with a mark in place of what it cannot.
fn writable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
