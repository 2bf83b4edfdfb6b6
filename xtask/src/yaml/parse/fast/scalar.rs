//! Keys and scalars.

use super::{
    super::super::{Dialect, Node, Scalar, ScalarKind, Text, Value, resolve, scalar::ambiguity},
    super::rewrite,
    Key, Reader,
};

/// The parser takes no key that is longer than 1,024 characters.
const KEY_LENGTH: usize = 1_000;

impl<'a> Reader<'a> {
    pub(super) fn string(&self, text: &str, start: usize, end: usize) -> Node {
        Node::new(Value::Scalar(Scalar::string(text)), self.span(start, end))
    }

    /// A plain scalar that every reader takes for the same.
    pub(super) fn plain(&self, start: usize, end: usize) -> Option<Node> {
        let text = self.text.get(start..end)?;
        if text.is_empty() || ambiguity(text, self.dialect).is_some() {
            return None;
        }
        let scalar = Scalar { kind: resolve(text, self.dialect), text: Text::from(text) };
        Some(Node::new(Value::Scalar(scalar), self.span(start, end)))
    }

    /// The key at `at`, if a key that is a string stands there.
    pub(super) fn key(&self) -> Option<Key<'a>> {
        let start = self.at;
        let first = self.byte(start)?;
        let (text, end) = if matches!(first, b'"' | b'\'') {
            self.quoted(start)?
        } else {
            let end = self.plain_key_end(start)?;
            let text = self.text.get(start..end)?;
            if resolve(text, self.dialect) != ScalarKind::String {
                return None;
            }
            (text, end)
        };
        let is_key = self.byte(end) == Some(b':')
            && self.is_blank(end + 1)
            && end - start <= KEY_LENGTH
            && text != "<<";
        is_key.then(|| Key { text, span: self.span(start, end), after: end + 1 })
    }

    /// Where a plain key ends: at its colon.
    fn plain_key_end(&self, start: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(start..)?;
        if !rest.first().is_some_and(|b| is_first_of_plain(*b)) {
            return None;
        }
        let mut before = 0;
        for (length, &byte) in rest.iter().enumerate() {
            match byte {
                b':' if self.is_blank(start + length + 1) => {
                    return (before != b' ').then_some(start + length);
                }
                b'\n' | b'#' | b'"' | b'\'' | b'{' | b'}' | b'[' | b']' | b',' => return None,
                _ => before = byte,
            }
        }
        None
    }

    /// Where a plain scalar ends in its line.
    pub(super) fn plain_end(&self, start: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(start..)?;
        let (mut end, mut before) = (start, 0);
        for (length, &byte) in rest.iter().enumerate() {
            match byte {
                b'\n' => break,
                b'#' if before == b' ' => break,
                b':' if self.is_blank(start + length + 1) => return None,
                b' ' => {}
                _ => end = start + length + 1,
            }
            before = byte;
        }
        Some(end)
    }

    /// The text in quotes, without escapes, and where the quotes end.
    pub(super) fn quoted(&self, start: usize) -> Option<(&'a str, usize)> {
        let quote = self.byte(start)?;
        let rest = self.text.as_bytes().get(start + 1..)?;
        let length = rest.iter().position(|b| *b == quote || matches!(b, b'\n' | b'\\'))?;
        let end = start + 1 + length;
        let is_end =
            self.byte(end) == Some(quote) && (quote == b'"' || self.byte(end + 1) != Some(quote));
        is_end.then_some((self.text.get(start + 1..end)?, end + 1))
    }

    /// A literal or folded text whose header is at `start`.
    pub(super) fn block_scalar(
        &mut self,
        indent: usize,
        start: usize,
        is_folded: bool,
    ) -> Option<Node> {
        let is_stripped = self.byte(start + 1) == Some(b'-');
        let header = self.after_spaces(start + 1 + usize::from(is_stripped));
        if self.byte(header) != Some(b'\n') {
            return None;
        }
        let mut text = String::new();
        let (mut blank_lines, mut longest) = (0, 0);
        let mut content: Option<(usize, usize)> = None;
        let mut at = header + 1;
        self.at = self.text.len();
        while at < self.text.len() {
            let end = self.line_end(at);
            let behind = self.after_spaces(at);
            let spaces = behind - at;
            if end == self.text.len() {
                return None;
            }
            if behind == end {
                blank_lines += 1;
                longest = longest.max(spaces);
                at = end + 1;
                continue;
            }
            let (_, column) = match content {
                Some(found) => found,
                // White space that is more than the indentation is a part of the text.
                None if spaces <= indent || longest > spaces => return None,
                None => *content.insert((behind, spaces)),
            };
            if spaces < column {
                self.at = at;
                at = behind;
                break;
            }
            let line = self.text.get(at + column..end)?;
            if is_folded && line.starts_with(' ') || longest > column {
                return None;
            }
            if text.is_empty() {
                if is_folded && blank_lines > 0 {
                    return None;
                }
            } else if !is_folded {
                text.push('\n');
            } else if blank_lines == 0 {
                text.push(' ');
            }
            text.extend(std::iter::repeat_n('\n', blank_lines));
            text.push_str(line);
            blank_lines = 0;
            at = end + 1;
        }
        let (first, column) = content?;
        if longest > column {
            return None;
        }
        if !is_stripped {
            text.push('\n');
        }
        if is_folded && self.dialect == Dialect::Resource {
            text = rewrite::refolded(&text).unwrap_or(text);
        }
        let node = self.string(&text, first, at);
        self.advance()?;
        Some(node)
    }
}

/// Whether a plain scalar can begin so, whatever follows.
pub(super) fn is_first_of_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'.' | b'/' | b'$' | b'+' | b'(' | b'=' | b'~' | b'<' | b'^' | 0x80..
        )
}
