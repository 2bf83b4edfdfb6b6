//! `configMapGenerator` and `secretGenerator`.
//!
//! Source: kustomize's `internal/generators` and `kv`.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    context::Context,
    decode::{Pair, Spanned},
    kustomization::{Generator, GeneratorOptions},
    labels::{check_keys, not_a_string, reads_as_string},
    loader::Loader,
    objects::check_tabs,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Behavior, Generated, Previous, ResMap, Resource, Step},
    source::{OriginId, Span},
    yaml::{Entry, Mapping, Node, Scalar, ScalarKind, Text, Value},
};

/// What a generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `configMapGenerator`.
    ConfigMap,
    /// `secretGenerator`.
    Secret,
}

impl Kind {
    /// The name of kustomize's plugin, which `buildMetadata` prints.
    pub fn plugin(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }
}

/// A key, its bytes, and where they are written.
struct Datum {
    key: Text,
    key_span: Span,
    bytes: Vec<u8>,
    span: Span,
}

/// Makes the object of one generator; `None` if a source of it is wrong, which has been reported.
pub fn generate(
    context: &mut Context<'_>,
    loader: &Loader,
    generator: &Generator,
    global: &GeneratorOptions,
    kind: Kind,
) -> Option<Resource> {
    let data = data(context, loader, generator, kind)?;
    let by = context.by(Step::Generator, generator.span);
    let make = Maker { span: generator.span, origin: by.origin };
    let mut object = Mapping::default();
    object.push("apiVersion", make.span, make.string("v1", make.span));
    let kind_name = if kind == Kind::Secret { "Secret" } else { "ConfigMap" };
    object.push("kind", make.span, make.string(kind_name, make.span));

    let options = &generator.options;
    let mut metadata = Mapping::default();
    metadata.push("name", generator.name.span, make.text(&generator.name));
    if let Some(namespace) = &generator.namespace {
        metadata.push("namespace", namespace.span, make.text(namespace));
    }
    for (field, own, shared) in [
        ("labels", &options.labels, &global.labels),
        ("annotations", &options.annotations, &global.annotations),
    ] {
        let others = shared.iter().filter(|pair| !own.iter().any(|other| other.key == pair.key));
        let pairs: Vec<&Pair> = own.iter().chain(others).collect();
        check_keys(context, pairs.iter().copied())?;
        if !pairs.is_empty() {
            let entries = pairs.iter().map(|pair| Entry {
                key: pair.key.clone(),
                key_span: pair.key_span,
                value: make.string(&pair.value, pair.span),
            });
            let map = Mapping::from_entries(entries.collect());
            metadata.push(field, make.span, make.node(Value::Mapping(map), make.span));
        }
    }
    object.push("metadata", make.span, make.node(Value::Mapping(metadata), make.span));
    if kind == Kind::Secret {
        let node = match &generator.secret_type {
            Some(secret_type) => make.text(secret_type),
            None => make.string("Opaque", make.span),
        };
        object.push("type", make.span, node);
    }
    make.add_data(&mut object, data, kind);
    if let Some(span) = options.immutable.or(global.immutable) {
        let scalar = Scalar { kind: ScalarKind::Bool, text: Text::const_new("true") };
        object.push("immutable", span, make.node(Value::Scalar(scalar), span));
    }
    let mut resource = Resource::new(make.node(Value::Mapping(object), make.span));
    resource.generated = Some(Generated {
        behavior: generator.behavior,
        needs_hash: !options.disable_name_suffix_hash && !global.disable_name_suffix_hash,
    });
    check_tabs(context, &resource.node);
    Some(resource)
}

/// Makes nodes that come from a generator.
struct Maker {
    span: Span,
    origin: OriginId,
}

impl Maker {
    fn node(&self, value: Value, span: Span) -> Node {
        Node { value, span, origin: self.origin }
    }

    fn string(&self, text: &str, span: Span) -> Node {
        self.node(Value::Scalar(Scalar::string(text)), span)
    }

    fn text(&self, text: &Spanned<Text>) -> Node {
        self.string(&text.value, text.span)
    }

    fn add_data(&self, object: &mut Mapping, data: Vec<Datum>, kind: Kind) {
        let mut texts = Mapping::default();
        let mut binaries = Mapping::default();
        for Datum { key, key_span, bytes, span } in data {
            match String::from_utf8(bytes) {
                Ok(text) if kind == Kind::ConfigMap => {
                    texts.push(key, key_span, self.string(&text, span));
                }
                Ok(text) => texts.push(key, key_span, self.string(&base64(text.as_bytes()), span)),
                Err(error) => {
                    let map = if kind == Kind::Secret { &mut texts } else { &mut binaries };
                    map.push(key, key_span, self.string(&base64(error.as_bytes()), span));
                }
            }
        }
        if kind == Kind::Secret || !texts.is_empty() {
            object.push("data", self.span, self.node(Value::Mapping(texts), self.span));
        }
        if !binaries.is_empty() {
            object.push("binaryData", self.span, self.node(Value::Mapping(binaries), self.span));
        }
    }
}

/// Base64 in lines of 70 letters where it is longer than one line.
fn base64(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        lines.push_str(line);
        lines.push('\n');
        rest = tail;
    }
    lines
}

/// All keys of a generator in the order of kustomize: files of lines, literals, files.
fn data(
    context: &mut Context<'_>,
    loader: &Loader,
    generator: &Generator,
    kind: Kind,
) -> Option<Vec<Datum>> {
    let mut all = Vec::new();
    let mut complete = true;
    for path in &generator.envs {
        match loader.text(context, path) {
            Some(source) => {
                if kind == Kind::Secret {
                    context.hide_text(source);
                }
                env_lines(context, source, &mut all);
            }
            None => complete = false,
        }
    }
    for literal in &generator.literals {
        match literal.value.split_once('=') {
            Some((key, value)) if !key.is_empty() => all.push(Datum {
                key: key.into(),
                key_span: literal.span,
                bytes: without_quotes(value).as_bytes().to_vec(),
                span: literal.span,
            }),
            _ => {
                // The text may be a secret that lacks its key.
                context.report(
                    Diagnostic::error(
                        codes::KUSTOMIZE_GENERATOR,
                        "a literal must be `key=value`",
                        literal.span,
                    )
                    .with_help("put the key and `=` before the value"),
                );
                complete = false;
            }
        }
    }
    for file in &generator.files {
        let Some((key, path)) = file_source(context, file) else {
            complete = false;
            continue;
        };
        let path = Spanned { value: path.into(), span: file.span };
        match loader.bytes(context, &path) {
            Some((bytes, source)) => {
                if let Some(source) = source.filter(|_| kind == Kind::Secret) {
                    context.hide_text(source);
                }
                all.push(Datum {
                    key: key.into(),
                    key_span: file.span,
                    bytes,
                    span: source.map_or(file.span, |source| context.sources.whole(source)),
                });
            }
            None => complete = false,
        }
    }
    for (at, datum) in all.iter().enumerate() {
        if !datum.key.is_empty() && !reads_as_string(&datum.key) {
            let key = format!("the key `{}`", datum.key);
            context.report(not_a_string(codes::KUSTOMIZE_GENERATOR, &key, datum.key_span));
            complete = false;
        }
        if let Some(first) = all.iter().take(at).find(|other| other.key == datum.key) {
            context.report(
                Diagnostic::error(
                    codes::KUSTOMIZE_GENERATOR,
                    format!("`{}` has the key `{}` twice", generator.name.value, datum.key),
                    datum.key_span,
                )
                .with_related(first.key_span, "it is set here first"),
            );
            complete = false;
        }
    }
    complete.then_some(all)
}

/// One pair of quotes around a value is not part of it.
fn without_quotes(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}

/// The lines of an env file: nothing is trimmed but the blanks before a line.
fn env_lines(context: &mut Context<'_>, source: crate::source::SourceId, all: &mut Vec<Datum>) {
    let text = context.sources.get(source).text.clone();
    let mut start = 0;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let content = if number == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let content = content.trim_start();
        let at = start + line.len() - content.len();
        start += whole.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let (key, value) = content.split_once('=').unwrap_or((content, ""));
        let span = |from: usize, to: usize| {
            let offset = |n| u32::try_from(n).unwrap_or(u32::MAX);
            Span::new(source, offset(from)..offset(to))
        };
        if key.is_empty() {
            let message = "a line without a name before `=` is dropped";
            context.report(
                Diagnostic::warning(
                    codes::KUSTOMIZE_GENERATOR,
                    message,
                    span(at, at + content.len()),
                )
                .with_help("name the variable: `NAME=value`"),
            );
            continue;
        }
        all.push(Datum {
            key: key.into(),
            key_span: span(at, at + key.len()),
            bytes: value.as_bytes().to_vec(),
            span: span(at + content.len() - value.len(), at + content.len()),
        });
    }
}

/// The key and the path of an entry of `files`.
fn file_source<'a>(
    context: &mut Context<'_>,
    file: &'a Spanned<Text>,
) -> Option<(&'a str, &'a str)> {
    let mut parts = file.value.split('=');
    let problem = match (parts.next(), parts.next(), parts.next()) {
        (Some(path), None, _) => return Some((path.rsplit('/').next().unwrap_or(path), path)),
        (Some(""), ..) => "it has no key before `=`",
        (_, Some(""), _) => "it has no path behind `=`",
        (Some(key), Some(path), None) => return Some((key, path)),
        _ => "neither the key nor the path may have a `=`",
    };
    context.report(Diagnostic::error(
        codes::KUSTOMIZE_GENERATOR,
        format!("an entry of `files` must be `path` or `key=path`: {problem}"),
        file.span,
    ));
    None
}

/// Adds a generated object to those that are there, as its `behavior` says.
pub fn absorb(context: &mut Context<'_>, map: &mut ResMap, resource: Resource) {
    let behavior = resource.generated.map(|generated| generated.behavior).unwrap_or_default();
    let id = resource.id().clone();
    let matches = map.with_any_id(&id);
    let problem = match (matches.as_slice(), behavior) {
        ([], Behavior::Create) => {
            let _ = map.append(resource);
            return;
        }
        (&[index], Behavior::Merge | Behavior::Replace) => {
            if let Some(old) = map.get(index) {
                let merged = combined(context, resource, old, behavior);
                map.replace(index, merged);
            }
            return;
        }
        ([], _) => format!("{id} does not exist, so nothing can be merged into it or replaced"),
        ([_], Behavior::Create) => {
            format!(
                "{id} exists already, so the generator must have `behavior: merge` or `replace`"
            )
        }
        _ => format!("{} objects have the identity {id}", matches.len()),
    };
    let mut diagnostic = Diagnostic::error(codes::KUSTOMIZE_GENERATOR, problem, resource.span());
    for &index in &matches {
        if let Some(other) = map.get(index) {
            diagnostic = diagnostic.with_related(other.span(), "it is made here");
        }
    }
    context.report(diagnostic);
}

/// A generated object with what it keeps of the one that was there.
fn combined(
    context: &mut Context<'_>,
    mut new: Resource,
    old: &Resource,
    behavior: Behavior,
) -> Resource {
    let via = new.span();
    for field in ["labels", "annotations"] {
        let Some(kept) = old.node.at(&["metadata", field]).and_then(Node::as_mapping) else {
            continue;
        };
        keep(context, &mut new.node, &["metadata"], field, kept, via);
    }
    if behavior == Behavior::Merge {
        let secret = old.is_secret();
        if let Some(kept) = old.node.get("stringData").and_then(Node::as_mapping).filter(|_| secret)
        {
            let mut encoded = kept.clone();
            for entry in &mut encoded {
                if let Some(text) = entry.value.scalar_text() {
                    entry.value.value = Value::Scalar(Scalar::string(base64(text.as_bytes())));
                }
            }
            keep(context, &mut new.node, &[], "data", &encoded, via);
        }
        for field in ["data", "binaryData"] {
            if let Some(kept) = old.node.get(field).and_then(Node::as_mapping) {
                keep(context, &mut new.node, &[], field, kept, via);
            }
        }
        if !old.origin_annotation.is_empty() {
            new.origin_annotation.clone_from(&old.origin_annotation);
        }
    }
    if let Some(metadata) = new.node.get_mut("metadata").and_then(Node::as_mapping_mut) {
        for field in ["name", "namespace"] {
            match old.node.at(&["metadata", field]) {
                Some(node) => metadata.insert(field, node.span, node.clone()),
                None => {
                    metadata.remove(field);
                }
            }
        }
    }
    new.transformations.clone_from(&old.transformations);
    let enabled = |resource: &Resource| resource.generated.is_some_and(|g| g.needs_hash);
    let needs_hash = enabled(old) && enabled(&new);
    new.generated = old.generated.map(|generated| Generated { needs_hash, ..generated });
    new.continue_from(old);
    new.refresh();
    new
}

/// Adds the entries of the old object that the new one does not have, and notes which it overrode.
fn keep(
    context: &mut Context<'_>,
    node: &mut Node,
    path: &[&str],
    field: &str,
    kept: &Mapping,
    via: Span,
) {
    if kept.is_empty() {
        return;
    }
    let Some(parent) = path.iter().try_fold(node, |node, key| node.get_mut(key)) else { return };
    let Some(parent) = parent.as_mapping_mut() else { return };
    if !parent.contains_key(field) {
        parent.push(field, via, Node::mapping(via, OriginId::NONE));
    }
    let Some(map) = parent.get_mut(field).and_then(Node::as_mapping_mut) else { return };
    for entry in kept {
        match map.get_mut(&entry.key) {
            None => map.push(entry.key.clone(), entry.key_span, entry.value.clone()),
            Some(new) => {
                let value = entry.value.as_scalar().map(|scalar| scalar.text.clone());
                let previous =
                    Previous { value, span: entry.value.span, origin: entry.value.origin };
                new.origin = context.origins.record(Step::Generator, via, Some(previous));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_wrapped_when_it_fills_a_line() {
        assert_eq!(base64(b"x=1"), "eD0x");
        assert_eq!(base64(&[0; 51]).len(), 68, "a line of 68 letters stays as it is");
        assert_eq!(base64(&[0; 54]), format!("{}\nAA\n", "A".repeat(70)));
    }

    #[test]
    fn one_pair_of_quotes_is_not_part_of_a_literal() {
        assert_eq!(without_quotes("\"a b\""), "a b");
        assert_eq!(without_quotes("'a\""), "'a\"");
        assert_eq!(without_quotes("\""), "\"");
        assert_eq!(without_quotes("''"), "");
    }
}
