//! Reading the JSON of Kubernetes objects, where most fields may be missing.

use serde_json::Value;

/// The text at a JSON pointer; empty if there is none.
pub(in super::super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer; 0, as Kubernetes leaves it out, if there is none.
pub(in super::super) fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The list at a JSON pointer; empty if there is none.
pub(in super::super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The objects of an answer of `kubectl get`: a list, a single object, or nothing.
pub(in super::super) fn objects(answer: Value) -> Vec<Value> {
    match answer {
        Value::Object(mut object) if object.get("kind").is_some_and(|kind| kind == "List") => {
            match object.remove("items") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            }
        }
        Value::Null => Vec::new(),
        object => vec![object],
    }
}

/// The condition of this type in `status.conditions`.
pub(in super::super) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().find(|condition| text(condition, "/type") == name)
}

/// Whether the condition of this type holds.
pub(in super::super) fn holds(object: &Value, name: &str) -> bool {
    condition(object, name).is_some_and(|condition| text(condition, "/status") == "True")
}

/// `deployment/web`.
pub(in super::super) fn label(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind").to_lowercase(), text(object, "/metadata/name"))
}

/// Whether an object has all of these labels.
pub(in super::super) fn has_labels(object: &Value, labels: &[(String, String)]) -> bool {
    let found = object.pointer("/metadata/labels");
    labels.iter().all(|(key, value)| {
        found.and_then(|found| found.get(key)).and_then(Value::as_str) == Some(value)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_a_list_an_object_or_nothing() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "a"}});
        assert_eq!(objects(json!({"kind": "List", "items": [pod, pod]})).len(), 2);
        assert_eq!(objects(pod.clone()), std::slice::from_ref(&pod));
        assert_eq!(objects(Value::Null), [] as [Value; 0]);
        assert_eq!(label(&pod), "pod/a");
    }

    #[test]
    fn labels_must_all_fit() {
        let pod = json!({"metadata": {"labels": {"a": "1", "b": "2"}}});
        let labels = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert!(has_labels(&pod, &labels(&[("a", "1"), ("b", "2")])));
        assert!(!has_labels(&pod, &labels(&[("a", "1"), ("c", "2")])));
        assert!(!has_labels(&json!({}), &labels(&[("a", "1")])));
    }
}
