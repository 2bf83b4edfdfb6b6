//! `generators`, `transformers` and `validators`: objects that configure one of kustomize's own
//! plugins.
//!
//! Source: kustomize's `internal/plugins` and `internal/builtins`. A configuration is written inline,
//! in a file, or made by a kustomization; paths in it are relative to the one that lists it.

mod iam_policy;
mod value_add;

use super::{
    accumulate::{Accumulated, Target, append, note},
    context::Context,
    decode::{Fields, Spanned},
    field_spec::FieldSpec,
    finish::name_hashes,
    generator::{self, Kind},
    images,
    kustomization::{
        BuildMetadata, Generator, GeneratorOptions, generator_fields, patch_fields,
        read_field_spec, read_image, read_replicas,
    },
    labels,
    loader::join_origin,
    names::{self, NamespaceOptions, Subjects},
    objects, patches,
    replacements::{read_replacement, replacements},
    replicas,
};
use crate::{
    diag::{Diagnostic, Severity, codes},
    resource::{ResMap, Resource, Step},
    source::{OriginId, Span},
    yaml::{Dialect, Node, Text, emit, parse_embedded},
};

/// Runs `generators:`.
pub fn generate(
    context: &mut Context<'_>,
    target: &Target,
    map: &mut ResMap,
    metadata: &BuildMetadata,
) {
    for config in configurations(context, target, &target.kustomization.generators, metadata) {
        if !is_builtin(context, &config) {
            continue;
        }
        let made = match config.id().gvk.kind.as_str() {
            "ConfigMapGenerator" => generated(context, target, &config, Kind::ConfigMap),
            "SecretGenerator" => generated(context, target, &config, Kind::Secret),
            "IAMPolicyGenerator" => iam_policy::generate(context, &config),
            _ => {
                unknown(context, &config, "generator");
                continue;
            }
        };
        if let Some(mut resource) = made {
            if metadata.any {
                resource.origin_annotation = configured_by(&config, "");
            }
            generator::absorb(context, map, resource);
        }
    }
}

fn generated(
    context: &mut Context<'_>,
    target: &Target,
    config: &Resource,
    kind: Kind,
) -> Option<Resource> {
    let mut out = Vec::new();
    let generator = read_generator(config, kind, &mut out);
    context.diagnostics.extend(out);
    let options = GeneratorOptions::default();
    generator::generate(context, &target.loader, &generator?, &options, kind)
}

/// Runs `transformers:`.
pub fn transform(
    context: &mut Context<'_>,
    target: &Target,
    map: &mut ResMap,
    metadata: &BuildMetadata,
) {
    for config in configurations(context, target, &target.kustomization.transformers, metadata) {
        if is_builtin(context, &config) {
            run(context, target, map, &config);
            if metadata.any {
                note(map, |dash| configured_by(&config, dash));
            }
        }
    }
}

/// Runs `validators:`, which are transformers that may change nothing.
pub fn validate(context: &mut Context<'_>, target: &Target, map: &mut ResMap) {
    let metadata = BuildMetadata::default();
    for config in configurations(context, target, &target.kustomization.validators, &metadata) {
        if !is_builtin(context, &config) {
            continue;
        }
        let before: Vec<Node> = map.iter().map(|resource| resource.node.clone()).collect();
        run(context, target, map, &config);
        if !map.iter().map(|resource| &resource.node).eq(&before) {
            context.report(wrong(&config, "a validator must not change what it validates"));
        }
    }
}

/// The objects that a list of documents and paths gives: documents first, as in kustomize.
fn configurations(
    context: &mut Context<'_>,
    target: &Target,
    entries: &[Spanned<Node>],
    metadata: &BuildMetadata,
) -> Vec<Resource> {
    let mut map = ResMap::default();
    let mut paths = Vec::new();
    for entry in entries {
        let text = entry.value.scalar_text().unwrap_or("");
        let mut out = Vec::new();
        let documents = parse_embedded(context.sources, &entry.value, Dialect::Resource, &mut out);
        let inline = documents.first().is_some_and(|first| first.as_mapping().is_some());
        if !inline && !text.contains('\n') {
            paths.push(Spanned { value: Text::from(text), span: entry.span });
            continue;
        }
        context.diagnostics.extend(out);
        for object in objects::from_documents(context, documents).unwrap_or_default() {
            let mut config = Resource::new(object);
            if metadata.any {
                let file = join_origin(&target.loader.origin, target.file_name);
                config.origin_annotation = format!("path: {file}\n");
            }
            append(context, &mut map, config, entry.span);
        }
    }
    let mut accumulated = Accumulated { map, ..Accumulated::default() };
    target.resources(context, &mut accumulated, &paths, metadata);
    accumulated.map.into_resources()
}

/// Whether kustomize itself has the plugin; a program of its own is refused.
fn is_builtin(context: &mut Context<'_>, config: &Resource) -> bool {
    let id = config.id();
    let function = ["config.kubernetes.io/function", "config.k8s.io/function"]
        .iter()
        .find_map(|key| config.node.at(&["metadata", "annotations", key]));
    if function.is_none() && id.gvk.group.is_empty() && id.gvk.version == "builtin" {
        return true;
    }
    let at = function.or_else(|| config.node.get("apiVersion"));
    context.report(
        Diagnostic::error(
            codes::KUSTOMIZE_NEEDS_EXEC,
            format!("{id} is a program of its own, and a build runs none"),
            at.map_or(config.span(), |node| node.span),
        )
        .with_help(
            "use one of kustomize's own plugins (`apiVersion: builtin`), or commit what it makes",
        ),
    );
    false
}

fn unknown(context: &mut Context<'_>, config: &Resource, what: &str) {
    let kind = &config.id().gvk.kind;
    let at = config.node.get("kind").map_or(config.span(), |node| node.span);
    context.report(if kind == "HelmChartInflationGenerator" {
        let message = format!("`{kind}` runs Helm, and a build runs nothing and fetches nothing");
        Diagnostic::error(codes::KUSTOMIZE_NEEDS_EXEC, message, at)
            .with_help("commit what `helm template` prints and list that file under `resources`")
    } else {
        let message = format!("kustomize has no {what} `{kind}`");
        Diagnostic::error(codes::KUSTOMIZE_PLUGIN, message, at)
    });
}

fn read_generator(config: &Resource, kind: Kind, out: &mut Vec<Diagnostic>) -> Option<Generator> {
    let mut fields = Fields::new(&config.node, "a generator", out).lenient();
    let what = match kind {
        Kind::ConfigMap => "a configMapGenerator",
        Kind::Secret => "a secretGenerator",
    };
    let mut generator = generator_fields(&mut fields, what, metadata(config, "name"), out)?;
    generator.namespace = generator.namespace.or_else(|| metadata(config, "namespace"));
    Some(generator)
}

/// A field of a configuration's metadata.
fn metadata(config: &Resource, field: &str) -> Option<Spanned<Text>> {
    let node = config.node.at(&["metadata", field])?;
    Some(Spanned { value: node.scalar_text()?.into(), span: node.span })
}

/// Runs one transformer.
fn run(context: &mut Context<'_>, target: &Target, map: &mut ResMap, config: &Resource) {
    let mut out = Vec::new();
    let mut fields = Fields::new(&config.node, "a transformer", &mut out).lenient();
    let has_specs = fields.value_span("fieldSpecs").is_some();
    let specs: Vec<FieldSpec> = fields
        .records("fieldSpecs", &mut out, read_field_spec)
        .iter()
        .map(FieldSpec::from)
        .collect();
    // What a transformer does not know it does not miss, in kustomize.
    for unknown in out.iter_mut().filter(|one| one.code == codes::KUSTOMIZE_UNKNOWN_FIELD) {
        unknown.severity = Severity::Warning;
    }
    if !has_specs
        && matches!(
            config.id().gvk.kind.as_str(),
            "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer"
        )
    {
        out.push(
            wrong(config, "there are no `fieldSpecs`")
                .with_help("name the fields: `fieldSpecs: [{path: metadata/name}]`"),
        );
    }
    match config.id().gvk.kind.as_str() {
        kind @ ("PrefixTransformer" | "SuffixTransformer") => {
            let (field, step) = match kind {
                "PrefixTransformer" => ("prefix", Step::NamePrefix),
                _ => ("suffix", Step::NameSuffix),
            };
            if let Some(affix) = fields.string(field, &mut out) {
                names::affix(context, map, &affix, step, &specs);
            }
        }
        "PrefixSuffixTransformer" => {
            for (field, step) in [("prefix", Step::NamePrefix), ("suffix", Step::NameSuffix)] {
                if let Some(affix) = fields.string(field, &mut out) {
                    names::affix(context, map, &affix, step, &specs);
                }
            }
        }
        "NamespaceTransformer" => {
            let unset_only = fields.boolean("unsetOnly", &mut out);
            let mode = fields.string("setRoleBindingSubjects", &mut out);
            let subjects = match mode.as_ref().map_or("", |mode| mode.value.as_str()) {
                "" | "defaultOnly" => Subjects::Default,
                "allServiceAccounts" => Subjects::ServiceAccounts,
                "none" => Subjects::None,
                other => {
                    let message = format!(
                        "`setRoleBindingSubjects` must be `defaultOnly`, `allServiceAccounts` or `none`, not `{other}`"
                    );
                    let at = mode.as_ref().map_or(start(config), |mode| mode.span);
                    out.push(Diagnostic { primary: at, ..wrong(config, &message) });
                    Subjects::Default
                }
            };
            let options = NamespaceOptions { specs: &specs, unset_only, subjects };
            if let Some(namespace) = metadata(config, "namespace") {
                names::namespace(context, map, &namespace, &options);
            }
        }
        "LabelTransformer" => {
            let pairs = fields.pairs("labels", &mut out);
            labels::add(context, map, &pairs, &specs, Step::Labels);
        }
        "AnnotationsTransformer" => {
            let pairs = fields.pairs("annotations", &mut out);
            labels::add(context, map, &pairs, &specs, Step::Annotations);
        }
        "ImageTagTransformer" => {
            if let Some(entry) = fields.take("imageTag") {
                let image = read_image(&entry.value, &mut out);
                images::images(context, map, &image, &specs);
            }
        }
        "ReplicaCountTransformer" => {
            if let Some(entry) = fields.take("replica") {
                let entry = read_replicas(&entry.value, &mut out);
                replicas::replicas(context, map, &entry, &specs);
            }
        }
        "PatchTransformer" => {
            let patch = patch_fields(&mut fields, &mut out);
            patches::patches(context, &target.loader, map, &[patch]);
        }
        "PatchStrategicMergeTransformer" => {
            strategic_merge(context, target, map, config, &mut fields, &mut out);
        }
        "PatchJson6902Transformer" => {
            let mut patch = patch_fields(&mut fields, &mut out);
            if let Some(entry) = fields.take("jsonOp") {
                patch.inline = Some(Spanned { value: entry.value.clone(), span: entry.value.span });
            }
            patches::patches_json6902(context, &target.loader, map, &[patch]);
        }
        "ReplacementTransformer" => {
            let entries = fields.records("replacements", &mut out, read_replacement);
            replacements(context, &target.loader, map, &entries);
        }
        "HashTransformer" => name_hashes(context, map),
        "ValueAddTransformer" => {
            value_add::run(context, target, map, config, &mut fields, &mut out);
        }
        _ => unknown(context, config, "transformer"),
    }
    context.diagnostics.extend(out);
}

/// `paths`, each a patch or the path of one, and `patches`, the text of some.
fn strategic_merge(
    context: &mut Context<'_>,
    target: &Target,
    map: &mut ResMap,
    config: &Resource,
    fields: &mut Fields<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let mut entries =
        fields.list("paths", out, |node, _| Some(Spanned { value: node.clone(), span: node.span }));
    let text = fields.take("patches").map(|entry| &entry.value);
    entries.extend(text.map(|node| Spanned { value: node.clone(), span: node.span }));
    if entries.is_empty() {
        out.push(wrong(config, "there is neither `paths` nor `patches`"));
    }
    patches::patches_strategic_merge(context, &target.loader, map, &entries);
}

/// A configuration as `buildMetadata` prints it; behind `- ` if it is an element of a list.
fn configured_by(config: &Resource, dash: &str) -> String {
    let indent = " ".repeat(dash.len());
    let id = config.id();
    let path = config.origin_annotation.strip_prefix("path: ").unwrap_or("");
    let mut text = format!("{dash}configuredIn: {path}{indent}configuredBy:\n");
    let api_version = id.gvk.api_version();
    for (key, value) in [
        ("apiVersion", api_version.as_str()),
        ("kind", id.gvk.kind.as_str()),
        ("name", id.name.as_str()),
        ("namespace", id.namespace.as_str()),
    ] {
        if !value.is_empty() {
            text.push_str(&indent);
            text.push_str("  ");
            text.push_str(key);
            text.push_str(": ");
            let mut quoted = String::new();
            // What reads as another type is quoted.
            let node = Node::string(value, config.span(), OriginId::NONE);
            let written = emit(&node, &mut quoted).map(|()| quoted.trim_end());
            text.push_str(written.unwrap_or(value));
            text.push('\n');
        }
    }
    text
}

/// What is wrong with a configuration as a whole.
fn wrong(config: &Resource, message: &str) -> Diagnostic {
    let message = format!("{}: {message}", config.id());
    Diagnostic::error(codes::KUSTOMIZE_PLUGIN, message, start(config))
}

/// Where a configuration begins, for what is wrong with it as a whole.
fn start(config: &Resource) -> Span {
    Span { end: config.span().start, ..config.span() }
}
