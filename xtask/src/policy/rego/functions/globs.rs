//! `glob`: `*` stays between delimiters, `**` does not, wherever it stands.
//!
//! Source: `topdown/glob.go` of OPA 1.17.1 and the package `glob` of gobwas.

use regorus::Value;

use super::{Function, Outcome, patterns, single, text};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("glob.match", 3, is_match),
    ("glob.quote_meta", 1, |arguments| {
        let Some(text) = text(arguments.first()) else { return Ok(None) };
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if "*?\\[]{}".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(Some(Value::from(out)))
    }),
];

fn is_match(arguments: &[Value]) -> Outcome {
    let (Some(glob), Some(subject)) = (text(arguments.first()), text(arguments.get(2))) else {
        return Ok(None);
    };
    let Some(delimiters) = arguments.get(1).and_then(delimiters) else { return Ok(None) };
    // What is around one `**` is compared apart from each other: `a/**/b` is for `a/b`, too.
    let middle = if delimiters.is_empty() && !glob.contains("**") { "*" } else { "**" };
    if let Some((start, end)) = glob.split_once(middle)
        && let (Some(start), Some(end)) = (plain(start), plain(end))
    {
        return Ok(Some(Value::Bool(subject.starts_with(start) && subject.ends_with(end))));
    }
    match expression(glob, &delimiters) {
        Some(expression) => patterns::matches(&expression, subject),
        None => Ok(None),
    }
}

/// A text that stands for itself.
fn plain(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(['*', '?', '[', '{', '\\'])).then_some(text)
}

/// Without any, the dot is the only one; for null there is none at all.
fn delimiters(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Array(items) if items.is_empty() => Some(".".to_owned()),
        Value::Array(items) => items.iter().map(|item| text(Some(item)).and_then(single)).collect(),
        _ => None,
    }
}

/// The regular expression of a glob, if it is a valid one.
fn expression(glob: &str, delimiters: &str) -> Option<String> {
    let one = if delimiters.is_empty() {
        ".".to_owned()
    } else {
        let escaped: String = delimiters.chars().map(in_class).collect();
        format!("[^{escaped}]")
    };
    let mut out = String::from("(?s)^");
    let mut depth = 0_usize;
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => {
                out.push_str(&one);
                out.push('*');
            }
            '?' => out.push_str(&one),
            '[' => {
                let mut class = String::new();
                while let Some(c) = chars.next_if(|c| *c != ']') {
                    class.push(c);
                    if c == '\\' {
                        class.extend(chars.next());
                    }
                }
                chars.next()?;
                out.push_str(&class_of(&class)?);
            }
            '{' => {
                depth += 1;
                out.push_str("(?:");
            }
            ',' if depth > 0 => out.push('|'),
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            // A last backslash escapes nothing.
            '\\' => out.push_str(&chars.next().map(literal).unwrap_or_default()),
            c => out.push_str(&literal(c)),
        }
    }
    // What is not closed ends with the text.
    out.extend(std::iter::repeat_n(')', depth));
    out.push('$');
    Some(out)
}

/// `abc`, `a-c`, or one of them behind `!`: a range stands alone.
fn class_of(class: &str) -> Option<String> {
    let (not, class) = class.strip_prefix('!').map_or(("", class), |rest| ("^", rest));
    let chars: Vec<char> = class.chars().collect();
    let inner = match chars.as_slice() {
        [low, '-', high] if low <= high => format!("{}-{}", in_class(*low), in_class(*high)),
        [] | [_, '-', ..] => return None,
        _ => {
            let mut inner = String::new();
            let mut escaped = false;
            for c in chars {
                if c == '\\' && !escaped {
                    escaped = true;
                    continue;
                }
                escaped = false;
                inner.push_str(&in_class(c));
            }
            inner
        }
    };
    Some(format!("[{not}{inner}]"))
}

fn in_class(c: char) -> String {
    if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() }
}

fn literal(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}
