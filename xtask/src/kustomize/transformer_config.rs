//! Which fields the transformers change: kustomize's own table, and what `configurations` and `crds`
//! add to it.
//!
//! Source: kustomize's `internal/plugins/builtinconfig`. A kustomization works with what its bases
//! brought and what it names itself; what it names counts for those that use it as a base too.

use std::sync::{Arc, OnceLock};

use super::{
    context::Context,
    decode::{Fields, Spanned},
    field_spec::{FieldSpec, split_path},
    kustomization::read_field_spec,
    loader::Loader,
    order::compare_kinds,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::Gvk,
    source::Span,
    yaml::{Dialect, Node, Text, parse},
};

/// The fields that each transformer changes.
#[derive(Clone, Debug, Default)]
pub struct TransformerConfig {
    /// `namePrefix`.
    pub name_prefix: Vec<FieldSpec>,
    /// `nameSuffix`.
    pub name_suffix: Vec<FieldSpec>,
    /// `namespace`.
    pub namespace: Vec<FieldSpec>,
    /// `commonLabels`, and `labels` with selectors.
    pub common_labels: Vec<FieldSpec>,
    /// Every entry of `labels`.
    pub labels: Vec<FieldSpec>,
    /// `labels` with templates.
    pub template_labels: Vec<FieldSpec>,
    /// `labels` with volume claim templates.
    pub volume_claim_template_labels: Vec<FieldSpec>,
    /// `commonAnnotations`.
    pub common_annotations: Vec<FieldSpec>,
    /// The fields that hold the name of another object.
    pub name_references: Vec<NameReferences>,
    /// The fields in which `$(NAME)` is replaced.
    pub var_references: Vec<FieldSpec>,
    /// `images`, beside every list of containers.
    pub images: Vec<FieldSpec>,
    /// `replicas`.
    pub replicas: Vec<FieldSpec>,
}

/// The fields that hold the name of objects of one kind.
#[derive(Clone, Debug)]
pub struct NameReferences {
    /// What is named; empty parts fit everything.
    pub target: Gvk,
    /// Where it is named.
    pub referrers: Vec<FieldSpec>,
}

/// Two field specs for the same field that say otherwise whether to create it.
#[derive(Debug)]
pub struct Conflict {
    /// The one that was there.
    pub known: FieldSpec,
    /// The one that was to be added.
    pub added: FieldSpec,
}

/// What a kustomization has before it has read anything.
pub fn empty_config() -> Arc<TransformerConfig> {
    static EMPTY: OnceLock<Arc<TransformerConfig>> = OnceLock::new();
    Arc::clone(EMPTY.get_or_init(Arc::default))
}

/// What kustomize has without any configuration.
pub fn default_config() -> Arc<TransformerConfig> {
    static DEFAULT: OnceLock<Arc<TransformerConfig>> = OnceLock::new();
    Arc::clone(DEFAULT.get_or_init(|| Arc::new(TransformerConfig::from_tables())))
}

impl TransformerConfig {
    fn from_tables() -> Self {
        let mut config = Self::default();
        for line in include_str!("tables/field_specs.tsv").lines() {
            let [transformer, group, version, kind, path, create] =
                *line.split('\t').collect::<Vec<_>>().as_slice()
            else {
                continue;
            };
            let Some(specs) = config.list_mut(transformer) else { continue };
            specs.push(FieldSpec {
                gvk: gvk(group, version, kind),
                path: split_path(path),
                create: create == "create",
                span: None,
            });
        }
        for line in include_str!("tables/name_references.tsv").lines() {
            let [group, version, kind, other_group, other_version, other_kind, path] =
                *line.split('\t').collect::<Vec<_>>().as_slice()
            else {
                continue;
            };
            let target = gvk(group, version, kind);
            let referrer = FieldSpec {
                gvk: gvk(other_group, other_version, other_kind),
                path: split_path(path),
                create: false,
                span: None,
            };
            match config.name_references.last_mut() {
                Some(last) if last.target == target => last.referrers.push(referrer),
                _ => {
                    let referrers = vec![referrer];
                    config.name_references.push(NameReferences { target, referrers });
                }
            }
        }
        config
    }

    /// The list of a field of a configuration file.
    fn list_mut(&mut self, field: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match field {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "volumeClaimTemplateLabels" => &mut self.volume_claim_template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_references,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    /// Adds what `other` has and this does not.
    pub fn merge(&mut self, other: &Self) -> Result<(), Box<Conflict>> {
        let lists = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.volume_claim_template_labels, &other.volume_claim_template_labels),
            (&mut self.var_references, &other.var_references),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ];
        for (own, others) in lists {
            merge_specs(own, others)?;
            own.sort_by(|a, b| compare_kinds(&a.gvk, &b.gvk));
        }
        for added in &other.name_references {
            match self.name_references.iter_mut().find(|known| known.target == added.target) {
                Some(known) => merge_specs(&mut known.referrers, &added.referrers)?,
                None => self.name_references.push(added.clone()),
            }
        }
        self.name_references.sort_by(|a, b| compare_kinds(&a.target, &b.target));
        Ok(())
    }

    /// Reads a configuration from its tree.
    fn read(node: &Node, out: &mut Vec<Diagnostic>) -> Self {
        const LISTS: [&str; 11] = [
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonLabels",
            "labels",
            "templateLabels",
            "volumeClaimTemplateLabels",
            "commonAnnotations",
            "varReference",
            "images",
            "replicas",
        ];
        let mut fields = Fields::new(node, "a configuration of transformers", out);
        let mut config = Self::default();
        for name in LISTS {
            let specs = read_specs(&mut fields, name, out);
            if let Some(list) = config.list_mut(name) {
                *list = specs;
            }
        }
        config.name_references = fields.records("nameReference", out, |node, out| {
            let mut fields = Fields::new(node, "an entry of `nameReference`", out);
            let mut text = |name, out: &mut _| {
                fields.string(name, out).map(|text| text.value).unwrap_or_default()
            };
            let target = Gvk {
                group: text("group", out),
                version: text("version", out),
                kind: text("kind", out),
            };
            let referrers = read_specs(&mut fields, "fieldSpecs", out);
            fields.finish(out);
            NameReferences { target, referrers }
        });
        fields.finish(out);
        config
    }
}

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk { group: group.into(), version: version.into(), kind: kind.into() }
}

fn read_specs(
    fields: &mut Fields<'_>,
    name: &'static str,
    out: &mut Vec<Diagnostic>,
) -> Vec<FieldSpec> {
    fields.records(name, out, read_field_spec).iter().map(FieldSpec::from).collect()
}

/// Adds the field specs that are not there yet.
pub fn merge_specs(specs: &mut Vec<FieldSpec>, others: &[FieldSpec]) -> Result<(), Box<Conflict>> {
    for other in others {
        let same =
            |spec: &&FieldSpec| spec.gvk.is_selected_by(&other.gvk) && spec.path == other.path;
        match specs.iter().find(same) {
            None => specs.push(other.clone()),
            Some(spec) if spec.create == other.create => {}
            Some(known) => {
                let (known, added) = (known.clone(), other.clone());
                return Err(Box::new(Conflict { known, added }));
            }
        }
    }
    Ok(())
}

/// Adds what kustomize has and the files that `configurations:` names.
///
/// The files are sorted in among what kustomize has, and only then does each field spec count
/// unless an earlier one is for the same path of an object that it would fit. So a file that names
/// a field for one kind takes the place of a field that is named for every kind, as in kustomize.
/// `at` is the kustomization.
pub fn add_configurations(
    context: &mut Context<'_>,
    loader: &Loader,
    entries: &[Spanned<Text>],
    at: Span,
    config: &mut Arc<TransformerConfig>,
) {
    let mut read = empty_config();
    for entry in entries {
        let Some(source) = loader.text(context, entry) else { continue };
        let documents = parse(context.sources, source, Dialect::Config, &mut context.diagnostics);
        let Some(document) = documents.into_iter().next() else { continue };
        let added = TransformerConfig::read(&document, &mut context.diagnostics);
        merge(context, &mut read, &added, entry.span);
    }
    let Some(first) = entries.first() else {
        return add_default(context, config, at);
    };
    let mut own = default_config();
    merge(context, &mut own, &read, first.span);
    merge(context, config, &own, first.span);
}

/// Adds what a base works with; `entry` is the line that names the base.
pub fn add(
    context: &mut Context<'_>,
    config: &mut Arc<TransformerConfig>,
    added: &Arc<TransformerConfig>,
    entry: Span,
) {
    if Arc::ptr_eq(added, &default_config()) {
        add_default(context, config, entry);
    } else {
        merge(context, config, added, entry);
    }
}

/// Adds what kustomize has, which costs nothing where nobody has added anything else.
fn add_default(context: &mut Context<'_>, config: &mut Arc<TransformerConfig>, entry: Span) {
    let default = default_config();
    if Arc::ptr_eq(config, &empty_config()) {
        *config = default;
    } else if !Arc::ptr_eq(config, &default) {
        merge(context, config, &default, entry);
    }
}

/// Adds one configuration to another; `entry` is the line that names it.
pub fn merge(
    context: &mut Context<'_>,
    config: &mut Arc<TransformerConfig>,
    added: &TransformerConfig,
    entry: Span,
) {
    if let Err(conflict) = Arc::make_mut(config).merge(added) {
        report_conflict(context, &conflict, entry);
    }
}

/// Reports that two configurations do not go together; `at` is where one is used that has no line.
pub fn report_conflict(context: &mut Context<'_>, conflict: &Conflict, at: Span) {
    let path: Vec<&str> = conflict.added.path.iter().map(Text::as_str).collect();
    let message = format!(
        "`create: {}` for `{}` of {} conflicts with `create: {}`, which is there already",
        conflict.added.create,
        path.join("/"),
        shown(&conflict.added.gvk),
        conflict.known.create
    );
    let at = conflict.added.span.map_or(at, |span| Span { end: span.start, ..span });
    context.report(
        Diagnostic::error(codes::KUSTOMIZE_FIELD_SPEC, message, at)
            .with_help(format!("set `create: {}` for it", conflict.known.create)),
    );
}

fn shown(gvk: &Gvk) -> String {
    if *gvk == Gvk::default() { "every kind".to_owned() } else { gvk.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read_whole() {
        let config = default_config();
        assert_eq!(config.common_labels.len(), 32);
        assert_eq!(config.replicas.len(), 4);
        assert_eq!(config.images.len(), 7);
        assert_eq!(config.namespace.len(), 3);
        assert_eq!(config.var_references.len(), 72);
        assert!(config.name_prefix.iter().chain(&config.name_suffix).all(FieldSpec::is_name));
        assert!(config.template_labels.iter().all(|spec| spec.create));
        let references: usize = config.name_references.iter().map(|one| one.referrers.len()).sum();
        assert_eq!(references, 167);
    }

    #[test]
    fn merging_the_default_changes_nothing_but_an_empty_configuration() {
        for before in [default_config(), empty_config()] {
            let mut config = (*before).clone();
            config.merge(&default_config()).unwrap();
            assert_eq!(format!("{config:?}"), format!("{:?}", default_config()));
        }
    }
}
