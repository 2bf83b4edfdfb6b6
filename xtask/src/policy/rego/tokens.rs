//! The tokens of Rego.
//!
//! Source: the scanner of OPA 1.17.1.

mod template;

use std::ops::Range;

/// A token and what stands before it: whether a bracket continues a term depends on that.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub range: Range<usize>,
    /// Whether anything, be it a comment, stands between it and the token before it.
    pub spaced: bool,
    /// Whether a line ends between it and the token before it.
    pub new_line: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// As it is written.
    Number(String),
    /// A string without its quotes and escapes.
    Text(String),
    /// A piece of a template string: from its begin or a `}` up to its end or a `{`.
    Template { text: String, begins: bool, ends: bool },
    /// An operator or a bracket.
    Symbol(&'static str),
    /// Behind the last token.
    End,
}

/// Longer ones first, so that `:=` is not `:`.
const SYMBOLS: &[&str] = &[
    ":=", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "=", "<", ">",
    "+", "-", "*", "/", "%", "&", "|",
];

/// What is wrong with a text, and where.
pub(super) type Fault = (String, Range<usize>);

/// Splits a text into tokens; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut out = Vec::new();
    let mut at = 0;
    let (mut spaced, mut new_line) = (false, true);
    let mut templates = template::Open::default();
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if matches!(c, ' ' | '\t' | '\r' | '\n') {
            (spaced, new_line) = (true, new_line || c == '\n');
            at += 1;
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if c == '#' {
            spaced = true;
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (kind, length) =
            templates.piece(rest).unwrap_or_else(|| one(rest)).map_err(|(message, range)| {
                (message, at + range.start..(at + range.end).min(text.len()))
            })?;
        templates.follow(&kind);
        out.push(Token { kind, range: at..at + length, spaced, new_line });
        at += length;
        (spaced, new_line) = (false, false);
    }
    out.push(Token { kind: Kind::End, range: text.len()..text.len(), spaced, new_line });
    Ok(out)
}

/// The token at the start of a text and its length.
fn one(rest: &str) -> Result<(Kind, usize), Fault> {
    let first = rest.chars().next().unwrap_or_default();
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        return Ok((Kind::Name(rest.get(..length).unwrap_or_default().to_owned()), length));
    }
    if first.is_ascii_digit() {
        return number(rest);
    }
    match first {
        '"' => return quoted(rest),
        '`' => {
            let inner = rest.get(1..).unwrap_or_default();
            let length =
                inner.find('`').ok_or_else(|| ("the string has no end".to_owned(), 0..1))?;
            let text = inner.get(..length).unwrap_or_default().replace('\r', "");
            return Ok((Kind::Text(text), length + 2));
        }
        _ => {}
    }
    match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        Some(symbol) => Ok((Kind::Symbol(symbol), symbol.len())),
        None => {
            Err((format!("`{}` is not a token of Rego", first.escape_debug()), 0..first.len_utf8()))
        }
    }
}

fn number(rest: &str) -> Result<(Kind, usize), Fault> {
    let digits =
        |from: usize| -> usize { rest.bytes().skip(from).take_while(u8::is_ascii_digit).count() };
    let byte = |at: usize| rest.as_bytes().get(at).copied().unwrap_or_default();
    let mut length = digits(0);
    let whole = length;
    if byte(length) == b'.' && byte(length + 1).is_ascii_digit() {
        length += 1 + digits(length + 1);
    }
    if matches!(byte(length), b'e' | b'E') {
        let sign = usize::from(matches!(byte(length + 1), b'+' | b'-'));
        let exponent = digits(length + 1 + sign);
        if exponent == 0 {
            return Err(("the exponent of the number has no digits".to_owned(), 0..length + 1));
        }
        length += 1 + sign + exponent;
    }
    let after = byte(length);
    if after.is_ascii_alphanumeric() || after == b'_' {
        return Err(("the number is not a decimal one".to_owned(), 0..length + 1));
    }
    if whole > 1 && byte(0) == b'0' {
        return Err(("the number has a zero before its first digit".to_owned(), 0..length));
    }
    let text = rest.get(..length).unwrap_or_default();
    // Larger ones are infinite as floats, and take memory as integers.
    if text.len() > 400 || !text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(("the number is too large".to_owned(), 0..length));
    }
    Ok((Kind::Number(text.to_owned()), length))
}

fn quoted(rest: &str) -> Result<(Kind, usize), Fault> {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => break,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let literal = rest.get(..=at).unwrap_or_default();
                // Without an escape even a tab is itself.
                let text = if literal.contains('\\') {
                    serde_json::from_str(literal).map_err(|_| {
                        ("the string has an escape that JSON does not have".to_owned(), 0..at + 1)
                    })?
                } else {
                    literal.trim_matches('"').to_owned()
                };
                return Ok((Kind::Text(text), at + 1));
            }
            _ => {}
        }
    }
    Err(("the string has no end in its line".to_owned(), 0..1))
}
