//! The order of the modules: each may use only those before it.

use std::{fmt::Write, fs, path::Path};

use walkdir::WalkDir;

/// From the lowest to the highest. The modules of one row never use each other.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["diag"],
    &["config"],
    &["yaml"],
    &["resource"],
    &["formats"],
    &["cel"],
    &["admission"],
    &["template"],
    &["kustomize"],
    &["repository"],
    &["cluster"],
    &["schema", "reference", "trap", "policy", "network", "diff"],
    &["commands"],
];

#[test]
fn modules_use_only_those_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = String::new();
    let mut files = 0;
    for entry in WalkDir::new(&src).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let below = path.strip_prefix(&src).unwrap().to_owned();
        let Some(parts) = module_path(&below) else { continue };
        let Some(module) = parts.first() else { continue };
        files += 1;
        let Some(rank) = rank(module) else {
            let _ = writeln!(wrong, "src/{}: `{module}` is not in LAYERS", below.display());
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for (line, used) in uses(&text, parts.len()) {
            if used != *module && self::rank(&used).is_some_and(|used| used >= rank) {
                let place = below.display();
                let _ = writeln!(wrong, "src/{place}:{line}: `{module}` must not use `{used}`");
            }
        }
    }
    assert!(files > 10, "the modules are not where this test looks");
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// `["diag", "render"]` for `diag/render.rs`; the crate's own two files have no parts.
fn module_path(file: &Path) -> Option<Vec<String>> {
    let mut parts: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if file.extension()? != "rs" {
        return None;
    }
    parts.pop_if(|last| last == "mod");
    if parts.len() == 1 && parts.iter().all(|part| part == "lib" || part == "main") {
        parts.clear();
    }
    Some(parts)
}

/// The top-level modules that a text names, with the line. `depth` is how many `super` lead from it
/// to the root of the crate.
fn uses(text: &str, depth: usize) -> Vec<(usize, String)> {
    let code: String = text
        .split_inclusive('\n')
        .map(|line| {
            let code = line.split_once("//").map_or(line, |(code, _)| code);
            if code.len() < line.len() { format!("{code}\n") } else { code.to_owned() }
        })
        .collect();
    let root = ["super::".repeat(depth), "crate::".to_owned()];
    let mut found = Vec::new();
    for prefix in &root {
        for (at, _) in code.match_indices(prefix.as_str()) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let after = at + prefix.len();
            for (offset, name) in names(&code[after..]) {
                let line = code[..after + offset].matches('\n').count() + 1;
                found.push((line, name));
            }
        }
    }
    found.sort();
    found
}

/// The first names of a path: of `{a, b::{c}}` they are `a` and `b`.
fn names(path: &str) -> Vec<(usize, String)> {
    let name = |at: usize| -> (usize, String) {
        let rest = path[at..].chars();
        (at, rest.take_while(|c| c.is_alphanumeric() || *c == '_').collect())
    };
    if !path.starts_with('{') {
        return vec![name(0)];
    }
    let (mut depth, mut names, mut expected) = (0, Vec::new(), false);
    for (at, c) in path.char_indices() {
        match c {
            '{' => {
                depth += 1;
                expected = depth == 1;
            }
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' => expected = depth == 1,
            c if expected && (c.is_alphanumeric() || c == '_') => {
                names.push(name(at));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn every_form_of_a_use_is_seen() {
    let seen = |text: &str, depth| {
        uses(text, depth)
            .into_iter()
            .map(|(line, name)| format!("{line} {name}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        seen("use crate::diag::Code;\nfn f(x: crate::yaml::Node) {}", 1),
        ["1 diag", "2 yaml"]
    );
    let group = "use crate::{\n    diag::{self, codes},\n    source,\n};\n";
    assert_eq!(seen(group, 1), ["2 diag", "3 source"]);
    assert_eq!(seen("// crate::diag\n/// [`crate::yaml`]\n", 1), Vec::<String>::new());
    assert_eq!(seen("use super::super::yaml;", 2), ["1 yaml"]);
    assert_eq!(seen("use super::yaml;", 2), Vec::<String>::new());
    assert_eq!(seen("use super::{yaml, diag::Code};", 1), ["1 diag", "1 yaml"]);
}
