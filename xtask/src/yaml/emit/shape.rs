//! The styles in which a string can be written.

/// What libyaml's analysis finds out about a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent answers about one string")]
pub(super) struct Shape {
    /// Whether it can stand without quotes in a block collection.
    pub(super) plain: bool,
    /// Whether single quotes can hold it.
    pub(super) single_quoted: bool,
    /// Whether `|` can hold it.
    pub(super) literal: bool,
    /// Whether it has a line break.
    pub(super) multiline: bool,
}

/// Whether YAML 1.1 ends a line here.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether the character may stand unescaped: not so tabs and anything outside the basic plane.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Whether go-yaml v3 can write a string as a block scalar; other than v2, it takes tabs there.
pub(in crate::yaml) fn allows_block(text: &str) -> bool {
    let printable = text.chars().all(|c| c == '\t' || is_break(c) || is_printable(c));
    printable && !text.ends_with(' ') && !text.contains('\r') && !text.contains(" \n")
}

/// Whether kustomize fails to read what it writes for a string that has no style of its own or that
/// of a block scalar: the first line of a block scalar may not begin with a tab.
pub fn is_unreadable_block(text: &str) -> bool {
    text.starts_with('\t') && text.contains('\n') && allows_block(text)
}

/// Analyses a string.
pub(super) fn of(text: &str) -> Shape {
    let Some(last) = text.chars().next_back() else {
        return Shape { plain: true, single_quoted: true, literal: false, multiline: false };
    };
    let bytes = text.as_bytes();
    let mut indicator = text.starts_with("---") || text.starts_with("...");
    let mut special = false;
    let mut multiline = false;
    let mut space_then_break = false;
    let mut break_then_space = false;
    // The string is preceded by whitespace, but not by a space or a break that it could fold with.
    let mut previous = '\t';
    for (at, c) in text.char_indices() {
        let before_blank =
            || bytes.get(at + c.len_utf8()).is_none_or(|next| matches!(next, b' ' | b'\t'));
        match c {
            ' ' => break_then_space |= is_break(previous),
            ':' => indicator |= before_blank(),
            '#' => indicator |= matches!(previous, ' ' | '\t' | '\0') || is_break(previous),
            '-' | '?' if at == 0 => indicator |= before_blank(),
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => indicator |= at == 0,
            '!'..='~' => {}
            _ => {
                special |= !is_printable(c);
                if is_break(c) {
                    multiline = true;
                    space_then_break |= previous == ' ';
                }
            }
        }
        previous = c;
    }
    let ends = |c: char| c == ' ' || is_break(c);
    let ragged = text.starts_with(ends) || ends(last);
    let broken = space_then_break || special;
    Shape {
        plain: !(indicator || multiline || ragged || broken),
        single_quoted: !(broken || break_then_space),
        literal: !(broken || last == ' '),
        multiline,
    }
}
