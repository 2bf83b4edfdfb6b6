//! The words of an expression.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`, and the lexer of `google/cel-go`.

use std::ops::Range;

use super::{CompileError, syntax::Literal};

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Literal(Literal),
    /// A whole number that is not yet known to fit: `-` may stand before it.
    Number(&'a str),
    Sign(&'static str),
    End,
}

/// The signs, each before those that it starts with.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

/// Reads words one after the other.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next word, and where it is.
    pub fn next(&mut self) -> Result<(Token<'a>, Range<usize>), CompileError> {
        self.skip();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start..start)) };
        let is_number = first.is_ascii_digit()
            || first == '.' && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        let token = if is_number {
            self.number()?
        } else if let Some(quoted) = Quoted::start(rest) {
            self.at += quoted.before;
            self.quoted(quoted, start)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            self.at += length;
            let name = rest.get(..length).unwrap_or_default();
            match name {
                "true" => Token::Literal(Literal::Bool(true)),
                "false" => Token::Literal(Literal::Bool(false)),
                "null" => Token::Literal(Literal::Null),
                "in" => Token::Sign("in"),
                _ => Token::Name(name),
            }
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            Token::Sign(sign)
        } else {
            let end = start + first.len_utf8();
            return Err(CompileError::new(format!("`{first}` has no meaning here"), start..end));
        };
        Ok((token, start..self.at))
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn digits(&mut self, is_digit: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let length = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
        self.at += length;
        length
    }

    fn number(&mut self) -> Result<Token<'a>, CompileError> {
        let start = self.at;
        let is_decimal = |c: char| c.is_ascii_digit();
        if self.rest().starts_with("0x") {
            self.at += 2;
            self.digits(|c| c.is_ascii_hexdigit());
            return self.whole(start);
        }
        self.digits(is_decimal);
        let mut is_double = false;
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(is_decimal) {
            is_double = true;
            self.at += 1;
            self.digits(is_decimal);
        }
        if let Some(rest) = self.rest().strip_prefix(['e', 'E']) {
            let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            if unsigned.starts_with(is_decimal) {
                is_double = true;
                self.at += 1 + rest.len() - unsigned.len();
                self.digits(is_decimal);
            }
        }
        if !is_double {
            return self.whole(start);
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let wrong = || CompileError::new("the number is too large", start..self.at);
        Ok(Token::Literal(Literal::Double(value.ok_or_else(wrong)?)))
    }

    fn whole(&mut self, start: usize) -> Result<Token<'a>, CompileError> {
        let text = self.text.get(start..self.at).unwrap_or_default();
        if !self.rest().starts_with(['u', 'U']) {
            return Ok(Token::Number(text));
        }
        self.at += 1;
        let value = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        let wrong = |_| CompileError::new("the number is too large", start..self.at);
        Ok(Token::Literal(Literal::Uint(value.map_err(wrong)?)))
    }

    fn quoted(&mut self, quoted: Quoted, start: usize) -> Result<Token<'a>, CompileError> {
        let Quoted { quote, is_long, is_raw, is_bytes, .. } = quoted;
        let mut text = Buffer { bytes: Vec::new(), is_bytes };
        let end = if is_long { [quote; 3].iter().collect() } else { quote.to_string() };
        loop {
            let at = self.at;
            let rest = self.rest();
            if rest.starts_with(&end) {
                self.at += end.len();
                break;
            }
            let next = rest.chars().next().filter(|c| is_long || !matches!(c, '\n' | '\r'));
            let Some(c) = next else {
                return Err(CompileError::new("the quotes are not closed", start..at));
            };
            self.at += c.len_utf8();
            if c == '\\' && !is_raw {
                let escape = self.escape(&mut text);
                if escape.is_none() {
                    let end = self.at.min(self.text.len());
                    return Err(CompileError::new("the escape does not exist", at..end));
                }
            } else {
                text.push(c);
            }
        }
        Ok(Token::Literal(if is_bytes {
            Literal::Bytes(text.bytes.into())
        } else {
            Literal::String(String::from_utf8_lossy(&text.bytes).into())
        }))
    }

    /// What follows a backslash.
    fn escape(&mut self, text: &mut Buffer) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        let plain = match c {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' | '?' | '"' | '\'' | '`' => c,
            'x' | 'X' => return self.code(2, 16, text),
            'u' if !text.is_bytes => return self.code(4, 16, text),
            'U' if !text.is_bytes => return self.code(8, 16, text),
            '0'..='3' => {
                self.at -= 1;
                return self.code(3, 8, text);
            }
            _ => return None,
        };
        text.push(plain);
        Some(())
    }

    fn code(&mut self, digits: usize, radix: u32, text: &mut Buffer) -> Option<()> {
        let number = self.rest().get(..digits)?;
        if !number.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        let code = u32::from_str_radix(number, radix).ok()?;
        self.at += digits;
        if text.is_bytes {
            text.bytes.push(u8::try_from(code).ok()?);
        } else {
            text.push(char::from_u32(code)?);
        }
        Some(())
    }
}

/// What a quoted text has so far.
struct Buffer {
    bytes: Vec<u8>,
    is_bytes: bool,
}

impl Buffer {
    fn push(&mut self, c: char) {
        self.bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
    }
}

/// How a quoted text begins.
#[derive(Clone, Copy)]
struct Quoted {
    /// The bytes up to the text.
    before: usize,
    quote: char,
    is_long: bool,
    is_raw: bool,
    is_bytes: bool,
}

impl Quoted {
    fn start(text: &str) -> Option<Self> {
        let (mut is_raw, mut is_bytes, mut before) = (false, false, 0);
        for c in text.chars().take(3) {
            match c {
                'r' | 'R' if !is_raw => is_raw = true,
                'b' | 'B' if !is_bytes => is_bytes = true,
                '"' | '\'' => {
                    let rest = text.get(before..).unwrap_or_default();
                    let is_long = rest.starts_with(if c == '"' { "\"\"\"" } else { "'''" });
                    before += if is_long { 3 } else { 1 };
                    return Some(Self { before, quote: c, is_long, is_raw, is_bytes });
                }
                _ => return None,
            }
            before += 1;
        }
        None
    }
}
