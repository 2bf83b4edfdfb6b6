//! Collections in brackets of one line.

use super::{
    super::super::{Entry, Node, ScalarKind, Text, Value, resolve},
    DEPTH, Reader,
};
use crate::source::Span;

impl<'a> Reader<'a> {
    /// What stands in brackets of one line, and where they end.
    pub(super) fn flow(&self, start: usize, depth: usize) -> Option<(Node, usize)> {
        if depth >= DEPTH {
            return None;
        }
        let is_mapping = self.byte(start) == Some(b'{');
        let close = if is_mapping { b'}' } else { b']' };
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        let mut at = self.after_spaces(start + 1);
        let mut is_open = self.byte(at) != Some(close);
        while is_open {
            if is_mapping {
                let (key, key_span, after) = self.flow_key(at)?;
                let (value, end) = self.flow_value(self.after_spaces(after), depth)?;
                entries.push(Entry { key: Text::from(key), key_span, value });
                at = end;
            } else {
                let (item, end) = self.flow_value(at, depth)?;
                items.push(item);
                at = end;
            }
            at = self.after_spaces(at);
            match self.byte(at)? {
                b',' => at = self.after_spaces(at + 1),
                byte if byte == close => is_open = false,
                _ => return None,
            }
        }
        let end = at + 1;
        let node = if is_mapping {
            self.finished(entries, start, end)?
        } else {
            Node::new(Value::Sequence(items), self.span(start, end))
        };
        Some((node, end))
    }

    fn flow_key(&self, start: usize) -> Option<(&'a str, Span, usize)> {
        let (text, end) = if matches!(self.byte(start)?, b'"' | b'\'') {
            self.quoted(start)?
        } else {
            let end = self.flow_plain_end(start);
            let text = self.text.get(start..end).filter(|text| !text.is_empty())?;
            if resolve(text, self.dialect) != ScalarKind::String {
                return None;
            }
            (text, end)
        };
        let is_key =
            self.byte(end) == Some(b':') && self.byte(end + 1) == Some(b' ') && text != "<<";
        is_key.then(|| (text, self.span(start, end), end + 1))
    }

    fn flow_value(&self, start: usize, depth: usize) -> Option<(Node, usize)> {
        match self.byte(start)? {
            b'[' | b'{' => self.flow(start, depth + 1),
            b'"' | b'\'' => {
                let (text, end) = self.quoted(start)?;
                Some((self.string(text, start, end), end))
            }
            _ => {
                let end = self.flow_plain_end(start);
                Some((self.plain(start, end)?, end))
            }
        }
    }

    /// Where a word in brackets ends, of characters that have no other meaning anywhere.
    fn flow_plain_end(&self, start: usize) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let is_inside = |(at, byte): &(usize, &u8)| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'.' | b'/')
                || **byte == b'-' && *at > 0
        };
        start + rest.iter().enumerate().take_while(is_inside).count()
    }
}
