//! `review` in a repository of git. `UPDATE_GOLDEN=1` writes what is expected.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

mod repository;

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use repository::Repository;

/// What is asked of a repository here.
trait Review {
    fn run(&self, base: &str) -> Output;
    fn comment(&self, base: &str) -> String;
}

impl Review for Repository {
    fn run(&self, base: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["review", base]).current_dir(self.path()).output().unwrap()
    }

    fn comment(&self, base: &str) -> String {
        let output = self.run(base);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn deployment(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n"
    )
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

fn secret(password: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\nstringData:\n  password: {password}\n"
    )
}

#[test]
fn what_changes_is_shown_by_environment_and_application() {
    let repository = Repository::new(&[
        ("rendered/prod/web/deployment-web.yaml", &deployment(1)),
        ("rendered/prod/web/configmap-old.yaml", &config_map("old")),
        ("rendered/prod/web/configmap-same.yaml", &config_map("same")),
        ("rendered/dev/db/secret-login.yaml", &secret("hunter1")),
        ("rendered/README.md", "not an object\n"),
        ("base/web/deployment.yaml", &deployment(1)),
    ]);
    // What has happened on the branch that is compared with since then is not of this change.
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("rendered/prod/web/configmap-later.yaml", &config_map("later"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "topic"]);

    repository.write("rendered/prod/web/deployment-web.yaml", &deployment(3));
    repository.write("base/web/deployment.yaml", &deployment(3));
    fs::remove_file(repository.path().join("rendered/prod/web/configmap-old.yaml")).unwrap();
    repository.write("rendered/README.md", "still not an object\n");
    repository.commit();
    // The working tree counts, with what is not in a commit.
    repository.write("rendered/dev/db/secret-login.yaml", &secret("hunter2"));
    repository.write("rendered/prod/new/configmap-new.yaml", &config_map("new"));

    let comment = repository.comment("main");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/review/expected.md");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&expected, &comment).unwrap();
    }
    assert_eq!(comment, fs::read_to_string(expected).unwrap());
}

#[test]
fn a_change_of_something_else_changes_nothing() {
    let repository = Repository::new(&[("rendered/prod/web/a.yaml", &config_map("a"))]);
    repository.write("base/web/a.yaml", &config_map("a"));
    let comment = repository.comment("HEAD");
    assert!(comment.contains("Nothing changes in a cluster"), "{comment}");
}

#[test]
fn an_unknown_revision_is_named() {
    let repository = Repository::new(&[("a", "")]);
    let output = repository.run("nowhere");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("git knows no commit `nowhere`"), "{said}");
}
