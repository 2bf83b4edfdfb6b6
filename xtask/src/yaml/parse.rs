//! Text to trees.
//!
//! The parser never gives up on a file: a broken document is reported and left out, and reading
//! goes on at the next one. Aliases are expanded under a budget, `<<` is merged as YAML 1.1 says.

mod chunks;
mod fast;
mod merge;
mod position;
mod rewrite;
mod syntax;

use std::{borrow::Cow, collections::HashMap, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD};
use granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use self::{
    chunks::Chunk,
    merge::{bad_merge, not_mergeable, with_merges},
    position::{Position, offset},
};
use super::{
    Dialect, Entry, Mapping, Node, Scalar, ScalarKind, Text, Value, canonical, resolve,
    scalar::{ambiguity, implicit},
};
use crate::{
    diag::{Diagnostic, codes},
    source::{SourceId, Sources, Span},
};

/// What `!!` stands for.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// How many nodes aliases may add to one document. Real manifests stay far below it.
const ALIAS_BUDGET: usize = 200_000;

/// How many keys of one mapping are told to be there before: more than a person reads.
const DUPLICATES_TOLD: usize = 100;

/// The nesting at which reading stops. Kubernetes' own objects stay below 30.
const DEPTH_LIMIT: usize = 255;

/// The documents of a text, without the empty ones, and what is wrong with it.
pub fn parse(
    sources: &Sources,
    source: SourceId,
    dialect: Dialect,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let text = &sources.get(source).text;
    parse_text(text, Position::of(source), dialect, diagnostics)
}

/// The documents of a text that is written inside another one, such as an inline patch.
///
/// `scalar` is the node that holds the text. Where the scalar copies its source line by line (a
/// literal block, or a scalar of one line without escapes), each position inside corresponds to one
/// in the file; anywhere else the whole scalar is named.
pub fn parse_embedded(
    sources: &Sources,
    scalar: &Node,
    dialect: Dialect,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let text = scalar.scalar_text().unwrap_or("");
    parse_part(sources, scalar, text, 0, dialect, diagnostics)
}

/// As [`parse_embedded`], without the white space around the text: kustomize trims an inline patch,
/// so that a block scalar at its end loses its last line breaks.
pub fn parse_trimmed(
    sources: &Sources,
    scalar: &Node,
    dialect: Dialect,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let text = scalar.scalar_text().unwrap_or("");
    let skipped = text.len() - text.trim_start().len();
    parse_part(sources, scalar, text.trim(), skipped, dialect, diagnostics)
}

/// The place in the source of a part of a scalar's text, in bytes; the whole scalar where its text is
/// not a copy of the source, line by line.
pub fn span_within(sources: &Sources, scalar: &Node, part: Range<usize>) -> Span {
    let text = scalar.scalar_text().unwrap_or("");
    let position = Position::within(scalar.span, sources.slice(scalar.span), text);
    let end = part.end.min(text.len());
    position.span(offset(part.start.min(end)), offset(end))
}

/// The documents of a part of a scalar's text, which begins behind the `skipped` bytes before it.
fn parse_part(
    sources: &Sources,
    scalar: &Node,
    part: &str,
    skipped: usize,
    dialect: Dialect,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let Some(whole) = scalar.scalar_text() else { return Vec::new() };
    let position = Position::within(scalar.span, sources.slice(scalar.span), whole);
    parse_text(part, position.skipping(offset(skipped)), dialect, diagnostics)
}

fn parse_text<'a>(
    text: &'a str,
    position: Position,
    dialect: Dialect,
    diagnostics: &'a mut Vec<Diagnostic>,
) -> Vec<Node> {
    parse_with(text, position, dialect, diagnostics, true)
}

/// With `is_fast` the parser reads only what the fast way gives up on.
fn parse_with<'a>(
    text: &'a str,
    position: Position,
    dialect: Dialect,
    diagnostics: &'a mut Vec<Diagnostic>,
    is_fast: bool,
) -> Vec<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    let mut builder = Builder {
        text,
        position,
        dialect,
        diagnostics,
        frames: Vec::new(),
        anchors: HashMap::new(),
        budget: ALIAS_BUDGET,
        root: None,
        has_tab: text.contains('\t'),
    };
    let mut documents = Vec::new();
    match dialect {
        Dialect::Config => {
            if let Some(read) = is_fast.then(|| builder.fast()).flatten() {
                return read;
            }
            if builder.begins_well(text) {
                let mut parser = Parser::new_from_str_with_options(text, options);
                builder.read(&mut parser, &mut documents);
            }
        }
        Dialect::Resource => {
            for Chunk { start, text, bad_separator } in chunks::of(text) {
                builder.begin(text, offset(start));
                if let Some(read) = is_fast.then(|| builder.fast()).flatten() {
                    documents.extend(read);
                } else if builder.begins_well(text) {
                    let mut parser = Parser::new_from_str_with_options(text, options.clone());
                    builder.read_first(&mut parser, &mut documents);
                }
                if let Some(separator) = bad_separator {
                    builder.bad_separator(separator);
                }
            }
        }
    }
    documents
}

/// The document cannot be read further; the reason has been reported.
struct Abandon;

/// What came of one event.
enum Next {
    Event,
    Document,
    End,
    /// The document cannot be read further; the reason has been reported.
    Broken,
}

struct Builder<'a> {
    text: &'a str,
    position: Position,
    dialect: Dialect,
    diagnostics: &'a mut Vec<Diagnostic>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    budget: usize,
    root: Option<Node>,
    /// Whether the text has a tab at all.
    has_tab: bool,
}

/// A collection that is being read.
struct Frame {
    start: u32,
    anchor: usize,
    in_flow: bool,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<Key>, merges: Vec<(Span, Node)> },
}

enum Key {
    Named(Text, Span),
    /// A plain `<<`.
    Merge(Span),
    /// A `<<` that is a string, which kustomize takes out of a resource with its value.
    Dropped,
}

impl<'a> Builder<'a> {
    /// Goes on with a text that begins `start` bytes into the whole.
    fn begin(&mut self, text: &'a str, start: u32) {
        self.text = text;
        self.position.move_to(start);
    }

    /// What can be read without the parser.
    fn fast(&self) -> Option<Vec<Node>> {
        fast::documents(self.text, &self.position, self.dialect)
    }

    /// Reads every document.
    fn read(&mut self, parser: &mut Parser<'a, StrInput<'a>>, documents: &mut Vec<Node>) {
        loop {
            match self.next(parser) {
                Next::Event => {}
                Next::Document => documents.extend(self.end_document()),
                Next::End => return,
                Next::Broken => {
                    self.end_document();
                    if !parser.proceed_next_document().unwrap_or(false) {
                        return;
                    }
                }
            }
        }
    }

    /// Reads one document: kustomize splits a file itself, and reads no more of each part.
    fn read_first(&mut self, parser: &mut Parser<'a, StrInput<'a>>, documents: &mut Vec<Node>) {
        loop {
            match self.next(parser) {
                Next::Event => {}
                Next::Document => {
                    documents.extend(self.end_document());
                    let rest = match parser.next_event() {
                        None | Some(Ok((Event::StreamEnd, _))) => return,
                        Some(Ok((_, span))) => span.byte_range().map(|range| range.start),
                        Some(Err(error)) => error.marker().byte_offset(),
                    };
                    return self.warn_of_rest(rest);
                }
                Next::End | Next::Broken => {
                    self.end_document();
                    return;
                }
            }
        }
    }

    fn next(&mut self, parser: &mut Parser<'a, StrInput<'a>>) -> Next {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => Next::End,
            Some(Ok((Event::DocumentEnd, _))) => Next::Document,
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or(0..0);
                match self.event(event, offset(range.start), offset(range.end)) {
                    Ok(()) => Next::Event,
                    Err(Abandon) => Next::Broken,
                }
            }
            // What follows a document that is complete is never read.
            Some(Err(error)) if self.dialect == Dialect::Resource && self.root.is_some() => {
                self.warn_of_rest(error.marker().byte_offset());
                Next::Document
            }
            Some(Err(error)) => {
                self.syntax_error(&error);
                Next::Broken
            }
        }
    }

    fn warn_of_rest(&mut self, at: Option<usize>) {
        let at = offset(at.unwrap_or(0).min(self.text.len()));
        let message = "kustomize ignores what stands here, behind the end of a document";
        self.diagnostics.push(
            Diagnostic::warning(codes::YAML_SYNTAX, message, self.position.span(at, at))
                .with_help("begin the next document with a line of `---`"),
        );
    }

    fn event(&mut self, event: Event<'_>, start: u32, end: u32) -> Result<(), Abandon> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if self.has_tab && start < end && !is_block {
                    self.check_indentation(start);
                }
                let span = self.position.span(start, end);
                // A lone `!` says nothing, but go-yaml v2 takes it for leave to resolve any style.
                let lone = tag.as_deref().is_some_and(|tag| tag.parts() == ("", "!"));
                let tag = tag.filter(|_| !lone);
                let plain =
                    style == ScalarStyle::Plain || (lone && self.dialect == Dialect::Config);
                // The parser calls a value that is not written `~`.
                let text = match style {
                    ScalarStyle::Plain if start == end => Cow::Borrowed(""),
                    ScalarStyle::Folded if self.dialect == Dialect::Resource => {
                        rewrite::refolded(&text).map_or(text, Cow::Owned)
                    }
                    _ => text,
                };
                match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => {
                        self.check_block(&text, start, span);
                    }
                    ScalarStyle::DoubleQuoted => self.check_escapes(start, end, span),
                    ScalarStyle::Plain if self.in_flow() => self.check_flow(&text, end, span),
                    _ => {}
                }
                let scalar = self.scalar(text, plain, tag.as_deref(), span)?;
                let node = Node::new(Value::Scalar(scalar), span);
                self.define(anchor, &node);
                let merges = |tag: Cow<'_, Tag>| {
                    tag.suffix_in_namespace(YAML_TAGS).as_deref() == Some("merge")
                };
                self.add(node, plain && tag.is_none_or(merges))
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(start, anchor, style, Items::Sequence(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                let items = Items::Mapping {
                    entries: Vec::with_capacity(4),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(start, anchor, style, items)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::Alias(id) => self.alias(id, start, end),
            Event::Anchor(_, name) => {
                let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
                if !name.chars().all(known) {
                    let span = self.position.span(start, end);
                    self.refuse(
                        "the name of an anchor has other characters than letters, digits, `-` and `_`",
                        "rename the anchor and its aliases",
                        span,
                    );
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the next node is inside `[]` or `{}`.
    fn in_flow(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.in_flow)
    }

    fn open(
        &mut self,
        start: u32,
        anchor: usize,
        style: StructureStyle,
        items: Items,
    ) -> Result<(), Abandon> {
        // A collection as a key would need a frame of its own; JSON has no such thing.
        if let Some(Frame { items: Items::Mapping { key: None, .. }, .. }) = self.frames.last() {
            let span = self.position.span(start, start + 1);
            return self.abandon(
                Diagnostic::error(codes::YAML_UNSUPPORTED, "a collection is used as a key", span)
                    .with_help(
                        "keys are strings; if this is a template expression, quote it or name the file `*.yaml.j2`",
                    ),
            );
        }
        let in_flow = style == StructureStyle::Flow || self.in_flow();
        self.frames.push(Frame { start, anchor, in_flow, items });
        Ok(())
    }

    fn close(&mut self, end: u32) -> Result<(), Abandon> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let span = self.position.span(frame.start, end.max(frame.start));
        let value = match frame.items {
            Items::Sequence(items) => Value::Sequence(items),
            Items::Mapping { entries, merges, .. } => {
                let entries = self.without_duplicates(entries);
                Value::Mapping(Mapping::from_entries(with_merges(entries, merges)))
            }
        };
        let node = Node::new(value, span);
        self.define(frame.anchor, &node);
        self.add(node, false)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        plain: bool,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Scalar, Abandon> {
        let kind = match tag
            .map(|tag| tag.suffix_in_namespace(YAML_TAGS).unwrap_or_default())
            .as_deref()
        {
            None if plain && text.is_empty() && self.in_flow() => match self.dialect {
                Dialect::Resource => ScalarKind::NothingInFlow,
                Dialect::Config => ScalarKind::Null,
            },
            None if plain => resolve(&text, self.dialect),
            Some("binary") => {
                let compact: String = text.split_whitespace().collect();
                let bytes = STANDARD.decode(compact).ok();
                let Some(decoded) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else {
                    self.abandon(
                        Diagnostic::error(
                            codes::YAML_UNSUPPORTED,
                            "the value of `!!binary` is not base64 of a text",
                            span,
                        )
                        .with_help(
                            "put the base64 text into a field that takes base64, without the tag",
                        ),
                    )?;
                    return Ok(Scalar::null());
                };
                return Ok(Scalar::string(decoded));
            }
            Some(tag @ ("timestamp" | "int" | "float" | "bool" | "null")) => {
                self.tagged(&text, tag, span)
            }
            // A tag of its own says nothing that JSON could hold.
            _ => ScalarKind::String,
        };
        Ok(Scalar { kind, text: Text::from(text) })
    }

    /// The type that a tag of YAML's own asks for, which the text must have.
    fn tagged(&mut self, text: &str, tag: &str, span: Span) -> ScalarKind {
        let found = implicit(text, self.dialect);
        let kind = match tag {
            "timestamp" => ScalarKind::Timestamp,
            "int" => ScalarKind::Int,
            "float" => ScalarKind::Float,
            "bool" => ScalarKind::Bool,
            _ => ScalarKind::Null,
        };
        if found != kind && (found, kind) != (ScalarKind::Int, ScalarKind::Float) {
            let shown =
                if text.is_empty() { "an empty text".to_owned() } else { format!("`{text}`") };
            let message = format!("{shown} is not what the tag `!!{tag}` says");
            self.diagnostics.push(
                Diagnostic::error(codes::YAML_UNSUPPORTED, message, span)
                    .with_help("remove the tag, or write a value of its type"),
            );
        }
        kind
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, plain: bool) -> Result<(), Abandon> {
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame { items: Items::Sequence(items), .. }) => {
                if plain {
                    warn_of_ambiguity(self.diagnostics, &node, "", self.dialect);
                }
                items.push(node);
            }
            Some(Frame { items: Items::Mapping { entries, key, merges }, .. }) => {
                match key.take() {
                    Some(Key::Named(key, key_span)) => {
                        if plain {
                            warn_of_ambiguity(self.diagnostics, &node, &key, self.dialect);
                        }
                        entries.push(Entry { key, key_span, value: node });
                    }
                    Some(Key::Dropped) => {}
                    Some(Key::Merge(span)) => {
                        let first = merges.first().map(|&(span, _)| span);
                        merges.push((span, node));
                        if let Some(first) = first.filter(|_| self.dialect == Dialect::Resource) {
                            self.diagnostics.push(
                                Diagnostic::error(
                                    codes::YAML_DUPLICATE_KEY,
                                    "the key `<<` is already set in this mapping",
                                    span,
                                )
                                .with_related(first, "it is set here first")
                                .with_help("merge both with a sequence: `<<: [*a, *b]`"),
                            );
                        } else if let Some((_, node)) = merges.last() {
                            self.diagnostics.extend(not_mergeable(node));
                        }
                    }
                    None => {
                        let new = self.key(node, plain)?;
                        if let Some(Frame { items: Items::Mapping { key, .. }, .. }) =
                            self.frames.last_mut()
                        {
                            *key = Some(new);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, node: Node, plain: bool) -> Result<Key, Abandon> {
        let span = node.span;
        let Value::Scalar(scalar) = node.value else {
            self.abandon(Diagnostic::error(
                codes::YAML_UNSUPPORTED,
                "a collection is used as a key",
                span,
            ))?;
            return Ok(Key::Dropped);
        };
        if scalar.text == "<<" && plain {
            return Ok(Key::Merge(span));
        }
        if scalar.text == "<<" && self.dialect == Dialect::Resource {
            let message = "kustomize drops a key `<<` that is in quotes, and its value";
            self.diagnostics.push(
                Diagnostic::warning(codes::YAML_UNSUPPORTED, message, span)
                    .with_help("remove it, or write it without quotes to merge a mapping"),
            );
            return Ok(Key::Dropped);
        }
        let top_level = self.frames.len() == 1;
        match (scalar.kind, self.dialect) {
            (ScalarKind::String, _) | (ScalarKind::Timestamp, Dialect::Config) => {
                Ok(Key::Named(scalar.text, span))
            }
            // The outermost map has strings for keys in Go, which takes them as they are written.
            (
                ScalarKind::Int | ScalarKind::Float | ScalarKind::Bool | ScalarKind::Timestamp,
                Dialect::Resource,
            ) if top_level => Ok(Key::Named(scalar.text, span)),
            (ScalarKind::Null | ScalarKind::NothingInFlow, _) | (_, Dialect::Resource) => {
                let what = match scalar.kind {
                    ScalarKind::Null | ScalarKind::NothingInFlow => "null",
                    ScalarKind::Bool => "a boolean",
                    ScalarKind::Timestamp => "a date",
                    _ => "a number",
                };
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::YAML_UNSUPPORTED,
                        format!("the key `{}` is {what}, and keys must be strings", scalar.text),
                        span,
                    )
                    .with_help(format!("quote it: `\"{}\"`", scalar.text)),
                );
                Ok(Key::Named(scalar.text, span))
            }
            (_, Dialect::Config) => Ok(Key::Named(canonical_text(&scalar), span)),
        }
    }

    fn alias(&mut self, id: usize, start: u32, end: u32) -> Result<(), Abandon> {
        let span = self.position.span(start, end);
        let Some((node, count)) = self.anchors.get(&id) else {
            return self.abandon(
                Diagnostic::error(codes::YAML_SYNTAX, "the alias refers to what contains it", span)
                    .with_help("an alias can only refer to a value that is complete before it"),
            );
        };
        let Some(left) = self.budget.checked_sub(*count) else {
            return self.abandon(
                Diagnostic::error(
                    codes::YAML_TOO_LARGE,
                    format!("aliases expand this document to more than {ALIAS_BUDGET} nodes"),
                    span,
                )
                .with_help("write the values out, or generate the file from a template"),
            );
        };
        self.budget = left;
        let node = node.clone();
        if let Some(Frame { items: Items::Mapping { key: Some(Key::Merge(_)), .. }, .. }) =
            self.frames.last()
            && node.as_sequence().is_some()
        {
            // Go merges a sequence only where it is written.
            self.diagnostics.push(bad_merge(&node, span));
            return self.add(Node { value: Value::Sequence(Vec::new()), ..node }, false);
        }
        self.add(node, false)
    }

    fn define(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), node.count()));
        }
    }

    /// Keeps the last of the entries with the same key, as Go does where it does not refuse them.
    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut repeated: Vec<(usize, usize)> = Vec::new();
        if entries.len() <= 12 {
            for (at, entry) in entries.iter().enumerate() {
                let earlier = entries.iter().take(at).position(|other| other.key == entry.key);
                repeated.extend(earlier.map(|first| (first, at)));
            }
        } else {
            let mut seen = HashMap::with_capacity(entries.len());
            for (at, entry) in entries.iter().enumerate() {
                repeated.extend(seen.insert(entry.key.as_str(), at).map(|first| (first, at)));
            }
        }
        if repeated.is_empty() {
            return entries;
        }
        let mut dropped = vec![false; entries.len()];
        for (told, (first, second)) in repeated.into_iter().enumerate() {
            let (Some(old), Some(new)) = (entries.get(first), entries.get(second)) else {
                continue;
            };
            if let Some(flag) = dropped.get_mut(first) {
                *flag = true;
            }
            if told >= DUPLICATES_TOLD {
                continue;
            }
            let message = format!("the key `{}` is already set in this mapping", new.key);
            let diagnostic = match self.dialect {
                Dialect::Resource => {
                    Diagnostic::error(codes::YAML_DUPLICATE_KEY, message, new.key_span)
                }
                // kustomize reads its own file with the last one winning.
                Dialect::Config => {
                    Diagnostic::warning(codes::YAML_DUPLICATE_KEY, message, new.key_span)
                }
            };
            self.diagnostics.push(
                diagnostic
                    .with_related(old.key_span, "it is set here first")
                    .with_help("remove one of them"),
            );
        }
        let mut dropped = dropped.into_iter();
        entries.into_iter().filter(|_| !dropped.next().unwrap_or(false)).collect()
    }

    fn end_document(&mut self) -> Option<Node> {
        self.frames.clear();
        self.anchors.clear();
        self.budget = ALIAS_BUDGET;
        self.root.take().filter(|root| {
            // A document of nothing but comments.
            !(root.is_null() && root.scalar_text() == Some(""))
        })
    }

    fn abandon(&mut self, diagnostic: Diagnostic) -> Result<(), Abandon> {
        self.diagnostics.push(diagnostic);
        Err(Abandon)
    }
}

/// Warns of a plain value that does not mean the same to every reader.
fn warn_of_ambiguity(out: &mut Vec<Diagnostic>, value: &Node, key: &str, dialect: Dialect) {
    let Some(text) = value.scalar_text() else { return };
    let Some(why) = ambiguity(text, dialect) else { return };
    // The modes of files are octal numbers by custom, and every reader of manifests takes them so.
    if why.starts_with("an octal") && key.to_ascii_lowercase().ends_with("mode") {
        return;
    }
    let message = format!("the plain `{text}` is {why}");
    out.push(Diagnostic::warning(codes::YAML_AMBIGUOUS_SCALAR, message, value.span).with_help(
        "put it in quotes if it is text; if not, write `true`, `false` or a decimal number",
    ));
}

/// The text of a scalar as JSON would have it.
fn canonical_text(scalar: &Scalar) -> Text {
    canonical(scalar).map_or_else(|| scalar.text.clone(), Text::from)
}

#[cfg(test)]
mod tests;
