//! What becomes of a scalar when kustomize writes it and reads it again.
//!
//! Source: kustomize prints every resource with the emitter of go-yaml v3, which keeps the style of
//! a scalar, and reads that text once more. The emitter is not exact: it gives some folded scalars
//! an empty line too many or too few, and it writes block scalars that no parser accepts.

use crate::yaml::emit::allows_block;

/// The value of a folded scalar after the way through go-yaml's emitter; `None` if it is the same.
pub(super) fn refolded(value: &str) -> Option<String> {
    // One line, with or without its break, is what nearly every folded scalar is.
    let inner = value.strip_suffix('\n').unwrap_or(value);
    if !inner.contains('\n') || !allows_block(value) {
        return None;
    }
    let read = folded(&written(value), value.ends_with('\n'), value.ends_with("\n\n"));
    (read != value).then_some(read)
}

/// The lines that the emitter writes, without their indention.
fn written(value: &str) -> String {
    // Where the original means to look at what follows a break, it looks at the beginning of the
    // whole value.
    let doubles = !value.trim_start_matches('\n').starts_with([' ', '\t'])
        && !value.trim_start_matches('\n').is_empty();
    let mut out = String::with_capacity(value.len() + 8);
    let mut after_break = true;
    let mut indented = true;
    for c in value.chars() {
        if c == '\n' {
            if !after_break && !indented && doubles {
                out.push('\n');
            }
        } else if after_break {
            indented = is_blank(c);
        }
        out.push(c);
        after_break = c == '\n';
    }
    out
}

/// What a parser makes of the lines of a folded scalar.
fn folded(lines: &str, ends_in_break: bool, keeps_breaks: bool) -> String {
    let mut out = String::with_capacity(lines.len());
    let mut breaks = 0;
    let mut is_first = true;
    let mut after_indented = false;
    for line in lines.lines() {
        if line.is_empty() {
            breaks += 1;
            continue;
        }
        let indented = line.starts_with(is_blank);
        if !is_first {
            if after_indented || indented {
                out.push('\n');
            } else if breaks == 0 {
                out.push(' ');
            }
        }
        out.extend(std::iter::repeat_n('\n', breaks));
        out.push_str(line);
        breaks = 0;
        is_first = false;
        after_indented = indented;
    }
    if ends_in_break && !is_first {
        out.push('\n');
    }
    if keeps_breaks || is_first {
        out.extend(std::iter::repeat_n('\n', breaks));
    }
    out
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_scalar_changes_its_breaks() {
        for (value, expected) in [
            ("a b c\n", None),
            ("a b c", None),
            ("a\nb\n", None),
            ("i\n\n", Some("i\n\n\n")),
            ("i\n\n\n", Some("i\n\n\n\n")),
            ("7\n b\nc\n", Some("7\n\n b\nc\n")),
            ("a\n b", Some("a\n\n b")),
            ("\na\n b\nc\n", Some("\na\n\n b\nc\n")),
            ("  a\nb\nc\n", Some("  a\nb c\n")),
            ("\n  a\nb\nc\n", Some("\n  a\nb c\n")),
            ("a \nb\n", None),
            ("\n\n", None),
        ] {
            assert_eq!(refolded(value).as_deref(), expected, "{value:?}");
        }
    }
}
