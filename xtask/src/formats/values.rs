//! Values: encoded bytes, percentages, and text without space around it.
//!
//! Source: Go's `encoding/base64`, and `k8s.io/apimachinery/pkg/util/validation`.

use super::text::{Fault, Verdict, characters};

/// Standard base64, as Go decodes it: line breaks may be anywhere, and the bits that the last
/// character has too many may be set.
///
/// The value may be a secret: no fault shows one of its characters.
pub(super) fn base64(text: &str) -> Verdict {
    let is_line_break = |byte| matches!(byte, b'\r' | b'\n');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut digits = 0_usize;
    let mut padding = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        if is_line_break(byte) {
            continue;
        }
        if byte == b'=' {
            padding += 1;
        } else if !is_digit(byte) {
            // All before it is ASCII, so the byte's place is the character's.
            return Err(Fault::new(format!("has no base64 digit at character {}", index + 1)));
        } else if padding > 0 {
            return Err(Fault::new("goes on after the padding `=`"));
        } else {
            digits += 1;
        }
    }
    match (digits % 4, padding) {
        (0, 0) | (2, 2) | (3, 1) => Ok(()),
        (2 | 3, 0) => Err(Fault::new("lacks the padding `=` at its end")),
        _ => Err(Fault::new("is not whole groups of four characters")),
    }
}

pub(super) fn percent(text: &str) -> Verdict {
    percentage(text).map(|_| ())
}

pub(super) fn percent_to_100(text: &str) -> Verdict {
    match percentage(text)?.trim_start_matches('0') {
        "100" => Ok(()),
        digits if digits.len() < 3 => Ok(()),
        _ => Err(Fault::new("is more than 100%")),
    }
}

/// The digits of a percentage.
fn percentage(text: &str) -> Result<&str, Fault> {
    let Some(digits) = text.strip_suffix('%') else {
        return Err(Fault::new("does not end with `%`"));
    };
    if digits.is_empty() {
        return Err(Fault::new("has no digits"));
    }
    characters(digits, |byte| byte.is_ascii_digit())?;
    Ok(digits)
}

pub(super) fn trimmed(text: &str) -> Verdict {
    match (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace)) {
        (false, false) => Ok(()),
        (true, _) => Err(Fault::new("starts with white space")),
        (false, true) => Err(Fault::new("ends with white space")),
    }
}
