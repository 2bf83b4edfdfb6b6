//! Regular expressions of schemas.
//!
//! Source: Go's `regexp/syntax`, which the API server uses. Its classes `\d`, `\s`, `\w` and its
//! word boundaries know ASCII only, and in a set it knows no set operations; the expression is
//! rewritten so that it means the same here.

mod rewriting;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use regex::{Regex, RegexBuilder};

use crate::yaml::Text;
use rewriting::rewritten;

/// The size of a compiled expression. The largest one of the curated kinds needs half of it.
const SIZE_LIMIT: usize = 1024 * 1024;

/// The length of an expression as it is written.
const LENGTH_LIMIT: usize = 16 * 1024;

/// The size of a compiled expression that is small.
const SMALL: usize = 64 * 1024;

/// The size of a compiled expression for whoever needs more than [`SIZE_LIMIT`].
const LARGE: usize = 4 * 1024 * 1024;

/// How deeply groups nest.
const NEST_LIMIT: u32 = 100;

/// What is said of a pattern that is beyond our own limits: it may be a good one.
pub const TOO_LARGE: &str = "it is too large to compile";

/// A compiled pattern, or what is wrong with it in a few words.
pub type Compiled = Result<Arc<Regex>, Arc<str>>;

/// A pattern that a text must match somewhere.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is written.
    pub text: Text,
    compiled: OnceLock<Compiled>,
}

impl Pattern {
    /// A pattern that is compiled when it is first needed. One that is broken matches everything:
    /// whoever has read the definition has reported it.
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// What is wrong with it.
    pub fn error(&self) -> Option<&str> {
        self.compiled().as_ref().err().map(AsRef::as_ref)
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled().as_ref().map_or(true, |regex| regex.is_match(text))
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| cached(&self.text))
    }
}

static CACHE: Mutex<BTreeMap<Text, Compiled>> = Mutex::new(BTreeMap::new());

/// The compiled form of a pattern, kept from now on: a project writes the same one in many places.
pub fn cached(text: &str) -> Compiled {
    if let Some(found) = known(text) {
        return found;
    }
    let compiled = compile(text).map(Arc::new).map_err(Arc::from);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.insert(text.into(), compiled.clone());
    compiled
}

/// The compiled form of a pattern that was compiled before.
pub fn known(text: &str) -> Option<Compiled> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
}

/// What is wrong with the syntax of a pattern, in a few words. Finding it out costs no compilation.
pub fn syntax_error(pattern: &str) -> Option<String> {
    if pattern.len() > LENGTH_LIMIT {
        return None;
    }
    match built(pattern, 0) {
        Err(error) if error != TOO_LARGE => Some(error),
        _ => None,
    }
}

/// Compiles a pattern. The error is what is wrong with it, in a few words.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LENGTH_LIMIT {
        return Err(TOO_LARGE.to_owned());
    }
    built(pattern, SIZE_LIMIT)
}

/// How large a compiled expression may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Whatever length the text has that it is searched in, the search is fast.
    Small,
    /// Several thousand repetitions of a class.
    Large,
}

/// Compiles a pattern to at most a size. The error is what is wrong with it, in a few words.
pub fn compile_of(pattern: &str, size: Size) -> Result<Regex, String> {
    if pattern.len() > LENGTH_LIMIT {
        return Err(TOO_LARGE.to_owned());
    }
    let limit = if size == Size::Small { SMALL } else { LARGE };
    built(pattern, limit)
}

fn built(pattern: &str, size_limit: usize) -> Result<Regex, String> {
    RegexBuilder::new(&rewritten(pattern)?)
        .size_limit(size_limit)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| in_words(&error))
}

fn in_words(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => TOO_LARGE.to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for text in yes {
            assert!(regex.is_match(text), "{pattern} {text}");
        }
        for text in no {
            assert!(!regex.is_match(text), "{pattern} {text}");
        }
    }

    #[test]
    fn classes_know_ascii_only() {
        check(r"^\d+$", &["12"], &["٣", "x"]);
        check(r"^\w+$", &["a_1"], &["é"]);
        check(r"^[\w-]+$", &["a-1"], &["é", " "]);
        check(r"^\s$", &[" ", "\t"], &["\u{b}", "\u{a0}"]);
        check(r"^\S+$", &["é"], &[" "]);
        check(r"^[^\s]+$", &["é"], &[" "]);
        check(r"\bé", &["aé"], &["é"]);
    }

    #[test]
    fn a_set_has_no_operations() {
        check(r"^[a&&b]+$", &["a&b"], &["c"]);
        check(r"^[a[b]+$", &["[a"], &["]"]);
        check(r"^[[:alpha:]_]+$", &["a_"], &["1"]);
        check(r"^[a~~b]+$", &["~"], &["c"]);
        check(r"^[]a]+$", &["]a"], &["b"]);
        check(r"^[+--]+$", &["+,-"], &["."]);
        check(r"^[--/]+$", &["-./"], &[",", "0"]);
        check(r"^[a-c-]+$", &["a-c"], &["d"]);
    }

    #[test]
    fn escapes_are_those_of_go() {
        check(r"^\Qa.b\E+$", &["a.bb"], &["axb"]);
        check(r"^\-\/\_\<\>$", &["-/_<>"], &[]);
        check(r"^[\-\]]+$", &["-]"], &["a"]);
        check(r"^\x41\z", &["A"], &["A\n"]);
        check(r"^a$", &["a"], &["a\n"]);
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "a**",
            "a*+",
            "a{2}{3}",
            "a{1001}",
            "(a{40}){40}",
            r"\u0041",
            "(?x)a",
            "(?=a)",
            r"(a)\1",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
            assert!(syntax_error(pattern).is_some(), "{pattern}");
        }
        check("^a*?b+?c??$", &["abc"], &["c"]);
        check("^(?:a{10}){100}$", &[], &["a"]);
        check("^(?i)é(?-i)a$", &["Éa"], &["ÉA"]);
        check(r"^a\Bb", &["ab"], &["a b"]);
    }

    #[test]
    fn a_brace_that_counts_nothing_is_itself() {
        check("^a{,2}$", &["a{,2}"], &["aa"]);
        check("^{x}$", &["{x}"], &[]);
        check("^a{1,2}$", &["aa"], &["aaa"]);
        check(r"^\d{2,}$", &["12"], &["1"]);
    }

    #[test]
    fn a_broken_or_huge_pattern_says_why() {
        assert!(compile("(").unwrap_err().contains("unclosed group"));
        assert_eq!(compile(r"\pL{1000}").unwrap_err(), TOO_LARGE);
        assert!(compile(&"a".repeat(LENGTH_LIMIT + 1)).is_err());
        assert!(compile(&"(".repeat(5_000)).is_err());
        assert!(Pattern::new("(").matches("anything"));
    }

    #[test]
    fn only_the_syntax_of_a_pattern_is_an_error_of_the_syntax() {
        assert_eq!(syntax_error("(").as_deref(), Some("unclosed group"));
        let large = "a".repeat(LENGTH_LIMIT + 1);
        for pattern in ["a+", r"\Qa\E", "[a[b]", r"\pL{1000}", &large] {
            assert_eq!(syntax_error(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_is_searched_anywhere() {
        assert!(Pattern::new("b").matches("abc"));
        assert!(!Pattern::new("^b").matches("abc"));
    }
}
