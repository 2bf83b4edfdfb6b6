//! The explanation of a code tells the truth: its wrong example brings the code about, and its right
//! example brings nothing about.
//!
//! A block of an example begins with its language and the name of its file, which is in
//! `overlays/dev/web/` unless it begins with one of the repository's own directories. The right
//! example is the wrong one with the files that it shows in their place, and after the commands that
//! it shows. What an example leaves out is made up here: a `deployment.yaml` beside each
//! kustomization, and the kustomization of each overlay, which has all resources and patches.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    process::Command,
};

use tempfile::TempDir;
use walkdir::WalkDir;
use xtask::diag::{Code, codes};

/// Codes whose explanations are still to be written. Only ever shortened.
const WITHOUT_AN_EXPLANATION: &[&str] = &[];

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

/// Where a file of an example is, unless its name says more.
const OVERLAY: &str = "overlays/dev/web";

/// Names that count from the repository's root.
const FROM_THE_ROOT: &[&str] = &["base/", "overlays/", "policies/", "rendered/", "xtask.toml"];

/// What is said of an object while it is built. All else is said when it is validated.
const SAID_BY_RENDER: &[&str] = &["kustomize", "patch", "render", "resource", "template", "yaml"];

/// A block of an example: the line that opens it, and what is in it.
type Block<'a> = (&'a str, String);

/// The texts of files, each by its path from the repository's root.
type Files = BTreeMap<String, String>;

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

        let (first, second) = (blocks(first), blocks(second));
        assert!(!first.is_empty() && !second.is_empty(), "{code}");
        let mut shown = files(&first);
        let said = check(repository(&shown).path(), code);
        if !said.contains(&format!(r#""code":"{code}""#)) {
            let _ = writeln!(wrong, "{code}: the wrong example says:\n{said}");
        }

        shown.extend(files(&second));
        let repository = repository(&shown);
        for (_, commands) in second.iter().filter(|(info, _)| *info == "sh") {
            for command in commands.lines() {
                carry_out(repository.path(), command);
            }
        }
        let said = check(repository.path(), code);
        if !said.is_empty() {
            let _ = writeln!(wrong, "{code}: the right example says:\n{said}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn an_example_can_be_of_the_whole_repository() {
    let example = "\
```yaml overlays/dev/values.yaml
```
```yaml overlays/prod/shop/service.yaml
```
```yaml overlays/prod/shop/patch.yaml
```
```yaml base/db/kustomization.yaml
```
```yaml patch.yaml
```
```toml xtask.toml
```";
    let repository = repository(&files(&blocks(example)));
    let mut paths = BTreeSet::new();
    for entry in WalkDir::new(&repository).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&repository).unwrap();
            paths.insert(path.to_str().unwrap().replace('\\', "/"));
        }
    }
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "base/db/deployment.yaml",
            "base/db/kustomization.yaml",
            "overlays/dev/values.yaml",
            "overlays/dev/web/deployment.yaml",
            "overlays/dev/web/kustomization.yaml",
            "overlays/dev/web/patch.yaml",
            "overlays/prod/shop/deployment.yaml",
            "overlays/prod/shop/kustomization.yaml",
            "overlays/prod/shop/patch.yaml",
            "overlays/prod/shop/service.yaml",
            "xtask.toml",
        ]
    );
    let made_up = |overlay| {
        fs::read_to_string(repository.path().join(overlay).join("kustomization.yaml")).unwrap()
    };
    assert_eq!(
        made_up("overlays/prod/shop"),
        "resources: [deployment.yaml, service.yaml]\npatches: [{path: patch.yaml}]\n"
    );
    assert_eq!(made_up(OVERLAY), "resources: [deployment.yaml]\npatches: [{path: patch.yaml}]\n");
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

/// The files that an example shows.
fn files(blocks: &[Block<'_>]) -> Files {
    let named = blocks.iter().filter_map(|(info, text)| Some((info.split_once(' ')?.1, text)));
    named
        .map(|(name, text)| {
            let is_whole = FROM_THE_ROOT.iter().any(|start| name.starts_with(start));
            let path = if is_whole { name.to_owned() } else { format!("{OVERLAY}/{name}") };
            (path, text.clone())
        })
        .collect()
}

/// A repository of the files that an example shows, and of those that it leaves out.
fn repository(shown: &Files) -> TempDir {
    let mut files = shown.clone();
    let mut overlays = BTreeSet::from([OVERLAY.to_owned()]);
    for path in shown.keys().filter(|path| path.starts_with("overlays/")) {
        let parts: Vec<&str> = path.splitn(4, '/').collect();
        if let [top, env, app, _] = *parts.as_slice() {
            overlays.insert(format!("{top}/{env}/{app}"));
        }
    }
    let mut directories = overlays.clone();
    for path in shown.keys() {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization") {
            overlays.remove(directory);
            directories.insert(directory.to_owned());
        }
    }
    for directory in directories {
        files.entry(format!("{directory}/deployment.yaml")).or_insert_with(|| DEPLOYMENT.into());
    }
    for overlay in overlays {
        let kustomization = kustomization(&overlay, &files);
        files.insert(format!("{overlay}/kustomization.yaml"), kustomization);
    }

    let repository = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = repository.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    repository
}

/// A kustomization of all that lies in a directory.
fn kustomization(directory: &str, files: &Files) -> String {
    let names = files.keys().filter_map(|path| path.strip_prefix(directory)?.strip_prefix('/'));
    let (mut resources, mut patches) = (Vec::new(), Vec::new());
    for name in names.filter(|name| !name.contains('/') && !name.starts_with("values.")) {
        match name {
            "patch.yaml" => patches.push(format!("{{path: {name}}}")),
            _ => resources.push(name),
        }
    }
    format!("resources: [{}]\npatches: [{}]\n", resources.join(", "), patches.join(", "))
}

/// Does what an example says to do: one of our commands, or `rm` of a file.
fn carry_out(repository: &Path, command: &str) {
    if let Some(file) = command.strip_prefix("rm ") {
        fs::remove_file(repository.join(OVERLAY).join(file)).unwrap();
        return;
    }
    let arguments = command.strip_prefix("cargo xtask ").expect("one of our commands, or `rm`");
    run(repository, &arguments.split(' ').collect::<Vec<_>>());
}

/// What there is to say of a repository, one line each. Whether it was rendered is of no interest
/// unless it is the subject.
fn check(repository: &Path, code: Code) -> String {
    if code == codes::RENDER_STALE {
        return run(repository, &["render", "--check"]);
    }
    if [codes::POLICY_SUITE, codes::POLICY_ASSERTION, codes::POLICY_MUTATION].contains(&code) {
        let said = run(repository, &["policy", "test"]);
        let is_wrong = |line: &&str| line.contains(r#""code":"#);
        return said.lines().filter(is_wrong).collect::<Vec<_>>().join("\n");
    }
    if code == codes::POLICY_NO_SUITE {
        return run(repository, &["policy", "lint"]);
    }
    if code.as_str().starts_with("policy/rego-") {
        return run(repository, &["policy", "lint", &format!("{OVERLAY}/template.yaml")]);
    }
    let said = run(repository, &["render"]);
    let area = code.as_str().split('/').next().unwrap();
    if SAID_BY_RENDER.contains(&area) { said } else { run(repository, &["validate"]) }
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
