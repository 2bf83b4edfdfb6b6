//! `schema add`: custom resource definitions as a bundle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest, Sha256};

use super::super::{
    Context, Verdict,
    context::{counted, note},
    files::write_atomic,
};
use crate::{
    diag::Severity,
    schema::custom::CustomKinds,
    source::{Sources, read_text},
    yaml::{Dialect, parse},
};

/// Import custom resource definitions
///
/// Keeps the structure of their schemas, without descriptions, in xtask/schemas/custom/NAME.json,
/// where NAME is the last part of what `--from` says. All definitions of a project are named in one
/// run: the file is made anew. The definitions that the checked manifests hold need no import.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask schema add crds/*.yaml --from cert-manager --version v1.21.1
  cargo xtask schema add crd.yaml --from https://github.com/traefik/traefik --version v3.7.9")]
pub(super) struct Args {
    /// Files with custom resource definitions; other objects in them are left out
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The project that they are from: its name, or a URL that ends in it
    #[arg(long, value_name = "NAME|URL")]
    from: Option<String>,
    /// The version of the project
    #[arg(long, value_name = "VERSION", default_value = "unknown")]
    version: String,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let mut report = context.report();
    let mut kinds = CustomKinds::default();
    let mut checksums = BTreeMap::new();
    for path in &args.files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(name) = name else { bail!("{} is no file", path.display()) };
        let text = read_text(path).with_context(|| format!("failed to read {}", path.display()))?;
        let sum = Sha256::digest(text.as_bytes());
        let sum = sum.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        if checksums.insert(name.clone(), sum).is_some() {
            bail!("two files are named {name}");
        }
        let mut sources = Sources::default();
        let source = sources.add(path.to_string_lossy(), text);
        let mut diagnostics = Vec::new();
        let documents = parse(&sources, source, Dialect::Config, &mut diagnostics);
        for document in &documents {
            kinds.import(document, &mut diagnostics);
        }
        report.add(&diagnostics, &sources);
    }
    let verdict = context.show(&report);
    if report.worst() == Some(Severity::Error) {
        return Ok(verdict);
    }
    if kinds.is_empty() {
        bail!("there is no CustomResourceDefinition that serves a kind in these files");
    }
    let source = args.from.clone().unwrap_or_else(|| group_of_first(&kinds));
    let name = bundle_name(&source)?;
    let dir = context.root.join("xtask/schemas/custom");
    let file = dir.join(format!("{name}.json"));
    let elsewhere = kinds_elsewhere(&dir, &file)?;
    if let Some(kind) = kinds.iter().find(|kind| elsewhere.contains_key(kind.name())) {
        let other = elsewhere.get(kind.name()).map_or("", String::as_str);
        bail!("{} is in {other} already: remove that file, or name its project", kind.name());
    }
    fs::create_dir_all(&dir).with_context(|| format!("failed to make {}", dir.display()))?;
    let bundle = bundle(&kinds, &checksums, &source, &args.version);
    write_atomic(&file, &bundle)?;
    if context.is_for_people() {
        let count = counted(kinds.iter().count(), "kind");
        let shown = file.strip_prefix(&context.root).unwrap_or(&file);
        note(&format!("imported {count} of {source} {} to {}", args.version, shown.display()));
    }
    Ok(verdict)
}

/// Without a project the group stands for it.
fn group_of_first(kinds: &CustomKinds) -> String {
    let first = kinds.iter().next().map_or("", |kind| kind.name());
    first.split_once('/').map_or("", |(group, _)| group).to_owned()
}

/// The last part of a name or URL.
fn bundle_name(source: &str) -> Result<String> {
    let last = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last = last.trim_end_matches(".git");
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if last.is_empty() || last.starts_with('.') || !last.chars().all(is_safe) {
        bail!("--from {source}: the last part names a file; use letters, digits, `-`, `_` and `.`");
    }
    Ok(last.to_owned())
}

/// The kinds of the other bundles, with their file.
fn kinds_elsewhere(dir: &Path, file: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(dir) else { return Ok(found) };
    let paths: BTreeSet<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for path in paths {
        if path == file || path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let context = || format!("failed to read {}", path.display());
        let text = fs::read_to_string(&path).with_context(context)?;
        let json: serde_json::Value = serde_json::from_str(&text).with_context(context)?;
        let kinds = json.get("kinds").and_then(serde_json::Value::as_object);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        found.extend(kinds.into_iter().flatten().map(|(kind, _)| (kind.clone(), name.to_string())));
    }
    Ok(found)
}

/// JSON with one kind a line, so that a new version shows what it changed.
fn bundle(
    kinds: &CustomKinds,
    checksums: &BTreeMap<String, String>,
    source: &str,
    version: &str,
) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let lines = |entries: Vec<String>| entries.join(",\n");
    let kinds = kinds.iter().map(|kind| format!("{}:{}", quoted(kind.name()), kind.line()));
    let sums = checksums.iter().map(|(name, sum)| format!("{}:{}", quoted(name), quoted(sum)));
    let mut text = String::from("{\n");
    let _ = write!(text, "\"kinds\":{{\n{}\n}},\n", lines(kinds.collect()));
    let _ = write!(text, "\"sha256\":{{\n{}\n}},\n", lines(sums.collect()));
    let _ = write!(text, "\"source\":{},\n\"version\":{}\n}}\n", quoted(source), quoted(version));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_a_kind_a_line_and_says_where_it_is_from() {
        let text = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Thing, plural: things}
  versions:
  - {name: v2, served: true, schema: {openAPIV3Schema: {type: object, description: Words.}}}
  - {name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}
";
        let mut sources = Sources::default();
        let source = sources.add("crd.yaml", text);
        let mut kinds = CustomKinds::default();
        for node in &parse(&sources, source, Dialect::Config, &mut Vec::new()) {
            kinds.import(node, &mut Vec::new());
        }
        let checksums = BTreeMap::from([("crd.yaml".to_owned(), "00ff".to_owned())]);
        let line = r#"{"plural":"things","schema":{"type":"object"},"scope":"Cluster"}"#;
        let expected = format!(
            "{{
\"kinds\":{{
\"example.com/v1/Thing\":{line},
\"example.com/v2/Thing\":{line}
}},
\"sha256\":{{
\"crd.yaml\":\"00ff\"
}},
\"source\":\"things\",
\"version\":\"v1.0\"
}}
"
        );
        assert_eq!(bundle(&kinds, &checksums, "things", "v1.0"), expected);
    }

    #[test]
    fn the_last_part_of_a_source_names_its_file() {
        assert_eq!(bundle_name("cert-manager").unwrap(), "cert-manager");
        assert_eq!(bundle_name("https://example.com/a/traefik.git").unwrap(), "traefik");
        assert_eq!(bundle_name("https://example.com/a/b/").unwrap(), "b");
        for source in ["", "/", "..", "a b", ".x", "a/.git"] {
            assert!(bundle_name(source).is_err(), "{source}");
        }
    }
}
