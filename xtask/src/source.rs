//! Source texts and positions in them.
//!
//! Every text that a run reads or renders is kept here once, and everything else refers to it by
//! [`Span`]. Invariant: a span always lies in the text that its [`SourceId`] names; nothing here
//! parses.

use std::{
    borrow::Cow,
    iter,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

mod files;

pub use files::{
    FileError, MAX_FILE_BYTES, Root, directories, normalize, read_bytes, read_text, relative_to,
};

/// The handle of one text in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A byte range in one source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text this range is in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The handle of the history of one value: which step set it, and what it overrode.
///
/// What it stands for is kept by `resource::Origins`. [`OriginId::NONE`] is a value that is as its
/// span says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(u32);

/// A one-based line and column, as an editor counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// One-based line.
    pub line: u32,
    /// One-based column, in characters.
    pub col: u32,
}

/// Every text read or rendered in one run.
#[derive(Debug, Default)]
pub struct Sources {
    texts: Vec<Source>,
}

/// One text: a file, or the output of a template.
#[derive(Debug)]
pub struct Source {
    /// The path shown to the reader, relative to the repository root where it is inside it.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Where each part of a template's output came from; `None` for a file.
    pub rendered: Option<RenderMap>,
    line_starts: OnceLock<Vec<u32>>,
    /// In order, without overlap.
    hidden: Vec<Range<u32>>,
}

/// Maps the output of a template to the texts that it was made of.
#[derive(Clone, Debug, Default)]
pub struct RenderMap {
    /// In the order of `rendered`, without overlap; a gap belongs to no source text.
    pub segments: Vec<Segment>,
}

/// One stretch of a template's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The bytes of the output.
    pub rendered: Range<u32>,
    /// The bytes of the template that printed them: for literal text the very same bytes, for an
    /// expression the expression without its delimiters.
    pub template: Span,
    /// Whether `template` is text that was copied, so that positions inside it correspond.
    pub literal: bool,
    /// For an expression: where the value that it printed is written, and that value's history.
    pub value: Option<(Span, OriginId)>,
}

/// A position as a reader looks for it: in files, never in the output of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where the text is written.
    pub span: Span,
    /// If a template expression printed it: where the value of that expression is written.
    pub value: Option<(Span, OriginId)>,
}

impl OriginId {
    /// A value that nothing changed since it was parsed.
    pub const NONE: Self = Self(0);

    /// A mark that no arena gives out.
    pub const MAX: Self = Self(u32::MAX);

    /// The handle of the entry at `index` of an arena; the arena keeps 0 for [`OriginId::NONE`].
    pub fn new(index: usize) -> Self {
        Self(to_u32(index))
    }

    /// The place in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Sources {
    /// Adds a text and returns its handle.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.push(path.into(), text.into(), None)
    }

    /// Adds the output of a template and the map back to the files it was made of.
    pub fn add_rendered(
        &mut self,
        path: impl Into<String>,
        text: impl Into<Arc<str>>,
        map: RenderMap,
    ) -> SourceId {
        self.push(path.into(), text.into(), Some(map))
    }

    fn push(&mut self, path: String, text: Arc<str>, rendered: Option<RenderMap>) -> SourceId {
        let id = SourceId(to_u32(self.texts.len()));
        self.texts.push(Source {
            path,
            text,
            rendered,
            line_starts: OnceLock::new(),
            hidden: Vec::new(),
        });
        id
    }

    /// The text behind `id`.
    #[expect(clippy::indexing_slicing, reason = "a SourceId is only made by `add`")]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.texts[id.0 as usize]
    }

    /// Whether there is a text with this path.
    pub fn has(&self, path: &str) -> bool {
        self.texts.iter().any(|text| text.path == path)
    }

    /// The paths of all texts.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| text.path.as_str())
    }

    /// Keeps a text from being shown, because it is a secret: also the template that has it and the
    /// values that were printed there.
    pub fn hide(&mut self, span: Span) {
        let printed = self.printed(span).into_iter().map(|(span, _)| span);
        let spans: Vec<Span> = [span, self.place(span).span].into_iter().chain(printed).collect();
        for span in spans {
            if let Some(source) = self.texts.get_mut(span.source.0 as usize) {
                source.hide(span.start..span.end);
            }
        }
    }

    /// All of a text.
    pub fn whole(&self, id: SourceId) -> Span {
        Span::new(id, 0..to_u32(self.get(id).text.len()))
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text that `span` covers.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or("")
    }

    /// Where `span` is written in files: a span in a template's output becomes the place in the
    /// template, and the place of the value that was printed there.
    pub fn place(&self, span: Span) -> Place {
        let Some(map) = &self.get(span.source).rendered else {
            return Place { span, value: None };
        };
        let after = map.segments.partition_point(|segment| segment.rendered.end <= span.start);
        let Some(segment) = map.segments.get(after).or_else(|| map.segments.last()) else {
            return Place { span, value: None };
        };
        if !segment.literal {
            return Place { span: segment.template, value: segment.value };
        }
        let offset = span.start.saturating_sub(segment.rendered.start);
        let start = (segment.template.start + offset).min(segment.template.end);
        let length = span.end.min(segment.rendered.end).saturating_sub(span.start);
        let end = (start + length).min(segment.template.end);
        // A scalar whose literal beginning is followed by a printed value (`name: web-{{ env }}`)
        // still names that value.
        let value = map
            .segments
            .iter()
            .skip(after + 1)
            .take_while(|next| next.rendered.start < span.end)
            .find_map(|next| next.value);
        Place { span: Span { source: segment.template.source, start, end }, value }
    }

    /// Where the values are written that template expressions printed into `span`, each with its
    /// history, in the order of the text.
    pub fn printed(&self, span: Span) -> Vec<(Span, OriginId)> {
        let Some(map) = &self.get(span.source).rendered else { return Vec::new() };
        let first = map.segments.partition_point(|segment| segment.rendered.end <= span.start);
        let mut values: Vec<(Span, OriginId)> = Vec::new();
        for segment in map.segments.iter().skip(first) {
            if segment.rendered.start >= span.end.max(span.start + 1) {
                break;
            }
            if let Some(value) = segment.value.filter(|value| !values.contains(value)) {
                values.push(value);
            }
        }
        values
    }

    /// `path:line:col` of where `span` is written.
    pub fn locate(&self, span: Span) -> String {
        let span = self.place(span).span;
        let source = self.get(span.source);
        let LineCol { line, col } = source.line_col(span.start);
        format!("{}:{line}:{col}", source.path)
    }
}

impl Source {
    /// The line and column of a byte offset.
    pub fn line_col(&self, offset: u32) -> LineCol {
        let (line, before) = self.before(offset);
        LineCol { line, col: to_u32(before.chars().count() + 1) }
    }

    /// The one-based column of a byte offset in UTF-16 code units. A byte order mark is no part of
    /// the first line.
    pub fn utf16_column(&self, offset: u32) -> u32 {
        let (line, mut before) = self.before(offset);
        if line == 1 {
            before = before.strip_prefix('\u{feff}').unwrap_or(before);
        }
        to_u32(before.chars().map(char::len_utf16).sum::<usize>() + 1)
    }

    /// The one-based line of a byte offset, and what stands before it in that line.
    fn before(&self, offset: u32) -> (u32, &str) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        (to_u32(line), self.text.get(start as usize..offset).unwrap_or(""))
    }

    fn hide(&mut self, range: Range<u32>) {
        let first = self.hidden.partition_point(|hidden| hidden.end < range.start);
        let after = self.hidden.partition_point(|hidden| hidden.start <= range.end);
        let joined = self.hidden.get(first..after).unwrap_or_default();
        let start = joined.first().map_or(range.start, |hidden| hidden.start.min(range.start));
        let end = joined.last().map_or(range.end, |hidden| hidden.end.max(range.end));
        self.hidden.splice(first..after, iter::once(start..end));
    }

    /// The text of a range if none of it may be shown, though the rest of the source may.
    pub fn hidden_part(&self, range: &Range<u32>) -> Option<&str> {
        let next = self.hidden.partition_point(|hidden| hidden.end < range.end);
        let around = self.hidden.get(next).filter(|hidden| hidden.start <= range.start)?;
        let is_all = around.start == 0 && around.end as usize >= self.text.len();
        self.text.get(range.start as usize..range.end as usize).filter(|_| !is_all)
    }

    /// The text of a range as it may be shown: hidden letters become `*`, and every byte keeps its
    /// place.
    pub fn shown(&self, range: Range<u32>) -> Cow<'_, str> {
        let text = self.text.get(range.start as usize..range.end as usize).unwrap_or("");
        let first = self.hidden.partition_point(|hidden| hidden.end <= range.start);
        let touched = self.hidden.iter().skip(first);
        let touched: Vec<_> = touched.take_while(|hidden| hidden.start < range.end).collect();
        if touched.is_empty() {
            return Cow::Borrowed(text);
        }
        let is_hidden = |at: u32| {
            let next = touched.partition_point(|hidden| hidden.end <= at);
            touched.get(next).is_some_and(|hidden| hidden.contains(&at))
        };
        let mut shown = String::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            if is_hidden(range.start + to_u32(at)) && !c.is_whitespace() {
                shown.extend(std::iter::repeat_n('*', c.len_utf8()));
            } else {
                shown.push(c);
            }
        }
        Cow::Owned(shown)
    }

    /// The byte range of a one-based line, without its line break.
    pub fn line(&self, line: u32) -> Option<Range<u32>> {
        let starts = self.line_starts();
        let index = (line as usize).checked_sub(1)?;
        let start = *starts.get(index)?;
        let end = starts.get(index + 1).map_or(to_u32(self.text.len()), |next| next - 1);
        Some(start..end.max(start))
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(self.text.match_indices('\n').map(|(at, _)| to_u32(at + 1)))
                .collect()
        })
    }
}

impl Span {
    /// A span of `source`.
    pub fn new(source: SourceId, range: Range<u32>) -> Self {
        Self { source, start: range.start, end: range.end }
    }

    /// The beginning of a text, for what concerns the whole file.
    pub fn start_of(source: SourceId) -> Self {
        Self { source, start: 0, end: 0 }
    }

    /// The range as indices into [`Source::text`].
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Texts are limited to [`MAX_FILE_BYTES`], so an offset in one always fits.
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).expect("a source text is smaller than 4 GiB")
}

/// The directory that holds `.git`, from `start` upwards.
pub fn repository_root(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &Source, offset: u32) -> (u32, u32) {
        let LineCol { line, col } = source.line_col(offset);
        (line, col)
    }

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "k: é\nname: x\n");
        let source = sources.get(id);
        assert_eq!(at(source, 0), (1, 1));
        assert_eq!(at(source, 4), (1, 4), "inside a character: its beginning");
        assert_eq!(at(source, 5), (1, 5));
        assert_eq!(at(source, 6), (2, 1));
        assert_eq!(source.line(2), Some(6..13));
        assert_eq!(size_of::<Span>(), 12);
    }

    #[test]
    fn hidden_letters_keep_their_places() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "a: é b\nc: d\n");
        sources.hide(Span::new(id, 3..7));
        let source = sources.get(id);
        assert_eq!(source.shown(0..7), "a: ** *");
        assert_eq!(source.shown(8..12), "c: d");
    }

    #[test]
    fn a_span_of_rendered_text_is_placed_in_the_template() {
        let mut sources = Sources::default();
        let values = sources.add("values.yaml", "tag: v1\n");
        let template = sources.add("a.yaml.j2", "image: web:{{ tag }}\n");
        let printed = (Span::new(values, 5..7), OriginId::NONE);
        let value = Some(printed);
        let expression = Span::new(template, 14..17);
        let map = RenderMap {
            segments: vec![
                Segment {
                    rendered: 0..11,
                    template: Span::new(template, 0..11),
                    literal: true,
                    value: None,
                },
                Segment { rendered: 11..13, template: expression, literal: false, value },
                Segment {
                    rendered: 13..14,
                    template: Span::new(template, 20..21),
                    literal: true,
                    value: None,
                },
            ],
        };
        let id = sources.add_rendered("a.yaml.j2", "image: web:v1\n", map);
        let whole = sources.place(Span::new(id, 7..13));
        assert_eq!(whole, Place { span: Span::new(template, 7..11), value });
        assert_eq!(sources.place(Span::new(id, 11..13)), Place { span: expression, value });
        assert_eq!(sources.locate(Span::new(id, 7..13)), "a.yaml.j2:1:8");
        assert_eq!(sources.printed(Span::new(id, 7..13)), [printed]);
        assert_eq!(sources.printed(Span::new(id, 7..11)), []);
    }
}
