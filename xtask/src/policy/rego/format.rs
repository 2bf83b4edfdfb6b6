//! `sprintf`: Go's `fmt.Sprintf` with the arguments that OPA gives to it.
//!
//! Invariant: no text makes it panic, and the result has at most [`LENGTH`] bytes.
//!
//! Source: Go 1.26, `fmt`; OPA 1.17.1, where numbers are `int`, `*big.Int` or `float64`, strings are
//! strings, and everything else is the text of the term.

mod float;
mod text;
mod verbs;

use std::fmt::Write as _;

use regorus::Value;

use super::value::printed;
pub(super) use float::shortest;
pub(super) use text::quoted;
use verbs::Flags;

/// The longest result.
pub(super) const LENGTH: usize = 4 << 20;

/// The largest width, precision or argument number; Go's is the same.
const LARGEST: usize = 1_000_000;

/// The only key of the object that stands for a number whose notation would be lost: `1.0`, `1e6`.
pub(super) const NUMBER: &str = "a number as it is written";

/// An argument as Go sees it.
#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Int(i64),
    /// A whole number that does not fit, in decimal digits.
    Big(String),
    Float(f64),
    Text(String),
}

impl Argument {
    fn of(value: &Value) -> Self {
        if let Some(written) = super::value::written(value) {
            return written.parse().map_or_else(|_| Self::Text(written.to_owned()), Self::Float);
        }
        match value {
            Value::Number(number) if number.is_integer() => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => Self::Big(number.format_decimal()),
            },
            Value::Number(number) => {
                number.as_f64().map_or(Self::Text(printed(value)), Self::Float)
            }
            Value::String(text) => Self::Text(text.to_string()),
            other => Self::Text(printed(other)),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}

/// Formats; `None` if the result would be too long.
pub(super) fn sprintf(format: &str, values: &[Value]) -> Option<String> {
    let arguments: Vec<Argument> = values.iter().map(Argument::of).collect();
    let mut printer = Printer { format, at: 0, arguments: &arguments, next: 0, out: String::new() };
    printer.print()?;
    Some(printer.out)
}

/// An argument as far as it is plain from the code.
pub(super) enum Plain {
    /// A number, as it is written.
    Number(String),
    /// What is printed as a text: booleans are, too.
    Text,
    Unknown,
}

impl Plain {
    fn argument(&self) -> Argument {
        match self {
            Self::Number(text) => match text.parse() {
                Ok(number) => Argument::Int(number),
                Err(_) => Argument::Float(text.parse().unwrap_or_default()),
            },
            Self::Text => Argument::Text(MARK.to_owned()),
            Self::Unknown => Argument::Text(String::new()),
        }
    }
}

/// Tells a text that is known from one that is not.
const MARK: &str = "\u{1}";

/// Whether a text has a verb for each argument that goes with it; if not, what is wrong.
pub(super) fn fits(format: &str, plain: &[Plain]) -> Result<(), String> {
    let arguments: Vec<Argument> = plain.iter().map(Plain::argument).collect();
    let count = plain.len();
    let mut printer = Printer { format, at: 0, arguments: &arguments, next: 0, out: String::new() };
    if printer.print().is_none() {
        return Err("the text of `sprintf` is too long".to_owned());
    }
    let out = printer.out;
    let given = format!("{count} {}", if count == 1 { "is" } else { "are" });
    if out.contains("(MISSING)") || out.contains("(BADINDEX)") {
        return Err(format!("the text of `sprintf` needs more arguments, {given} given"));
    }
    if out.contains("%!(EXTRA ") {
        return Err(format!("the text of `sprintf` needs fewer arguments, {given} given"));
    }
    if out.contains("%!(NOVERB)") {
        return Err(
            "the text of `sprintf` ends within a verb, write `%%` for a percent sign".to_owned()
        );
    }
    let known = "vTsqxXdboOcUeEfFgGt%";
    if let Some(verb) = verbs_of(format).find(|verb| !known.contains(*verb)) {
        return Err(format!("`%{verb}` is no verb of `sprintf`"));
    }
    match misprinted(&out) {
        Some((verb, what)) => {
            Err(format!("`%{verb}` of `sprintf` does not print {what}, `%v` does"))
        }
        None => Ok(()),
    }
}

/// The first verb that does not go with an argument that is known, and what that is.
fn misprinted(out: &str) -> Option<(char, &'static str)> {
    for (at, _) in out.match_indices("%!") {
        let mut rest = out.get(at + 2..)?.chars();
        let verb = rest.next()?;
        let rest = rest.as_str();
        if rest.starts_with("(int=") {
            return Some((verb, "an integer"));
        }
        if rest.starts_with("(float64=") {
            return Some((verb, "a number with a dot or an exponent"));
        }
        let text = rest.strip_prefix("(string=").map(|text| text.trim_start_matches([' ', '0']));
        if text.is_some_and(|text| text.starts_with(MARK)) {
            return Some((verb, "a text or a boolean"));
        }
    }
    None
}

/// The verbs of a text, one after the other.
fn verbs_of(format: &str) -> impl Iterator<Item = char> {
    let mut rest = format;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('%')?;
        let after =
            after.trim_start_matches(|c: char| "#0+- [].*".contains(c) || c.is_ascii_digit());
        let verb = after.chars().next()?;
        rest = after.get(verb.len_utf8()..)?;
        Some(verb)
    })
}

struct Printer<'a> {
    format: &'a str,
    at: usize,
    arguments: &'a [Argument],
    /// The argument that is used next.
    next: usize,
    out: String,
}

/// Whether an argument number was read in front of something.
#[derive(Clone, Copy, PartialEq)]
enum Index {
    None,
    Good,
    Bad,
}

impl Printer<'_> {
    fn print(&mut self) -> Option<()> {
        let mut reordered = false;
        loop {
            let rest = self.format.get(self.at..)?;
            let Some(length) = rest.find('%') else {
                self.out.push_str(rest);
                break;
            };
            self.out.push_str(rest.get(..length)?);
            self.at += length + 1;
            reordered |= self.verb()?;
            if self.out.len() > LENGTH {
                return None;
            }
        }
        let extra = self.arguments.get(self.next..).unwrap_or_default();
        if !reordered && !extra.is_empty() {
            self.out.push_str("%!(EXTRA ");
            for (at, argument) in extra.iter().enumerate() {
                if at > 0 {
                    self.out.push_str(", ");
                }
                self.out.push_str(argument.type_name());
                self.out.push('=');
                Flags::default().plain(argument, &mut self.out);
                if self.out.len() > LENGTH {
                    return None;
                }
            }
            self.out.push(')');
        }
        (self.out.len() <= LENGTH).then_some(())
    }

    /// What stands behind a `%`; whether it says which argument it takes.
    fn verb(&mut self) -> Option<bool> {
        let mut flags = Flags::default();
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut bad = false;
        let mut reordered = false;
        let mut index = self.index(&mut bad, &mut reordered);
        if self.takes(b'*') {
            match self.number_argument() {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => self.out.push_str("%!(BADWIDTH)"),
            }
            index = Index::None;
        } else {
            flags.width = self.digits();
            bad |= index != Index::None && flags.width.is_some();
        }
        if self.takes(b'.') {
            bad |= index != Index::None;
            index = self.index(&mut bad, &mut reordered);
            if self.takes(b'*') {
                let precision = self.number_argument();
                flags.precision = precision.and_then(|number| usize::try_from(number).ok());
                if flags.precision.is_none() {
                    self.out.push_str("%!(BADPREC)");
                }
                index = Index::None;
            } else {
                flags.precision = Some(self.digits().unwrap_or(0));
            }
        }
        if index == Index::None {
            self.index(&mut bad, &mut reordered);
        }
        let Some(verb) = self.format.get(self.at..)?.chars().next() else {
            self.out.push_str("%!(NOVERB)");
            return Some(reordered);
        };
        self.at += verb.len_utf8();
        let argument = self.arguments.get(self.next);
        match (verb, bad, argument) {
            ('%', ..) => self.out.push('%'),
            (_, true, _) => write!(self.out, "%!{verb}(BADINDEX)").ok()?,
            (_, _, None) => write!(self.out, "%!{verb}(MISSING)").ok()?,
            (_, _, Some(argument)) => {
                self.next += 1;
                flags.print(argument, verb, &mut self.out);
            }
        }
        Some(reordered)
    }

    fn byte(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// A number in the text, if there is one and it is not too large.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            let number = self.format.get(start..self.at)?.parse::<usize>();
            if !number.is_ok_and(|number| number <= LARGEST) {
                return None;
            }
        }
        self.format.get(start..self.at)?.parse().ok()
    }

    /// The argument for a `*`.
    fn number_argument(&mut self) -> Option<isize> {
        let argument = self.arguments.get(self.next)?;
        self.next += 1;
        match argument {
            Argument::Int(number) if number.unsigned_abs() <= LARGEST as u64 => {
                isize::try_from(*number).ok()
            }
            _ => None,
        }
    }

    /// `[n]`: which argument is next, from 1 on.
    fn index(&mut self, bad: &mut bool, reordered: &mut bool) -> Index {
        if self.byte() != Some(b'[') {
            return Index::None;
        }
        *reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let inner = rest.get(1..).and_then(|rest| rest.split_once(']')).filter(|_| rest.len() >= 3);
        let Some((inner, _)) = inner else {
            self.at += 1;
            *bad = true;
            return Index::Bad;
        };
        self.at += inner.len() + 2;
        let number = Some(inner)
            .filter(|inner| inner.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|inner| inner.parse::<usize>().ok())
            .filter(|number| *number <= LARGEST);
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.arguments.len() => {
                self.next = index;
                Index::Good
            }
            _ => {
                *bad = true;
                // Behind something that is no number, another index may follow.
                if number.is_some() { Index::Good } else { Index::Bad }
            }
        }
    }
}
