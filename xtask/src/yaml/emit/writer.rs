//! Scalars, indicators and indentation, with libyaml's rules for when a line ends.

use std::{borrow::Cow, fmt::Write as _};

use super::shape::{Shape, is_break, is_printable};
use crate::yaml::scalar;

/// A line is folded at the first space behind this column.
const BEST_WIDTH: usize = 80;

/// The position in the output, as far as later decisions depend on it.
pub(super) struct Writer<'a> {
    out: &'a mut String,
    /// In characters.
    column: usize,
    /// Whether the last thing written separates tokens.
    whitespace: bool,
    /// Whether the line holds nothing but indentation, `-`, `?` and `:`.
    indention: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self { out, column: 0, whitespace: true, indention: true }
    }

    /// Ends the document.
    pub(super) fn finish(&mut self) {
        self.indent(0);
    }

    pub(super) fn is_at_indention(&self) -> bool {
        self.indention
    }

    /// Moves to `indent`, on a new line unless this one is still free up to there.
    pub(super) fn indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        self.spaces(indent.saturating_sub(self.column));
        self.whitespace = true;
        self.indention = true;
    }

    /// Writes `-`, `?` or `:`. A `standing` one takes a space before it where needed, and a
    /// collection may begin on its line.
    pub(super) fn indicator(&mut self, indicator: &str, standing: bool) {
        if standing {
            self.separate();
        }
        self.push_ascii(indicator);
        self.whitespace = false;
        self.indention &= standing;
    }

    /// Writes a number, a word of YAML, `[]` or `{}`.
    pub(super) fn word(&mut self, text: &str) {
        self.separate();
        self.push_ascii(text);
        self.end_token();
    }

    /// Writes a string in the style that go-yaml chooses. A key before a colon stays on one line.
    pub(super) fn string(&mut self, text: &str, shape: Shape, indent: usize, is_key: bool) {
        let fold = (!is_key).then_some(indent);
        if shape.multiline && text.contains('\n') {
            if shape.literal && !is_key {
                self.literal(text, indent);
            } else {
                self.double_quoted(text, fold);
            }
        } else if scalar::is_ambiguous(text) {
            self.double_quoted(text, fold);
        } else if shape.plain {
            self.plain(text, fold);
        } else if shape.single_quoted {
            self.single_quoted(text, indent, fold);
        } else {
            self.double_quoted(text, fold);
        }
    }

    fn plain(&mut self, text: &str, fold: Option<usize>) {
        self.separate();
        self.foldable(text, fold);
        self.end_token();
    }

    fn single_quoted(&mut self, text: &str, indent: usize, fold: Option<usize>) {
        let doubled = if text.contains('\'') {
            Cow::Owned(text.replace('\'', "''"))
        } else {
            Cow::Borrowed(text)
        };
        self.separate();
        self.push_ascii("'");
        let mut rest: &str = &doubled;
        let mut after_break = false;
        while let Some(c) = rest.chars().next() {
            if is_break(c) {
                rest = self.copied_break(rest, c);
                after_break = true;
                continue;
            }
            if after_break {
                self.indent(indent);
                after_break = false;
            }
            let end = rest.find(is_break).unwrap_or(rest.len());
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.foldable(line, fold);
            rest = after;
        }
        self.push_ascii("'");
        self.end_token();
    }

    /// Writes text without breaks and folds it where it is too long: at a single space that is
    /// neither its first nor its last character.
    fn foldable(&mut self, text: &str, fold: Option<usize>) {
        self.indention = false;
        let Some(indent) = fold.filter(|_| self.column + text.len() > BEST_WIDTH) else {
            self.push(text);
            return;
        };
        let mut rest = text;
        while let Some(at) = rest.find(' ') {
            let (word, blanks) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.push(word);
            rest = blanks.trim_start_matches(' ');
            let count = blanks.len() - rest.len();
            if count == 1 && self.column > BEST_WIDTH && !word.is_empty() && !rest.is_empty() {
                self.indent(indent);
                self.indention = false;
            } else {
                self.spaces(count);
            }
        }
        self.push(rest);
    }

    fn double_quoted(&mut self, text: &str, fold: Option<usize>) {
        self.separate();
        self.push_ascii("\"");
        self.indention = false;
        // The original looks for a byte order mark at the beginning of the string, whichever
        // character it is at.
        let all_escaped = text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut rest = text.chars().peekable();
        let mut is_first = true;
        while let Some(c) = rest.next() {
            if all_escaped || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escaped(c);
                after_space = false;
            } else if c == ' ' {
                match (fold, rest.peek()) {
                    (Some(indent), Some(&next))
                        if !after_space && !is_first && self.column > BEST_WIDTH =>
                    {
                        self.indent(indent);
                        if next == ' ' {
                            self.push_ascii("\\");
                        }
                        self.indention = false;
                    }
                    _ => self.push_ascii(" "),
                }
                after_space = true;
            } else {
                self.out.push(c);
                self.column += 1;
                self.indention = false;
                after_space = false;
            }
            is_first = false;
        }
        self.push_ascii("\"");
        self.end_token();
    }

    fn escaped(&mut self, c: char) {
        let start = self.out.len();
        self.out.push('\\');
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                match code {
                    0..=0xff => write!(self.out, "x{code:02X}"),
                    0x100..=0xffff => write!(self.out, "u{code:04X}"),
                    _ => write!(self.out, "U{code:08X}"),
                }
                .expect("writing to a String never fails");
                self.column += self.out.len() - start;
                return;
            }
        };
        self.out.push(short);
        self.column += 2;
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.separate();
        self.push_ascii("|");
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.push_ascii("2");
        }
        let mut from_end = text.chars().rev().map(is_break);
        match (from_end.next().unwrap_or(false), from_end.next()) {
            (false, _) => self.push_ascii("-"),
            (true, None | Some(true)) => self.push_ascii("+"),
            (true, Some(false)) => {}
        }
        self.line_break();
        self.whitespace = true;
        self.indention = true;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if is_break(c) {
                rest = self.copied_break(rest, c);
                continue;
            }
            self.indent(indent);
            let end = rest.find(is_break).unwrap_or(rest.len());
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.push(line);
            self.indention = false;
            rest = after;
        }
    }

    /// Copies the break `c` at the beginning of `text` and returns what is behind it.
    fn copied_break<'t>(&mut self, text: &'t str, c: char) -> &'t str {
        self.out.push(c);
        self.column = 0;
        self.indention = true;
        text.get(c.len_utf8()..).unwrap_or("")
    }

    /// Writes a space before a token that needs one.
    fn separate(&mut self) {
        if !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
    }

    fn end_token(&mut self) {
        self.whitespace = false;
        self.indention = false;
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
        self.column += count;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn push_ascii(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }
}
