//! Kubernetes objects: what identifies one, the set that a build works on, and the history of
//! each field.
//!
//! Source: kustomize's `resid`, `resource` and `resmap`. Invariant: nothing here knows
//! kustomization files, and no look-up walks over all resources.

mod history;
mod id;
mod origin;
mod provenance;
mod res_map;
mod scope;
mod secret;

pub use history::{Layer, history};
pub use id::{Gvk, ResId};
pub use origin::{Origin, Origins, Previous, Step};
pub use provenance::{Provenance, explain_place, provenance};
pub use res_map::ResMap;
pub use scope::is_known;
pub use secret::{
    has_secret, hide_broken_secrets, hide_secret, hide_secrets, secret_values, secret_values_mut,
};

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
    previous: Vec<PreviousId>,
    /// Whether a document of the user's says that it is in no namespace.
    is_cluster_scoped: bool,
    /// The vars whose value comes from it.
    pub vars: Vec<Text>,
    /// The prefixes that its name was given, innermost first.
    pub prefixes: Vec<Text>,
    /// The suffixes that its name was given, innermost first.
    pub suffixes: Vec<Text>,
    /// How a generator made it; `None` for an object that was read.
    pub generated: Option<Generated>,
    /// The origin that `buildMetadata: [originAnnotations]` prints; empty if there is none.
    pub origin_annotation: String,
    /// The transformers that `buildMetadata: [transformerAnnotations]` prints.
    pub transformations: String,
}

/// An identity that an object had before it was renamed. Its group and version are the current
/// ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousId {
    /// The effective namespace.
    pub namespace: Text,
    /// The name.
    pub name: Text,
    /// The kind.
    pub kind: Text,
}

/// How a generator made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// What to do when there is an object of the same identity.
    pub behavior: Behavior,
    /// Whether the name gets a hash of the content.
    pub needs_hash: bool,
}

/// The `behavior:` of a generator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Make a new object; one of the same identity is an error.
    #[default]
    Create,
    /// Replace the data of the object that is there.
    Replace,
    /// Add to the data of the object that is there.
    Merge,
}

impl Resource {
    /// Wraps an object; the caller has checked that it has a kind and a name.
    pub fn new(node: Node) -> Self {
        let id = ResId::of(&node);
        Self {
            node,
            id,
            previous: Vec::new(),
            is_cluster_scoped: false,
            vars: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            generated: None,
            origin_annotation: String::new(),
            transformations: String::new(),
        }
    }

    /// What identifies it now.
    pub fn id(&self) -> &ResId {
        &self.id
    }

    /// Where it begins.
    pub fn span(&self) -> Span {
        self.node.span
    }

    /// Whether its values are never shown.
    pub fn is_secret(&self) -> bool {
        self.id.gvk.group.is_empty() && self.id.gvk.kind == "Secret"
    }

    /// Its name.
    pub fn name(&self) -> &Text {
        &self.id.name
    }

    /// The identities that it had, oldest first, without the current one.
    pub fn previous(&self) -> &[PreviousId] {
        &self.previous
    }

    /// The identity that it was read with.
    pub fn original(&self) -> PreviousId {
        self.previous.first().cloned().unwrap_or_else(|| self.current())
    }

    /// The current identity in the form of the previous ones.
    pub fn current(&self) -> PreviousId {
        PreviousId {
            namespace: self.id.effective_namespace(),
            name: self.id.name.clone(),
            kind: self.id.gvk.kind.clone(),
        }
    }

    /// The group, version and kind that it was read with.
    pub fn original_gvk(&self) -> Gvk {
        let kind = self.previous.first().map_or(&self.id.gvk.kind, |previous| &previous.kind);
        Gvk { kind: kind.clone(), ..self.id.gvk.clone() }
    }

    /// Keeps the current identity as a previous one, before a step that may change it.
    pub fn store_previous_id(&mut self) {
        self.previous.push(self.current());
    }

    /// Takes over the history of an object that this one replaces.
    pub fn continue_from(&mut self, old: &Resource) {
        self.previous.clone_from(&old.previous);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.vars.clone_from(&old.vars);
    }

    /// Reads the current identity from the object again, after a step may have changed it.
    pub fn refresh(&mut self) {
        self.id = ResId::of(&self.node);
        self.id.is_cluster_scoped |= self.is_cluster_scoped;
    }

    /// Gives every field that shared a value which a step changed the new one.
    pub fn settle(&mut self, origins: &mut Origins) {
        for (old, new) in origins.take_moved() {
            let mut found = None;
            self.node.visit_mut(&mut |node| {
                if node.origin == new && found.is_none() {
                    found = Some((node.value.clone(), node.span));
                }
            });
            let Some((value, span)) = found else { continue };
            self.node.visit_mut(&mut |node| {
                if node.origin == old {
                    *node = Node { value: value.clone(), span, origin: new };
                }
            });
        }
    }

    /// Makes each field hold a value of its own, as after a way through JSON.
    pub fn unshare(&mut self, origins: &mut Origins) {
        origins.take_moved();
        if origins.has_shared() {
            self.node.visit_mut(&mut |node| origins.unshare(node.origin));
        }
    }

    /// Forgets what it was before and what was done to it: kustomize keeps that in annotations,
    /// which a patch can remove.
    pub fn forget(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.forget_transformations();
        if let Some(generated) = &mut self.generated {
            generated.needs_hash = false;
        }
    }

    /// Forgets which transformers worked on it.
    pub fn forget_transformations(&mut self) {
        self.origin_annotation.clear();
        self.transformations.clear();
    }

    /// Says that objects of its kind are in no namespace.
    pub fn set_cluster_scoped(&mut self) {
        self.is_cluster_scoped = true;
        self.id.is_cluster_scoped = true;
    }

    /// Whether `found` holds for one of its identities, oldest first and the current one last.
    pub fn any_id(&self, mut found: impl FnMut(&PreviousId) -> bool) -> bool {
        self.previous.iter().any(&mut found) || found(&self.current())
    }
}
