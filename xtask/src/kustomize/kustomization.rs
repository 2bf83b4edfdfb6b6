//! The fields of a `kustomization.yaml`, each with the place where it is written.
//!
//! Source: kustomize's `api/types`. Field names match in any letter case and an unknown field is an
//! error, as there.

mod read;

pub use self::read::{
    generator_fields, patch_fields, read_field_spec, read_image, read_replicas, read_selector,
};
use super::{
    decode::{Pair, Spanned},
    replacements::Replacement,
    vars::Var,
};
use crate::{
    diag::Diagnostic,
    resource::{Behavior, Gvk},
    source::Span,
    yaml::{Node, Text},
};

/// One kustomization file.
#[derive(Clone, Debug)]
pub struct Kustomization {
    /// Where it begins.
    pub span: Span,
    /// Whether there is nothing in it: an empty list is something, as in kustomize.
    pub is_empty: bool,
    /// Whether it is a component: applied onto what its parent has accumulated.
    pub component: bool,
    /// `resources:` and then `bases:`.
    pub resources: Vec<Spanned<Text>>,
    /// `components:`.
    pub components: Vec<Spanned<Text>>,
    /// `namespace:`.
    pub namespace: Option<Spanned<Text>>,
    /// `namePrefix:`.
    pub name_prefix: Option<Spanned<Text>>,
    /// `nameSuffix:`.
    pub name_suffix: Option<Spanned<Text>>,
    /// `labels:`.
    pub labels: Vec<Labels>,
    /// `commonLabels:`.
    pub common_labels: Vec<Pair>,
    /// `commonAnnotations:`.
    pub common_annotations: Vec<Pair>,
    /// `patches:`.
    pub patches: Vec<Patch>,
    /// `patchesStrategicMerge:`.
    pub patches_strategic_merge: Vec<Spanned<Node>>,
    /// `patchesJson6902:`.
    pub patches_json6902: Vec<Patch>,
    /// `images:` and then `imageTags:`.
    pub images: Vec<Image>,
    /// `replicas:`.
    pub replicas: Vec<Replicas>,
    /// `replacements:`.
    pub replacements: Vec<Replacement>,
    /// `vars:`.
    pub vars: Vec<Var>,
    /// `configurations:`.
    pub configurations: Vec<Spanned<Text>>,
    /// `crds:`.
    pub crds: Vec<Spanned<Text>>,
    /// `openapi:`.
    pub openapi: Option<OpenApi>,
    /// `configMapGenerator:`.
    pub config_maps: Vec<Generator>,
    /// `secretGenerator:`.
    pub secrets: Vec<Generator>,
    /// `generatorOptions:`.
    pub generator_options: GeneratorOptions,
    /// `sortOptions:`. Only those of the root count, so what is wrong with them matters only there.
    pub sort_options: Option<Spanned<Result<SortOptions, Box<Diagnostic>>>>,
    /// `buildMetadata:`.
    pub build_metadata: BuildMetadata,
    /// `generators:`: inline, or paths.
    pub generators: Vec<Spanned<Node>>,
    /// `transformers:`: inline, or paths.
    pub transformers: Vec<Spanned<Node>>,
    /// `validators:`: inline, or paths.
    pub validators: Vec<Spanned<Node>>,
}

/// `openapi:`: the document that says which lists a patch merges.
#[derive(Clone, Debug)]
pub struct OpenApi {
    /// The whole field.
    pub span: Span,
    /// The file that holds the document.
    pub path: Option<Spanned<Text>>,
    /// The version of the document that kustomize carries.
    pub version: Option<Spanned<Text>>,
}

/// An entry of `labels:`.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The whole entry.
    pub span: Span,
    /// The labels.
    pub pairs: Vec<Pair>,
    /// Whether selectors get them too.
    pub include_selectors: bool,
    /// Whether pod templates get them too.
    pub include_templates: bool,
    /// Whether volume claim templates get them too.
    pub include_volume_claim_templates: bool,
    /// Further fields that get them.
    pub fields: Vec<FieldSpecEntry>,
}

/// A field that a kustomization adds to those which a transformer knows.
#[derive(Clone, Debug)]
pub struct FieldSpecEntry {
    /// The whole entry.
    pub span: Span,
    /// Which objects have it; empty parts match everything.
    pub gvk: Gvk,
    /// The path, its parts separated by `/`.
    pub path: Text,
    /// Whether it is created where it is missing.
    pub create: bool,
}

/// An entry of `patches:` or `patchesJson6902:`.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The whole entry.
    pub span: Span,
    /// The file that holds the patch.
    pub path: Option<Spanned<Text>>,
    /// The patch itself.
    pub inline: Option<Spanned<Node>>,
    /// Which objects it is for.
    pub target: Option<Selector>,
    /// Whether it may change the name.
    pub allow_name_change: bool,
    /// Whether it may change the kind.
    pub allow_kind_change: bool,
}

/// Which objects something is for: regular expressions for the identity, selectors for labels and
/// annotations. An empty part matches everything.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The whole selector.
    pub span: Span,
    /// `group:`.
    pub group: Spanned<Text>,
    /// `version:`.
    pub version: Spanned<Text>,
    /// `kind:`.
    pub kind: Spanned<Text>,
    /// `name:`.
    pub name: Spanned<Text>,
    /// `namespace:`.
    pub namespace: Spanned<Text>,
    /// `labelSelector:`.
    pub labels: Spanned<Text>,
    /// `annotationSelector:`.
    pub annotations: Spanned<Text>,
}

impl Selector {
    /// Whether a part of the identity is given.
    pub fn has_identity(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace]
            .iter()
            .any(|part| !part.value.is_empty())
    }
}

/// An entry of `images:`.
#[derive(Clone, Debug)]
pub struct Image {
    /// The whole entry.
    pub span: Span,
    /// The image that is meant: a regular expression for the name without tag and digest.
    pub name: Spanned<Text>,
    /// The new name.
    pub new_name: Option<Spanned<Text>>,
    /// The new tag.
    pub new_tag: Option<Spanned<Text>>,
    /// What is added to the tag.
    pub tag_suffix: Option<Spanned<Text>>,
    /// The digest.
    pub digest: Option<Spanned<Text>>,
}

/// An entry of `replicas:`.
#[derive(Clone, Debug)]
pub struct Replicas {
    /// The name of the object.
    pub name: Spanned<Text>,
    /// How many replicas it gets.
    pub count: Spanned<i64>,
}

/// An entry of `configMapGenerator:` or `secretGenerator:`.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The whole entry.
    pub span: Span,
    /// The name.
    pub name: Spanned<Text>,
    /// The namespace.
    pub namespace: Option<Spanned<Text>>,
    /// What to do when there is an object of the same identity.
    pub behavior: Behavior,
    /// `key=value`.
    pub literals: Vec<Spanned<Text>>,
    /// `[key=]path`.
    pub files: Vec<Spanned<Text>>,
    /// Files of `key=value` lines.
    pub envs: Vec<Spanned<Text>>,
    /// The type of a Secret.
    pub secret_type: Option<Spanned<Text>>,
    /// Its own options.
    pub options: GeneratorOptions,
}

/// `generatorOptions:`, or the `options:` of one generator.
#[derive(Clone, Debug, Default)]
pub struct GeneratorOptions {
    /// Labels of the generated objects.
    pub labels: Vec<Pair>,
    /// Annotations of the generated objects.
    pub annotations: Vec<Pair>,
    /// Whether the name gets no hash.
    pub disable_name_suffix_hash: bool,
    /// Whether the object is immutable; where that is written.
    pub immutable: Option<Span>,
}

/// `sortOptions:`.
#[derive(Clone, Debug)]
pub enum SortOptions {
    /// In the order of reading.
    Fifo,
    /// By kind: first these, last those; without lists kustomize's own.
    Legacy(Option<LegacyOrder>),
}

/// `legacySortOptions:`.
#[derive(Clone, Debug)]
pub struct LegacyOrder {
    /// The kinds that come first.
    pub first: Vec<Text>,
    /// The kinds that come last.
    pub last: Vec<Text>,
}

/// `buildMetadata:`, with the place of each option.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildMetadata {
    /// Whether there is any entry, known or not: then origins are tracked.
    pub any: bool,
    /// `originAnnotations`.
    pub origin_annotations: Option<Span>,
    /// `transformerAnnotations`.
    pub transformer_annotations: Option<Span>,
    /// `managedByLabel`.
    pub managed_by_label: Option<Span>,
}
