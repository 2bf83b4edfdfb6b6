//! Policies that have no end: `policy test` and `validate` say one thing of each and go on.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// As many lines as asked for, each behind as many blanks.
fn lines(count: usize, indent: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|at| format!("{:indent$}{}", "", line(at))).collect::<Vec<_>>().join("\n")
}

/// A template with this code, and what it takes to review twenty objects with it.
fn policy(dir: &Path, code: &str) {
    let code = code.replace('\n', "\n      ");
    let template = format!(
        "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {{name: hostile}}
spec:
  crd: {{spec: {{names: {{kind: Hostile}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      {code}"
    );
    let constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Hostile
metadata: {name: hostile}
spec: {match: {kinds: [{apiGroups: [''], kinds: [ConfigMap]}]}}";
    let case = |at| format!("- {{name: c{at}, object: o{at}.yaml, assertions: [{{}}]}}");
    let suite = format!(
        "apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
metadata: {{name: hostile}}
tests:
- name: hostile
  template: template.yaml
  constraint: constraint.yaml
  cases:
{}",
        lines(20, 2, case)
    );
    fs::create_dir(dir.join(".git")).unwrap();
    for (name, text) in [("template", &template), ("suite", &suite)] {
        fs::write(dir.join(format!("{name}.yaml")), text).unwrap();
    }
    fs::write(dir.join("constraint.yaml"), constraint).unwrap();
    for at in 0..20 {
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: o{at}}}\n");
        fs::write(dir.join(format!("o{at}.yaml")), text).unwrap();
    }
}

#[test]
fn policies_that_have_no_end() {
    let doubled = |end: &str| {
        let line = |at| format!("s{} := [s{at}, s{at}]", at + 1);
        format!(
            "violation[{{\"msg\": \"m\"}}] {{\n  s0 := [1]\n{}\n  {end}\n}}",
            lines(60, 2, line)
        )
    };
    let cases = [
        (doubled("s60 == s59"), "is given up"),
        (doubled("json.marshal(s60) != \"\""), "is given up"),
        (
            "violation[{\"msg\": \"m\"}] {
  count([1 | numbers.range(1, 10000)[_] + numbers.range(1, 10000)[_] == 3]) > 0
}"
            .to_owned(),
            "is given up",
        ),
        (
            format!(
                "{}\np30000 {{ true }}\nviolation[{{\"msg\": \"m\"}}] {{ p0 }}",
                lines(30_000, 0, |at| format!("p{at} {{ p{} }}", at + 1))
            ),
            "more than 6000 rules",
        ),
    ];
    for (code, says) in cases {
        let dir = tempfile::tempdir().unwrap();
        policy(dir.path(), &format!("package hostile\n{code}"));
        for command in [["policy", "test"], ["validate", "--only=policy"]] {
            let start = Instant::now();
            let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
                .args(command)
                .args(["--format", "concise", "."])
                .current_dir(dir.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(says), "{command:?}: {said}");
            assert_eq!(said.matches(": error[").count(), 1, "{command:?}: {said}");
            assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
            // With room for a slow machine and unoptimised code.
            assert!(start.elapsed() < Duration::from_secs(20), "{command:?}");
        }
    }
}
