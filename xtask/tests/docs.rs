//! What the pages of this repository name is there: links, anchors, paths, lines and commands.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure is a failed test")]

#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/markdown.rs"]
mod markdown;
#[path = "docs/tree.rs"]
mod tree;

use std::{path::Path, sync::LazyLock};

use markdown::Subject;
use regex::Regex;
use tree::{Tree, directory, extension};

/// Explanations of diagnostics have examples, whose files are nowhere.
const EXAMPLES: &str = "xtask/src/diag/explain/";

/// What tests are made of: repositories of their own.
const FIXTURES: &str = "xtask/tests/";

fn repository() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Tree::of_git(root, |path| !path.starts_with(FIXTURES))
}

#[test]
fn what_the_pages_name_is_there() {
    let tree = repository();
    let (mut problems, mut pages) = (Vec::new(), 0);
    for (path, text) in tree.texts() {
        if extension(path) != Some("md") {
            continue;
        }
        pages += 1;
        let subject =
            if path.starts_with(EXAMPLES) { Subject::Examples } else { Subject::Repository };
        problems.extend(markdown::check(&tree, path, text, subject));
    }
    assert!(pages > 150, "the pages are not where this test looks");
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn what_comments_name_is_there() {
    let tree = repository();
    let problems: Vec<String> = tree
        .texts()
        .filter(|(path, _)| is_commented(path))
        .flat_map(|(path, text)| in_comments(&tree, path, text))
        .collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn is_commented(path: &str) -> bool {
    let endings =
        [".yaml", ".yml", ".j2", ".py", ".rs", ".toml", ".sh", ".js", ".conf", "Dockerfile"];
    endings.iter().any(|ending| path.ends_with(ending)) || path.starts_with(".ci/")
}

/// What a text that is no page says of pages, and its comments of paths.
fn in_comments(tree: &Tree, path: &str, text: &str) -> Vec<String> {
    static PAGE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:^|[^\w./-])(docs/[\w./-]+\.md(?:#[\w-]+)?)").unwrap());
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut wrong = markdown::wrong_commands(line);
        for found in PAGE.captures_iter(line) {
            if let Err(what) = markdown::target(tree, "", &found[1]) {
                wrong.push(format!("`{}`: {what}", &found[1]));
            }
        }
        if extension(path) != Some("rs")
            && let Some((_, comment)) = line.split_once('#')
        {
            let others = PAGE.replace_all(comment, "");
            wrong.extend(markdown::wrong_paths(tree, &[directory(path), ""], &others));
        }
        problems.extend(wrong.iter().map(|what| format!("{path}:{}: {what}", number + 1)));
    }
    problems
}

/// What is said of the page `docs/page.md` of a small repository.
fn check(page: &str) -> Vec<String> {
    let files = [
        ("README.md", "# Title\n\n## Two words, `code`\n\n## Same\n\n## Same\n"),
        ("base/web/kustomization.yaml", "kind: Kustomization\n"),
        ("base/web/deployment.yaml.j2", "one\ntwo\n"),
        ("overlays/prod/web/kustomization.yaml", "kind: Kustomization\n"),
        ("docs/page.md", page),
        ("docs/decisions/one.md", "# One\n"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
    markdown::check(&Tree::new(files.into_iter()), "docs/page.md", page, Subject::Repository)
}

#[test]
fn what_is_there_is_no_problem() {
    let page = "# Page
[a](../README.md) [b](../README.md#two-words-code) [c](../README.md#same-1) [d](#page) [e](decisions)
[f](../base/web/deployment.yaml.j2#L2) [g](../base/web/deployment.yaml.j2#L1-L2) [h](/README.md#title)
[i](https://example.com/nothing#here) <http://localhost:7777/docs> [j][named] [k] `../elsewhere/x`

[named]: decisions/one.md#one

`base/web`, `base/web/`, `overlays/<env>/<app>/kustomization.yaml`, `overlays/ENV/*`, `base/...`,
`base/web/{kustomization.yaml,deployment.yaml.j2}`, `decisions/one.md`, `base/web/deployment.yaml.j2:2:1`,
`deployment.yaml.j2`, `apps/v1`, `cargo xtask render [ENV...] --check`, `cargo xtask
validate --only policy,schema prod --format json`, `cargo xtask explain ENV KIND/NAME [FIELD]`

```console
$ kubectl apply -k base/web -f overlays/prod/web/kustomization.yaml
  --> base/web/deployment.yaml.j2:1:1
$ kubectl logs -f job/base && cargo xtask build base/web |
    kubectl apply -f -
$ UPDATE_GOLDEN=1 cargo xtask test rust -- golden    # cargo xtask nothing
```
";
    assert_eq!(check(page), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_found_with_its_line() {
    let cases = [
        ("x\n\n[a](../gone.md)", "3: the link `../gone.md`: there is no `gone.md`"),
        ("[a](../base/gone/)", "1: the link `../base/gone/`: there is no `base/gone`"),
        ("[a](../../x.md)", "1: the link `../../x.md`: it leads out of the repository"),
        ("![a](gone.png)", "1: the link `gone.png`: there is no `docs/gone.png`"),
        ("[a](#gone)", "1: the link `#gone`: `docs/page.md` has no heading of this name"),
        (
            "[a](../README.md#same-2)",
            "1: the link `../README.md#same-2`: `README.md` has no heading of this name",
        ),
        (
            "[a](../base/web/deployment.yaml.j2#L3)",
            "1: the link `../base/web/deployment.yaml.j2#L3`: `base/web/deployment.yaml.j2` has lines 1 to 2",
        ),
        (
            "[a](../base/web/kustomization.yaml#kind)",
            "1: the link `../base/web/kustomization.yaml#kind`: `base/web/kustomization.yaml` has lines, \
             and no headings",
        ),
        ("[a][gone]", "1: there is no link of the name `gone`"),
        ("<a href=\"x\">y</a>", "1: a link in HTML is not looked at; write it in Markdown"),
        ("| a |\n|---|\n| `base/gone.yaml` |", "3: there is no `base/gone.yaml`"),
        ("`decisions/gone.md`", "1: there is no `decisions/gone.md`"),
        ("`overlays/<env>/gone`", "1: there is no `overlays/<env>/gone`"),
        ("`overlays/*/web/*.j2`", "1: there is no `overlays/*/web/*.j2`"),
        ("`base/{web,gone}/x`", "1: there is no `base/{web,gone}/x`"),
        ("`gone.yaml`", "1: no file has the name `gone.yaml`"),
        ("`base/web/deployment.yaml.j2:3:1`", "1: `base/web/deployment.yaml.j2` has no line 3"),
        ("```yaml\nx:\n  - base/gone\n```", "3: there is no `base/gone`"),
        ("```console\n$ kubectl apply -k gone\n```", "2: `-k gone` names no kustomization"),
        (
            "```sh\nkubectl diff --filename=gone.yaml\n```",
            "2: `--filename gone.yaml` names no file",
        ),
        ("`cargo xtask gone`", "1: `cargo xtask` has no command `gone`"),
        ("`cargo xtask policy gone`", "1: `cargo xtask policy` has no command `gone`"),
        ("`cargo xtask render --gone`", "1: `cargo xtask render` has no option `--gone`"),
        ("`cargo xtask image --builder gone`", "1: `cargo xtask image --builder` takes no `gone`"),
        ("`cargo xtask test gone`", "1: `cargo xtask test` takes no `gone`"),
        (
            "```console\n$ true &&\\\n   cargo xtask render \\\n   --gone\n```",
            "2: `cargo xtask render` has no option `--gone`",
        ),
    ];
    for (page, problem) in cases {
        assert_eq!(check(page), [format!("docs/page.md:{problem}")], "{page}");
    }
}

#[test]
fn what_a_comment_names_and_is_missing_is_found() {
    let files = [("docs/a.md", "# A\n"), ("base/web/x.yaml", "")];
    let tree =
        Tree::new(files.map(|(path, text)| (path.to_owned(), Some(text.to_owned()))).into_iter());
    let text = "# docs/a.md#a, base/web/x.yaml (docs/a.md) https://example.com/docs/b.md\n\
                a: b # docs/b.md\n# docs/a.md#b and base/gone.\n";
    assert_eq!(
        in_comments(&tree, "base/web/x.yaml", text),
        [
            "base/web/x.yaml:2: `docs/b.md`: there is no `docs/b.md`",
            "base/web/x.yaml:3: `docs/a.md#b`: `docs/a.md` has no heading of this name",
            "base/web/x.yaml:3: there is no `base/gone`",
        ]
    );
}
