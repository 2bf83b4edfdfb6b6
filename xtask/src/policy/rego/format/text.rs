//! Strings and characters in quotes, as Go's `strconv` writes them.

use std::fmt::Write as _;

/// In double quotes; with `ascii` everything else is escaped.
pub(in crate::policy::rego) fn quoted(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        escape(c, '"', ascii, &mut out);
    }
    out.push('"');
    out
}

pub(super) fn quoted_character(c: char, ascii: bool) -> String {
    let mut out = String::from("'");
    escape(c, '\'', ascii, &mut out);
    out.push('\'');
    out
}

/// The character of a code point.
pub(super) fn character(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

pub(super) fn fits_backquotes(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || (c != '`' && c != '\u{feff}' && !c.is_ascii_control()))
}

fn escape(c: char, quote: char, ascii: bool, out: &mut String) {
    match c {
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        '\\' => out.push_str("\\\\"),
        c if c == quote => {
            out.push('\\');
            out.push(c);
        }
        c if is_printable(c) && (!ascii || c.is_ascii()) => out.push(c),
        c => {
            let _ = match c as u32 {
                code @ ..0x80 => write!(out, "\\x{code:02x}"),
                code @ ..0x1_0000 => write!(out, "\\u{code:04x}"),
                code => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

fn is_printable(c: char) -> bool {
    let is_format = matches!(
        c as u32,
        0xad | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe000..=0xf8ff
    );
    !c.is_control() && (c == ' ' || !c.is_whitespace()) && !is_format
}
