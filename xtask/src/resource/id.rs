//! What identifies an object.

use std::fmt;

use crate::yaml::{Node, Text};

/// Group, version and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: Text,
    /// The version, without the group.
    pub version: Text,
    /// The kind.
    pub kind: Text,
}

/// Group, version, kind, namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResId {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The namespace as written; empty if none is.
    pub namespace: Text,
    /// The name.
    pub name: Text,
}

impl Gvk {
    /// From `apiVersion` and `kind` as an object writes them.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> Text {
        if self.group.is_empty() {
            return self.version.clone();
        }
        compact_str::format_compact!("{}/{}", self.group, self.version)
    }
}

/// `Deployment.v1.apps`, as kustomize writes it.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'static str, value: &Text| {
            if value.is_empty() { Text::const_new(text) } else { value.clone() }
        };
        let (kind, version) = (or("[noKind]", &self.kind), or("[noVer]", &self.version));
        write!(f, "{kind}.{version}.{}", or("[noGrp]", &self.group))
    }
}

impl ResId {
    /// The identity that an object states.
    pub fn of(node: &Node) -> Self {
        let text = |path: &[&str]| node.at(path).and_then(Node::scalar_text).unwrap_or("");
        Self {
            gvk: Gvk::new(text(&["apiVersion"]), text(&["kind"])),
            namespace: text(&["metadata", "namespace"]).into(),
            name: text(&["metadata", "name"]).into(),
        }
    }
}

/// `Deployment.v1.apps/web.shop`, as kustomize writes it.
impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        write!(f, "{}/{name}.{namespace}", self.gvk)
    }
}
