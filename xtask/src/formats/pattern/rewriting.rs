//! From the notation of Go to the one that is compiled here.

use std::{iter::Peekable, str::Chars};

/// How often something may be repeated by a number; repetitions in repetitions count together.
const REPEAT_LIMIT: u64 = 1000;

/// The classes in `[[:name:]]`.
const CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Where in a set a rewriting is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Outside,
    /// At its beginning, or behind a range or a class: a dash is itself.
    Fresh,
    /// Behind a character, which may begin a range.
    Character,
    /// Behind the dash of a range.
    Range,
}

impl Set {
    fn is_inside(self) -> bool {
        self != Self::Outside
    }

    /// Behind another character.
    fn character(self) -> Self {
        match self {
            Self::Outside => Self::Outside,
            Self::Range => Self::Fresh,
            Self::Fresh | Self::Character => Self::Character,
        }
    }
}

/// The same expression for a parser that knows Unicode's classes and set operations. The error is what
/// Go does not accept and that parser would.
pub(super) fn rewritten(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut repetitions = Repetitions::default();
    let mut chars = pattern.chars().peekable();
    let mut set = Set::Outside;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') if !set.is_inside() => {
                    let mut quoted = String::new();
                    while let Some(c) = chars.next() {
                        if c == '\\' && chars.peek() == Some(&'E') {
                            chars.next();
                            break;
                        }
                        quoted.push(c);
                    }
                    out.push_str(&regex::escape(&quoted));
                    repetitions.atom();
                }
                Some(c @ ('u' | 'U')) => {
                    return Err(format!("unrecognized escape sequence `\\{c}`"));
                }
                Some(c) => {
                    if !set.is_inside() {
                        repetitions.atom();
                    }
                    escape(c, set.is_inside(), &mut out);
                    if matches!(c, 'x' | 'p' | 'P') && chars.peek() == Some(&'{') {
                        copy_to('}', &mut chars, &mut out);
                    }
                    let is_class = matches!(c, 'd' | 's' | 'w' | 'D' | 'S' | 'W' | 'p' | 'P');
                    set = if is_class && set.is_inside() { Set::Fresh } else { set.character() };
                }
                None => out.push('\\'),
            },
            '[' if !set.is_inside() => {
                set = Set::Fresh;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // At the start of a set a bracket is itself.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                    set = Set::Character;
                }
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                let start = out.len();
                copy_to(']', &mut chars, &mut out);
                let class = out.get(start..).unwrap_or_default().trim_start_matches([':', '^']);
                if !CLASSES.contains(&class.trim_end_matches(":]")) {
                    return Err(format!(
                        "unrecognized class `[{}`",
                        out.get(start..).unwrap_or_default()
                    ));
                }
                set = Set::Fresh;
            }
            ']' if set.is_inside() => {
                set = Set::Outside;
                repetitions.atom();
                out.push(']');
            }
            '-' if set == Set::Character && chars.peek() != Some(&']') => {
                set = Set::Range;
                out.push('-');
            }
            '[' | '&' | '~' | '-' if set.is_inside() => {
                out.push('\\');
                out.push(c);
                set = set.character();
            }
            c if set.is_inside() => {
                out.push(c);
                set = set.character();
            }
            '(' => {
                out.push('(');
                let rest: String = chars.clone().take(16).collect();
                if flags(&rest)? {
                    // Flags up to their parenthesis open no group.
                    copy_to(')', &mut chars, &mut out);
                } else {
                    repetitions.open();
                }
            }
            ')' => {
                repetitions.close();
                out.push(')');
            }
            '|' => {
                repetitions.alternative();
                out.push('|');
            }
            '*' | '+' | '?' => {
                repetitions.repeat(None, c == '?')?;
                out.push(c);
            }
            '{' => {
                if let Some((length, times)) = counted(chars.clone()) {
                    repetitions.repeat(Some(times), false)?;
                    out.push('{');
                    out.extend(chars.by_ref().take(length));
                } else {
                    // A brace that counts nothing is itself.
                    repetitions.atom();
                    out.push_str("\\{");
                }
            }
            c => {
                repetitions.atom();
                out.push(c);
            }
        }
    }
    Ok(out)
}

/// Copies up to a character and it too.
fn copy_to(end: char, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    for c in chars.by_ref() {
        out.push(c);
        if c == end {
            break;
        }
    }
}

/// What was repeated how often, and what stands before the next character.
#[derive(Default)]
struct Repetitions {
    /// The largest product in each open group.
    groups: Vec<u64>,
    /// The largest product in what is outside of all groups, or in the group that is open.
    largest: u64,
    /// The product of the term that was read last.
    last: u64,
    before: Before,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// A term, or nothing.
    #[default]
    Term,
    /// A repetition, which a question mark makes lazy.
    Repetition,
    LazyRepetition,
}

impl Repetitions {
    fn atom(&mut self) {
        self.last = 1;
        self.before = Before::Term;
    }

    fn open(&mut self) {
        self.groups.push(self.largest);
        self.alternative();
        self.largest = 0;
    }

    fn close(&mut self) {
        self.last = self.largest.max(1);
        self.largest = self.groups.pop().unwrap_or(0).max(self.last);
        self.before = Before::Term;
    }

    fn alternative(&mut self) {
        self.last = 0;
        self.before = Before::Term;
    }

    fn repeat(&mut self, times: Option<u64>, is_question: bool) -> Result<(), String> {
        self.before = match self.before {
            Before::Term => Before::Repetition,
            Before::Repetition if is_question => {
                self.before = Before::LazyRepetition;
                return Ok(());
            }
            _ => return Err("a repetition is repeated".to_owned()),
        };
        self.last = self.last.saturating_mul(times.unwrap_or(1).max(1));
        self.largest = self.largest.max(self.last);
        if self.last.max(times.unwrap_or(0)) > REPEAT_LIMIT {
            return Err(format!("something is repeated more than {REPEAT_LIMIT} times"));
        }
        Ok(())
    }
}

/// Whether what stands behind a parenthesis is flags and the end of the group. Those that Go does not
/// know are an error.
fn flags(rest: &str) -> Result<bool, String> {
    let Some(rest) = rest.strip_prefix('?') else { return Ok(false) };
    let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(rest.len());
    let (flags, rest) = rest.split_at_checked(end).unwrap_or_default();
    match rest.chars().next() {
        Some(':' | ')') => match flags.chars().find(|c| !"imsU-".contains(*c)) {
            Some(flag) => Err(format!("unrecognized flag `{flag}`")),
            None => Ok(rest.starts_with(')')),
        },
        _ => Ok(false),
    }
}

/// The length of `n}`, `n,}` or `n,m}` and the larger number.
fn counted(chars: Peekable<Chars<'_>>) -> Option<(usize, u64)> {
    let text: String =
        chars.take(24).take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).collect();
    let inner = text.split_once('}')?.0;
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let times = match inner.split_once(',') {
        Some((least, "")) => number(least)?,
        Some((least, most)) => number(least)?.max(number(most)?),
        None => number(inner)?,
    };
    Some((inner.len() + 1, times))
}

/// An escaped character.
fn escape(c: char, in_set: bool, out: &mut String) {
    let word = |out: &mut String, inner: &str| {
        if in_set {
            out.push_str(inner);
        } else {
            out.push('[');
            out.push_str(inner);
            out.push(']');
        }
    };
    let other = |out: &mut String, inner: &str| {
        out.push_str("[^");
        out.push_str(inner);
        out.push(']');
    };
    match c {
        'd' => word(out, "0-9"),
        's' => word(out, "\\t\\n\\x0C\\r "),
        'w' => word(out, "0-9A-Za-z_"),
        'D' => other(out, "0-9"),
        'S' => other(out, "\\t\\n\\x0C\\r "),
        'W' => other(out, "0-9A-Za-z_"),
        'b' if !in_set => out.push_str("(?-u:\\b)"),
        'B' if !in_set => out.push_str("(?-u:\\B)"),
        c if c.is_ascii_alphanumeric() => {
            out.push('\\');
            out.push(c);
        }
        c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
    }
}
