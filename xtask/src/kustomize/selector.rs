//! Which objects a `target:` means.
//!
//! Source: kustomize's `types.Selector`: anchored regular expressions for the parts of the identity
//! (the original or the current name and namespace), Kubernetes' selector syntax for labels and
//! annotations.

use regex::Regex;

use super::{context::Context, decode::Spanned, kustomization::Selector};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    resource::{ResMap, Resource},
    yaml::{Node, Text},
};

/// The objects that a selector fits, in order; `None` if it is malformed, which has been reported.
pub fn select(context: &mut Context<'_>, map: &ResMap, selector: &Selector) -> Option<Vec<usize>> {
    let group = pattern(context, &selector.group);
    let version = pattern(context, &selector.version);
    let kind = pattern(context, &selector.kind);
    let name = pattern(context, &selector.name);
    let namespace = pattern(context, &selector.namespace);
    let labels = requirements(context, &selector.labels);
    let annotations = requirements(context, &selector.annotations);
    let (group, version, kind) = (group?, version?, kind?);
    let (name, namespace, labels, annotations) = (name?, namespace?, labels?, annotations?);
    let fits = |resource: &Resource| {
        let (original, current, gvk) =
            (resource.original(), resource.current(), &resource.id().gvk);
        (namespace.fits(&original.namespace) || namespace.fits(&current.namespace))
            && (name.fits(&original.name) || name.fits(&current.name))
            && group.fits(&gvk.group)
            && version.fits(&gvk.version)
            && kind.fits(&gvk.kind)
            && satisfied(&labels, resource.node.at(&["metadata", "labels"]))
            && satisfied(&annotations, resource.node.at(&["metadata", "annotations"]))
    };
    Some(map.indices().filter(|&index| map.get(index).is_some_and(fits)).collect())
}

/// Warns of a selector that fits no object: at the first part of it that leaves none, with what may
/// have been meant.
pub fn fits_nothing(
    context: &mut Context<'_>,
    map: &ResMap,
    selector: &Selector,
    message: &'static str,
) {
    type Part = fn(&Resource) -> [Text; 2];
    let parts: [(&Spanned<Text>, Part); 5] = [
        (&selector.kind, |one| [Text::default(), one.id().gvk.kind.clone()]),
        (&selector.group, |one| [Text::default(), one.id().gvk.group.clone()]),
        (&selector.version, |one| [Text::default(), one.id().gvk.version.clone()]),
        (&selector.namespace, |one| [one.original().namespace, one.current().namespace]),
        (&selector.name, |one| [one.original().name, one.current().name]),
    ];
    let mut left: Vec<&Resource> = map.indices().filter_map(|index| map.get(index)).collect();
    for (text, part) in parts.into_iter().filter(|(text, _)| !text.value.is_empty()) {
        let Some(pattern) = pattern(context, text) else { break };
        let names: Vec<Text> = left.iter().flat_map(|one| part(one)).collect();
        left.retain(|one| part(one).iter().any(|name| pattern.fits(name)));
        if left.is_empty() {
            let hint = did_you_mean(&text.value, names.iter().map(Text::as_str));
            return context.no_effect(message, text.span, hint);
        }
    }
    context.no_effect(message, selector.span, None);
}

/// Those of some objects whose labels and annotations a selector fits.
pub fn labels_fit(
    context: &mut Context<'_>,
    map: &ResMap,
    selector: &Selector,
    mut indices: Vec<usize>,
) -> Option<Vec<usize>> {
    let labels = requirements(context, &selector.labels);
    let annotations = requirements(context, &selector.annotations);
    let (labels, annotations) = (labels?, annotations?);
    indices.retain(|&index| {
        map.get(index).is_some_and(|resource| {
            satisfied(&labels, resource.node.at(&["metadata", "labels"]))
                && satisfied(&annotations, resource.node.at(&["metadata", "annotations"]))
        })
    });
    Some(indices)
}

/// An anchored regular expression; `None` fits everything.
pub struct Pattern(Option<Regex>);

impl Pattern {
    /// Whether it fits a whole text.
    pub fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// Compiles an expression; `None` if it is none, which is reported.
pub fn pattern(context: &mut Context<'_>, text: &Spanned<Text>) -> Option<Pattern> {
    if text.value.is_empty() {
        return Some(Pattern(None));
    }
    if let Ok(regex) = Regex::new(&format!("^(?:{})$", text.value)) {
        Some(Pattern(Some(regex)))
    } else {
        let message = format!("`{}` is not a regular expression", text.value);
        context.report(Diagnostic::error(codes::KUSTOMIZE_SELECTOR, message, text.span).with_help(
            "each part of a selector is matched as one: escape special characters with `\\`",
        ));
        None
    }
}

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    /// `key`.
    Exists(Text),
    /// `!key`.
    Absent(Text),
    /// `key in (a, b)`, `key = a`.
    In(Text, Vec<Text>),
    /// `key notin (a, b)`, `key != a`.
    NotIn(Text, Vec<Text>),
    /// `key > 1`.
    Greater(Text, i64),
    /// `key < 1`.
    Less(Text, i64),
}

fn satisfied(requirements: &[Requirement], pairs: Option<&Node>) -> bool {
    let value = |key: &str| pairs.and_then(|pairs| pairs.get(key)).and_then(Node::scalar_text);
    let number = |key: &str| value(key).and_then(|text| text.parse::<i64>().ok());
    requirements.iter().all(|requirement| match requirement {
        Requirement::Exists(key) => value(key).is_some(),
        Requirement::Absent(key) => value(key).is_none(),
        Requirement::In(key, values) => value(key).is_some_and(|v| values.iter().any(|o| o == v)),
        Requirement::NotIn(key, values) => {
            value(key).is_none_or(|v| values.iter().all(|other| other != v))
        }
        Requirement::Greater(key, limit) => number(key).is_some_and(|number| number > *limit),
        Requirement::Less(key, limit) => number(key).is_some_and(|number| number < *limit),
    })
}

fn requirements(context: &mut Context<'_>, text: &Spanned<Text>) -> Option<Vec<Requirement>> {
    let parsed = Parser { rest: &text.value }.requirements();
    if parsed.is_none() {
        let message = format!("`{}` is not a selector", text.value);
        context.report(
            Diagnostic::error(codes::KUSTOMIZE_SELECTOR, message, text.span).with_help(
                "write `key=value`, `key!=value`, `key`, `!key`, `key in (a,b)` or `key notin (a,b)`, separated by commas",
            ),
        );
    }
    parsed
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn requirements(mut self) -> Option<Vec<Requirement>> {
        let mut all = Vec::new();
        if self.rest.trim().is_empty() {
            return Some(all);
        }
        loop {
            all.push(self.requirement()?);
            match self.peek() {
                None => return Some(all),
                Some(',') => self.take(1),
                Some(_) => return None,
            };
        }
    }

    fn requirement(&mut self) -> Option<Requirement> {
        if self.peek() == Some('!') {
            self.take(1);
            return Some(Requirement::Absent(self.word()?));
        }
        let key = self.word()?;
        match self.peek() {
            None | Some(',') => Some(Requirement::Exists(key)),
            Some('=') => {
                self.take(if self.rest.starts_with("==") { 2 } else { 1 });
                Some(Requirement::In(key, vec![self.value()]))
            }
            Some('!') if self.rest.starts_with("!=") => {
                self.take(2);
                Some(Requirement::NotIn(key, vec![self.value()]))
            }
            Some('>') => {
                self.take(1);
                Some(Requirement::Greater(key, self.word()?.parse().ok()?))
            }
            Some('<') => {
                self.take(1);
                Some(Requirement::Less(key, self.word()?.parse().ok()?))
            }
            Some(_) => match self.word()?.as_str() {
                "in" => Some(Requirement::In(key, self.values()?)),
                "notin" => Some(Requirement::NotIn(key, self.values()?)),
                _ => None,
            },
        }
    }

    fn values(&mut self) -> Option<Vec<Text>> {
        if self.peek()? != '(' {
            return None;
        }
        self.take(1);
        let mut values = vec![self.value()];
        loop {
            match self.peek()? {
                ',' => self.take(1),
                ')' => {
                    self.take(1);
                    return Some(values);
                }
                _ => return None,
            };
            values.push(self.value());
        }
    }

    /// A value, which may be empty.
    fn value(&mut self) -> Text {
        self.word().unwrap_or_default()
    }

    fn word(&mut self) -> Option<Text> {
        self.peek();
        let special = |c: char| c.is_whitespace() || "=!(),<>".contains(c);
        let end = self.rest.find(special).unwrap_or(self.rest.len());
        (end > 0).then(|| self.take(end).into())
    }

    /// The next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Vec<Requirement>> {
        Parser { rest: text }.requirements()
    }

    #[test]
    fn selectors_are_read_as_kubernetes_reads_them() {
        assert_eq!(parse(""), Some(vec![]));
        assert_eq!(
            parse("app=web, tier in (a, b),!old"),
            Some(vec![
                Requirement::In("app".into(), vec!["web".into()]),
                Requirement::In("tier".into(), vec!["a".into(), "b".into()]),
                Requirement::Absent("old".into()),
            ])
        );
        assert_eq!(
            parse("a != b,c"),
            Some(vec![
                Requirement::NotIn("a".into(), vec!["b".into()]),
                Requirement::Exists("c".into()),
            ])
        );
        assert_eq!(parse("a in (b"), None);
        assert_eq!(parse("a ? b"), None);
        assert_eq!(parse("a=b,"), None);
    }
}
