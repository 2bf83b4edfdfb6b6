//! The explanation of a code tells the truth: its wrong example brings the code about, and its right
//! example brings nothing about.
//!
//! A block of an example begins with its language and the name of its file, which is in
//! `overlays/dev/web/` unless it is in `rendered/`. The right example is the wrong one with the files
//! that it shows in their place, or after the commands that it shows. What an example leaves out is
//! made up here: a `deployment.yaml` beside each kustomization, and the kustomization of the overlay,
//! which has all resources and patches.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

use walkdir::WalkDir;
use xtask::diag::{Code, codes};

/// Codes whose explanations are still to be written. Only ever shortened.
const WITHOUT_AN_EXPLANATION: &[&str] = &[
    "kustomize/unknown-field",
    "kustomize/field-type",
    "kustomize/deprecated-field",
    "kustomize/kind",
    "kustomize/empty",
    "kustomize/no-kustomization",
    "kustomize/multiple-kustomizations",
    "kustomize/missing-file",
    "kustomize/unreadable",
    "kustomize/outside-root",
    "kustomize/absolute-base",
    "kustomize/ambiguous-path",
    "kustomize/cycle",
    "kustomize/needs-network",
    "kustomize/needs-exec",
    "kustomize/plugin",
    "kustomize/duplicate-id",
    "kustomize/field-shape",
    "kustomize/field-spec",
    "kustomize/label-key",
    "kustomize/image",
    "kustomize/replicas",
    "kustomize/var",
    "kustomize/openapi",
    "kustomize/replacement",
    "kustomize/selector",
    "kustomize/generator",
    "kustomize/sort-options",
    "kustomize/build-metadata",
    "kustomize/no-effect",
    "kustomize/ambiguous-reference",
    "resource/malformed",
    "schema/unknown-kind",
    "schema/removed-kind",
    "schema/deprecated-kind",
    "schema/unknown-field",
    "schema/missing-field",
    "schema/forbidden",
    "schema/deprecated-field",
    "schema/type",
    "schema/enum",
    "schema/format",
    "schema/range",
    "schema/length",
    "schema/duplicate",
    "schema/name",
    "schema/one-of",
    "schema/definition",
    "schema/depends",
    "schema/order",
    "schema/unknown-name",
    "schema/selector-mismatch",
    "schema/structural",
];

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.28
        ports: [{containerPort: 80}]
";

/// A block of an example: the line that opens it, and what is in it.
type Block<'a> = (&'a str, String);

#[test]
fn every_code_is_explained() {
    let without: Vec<&str> = codes::ALL
        .iter()
        .filter(|(code, _)| codes::explanation(*code).is_none())
        .map(|(code, _)| code.as_str())
        .collect();
    assert_eq!(without, WITHOUT_AN_EXPLANATION, "the codes without an explanation");
}

#[test]
fn every_file_is_the_explanation_of_a_code() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/explain");
    let mut files = BTreeSet::new();
    for entry in WalkDir::new(&dir).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&dir).unwrap().with_extension("");
            files.insert(path.to_str().unwrap().replace('\\', "/"));
        }
    }
    let explained: BTreeSet<String> =
        explained().into_iter().map(|(code, _)| code.to_string()).collect();
    assert!(!files.is_empty());
    assert_eq!(files, explained, "mark a code as `explained` in `codes.rs`");
}

#[test]
fn the_examples_are_wrong_and_right_as_they_say() {
    let mut wrong = String::new();
    for (code, text) in explained() {
        let (start, examples) = text.split_once("\n\nWrong:\n").expect("a wrong example");
        let (first, second) = examples.split_once("\n\nRight:\n").expect("a right example");
        assert!(start.len() > 60 && text.lines().all(|line| line.len() <= 100), "{code}");

        let repository = tempfile::tempdir().unwrap();
        let (first, second) = (blocks(first), blocks(second));
        assert!(!first.is_empty() && !second.is_empty(), "{code}");
        write(repository.path(), &first);
        let said = check(repository.path(), code);
        if !said.contains(&format!(r#""code":"{code}""#)) {
            let _ = writeln!(wrong, "{code}: the wrong example says:\n{said}");
        }

        write(repository.path(), &second);
        for (_, commands) in second.iter().filter(|(info, _)| *info == "sh") {
            for command in commands.lines() {
                let arguments = command.strip_prefix("cargo xtask ").expect("one of our commands");
                run(repository.path(), &arguments.split(' ').collect::<Vec<_>>());
            }
        }
        let said = check(repository.path(), code);
        if !said.is_empty() {
            let _ = writeln!(wrong, "{code}: the right example says:\n{said}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn explained() -> Vec<(Code, &'static str)> {
    let all = codes::ALL.iter();
    all.filter_map(|(code, _)| Some((*code, codes::explanation(*code)?))).collect()
}

fn blocks(example: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = example.lines();
    while let Some(line) = lines.next() {
        let info = line.strip_prefix("```").expect("an example is nothing but blocks");
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((info, text.join("\n") + "\n"));
    }
    blocks
}

/// Writes the files of an example, and those that it leaves out unless they are there.
fn write(repository: &Path, blocks: &[Block<'_>]) {
    let overlay = repository.join("overlays/dev/web");
    let (mut resources, mut patches) = (vec!["deployment.yaml"], Vec::new());
    let mut directories = vec![overlay.clone()];
    for (info, text) in blocks {
        let Some((_, name)) = info.split_once(' ') else { continue };
        let root = if name.starts_with("rendered/") { repository } else { &overlay };
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        match name {
            _ if name.starts_with("rendered/") || name.starts_with("values.") => {}
            _ if name.ends_with("kustomization.yaml") => {
                directories.push(path.parent().unwrap().to_owned());
            }
            "patch.yaml" => patches.push(name),
            _ => resources.push(name),
        }
    }
    for directory in directories {
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("deployment.yaml");
        if !path.exists() {
            fs::write(path, DEPLOYMENT).unwrap();
        }
    }
    let path = overlay.join("kustomization.yaml");
    if !path.exists() {
        let patches: Vec<_> = patches.iter().map(|name| format!("{{path: {name}}}")).collect();
        let (resources, patches) = (resources.join(", "), patches.join(", "));
        fs::write(path, format!("resources: [{resources}]\npatches: [{patches}]\n")).unwrap();
    }
}

/// What there is to say of a repository, one line each. Whether it was rendered is of no interest
/// unless it is the subject.
fn check(repository: &Path, code: Code) -> String {
    if code == codes::RENDER_STALE {
        run(repository, &["render", "--check"])
    } else {
        run(repository, &["render"])
    }
}

fn run(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .args(["--format", "json", "--root", "."])
        .current_dir(repository)
        .output()
        .unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}
