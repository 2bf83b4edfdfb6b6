//! The history of a field: which step put its value there, and what the step overrode.
//!
//! A node that was only parsed has no entry here, so a build pays for what its steps change.

use std::{collections::BTreeSet, fmt};

use crate::{
    source::{OriginId, Span},
    yaml::{Node, Text},
};

/// The histories of all fields of one build.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    entries: Vec<Origin>,
    /// Whether handles are given out and nothing is recorded.
    off: bool,
    /// How many handles were given out.
    count: usize,
    /// The handles of values that several fields of one object share.
    shared: BTreeSet<OriginId>,
    /// The handles of shared values that were overridden, and those of the values in their place.
    moved: Vec<(OriginId, OriginId)>,
}

/// One change to a field.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The kind of step that made it.
    pub step: Step,
    /// Where a kustomization asks for the step.
    pub via: Span,
    /// The value that was there before.
    pub previous: Option<Previous>,
}

/// A value that a step overrode.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The value, if it was a scalar.
    pub value: Option<Text>,
    /// Where it is written.
    pub span: Span,
    /// Its own history.
    pub origin: OriginId,
}

/// The steps of a build that set fields, by the name of the field that asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `patches:`, `patchesStrategicMerge:` and `patchesJson6902:`.
    Patch,
    /// `namespace:`.
    Namespace,
    /// `namePrefix:`.
    NamePrefix,
    /// `nameSuffix:`.
    NameSuffix,
    /// `labels:` and `commonLabels:`.
    Labels,
    /// `commonAnnotations:`.
    Annotations,
    /// `images:`.
    Images,
    /// `replicas:`.
    Replicas,
    /// `configMapGenerator:` and `secretGenerator:`.
    Generator,
    /// The hash of a generated object's content in its name.
    NameHash,
    /// `replacements:`.
    Replacement,
    /// `vars:`.
    Var,
    /// A transformer with a configuration of its own.
    Transformer,
    /// A reference that followed the new name of what it refers to.
    NameReference,
    /// `buildMetadata:`.
    BuildMetadata,
    /// A values file nearer to the root than the one that it overrides.
    Values,
}

impl Origins {
    /// No histories; with `on` false there will be none.
    pub fn new(on: bool) -> Self {
        Self { off: !on, ..Self::default() }
    }

    /// Records a change and returns its handle.
    pub fn record(&mut self, step: Step, via: Span, previous: Option<Previous>) -> OriginId {
        self.count += 1;
        if !self.off {
            self.entries.push(Origin { step, via, previous });
        }
        OriginId::new(self.count)
    }

    /// Records that a step overrides `node`.
    pub fn record_over(&mut self, step: Step, via: Span, node: &Node) -> OriginId {
        if !self.shared.is_empty() && self.shared.contains(&node.origin) {
            return self.record_over_shared(step, via, node);
        }
        self.record_previous(step, via, node)
    }

    fn record_previous(&mut self, step: Step, via: Span, node: &Node) -> OriginId {
        if self.off {
            return self.record(step, via, None);
        }
        let value = node.as_scalar().map(|scalar| scalar.text.clone());
        let previous = Previous { value, span: node.span, origin: node.origin };
        self.record(step, via, Some(previous))
    }

    /// The fields that shared the old value share the new one.
    fn record_over_shared(&mut self, step: Step, via: Span, node: &Node) -> OriginId {
        if let Some(&(_, new)) = self.moved.iter().find(|(old, _)| *old == node.origin) {
            return new;
        }
        let new = self.record_previous(step, via, node);
        self.shared.insert(new);
        self.moved.push((node.origin, new));
        new
    }

    /// Says that several fields of one object share the value with this handle: a step that changes
    /// one of them changes all, at the next [`Origins::take_moved`].
    pub fn share(&mut self, id: OriginId) {
        self.shared.insert(id);
    }

    /// Says that fields no longer share a value.
    pub fn unshare(&mut self, id: OriginId) {
        self.shared.remove(&id);
    }

    /// Whether any fields share a value.
    pub fn has_shared(&self) -> bool {
        !self.shared.is_empty()
    }

    /// The shared values that were overridden since the last call, with those in their place.
    pub fn take_moved(&mut self) -> Vec<(OriginId, OriginId)> {
        std::mem::take(&mut self.moved)
    }

    /// The change behind a handle; `None` for a value that nothing changed.
    pub fn get(&self, id: OriginId) -> Option<&Origin> {
        self.entries.get(id.index().checked_sub(1)?)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Namespace => "namespace",
            Self::NamePrefix => "namePrefix",
            Self::NameSuffix => "nameSuffix",
            Self::Labels => "labels",
            Self::Annotations => "commonAnnotations",
            Self::Images => "images",
            Self::Replicas => "replicas",
            Self::Generator => "generator",
            Self::NameHash => "name hash",
            Self::Replacement => "replacement",
            Self::Var => "vars",
            Self::Transformer => "transformer",
            Self::NameReference => "name reference",
            Self::BuildMetadata => "buildMetadata",
            Self::Values => "values",
        })
    }
}
