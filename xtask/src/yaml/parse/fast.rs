//! The shape in which nearly all manifests are written, read in one pass.
//!
//! Mappings and sequences in blocks or in brackets of one line, scalars of one line, literal and
//! folded texts. At anything else, and at anything that is to be reported, this gives up, and the
//! parser of the whole language reads the text from its beginning. Invariant: what is read here is
//! what the parser would make of it, with the same spans, and nothing is wrong with it.

mod flow;
mod scalar;

use std::collections::HashSet;

use self::scalar::is_first_of_plain;
use super::{
    super::{Dialect, Entry, Mapping, Node, Scalar, ScalarKind, Text, Value},
    position::{Position, offset},
};
use crate::source::Span;

/// Deeper texts are left to the parser, which has a limit of its own.
const DEPTH: usize = 64;

/// From how many entries on a set of their keys is made.
const MANY: usize = 16;

/// The documents of a text, without the empty ones. `None` leaves it to the parser.
pub(super) fn documents(text: &str, position: &Position, dialect: Dialect) -> Option<Vec<Node>> {
    if !has_plain_characters(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader { text, position, dialect, at: 0, line: 0, next: Next::End };
    reader.advance()?;
    let mut documents = Vec::new();
    let mut separators = 0;
    loop {
        match reader.next {
            Next::End => return Some(documents),
            Next::Separator => {
                separators += 1;
                // Of a file of resources each document is a text of its own.
                if dialect == Dialect::Resource && (separators > 1 || !documents.is_empty()) {
                    return None;
                }
                let end = reader.after_spaces(reader.at + 3);
                reader.end_line_at(end)?;
            }
            Next::Content(0) => {
                documents.push(reader.block(0, 0)?);
                if matches!(reader.next, Next::Content(_)) {
                    return None;
                }
            }
            Next::Content(_) => return None,
        }
    }
}

/// Whether there is nothing that is a mistake, a line break or white space of a special kind.
fn has_plain_characters(bytes: &[u8]) -> bool {
    if bytes.iter().all(|b| matches!(b, b'\n' | b' '..=b'~')) {
        return true;
    }
    let mut before = [0, 0];
    for &byte in bytes {
        let is_plain = match (before, byte) {
            ([_, 0xc2], 0x80..=0x9f) | ([0xe2, 0x80], 0xa8 | 0xa9) | (_, 0xef) => false,
            (_, byte) => matches!(byte, b'\n' | b' '..=b'~' | 0x80..),
        };
        if !is_plain {
            return false;
        }
        before = [before[1], byte];
    }
    true
}

/// What stands in the next line that is neither blank nor a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Something behind so many spaces.
    Content(usize),
    /// The beginning of a document.
    Separator,
    End,
}

/// A key, where it is, and where its value may begin.
struct Key<'a> {
    text: &'a str,
    span: Span,
    after: usize,
}

struct Reader<'a> {
    text: &'a str,
    position: &'a Position,
    dialect: Dialect,
    /// Where reading goes on: at what `next` says.
    at: usize,
    /// Where the line of `at` begins.
    line: usize,
    next: Next,
}

impl<'a> Reader<'a> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.position.span(offset(start), offset(end))
    }

    fn after_spaces(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take_while(|b| **b == b' ').count()
    }

    /// Where the line of `at` ends: at its line break or at the end of the text.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter().position(|b| *b == b'\n').map_or(self.text.len(), |end| at + end)
    }

    /// Whether a value ends at `at`, a dash or a colon before it is one, and so on.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-') && self.is_blank(at + 1)
    }

    /// Whether nothing but a comment stands at `at` and behind it, `from` being where it may begin.
    fn is_rest_empty(&self, from: usize, at: usize) -> bool {
        match self.byte(at) {
            None | Some(b'\n') => true,
            Some(b'#') => at > from,
            Some(_) => false,
        }
    }

    /// Goes to the next line with content; `at` is at the beginning of a line.
    fn advance(&mut self) -> Option<()> {
        loop {
            let start = self.at;
            let at = self.after_spaces(start);
            self.line = start;
            self.next = match self.byte(at) {
                None => {
                    self.at = self.text.len();
                    Next::End
                }
                Some(b'\n') => {
                    self.at = at + 1;
                    continue;
                }
                Some(b'#') => {
                    self.at = (self.line_end(at) + 1).min(self.text.len());
                    continue;
                }
                Some(b'%') if at == start => return None,
                Some(first @ (b'-' | b'.')) if at == start && self.is_marker(at, first) => {
                    if first == b'.' {
                        return None;
                    }
                    Next::Separator
                }
                Some(_) => {
                    self.at = at;
                    Next::Content(at - start)
                }
            };
            return Some(());
        }
    }

    /// Whether `---` or `...` stands at `at`.
    fn is_marker(&self, at: usize, mark: u8) -> bool {
        self.byte(at + 1) == Some(mark) && self.byte(at + 2) == Some(mark) && self.is_blank(at + 3)
    }

    /// Goes on behind a line that has nothing more at `at`.
    fn end_line_at(&mut self, at: usize) -> Option<()> {
        if !self.is_rest_empty(at, at) {
            return None;
        }
        self.next_line(at)
    }

    /// Goes on behind a line in which a value ends at `end`.
    fn end_line(&mut self, end: usize) -> Option<()> {
        let at = self.after_spaces(end);
        if !self.is_rest_empty(end, at) {
            return None;
        }
        self.next_line(at)
    }

    fn next_line(&mut self, at: usize) -> Option<()> {
        self.at = (self.line_end(at) + 1).min(self.text.len());
        self.advance()
    }

    /// A mapping or a sequence on lines of its own.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node> {
        if self.is_dash(self.at) {
            return self.sequence(indent, false, depth);
        }
        let first = self.key()?;
        self.mapping(indent, first, depth)
    }

    fn mapping(&mut self, indent: usize, first: Key<'a>, depth: usize) -> Option<Node> {
        if depth >= DEPTH {
            return None;
        }
        let start = self.at;
        let mut entries = Vec::with_capacity(4);
        let mut key = first;
        loop {
            let value = self.value(indent, key.after, depth)?;
            entries.push(Entry { key: Text::from(key.text), key_span: key.span, value });
            match self.next {
                Next::Content(n) if n == indent && !self.is_dash(self.at) => key = self.key()?,
                Next::Content(n) if n >= indent => return None,
                _ => break,
            }
        }
        self.finished(entries, start, self.at)
    }

    /// A mapping, unless a key is there twice.
    fn finished(&self, entries: Vec<Entry>, start: usize, end: usize) -> Option<Node> {
        let repeats = if entries.len() <= MANY {
            let earlier = |(at, entry): (usize, &Entry)| {
                entries.iter().take(at).any(|other| other.key == entry.key)
            };
            entries.iter().enumerate().any(earlier)
        } else {
            let mut seen = HashSet::with_capacity(entries.len());
            !entries.iter().all(|entry| seen.insert(entry.key.as_str()))
        };
        let mapping = Mapping::from_entries(entries);
        (!repeats).then(|| Node::new(Value::Mapping(mapping), self.span(start, end)))
    }

    fn sequence(&mut self, indent: usize, is_indentless: bool, depth: usize) -> Option<Node> {
        if depth >= DEPTH {
            return None;
        }
        let mut start = self.at;
        if is_indentless {
            start = self.after_spaces(start + 1);
        }
        let mut items = Vec::with_capacity(2);
        loop {
            let dash = self.at;
            let at = self.after_spaces(dash + 1);
            items.push(if self.is_rest_empty(dash + 1, at) {
                self.next_line(at)?;
                match self.next {
                    Next::Content(n) if n > indent => self.block(n, depth + 1)?,
                    // The parser takes the end of a comment for the place of what is not there.
                    _ if self.byte(at) == Some(b'#') => return None,
                    _ => self.null(at),
                }
            } else {
                let column = at - self.line;
                self.at = at;
                if self.is_dash(at) {
                    self.sequence(column, false, depth + 1)?
                } else if let Some(key) = self.key() {
                    self.mapping(column, key, depth + 1)?
                } else {
                    self.inline(indent, at, depth + 1)?
                }
            });
            match self.next {
                Next::Content(n) if n == indent && self.is_dash(self.at) => {}
                Next::Content(n) if n > indent => return None,
                _ => break,
            }
        }
        Some(Node::new(Value::Sequence(items), self.span(start, self.at)))
    }

    /// The value behind a key at `indent`.
    fn value(&mut self, indent: usize, after: usize, depth: usize) -> Option<Node> {
        let at = self.after_spaces(after);
        if !self.is_rest_empty(after, at) {
            return self.inline(indent, at, depth + 1);
        }
        self.next_line(at)?;
        match self.next {
            Next::Content(n) if n > indent => self.block(n, depth + 1),
            Next::Content(n) if n == indent && self.is_dash(self.at) => {
                self.sequence(n, true, depth + 1)
            }
            // The parser takes the colon for the place of what is not there.
            _ => Some(self.null(after - 1)),
        }
    }

    /// A value that is not written.
    fn null(&self, at: usize) -> Node {
        let scalar = Scalar { kind: ScalarKind::Null, text: Text::default() };
        Node::new(Value::Scalar(scalar), self.span(at, at))
    }

    /// A value that begins behind a key or a dash.
    fn inline(&mut self, indent: usize, start: usize, depth: usize) -> Option<Node> {
        match self.byte(start)? {
            b'|' => self.block_scalar(indent, start, false),
            b'>' => self.block_scalar(indent, start, true),
            b'"' | b'\'' => {
                let (text, end) = self.quoted(start)?;
                let node = self.string(text, start, end);
                self.end_line(end)?;
                Some(node)
            }
            b'[' | b'{' => {
                let (node, end) = self.flow(start, depth)?;
                self.end_line(end)?;
                Some(node)
            }
            first if is_first_of_plain(first) || first == b'-' && !self.is_blank(start + 1) => {
                let end = self.plain_end(start)?;
                let node = self.plain(start, end)?;
                self.end_line(end)?;
                Some(node)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
