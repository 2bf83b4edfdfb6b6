//! `policy lint`: what can be said of a constraint template without an object.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use super::super::{Context, Verdict, context::counted, note, reading};
use crate::{
    diag::{Code as Rule, Diagnostic, codes},
    policy::{
        client::{Code, Driver},
        rego::{self, lint},
        template::Template,
    },
    resource::{hide_broken_secrets, hide_secrets},
    source::{Sources, normalize},
    yaml::{Dialect, Node, parse, span_within},
};

/// Check constraint templates without running them
///
/// An error is what Gatekeeper refuses, or what keeps its code from working; a warning is what it
/// accepts and is still wrong, and a template that no suite tests.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask policy lint
  cargo xtask policy lint policies/image-digest
  cargo xtask policy lint template.yaml --strict")]
pub(super) struct Args {
    /// Files, and directories to look through; by default `policies`
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let default = [context.root.join("policies")];
    let paths = if args.paths.is_empty() { &default[..] } else { &args.paths };
    let (mut sources, mut diagnostics) = (Sources::default(), Vec::new());
    let mut files = Vec::new();
    for path in paths {
        files.extend(read(path, context, &mut sources, &mut diagnostics)?);
    }
    let tested: BTreeSet<PathBuf> = files.iter().flat_map(File::tested).collect();
    let mut templates = 0;
    for file in &files {
        for node in file.documents.iter().filter(|node| Template::is(node)) {
            templates += 1;
            check(node, &sources, &mut diagnostics);
            if file.is_found && !tested.contains(&file.path) {
                diagnostics.push(untested(node));
            }
        }
    }
    if templates == 0 && diagnostics.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("there is no constraint template in {}", paths.join(", "));
    }
    let mut report = context.report();
    report.add(&diagnostics, &sources);
    let verdict = context.publish(&report)?;
    if context.is_for_people() {
        note(&format!("checked {}", counted(templates, "template")));
    }
    Ok(verdict)
}

/// A file with its documents.
struct File {
    /// Absolute.
    path: PathBuf,
    documents: Vec<Node>,
    /// Whether it was found in a directory, where its suite would be found too.
    is_found: bool,
}

impl File {
    /// The files of the templates that a suite tests.
    fn tested(&self) -> Vec<PathBuf> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let suites = self.documents.iter().filter(|node| node.text_at(&["kind"]) == Some("Suite"));
        let tests = suites.filter_map(|suite| suite.get("tests")?.as_sequence()).flatten();
        let templates = tests.filter_map(|test| test.text_at(&["template"]));
        templates.map(|template| normalize(&directory.join(template))).collect()
    }
}

/// The YAML files at a path.
fn read(
    path: &Path,
    context: &Context,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<File>> {
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    let mut files = Vec::new();
    for (path, depth) in reading::yaml_files(path) {
        let absolute = normalize(&std::path::absolute(&path)?);
        let shown = absolute.strip_prefix(&context.root).unwrap_or(&absolute).to_string_lossy();
        let bytes = reading::read(&path);
        let Some(text) = reading::text(&shown, bytes, sources, diagnostics) else { continue };
        let source = sources.add(shown, text);
        // Warnings are for whoever deploys the file; `gator` reads suites as YAML 1.2.
        let mut wrong = Vec::new();
        let documents = parse(sources, source, Dialect::Resource, &mut wrong);
        hide_broken_secrets(sources, &wrong);
        for document in &documents {
            hide_secrets(sources, document);
        }
        diagnostics.extend(wrong.into_iter().filter(Diagnostic::is_error));
        files.push(File { path: absolute, documents, is_found: depth > 0 });
    }
    Ok(files)
}

fn check(node: &Node, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let code = match Code::new(node, Driver::Both, sources) {
        Ok(code) => code,
        Err(wrong) => return out.extend(wrong),
    };
    let Some(written) = &code.template.rego else { return };
    for finding in lint(&written.source(code.template.name())) {
        let problem = finding.problem;
        let span = span_within(sources, written.text(problem.text), problem.range);
        let diagnostic = Diagnostic::warning(rule(finding.rule), problem.message, span);
        out.push(diagnostic);
    }
}

/// The code of a rule.
fn rule(rule: rego::Rule) -> Rule {
    match rule {
        rego::Rule::Deprecated => codes::POLICY_REGO_DEPRECATED,
        rego::Rule::Impure => codes::POLICY_REGO_IMPURE,
        rego::Rule::NoMessage => codes::POLICY_REGO_NO_MESSAGE,
        rego::Rule::Regex => codes::POLICY_REGO_REGEX,
        rego::Rule::Sprintf => codes::POLICY_REGO_SPRINTF,
        rego::Rule::Unused => codes::POLICY_REGO_UNUSED,
    }
}

fn untested(node: &Node) -> Diagnostic {
    let name = node.at(&["metadata", "name"]);
    let message = format!(
        "no suite tests the template `{}`",
        name.and_then(Node::as_str).unwrap_or_default()
    );
    Diagnostic::warning(codes::POLICY_NO_SUITE, message, name.unwrap_or(node).span)
        .with_help("add a `suite.yaml` beside it, with a case that is denied and one that is not")
}
