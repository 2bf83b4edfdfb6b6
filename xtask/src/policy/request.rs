//! The `request` that expressions in CEL see: an admission request without its objects.
//!
//! Source: `CreateAdmissionRequest` of `k8s.io/apiserver/pkg/admission/plugin/cel/condition.go`.

use crate::{
    cel::{Data, Error, Shape, Value},
    yaml::{Node, Text},
};

/// A kind or a resource with its group and version.
#[derive(Clone, Debug, Default)]
pub(super) struct Versioned {
    pub group: Text,
    pub version: Text,
    /// The kind, or the resource.
    pub name: Text,
}

/// What is known of who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum User<'a> {
    /// As an `AdmissionReview` says.
    Known(&'a Node),
    /// As nobody says, which is what Gatekeeper makes of a plain object.
    Nobody,
    /// Somebody, but it is not known who.
    Unknown,
}

/// An admission request.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// As the policy asks for it.
    pub kind: Versioned,
    pub resource: Versioned,
    /// As it is written.
    pub original_kind: Versioned,
    pub original_resource: Versioned,
    pub sub_resource: &'a str,
    pub name: &'a str,
    pub namespace: &'a str,
    pub operation: &'a str,
    pub user: User<'a>,
    pub is_dry_run: bool,
    pub options: Option<&'a Node>,
}

impl Versioned {
    /// Of a map with `kind` or `resource` as the name.
    pub fn of(node: Option<&Node>, name: &str) -> Self {
        let text = |key| node.and_then(|node| node.text_at(&[key])).unwrap_or_default().into();
        Self { group: text("group"), version: text("version"), name: text(name) }
    }

    fn value<'a>(&self, name: &'static str) -> Value<'a> {
        map([
            ("group", Value::string(self.group.as_str())),
            ("version", Value::string(self.version.as_str())),
            (name, Value::string(self.name.as_str())),
        ])
    }
}

impl<'a> Request<'a> {
    /// The value. What is empty is not there.
    pub fn value(&self) -> Result<Value<'a>, Error> {
        let data = |node: &'a Node| Value::of(Data::Node(node), &Shape::Dyn);
        let mut entries = vec![
            ("kind", self.kind.value("kind")),
            ("resource", self.resource.value("resource")),
            ("requestKind", self.original_kind.value("kind")),
            ("requestResource", self.original_resource.value("resource")),
            ("operation", Value::string(self.operation)),
            ("dryRun", Value::Bool(self.is_dry_run)),
            ("options", self.options.map_or(Ok(Value::Null), data)?),
        ];
        for (name, text) in [
            ("subResource", self.sub_resource),
            ("requestSubResource", self.sub_resource),
            ("name", self.name),
            ("namespace", self.namespace),
        ] {
            if !text.is_empty() {
                entries.push((name, Value::string(text)));
            }
        }
        match self.user {
            User::Known(user) => entries.push(("userInfo", data(user)?)),
            User::Nobody => entries.push(("userInfo", map([]))),
            User::Unknown => {}
        }
        Ok(map(entries))
    }
}

fn map<'a>(entries: impl IntoIterator<Item = (&'static str, Value<'a>)>) -> Value<'a> {
    Value::map(entries.into_iter().map(|(name, value)| (Value::string(name), value)).collect())
}
