//! Fields of a JSON or YAML text that is the value of a field.
//!
//! Source: kustomize's `filters/replacement`. JSON is written anew with sorted keys, as there. In
//! YAML only the values that change are written anew, so comments, quotes and order stay; a value
//! that is added, or that is no single value, has the whole text written anew with sorted keys.

use super::{
    super::{
        context::Context,
        field_path::{CREATED, find, lookup},
    },
    Set,
    read::FieldOptions,
    set,
};
use crate::{
    diag::Diagnostic,
    resource::{Resource, Step},
    source::Span,
    yaml::{Dialect, Node, Scalar, Text, Value, emit, escape_json, parse, resolve, to_json},
};

/// What became of a copy.
pub(super) enum Outcome {
    /// The text has the value.
    Done,
    /// The path leads into no text.
    NoText,
    /// Why the value does not fit.
    Failed(String),
}

/// Copies a value to where `parts` lead, if that is in a text.
pub(super) fn copy(
    context: &mut Context<'_>,
    resource: &mut Resource,
    value: &Node,
    parts: &[Text],
    options: &FieldOptions,
    via: Span,
) -> Outcome {
    let is_text = |node: &Node| node.as_str().is_some_and(|text| !text.trim().is_empty());
    let Some((path, rest)) = (1..parts.len()).find_map(|at| {
        let (path, rest) = parts.split_at(at);
        let found = lookup(&resource.node, path).ok()??;
        is_text(found).then_some((path, rest))
    }) else {
        return Outcome::NoText;
    };
    let Ok(Some(field)) = lookup(&resource.node, path) else { return Outcome::NoText };
    let text = field.as_str().unwrap_or_default().to_owned();
    let new = match replaced(context, &text, value, rest, options) {
        Ok(new) => new,
        Err(wrong) => return Outcome::Failed(wrong),
    };
    let place = value.span;
    let field = path.iter().try_fold(&mut resource.node, |node, part| child(node, part));
    if let Some(field) = field {
        field.origin = context.origins.record_over(Step::Replacement, via, field);
        field.span = place;
        field.value = Value::Scalar(Scalar::string(new));
    }
    Outcome::Done
}

/// The child that one part of a path, which was followed before, leads to.
fn child<'n>(node: &'n mut Node, part: &Text) -> Option<&'n mut Node> {
    if node.as_mapping().is_some() {
        return node.get_mut(part);
    }
    let items = node.as_sequence()?;
    let at = items.iter().position(|item| {
        let mut one = Node::new(Value::Sequence(vec![item.clone()]), item.span);
        one.origin = item.origin;
        !part.bytes().all(|byte| byte.is_ascii_digit())
            && part != "-"
            && lookup(&one, std::slice::from_ref(part)).is_ok_and(|found| found.is_some())
    });
    let last = items.len().checked_sub(1);
    let at = at.or_else(|| if part == "-" { last } else { part.parse().ok() })?;
    node.as_sequence_mut()?.get_mut(at)
}

/// The text with the value in the place that `rest` names.
fn replaced(
    context: &mut Context<'_>,
    text: &str,
    value: &Node,
    rest: &[Text],
    options: &FieldOptions,
) -> Result<String, String> {
    let source = context.sources.add("(text)".to_owned(), text.to_owned());
    let mut problems = Vec::new();
    let documents = parse(context.sources, source, Dialect::Resource, &mut problems);
    let mut documents = documents.into_iter();
    let (Some(mut document), true) = (documents.next(), !problems.iter().any(Diagnostic::is_error))
    else {
        return Err("the text is neither JSON nor YAML".to_owned());
    };
    let create = options.create.then_some(value);
    let (mut edits, mut problem, mut count, mut whole) = (Vec::new(), None, 0, false);
    let found = find(&mut document, rest, create, &mut |field| {
        count += 1;
        let created = field.origin == CREATED;
        let place = field.span;
        match set(field, value, options, created) {
            Ok(Set { misfit: Some(wrong), .. }) | Err(wrong) => problem = Some(wrong),
            Ok(_) => match field.as_scalar() {
                Some(scalar) if !created => edits.push((place, scalar.clone())),
                _ => whole = true,
            },
        }
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    if found.is_err() || count == 0 {
        return Err("the text has no such field".to_owned());
    }
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        let mut json = String::new();
        let failed = |error: crate::yaml::EmitError| error.message;
        to_json(&document, &mut json).map_err(failed)?;
        let pretty = text.contains('\n') && text.contains("  ");
        return Ok(if pretty { indented(&json) } else { json });
    }
    if !whole && let Some(new) = spliced(text, edits) {
        return Ok(new.trim().to_owned());
    }
    let mut new = String::new();
    emit(&document, &mut new).map_err(|error| error.message)?;
    Ok(new.trim().to_owned())
}

/// The text with some of its values written anew; `None` where that takes more than their place.
fn spliced(text: &str, mut edits: Vec<(Span, Scalar)>) -> Option<String> {
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, scalar) in edits {
        let range = usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?;
        let old = text.get(range.clone())?;
        if let Some(block) = Block::before(&text, range.start) {
            let new = block.with(&scalar.text, old.ends_with('\n'))?;
            text.replace_range(block.header..range.end, &new);
            continue;
        }
        let new = match old.chars().next() {
            Some('"') => {
                let mut quoted = String::new();
                escape_json(&scalar.text, &mut quoted);
                quoted
            }
            Some('\'') if !scalar.text.contains('\n') => {
                format!("'{}'", scalar.text.replace('\'', "''"))
            }
            Some('|' | '>') | None => return None,
            _ => {
                let mut plain = String::new();
                emit(&Node::new(Value::Scalar(scalar.clone()), span), &mut plain).ok()?;
                let plain = plain.trim_end().to_owned();
                let same = resolve(&plain, Dialect::Resource) == scalar.kind || plain.contains('"');
                if plain.contains('\n') || !same {
                    return None;
                }
                plain
            }
        };
        text.replace_range(range, &new);
    }
    Some(text)
}

/// The head of a block scalar.
struct Block {
    /// Where it is written.
    header: usize,
    /// `|` or `>`.
    style: char,
    /// How far its lines are indented.
    indent: usize,
}

impl Block {
    /// The head of the block scalar whose content begins at `start`, if it is one.
    fn before(text: &str, start: usize) -> Option<Self> {
        let before = text.get(..start)?;
        let line = before.rfind('\n')?;
        let head = before.get(..line)?.trim_end();
        let head = head.trim_end_matches(|c: char| c == '+' || c == '-' || c.is_ascii_digit());
        let style = head.chars().next_back().filter(|c| matches!(c, '|' | '>'))?;
        let is_indent = before.get(line..)?.trim().is_empty();
        let header = head.len() - style.len_utf8();
        is_indent.then_some(Self { header, style, indent: start - line - 1 })
    }

    /// The scalar with another value; `None` for one that it cannot hold as it is.
    fn with(&self, value: &str, ends_line: bool) -> Option<String> {
        let lines = value.strip_suffix('\n').unwrap_or(value);
        let folds = self.style == '>' && lines.contains('\n');
        let odd = lines.is_empty() || lines.starts_with([' ', '\t', '\n']) || lines.ends_with('\n');
        if folds || odd {
            return None;
        }
        let chomp = if value.ends_with('\n') { "" } else { "-" };
        let mut text = format!("{}{chomp}", self.style);
        for line in lines.split('\n') {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', if line.is_empty() { 0 } else { self.indent }));
            text.push_str(line);
        }
        if ends_line {
            text.push('\n');
        }
        Some(text)
    }
}

/// JSON without spaces, with each element on a line of its own as Go's `MarshalIndent` has it.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                if matches!(chars.peek(), Some('}' | ']')) {
                    continue;
                }
                depth += 1;
                line(&mut out, depth);
            }
            '}' | ']' => {
                if !out.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn json_is_indented_as_go_does() {
        let expected =
            "{\n  \"a\": [\n    1,\n    \"x, {\\\"\"\n  ],\n  \"b\": {},\n  \"c\": []\n}";
        assert_eq!(indented(r#"{"a":[1,"x, {\""],"b":{},"c":[]}"#), expected);
    }
}
