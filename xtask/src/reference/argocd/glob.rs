//! The patterns of Argo CD.
//!
//! Source: the library gobwas/glob, in which `*` stands for any characters but a separator and `**`
//! for any at all.

/// The longest pattern and text that are compared.
const MAX_LENGTH: usize = 1024;

/// Whether a pattern forbids what it matches.
pub(super) fn is_denial(pattern: &str) -> bool {
    pattern.starts_with('!')
}

/// Whether a text matches a pattern, or does not match a denial.
pub(super) fn permits(pattern: &str, text: &str, separator: Option<char>) -> bool {
    match pattern.strip_prefix('!') {
        Some(denied) => !matches(denied, text, separator),
        None => pattern == "*" || matches(pattern, text, separator),
    }
}

/// Whether a text matches a pattern. One with classes or alternatives is taken to match.
pub(super) fn matches(pattern: &str, text: &str, separator: Option<char>) -> bool {
    if pattern.contains(['[', '{', '\\']) || pattern.len().max(text.len()) > MAX_LENGTH {
        return true;
    }
    // Most patterns begin as few texts do.
    let fixed = pattern.find(['*', '?']).unwrap_or(pattern.len());
    let (fixed, pattern) = pattern.split_at(fixed);
    let Some(text) = text.strip_prefix(fixed) else { return false };
    if pattern.is_empty() {
        return text.is_empty();
    }
    // Which beginnings of the pattern match the text so far: number `at` is without its last piece.
    let mut pieces: Vec<Piece> = Vec::new();
    for c in pattern.chars() {
        match (c, pieces.last_mut()) {
            ('*', Some(last @ (Piece::Many | Piece::Any))) => *last = Piece::Any,
            ('*', _) => pieces.push(Piece::Many),
            ('?', _) => pieces.push(Piece::One),
            (c, _) => pieces.push(Piece::Just(c)),
        }
    }
    let mut reached = vec![false; pieces.len() + 1];
    let spread = |reached: &mut Vec<bool>| {
        for (at, piece) in pieces.iter().enumerate() {
            let is_many = matches!(piece, Piece::Many | Piece::Any);
            if is_many
                && reached.get(at) == Some(&true)
                && let Some(next) = reached.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    spread(&mut reached);
    for c in text.chars() {
        let mut next = vec![false; pieces.len() + 1];
        for (at, piece) in pieces.iter().enumerate() {
            let is_separator = Some(c) == separator;
            let (takes, stays) = match piece {
                Piece::Just(just) => (*just == c, false),
                Piece::One => (!is_separator, false),
                Piece::Many => (!is_separator, true),
                Piece::Any => (true, true),
            };
            // What stands for many is reached behind it, and goes on from there.
            let from = if stays { at + 1 } else { at };
            if takes
                && reached.get(from) == Some(&true)
                && let Some(next) = next.get_mut(at + 1)
            {
                *next = true;
            }
        }
        spread(&mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// A piece of a pattern.
enum Piece {
    Just(char),
    /// Any character but a separator.
    One,
    /// Any number of characters that are no separators.
    Many,
    /// Any number of any characters.
    Any,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stops_at_a_separator_and_two_do_not() {
        let matches = |pattern, text| matches(pattern, text, Some('/'));
        for (pattern, text) in [
            ("https://a/b", "https://a/b"),
            ("https://a/*", "https://a/b"),
            ("https://a/**", "https://a/b/c"),
            ("rendered/*/web", "rendered/prod/web"),
            ("*", ""),
            ("w?b", "web"),
            ("a*c*e", "abcde"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("https://a/*", "https://a/b/c"),
            ("https://a/b", "https://a/bc"),
            ("w?b", "wb"),
            ("*", "a/b"),
            ("a*c*e", "abcd"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_denial_permits_what_it_does_not_match() {
        assert!(permits("!kube-*", "shop", None));
        assert!(!permits("!kube-*", "kube-system", None));
        assert!(permits("*", "a/b", Some('/')));
    }
}
