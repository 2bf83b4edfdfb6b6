//! Where a text that is parsed lies in its source.

use crate::source::{SourceId, Span};

/// Where the text that is read lies in a source.
pub(super) struct Position {
    source: SourceId,
    base: u32,
    /// How many bytes of the text come before what is read at all.
    skipped: u32,
    /// How many bytes come before the part that is read now.
    before: u32,
    embedded: Option<Embedded>,
}

/// A text that is the value of a scalar.
struct Embedded {
    whole: Span,
    lines: Option<Vec<(u32, u32)>>,
}

impl Position {
    /// The whole of a source.
    pub(super) fn of(source: SourceId) -> Self {
        Self { source, base: 0, skipped: 0, before: 0, embedded: None }
    }

    /// The text of a scalar, `raw` being what its span covers.
    pub(super) fn within(whole: Span, raw: &str, text: &str) -> Self {
        let embedded = Some(Embedded { whole, lines: copied_lines(raw, text) });
        Self { source: whole.source, base: whole.start, skipped: 0, before: 0, embedded }
    }

    /// The same where reading begins `skipped` bytes into the embedded text.
    pub(super) fn skipping(self, skipped: u32) -> Self {
        Self { skipped, before: skipped, ..self }
    }

    /// Goes on at a part of the text that begins `start` bytes into what is read.
    pub(super) fn move_to(&mut self, start: u32) {
        self.before = self.skipped + start;
    }

    /// The span in the source of a range of the text.
    pub(super) fn span(&self, start: u32, end: u32) -> Span {
        let (start, end) = (start + self.before, end + self.before);
        let Some(embedded) = &self.embedded else { return Span::new(self.source, start..end) };
        let Some(lines) = &embedded.lines else { return embedded.whole };
        let map = |at: u32| {
            let line = lines.partition_point(|&(text, _)| text <= at).saturating_sub(1);
            let (text, raw) = lines.get(line).copied().unwrap_or_default();
            self.base + raw + (at - text.min(at))
        };
        // The end belongs to the line before it when it is at a line's beginning.
        let last = map(end.saturating_sub(1).max(start));
        let end = if end > start { last + 1 } else { last };
        Span::new(self.source, map(start).min(embedded.whole.end)..end.min(embedded.whole.end))
    }
}

/// For each line of an embedded text: where it begins there, and where its copy begins in the
/// source of the scalar. `None` if the source is not a line by line copy.
fn copied_lines(raw: &str, text: &str) -> Option<Vec<(u32, u32)>> {
    if text.is_empty() || raw == text {
        return Some(vec![(0, 0)]);
    }
    let mut lines = Vec::new();
    let mut raw_at = 0;
    let mut text_at = 0;
    for line in text.split_inclusive('\n') {
        let raw_line = raw.get(raw_at..)?.split_inclusive('\n').next().unwrap_or("");
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = raw_line.trim_end_matches(['\n', '\r']).len().checked_sub(content.len())?;
        if raw_line.get(indent..)?.trim_end_matches(['\n', '\r']) != content {
            return None;
        }
        lines.push((offset(text_at), offset(raw_at + indent)));
        raw_at += raw_line.len();
        text_at += line.len();
    }
    Some(lines)
}

/// Texts are limited to less than 4 GiB, so an offset in one always fits.
pub(super) fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
