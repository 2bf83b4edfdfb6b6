//! Whether a string means itself where a template printed it.

use crate::yaml::{Dialect, ScalarKind, resolve};

/// What a reader of YAML takes for a line break.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Why a string that was printed into YAML as it is does not mean itself there, if so. `before` is
/// the output up to the string, `after` what follows it.
pub(super) fn problem(text: &str, before: &str, after: &str) -> Option<&'static str> {
    if text.contains(BREAKS) {
        return Some("it has several lines");
    }
    in_line(text, before, after).filter(|_| !in_block_scalar(before))
}

/// Why a string that was printed with quotes around it does not mean itself there, if so.
pub(super) fn quoted_problem(text: &str, before: &str, after: &str) -> Option<&'static str> {
    let line = line_of(before);
    let joins = |c: char| c.is_alphanumeric() || "-_./:@".contains(c);
    let problem = if matches!(open_quote(line), Some('"' | '\'')) {
        "it has quotes, and there are quotes around it"
    } else if line.contains(['[', '{', '#']) {
        return None;
    } else if line.chars().next_back().is_some_and(joins)
        || after.chars().next().is_some_and(joins) && !is_key(after)
    {
        "it is a part of a longer string, and its quotes would be a part of that too"
    } else {
        return None;
    };
    (text.starts_with('"') && !in_block_scalar(before)).then_some(problem)
}

fn in_line(text: &str, before: &str, after: &str) -> Option<&'static str> {
    let line = line_of(before);
    match open_quote(line) {
        Some('"') if text.contains(['"', '\\']) => return Some("it has a quote or a backslash"),
        Some('\'') if text.contains('\'') => return Some("it has a quote"),
        Some(_) => return None,
        None => {}
    }
    let starts = line.chars().next_back().is_none_or(|c| c.is_whitespace() || "[{,".contains(c));
    let ends = is_key(after)
        || after.chars().next().is_none_or(|c| c.is_whitespace() || "]},".contains(c));
    let in_flow = line.contains(['[', '{']);
    if text.is_empty() {
        return (starts && ends).then_some("it is empty");
    }
    if text.contains(": ") || text.contains(":\t") || text.ends_with(':') && ends {
        return Some("YAML would read it as a mapping");
    }
    if text.contains(" #") || text.contains("\t#") {
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

/// The line that a text ends in.
fn line_of(before: &str) -> &str {
    before.rsplit('\n').next().unwrap_or(before)
}

/// Whether what stands before a text makes a key of it.
fn is_key(after: &str) -> bool {
    after.strip_prefix(':').is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// The column of the key whose value begins at the end of a line: behind the dashes of a list,
/// or the last dash where there is no key.
fn key_column(line: &str, content: &str) -> usize {
    let mut column = line.len() - line.trim_start_matches(' ').len();
    let mut rest = content;
    while let Some(item) = rest.strip_prefix("- ").filter(|item| !item.trim().is_empty()) {
        let item_start = item.trim_start_matches(' ');
        column += rest.len() - item_start.len();
        rest = item_start;
    }
    column
}

/// Whether a text ends in a block scalar (`|`, `>`), where every line means itself.
fn in_block_scalar(before: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut lines = before.rsplit('\n');
    let mut depth = lines.next().map_or(0, indent);
    for line in lines {
        let content = line.trim();
        if depth == 0 {
            break;
        }
        if content.is_empty() || indent(line) >= depth {
            continue;
        }
        let header = content.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
        let introduced = header.strip_suffix(['|', '>']);
        let introduced = introduced.filter(|rest| rest.is_empty() || rest.ends_with([' ', '\t']));
        if introduced.is_some_and(|rest| key_column(line, rest) < depth) {
            return true;
        }
        depth = indent(line);
    }
    false
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
    use super::{problem, quoted_problem};

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

    #[test]
    fn a_key_is_a_whole_scalar() {
        assert!(problem("yes", "", ": v\n").is_some());
        assert!(problem("1.0", "  ", ":\n").is_some());
        assert_eq!(problem("web", "  ", ": v\n"), None);
        assert_eq!(problem("1.0", "image: web:", ":x\n"), None);
    }

    #[test]
    fn a_line_of_a_block_scalar_means_itself() {
        for before in ["a: |\n  ", "- >-\n  x\n\n  y: ", "a: |2+\n    b:\n      - "] {
            assert_eq!(problem("yes", before, "\n"), None, "{before:?}");
            assert_eq!(problem("a: #", before, "\n"), None, "{before:?}");
            assert!(problem("a\nb", before, "\n").is_some(), "{before:?}");
        }
        for before in ["a: |\n  x\nb: ", "a: x|\n  ", "- a: |\n    x\n  b: "] {
            assert!(problem("yes", before, "\n").is_some(), "{before:?}");
        }
    }

    #[test]
    fn every_line_break_of_yaml_is_one() {
        for text in ["a\rb", "a\u{85}b", "a\u{2028}b"] {
            assert!(problem(text, "a: \"", "\"\n").is_some(), "{text:?}");
        }
    }

    #[test]
    fn quotes_in_the_middle_of_a_string_are_refused() {
        assert!(quoted_problem("\"x\"", "a: pre-", "\n").is_some());
        assert!(quoted_problem("\"x\"", "a: ", "-suf\n").is_some());
        assert!(quoted_problem("\"x\"", "a: \"", "\"\n").is_some());
        for (before, after) in [("a: ", "\n"), ("", ": v\n"), ("a: {\"b\":", "}\n")] {
            assert_eq!(quoted_problem("\"x\"", before, after), None, "{before:?}");
        }
        assert_eq!(quoted_problem("\"x\"", "a: |\n  b=", "\n"), None);
        assert_eq!(quoted_problem("{\"x\":1}", "a: x", "\n"), None);
    }
}
