//! Whether a string means itself where a template printed it.

use crate::yaml::{Dialect, ScalarKind, resolve};

/// Why a string that was printed into YAML as it is does not mean itself there, if so. `before` is
/// the line up to the string, `after` what follows it.
pub(super) fn problem(text: &str, before: &str, after: &str) -> Option<&'static str> {
    if text.contains('\n') {
        return Some("it has several lines");
    }
    let line = before.rsplit('\n').next().unwrap_or(before);
    match open_quote(line) {
        Some('"') if text.contains(['"', '\\']) => return Some("it has a quote or a backslash"),
        Some('\'') if text.contains('\'') => return Some("it has a quote"),
        Some(_) => return None,
        None => {}
    }
    let starts = line.chars().next_back().is_none_or(|c| c.is_whitespace() || "[{,".contains(c));
    let ends = after.chars().next().is_none_or(|c| c.is_whitespace() || "]},".contains(c));
    let in_flow = line.contains(['[', '{']);
    if text.is_empty() {
        return (starts && ends).then_some("it is empty");
    }
    if text.contains(": ") || text.ends_with(':') && ends {
        return Some("YAML would read it as a mapping");
    }
    if text.contains(" #") {
        return Some("YAML would read a part of it as a comment");
    }
    if in_flow && text.contains(['[', ']', '{', '}', ',']) {
        return Some("YAML would read a part of it as another element");
    }
    if text.starts_with(char::is_whitespace) && starts
        || text.ends_with(char::is_whitespace) && ends
    {
        return Some("YAML would drop the blanks around it");
    }
    if starts && begins_like_yaml(text) {
        return Some("YAML reads its first character as its own");
    }
    let other_type = |dialect| resolve(text, dialect) != ScalarKind::String;
    if starts && ends && (other_type(Dialect::Resource) || other_type(Dialect::Config)) {
        return Some("YAML would read it as something else than a string");
    }
    None
}

/// The quote that is open at the end of a line, or `#` in a comment.
fn open_quote(line: &str) -> Option<char> {
    let mut open = None;
    let mut before = ' ';
    for c in line.chars() {
        match open {
            Some('#') => {}
            Some(quote) if c == quote && before != '\\' => open = None,
            Some(_) => {}
            None => {
                let at_start = before.is_whitespace() || "[{,:".contains(before);
                if at_start && matches!(c, '"' | '\'') || c == '#' && before.is_whitespace() {
                    open = Some(c);
                }
            }
        }
        before = c;
    }
    open
}

fn begins_like_yaml(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('-' | '?' | ':') => chars.next().is_none_or(char::is_whitespace),
        Some(c) => "*&!|>%@`\"'#{}[],".contains(c),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn a_part_of_a_scalar_may_be_any_word() {
        assert_eq!(problem("web", "name: pre-", "-suf\n"), None);
        assert_eq!(problem("1.0", "image: web:", "\n"), None);
        assert_eq!(problem("yes", "  a: x-", "\n"), None);
    }

    #[test]
    fn a_whole_scalar_must_be_a_string() {
        for text in ["yes", "1.0", "null", "0x1F", "", "2001-01-01", "~"] {
            assert!(problem(text, "a: ", "\n").is_some(), "{text}");
        }
        for text in ["web", "a.b/c", "10m", "-x", "v1:2"] {
            assert_eq!(problem(text, "a: ", "\n"), None, "{text}");
        }
    }

    #[test]
    fn what_would_change_the_structure_is_refused() {
        for text in ["a: b", "a #b", "*x", "- a", "[a", "a\nb", " a", "a:"] {
            assert!(problem(text, "a: ", "\n").is_some(), "{text}");
        }
        assert!(problem("a,b", "a: [", "]\n").is_some());
        assert_eq!(problem("a,b", "a: ", "\n"), None);
    }

    #[test]
    fn in_quotes_only_the_quotes_matter() {
        assert_eq!(problem("yes", "a: \"", "\"\n"), None);
        assert_eq!(problem("a: b", "a: '", "'\n"), None);
        assert!(problem("a\"b", "a: \"", "\"\n").is_some());
        assert_eq!(problem("a: b", "  # ", "\n"), None);
    }
}
