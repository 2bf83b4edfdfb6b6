//! The reverse question: which fields of which environments a line sets.

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{
    super::{
        Context, Verdict,
        context::{counted, note, print, table},
    },
    show::{cut, each_field, value},
    show_errors,
};
use crate::{
    diag::{Format, did_you_mean},
    repository::{Built, Overlay, build_all},
    resource::{Layer, Resource, Step},
    source::{Sources, Span, normalize, relative_to},
    yaml::FieldPath,
};

/// A line of a file of the repository.
struct Line {
    /// Relative to the repository, as messages name it.
    path: String,
    /// From one.
    number: u32,
}

/// A field that has something to do with the line.
struct Use<'a> {
    overlay: &'a Overlay,
    resource: &'a Resource,
    field: FieldPath,
    /// The value that the line gives the field.
    value: String,
    /// Where the value that won is written, if it is not the one of the line.
    overridden_at: Option<String>,
    /// What made the line count; `None` for a resource as it is written.
    step: Option<String>,
    reach: Reach,
}

/// How near the line is to what sets the field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The value is written on the line, or what asks for it begins there.
    Line,
    /// What asks for the value goes on over the line.
    Entry,
}

pub(super) fn run(file: &str, selected: Vec<Overlay>, context: &Context) -> Result<Verdict> {
    let line = find(file, context)?;
    let built = build_all(&context.root, selected, |built| built);
    if let Some(failed) = show_errors(&built, context) {
        return Ok(failed);
    }
    if !built.iter().any(|one| one.sources.has(&line.path)) {
        let paths = built.iter().flat_map(|one| one.sources.paths());
        let hint = did_you_mean(&line.path, paths).map(|hint| format!("; {hint}"));
        bail!("no overlay reads {}{}", line.path, hint.unwrap_or_default());
    }
    let mut uses: Vec<Use<'_>> = built.iter().flat_map(|one| uses(one, &line)).collect();
    // A literal of a generator or a line of an inline patch is one thing; the entry that it is in
    // is meant where the line itself sets nothing.
    if uses.iter().any(|one| one.reach == Reach::Line) {
        uses.retain(|one| one.reach == Reach::Line);
    }
    if context.format == Format::Json {
        print(&uses.iter().map(Use::json).collect::<String>())?;
    } else if uses.is_empty() {
        note(&format!("{}:{} sets no field", line.path, line.number));
    } else {
        print(&shown(&uses))?;
    }
    Ok(Verdict::Clean)
}

/// The line that `FILE:LINE` or `FILE:LINE:COLUMN` names; the file may also be given from the
/// current directory.
fn find(text: &str, context: &Context) -> Result<Line> {
    let malformed = || format!("`{text}` is not FILE:LINE: base/web/deployment.yaml:21");
    let (head, last) = text.rsplit_once(':').with_context(malformed)?;
    let number = |text: &str| text.parse::<u32>().ok().filter(|&number| number > 0);
    let before = head.rsplit_once(':').and_then(|(path, line)| Some((path, number(line)?)));
    let (path, number) = match (before, number(last)) {
        (Some((path, line)), Some(_)) => (path, line),
        (None, Some(line)) => (head, line),
        (_, None) => bail!(malformed()),
    };
    let current = std::env::current_dir().context("failed to find the current directory")?;
    let candidates = [context.root.join(path), current.join(path)];
    let found = candidates.iter().map(|path| normalize(path)).find(|path| path.is_file());
    let found = found.with_context(|| format!("there is no file {path}"))?;
    let text = fs::read(&found).with_context(|| format!("failed to read {path}"))?;
    let lines = String::from_utf8_lossy(&text).lines().count();
    if number as usize > lines {
        bail!("{path} has {}, and not line {number}", counted(lines, "line"));
    }
    Ok(Line { path: relative_to(&found, &context.root), number })
}

/// The fields of one overlay.
fn uses<'a>(built: &'a Built, line: &Line) -> Vec<Use<'a>> {
    let mut uses = Vec::new();
    let Some(build) = &built.build else { return uses };
    for resource in &build.resources {
        let trail = [&resource.node];
        let root = FieldPath::root();
        each_field(&trail, &root, &build.origins, &built.sources, &mut |field, layers| {
            let near = |reach| {
                let found = touched(&layers, line, reach, &built.sources);
                found.map(|found| (reach, found))
            };
            let found = near(Reach::Line).or_else(|| near(Reach::Entry));
            if let Some((reach, (at, layer, overridden_by))) = found {
                let step = match &layer.step {
                    _ if at == Place::Value => Some("values".to_owned()),
                    step => step.map(|step| step.to_string()),
                };
                uses.push(Use {
                    overlay: &built.overlay,
                    resource,
                    field: field.clone(),
                    value: value(resource.is_secret(), field, layer),
                    overridden_at: overridden_by.map(|layer| built.sources.locate(layer.span)),
                    step,
                    reach,
                });
            }
        });
    }
    uses
}

/// How a line takes part in a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The value is written there, or the step is asked for there.
    Layer,
    /// A template prints a value that is written there.
    Value,
}

/// The newest layer that the line sets, and the layer that overrode it.
fn touched<'a>(
    layers: &'a [Layer],
    line: &Line,
    reach: Reach,
    sources: &Sources,
) -> Option<(Place, &'a Layer, Option<&'a Layer>)> {
    let newest = layers.first()?;
    for (depth, layer) in layers.iter().enumerate() {
        let over = (depth > 0).then_some(newest);
        let asked = layer.via.is_some_and(|via| is_at(via, line, reach, sources));
        // What a generator makes up itself has the place of its whole entry.
        let made_up = layer.via == Some(layer.span)
            && matches!(layer.step, Some(Step::Generator | Step::NameHash | Step::NameReference));
        let written = if made_up { reach } else { Reach::Entry };
        if asked || is_at(layer.span, line, written, sources) {
            return Some((Place::Layer, layer, over));
        }
        for chain in &layer.values {
            for (nth, printed) in chain.iter().enumerate() {
                if is_at(printed.span, line, Reach::Entry, sources) {
                    return Some((
                        Place::Value,
                        printed,
                        over.or(chain.first().filter(|_| nth > 0)),
                    ));
                }
            }
        }
    }
    None
}

/// Whether a text begins on the line or, with [`Reach::Entry`], has a part there.
fn is_at(span: Span, line: &Line, reach: Reach, sources: &Sources) -> bool {
    let source = sources.get(span.source);
    if source.path != line.path {
        return false;
    }
    let (first, end) = (source.line_col(span.start), source.line_col(span.end));
    if reach == Reach::Line {
        return first.line == line.number;
    }
    // A block of text ends at the beginning of the line after it.
    let last = if end.col == 1 && end.line > first.line { end.line - 1 } else { end.line };
    (first.line..=last).contains(&line.number)
}

impl Use<'_> {
    fn json(&self) -> String {
        let id = self.resource.id();
        let line = json!({
            "env": self.overlay.env,
            "app": self.overlay.app,
            "kind": id.gvk.kind.as_str(),
            "namespace": id.namespace.as_str(),
            "name": id.name.as_str(),
            "field": self.field.to_string(),
            "value": self.value,
            "step": self.step,
            "overridden_at": self.overridden_at,
        });
        format!("{line}\n")
    }
}

fn shown(uses: &[Use<'_>]) -> String {
    let header = ["OVERLAY", "OBJECT", "FIELD", "VALUE", "BY"].map(str::to_owned);
    let rows = uses.iter().map(|one| {
        let id = one.resource.id();
        let step = one.step.as_deref().unwrap_or("resource");
        vec![
            format!("{}/{}", one.overlay.env, one.overlay.app),
            format!("{}/{}", id.gvk.kind, id.name),
            one.field.to_string(),
            cut(&one.value),
            match &one.overridden_at {
                Some(place) => format!("{step}, overridden at {place}"),
                None => step.to_owned(),
            },
        ]
    });
    table(&std::iter::once(header.to_vec()).chain(rows).collect::<Vec<_>>())
}
