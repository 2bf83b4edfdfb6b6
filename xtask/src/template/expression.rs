//! What the expressions of a template refer to, read from its text.
//!
//! minijinja says where an expression is and not what it is made of. Invariant: nothing here
//! decides what a template prints; a text that is read wrongly costs a position, not a result.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::yaml::Text;

/// Words of an expression that are not names.
const KEYWORDS: [&str; 15] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "recursive",
    "as",
];

/// A name with the keys behind it: `image.tag`, `image["tag"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// The name and the keys.
    pub(super) keys: Vec<Text>,
}

/// One `{{ }}` or `{% %}`.
#[derive(Clone, Debug)]
struct Tag {
    /// What is between its delimiters.
    inner: Range<usize>,
    statement: bool,
}

/// What the names of a template stand for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// For each name that the template itself gives: the names that its value is made of.
    bound: BTreeMap<Text, BTreeSet<Text>>,
    /// Names that hold text which was printed before: macros, and `set` with a body.
    captured: BTreeSet<Text>,
}

impl Names {
    /// Reads the statements of a template.
    pub(super) fn read(template: &str) -> Self {
        let mut names = Self::default();
        let mut parameters: BTreeMap<Text, Vec<Text>> = BTreeMap::new();
        let mut bodies: Vec<Text> = Vec::new();
        let tags = read_tags(template);
        for tag in &tags {
            let inner = template.get(tag.inner.clone()).unwrap_or("");
            let (word, rest) = if tag.statement { first_word(inner) } else { ("", inner) };
            match word {
                "for" => {
                    let (targets, iterated) = rest.split_once(" in ").unwrap_or((rest, ""));
                    names.bind(targets, iterated);
                }
                "set" | "with" => match rest.split_once('=') {
                    Some((targets, value)) => names.bind(targets, value),
                    None => names.open(rest, &mut bodies),
                },
                "macro" => {
                    names.open(rest, &mut bodies);
                    let named = roots(rest);
                    let (name, arguments) = (named.first(), named.iter().skip(1));
                    if let Some(name) = name {
                        parameters.insert(name.clone(), arguments.cloned().collect());
                    }
                }
                "endmacro" | "endset" => {
                    bodies.pop();
                }
                _ => {
                    for body in &bodies {
                        names.bound.entry(body.clone()).or_default().extend(roots(rest));
                    }
                }
            }
        }
        // An argument of a macro is whatever its callers hand over.
        for tag in &tags {
            let inner = template.get(tag.inner.clone()).unwrap_or("");
            let used = roots(inner);
            let called = used.iter().filter_map(|name| parameters.get(name));
            for parameter in called.flatten() {
                names.bound.entry(parameter.clone()).or_default().extend(used.iter().cloned());
            }
        }
        names
    }

    fn bind(&mut self, targets: &str, value: &str) {
        for target in roots(targets) {
            self.bound.entry(target).or_default().extend(roots(value));
        }
    }

    /// A name whose value is the text up to the end of its block.
    fn open(&mut self, rest: &str, bodies: &mut Vec<Text>) {
        let name = roots(rest).first().cloned().unwrap_or_default();
        self.captured.insert(name.clone());
        self.bound.entry(name.clone()).or_default();
        bodies.push(name);
    }

    /// The names outside of the template that an expression is made of.
    pub(super) fn origins(&self, expression: &str) -> BTreeSet<Text> {
        let mut open = roots(expression);
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            if let Some(below) = self.bound.get(&name) {
                open.extend(below.iter().cloned());
            }
            found.insert(name);
        }
        found
    }

    /// Whether the template itself gives a name.
    pub(super) fn binds(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }

    /// Whether an expression shows text that was printed before, in a macro or a `set` block.
    pub(super) fn shows_captured(&self, expression: &str) -> bool {
        let names = roots(expression);
        names.iter().any(|name| name == "caller" || self.captured.contains(name))
    }
}

/// The names that the paths of an expression begin with.
fn roots(expression: &str) -> Vec<Text> {
    paths(expression).into_iter().filter_map(|path| path.keys.into_iter().next()).collect()
}

/// The tags of a template, without those in comments and raw blocks.
fn read_tags(template: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = template.get(at..).and_then(|rest| rest.find('{')) {
        let start = at + found + 2;
        let opening = template.get(start - 2..start).unwrap_or("");
        let (close, statement) = match opening {
            "{{" => ("}}", false),
            "{%" => ("%}", true),
            "{#" => ("#}", false),
            _ => {
                at = start - 1;
                continue;
            }
        };
        let end = end_of_tag(template, start, close);
        at = end + close.len();
        if opening == "{#" {
            continue;
        }
        let inner = template.get(start..end).unwrap_or("");
        let raw = statement && first_word(inner).0 == "raw";
        tags.push(Tag { inner: start..end, statement });
        if raw {
            let after = template.get(at..).unwrap_or("");
            at = after.find("endraw").map_or(template.len(), |found| at + found);
        }
    }
    tags
}

/// Where a tag ends that begins at `start`; a delimiter in a string does not count.
fn end_of_tag(template: &str, start: usize, close: &str) -> usize {
    let rest = template.get(start..).unwrap_or("");
    let mut quote = None;
    let mut escaped = false;
    for (offset, c) in rest.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') && close != "#}" => quote = Some(c),
            None if rest.get(offset..).is_some_and(|rest| rest.starts_with(close)) => {
                return start + offset;
            }
            _ => {}
        }
    }
    template.len()
}

/// What is between the delimiters of each tag.
pub(super) fn tags(template: &str) -> impl Iterator<Item = Range<usize>> {
    read_tags(template).into_iter().map(|tag| tag.inner)
}

/// The tag around a place of the template.
pub(super) fn tag_at(template: &str, at: usize) -> Option<Range<usize>> {
    tags(template).find(|inner| inner.contains(&at))
}

fn first_word(statement: &str) -> (&str, &str) {
    let statement = statement.trim_start_matches(['-', '+']).trim_start();
    statement.split_at(statement.find(|c: char| !is_name(c)).unwrap_or(statement.len()))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths of an expression. Filters, tests, keywords and the names of arguments are none.
pub(super) fn paths(expression: &str) -> Vec<Path> {
    let mut found = Vec::new();
    let mut at = 0;
    // What stands before the current place decides what a name is there.
    let mut before = "";
    while let Some(rest) = expression.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        let length = token(rest);
        let token = rest.get(..length).unwrap_or("");
        if first.is_whitespace() {
            at += length;
            continue;
        }
        let named = is_name(first) && !first.is_ascii_digit();
        let of_test = before == "is" || before == "is not";
        if !named || matches!(before, "|" | ".") || of_test || KEYWORDS.contains(&token) {
            before = if before == "is" && token == "not" { "is not" } else { token };
            at += length;
            continue;
        }
        let mut keys = vec![Text::from(token)];
        let mut end = at + length;
        while let Some((key, length)) = expression.get(end..).and_then(key) {
            keys.push(key);
            end += length;
        }
        let after = expression.get(end..).unwrap_or("").trim_start();
        let argument = after.starts_with('=') && !after.starts_with("==");
        if !argument {
            found.push(Path { range: at..end, keys });
        }
        before = "name";
        at = end;
    }
    found
}

/// The length of the token that a text begins with.
fn token(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, first)) = chars.next() else { return 0 };
    if matches!(first, '"' | '\'') {
        return string(text).map_or(text.len(), |(_, length)| length);
    }
    if is_name(first) {
        return text.find(|c| !is_name(c)).unwrap_or(text.len());
    }
    first.len_utf8()
}

/// The string literal that a text begins with, and its length.
fn string(text: &str) -> Option<(&str, usize)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some((text.get(1..at)?, at + 1)),
            _ => {}
        }
    }
    None
}

/// The key that a text begins with, and its length: `.tag`, `["tag"]`, `[0]`.
fn key(text: &str) -> Option<(Text, usize)> {
    if let Some(rest) = text.strip_prefix('.') {
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        return (length > 0).then(|| (rest.get(..length).unwrap_or("").into(), length + 1));
    }
    let rest = text.strip_prefix('[')?;
    let (key, length) = string(rest).or_else(|| {
        let length = rest.find(|c: char| !c.is_ascii_digit()).filter(|length| *length > 0)?;
        Some((rest.get(..length)?, length))
    })?;
    rest.get(length..)?.starts_with(']').then(|| (key.into(), length + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &str) -> Vec<String> {
        paths(expression).into_iter().map(|path| path.keys.join(".")).collect()
    }

    fn origins(template: &str, expression: &str) -> Vec<String> {
        Names::read(template).origins(expression).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_path_is_a_name_with_its_keys() {
        assert_eq!(shown("image.tag | upper"), ["image.tag"]);
        assert_eq!(shown("image['a.b'][0].c"), ["image.a.b.0.c"]);
        assert_eq!(shown("a ~ b.c[d]"), ["a", "b.c", "d"]);
        assert_eq!(paths(" é.x")[0].range, 1..5);
    }

    #[test]
    fn filters_tests_keywords_strings_and_argument_names_are_no_paths() {
        assert_eq!(shown("a | default('b.c', true) if d is not defined else 1.5"), ["a", "d"]);
        assert_eq!(shown("f(width=w) == g"), ["f", "w", "g"]);
        assert_eq!(shown("'it\\'s' ~ x"), ["x"]);
        assert!(shown("'open").is_empty());
    }

    #[test]
    fn a_name_leads_to_what_it_was_made_of() {
        let template = "{% for p in service.ports %}{% set n = p.port %}{% endfor %}";
        assert_eq!(origins(template, "n + 1"), ["n", "p", "service"]);
        assert_eq!(origins("{% for i in range(3) %}", "i"), ["i", "range"]);
        assert_eq!(origins("{% set a = a %}", "a"), ["a"]);
    }

    #[test]
    fn a_macro_leads_to_its_body_and_its_arguments() {
        let template = "{% macro m(x) %}{{ x }}{{ env }}{% endmacro %}{{ m(image) }}";
        assert!(origins(template, "m(image)").contains(&"env".to_owned()));
        assert!(origins(template, "x").contains(&"image".to_owned()));
        assert!(Names::read(template).shows_captured("m(1) | upper"));
        assert!(!Names::read(template).shows_captured("image"));
    }

    #[test]
    fn comments_raw_blocks_and_strings_have_no_tags() {
        let inner = |template: &str| -> Vec<String> {
            tags(template).map(|tag| template[tag].trim().to_owned()).collect()
        };
        assert_eq!(inner("{# {{ a }} #}{{ b }}"), ["b"]);
        assert_eq!(inner("{% raw %}{{ a }}{% endraw %}{{ b }}"), ["raw", "b"]);
        assert_eq!(inner("{{ '}}' ~ c }}{ {d"), ["'}}' ~ c"]);
    }
}
