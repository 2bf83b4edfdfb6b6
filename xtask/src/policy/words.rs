//! What a policy says, as a diagnostic quotes it.

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text between quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", one_line(text))
}
