//! What cannot be read among the files of a directory: each is one diagnostic, and the others are
//! looked at. A pipe that nobody writes to keeps nobody waiting.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: owner}
spec:
  crd: {spec: {names: {kind: Owner}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package owner
      violation[{\"msg\": \"no owner\"}] { not input.review.object.metadata.labels.owner }
";

const SUITE: &str = "
apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
tests:
- name: owner
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - name: without
    object: object.yaml
    assertions:
    - violations: no
";

const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Owner
metadata: {name: owner}
";

const OBJECT: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
";

/// The names of the files that give no text, and why.
const UNREADABLE: [(&str, &str); 5] = [
    ("dangling.yaml", "no such file"),
    ("loop-a.yaml", "Too many levels of symbolic links (os error 40)"),
    ("loop-b.yaml", "Too many levels of symbolic links (os error 40)"),
    ("pipe.yaml", "not a regular file"),
    ("utf-16.yaml", "byte 0 is not UTF-8"),
];

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("files");
    fs::create_dir(&files).unwrap();
    let texts = [
        ("template.yaml", TEMPLATE),
        ("suite.yaml", SUITE),
        ("constraint.yaml", CONSTRAINT),
        ("object.yaml", OBJECT),
    ];
    for (name, text) in texts {
        fs::write(files.join(name), text).unwrap();
    }
    fs::create_dir(files.join("directory.yaml")).unwrap();
    symlink("nowhere", files.join("dangling.yaml")).unwrap();
    symlink("loop-b.yaml", files.join("loop-a.yaml")).unwrap();
    symlink("loop-a.yaml", files.join("loop-b.yaml")).unwrap();
    symlink(".", files.join("around")).unwrap();
    fs::write(files.join("utf-16.yaml"), b"\xff\xfea\0:\0 \x001\0").unwrap();
    let made = Command::new("mkfifo").arg(files.join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    dir
}

/// Runs a command on the directory, which must say `says` and what cannot be read.
fn check(arguments: &[&str], says: &str) {
    let dir = repository();
    let said = run(arguments, dir.path());
    for (name, why) in UNREADABLE {
        let line = format!(
            "files/{name}:1:1: error[kustomize/unreadable]: `files/{name}` cannot be read: {why}\n"
        );
        assert_eq!(said.matches(&line).count(), 1, "{line}\n{said}");
    }
    assert_eq!(said.matches("kustomize/unreadable").count(), UNREADABLE.len(), "{said}");
    assert!(said.contains(says), "{said}");
}

fn run(arguments: &[&str], dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["--root", ".", "--format", "concise"])
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[test]
fn templates_beside_it_are_checked() {
    check(&["policy", "lint", "files"], "checked 1 template\n");
}

#[test]
fn suites_beside_it_are_run() {
    check(&["policy", "test", "files"], "error[policy/assertion]: the case `without`");
}

#[test]
fn objects_beside_it_are_checked() {
    check(&["validate", "files"], "error[policy/owner]: ConfigMap `settings`: no owner");
}

#[test]
fn a_pipe_that_is_named_is_no_file_of_policies() {
    let dir = repository();
    for command in ["lint", "test"] {
        let said = run(&["policy", command, "files/pipe.yaml"], dir.path());
        assert!(said.contains("cannot be read: not a regular file"), "{said}");
    }
}
