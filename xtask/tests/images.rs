//! `images` with a registry on this machine.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

#[path = "images/server.rs"]
mod server;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use server::{Answer, Request, Server};
use sha2::{Digest, Sha256};

const INDEX: &[u8] = br#"{"schemaVersion":2,"manifests":[]}"#;

fn digest_of(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}

fn manifest() -> Answer {
    Answer::Whole(200, vec![("Docker-Content-Digest", digest_of(INDEX))], INDEX.to_vec())
}

/// A repository with one production environment.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new(files: &[(&str, String)]) -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = repository.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        repository
    }

    /// With a pod for each of these images of one registry.
    fn of_pods(host: &str, images: &[&str]) -> Self {
        let pod = |image: &&str| {
            let name = image.replace([':', '/'], "-");
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n    \
                 - name: a\n      image: {host}/{image}\n"
            )
        };
        let pods: Vec<String> = images.iter().map(pod).collect();
        Self::new(&[
            ("overlays/prod/web/kustomization.yaml", "resources: [pods.yaml]\n".to_owned()),
            ("overlays/prod/web/pods.yaml", pods.join("---\n")),
        ])
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(self.0.path(), arguments)
    }
}

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    command.arg("images").args(arguments).arg("--root").arg(root).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// With a token for everybody who asks, as Docker Hub does.
fn with_tokens(request: &Request, host: &str) -> Answer {
    if request.path.starts_with("/token") {
        assert_eq!(request.path, "/token?service=test%20registry&scope=repository:team/web:pull");
        return Answer::Whole(200, Vec::new(), br#"{"token":"t0ken"}"#.to_vec());
    }
    if request.authorization.as_deref() == Some("Bearer t0ken") {
        return manifest();
    }
    let challenge = format!(
        "Bearer realm=\"http://{host}/token\",service=\"test registry\",scope=\"repository:team/web:pull\""
    );
    Answer::Whole(401, vec![("WWW-Authenticate", challenge)], b"{}".to_vec())
}

#[test]
fn digests_are_written_where_tags_are() {
    let server = Server::start(with_tokens);
    let (host, old) = (&server.host, digest_of(b"old"));
    let deployment = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: a\n      \
         image: {{ image | quote }}\n    - name: b\n      image: b\n    - name: c\n      image: c\n";
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: chart\nspec:\n  \
         source:\n    targetRevision: {{ chart | quote }}\n    digest: {{ digest | quote }}\n";
    let values = format!(
        "# Which one runs.\n#\n# The digest is not known.\nimage: {host}/team/web:1.0 # pinned\n\n\
         chart: \"3.0\"\n# The digest is old.\ndigest: {old}\n"
    );
    let kustomization = format!(
        "resources: [web.yaml.j2, chart.yaml.j2]\nimages:\n  - name: b\n    newName: {host}/team/web\n    newTag: \"2.0\"\n  \
         - name: c\n    newName: {host}/team/web\n    newTag: \"2.1\"\n    digest: {old}\n"
    );
    let settings = format!(
        "[[image]]\nname = \"{host}/team/web\"\nobject = \"Application/chart\"\ntag = \"spec.source.targetRevision\"\n\
         digest = \"spec.source.digest\"\n"
    );
    let repository = Repository::new(&[
        ("overlays/prod/web/kustomization.yaml", kustomization.clone()),
        ("overlays/prod/web/web.yaml.j2", deployment.to_owned()),
        ("overlays/prod/web/chart.yaml.j2", application.to_owned()),
        ("overlays/prod/web/values.yaml", values.clone()),
        ("xtask.toml", settings),
    ]);
    let insecure = ["--insecure-registry", host.as_str()];

    let check = repository.run(&["--check", insecure[0], insecure[1]]);
    assert_eq!(check.status.code(), Some(1), "{check:?}");
    assert_eq!(repository.read("overlays/prod/web/values.yaml"), values);
    assert_eq!(repository.read("overlays/prod/web/kustomization.yaml"), kustomization);
    let asked = server.asked();
    let tokens = asked.iter().filter(|one| one.starts_with("GET /token")).count();
    assert_eq!(tokens, 1, "a token is for all tags of a repository: {asked:?}");

    let update = repository.run(&["--update", insecure[0], insecure[1]]);
    assert_eq!(update.status.code(), Some(0), "{update:?}");
    let new = digest_of(INDEX);
    let comment = |tag: &str, indentation: &str| {
        format!(
            "{indentation}# The digest is that of `{host}/team/web:{tag}` on 2026-12-01, from\n\
             {indentation}# http://{host}/v2/team/web/manifests/{tag}\n"
        )
    };
    assert_eq!(
        repository.read("overlays/prod/web/values.yaml"),
        format!(
            "# Which one runs.\n#\n{}image: {host}/team/web:1.0@{new} # pinned\n\nchart: \"3.0\"\n{}digest: {new}\n",
            comment("1.0", ""),
            comment("3.0", "")
        )
    );
    assert_eq!(
        repository.read("overlays/prod/web/kustomization.yaml"),
        format!(
            "resources: [web.yaml.j2, chart.yaml.j2]\nimages:\n{}  - name: b\n    newName: {host}/team/web\n    \
             newTag: \"2.0\"\n    digest: {new}\n{}  - name: c\n    newName: {host}/team/web\n    newTag: \"2.1\"\n    \
             digest: {new}\n",
            comment("2.0", "  "),
            comment("2.1", "  ")
        )
    );

    let check = repository.run(&["--check", insecure[0], insecure[1]]);
    assert_eq!(check.status.code(), Some(0), "{check:?}");
    let list = repository.run(&[]);
    assert_eq!(list.status.code(), Some(0), "{list:?}");
}

#[test]
fn what_a_registry_does_wrong_is_said_of_the_line() {
    let server = Server::start(|request, host| match request.path.split('/').nth(2).unwrap() {
        "gone" => Answer::Whole(404, Vec::new(), Vec::new()),
        "private" => Answer::Whole(403, Vec::new(), Vec::new()),
        "broken" => Answer::Whole(500, Vec::new(), Vec::new()),
        "other" | "endless" if request.method == "HEAD" => {
            Answer::Whole(200, Vec::new(), Vec::new())
        }
        "other" => {
            Answer::Whole(200, vec![("Docker-Content-Digest", digest_of(b"other"))], INDEX.to_vec())
        }
        "odd" => {
            Answer::Whole(200, vec![("Docker-Content-Digest", "sha256:abc".into())], Vec::new())
        }
        "later" => Answer::Whole(429, vec![("Retry-After", "86400".into())], Vec::new()),
        "busy" => Answer::Whole(429, vec![("Retry-After", "0".into())], Vec::new()),
        "endless" => Answer::Endless(Vec::new()),
        "silent" => Answer::Silence(Duration::from_mins(1)),
        "loop" => Answer::Whole(307, vec![("Location", request.path.clone())], Vec::new()),
        "elsewhere" => {
            let realm = "Bearer realm=\"http://127.0.0.2:1/token\"".to_owned();
            Answer::Whole(401, vec![("WWW-Authenticate", realm)], Vec::new())
        }
        "tokenless" if request.path.ends_with("/token") => Answer::Endless(Vec::new()),
        "tokenless" => {
            let realm = format!("Bearer realm=\"http://{host}/v2/tokenless/token\"");
            Answer::Whole(401, vec![("WWW-Authenticate", realm)], Vec::new())
        }
        _ => manifest(),
    });
    let images = [
        "gone",
        "private",
        "broken",
        "other",
        "odd",
        "later",
        "busy",
        "endless",
        "silent",
        "loop",
        "elsewhere",
        "tokenless",
        "fine",
    ];
    let tagged: Vec<String> = images.iter().map(|image| format!("{image}:1")).collect();
    let tagged: Vec<&str> = tagged.iter().map(String::as_str).collect();
    let repository = Repository::of_pods(&server.host, &tagged);
    let output =
        repository.run(&["--update", "--insecure-registry", &server.host, "--timeout", "5"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = said(&output);
    for (at, image, what) in [
        (0, "gone", "there is no such tag or image (404)"),
        (1, "private", "the image is not public, or there is none (403)"),
        (2, "broken", "the registry answers 500"),
        (3, "other", "and what it sends is sha256:"),
        (4, "odd", "the registry names `sha256:abc`, which is no digest of SHA-256"),
        (5, "later", "the registry answers 429 Too Many Requests, and asks to wait 86400 s"),
        (6, "busy", "the registry answers 429 Too Many Requests, 3 times"),
        (7, "endless", "the answer has more than 4194304 bytes"),
        (8, "silent", "timeout"),
        (9, "loop", "too many redirects"),
        (10, "elsewhere", "http://127.0.0.2:1/token is not asked, since it has no TLS"),
        (11, "tokenless", "the answer has more than 65536 bytes"),
    ] {
        let place = format!("overlays/prod/web/pods.yaml:{}:14: error: no digest of `", at * 9 + 8);
        let line = said.lines().find(|line| line.contains(&format!("/{image}:1`")));
        let line = line.unwrap_or_else(|| panic!("{image}: {said}"));
        assert!(line.starts_with(&place) && line.contains(what), "{line}\n{what}");
    }
    // What could be found is written all the same.
    let text = repository.read("overlays/prod/web/pods.yaml");
    assert!(text.contains(&format!("/fine:1@{}", digest_of(INDEX))), "{text}");
    assert_eq!(text.matches("@sha256").count(), 1, "{text}");
}

#[test]
fn a_registry_that_asks_for_patience_or_moves_is_followed() {
    let server = Server::start(|request, host| {
        if request.path.starts_with("/v2/patience") {
            static ASKED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            if ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                return Answer::Whole(429, vec![("Retry-After", "1".into())], Vec::new());
            }
        }
        if request.path.starts_with("/v2/moved") {
            return Answer::Whole(
                307,
                vec![("Location", format!("http://{host}/there"))],
                Vec::new(),
            );
        }
        // Some give no digest to HEAD.
        if request.method == "HEAD" {
            return Answer::Whole(200, Vec::new(), Vec::new());
        }
        Answer::Whole(200, Vec::new(), INDEX.to_vec())
    });
    let repository = Repository::of_pods(&server.host, &["patience:1", "moved:1"]);
    let output = repository.run(&["--update", "--insecure-registry", &server.host]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = repository.read("overlays/prod/web/pods.yaml");
    assert_eq!(text.matches(&format!("@{}", digest_of(INDEX))).count(), 2, "{text}");
}

#[test]
fn nothing_is_sent_without_tls_to_a_registry_that_was_not_named() {
    let server = Server::start(|_, _| manifest());
    let repository = Repository::of_pods(&server.host, &["web:1"]);
    let output = repository.run(&["--update", "--timeout", "5"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(server.requests().is_empty(), "{:?}", server.requests());
    assert!(said(&output).contains("error: no digest of"), "{output:?}");
}

#[test]
fn without_being_told_to_nothing_is_asked() {
    let server = Server::start(|_, _| manifest());
    let repository = Repository::of_pods(&server.host, &["web:1"]);
    let output = repository.run(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).contains("no `[[image]]` of xtask.toml says why"), "{output:?}");
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn an_entry_about_nothing_is_told() {
    let host = "registry.example.com";
    for (entry, message) in [
        ("name = \"a/b\"\nreason = \"x\"", "xtask.toml:2:8: no pod runs `a/b`"),
        (
            "name = \"a\"\nobject = \"Pod/b\"\ntag = \"x\"",
            "xtask.toml:2:8: no environment has Pod/b",
        ),
        ("name = \"a\"\nobject = \"Pod\"\ntag = \"x\"", "xtask.toml:3:10: `Pod` is not Kind/name"),
        (
            "name = \"a\"\nobject = \"Pod/web-1\"\ntag = \"spec\"",
            "xtask.toml:4:7: Pod/web-1 of prod has no text at `spec`",
        ),
    ] {
        let repository = Repository::of_pods(host, &["web:1"]);
        fs::write(repository.0.path().join("xtask.toml"), format!("[[image]]\n{entry}\n")).unwrap();
        let output = repository.run(&[]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(said(&output).contains(message), "{output:?}");
    }
}

/// Every image of this repository that production runs has a digest, or a reason.
#[test]
fn the_images_of_this_repository_are_pinned_or_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = run(root, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let unpinned: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|image| image["production"] == true && image["digest"].is_null())
        .map(|image| format!("{}:{}", image["image"], image["tag"]).replace('"', ""))
        .collect();
    assert!(lines.lines().count() > 10, "{lines}");
    assert!(unpinned.iter().all(|image| !image.starts_with("docker.io/library/")), "{unpinned:?}");
}
