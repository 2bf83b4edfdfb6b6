//! What becomes of a string when go-yaml v2 reads it from JSON.

use std::borrow::Cow;

use crate::yaml::json;

/// U+0085, which JSON leaves as it is and YAML takes for a line break.
const NEXT_LINE: char = '\u{85}';

/// go-yaml's limit between the beginning of a key and its colon, in characters.
const MAX_KEY: usize = 1024;

/// The string after the way through JSON: the same, unless it holds U+0085.
///
/// The error is a message: a character that YAML forbids.
pub(super) fn as_read_from_json(text: &str) -> Result<Cow<'_, str>, String> {
    if text.bytes().all(|byte| byte < 0x7f) {
        return Ok(Cow::Borrowed(text));
    }
    let mut has_next_line = false;
    for c in text.chars() {
        match c {
            NEXT_LINE => has_next_line = true,
            '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                let code = u32::from(c);
                return Err(format!("the control character U+{code:04X} is not allowed in YAML"));
            }
            _ => {}
        }
    }
    if has_next_line { fold_next_lines(text).map(Cow::Owned) } else { Ok(Cow::Borrowed(text)) }
}

/// Whether a key survives the way through JSON; the error is a message.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    if let Cow::Owned(_) = as_read_from_json(key)? {
        return Err("the character U+0085 is not allowed in a key".to_owned());
    }
    // Each byte takes at most six characters, and the quotes take two.
    if key.len() * 6 + 2 > MAX_KEY {
        let mut quoted = String::new();
        json::escape(key, &mut quoted);
        if quoted.chars().count() > MAX_KEY {
            return Err(format!("a key is limited to {MAX_KEY} characters in JSON"));
        }
    }
    Ok(())
}

/// Folds lines as in any quoted scalar: one break is a space, more are one break less, and the
/// spaces around them go.
fn fold_next_lines(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split(NEXT_LINE);
    out.push_str(lines.next().unwrap_or("").trim_end_matches(' '));
    let mut breaks = 0;
    let mut rest = lines.peekable();
    while let Some(line) = rest.next() {
        breaks += 1;
        let is_last = rest.peek().is_none();
        if is_document_marker(line, is_last) {
            return Err("the character U+0085 may not stand before a document marker".to_owned());
        }
        let line = line.trim_start_matches(' ');
        if line.is_empty() && !is_last {
            continue;
        }
        if breaks == 1 {
            out.push(' ');
        } else {
            out.extend(std::iter::repeat_n('\n', breaks - 1));
        }
        breaks = 0;
        out.push_str(if is_last { line } else { line.trim_end_matches(' ') });
    }
    Ok(out)
}

fn is_document_marker(line: &str, is_last: bool) -> bool {
    let after = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    after.is_some_and(|after| after.starts_with(' ') || (after.is_empty() && !is_last))
}
