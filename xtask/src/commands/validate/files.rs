//! Manifests that are files, whatever made them.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail};
use rayon::prelude::*;
use walkdir::WalkDir;

use super::{
    super::{Context, Settings, reading},
    Counts,
    graph::{self, Asked},
};
use crate::{
    cluster::{Cluster, Object, World},
    diag::{Diagnostic, Report, Severity, codes},
    kustomize::FILE_NAMES,
    policy::of_tests,
    resource::{hide_broken_secrets, hide_secrets},
    schema::{Store, custom::CustomKinds},
    source::{FileError, MAX_FILE_BYTES, Sources, Span},
    yaml::{Dialect, Node, escape_json, parse},
};

/// Files are read as kubectl reads them, to which `yes` is a boolean.
const DIALECT: Dialect = Dialect::Config;

/// What came of some files.
pub(super) struct Checked {
    pub report: Report,
    pub counts: Counts,
    /// A JSON object a file and line.
    pub verdicts: String,
}

/// A file to read.
struct Input {
    /// As it is shown.
    name: String,
    /// None for the standard input.
    path: Option<PathBuf>,
    /// Whether it gives its text only once: the standard input, a pipe.
    is_stream: bool,
}

/// What files are checked with.
pub(super) struct Check<'a> {
    pub context: &'a Context,
    pub store: &'a Store,
    pub asked: &'a Asked,
    /// If the objects are checked against each other too, for which all of them are kept in memory.
    pub together: Option<&'a Settings>,
}

/// Checks the objects of files, and of the YAML and JSON files in directories.
pub(super) fn check(paths: &[PathBuf], check: &Check<'_>) -> Result<Checked> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input { name: "-".to_owned(), path: None, is_stream: true });
            continue;
        }
        if !path.exists() {
            bail!("there is no {}, and no environment of that name", path.display());
        }
        if FILE_NAMES.iter().any(|name| path.join(name).is_file()) {
            let directory = path.display();
            bail!(
                "{directory} is a kustomization, whose files are no manifests by themselves: name \
                 its environment, or check what it builds with `cargo xtask build {directory} | \
                 cargo xtask validate -`"
            );
        }
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let (path, is_stream) = match entry {
                Ok(entry) if entry.file_type().is_dir() => continue,
                Ok(entry) => {
                    let is_named = entry.depth() == 0;
                    if !is_named && !is_manifest(entry.path()) {
                        continue;
                    }
                    // Whoever names a pipe writes to it. One that is found may never be written to.
                    let is_stream = is_named && !entry.file_type().is_file();
                    (entry.into_path(), is_stream)
                }
                // What a link to a directory around it leads to is looked at anyway.
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => match error.path() {
                    Some(other) if is_manifest(other) || other.is_dir() => {
                        (other.to_owned(), false)
                    }
                    Some(_) if error.depth() > 0 => continue,
                    _ => bail!("failed to list {}: {error}", path.display()),
                },
            };
            let name = path.to_string_lossy().into_owned();
            inputs.push(Input { name, path: Some(path), is_stream });
        }
    }
    let first = |input| first(input, check);
    let mut results: Vec<First> = inputs.par_iter().map(first).collect();
    // The order of the files decides, not the order in which they were read.
    let mut custom = CustomKinds::default();
    for one in &results {
        custom.merge(&one.custom);
    }
    let store = check.store.with_custom(custom);
    inputs.par_iter().zip(&mut results).for_each(|(input, one)| {
        if one.has_custom_objects {
            second(input, check, &store, one);
        }
    });
    let mut checked = Checked {
        report: check.context.report(),
        counts: Counts { files: inputs.len(), ..Counts::default() },
        verdicts: String::new(),
    };
    if let Some(settings) = check.together {
        against_each_other(&inputs, &results, check.asked, settings, &mut checked.report);
    }
    for (input, First { report, objects, .. }) in inputs.iter().zip(results) {
        checked.counts.objects += objects;
        let ok = report.worst() != Some(Severity::Error);
        checked.verdicts.push_str("{\"file\": ");
        escape_json(&input.name, &mut checked.verdicts);
        checked.verdicts.push_str(if ok { ", \"ok\": true}\n" } else { ", \"ok\": false}\n" });
        checked.report.merge(report);
    }
    Ok(checked)
}

/// Checks the objects of all files as if they were applied to one cluster, in which there may be
/// others.
fn against_each_other(
    inputs: &[Input],
    results: &[First],
    asked: &Asked,
    settings: &Settings,
    report: &mut Report,
) {
    let (mut found, mut units) = (Vec::new(), Vec::new());
    for (input, one) in inputs.iter().zip(results) {
        let Some(Kept { sources, documents }) = &one.kept else { continue };
        let unit = units.len();
        units.push(sources);
        for document in documents {
            objects(document, &mut |node| found.push(Object::new(node, unit, &input.name)));
        }
    }
    let cluster = settings.declare(Cluster::new("", World::Open, found));
    report.add_across(&graph::check(&[cluster], &units, asked).diagnostics, &units);
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// What the first look at a file finds.
struct First {
    report: Report,
    objects: usize,
    /// The kinds that it defines.
    custom: CustomKinds,
    /// Whether it has objects whose kind another file may define.
    has_custom_objects: bool,
    /// The text of what cannot be read again.
    text: Option<Arc<str>>,
    /// What was read, if it is looked at once more.
    kept: Option<Kept>,
}

/// What was read of a file.
struct Kept {
    sources: Sources,
    documents: Vec<Node>,
}

/// Checks a file as far as it can be without the others. Unless it is to be kept it is gone after
/// that: thousands of files need the memory of a few. One with objects of custom kinds is read
/// again.
fn first(input: &Input, check: &Check<'_>) -> First {
    let Check { context, store, .. } = check;
    let has_schema = check.asked.areas.has("schema");
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let text = read_input(input, &mut sources, &mut diagnostics);
    let documents = parse_text(input, &text, check, &mut sources, &mut diagnostics);
    let mut one = First {
        report: context.report(),
        objects: 0,
        custom: CustomKinds::default(),
        has_custom_objects: false,
        text: None,
        kept: None,
    };
    for document in &documents {
        objects(document, &mut |node| {
            one.objects += 1;
            if !has_schema {
                return;
            }
            one.custom.add(node, &mut diagnostics);
            let may_be_custom = store.may_be_custom(node);
            one.has_custom_objects |= may_be_custom;
            if !may_be_custom {
                store.check(node, &mut diagnostics);
            }
        });
        malformed(document, &mut diagnostics);
    }
    one.report.add(&diagnostics, &sources);
    if check.together.is_some() {
        one.kept = Some(Kept { sources, documents });
    } else if one.has_custom_objects && input.is_stream {
        one.text = Some(text);
    }
    one
}

/// The text of an input. One that is no text is empty, which is reported.
fn read_input(input: &Input, sources: &mut Sources, diagnostics: &mut Vec<Diagnostic>) -> Arc<str> {
    let bytes = match &input.path {
        None => read_stream(io::stdin().lock()),
        Some(path) if input.is_stream => {
            File::open(path).map_err(FileError::from).and_then(read_stream)
        }
        Some(path) => reading::read(path),
    };
    reading::text(&input.name, bytes, sources, diagnostics).map_or_else(Arc::default, Arc::from)
}

/// What a stream gives, which may have no end.
fn read_stream(stream: impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    stream.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    let length = bytes.len() as u64;
    if length > MAX_FILE_BYTES { Err(FileError::TooLarge(length)) } else { Ok(bytes) }
}

fn parse_text(
    input: &Input,
    text: &Arc<str>,
    check: &Check<'_>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let source = sources.add(input.name.as_str(), Arc::clone(text));
    let before = diagnostics.len();
    let documents = parse(sources, source, DIALECT, diagnostics);
    hide_broken_secrets(sources, diagnostics);
    for document in &documents {
        hide_secrets(sources, document);
    }
    let first = documents.first().filter(|_| !check.context.verdicts);
    if first.is_none_or(|document| !of_tests::is(document, &input.name)) {
        return documents;
    }
    // No API server reads it, and `gator` reads it otherwise.
    let mut wrong = Vec::new();
    let documents = parse(sources, source, Dialect::Resource, &mut wrong);
    wrong.retain(Diagnostic::is_error);
    diagnostics.splice(before.., wrong);
    let (of_tests, objects) =
        documents.into_iter().partition::<Vec<_>, _>(|one| of_tests::is(one, &input.name));
    for document in of_tests.iter().filter(|_| check.asked.areas.has("policy")) {
        of_tests::check(document, diagnostics);
    }
    objects
}

/// Checks what the first look has left.
fn second(input: &Input, check: &Check<'_>, store: &Store, one: &mut First) {
    let mut diagnostics = Vec::new();
    let read;
    let Kept { sources, documents } = if let Some(kept) = &one.kept {
        kept
    } else {
        let mut sources = Sources::default();
        // What is wrong with the text has been told.
        let mut told = Vec::new();
        let text = match one.text.take() {
            Some(text) => text,
            None => read_input(input, &mut sources, &mut told),
        };
        let documents = parse_text(input, &text, check, &mut sources, &mut told);
        read = Kept { sources, documents };
        &read
    };
    for document in documents {
        objects(document, &mut |node| {
            if store.may_be_custom(node) {
                store.check(node, &mut diagnostics);
            }
        });
    }
    let mut report = check.context.report();
    report.add(&diagnostics, sources);
    one.report.merge(report);
}

/// Calls `look` with each object of a document, which may be a list of objects.
fn objects<'a>(node: &'a Node, look: &mut impl FnMut(&'a Node)) {
    match items(node) {
        Some(items) => items.iter().for_each(|item| objects(item, look)),
        None if missing(node).is_none() => look(node),
        None => {}
    }
}

/// Reports what is no object, in a document or in its list.
fn malformed(node: &Node, out: &mut Vec<Diagnostic>) {
    if let Some(items) = items(node) {
        for item in items {
            malformed(item, out);
        }
        return;
    }
    if let Some(key) = missing(node) {
        let message = format!("`{key}` is missing, so that this is no Kubernetes object");
        let span = Span { end: node.span.start, ..node.span };
        out.push(Diagnostic::error(codes::RESOURCE_MALFORMED, message, span));
    }
}

/// The items of a list of objects.
fn items(node: &Node) -> Option<&[Node]> {
    let is_list =
        node.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    node.get("items").and_then(Node::as_sequence).filter(|_| is_list)
}

/// What an object must have and this does not.
fn missing(node: &Node) -> Option<&'static str> {
    let is_empty = |key| node.get(key).and_then(Node::as_str).is_none_or(str::is_empty);
    ["apiVersion", "kind"].into_iter().find(|key| is_empty(*key))
}
