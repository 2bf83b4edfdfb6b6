//! Collections that are put together of many, in one go: one after the other would copy what there is
//! each time.

use regorus::{
    Value,
    value::{Object, Set},
};

use super::{
    Function, Outcome, elements,
    guarded::{native, whole},
    text,
};
use crate::policy::rego::limits::{look_at_clock, measure, spend};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("json.patch", 2, patch),
    ("object.union_n", 1, |arguments| {
        spend(whole(arguments))?;
        let Some(Value::Array(items)) = arguments.first() else { return Ok(None) };
        let mut all = Object::new();
        for item in items.iter() {
            let Value::Object(fields) = item else { return Ok(None) };
            merge(&mut all, fields)?;
        }
        Ok(Some(Value::Object(all.into())))
    }),
    ("union", 1, |arguments| {
        let Some(Value::Set(sets)) = arguments.first() else { return Ok(None) };
        spend(whole(arguments))?;
        let mut all = Set::new();
        for set in sets.iter() {
            let Value::Set(items) = set else { return Ok(None) };
            look_at_clock()?;
            for item in items.iter() {
                all.insert(item.clone());
            }
        }
        Ok(Some(all.into_value()))
    }),
];

/// Adds the fields of an object; objects of one name become one, of anything else the last counts.
fn merge(into: &mut Object, fields: &Object) -> Result<(), String> {
    look_at_clock()?;
    for (key, value) in fields.iter() {
        match (into.get_mut(key), value) {
            (Some(there @ Value::Object(_)), Value::Object(fields)) => {
                if let Ok(there) = there.as_object_mut() {
                    merge(there, fields)?;
                }
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(())
}

/// Each copy may double the document, so what it has become is measured before it goes on.
fn patch(arguments: &[Value]) -> Outcome {
    let (Some(document), Some(operations)) = (arguments.first(), elements(arguments.get(1))) else {
        return Ok(None);
    };
    let is_copy = |operation: &&Value| match operation {
        Value::Object(fields) => text(fields.get(&"op".into())) == Some("copy"),
        _ => false,
    };
    let mut document = document.clone();
    for operations in operations.split_inclusive(is_copy) {
        look_at_clock()?;
        let operations = Value::from(operations.iter().copied().cloned().collect::<Vec<_>>());
        let arguments = [document, operations];
        // The interpreter makes a tree of its own of the document, with room for more in each part.
        spend(whole(&arguments).saturating_mul(32))?;
        match native("json.patch", &arguments) {
            Some(patched) => document = patched,
            None => return Ok(None),
        }
        measure(&document)?;
    }
    Ok(Some(document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rego::value::to_json;

    fn call(name: &str, arguments: &[&str]) -> Option<String> {
        let arguments: Vec<Value> =
            arguments.iter().map(|json| Value::from_json_str(json).unwrap()).collect();
        let (_, _, function) = FUNCTIONS.iter().find(|(known, ..)| *known == name).unwrap();
        function(&arguments).unwrap().map(|value| to_json(&value).to_string())
    }

    #[test]
    fn objects_become_one() {
        let union = |json| call("object.union_n", &[json]);
        assert_eq!(union("[]").as_deref(), Some("{}"));
        let objects = r#"[{"a":1},{"a":{"b":2}},{"a":{"c":3}},{"d":{"e":1}},{"d":2}]"#;
        assert_eq!(union(objects).as_deref(), Some(r#"{"a":{"b":2,"c":3},"d":2}"#));
        assert_eq!(union("[1]"), None);
    }

    #[test]
    fn a_document_is_patched_step_by_step() {
        let patch = |operations: &str| call("json.patch", &[r#"{"a":{"b":1}}"#, operations]);
        let copy = r#"{"op":"copy","from":"/a","path":"/a/c"}"#;
        assert_eq!(
            patch(&format!(r#"[{copy},{copy},{{"op":"remove","path":"/a/b"}}]"#)).as_deref(),
            Some(r#"{"a":{"c":{"b":1,"c":{"b":1}}}}"#)
        );
        assert_eq!(patch("[]").as_deref(), Some(r#"{"a":{"b":1}}"#));
        assert_eq!(patch(&format!(r#"[{copy},{{"op":"test","path":"/a/b","value":2}}]"#)), None);
        assert_eq!(patch(&format!("[{copy},1]")), None);
    }
}
