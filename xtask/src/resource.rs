//! Kubernetes objects: what identifies one, the set that a build works on, and the history of
//! each field.
//!
//! Source: kustomize's `resid`, `resource` and `resmap`. Invariant: nothing here knows
//! kustomization files, and no look-up walks over all resources.

mod history;
mod id;
mod origin;

pub use history::{Layer, history};
pub use id::{Gvk, ResId};
pub use origin::{Origin, Origins, Previous, Step};

use crate::{
    source::Span,
    yaml::{Node, Text},
};

/// One object of a build.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object.
    pub node: Node,
    id: ResId,
}

impl Resource {
    /// Wraps an object; the caller has checked that it has a kind and a name.
    pub fn new(node: Node) -> Self {
        let id = ResId::of(&node);
        Self { node, id }
    }

    /// What identifies it now.
    pub fn id(&self) -> &ResId {
        &self.id
    }

    /// Where it begins.
    pub fn span(&self) -> Span {
        self.node.span
    }

    /// Its name.
    pub fn name(&self) -> &Text {
        &self.id.name
    }
}
