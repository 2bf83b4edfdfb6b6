//! `up`, `down` and `smoke` beside programs that only pretend: states that a real cluster is hard
//! to bring into, and what must not be called in them.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A namespace and one object in it.
const KUSTOMIZATION: &str = "resources: [namespace.yaml, settings.yaml]\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
const SETTINGS: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n";

/// Two answers that every run needs.
const CONFIG: &str = r#"
  *" config view "*) echo '{"contexts": [{"name": "minikube"}],
      "clusters": [{"cluster": {"server": "https://192.0.2.1:8443"}}]}' ;;"#;
const READY: &str = r#"
  *" get --raw /readyz "*) echo ok ;;"#;

/// What `minikube profile list` answers.
const NO_PROFILE: &str = r#"{"invalid": [], "valid": []}"#;
const RUNS: &str = r#"{"valid": [{"Name": "minikube", "Status": "OK",
    "Config": {"KubernetesConfig": {"CNI": "calico"}}}]}"#;
const RUNS_WITHOUT_POLICIES: &str = r#"{"valid": [{"Name": "minikube", "Status": "OK",
    "Config": {"KubernetesConfig": {"CNI": "kindnet"}}}]}"#;

/// A repository, and programs beside it that write down how they are called.
struct Stage {
    dir: tempfile::TempDir,
}

/// What a run printed, and how it ended.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// The calls, a line each, the program first.
    calls: String,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { dir: tempfile::tempdir().unwrap() };
        let app = stage.path("repository/overlays/dev/shop");
        fs::create_dir_all(&app).unwrap();
        fs::create_dir_all(stage.path("bin")).unwrap();
        fs::write(app.join("kustomization.yaml"), KUSTOMIZATION).unwrap();
        fs::write(app.join("namespace.yaml"), NAMESPACE).unwrap();
        fs::write(app.join("settings.yaml"), SETTINGS).unwrap();
        assert_eq!(stage.run(&["render"]).code, Some(0));
        stage
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Puts a program on the path that answers as the arms of a shell's `case` say.
    fn program(self, name: &str, arms: &str) -> Self {
        let path = self.path("bin").join(name);
        let log = self.path("calls");
        let script = format!(
            "#!/bin/sh\necho \"{name} $*\" >> '{}'\ncase \" $* \" in{arms}\n  *) ;;\nesac\n",
            log.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn minikube(self, profiles: &str) -> Self {
        let arm = format!("\n  *\" profile list \"*) echo '{profiles}' ;;");
        self.program("minikube", &arm)
    }

    fn kubectl(self, arms: &[&str]) -> Self {
        self.program("kubectl", &arms.concat())
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, &format!("{}:/usr/bin:/bin", self.path("bin").display()))
    }

    /// Runs `up` with a port that nothing listens on: the usual one may be taken on this machine.
    fn up(&self, args: &[&str]) -> Outcome {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.run(&[&["up", "--port", &free.to_string()], args].concat())
    }

    fn run_with(&self, args: &[&str], path: &str) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(args)
            .arg("--root")
            .arg(self.path("repository"))
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .env_remove("KUBECONFIG")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            calls: fs::read_to_string(self.path("calls")).unwrap_or_default(),
        }
    }
}

impl Outcome {
    /// The place of a call among the calls.
    fn call(&self, wanted: &str) -> usize {
        self.calls.lines().position(|line| line.contains(wanted)).unwrap_or_else(|| {
            panic!("`{wanted}` was not called:\n{}\n{}", self.calls, self.stderr)
        })
    }

    fn never(&self, unwanted: &str) {
        assert!(!self.calls.contains(unwanted), "`{unwanted}` was called:\n{}", self.calls);
    }

    fn says(&self, wanted: &str) {
        assert!(self.stderr.contains(wanted), "{}", self.stderr);
    }
}

/// A directory without any program.
fn empty(stage: &Stage) -> PathBuf {
    let dir = stage.path("empty");
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let stage = Stage::new();
    let empty = empty(&stage);
    let path = Path::to_str(&empty).unwrap();
    let up = stage.run_with(&["up"], path);
    assert_eq!(up.code, Some(2));
    for line in ["\n  kubectl: https://", "\n  minikube: https://", "\n  a builder of images: "] {
        up.says(line);
    }
    let up = stage.run_with(&["up", "--cluster", "current", "--no-build"], path);
    assert_eq!(
        up.stderr,
        "error: `cargo xtask up` needs what is not there:\n  kubectl: \
         https://kubernetes.io/docs/tasks/tools\n"
    );
    for command in ["down", "smoke"] {
        let outcome = stage.run_with(&[command], path);
        assert_eq!(outcome.code, Some(2));
        outcome.says("\n  kubectl: https://");
    }
}

#[test]
fn a_dry_run_needs_nothing_and_calls_nothing() {
    let stage = Stage::new().minikube(NO_PROFILE).kubectl(&[]);
    let with = stage.run(&["up", "--dry-run"]);
    let empty = empty(&stage);
    let without = stage.run_with(&["up", "--dry-run"], Path::to_str(&empty).unwrap());
    assert_eq!((with.code, without.code), (Some(0), Some(0)));
    assert_eq!(with.stdout, without.stdout);
    assert_eq!(with.calls, "");
}

#[test]
fn a_tree_that_is_not_current_is_not_applied() {
    let stage = Stage::new().minikube(RUNS).kubectl(&[CONFIG, READY]);
    let settings = stage.path("repository/overlays/dev/shop/settings.yaml");
    fs::write(settings, SETTINGS.replace("name: settings", "name: other")).unwrap();
    let outcome = stage.up(&["--no-build"]);
    assert_eq!(outcome.code, Some(1));
    outcome.says("run `cargo xtask render`");
    assert_eq!(outcome.calls, "");
}

#[test]
fn minikube_is_started_with_policies_and_marked_as_ours() {
    let stage = Stage::new().minikube(NO_PROFILE).kubectl(&[CONFIG, READY]);
    let outcome = stage.up(&["--no-build"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.says("minikube at https://192.0.2.1:8443");
    let start = outcome.call("minikube start --profile minikube --cni calico");
    let mark = outcome.call("annotate namespace kube-system");
    let namespace = outcome.call("apply --server-side --field-manager cargo-xtask --filename -");
    let settings = outcome.call("--filename rendered/dev/shop/configmap-settings.yaml");
    assert!(start < mark && mark < namespace && namespace < settings, "{}", outcome.calls);
    let calls: Vec<&str> = outcome.calls.lines().collect();
    let named = |line: &&str| line.starts_with("minikube") || line.contains("--context minikube ");
    assert!(calls.iter().all(named), "{}", outcome.calls);
}

#[test]
fn a_minikube_that_runs_is_used_as_it_is() {
    let stage = Stage::new().minikube(RUNS_WITHOUT_POLICIES).kubectl(&[CONFIG, READY]);
    let outcome = stage.up(&["--no-build"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.says("does not enforce NetworkPolicies");
    outcome.never("minikube start");
    outcome.never("kube-system");
    let stage = stage.minikube(RUNS);
    let outcome = stage.up(&["--no-build"]);
    assert!(!outcome.stderr.contains("NetworkPolicies"), "{}", outcome.stderr);
}

#[test]
fn a_cluster_that_does_not_answer_is_not_changed() {
    let silent = r#"
  *" get --raw "*) echo 'The connection was refused' >&2; exit 1 ;;"#;
    let stage = Stage::new().kubectl(&[CONFIG, silent]);
    let outcome = stage.up(&["--cluster", "current", "--no-build"]);
    assert_eq!(outcome.code, Some(2));
    outcome.says("the cluster minikube at https://192.0.2.1:8443 does not answer: The connection");
    outcome.never("apply");
}

#[test]
fn no_cluster_at_all_is_said() {
    let none = r#"
  *" config view "*) echo 'error: current-context must exist in order to minify' >&2; exit 1 ;;"#;
    let stage = Stage::new().kubectl(&[none]);
    let outcome = stage.up(&["--cluster", "current", "--no-build"]);
    assert_eq!(outcome.code, Some(2));
    outcome.says("the kubeconfig leads to no cluster: choose one with --kubeconfig or --context");
}

#[test]
fn a_conflict_names_the_object_and_nothing_is_forced() {
    let conflict = r#"
  *" apply "*" --filename - "*) echo '{"kind": "Namespace", "metadata": {"name": "shop"}}' ;;
  *" apply "*) echo 'error: Apply failed with 1 conflict: conflict with "helm" using v1: .data.a
Please review the fields above--they currently have other managers.' >&2; exit 1 ;;"#;
    let stage = Stage::new().kubectl(&[CONFIG, READY, conflict]);
    let outcome = stage.up(&["--cluster", "current", "--no-build"]);
    assert_eq!(outcome.code, Some(2));
    outcome.says("configmap/settings: Apply failed with 1 conflict: conflict with \"helm\"");
    outcome.says("nothing was overwritten");
    outcome.never("force-conflicts");
}

#[test]
fn how_an_image_is_loaded_must_be_known() {
    let stage = Stage::new().kubectl(&[CONFIG, READY]);
    let podman = stage.program("podman", "\n  *\" --version \"*) echo podman version 5 ;;");
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {template: {spec: {containers: [{name: web, image: localhost/web:dev}]}}}\n";
    let app = podman.path("repository/overlays/dev/shop");
    fs::write(app.join("web.yaml"), deployment).unwrap();
    let resources = KUSTOMIZATION.replace(']', ", web.yaml]");
    fs::write(app.join("kustomization.yaml"), resources).unwrap();
    assert_eq!(podman.run(&["render"]).code, Some(0));
    let outcome = podman.up(&["--cluster", "current", "--context", "other", "--builder", "podman"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    outcome.says("--load COMMAND says it");
    outcome.never("podman build");
    outcome.never("apply");
}

#[test]
fn only_a_minikube_that_up_made_and_nobody_else_uses_is_deleted() {
    let namespaces = |mark: &str, other: &str| {
        format!(
            "\n  *\" get \"*\" namespaces \"*) echo '{{\"kind\": \"List\", \"items\": [{{\"metadata\": \
             {{\"name\": \"kube-system\", \"annotations\": {{{mark}}}}}}}, {{\"metadata\": \
             {{\"name\": \"{other}\"}}}}]}}' ;;\n  *\" api-resources \"*) echo configmaps ;;"
        )
    };
    let mark = r#""users-service.example.com/created-by": "cargo xtask up""#;
    let down = |mark: &str, other: &str| {
        let answer = namespaces(mark, other);
        let stage = Stage::new().minikube(RUNS).kubectl(&[CONFIG, READY, &answer]);
        let outcome = stage.run(&["down"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    };
    down(mark, "shop").call("minikube delete --profile minikube");
    let others = down(mark, "team");
    others.never("minikube delete");
    others.says("minikube stays, because others use it: namespace team");
    let theirs = down("", "shop");
    theirs.never("minikube delete");
    theirs.says("minikube ran before `up` and stays");
}

#[test]
fn down_without_a_cluster_has_nothing_to_do() {
    let stage = Stage::new().minikube(NO_PROFILE).kubectl(&[]);
    let outcome = stage.run(&["down"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.says("nothing to remove: there is no minikube profile minikube");
    outcome.never("kubectl");
}

#[test]
fn smoke_says_what_is_not_up_and_changes_nothing() {
    let stage = Stage::new().kubectl(&[CONFIG, READY]);
    let outcome = stage.run(&["smoke"]);
    assert_eq!(outcome.code, Some(2));
    outcome.never("delete");
    outcome.never("create");
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_done() {
    let stage = Stage::new().minikube(NO_PROFILE).kubectl(&[CONFIG, READY]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let outcome = stage.run(&["up", "--no-build", "--port", &port]);
    assert_eq!(outcome.code, Some(2));
    outcome.says(&format!("port {port} is taken by another program: choose another with --port"));
    assert_eq!(outcome.calls, "");
}

#[test]
fn a_port_forward_that_ends_is_started_again() {
    let stage = Stage::new().kubectl(&[]);
    let path = format!("{}:/usr/bin:/bin", stage.path("bin").display());
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["port-forward", "--context", "a", "--namespace", "shop", "service/web", "1:2"])
        .env("PATH", path)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let calls = || fs::read_to_string(stage.path("calls")).unwrap_or_default();
    let end = Instant::now() + Duration::from_secs(30);
    while calls().lines().count() < 2 && Instant::now() < end {
        sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let call =
        "kubectl --context a --namespace shop port-forward --address 127.0.0.1 service/web 1:2";
    let calls = calls();
    assert!(calls.lines().count() >= 2 && calls.lines().all(|line| line == call), "{calls}");
}
