//! What is wrong with a template, for its author.
//!
//! Invariant: no message shows a value, which may be a secret.

use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::{
    engine::{FUEL, MAX_OUTPUT},
    expression::{Names, Path, paths, tag_at, tags},
    values::{ENVIRONMENT, Values, keys},
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    source::{SourceId, Span},
    yaml::{Node, Text},
};

/// Statements that would read another file.
const OF_OTHER_FILES: [&str; 5] = ["include", "import", "from", "extends", "block"];

/// The diagnostic for an error of minijinja.
pub(super) fn diagnostic(
    error: &Error,
    template: SourceId,
    text: &str,
    values: &Values,
    names: &Names,
) -> Diagnostic {
    let range = error.range().filter(|range| range.end <= text.len()).unwrap_or_else(|| {
        let line = error.line().unwrap_or(1).max(1);
        let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        start..start
    });
    let span = span(template, &range);
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError => undefined(detail, template, text, &range, values, names),
        ErrorKind::SyntaxError => syntax(detail, span),
        ErrorKind::OutOfFuel => Diagnostic::error(
            codes::TEMPLATE_OUT_OF_FUEL,
            format!("the template takes more than {FUEL} steps"),
            span,
        )
        .with_help("a loop may be endless, or far larger than it should be"),
        ErrorKind::WriteFailure => too_large(span),
        ErrorKind::BadEscape => {
            let expression = text.get(range).unwrap_or("");
            let path =
                paths(expression).into_iter().next().filter(|path| !names.binds(first(path)));
            let value = path.and_then(|path| find(&path.keys, values).ok()).map(|node| node.span);
            unsafe_string(detail, span, value)
        }
        // minijinja puts both numbers into this one.
        _ if detail.starts_with("unable to calculate") => Diagnostic::error(
            codes::TEMPLATE_ERROR,
            "this cannot be calculated: the result is too large, or no number",
            span,
        ),
        kind if detail.is_empty() => {
            Diagnostic::error(codes::TEMPLATE_ERROR, kind.to_string(), span)
        }
        _ => Diagnostic::error(codes::TEMPLATE_ERROR, detail.to_owned(), span),
    }
}

fn syntax(detail: &str, span: Span) -> Diagnostic {
    let statement = detail.strip_prefix("unknown statement ").unwrap_or("");
    if OF_OTHER_FILES.contains(&statement) {
        let message = format!("`{statement}` is not supported: a template is one file");
        return Diagnostic::error(codes::TEMPLATE_SYNTAX, message, span)
            .with_help("list the other file under `resources`");
    }
    Diagnostic::error(codes::TEMPLATE_SYNTAX, detail.to_owned(), span)
}

/// A diagnostic for an output that is too long.
pub(super) fn too_large(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::TEMPLATE_TOO_LARGE,
        format!("the template renders to more than {} MiB", MAX_OUTPUT / (1024 * 1024)),
        span,
    )
    .with_help("a loop may repeat more than it should; large data belongs in a file of a generator")
}

/// A diagnostic for a value that does not mean itself where it is printed.
pub(super) fn unsafe_string(problem: &str, span: Span, value: Option<Span>) -> Diagnostic {
    unsafe_print(problem, span, value)
        .with_help("print it with `| quote`, `| tojson` or, for several lines, `| indent(n)`")
}

/// A diagnostic for a value in quotes that are not the outermost ones of a string.
pub(super) fn unsafe_quotes(problem: &str, span: Span, value: Option<Span>) -> Diagnostic {
    unsafe_print(problem, span, value)
        .with_help("print it without a filter and put quotes around the whole string")
}

fn unsafe_print(problem: &str, span: Span, value: Option<Span>) -> Diagnostic {
    let message = format!("the value that is printed here is not safe in YAML: {problem}");
    let diagnostic = Diagnostic::error(codes::TEMPLATE_UNSAFE_VALUE, message, span);
    match value {
        Some(value) => diagnostic.with_related(value, "the value is set here"),
        None => diagnostic,
    }
}

/// A diagnostic for what is undefined: how far the path leads, and what is there.
fn undefined(
    detail: &str,
    template: SourceId,
    text: &str,
    range: &Range<usize>,
    values: &Values,
    names: &Names,
) -> Diagnostic {
    let Some(path) = culprit(detail, text, range, values, names) else {
        let message = "this is undefined";
        return Diagnostic::error(codes::TEMPLATE_UNDEFINED, message, span(template, range));
    };
    let at = span(template, &path.range);
    if is_without_environment(&path, values, names) {
        let message = format!("`{ENVIRONMENT}` is undefined outside of `overlays/<env>/<app>`");
        return Diagnostic::error(codes::TEMPLATE_UNDEFINED, message, at).with_help(
            "it is the name and the applications of `overlays/<env>`: build an overlay",
        );
    }
    let message = format!("`{}` is undefined", shown(&path.keys));
    let diagnostic = Diagnostic::error(codes::TEMPLATE_UNDEFINED, message, at);
    let here = tag_at(text, range.start).is_none_or(|tag| tag.contains(&path.range.start));
    let diagnostic = if here {
        diagnostic
    } else {
        diagnostic.with_related(span(template, range), "it is used here")
    };
    if names.binds(first(&path)) {
        return diagnostic;
    }
    let Err((known, node)) = find(&path.keys, values) else { return diagnostic };
    let Some(missing) = path.keys.get(known) else { return diagnostic };
    let parent = shown(path.keys.get(..known).unwrap_or_default());
    let of = if known == 0 { "the values have".to_owned() } else { format!("`{parent}` has") };
    let diagnostic = if known > 0 {
        let first = node.as_mapping().and_then(|map| map.iter().next());
        let at = first.map_or(node.span, |entry| entry.key_span);
        diagnostic.with_related(at, format!("{of} its values here"))
    } else {
        diagnostic
    };
    if node.as_mapping().is_none() && known > 0 {
        return diagnostic.with_help(format!("`{parent}` is {}", node.describe()));
    }
    let there = node.as_mapping().map(keys).unwrap_or_default();
    let there: Vec<&str> = there.iter().map(Text::as_str).collect();
    match did_you_mean(missing, there.iter().copied()) {
        Some(help) => diagnostic.with_help(help),
        None if there.is_empty() => {
            diagnostic.with_help(format!("{of} no keys; add `{missing}` to a `values.yaml`"))
        }
        None => diagnostic.with_help(format!("{of}: {}", there.join(", "))),
    }
}

/// Whether a path leads to the environment, and the build is of none.
fn is_without_environment(path: &Path, values: &Values, names: &Names) -> bool {
    first(path) == ENVIRONMENT
        && !names.binds(ENVIRONMENT)
        && values.root().get(ENVIRONMENT).is_none()
}

/// The path that is undefined. minijinja names it where it knows it; a filter of ours does not,
/// and then it is the first one of the tag that leads nowhere.
fn culprit(
    detail: &str,
    text: &str,
    range: &Range<usize>,
    values: &Values,
    names: &Names,
) -> Option<Path> {
    let tag = tag_at(text, range.start).unwrap_or_else(|| range.clone());
    let near = paths_in(text, &tag);
    let named = detail.split_once('`').and_then(|(_, rest)| rest.split_once("` is undefined"));
    if let Some(named) = named.and_then(|(named, _)| paths(named).into_iter().next()) {
        let same = |path: &&Path| path.keys.starts_with(&named.keys);
        let inside = |path: &&Path| path.range.start >= range.start;
        let found = near.iter().find(|path| same(path) && inside(path));
        // It may have got its name in another tag, with `set` or as an argument.
        let earlier: Vec<Path> = match found.or_else(|| near.iter().rfind(same)) {
            Some(found) => vec![found.clone()],
            None => tags(text)
                .filter(|tag| tag.end <= range.start)
                .flat_map(|tag| paths_in(text, &tag))
                .collect(),
        };
        let place = earlier.iter().rfind(same).map_or(range, |path| &path.range);
        return Some(Path { range: place.clone(), keys: named.keys });
    }
    let unknown = |path: &&Path| !names.binds(first(path)) && find(&path.keys, values).is_err();
    let before = near.iter().filter(|path| path.range.start <= range.end);
    let local = near.iter().find(|path| names.binds(first(path)));
    before.clone().rfind(unknown).or(local).cloned()
}

/// The paths in a stretch of a template.
fn paths_in(text: &str, stretch: &Range<usize>) -> Vec<Path> {
    let offset = stretch.start;
    let moved = |path: Path| Path {
        range: path.range.start + offset..path.range.end + offset,
        keys: path.keys,
    };
    paths(text.get(stretch.clone()).unwrap_or("")).into_iter().map(moved).collect()
}

/// A path as it is written in a template.
fn shown(keys: &[Text]) -> String {
    let mut path = String::new();
    for key in keys {
        if key.chars().all(|c| c.is_ascii_digit()) {
            path.extend(["[", key, "]"]);
        } else {
            path.extend([if path.is_empty() { "" } else { "." }, key]);
        }
    }
    path
}

fn first(path: &Path) -> &str {
    path.keys.first().map_or("", Text::as_str)
}

/// The value at a path, or how many keys lead somewhere and to what.
fn find<'a>(path: &[Text], values: &'a Values) -> Result<&'a Node, (usize, &'a Node)> {
    let mut node = values.root();
    for (known, key) in path.iter().enumerate() {
        let item = || node.as_sequence()?.get(key.parse::<usize>().ok()?);
        node = node.get(key).or_else(item).ok_or((known, node))?;
    }
    Ok(node)
}

fn span(template: SourceId, range: &Range<usize>) -> Span {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span::new(template, offset(range.start)..offset(range.end))
}
