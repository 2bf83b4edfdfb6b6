//! Searches of a text, and of a collection, in another one: as often as something is compared, they look
//! at the clock.

use regorus::{Value, value::Object};

use super::{Function, Outcome, text};
use crate::policy::rego::limits::{look_at_clock, spend};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("indexof", 2, |arguments| {
        let Some((text, part)) = text_and_part(arguments) else { return Ok(None) };
        let at = text.find(part).map(|at| characters(text.get(..at).unwrap_or_default()));
        Ok(Some(at.map_or(Value::from(-1), Value::from)))
    }),
    ("indexof_n", 2, index_of_each),
    ("object.subset", 2, |arguments| match (arguments.first(), arguments.get(1)) {
        (Some(all), Some(part)) => has_part(all, part),
        _ => Ok(None),
    }),
    ("strings.count", 2, |arguments| {
        let pair = text(arguments.first()).zip(text(arguments.get(1)));
        Ok(pair.map(|(text, part)| Value::from(text.matches(part).count())))
    }),
];

/// A text and what is searched in it, which must not be empty.
fn text_and_part(arguments: &[Value]) -> Option<(&str, &str)> {
    text(arguments.first()).zip(text(arguments.get(1))).filter(|(_, part)| !part.is_empty())
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// All places, also those that overlap.
fn index_of_each(arguments: &[Value]) -> Outcome {
    let Some((text, part)) = text_and_part(arguments) else { return Ok(None) };
    spend(text.len())?;
    let mut found = Vec::new();
    let (mut rest, mut before) = (text, 0);
    while let Some(at) = rest.find(part) {
        look_at_clock()?;
        before += characters(rest.get(..at).unwrap_or_default());
        spend(24)?;
        found.push(Value::from(before));
        let mut behind = rest.get(at..).unwrap_or_default().chars();
        behind.next();
        (rest, before) = (behind.as_str(), before + 1);
    }
    Ok(Some(Value::from(found)))
}

/// Whether a collection has all of another one: an object its fields, a set its elements, an array the
/// items one behind the other.
fn has_part(all: &Value, part: &Value) -> Outcome {
    match (all, part) {
        (Value::Array(all), Value::Set(part)) => {
            let all: regorus::value::Set = all.iter().cloned().collect();
            Ok(Some(Value::Bool(part.is_subset(&all))))
        }
        (Value::Object(_), Value::Object(_))
        | (Value::Set(_), Value::Set(_))
        | (Value::Array(_), Value::Array(_)) => Ok(Some(Value::Bool(contains(all, part)?))),
        _ => Ok(None),
    }
}

fn contains(all: &Value, part: &Value) -> Result<bool, String> {
    match (all, part) {
        (Value::Object(all), Value::Object(part)) => has_fields(all, part),
        (Value::Set(all), Value::Set(part)) => Ok(part.is_subset(all)),
        (Value::Array(all), Value::Array(part)) => {
            let Some(last) = all.len().checked_sub(part.len()) else { return Ok(false) };
            for start in 0..=last {
                look_at_clock()?;
                if all.iter().skip(start).zip(part.iter()).all(|(one, other)| one == other) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (all, part) => Ok(all == part),
    }
}

fn has_fields(all: &Object, part: &Object) -> Result<bool, String> {
    for (key, value) in part.iter() {
        let Some(found) = all.get(key) else { return Ok(false) };
        if !contains(found, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rego::value::to_json;

    /// What OPA says.
    #[test]
    fn a_part_is_found_as_opa_finds_it() {
        let value = |json: &str| Value::from_json_str(json).unwrap();
        for (all, part, is) in [
            ("[1]", "[]", true),
            ("[]", "[]", true),
            ("[1,2,3,2,3,4]", "[2,3,4]", true),
            ("[1,2]", "[1,2,3]", false),
            ("[[1,2],3]", "[[1]]", false),
            (r#"[{"a":1,"b":2}]"#, r#"[{"a":1}]"#, false),
            (r#"{"a":1,"b":{"c":1}}"#, r#"{"b":{"c":1}}"#, true),
            (r#"{"a":[1]}"#, r#"{"a":[]}"#, true),
        ] {
            let found = has_part(&value(all), &value(part));
            assert_eq!(found, Ok(Some(Value::Bool(is))), "{all} {part}");
        }
        assert_eq!(has_part(&value("[1]"), &value("1")), Ok(None));
    }

    #[test]
    fn places_are_counted_in_characters() {
        let call = |name: &str, arguments: [&str; 2]| {
            let (_, _, function) = FUNCTIONS.iter().find(|(known, ..)| *known == name).unwrap();
            let found = function(&arguments.map(Value::from)).unwrap();
            found.map(|value| to_json(&value).to_string())
        };
        assert_eq!(call("indexof", ["äöa", "a"]).as_deref(), Some("2"));
        assert_eq!(call("indexof", ["a", "b"]).as_deref(), Some("-1"));
        assert_eq!(call("indexof", ["abc", ""]), None);
        assert_eq!(call("indexof_n", ["aaäaa", "aa"]).as_deref(), Some("[0,3]"));
        assert_eq!(call("indexof_n", ["aaaa", "aa"]).as_deref(), Some("[0,1,2]"));
        assert_eq!(call("indexof_n", ["", "a"]).as_deref(), Some("[]"));
        assert_eq!(call("indexof_n", ["abc", ""]), None);
        assert_eq!(call("strings.count", ["äö", ""]).as_deref(), Some("3"));
        assert_eq!(call("strings.count", ["aaa", "aa"]).as_deref(), Some("1"));
    }
}
