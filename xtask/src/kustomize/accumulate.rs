//! What one kustomization makes of its resources.
//!
//! Source: kustomize's `internal/target`. The order of the steps is fixed and does not depend on
//! the order of the fields.

use std::sync::Arc;

use super::{
    context::Context,
    crds::add_crds,
    decode::Spanned,
    generator::{self, Kind},
    images,
    kustomization::{BuildMetadata, Kustomization, OpenApi},
    labels,
    loader::{Loaded, Loader, join_origin},
    merge_keys::BUILTIN_VERSION,
    names::{self, NamespaceOptions, Subjects},
    objects, patches, plugins, replacements, replicas,
    transformer_config::{TransformerConfig, add, add_configurations, empty_config},
    vars::{self, Var},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{ResMap, Resource, Step},
    source::Span,
    yaml::{Dialect, Node, Text, parse},
};

/// What a kustomization and its bases have made so far, and how it is to be transformed.
pub struct Accumulated {
    /// The objects.
    pub map: ResMap,
    /// The fields that transformers change.
    pub config: Arc<TransformerConfig>,
    /// The vars.
    pub vars: Vec<Var>,
}

impl Default for Accumulated {
    fn default() -> Self {
        Self { map: ResMap::default(), config: empty_config(), vars: Vec::new() }
    }
}

/// One kustomization with its place.
pub struct Target {
    /// Its directory.
    pub loader: Loader,
    /// Its fields.
    pub kustomization: Kustomization,
    /// The name of its file.
    pub file_name: &'static str,
}

impl Target {
    /// Reads the kustomization of a directory.
    pub fn load(context: &mut Context<'_>, loader: Loader, asked_at: Option<Span>) -> Option<Self> {
        let (kustomization, file_name) = loader.kustomization(context, asked_at)?;
        if let Some(openapi) = &kustomization.openapi {
            choose_schema(context, &loader, openapi);
        }
        Some(Self { loader, kustomization, file_name })
    }

    /// Everything that the kustomization makes. A component works on what there is already.
    pub fn accumulate(
        &self,
        context: &mut Context<'_>,
        mut accumulated: Accumulated,
        metadata: &BuildMetadata,
    ) -> Accumulated {
        let before = context.error_count();
        let k = &self.kustomization;
        self.resources(context, &mut accumulated, &k.resources, metadata);
        let config = &mut accumulated.config;
        add_configurations(context, &self.loader, &k.configurations, k.span, config);
        add_crds(context, &self.loader, &k.crds, config);
        self.generators(context, &mut accumulated.map, metadata);
        accumulated = self.components(context, accumulated, metadata);
        // What is missing now would only make the steps fail for reasons that are not the user's.
        if context.error_count() == before {
            let config = Arc::clone(&accumulated.config);
            let above = std::mem::replace(&mut context.in_component, k.component);
            self.transform(context, &mut accumulated.map, metadata, &config);
            context.in_component = above;
            vars::bind(context, &mut accumulated.map, &mut accumulated.vars, &k.vars);
        }
        accumulated
    }

    /// Adds what `entries` name: files, and directories with a kustomization.
    pub fn resources(
        &self,
        context: &mut Context<'_>,
        accumulated: &mut Accumulated,
        entries: &[Spanned<Text>],
        metadata: &BuildMetadata,
    ) {
        let loaded = self.loader.resources(context, entries);
        for (entry, loaded) in entries.iter().zip(loaded) {
            match loaded {
                Loaded::Failed => {}
                Loaded::Documents(documents) => {
                    let Some(objects) = objects::from_documents(context, documents) else {
                        continue;
                    };
                    for object in objects {
                        let mut resource = Resource::new(object);
                        if metadata.any {
                            let path = join_origin(&self.loader.origin, &entry.value);
                            resource.origin_annotation = format!("path: {path}\n");
                        }
                        append(context, &mut accumulated.map, resource, entry.span);
                    }
                }
                Loaded::Directory(loader) => {
                    let Some(target) = Target::load(context, *loader, Some(entry.span)) else {
                        continue;
                    };
                    if target.kustomization.component {
                        context.report(
                            Diagnostic::error(
                                codes::KUSTOMIZE_KIND,
                                format!("`{}` is a component", entry.value),
                                entry.span,
                            )
                            .with_help("list it under `components`"),
                        );
                        continue;
                    }
                    let below = target.accumulate(context, Accumulated::default(), metadata);
                    for resource in below.map.into_resources() {
                        append(context, &mut accumulated.map, resource, entry.span);
                    }
                    add(context, &mut accumulated.config, &below.config, entry.span);
                    vars::merge(context, &mut accumulated.vars, below.vars);
                }
            }
        }
    }

    fn generators(&self, context: &mut Context<'_>, map: &mut ResMap, metadata: &BuildMetadata) {
        let Kustomization { config_maps, secrets, generator_options, .. } = &self.kustomization;
        let generators = config_maps
            .iter()
            .map(|generator| (generator, Kind::ConfigMap))
            .chain(secrets.iter().map(|generator| (generator, Kind::Secret)));
        for (generator, kind) in generators {
            let made =
                generator::generate(context, &self.loader, generator, generator_options, kind);
            if let Some(mut resource) = made {
                if metadata.any {
                    resource.origin_annotation = self.configured_by(kind.plugin(), "");
                }
                generator::absorb(context, map, resource);
            }
        }
        plugins::generate(context, self, map, metadata);
    }

    fn components(
        &self,
        context: &mut Context<'_>,
        mut accumulated: Accumulated,
        metadata: &BuildMetadata,
    ) -> Accumulated {
        for entry in &self.kustomization.components {
            let Some(loader) = self.loader.component(context, entry) else { continue };
            let Some(target) = Target::load(context, loader, Some(entry.span)) else { continue };
            if !target.kustomization.component {
                context.report(
                    Diagnostic::error(
                        codes::KUSTOMIZE_KIND,
                        format!("`{}` is not a component", entry.value),
                        entry.span,
                    )
                    .with_help("set `kind: Component` in it, or list it under `resources`"),
                );
                continue;
            }
            accumulated = target.accumulate(context, accumulated, metadata);
            patches::report_duplicates(context, &accumulated.map, entry.span);
        }
        accumulated
    }

    fn transform(
        &self,
        context: &mut Context<'_>,
        map: &mut ResMap,
        metadata: &BuildMetadata,
        config: &TransformerConfig,
    ) {
        let k = &self.kustomization;
        let done = |map: &mut ResMap, plugin: &str| self.note(map, plugin, metadata);
        if !k.patches_strategic_merge.is_empty() {
            patches::patches_strategic_merge(
                context,
                &self.loader,
                map,
                &k.patches_strategic_merge,
            );
            done(map, "PatchStrategicMergeTransformer");
        }
        for patch in &k.patches {
            patches::patches(context, &self.loader, map, std::slice::from_ref(patch));
            done(map, "PatchTransformer");
        }
        if let Some(namespace) = &k.namespace {
            let options = NamespaceOptions {
                specs: &config.namespace,
                unset_only: false,
                subjects: Subjects::Default,
            };
            names::namespace(context, map, namespace, &options);
            done(map, "NamespaceTransformer");
        }
        if let Some(prefix) = &k.name_prefix {
            names::affix(context, map, prefix, Step::NamePrefix, &config.name_prefix);
            done(map, "PrefixTransformer");
        }
        if let Some(suffix) = &k.name_suffix {
            names::affix(context, map, suffix, Step::NameSuffix, &config.name_suffix);
            done(map, "SuffixTransformer");
        }
        for entry in &k.labels {
            labels::labels(context, map, entry, config);
            done(map, "LabelTransformer");
        }
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            let specs = &config.common_labels;
            labels::add(context, map, &k.common_labels, specs, Step::Labels);
            done(map, "LabelTransformer");
        }
        if !k.common_annotations.is_empty() {
            let specs = &config.common_annotations;
            labels::add(context, map, &k.common_annotations, specs, Step::Annotations);
            done(map, "AnnotationsTransformer");
        }
        for patch in &k.patches_json6902 {
            patches::patches_json6902(context, &self.loader, map, std::slice::from_ref(patch));
            done(map, "PatchJson6902Transformer");
        }
        for entry in &k.replicas {
            replicas::replicas(context, map, entry, &config.replicas);
            done(map, "ReplicaCountTransformer");
        }
        for image in &k.images {
            images::images(context, map, image, &config.images);
            done(map, "ImageTagTransformer");
        }
        if !k.replacements.is_empty() {
            replacements::replacements(context, &self.loader, map, &k.replacements);
            done(map, "ReplacementTransformer");
        }
        plugins::transform(context, self, map, metadata);
        plugins::validate(context, self, map);
    }

    /// Notes on every object that a transformer ran, where `buildMetadata` asks for it.
    fn note(&self, map: &mut ResMap, plugin: &str, metadata: &BuildMetadata) {
        if metadata.any {
            note(map, |dash| self.configured_by(plugin, dash));
        }
    }

    /// A plugin of this kustomization, as YAML; behind `- ` if it is an element of a list.
    fn configured_by(&self, plugin: &str, dash: &str) -> String {
        let file = join_origin(&self.loader.origin, self.file_name);
        let indent = " ".repeat(dash.len());
        format!(
            "{dash}configuredIn: {file}\n{indent}configuredBy:\n{indent}  apiVersion: builtin\n{indent}  kind: {plugin}\n"
        )
    }
}

/// Notes on every object that a transformer ran: `said` gives the note, as an element of a list if
/// its argument is `- `.
pub fn note(map: &mut ResMap, said: impl Fn(&str) -> String) {
    for resource in map.iter_mut() {
        if resource.origin_annotation.is_empty() {
            resource.origin_annotation = said("");
        } else {
            resource.transformations.push_str(&said("- "));
        }
    }
}

/// Takes the document that `openapi:` names, if no other kustomization was first.
fn choose_schema(context: &mut Context<'_>, loader: &Loader, openapi: &OpenApi) {
    // kustomize reads the file even where the document is not used.
    let source = openapi.path.as_ref().map(|path| loader.text(context, path));
    if context.schemas.is_chosen() {
        return;
    }
    match (&openapi.path, &openapi.version, source) {
        (Some(path), Some(_), _) => context.report(
            Diagnostic::error(
                codes::KUSTOMIZE_OPENAPI,
                "`openapi` has either `path` or `version`, not both",
                path.span,
            )
            .with_help("remove `version`: the document says which kinds there are"),
        ),
        (Some(_), None, Some(Some(source))) => {
            let out = &mut context.diagnostics;
            let documents = parse(context.sources, source, Dialect::Config, out);
            context.schemas.choose(openapi.span, documents.first());
        }
        (None, Some(version), _) if version.value == BUILTIN_VERSION => {
            context.schemas.choose_builtin(version.span);
        }
        (None, Some(version), _) if !version.value.is_empty() => context.report(
            Diagnostic::error(
                codes::KUSTOMIZE_OPENAPI,
                format!("there is no OpenAPI document of Kubernetes `{}`", version.value),
                version.span,
            )
            .with_help(format!(
                "`{BUILTIN_VERSION}` is the only one; `path` names a document of your own"
            )),
        ),
        _ => {}
    }
}

/// Adds an object, or reports that there is one of the same identity. `entry` is the line that
/// brings it in.
pub fn append(context: &mut Context<'_>, map: &mut ResMap, mut resource: Resource, entry: Span) {
    context.schemas.note_kind(&resource.id().gvk);
    if context.schemas.cluster_scoped(&resource.id().gvk) == Some(true) {
        resource.set_cluster_scoped();
    }
    let Err(refused) = map.append(resource) else { return };
    let (first, resource) = *refused;
    let first_span = map.get(first).map(Resource::span);
    let message = format!("there is already a resource {}", resource.id());
    let diagnostic =
        Diagnostic::error(codes::KUSTOMIZE_DUPLICATE_ID, message, identity_span(&resource.node));
    let diagnostic = match first_span {
        Some(span) if span != resource.span() => diagnostic.with_related(span, "the first one"),
        _ => diagnostic,
    };
    context.report(diagnostic.with_related(entry, "the second one comes in here").with_help(
        "rename one of them, put it into another namespace, or change the first one with a patch",
    ));
}

fn identity_span(node: &Node) -> Span {
    node.at(&["metadata", "name"]).map_or(node.span, |name| name.span)
}

/// The text that `buildMetadata: [managedByLabel]` writes.
pub const MANAGED_BY: Text = Text::const_new("kustomize-v5.8.2");
