//! Template strings: `$"pods: {count(pods)}"`, and with backquotes.

use super::{Fault, Kind};

/// The template strings whose expression is read, from the outermost to the innermost one.
#[derive(Default)]
pub(super) struct Open(Vec<Template>);

struct Template {
    /// Whether it is in backquotes.
    raw: bool,
    /// How many braces are open in its expression.
    braces: usize,
}

impl Open {
    /// The piece of a template string at the start of a text, if there is one.
    pub fn piece(&mut self, rest: &str) -> Option<Result<(Kind, usize), Fault>> {
        for (start, raw) in [("$\"", false), ("$`", true)] {
            if rest.starts_with(start) {
                self.0.push(Template { raw, braces: 0 });
                return Some(piece(rest, start.len(), raw));
            }
        }
        let innermost = self.0.last()?;
        (innermost.braces == 0 && rest.starts_with('}')).then(|| piece(rest, 1, innermost.raw))
    }

    /// Looks at a token: it may open or close a brace, or end the string.
    pub fn follow(&mut self, kind: &Kind) {
        let Some(innermost) = self.0.last_mut() else { return };
        match kind {
            Kind::Template { ends: true, .. } => _ = self.0.pop(),
            Kind::Symbol("{") => innermost.braces += 1,
            Kind::Symbol("}") => innermost.braces = innermost.braces.saturating_sub(1),
            _ => {}
        }
    }
}

/// What stands behind the first bytes of a text, up to the end of the string or a `{`.
fn piece(rest: &str, first: usize, raw: bool) -> Result<(Kind, usize), Fault> {
    let quote = if raw { '`' } else { '"' };
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(first).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote || c == '{' {
            let escaped = !raw && text.contains('\\');
            let text = if escaped { unescaped(&text, at)? } else { text };
            return Ok((Kind::Template { text, begins: first > 1, ends: c == quote }, at + 1));
        }
        match chars.peek() {
            _ if c == '\n' && !raw => break,
            Some((_, '{')) if c == '\\' => {
                text.push('{');
                chars.next();
            }
            Some((_, next)) if c == '\\' && !raw => {
                text.extend([c, *next]);
                chars.next();
            }
            _ => text.push(c),
        }
    }
    Err(("the template string has no end".to_owned(), 0..1))
}

fn unescaped(text: &str, end: usize) -> Result<String, Fault> {
    serde_json::from_str(&format!("\"{text}\"")).map_err(|_| {
        ("the template string has an escape that JSON does not have".to_owned(), 0..end)
    })
}
