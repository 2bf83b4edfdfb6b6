//! The parts of a file of resources that kustomize reads one by one.
//!
//! Source: kyaml's `splitDocuments`, which splits a text at lines of `---` before it parses it.

use std::ops::Range;

/// A part of a text.
pub(super) struct Chunk<'a> {
    /// Where it begins in the text.
    pub(super) start: usize,
    /// The part itself, with the line break at its end.
    pub(super) text: &'a str,
    /// The line behind it, from the beginning of the part, if it is no proper separator.
    pub(super) bad_separator: Option<Range<usize>>,
}

/// Splits a text at every line, except the first and an unfinished last one, that begins with `---`.
pub(super) fn of(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = text.get(start..)?;
        let separator = rest.find("\n---").and_then(|at| {
            let line = rest.get(at + 1..)?;
            Some((at + 1, line.get(..line.find('\n')?)?))
        });
        let Some((end, line)) = separator else {
            next = None;
            return Some(Chunk { start, text: rest, bad_separator: None });
        };
        next = Some(start + end + line.len() + 1);
        let behind = line.get(3..).unwrap_or("").trim();
        let is_bad = !behind.is_empty() && !behind.starts_with('#');
        Some(Chunk {
            start,
            text: rest.get(..end).unwrap_or(rest),
            bad_separator: is_bad.then(|| end..end + line.trim_end().len()),
        })
    })
}

/// The first line that is neither blank nor a comment, and where it is.
pub(super) fn first_line(text: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        if !content.is_empty() && !content.starts_with('#') {
            return Some((at, line.trim_end()));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_at_lines_of_dashes() {
        for (text, expected) in [
            ("a", &["a"][..]),
            ("---\na\n---\nb\n", &["---\na\n", "b\n"]),
            ("a\n--- # c\r\nb\n---", &["a\n", "b\n---"]),
            ("a\n---\n---\nb", &["a\n", "---\nb"]),
            ("a\n ---\nb", &["a\n ---\nb"]),
            ("", &[""]),
        ] {
            let parts: Vec<&str> = of(text).map(|chunk| chunk.text).collect();
            assert_eq!(parts, expected, "{text:?}");
        }
        let bad: Vec<_> = of("a\n---x: 1\nb\n").map(|chunk| chunk.bad_separator).collect();
        assert_eq!(bad, [Some(2..9), None]);
    }
}
