//! What policies make of a Secret's values is in no output, whatever its format is.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    path::Path,
    process::{Command, Output},
};

const FORMATS: [&str; 6] = ["pretty", "concise", "json", "github", "sarif", "junit"];

/// The values of the cases, parts of them, and what their policies make of them.
const VALUES: [&str; 11] = [
    "horse",
    "HORSE",
    "battery",
    "yrettab",
    "troubadour",
    "second-line",
    "686f7273652d62617474657279",
    "aG9yc2Ut",
    "dHJvdWJhZG9y",
    r#""h","o""#,
    "there is no z",
];

fn run(case: &str, arguments: &[&str]) -> Output {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["--root", "."])
        .args(arguments)
        .current_dir(case)
        .output()
        .unwrap()
}

fn check(case: &str, arguments: &[&str], says: &str) {
    for format in FORMATS {
        let output = run(case, &[arguments, &["--format", format]].concat());
        assert_eq!(output.status.code(), Some(1), "{case}, {format}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(says), "{case}, {format}: {said}");
        for value in VALUES {
            assert!(!said.contains(value), "{case}, {format}: `{value}` is in {said}");
        }
    }
}

#[test]
fn validate_shows_no_value() {
    let arguments = ["validate", "--only", "policy", "."];
    check("validate/policy-secret/what-a-message-makes-of-its-values", &arguments, "withheld");
    check("validate/policy-secret/a-secret-in-the-inventory", &arguments, "withheld");
    check("validate/admission/a-secret-in-other-words", &arguments, "withheld");
    let arguments = ["validate", "--only", "policy", "dev"];
    check("validate/policy-secret/a-generated-secret", &arguments, "withheld");
}

#[test]
fn policy_test_shows_no_value() {
    // Some formats do not have the help.
    check("policy/test/a-secret-is-not-quoted", &["policy", "test"], "its-words-are-withheld");
}
