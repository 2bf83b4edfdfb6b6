//! Reading a `kustomization.yaml`.

use super::{
    super::{
        decode::{Fields, Spanned, string},
        replacements::read_replacement,
        vars::read_var,
    },
    BuildMetadata, FieldSpecEntry, Generator, GeneratorOptions, Image, Kustomization, Labels,
    LegacyOrder, OpenApi, Patch, Replicas, Selector, SortOptions,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Behavior, Gvk},
    source::Span,
    yaml::{Entry, Node, Text, Value},
};

/// Fields for which kustomize runs Helm, which fetches charts.
const HELM: &[&str] = &["helmCharts", "helmChartInflationGenerator", "helmGlobals"];

impl Kustomization {
    /// Reads a kustomization from its tree. Problems are reported, and what is left is read.
    pub fn read(node: &Node, out: &mut Vec<Diagnostic>) -> Self {
        let mut fields = Fields::new(node, "a kustomization", out);
        let span = Span { end: node.span.start, ..node.span };
        let component = type_meta(&mut fields, span, out);
        fields.take("metadata");

        let mut resources = fields.strings("resources", out);
        resources.extend(deprecated(&mut fields, "bases", "resources", out, Fields::strings));
        let mut images = fields.records("images", out, read_image);
        images.extend(deprecated(&mut fields, "imageTags", "images", out, |fields, name, out| {
            fields.records(name, out, read_image)
        }));
        let kustomization = Self {
            span,
            is_empty: node.as_mapping().is_some_and(|map| map.iter().all(is_nothing)),
            component,
            resources,
            components: fields.strings("components", out),
            namespace: non_empty(fields.string("namespace", out)),
            name_prefix: non_empty(fields.string("namePrefix", out)),
            name_suffix: non_empty(fields.string("nameSuffix", out)),
            labels: fields.records("labels", out, read_labels),
            common_labels: deprecated(&mut fields, "commonLabels", "labels", out, Fields::pairs),
            common_annotations: fields.pairs("commonAnnotations", out),
            patches: fields.records("patches", out, read_patch),
            patches_strategic_merge: deprecated(
                &mut fields,
                "patchesStrategicMerge",
                "patches",
                out,
                texts,
            ),
            patches_json6902: deprecated(
                &mut fields,
                "patchesJson6902",
                "patches",
                out,
                |fields, name, out| fields.records(name, out, read_patch),
            ),
            images,
            replicas: fields.records("replicas", out, read_replicas),
            replacements: fields.records("replacements", out, read_replacement),
            vars: deprecated(&mut fields, "vars", "replacements", out, |fields, name, out| {
                fields.records(name, out, read_var)
            }),
            configurations: fields.strings("configurations", out),
            crds: fields.strings("crds", out),
            openapi: fields.take("openapi").map(|entry| read_openapi(&entry.value, out)),
            config_maps: fields.list("configMapGenerator", out, |node, out| {
                read_generator(node, "a configMapGenerator", out)
            }),
            secrets: fields.list("secretGenerator", out, |node, out| {
                read_generator(node, "a secretGenerator", out)
            }),
            generator_options: fields
                .take("generatorOptions")
                .map(|entry| read_generator_options(&entry.value, out))
                .unwrap_or_default(),
            sort_options: fields
                .take("sortOptions")
                .map(|entry| (entry, read_sort_options(&entry.value, out)))
                .map(|(entry, value)| Spanned { value, span: entry.key_span }),
            build_metadata: read_build_metadata(&mut fields, out),
            generators: texts(&mut fields, "generators", out),
            transformers: texts(&mut fields, "transformers", out),
            validators: texts(&mut fields, "validators", out),
        };
        for name in HELM {
            let Some(entry) = fields.take(name) else { continue };
            let empty = entry.value.as_sequence().is_some_and(<[Node]>::is_empty)
                || entry.value.as_mapping().is_some_and(crate::yaml::Mapping::is_empty);
            // Without a chart the settings do nothing.
            if !empty && *name != "helmGlobals" {
                out.push(
                    Diagnostic::error(
                        codes::KUSTOMIZE_NEEDS_EXEC,
                        format!("`{name}` runs Helm, and a build runs nothing and fetches nothing"),
                        entry.key_span,
                    )
                    .with_help(
                        "commit what `helm template` prints and list that file under `resources`, or \
                         let Argo CD render the chart in an Application of its own",
                    ),
                );
            }
        }
        fields.finish(out);
        kustomization
    }
}

/// Whether a field says nothing: what there is only the kind of file, a text without letters, and
/// what is added to another field that is not there.
fn is_nothing(entry: &Entry) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|name| entry.key.eq_ignore_ascii_case(name));
    let nothing = match &entry.value.value {
        Value::Scalar(scalar) => entry.value.is_null() || scalar.text.is_empty(),
        Value::Sequence(items) => items.is_empty() && is_one_of(&["bases", "imageTags"]),
        Value::Mapping(_) => false,
    };
    nothing || is_one_of(&["apiVersion", "kind"])
}

/// Whether the file is a component; anything but the two kinds is reported.
fn type_meta(fields: &mut Fields<'_>, start: Span, out: &mut Vec<Diagnostic>) -> bool {
    let api_version = fields.string("apiVersion", out);
    let kind = fields.string("kind", out);
    let component = kind.as_ref().is_some_and(|kind| kind.value == "Component");
    if let Some(kind) = &kind
        && !component
        && !kind.value.is_empty()
        && kind.value != "Kustomization"
    {
        let message =
            format!("`kind` must be `Kustomization` or `Component`, not `{}`", kind.value);
        out.push(Diagnostic::error(codes::KUSTOMIZE_KIND, message, kind.span));
    }
    let expected = if component {
        "kustomize.config.k8s.io/v1alpha1"
    } else {
        "kustomize.config.k8s.io/v1beta1"
    };
    if let Some(version) = api_version
        && !version.value.is_empty()
        && version.value != expected
    {
        let message = format!("`apiVersion` must be `{expected}`, not `{}`", version.value);
        let diagnostic = Diagnostic::error(codes::KUSTOMIZE_KIND, message, version.span);
        out.push(match kind {
            Some(kind) => diagnostic.with_related(kind.span, "for this kind"),
            None => diagnostic.with_related(start, "the kind is `Kustomization` by default"),
        });
    }
    component
}

/// Reads a field that has a successor, and says so.
fn deprecated<'a, T>(
    fields: &mut Fields<'a>,
    name: &'static str,
    instead: &str,
    out: &mut Vec<Diagnostic>,
    read: impl FnOnce(&mut Fields<'a>, &'static str, &mut Vec<Diagnostic>) -> Vec<T>,
) -> Vec<T> {
    if let Some(span) = fields.key_span(name) {
        // The words of kustomize, since people search their logs for them.
        let experimental = if name == "vars" { "[EXPERIMENTAL] " } else { "" };
        let message = format!(
            "'{name}' is deprecated. Please use '{instead}' instead. {experimental}Run 'kustomize \
             edit fix' to update your Kustomization automatically."
        );
        out.push(Diagnostic::warning(codes::KUSTOMIZE_DEPRECATED_FIELD, message, span));
    }
    read(fields, name, out)
}

/// A list of texts, each of which is a document or a path.
fn texts(
    fields: &mut Fields<'_>,
    name: &'static str,
    out: &mut Vec<Diagnostic>,
) -> Vec<Spanned<Node>> {
    fields.list(name, out, |node, out| {
        let span = string(node, name, out)?.span;
        Some(Spanned { value: node.clone(), span })
    })
}

fn non_empty(text: Option<Spanned<Text>>) -> Option<Spanned<Text>> {
    text.filter(|text| !text.value.is_empty())
}

fn read_labels(node: &Node, out: &mut Vec<Diagnostic>) -> Labels {
    let mut fields = Fields::new(node, "an entry of `labels`", out);
    let labels = Labels {
        span: fields.span(),
        pairs: fields.pairs("pairs", out),
        include_selectors: fields.boolean("includeSelectors", out),
        include_templates: fields.boolean("includeTemplates", out),
        include_volume_claim_templates: fields.boolean("includeVolumeClaimTemplates", out),
        fields: fields.records("fields", out, read_field_spec),
    };
    fields.finish(out);
    labels
}

fn read_openapi(node: &Node, out: &mut Vec<Diagnostic>) -> OpenApi {
    let mut fields = Fields::new(node, "`openapi`", out);
    let openapi = OpenApi {
        span: fields.span(),
        path: fields.string("path", out),
        version: fields.string("version", out),
    };
    fields.finish(out);
    openapi
}

/// Reads a field that a configuration names.
pub fn read_field_spec(node: &Node, out: &mut Vec<Diagnostic>) -> FieldSpecEntry {
    let mut fields = Fields::new(node, "a field spec", out);
    let span = fields.span();
    let mut text =
        |name, out: &mut _| fields.string(name, out).map(|text| text.value).unwrap_or_default();
    let gvk =
        Gvk { group: text("group", out), version: text("version", out), kind: text("kind", out) };
    let path = fields.string("path", out).unwrap_or(Spanned { value: Text::default(), span });
    // A slash in front of it does nothing; a part without a name leads nowhere.
    let parts = path.value.strip_prefix('/').unwrap_or(&path.value);
    if !parts.contains("\\/") && parts.split('/').any(str::is_empty) {
        let message = format!("the path `{}` has a part without a name", path.value);
        out.push(
            Diagnostic::error(codes::KUSTOMIZE_FIELD_SPEC, message, path.span)
                .with_help("separate the keys by one slash each: `spec/template/metadata/labels`"),
        );
    }
    let path = path.value;
    let spec = FieldSpecEntry { span, gvk, path, create: fields.boolean("create", out) };
    fields.finish(out);
    spec
}

fn read_patch(node: &Node, out: &mut Vec<Diagnostic>) -> Patch {
    let mut fields = Fields::new(node, "a patch", out);
    let patch = patch_fields(&mut fields, out);
    fields.finish(out);
    patch
}

/// The fields of a patch.
pub fn patch_fields(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Patch {
    let path = non_empty(fields.string("path", out));
    let inline = fields.take("patch").and_then(|entry| {
        let text = string(&entry.value, "patch", out)?;
        let span = text.span;
        (!text.value.trim().is_empty()).then(|| Spanned { value: entry.value.clone(), span })
    });
    let target = fields.take("target").map(|entry| read_selector(&entry.value, out));
    let (mut allow_name_change, mut allow_kind_change) = (false, false);
    if let Some(entry) = fields.take("options") {
        let mut options = Fields::new(&entry.value, "the options of a patch", out);
        allow_name_change = options.boolean("allowNameChange", out);
        allow_kind_change = options.boolean("allowKindChange", out);
        options.finish(out);
    }
    Patch { span: fields.span(), path, inline, target, allow_name_change, allow_kind_change }
}

/// Reads which objects something is for.
pub fn read_selector(node: &Node, out: &mut Vec<Diagnostic>) -> Selector {
    let mut fields = Fields::new(node, "a target", out);
    let span = fields.span();
    let mut text = |name, out: &mut _| {
        fields.string(name, out).unwrap_or(Spanned { value: Text::default(), span })
    };
    let selector = Selector {
        span,
        group: text("group", out),
        version: text("version", out),
        kind: text("kind", out),
        name: text("name", out),
        namespace: text("namespace", out),
        labels: text("labelSelector", out),
        annotations: text("annotationSelector", out),
    };
    fields.finish(out);
    selector
}

/// Reads an entry of `images:`.
pub fn read_image(node: &Node, out: &mut Vec<Diagnostic>) -> Image {
    let mut fields = Fields::new(node, "an image", out);
    let span = fields.span();
    let name = fields.string("name", out);
    let image = Image {
        span,
        name: name.unwrap_or(Spanned { value: Text::default(), span }),
        new_name: non_empty(fields.string("newName", out)),
        new_tag: non_empty(fields.string("newTag", out)),
        tag_suffix: non_empty(fields.string("tagSuffix", out)),
        digest: non_empty(fields.string("digest", out)),
    };
    fields.finish(out);
    image
}

/// Reads an entry of `replicas:`.
pub fn read_replicas(node: &Node, out: &mut Vec<Diagnostic>) -> Replicas {
    let mut fields = Fields::new(node, "an entry of `replicas`", out);
    let span = fields.span();
    let name = fields.string("name", out);
    let count = fields.integer("count", out);
    fields.finish(out);
    Replicas {
        name: name.unwrap_or(Spanned { value: Text::default(), span }),
        count: count.unwrap_or(Spanned { value: 0, span }),
    }
}

fn read_generator(node: &Node, what: &'static str, out: &mut Vec<Diagnostic>) -> Option<Generator> {
    let mut fields = Fields::new(node, what, out);
    let generator = generator_fields(&mut fields, what, None, out);
    fields.finish(out);
    generator
}

/// The fields of a generator; `default_name` is its name if it has none of its own.
pub fn generator_fields(
    fields: &mut Fields<'_>,
    what: &'static str,
    default_name: Option<Spanned<Text>>,
    out: &mut Vec<Diagnostic>,
) -> Option<Generator> {
    let span = fields.span();
    let name = non_empty(fields.string("name", out)).or(default_name);
    let namespace = non_empty(fields.string("namespace", out));
    let behavior = match fields.string("behavior", out) {
        Some(text) if text.value == "merge" => Behavior::Merge,
        Some(text) if text.value == "replace" => Behavior::Replace,
        Some(text) if !matches!(text.value.as_str(), "" | "create" | "unspecified") => {
            let message =
                format!("`behavior` must be `create`, `replace` or `merge`, not `{}`", text.value);
            // kustomize takes it for `create` without a word.
            out.push(Diagnostic::warning(codes::KUSTOMIZE_GENERATOR, message, text.span));
            Behavior::Create
        }
        _ => Behavior::Create,
    };
    let literals = fields.strings("literals", out);
    let files = fields.strings("files", out);
    let mut envs = fields.strings("envs", out);
    envs.extend(non_empty(fields.string("env", out)));
    let secret_type = match what {
        "a secretGenerator" => non_empty(fields.string("type", out)),
        _ => None,
    };
    let options = fields
        .take("options")
        .map(|entry| read_generator_options(&entry.value, out))
        .unwrap_or_default();
    let Some(name) = name else {
        let message = format!("{what} must have a `name`");
        out.push(
            Diagnostic::error(codes::KUSTOMIZE_GENERATOR, message, span)
                .with_help("add `name:` with the name of the object to make"),
        );
        return None;
    };
    Some(Generator { span, name, namespace, behavior, literals, files, envs, secret_type, options })
}

fn read_generator_options(node: &Node, out: &mut Vec<Diagnostic>) -> GeneratorOptions {
    let mut fields = Fields::new(node, "the options of a generator", out);
    let immutable_span = fields.value_span("immutable");
    let options = GeneratorOptions {
        labels: fields.pairs("labels", out),
        annotations: fields.pairs("annotations", out),
        disable_name_suffix_hash: fields.boolean("disableNameSuffixHash", out),
        immutable: fields.boolean("immutable", out).then_some(immutable_span).flatten(),
    };
    fields.finish(out);
    options
}

/// Reads the order of the result.
fn read_sort_options(
    node: &Node,
    out: &mut Vec<Diagnostic>,
) -> Result<SortOptions, Box<Diagnostic>> {
    let mut fields = Fields::new(node, "`sortOptions`", out);
    let order = fields.string("order", out);
    let legacy = fields.take("legacySortOptions");
    let lists = legacy.map(|entry| {
        let mut fields = Fields::new(&entry.value, "`legacySortOptions`", out);
        let mut kinds = |name, out: &mut _| -> Vec<Text> {
            fields.strings(name, out).into_iter().map(|kind| kind.value).collect()
        };
        let order = LegacyOrder { first: kinds("orderFirst", out), last: kinds("orderLast", out) };
        fields.finish(out);
        order
    });
    let span = fields.span();
    fields.finish(out);
    match order.as_ref().map(|order| order.value.as_str()) {
        Some("legacy") => Ok(SortOptions::Legacy(lists)),
        Some("fifo") => match legacy {
            Some(legacy) => Err(Box::new(
                Diagnostic::error(
                    codes::KUSTOMIZE_SORT_OPTIONS,
                    "`legacySortOptions` is set, and the order is `fifo`",
                    legacy.key_span,
                )
                .with_help("remove it, or set `order: legacy`"),
            )),
            None => Ok(SortOptions::Fifo),
        },
        other => {
            let message = match other {
                Some(other) => {
                    format!("`sortOptions.order` must be `legacy` or `fifo`, not `{other}`")
                }
                None => "`sortOptions.order` must be `legacy` or `fifo`".to_owned(),
            };
            let at = order.map_or(span, |order| order.span);
            Err(Box::new(Diagnostic::error(codes::KUSTOMIZE_SORT_OPTIONS, message, at)))
        }
    }
}

fn read_build_metadata(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> BuildMetadata {
    let mut metadata = BuildMetadata::default();
    for option in fields.strings("buildMetadata", out) {
        metadata.any = true;
        match option.value.as_str() {
            "originAnnotations" => metadata.origin_annotations = Some(option.span),
            "transformerAnnotations" => metadata.transformer_annotations = Some(option.span),
            "managedByLabel" => metadata.managed_by_label = Some(option.span),
            other => out.push(
                Diagnostic::warning(
                    codes::KUSTOMIZE_BUILD_METADATA,
                    format!("`buildMetadata` has no option `{other}`"),
                    option.span,
                )
                .with_help(
                    "the options are `originAnnotations`, `transformerAnnotations` and `managedByLabel`",
                ),
            ),
        }
    }
    metadata
}
