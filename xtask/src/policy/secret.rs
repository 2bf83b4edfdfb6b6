//! What a policy says of a Secret may have its values, whatever it makes of them: parts, other
//! letters, another encoding. No search in its words finds them all.
//!
//! So it is asked a second time, about an object with a placeholder for each value, and what it says
//! then is what may be shown. Invariant: no text that is shown was made with a value. It is shown
//! only if it is also true of the object as it is: if it is what was said of that, with a placeholder
//! for each value. Otherwise the words are withheld.

use std::{collections::BTreeMap, fmt::Write};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::Value as Json;

use super::Violation;
use crate::{
    cluster::Object,
    diag::Anchor,
    resource::{secret_values, secret_values_mut},
    source::Span,
    yaml::{Node, Scalar, Value},
};

/// What is said in place of words that may have values of a Secret.
pub(super) const WITHHELD: &str =
    "the words of the policy are withheld, as they may have values of a Secret";

/// What to do where they are.
pub(super) const HELP: &str = "let the policy say what is wrong without what depends on the values";

/// How many steps a text may take to be compared: bytes of it times bytes of values.
const STEPS: usize = 1_000_000_000;

/// The object with a placeholder in place of each of its values; `None` if it has none, as it is no
/// Secret. The values are added to `values`.
pub(super) fn masked(object: &Node, values: &mut Values) -> Option<Node> {
    if secret_values(object).is_empty() {
        return None;
    }
    let mut masked = object.clone();
    for (value, is_encoded) in secret_values_mut(&mut masked) {
        value.visit_mut(&mut |node| {
            let Value::Scalar(scalar) = &mut node.value else { return };
            if !scalar.is_null() {
                *scalar = Scalar::string(values.placeholder(&scalar.text, is_encoded));
            }
        });
    }
    Some(masked)
}

/// What stands for values of Secrets: letters that are not shown.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The values by their first letter, each with its placeholder, the longest first.
    by_first: BTreeMap<char, BTreeMap<Longest, String>>,
    /// How long they are together.
    length: usize,
}

/// A text. A longer one comes before a shorter one, which may be a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Longest(std::cmp::Reverse<usize>, String);

impl Values {
    /// What stands for a value: a text of the same length, in base64 if the value is.
    fn placeholder(&mut self, value: &str, is_encoded: bool) -> String {
        if is_encoded {
            let written: String = value.split_whitespace().collect();
            if let Ok(bytes) = STANDARD.decode(&written) {
                let stars = match std::str::from_utf8(&bytes) {
                    Ok(text) => {
                        let stars = stars(text);
                        self.add(text, &stars);
                        stars
                    }
                    Err(_) => "*".repeat(bytes.len()),
                };
                let placeholder = STANDARD.encode(stars);
                self.add(value, &placeholder);
                return placeholder;
            }
        }
        let placeholder = stars(value);
        for engine in [STANDARD, URL_SAFE, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            self.add(&engine.encode(value), &engine.encode(&placeholder));
        }
        self.add(value, &placeholder);
        placeholder
    }

    /// Adds a value, also without the white space around it, and as JSON writes it.
    fn add(&mut self, value: &str, placeholder: &str) {
        let json = |text: &str| {
            let quoted = Json::from(text).to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        };
        for (value, placeholder) in [
            (value, placeholder),
            (value.trim(), placeholder.trim()),
            (&json(value), &json(placeholder)),
        ] {
            let Some(first) = value.chars().next() else { continue };
            let key = Longest(std::cmp::Reverse(value.len()), value.to_owned());
            let same = self.by_first.entry(first).or_default();
            if same.insert(key, placeholder.to_owned()).is_none() {
                self.length += value.len();
            }
        }
    }

    /// A text with a placeholder for each value that stands in it; `None` if that takes too long.
    fn without(&self, text: &str) -> Option<Without> {
        if text.len().saturating_mul(self.length) > STEPS {
            return None;
        }
        let mut out = Without::default();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let begin_so = self.by_first.get(&next).into_iter().flatten();
            let mut values = begin_so.map(|(Longest(_, value), placeholder)| (value, placeholder));
            let found = values.find(|(value, _)| rest.starts_with(value.as_str()));
            let length = if let Some((value, placeholder)) = found {
                out.masked.push_str(placeholder);
                let _ = write!(out.shown, "({} bytes)", value.len());
                value.len()
            } else {
                out.masked.push(next);
                out.shown.push(next);
                next.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Some(out)
    }

    /// The same for what a policy adds for programs.
    fn without_in(&self, json: &Json) -> Option<Json> {
        let text = |text: &str| Some(self.without(text)?.masked);
        Some(match json {
            Json::String(written) => Json::String(text(written)?),
            Json::Array(items) => {
                items.iter().map(|item| self.without_in(item)).collect::<Option<_>>()?
            }
            Json::Object(fields) => {
                let each =
                    fields.iter().map(|(key, one)| Some((text(key)?, self.without_in(one)?)));
                Json::Object(each.collect::<Option<_>>()?)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => json.clone(),
        })
    }

    /// What may be shown of a text, if `masked` is what is said with placeholders.
    pub fn shown(&self, text: &str, masked: &str) -> Option<String> {
        if text == masked {
            return Some(text.to_owned());
        }
        self.without(text).filter(|without| without.masked == masked).map(|without| without.shown)
    }

    /// Of all that a constraint says of an object what may be shown, with the number of that among
    /// `masked`, which is what it says with placeholders: all of it or nothing, as how much is said
    /// may depend on values too.
    pub fn shown_of_all(
        &self,
        violations: &[&Violation],
        masked: &[&Violation],
    ) -> Option<Vec<(usize, String)>> {
        if violations.len() != masked.len() {
            return None;
        }
        let key = |message: &str, details: &Json| (message.to_owned(), details.to_string());
        let mut left: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for (at, one) in masked.iter().enumerate().rev() {
            left.entry(key(&one.message, &one.details)).or_default().push(at);
        }
        let mut take = |key: &(String, String)| left.get_mut(key).and_then(Vec::pop);
        let each = violations.iter().map(|one| {
            if let Some(at) = take(&key(&one.message, &one.details)) {
                return Some((at, one.message.clone()));
            }
            let without = self.without(&one.message)?;
            let at = take(&key(&without.masked, &self.without_in(&one.details)?))?;
            Some((at, without.shown))
        });
        each.collect()
    }
}

/// A text without the values that stand in it.
#[derive(Debug, Default)]
struct Without {
    /// With the placeholders, as a policy would say it of them.
    masked: String,
    /// With the sizes of the values, for a reader.
    shown: String,
}

/// A text of the same length that says nothing but where its words are.
fn stars(text: &str) -> String {
    let mut stars = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_whitespace() {
            stars.push(letter);
        } else {
            stars.extend(std::iter::repeat_n('*', letter.len_utf8()));
        }
    }
    stars
}

/// A place in an object, which is not shown if a value of a Secret stands there. A key of a
/// generated one has the same place as its value.
pub(super) fn anchor(object: &Object<'_>, span: Span) -> Anchor {
    let is_in = |at: Span| at.source == span.source && at.start <= span.start && span.end <= at.end;
    if secret_values(object.node).iter().any(|value| is_in(value.span)) {
        object.secret_at(span)
    } else {
        object.at(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::Sources,
        yaml::{Dialect, parse, to_json},
    };

    /// The object with placeholders, as JSON, and its values.
    fn masked(text: &str) -> (String, Values) {
        let mut sources = Sources::default();
        let id = sources.add("secret.yaml", text);
        let node = parse(&sources, id, Dialect::Resource, &mut Vec::new()).remove(0);
        let mut values = Values::default();
        let mut json = String::new();
        to_json(&super::masked(&node, &mut values).unwrap(), &mut json).unwrap();
        (json, values)
    }

    #[test]
    fn placeholders_have_the_form_of_the_values() {
        let (json, _) = masked(
            "{kind: Secret, type: a, data: {a: aMOp, b: '!'}, stringData: {c: 'x y', d: 5, e: ''}}",
        );
        let expected = r#"{"data":{"a":"Kioq","b":"*"},"kind":"Secret","stringData":{"c":"* *","d":"*","e":""},"type":"a"}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn what_is_not_a_value_with_other_letters_is_withheld() {
        let (_, values) = masked("{kind: Secret, stringData: {a: hunter, b: hunter2}}");
        let shown = |text, masked| values.shown(text, masked);
        assert_eq!(shown("no label", "no label").as_deref(), Some("no label"));
        assert_eq!(shown("<hunter2>", "<*******>").as_deref(), Some("<(7 bytes)>"));
        assert_eq!(shown("<aHVudGVy>", "<KioqKioq>").as_deref(), Some("<(8 bytes)>"));
        assert_eq!(shown("HUNTER2", "*******"), None);
        assert_eq!(shown("no digit", "no letter"), None);
    }

    #[test]
    fn how_much_is_said_may_depend_on_values() {
        let values = Values::default();
        let violation = |message: &str| Violation {
            message: message.to_owned(),
            details: serde_json::json!({}),
        };
        let (a, b) = (violation("there is no a"), violation("there is no b"));
        let shown = |said: &[&Violation], masked: &[&Violation]| {
            let shown = values.shown_of_all(said, masked)?;
            Some(shown.into_iter().map(|(at, _)| at).collect::<Vec<_>>())
        };
        assert_eq!(shown(&[&a, &b], &[&b, &a]), Some(vec![1, 0]));
        assert_eq!(shown(&[&a], &[&a, &b]), None);
        assert_eq!(shown(&[&a, &a], &[&a, &b]), None);
    }
}
