//! What is wrong with a text, and the tests that most formats consist of.
//!
//! Invariant: a text that passes costs no allocation; only a [`Fault`] does. A fault never repeats
//! the text, which may be long: at most a character and its position.

use std::borrow::Cow;
use std::fmt;

/// The subject of a clause about the whole text.
const WHOLE: &str = "it";

/// What is wrong with a text, as a clause that follows what it must be.
#[derive(Debug)]
pub(super) struct Fault {
    subject: &'static str,
    predicate: Cow<'static, str>,
}

pub(super) type Verdict = Result<(), Fault>;

impl Fault {
    /// A clause about the whole text: `predicate` follows [`WHOLE`].
    pub(super) fn new(predicate: impl Into<Cow<'static, str>>) -> Self {
        Self { subject: WHOLE, predicate: predicate.into() }
    }

    /// Nothing that what the text must be does not say already.
    pub(super) fn plain() -> Self {
        Self::new("")
    }

    /// The same clause about a part of the text; one that is about a smaller part stays.
    pub(super) fn of(self, subject: &'static str) -> Self {
        if self.subject == WHOLE { Self { subject, ..self } } else { self }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.predicate.is_empty()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.subject, self.predicate)
    }
}

/// A character as a message shows it: also one that a terminal would not.
pub(super) struct Shown(pub(super) char);

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' ' => formatter.write_str("a space"),
            '`' => formatter.write_str("a backtick"),
            character @ ('\'' | '"' | '\\') => write!(formatter, "`{character}`"),
            character => write!(formatter, "`{}`", character.escape_debug()),
        }
    }
}

/// Whether all characters are ASCII and `allowed`.
pub(super) fn characters(text: &str, allowed: impl Fn(u8) -> bool) -> Verdict {
    let passes = |byte: u8| byte.is_ascii() && allowed(byte);
    if text.bytes().all(passes) {
        return Ok(());
    }
    let refused = |&(_, character): &(usize, char)| !u8::try_from(character).is_ok_and(passes);
    Err(match text.chars().enumerate().find(refused) {
        Some((index, character)) => {
            Fault::new(format!("has {} at character {}", Shown(character), index + 1))
        }
        None => Fault::plain(),
    })
}

/// Whether an ASCII text has at most `limit` characters.
pub(super) fn at_most(text: &str, limit: usize) -> Verdict {
    if text.len() <= limit {
        return Ok(());
    }
    Err(Fault::new(format!("has {} characters", text.len())))
}

/// Whether the first and the last character are `allowed`.
pub(super) fn ends(text: &str, first: impl Fn(u8) -> bool, last: impl Fn(u8) -> bool) -> Verdict {
    let refused = |character: char, allowed: &dyn Fn(u8) -> bool| {
        !u8::try_from(character).is_ok_and(|byte| byte.is_ascii() && allowed(byte))
    };
    if let Some(character) = text.chars().next().filter(|&character| refused(character, &first)) {
        return Err(Fault::new(format!("starts with {}", Shown(character))));
    }
    if let Some(character) = text.chars().next_back().filter(|&character| refused(character, &last))
    {
        return Err(Fault::new(format!("ends with {}", Shown(character))));
    }
    Ok(())
}

pub(super) fn not_empty(text: &str) -> Verdict {
    if text.is_empty() { Err(Fault::new("is empty")) } else { Ok(()) }
}

/// A word with `end` characters at both ends and `inner` ones between, at most `limit` long.
pub(super) fn word(
    text: &str,
    inner: impl Fn(u8) -> bool,
    end: impl Fn(u8) -> bool,
    limit: usize,
) -> Verdict {
    not_empty(text)?;
    characters(text, inner)?;
    ends(text, &end, &end)?;
    at_most(text, limit)
}

/// Words between `separators`, each with `first` and `last` at its ends and `inner` between.
pub(super) fn words(
    text: &str,
    separators: &[char],
    inner: impl Fn(u8) -> bool,
    first: impl Fn(u8) -> bool,
    last: impl Fn(u8) -> bool,
) -> Verdict {
    not_empty(text)?;
    characters(text, |byte| separators.contains(&char::from(byte)) || inner(byte))?;
    ends(text, &first, &last)?;
    for part in text.split(separators) {
        if part.is_empty() {
            return Err(Fault::new("has an empty part"));
        }
        ends(part, &first, &last)
            .map_err(|fault| Fault::new(format!("has a part that {}", fault.predicate)))?;
    }
    Ok(())
}

/// The digits that a text starts with, those behind a point after them, and the rest.
pub(super) fn leading_number(text: &str) -> (&str, &str, &str) {
    let (whole, after_whole) = leading_digits(text);
    let (fraction, rest) = match after_whole.strip_prefix('.') {
        Some(after_point) => leading_digits(after_point),
        None => ("", after_whole),
    };
    (whole, fraction, rest)
}

/// The digits that a text starts with, and the rest.
pub(super) fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
