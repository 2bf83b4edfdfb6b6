//! `validate --changed` in a repository of git.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

mod repository;

use std::process::{Command, Output};

use repository::Repository;

/// A ConfigMap with one unknown field in line 5 and one in line 9.
const WRONG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  lables: {}
data:
  a: \"1\"
  b: \"2\"
imutable: true
";

/// What is asked of a repository here.
trait Validate {
    fn run(&self, below: &str, arguments: &[&str]) -> Output;
    /// The `path:line` of each finding.
    fn found(&self, arguments: &[&str]) -> Vec<String>;
    fn found_below(&self, below: &str, arguments: &[&str]) -> Vec<String>;
    fn refusal(&self, arguments: &[&str]) -> String;
}

impl Validate for Repository {
    fn run(&self, below: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("validate")
            .args(arguments)
            .args(["--format", "concise"])
            .current_dir(self.path().join(below))
            .output()
            .unwrap()
    }

    fn found(&self, arguments: &[&str]) -> Vec<String> {
        self.found_below(".", arguments)
    }

    fn found_below(&self, below: &str, arguments: &[&str]) -> Vec<String> {
        let output = self.run(below, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
        let places = said.lines().filter_map(|line| {
            let mut parts = line.split(": ").next()?.rsplitn(3, ':');
            let (_, row) = (parts.next()?, parts.next()?);
            Some(format!("{}:{row}", parts.next()?))
        });
        places.collect()
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.run(".", arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn only_lines_that_change_are_reported_staged_or_not() {
    let repository = Repository::new(&[("m/a.yaml", WRONG), ("m/b.yaml", WRONG)]);
    assert_eq!(repository.found(&["m"]).len(), 4);
    assert!(repository.found(&["--changed", "HEAD", "m"]).is_empty(), "nothing changes");
    repository.write("m/a.yaml", &WRONG.replace("lables", "labls"));
    assert_eq!(repository.found(&["m", "--changed"]), ["m/a.yaml:5"]);
    repository.git(&["add", "m/a.yaml"]);
    assert_eq!(repository.found(&["m", "--changed"]), ["m/a.yaml:5"]);
    repository.write("m/b.yaml", &WRONG.replace("imutable: true", "imutable: false"));
    assert_eq!(repository.found(&["m", "--changed"]), ["m/a.yaml:5", "m/b.yaml:9"]);
    assert_eq!(repository.found(&["m/b.yaml", "--changed"]), ["m/b.yaml:9"]);
    assert_eq!(repository.found_below("m", &["b.yaml", "--changed"]), ["b.yaml:9"]);
    let absolute = repository.path().join("m/b.yaml");
    let absolute = absolute.to_str().unwrap();
    assert_eq!(
        repository
            .found_below(
                "/",
                &["--root", repository.path().to_str().unwrap(), absolute, "--changed"]
            )
            .len(),
        1
    );
}

#[test]
fn a_new_or_renamed_file_is_changed_as_a_whole_and_an_ignored_one_is_not() {
    let repository = Repository::new(&[("m/a.yaml", WRONG), (".gitignore", "ignored.yaml\n")]);
    for path in ["m/new é \"1\".yaml", "m/ignored.yaml"] {
        repository.write(path, WRONG);
    }
    let new = ["m/new é \"1\".yaml:5", "m/new é \"1\".yaml:9"];
    assert_eq!(repository.found(&["m", "--changed"]), new);
    repository.git(&["add", "--all"]);
    assert_eq!(repository.found(&["m", "--changed"]), new);
    repository.commit();
    repository.git(&["mv", "m/a.yaml", "m/moved.yaml"]);
    assert_eq!(repository.found(&["m", "--changed"]), ["m/moved.yaml:5", "m/moved.yaml:9"]);
}

#[test]
fn where_lines_are_removed_those_around_them_count() {
    let repository = Repository::new(&[("a.yaml", WRONG)]);
    repository.write("a.yaml", &WRONG.replace("  b: \"2\"\n", ""));
    assert_eq!(repository.found(&["a.yaml", "--changed"]), ["a.yaml:8"]);
    repository.write("a.yaml", &WRONG.replace("data:\n  a: \"1\"\n", "data:\n"));
    assert!(repository.found(&["a.yaml", "--changed"]).is_empty());
}

#[test]
fn a_branch_is_compared_with_what_it_has_in_common() {
    let repository = Repository::new(&[("a.yaml", WRONG)]);
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("a.yaml", &WRONG.replace("imutable: true", "imutable: false"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("a.yaml", &WRONG.replace("lables", "labls"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "topic"]);
    assert_eq!(repository.found(&["a.yaml", "--changed=main"]), ["a.yaml:9"]);
    assert!(repository.found(&["a.yaml", "--changed"]).is_empty());
}

#[test]
fn the_reader_s_configuration_of_git_has_no_bearing() {
    let repository = Repository::new(&[
        ("a b.yaml", WRONG),
        (".gitattributes", "c.yaml -diff\n"),
        ("c.yaml", WRONG),
    ]);
    for setting in [
        ["diff.noprefix", "true"],
        ["diff.mnemonicPrefix", "true"],
        ["diff.external", "false"],
        ["diff.context", "9"],
        ["diff.interHunkContext", "9"],
        ["color.ui", "always"],
        ["core.quotePath", "false"],
        ["diff.renames", "copies"],
    ] {
        repository.git(&["config", setting[0], setting[1]]);
    }
    repository.write("a b.yaml", &WRONG.replace("lables", "labls"));
    // Of a file whose lines git does not compare, all may have changed.
    repository.write("c.yaml", &WRONG.replace("lables", "labls"));
    let expected = ["a b.yaml:5", "c.yaml:5", "c.yaml:9"];
    assert_eq!(repository.found(&["a b.yaml", "c.yaml", "--changed"]), expected);
}

#[test]
fn an_overlay_is_concerned_by_its_sources_and_what_did_not_build_is_told() {
    let overlay = "overlays/dev/web/kustomization.yaml";
    let repository = Repository::new(&[
        (overlay, "resources: [../../../base/web]\n"),
        ("base/web/kustomization.yaml", "resources: [map.yaml]\n"),
        ("base/web/map.yaml", WRONG),
        ("base/other/kustomization.yaml", "resources: [none.yaml]\n"),
    ]);
    let only = ["--only", "schema", "--changed"];
    assert!(repository.found(&only).is_empty());
    repository.write("base/web/map.yaml", &WRONG.replace("lables", "labls"));
    assert_eq!(repository.found(&only), ["base/web/map.yaml:5"]);
    repository.commit();
    repository.write(overlay, "resources: [../../../base/web, ../../../base/other]\n");
    repository.commit();
    let found = repository.found(&only);
    assert_eq!(found, ["base/other/kustomization.yaml:1"], "it hides what else is wrong");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let repository = Repository::new(&[("a.yaml", WRONG)]);
    let said = repository.refusal(&["a.yaml", "--changed", "nowhere"]);
    assert!(said.contains("--changed: git knows no commit `nowhere`"), "{said}");
    for odd in ["--changed=--output=x", "--changed=", "--changed=HEAD:a.yaml"] {
        let said = repository.refusal(&["a.yaml", odd]);
        assert!(said.contains("git knows no commit"), "{said}");
    }
    assert!(!repository.path().join("x").exists());
    for elsewhere in ["-", "/"] {
        let said = repository.refusal(&[elsewhere, "--changed"]);
        assert!(said.contains("is no file of the repository"), "{said}");
    }
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    // Another content, so that it is another commit within the same second too.
    repository.write("b.yaml", WRONG);
    repository.commit();
    let said = repository.refusal(&["a.yaml", "--changed=main"]);
    assert!(said.contains("no commit in common"), "{said}");

    let empty = Repository::none();
    empty.git(&["init", "--quiet"]);
    empty.write("a.yaml", WRONG);
    let said = empty.refusal(&["a.yaml", "--changed"]);
    assert!(said.contains("there is no commit yet"), "{said}");
}
