//! Policies beside the real gator: the suites pass there as they do here, and both say the same of
//! the rendered tree, word by word, also where faults are put into it.
//!
//! Ignored unless asked for, since it needs gator: `cargo xtask test --all` installs it.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value as Json;
use walkdir::WalkDir;

/// What is written in the rendered tree, and a fault in its place.
const FAULTS: [(&str, &str); 9] = [
    ("", ""),
    ("allowPrivilegeEscalation: false", "privileged: true"),
    ("runAsUser: 10001", "runAsUser: 0"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ("image: docker.io/", "image: docker.io.example.org/"),
    ("automountServiceAccountToken: false", "hostNetwork: true"),
    ("type: ClusterIP", "type: LoadBalancer"),
    ("  - Ingress\n  - Egress\n", "  - Ingress\n"),
    ("\n      - emptyDir:", "\n      - hostPath: {path: /var/run}\n        emptyDir:"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The program on the path, or where `go install` puts it.
fn gator() -> PathBuf {
    let go = env::home_dir().unwrap().join("go/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let mut all = env::split_paths(&path).chain([go]).map(|dir| dir.join("gator"));
    all.find(|path| path.is_file()).expect("gator: `cargo xtask test --all` installs it")
}

fn run(program: &Path, arguments: &[&str], dir: &Path) -> Output {
    Command::new(program).args(arguments).current_dir(dir).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
#[ignore = "needs gator"]
fn the_suites_pass_with_both_engines() {
    for engine in ["true", "false"] {
        let flag = format!("--enable-k8s-native-validation={engine}");
        let output = run(&gator(), &["verify", &flag, "policies/..."], &root());
        assert!(output.status.success(), "{flag}: {}", text(&output.stdout));
    }
}

#[test]
#[ignore = "needs gator"]
fn both_say_the_same_of_the_rendered_tree() {
    let mut found = 0;
    for env in ["dev", "prod", "prod-green"] {
        for (right, wrong) in FAULTS {
            let copy = tempfile::tempdir().unwrap();
            copy_tree(&root().join("rendered").join(env), copy.path(), (right, wrong));
            let (own, theirs) = (own(copy.path()), theirs(copy.path()));
            assert_eq!(own, theirs, "{env}, with `{wrong}`: ours is on the left");
            found += own.len();
        }
    }
    assert!(found > 50, "only {found} violations were found: the faults are not where they were");
}

/// Copies a directory with a fault wherever it fits, outside of what Gatekeeper itself reads.
fn copy_tree(from: &Path, to: &Path, (right, wrong): (&str, &str)) {
    for entry in WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let below = entry.path().strip_prefix(from).unwrap();
        if entry.file_type().is_dir() {
            fs::create_dir(to.join(below)).unwrap();
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let is_policy = below.starts_with("policies") || below.starts_with("policy-templates");
        let is_changed = !right.is_empty() && !is_policy;
        let text = if is_changed { text.replace(right, wrong) } else { text };
        fs::write(to.join(below), text).unwrap();
    }
}

/// Constraint, object and message.
type Said = BTreeSet<(String, String, String)>;

/// What `validate` says. Its messages begin with kind and name of the object.
fn own(dir: &Path) -> Said {
    let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let output = run(program, &["validate", "--only", "policy", "--format", "json", "."], dir);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    text(&output.stderr)
        .lines()
        .map(|line| {
            let one: Json = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            let field = |name: &str| one.get(name).and_then(Json::as_str).unwrap();
            let constraint = field("code").strip_prefix("policy/").unwrap().to_owned();
            let (object, message) = field("message").split_once(": ").unwrap();
            (constraint, object.replace('`', ""), message.to_owned())
        })
        .collect()
}

/// What `gator test` says of the code in Rego.
fn theirs(dir: &Path) -> Said {
    let arguments = ["test", "--enable-k8s-native-validation=false", "-o", "json", "-f", "."];
    let output = run(&gator(), &arguments, dir);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    let results: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    let results = results.as_array().into_iter().flatten();
    results
        .map(|one| {
            let at = |path: &str| one.pointer(path).and_then(Json::as_str).unwrap().to_owned();
            let (kind, name) = (at("/violatingObject/kind"), at("/violatingObject/metadata/name"));
            (at("/constraint/metadata/name"), format!("{kind} {name}"), at("/msg"))
        })
        .collect()
}
