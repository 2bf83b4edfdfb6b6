//! Patterns for paths: `*` and `?` stand for characters of one name, `**` for any directories.

use std::fmt;

use regex::Regex;

/// A longer pattern is a mistake.
const MAX_LENGTH: usize = 1024;

/// What a path is like.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text is no pattern for paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is empty.
    Empty,
    /// It has more than this many bytes.
    TooLong(usize),
    /// It begins with `/`, and paths are relative to the repository.
    Absolute,
    /// It ends with `/`, and so is like no file.
    Directory,
    /// It has `.`, `..` or nothing for a name.
    Name,
    /// It has `**` beside other characters of a name.
    Stars,
    /// It has a character that means something in other patterns.
    Character(char),
}

impl Pattern {
    /// The pattern that a text is.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(PatternError::TooLong(MAX_LENGTH));
        }
        if text.starts_with('/') {
            return Err(PatternError::Absolute);
        }
        if text.ends_with('/') {
            return Err(PatternError::Directory);
        }
        if let Some(c) = text.chars().find(|c| "[]{}\\!".contains(*c)) {
            return Err(PatternError::Character(c));
        }
        let mut regex = String::from(r"\A");
        let mut names = text.split('/').peekable();
        while let Some(name) = names.next() {
            let is_last = names.peek().is_none();
            match name {
                "" | "." | ".." => return Err(PatternError::Name),
                "**" if is_last => regex.push_str("(?s:.+)"),
                "**" => regex.push_str("(?:[^/]+/)*"),
                _ if name.contains("**") => return Err(PatternError::Stars),
                _ => {
                    for c in name.chars() {
                        match c {
                            '*' => regex.push_str("[^/]*"),
                            '?' => regex.push_str("[^/]"),
                            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                        }
                    }
                    if !is_last {
                        regex.push('/');
                    }
                }
            }
        }
        regex.push_str(r"\z");
        Regex::new(&regex).map(Self).map_err(|_| PatternError::TooLong(MAX_LENGTH))
    }

    /// Whether a path, with `/` between its names, is like the pattern.
    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// Why, for a message.
impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong(bytes) => write!(f, "it is too long, over {bytes} bytes"),
            Self::Absolute => {
                f.write_str("it begins with `/`, and paths are relative to the repository")
            }
            Self::Directory => f.write_str("it ends with `/`, as no file does"),
            Self::Name => f.write_str("it has `.`, `..` or nothing between two `/`"),
            Self::Stars => f.write_str("it has `**` beside other characters of a name"),
            Self::Character(c) => write!(f, "`{c}` has no meaning in it"),
        }
    }
}

impl PatternError {
    /// What to write instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::Directory => "write `/**` at the end for all files below a directory",
            _ => {
                "write a path from the root of the repository, with `*` for any part of a name \
                  and `**` for any directories: `base/**/service.yaml`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_names_and_directories() {
        for (pattern, path, expected) in [
            ("base/web/service.yaml", "base/web/service.yaml", true),
            ("base/web/service.yaml", "base/web/serviceXyaml", false),
            ("base/*/service.yaml", "base/web/service.yaml", true),
            ("base/*/service.yaml", "base/a/b/service.yaml", false),
            ("base/**", "base/web/service.yaml", true),
            ("base/**", "base", false),
            ("base/**", "basement/x.yaml", false),
            ("**", "x.yaml", true),
            ("**/service.yaml", "service.yaml", true),
            ("**/service.yaml", "base/web/service.yaml", true),
            ("**/service.yaml", "base/my-service.yaml", false),
            ("base/**/service.yaml", "base/service.yaml", true),
            ("base/**/**/x", "base/a/b/c/x", true),
            ("a?.y*", "ab.yaml", true),
            ("a?.y*", "a/.yaml", false),
            ("*", "é.yaml", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (pattern, expected) in [
            ("", PatternError::Empty),
            ("/base", PatternError::Absolute),
            ("base/", PatternError::Directory),
            ("./base", PatternError::Name),
            ("a//b", PatternError::Name),
            ("base/a**", PatternError::Stars),
            ("base/[ab].yaml", PatternError::Character('[')),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap_err(), expected, "{pattern}");
        }
        assert!(Pattern::new(&"?".repeat(MAX_LENGTH)).is_ok());
        assert!(Pattern::new(&"x".repeat(MAX_LENGTH + 1)).is_err());
    }

    #[test]
    fn many_stars_take_no_longer_than_the_path_is_long() {
        let pattern = Pattern::new(&"**/*a*/".repeat(140)).err();
        assert_eq!(pattern, Some(PatternError::Directory));
        let pattern = Pattern::new(&(["**/*a*"; 140].join("/") + "/b")).unwrap();
        assert!(!pattern.matches(&"a/".repeat(2000)));
    }
}
