//! What identifies an object.

use std::fmt;

use super::scope::is_cluster_scoped;
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
    /// Whether objects of this kind are in no namespace.
    pub is_cluster_scoped: bool,
}

/// The namespace of what has none.
const NO_NAMESPACE: Text = Text::const_new("_non_namespaceable_");

/// Where an object without a written namespace is.
const DEFAULT_NAMESPACE: Text = Text::const_new("default");

impl Gvk {
    /// From `apiVersion` and `kind` as an object writes them.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// Group and version as an object writes them.
    pub fn api_version(&self) -> Text {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            compact_str::format_compact!("{}/{}", self.group, self.version)
        }
    }

    /// Whether objects of this kind certainly have no namespace.
    pub fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.group, &self.version, &self.kind)
    }

    /// Whether `selector` fits, where an empty part of it fits everything.
    pub fn is_selected_by(&self, selector: &Gvk) -> bool {
        let fits = |wanted: &Text, actual: &Text| wanted.is_empty() || wanted == actual;
        fits(&selector.kind, &self.kind)
            && fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
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
        Self::new(
            Gvk::new(text(&["apiVersion"]), text(&["kind"])),
            text(&["metadata", "namespace"]).into(),
            text(&["metadata", "name"]).into(),
        )
    }

    /// An identity of these parts.
    pub fn new(gvk: Gvk, namespace: Text, name: Text) -> Self {
        Self { is_cluster_scoped: gvk.is_cluster_scoped(), gvk, namespace, name }
    }

    /// The namespace for comparisons: the default one if none is written, and one of its own for
    /// what has none.
    pub fn effective_namespace(&self) -> Text {
        if self.is_cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            self.namespace.clone()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_written_as_kustomize_writes_them() {
        let id = ResId::new(Gvk::new("apps/v1", "Deployment"), "".into(), "web".into());
        assert_eq!(id.to_string(), "Deployment.v1.apps/web.[noNs]");
        assert_eq!(Gvk::new("v1", "Service").to_string(), "Service.v1.[noGrp]");
    }

    #[test]
    fn the_effective_namespace_is_never_empty() {
        let id = |api, kind, namespace: &str| {
            ResId::new(Gvk::new(api, kind), namespace.into(), "x".into())
        };
        assert_eq!(id("v1", "Pod", "").effective_namespace(), "default");
        assert_eq!(id("v1", "Node", "x").effective_namespace(), "_non_namespaceable_");
        assert_eq!(id("v1", "Pod", "x").effective_namespace(), "x");
    }
}
