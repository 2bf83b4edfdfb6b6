//! What is reviewed: one object, as an admission request presents it.
//!
//! Source: `k8s.io/api/admission/v1` and `pkg/target` of Gatekeeper 3.23.1.

use super::{
    Fault,
    matching::{of_mapping, string, texts},
    object::{get, gvk, name, namespace, text},
    rego::{Value, value_of},
};
use crate::{
    diag::did_you_mean,
    resource::Gvk,
    yaml::{Mapping, Node, ScalarKind},
};

/// Where an object comes from, which `spec.match.source` selects by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Somebody writes it.
    #[default]
    Original,
    /// An expansion made it of what somebody writes.
    Generated,
}

/// One object under review.
#[derive(Clone, Copy, Debug, Default)]
pub struct Review<'a> {
    /// The object; absent when one is deleted.
    pub object: Option<&'a Node>,
    /// The object as it was before.
    pub old_object: Option<&'a Node>,
    /// The `request` of an `AdmissionReview`, for what a plain object does not say: operation, user.
    pub request: Option<&'a Node>,
    /// The namespace that the object is in, if that is known.
    pub namespace: Option<&'a Node>,
    /// Where the object comes from.
    pub origin: Origin,
}

/// The fields of a request, and what they must be.
const REQUEST: [(&str, Shape); 15] = [
    ("uid", Shape::Text),
    ("kind", Shape::Names(&["group", "version", "kind"])),
    ("resource", Shape::Names(&["group", "version", "resource"])),
    ("subResource", Shape::Text),
    ("requestKind", Shape::Names(&["group", "version", "kind"])),
    ("requestResource", Shape::Names(&["group", "version", "resource"])),
    ("requestSubResource", Shape::Text),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("operation", Shape::Text),
    ("userInfo", Shape::User),
    ("object", Shape::Object),
    ("oldObject", Shape::Object),
    ("dryRun", Shape::Bool),
    ("options", Shape::Anything),
];

/// The fields of a response, which is not looked at.
const RESPONSE: [&str; 7] =
    ["uid", "allowed", "status", "patch", "patchType", "auditAnnotations", "warnings"];

/// What a field of a request must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Bool,
    Names(&'static [&'static str]),
    User,
    Object,
    Anything,
}

impl<'a> Review<'a> {
    /// The review of an object that is made.
    pub fn of(object: &'a Node) -> Self {
        Self { object: Some(object), ..Self::default() }
    }

    /// Whether an object is an `AdmissionReview`.
    pub fn is_admission(node: &Node) -> bool {
        let gvk = gvk(node);
        gvk.kind == "AdmissionReview" && gvk.group == "admission.k8s.io"
    }

    /// The review that an `AdmissionReview` asks for.
    pub fn of_admission(node: &'a Node) -> Result<Self, Fault> {
        let known = ["apiVersion", "kind", "request", "response"];
        for entry in node.as_mapping().into_iter().flatten() {
            unknown(&entry.key, &known, &entry.value)?;
        }
        if let Some(response) = get(node, "response") {
            for entry in of_mapping(response, "response")?.into_iter().flatten() {
                unknown(&entry.key, &RESPONSE, &entry.value)?;
            }
        }
        let Some(request) = get(node, "request") else {
            return Err(Fault::new(node, "an `AdmissionReview` must have a `request`"));
        };
        for entry in of_mapping(request, "request")?.into_iter().flatten() {
            let path = format!("request.{}", entry.key);
            let Some((_, shape)) = REQUEST.iter().find(|(name, _)| *name == entry.key) else {
                let names: Vec<&str> = REQUEST.iter().map(|(name, _)| *name).collect();
                unknown(&entry.key, &names, &entry.value)?;
                continue;
            };
            shape.check(&entry.value, &path)?;
        }
        let (object, old_object) = (get(request, "object"), get(request, "oldObject"));
        if object.is_none() && old_object.is_none() {
            let message = "a request must have an `object` or an `oldObject` to review";
            return Err(Fault::new(request, message));
        }
        let is_deletion = text(request, &["operation"]) == "DELETE";
        if is_deletion && old_object.is_none() {
            let message = "a request to `DELETE` must have an `oldObject`";
            return Err(Fault::new(request, message));
        }
        let object = if is_deletion { old_object } else { object };
        Ok(Self { object, old_object, request: Some(request), ..Self::default() })
    }

    /// The namespace that it is in, as it is written.
    pub fn namespace_name(&self) -> &'a str {
        match self.request {
            Some(request) => text(request, &["namespace"]),
            None => self.object.map(namespace).unwrap_or_default(),
        }
    }

    /// As the code of a policy sees it.
    pub(super) fn value(&self) -> Value {
        let mut fields: Vec<(&str, Value)> = vec![
            ("object", self.object.map_or(Value::Null, value_of)),
            ("oldObject", self.old_object.map_or(Value::Null, value_of)),
            ("namespaceObject", self.namespace.map_or_else(Value::new_object, value_of)),
        ];
        match self.request {
            Some(request) => fields.extend(of_request(request)),
            None => fields.extend(of_object(self.object)),
        }
        object(fields)
    }
}

/// What a request says beside the objects, with what Go writes of what is not there.
fn of_request(request: &Node) -> Vec<(&'static str, Value)> {
    let mut fields = Vec::new();
    for (name, shape) in REQUEST {
        let given = get(request, name);
        let value = match (name, shape, given) {
            ("object" | "oldObject", ..) => continue,
            ("uid" | "operation", ..) => Value::from(text(request, &[name])),
            ("options", ..) => given.map_or(Value::Null, value_of),
            ("userInfo", ..) => object(
                get(request, name)
                    .and_then(Node::as_mapping)
                    .into_iter()
                    .flatten()
                    .filter(|entry| !is_empty(&entry.value))
                    .map(|entry| (entry.key.as_str(), value_of(&entry.value))),
            ),
            ("kind" | "resource", Shape::Names(names), _) | (_, Shape::Names(names), Some(_)) => {
                of_names(given, names)
            }
            (_, _, Some(given)) if !is_empty(given) => value_of(given),
            _ => continue,
        };
        fields.push((name, value));
    }
    fields
}

/// What a plain object says of itself.
fn of_object(node: Option<&Node>) -> Vec<(&'static str, Value)> {
    let gvk = node.map(gvk).unwrap_or_default();
    let none = Gvk::default();
    let names = |gvk: &Gvk, last| {
        object(
            [("group", &gvk.group), ("version", &gvk.version), (last, &gvk.kind)]
                .map(|(key, text)| (key, Value::from(text.as_str()))),
        )
    };
    let mut fields = vec![
        ("uid", Value::from("")),
        ("kind", names(&gvk, "kind")),
        ("resource", names(&none, "resource")),
        ("operation", Value::from("")),
        ("userInfo", Value::new_object()),
        ("options", Value::Null),
    ];
    let texts = [("name", node.map(name)), ("namespace", node.map(namespace))];
    for (key, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            fields.push((key, Value::from(text)));
        }
    }
    fields
}

fn of_names(given: Option<&Node>, names: &'static [&'static str]) -> Value {
    let text_of = |name: &str| given.map(|given| text(given, &[name])).unwrap_or_default();
    object(names.iter().map(|name| (*name, Value::from(text_of(name)))))
}

fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let mut object = Value::new_object();
    if let Ok(map) = object.as_object_mut() {
        for (key, value) in fields {
            map.insert(Value::from(key), value);
        }
    }
    object
}

/// Whether Go leaves a value out.
fn is_empty(node: &Node) -> bool {
    node.is_null()
        || node.as_str() == Some("")
        || node.as_sequence().is_some_and(<[Node]>::is_empty)
        || node.as_mapping().is_some_and(Mapping::is_empty)
}

impl Shape {
    fn check(self, node: &Node, path: &str) -> Result<(), Fault> {
        if node.is_null() {
            return Ok(());
        }
        let of_texts = |names: &[&str]| {
            for entry in of_mapping(node, path)?.into_iter().flatten() {
                unknown(&entry.key, names, &entry.value)?;
                if !entry.value.is_null() {
                    string(&entry.value, format!("{path}.{}", entry.key))?;
                }
            }
            Ok(())
        };
        match self {
            Self::Text => string(node, path).map(|_| ()),
            Self::Bool => match node.as_scalar() {
                Some(scalar) if scalar.kind == ScalarKind::Bool => Ok(()),
                _ => Err(Fault::type_of(node, path, "a boolean")),
            },
            Self::Names(names) => of_texts(names),
            Self::User => {
                let known = ["username", "uid", "groups", "extra"];
                for entry in of_mapping(node, path)?.into_iter().flatten() {
                    unknown(&entry.key, &known, &entry.value)?;
                    let (value, path) = (&entry.value, format!("{path}.{}", entry.key));
                    match entry.key.as_str() {
                        _ if value.is_null() => {}
                        "groups" => _ = texts(value, &path)?,
                        "extra" => {
                            for entry in of_mapping(value, &path)?.into_iter().flatten() {
                                texts(&entry.value, &format!("{path}.{}", entry.key))?;
                            }
                        }
                        _ => _ = string(value, path)?,
                    }
                }
                Ok(())
            }
            Self::Object => {
                of_mapping(node, path)?;
                if gvk(node).kind.is_empty() {
                    return Err(Fault::new(node, format!("`{path}` must have a kind")));
                }
                Ok(())
            }
            Self::Anything => Ok(()),
        }
    }
}

fn unknown(key: &str, known: &[&str], value: &Node) -> Result<(), Fault> {
    if known.contains(&key) {
        return Ok(());
    }
    let message = format!("an `AdmissionReview` has no field `{key}` there");
    let help = did_you_mean(key, known.iter().copied());
    Err(Fault { help, ..Fault::new(value, message) })
}
