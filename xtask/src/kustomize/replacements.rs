//! `replacements`: a value of one object, copied into fields of others.
//!
//! Source: kustomize's `filters/replacement`. The type of a target stays: a string stays one, and a
//! number takes a number only.

mod read;
mod structured;

use self::read::{FieldOptions, Source, TargetSelector};
pub use self::read::{Replacement, read_replacement};
use super::{
    context::Context,
    decode::Spanned,
    field_path::{CREATED, Found, find, lookup, split},
    kustomization::Selector,
    loader::Loader,
    objects::missing_identity,
    selector::{Pattern, fits_nothing, labels_fit, pattern},
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    resource::{Gvk, PreviousId, ResMap, Resource, Step},
    source::Span,
    yaml::{Dialect, Node, Scalar, ScalarKind, Text, Value, parse, resolve},
};

/// Applies `replacements:`, each in turn.
pub fn replacements(
    context: &mut Context<'_>,
    loader: &Loader,
    map: &mut ResMap,
    entries: &[Replacement],
) {
    for entry in entries {
        match &entry.path {
            None => replace(context, map, entry),
            Some(path) => {
                for shared in load(context, loader, entry, path) {
                    replace(context, map, &shared);
                }
            }
        }
    }
}

/// Reads the replacements of a file: one, or a list of them.
fn load(
    context: &mut Context<'_>,
    loader: &Loader,
    entry: &Replacement,
    path: &Spanned<Text>,
) -> Vec<Replacement> {
    if entry.source.is_some() || !entry.targets.is_empty() {
        report(context, "an entry has either `path` or a replacement, not both", entry.span);
        return Vec::new();
    }
    let Some(source) = loader.text(context, path) else { return Vec::new() };
    let documents = parse(context.sources, source, Dialect::Config, &mut context.diagnostics);
    let Some(document) = documents.into_iter().next() else { return Vec::new() };
    let out = &mut context.diagnostics;
    match document.as_sequence() {
        Some(items) => items.iter().map(|item| read_replacement(item, out)).collect(),
        None => vec![read_replacement(&document, out)],
    }
}

fn report(context: &mut Context<'_>, message: impl Into<String>, at: Span) {
    context.report(Diagnostic::error(codes::KUSTOMIZE_REPLACEMENT, message.into(), at));
}

fn replace(context: &mut Context<'_>, map: &mut ResMap, entry: &Replacement) {
    let mut from = None;
    let value = match (&entry.source, &entry.source_value) {
        (Some(source), None) => source_value(context, map, source).map(|(index, value)| {
            from = Some(index);
            value
        }),
        (None, Some(text)) => Some(Node::new(
            Value::Scalar(Scalar {
                kind: resolve(&text.value, Dialect::Resource),
                text: text.value.clone(),
            }),
            text.span,
        )),
        (Some(_), Some(text)) => {
            report(context, "a replacement has either `source` or `sourceValue`", text.span);
            return;
        }
        (None, None) => {
            report(context, "a replacement must have a `source`", entry.span);
            return;
        }
    };
    if entry.targets.is_empty() {
        report(context, "a replacement must have `targets`", entry.span);
    }
    let Some(mut value) = value else { return };
    // A whole value is not copied in kustomize: once a target has changed the field that it comes
    // from, the next target gets what is there then.
    let path = entry.source.as_ref().filter(|source| source.options.delimiter.is_empty());
    let path = path.map(|source| split(&source.field_path.value));
    for target in &entry.targets {
        let Some(selected) = targets(context, map, target) else { continue };
        if selected.is_empty() {
            let message = "the replacement changes nothing: no object fits the target";
            match target.select.as_ref().filter(|_| target.reject.is_empty()) {
                Some(select) => fits_nothing(context, map, select, message),
                None => context.no_effect(message, target.span, None),
            }
        }
        for index in selected {
            let live = path.as_deref().filter(|_| from == Some(index));
            map.update(index, |resource| copy(context, resource, &mut value, live, target));
        }
    }
}

/// The value to copy, and the object that it comes from.
fn source_value(context: &mut Context<'_>, map: &ResMap, source: &Source) -> Option<(usize, Node)> {
    let selector = Gvk {
        group: source.group.clone(),
        version: source.version.clone(),
        kind: source.kind.clone(),
    };
    let candidates: Vec<usize> = if source.name.is_empty() {
        map.indices().collect()
    } else {
        map.with_any_name(&source.name, &selector)
    };
    let fits = |resource: &Resource, id: &PreviousId| {
        let gvk = Gvk { kind: id.kind.clone(), ..resource.id().gvk.clone() };
        (source.name.is_empty() || source.name == id.name)
            && (source.namespace.is_empty() || source.namespace == id.namespace)
            && gvk.is_selected_by(&selector)
    };
    let found: Vec<(usize, &Resource)> = candidates
        .into_iter()
        .filter_map(|index| Some((index, map.get(index)?)))
        .filter(|(_, resource)| resource.any_id(|id| fits(resource, id)))
        .collect();
    let (index, resource) = match *found.as_slice() {
        [only] => only,
        [] => {
            let message = "no object is the source of the replacement";
            let diagnostic = Diagnostic::error(codes::KUSTOMIZE_REPLACEMENT, message, source.span);
            let names = map.iter().filter(|resource| resource.id().gvk.is_selected_by(&selector));
            let names: Vec<&str> = names.map(|resource| resource.id().name.as_str()).collect();
            let help = did_you_mean(&source.name, names).unwrap_or_else(|| {
                "it must be an object of this kustomization or of its bases".to_owned()
            });
            context.report(diagnostic.with_help(help));
            return None;
        }
        _ => {
            let mut diagnostic = Diagnostic::error(
                codes::KUSTOMIZE_REPLACEMENT,
                format!("{} objects are the source of the replacement", found.len()),
                source.span,
            );
            for (_, resource) in found.iter().take(3) {
                diagnostic = diagnostic.with_related(resource.span(), resource.id().to_string());
            }
            context.report(diagnostic.with_help("name the one that is meant"));
            return None;
        }
    };
    let value = match lookup(&resource.node, &split(&source.field_path.value)) {
        Ok(value) => value.cloned(),
        Err(wrong) => {
            let message = format!("`{}` of {}: {wrong}", source.field_path.value, resource.id());
            report(context, message, source.field_path.span);
            return None;
        }
    };
    let missing = |value: &Node| {
        value.is_null()
            || value.as_mapping().is_some_and(crate::yaml::Mapping::is_empty)
            || value.as_sequence().is_some_and(<[Node]>::is_empty)
    };
    let Some(value) = value.filter(|value| !missing(value)) else {
        let message = format!("{} has no `{}`", resource.id(), source.field_path.value);
        let diagnostic =
            Diagnostic::error(codes::KUSTOMIZE_REPLACEMENT, message, source.field_path.span);
        context.report(diagnostic.with_related(resource.span(), "the source of the replacement"));
        return None;
    };
    let value = refined(context, value, &source.options, source.field_path.span)?;
    Some((index, value))
}

/// The part of a value that `delimiter` and `index` name.
fn refined(
    context: &mut Context<'_>,
    mut value: Node,
    options: &FieldOptions,
    at: Span,
) -> Option<Node> {
    if options.delimiter.is_empty() {
        return Some(value);
    }
    let Value::Scalar(scalar) = &mut value.value else {
        report(context, "`delimiter` is for a single value", at);
        return None;
    };
    let parts: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
    let part = usize::try_from(options.index).ok().and_then(|index| parts.get(index));
    let Some(part) = part.map(|part| Text::from(*part)) else {
        let message =
            format!("the value has {} parts, and no index {}", parts.len(), options.index);
        report(context, message, at);
        return None;
    };
    scalar.text = part;
    Some(value)
}

/// A selector whose expressions are compiled.
struct Compiled {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
}

impl Compiled {
    fn new(context: &mut Context<'_>, selector: &Selector) -> Option<Self> {
        let group = pattern(context, &selector.group);
        let version = pattern(context, &selector.version);
        let kind = pattern(context, &selector.kind);
        let name = pattern(context, &selector.name);
        let namespace = pattern(context, &selector.namespace);
        Some(Self {
            group: group?,
            version: version?,
            kind: kind?,
            name: name?,
            namespace: namespace?,
        })
    }

    /// Whether one identity of an object fits as a whole. The current namespace counts as written.
    fn fits(&self, resource: &Resource) -> bool {
        let gvk = &resource.id().gvk;
        let fits = |kind: &str, name: &str, namespace: &str| {
            self.group.fits(&gvk.group)
                && self.version.fits(&gvk.version)
                && self.kind.fits(kind)
                && self.name.fits(name)
                && self.namespace.fits(namespace)
        };
        let id = resource.id();
        fits(&gvk.kind, &id.name, &id.namespace)
            || resource.previous().iter().any(|id| fits(&id.kind, &id.name, &id.namespace))
    }
}

/// The objects that a target selects and does not reject.
fn targets(context: &mut Context<'_>, map: &ResMap, target: &TargetSelector) -> Option<Vec<usize>> {
    let Some(select) = &target.select else {
        report(context, "a target must have `select`", target.span);
        return None;
    };
    let compiled = Compiled::new(context, select)?;
    let mut chosen = labels_fit(context, map, select, map.indices().collect())?;
    for reject in &target.reject {
        let compiled = Compiled::new(context, reject)?;
        if !(reject.labels.value.is_empty() && reject.annotations.value.is_empty()) {
            let rejected = labels_fit(context, map, reject, chosen.clone())?;
            chosen.retain(|index| !rejected.contains(index));
        }
        if reject.has_identity() {
            chosen.retain(|&index| map.get(index).is_some_and(|found| !compiled.fits(found)));
        }
    }
    chosen.retain(|&index| map.get(index).is_some_and(|found| compiled.fits(found)));
    Some(chosen)
}

/// Copies a value into the fields of one object. `live` is where the value comes from in this
/// object, if it does.
fn copy(
    context: &mut Context<'_>,
    resource: &mut Resource,
    value: &mut Node,
    live: Option<&[Text]>,
    target: &TargetSelector,
) {
    let id = resource.id().to_string();
    for field_path in &target.field_paths {
        let via = field_path.span;
        let parts = split(&field_path.value);
        let fault = match structured::copy(context, resource, value, &parts, &target.options, via) {
            structured::Outcome::Done => None,
            structured::Outcome::Failed(wrong) => Some(Fault::Wrong(wrong)),
            structured::Outcome::NoText => {
                copy_to(context, resource, value, &parts, &target.options, via)
            }
        };
        match fault {
            None => {
                let now = live.and_then(|path| lookup(&resource.node, path).ok().flatten());
                if let Some(now) = now.cloned() {
                    *value = now;
                }
            }
            Some(Fault::Missing) => {
                let message = format!("{id} has no `{}` to replace", field_path.value);
                let diagnostic = Diagnostic::error(codes::KUSTOMIZE_REPLACEMENT, message, via);
                context.report(
                    diagnostic
                        .with_related(resource.span(), "the target")
                        .with_help("set `options.create: true` to add it"),
                );
            }
            Some(Fault::InText) => {
                let message = format!(
                    "`{}` leads into a text of {id} behind a `*` or an expression, which changes nothing",
                    field_path.value
                );
                context.report(
                    Diagnostic::warning(codes::KUSTOMIZE_REPLACEMENT, message, via)
                        .with_help("name each text by its index, or by `[name=value]` as it is"),
                );
            }
            Some(Fault::Wrong(message)) => {
                report(context, format!("`{}` of {id}: {message}", field_path.value), via);
            }
        }
    }
}

/// What kept a value from being copied.
enum Fault {
    /// The field is not there.
    Missing,
    /// The path leads into a text in a way that kustomize follows and forgets.
    InText,
    /// Why it does not fit.
    Wrong(String),
}

/// Copies a value into the fields of one object that a path leads to.
fn copy_to(
    context: &mut Context<'_>,
    resource: &mut Resource,
    value: &Node,
    parts: &[Text],
    options: &FieldOptions,
    via: Span,
) -> Option<Fault> {
    let (mut problem, mut emptied_one) = (None, false);
    let (mut count, mut misfits) = (0, Vec::new());
    let origins = &mut context.origins;
    let create = options.create.then_some(value);
    let found = find(&mut resource.node, parts, create, &mut |field| {
        count += 1;
        let created = field.origin == CREATED;
        let emptied = !created && value.as_scalar().is_none() && field.as_scalar().is_some();
        emptied_one |= emptied && options.delimiter.is_empty();
        match set(field, value, options, created) {
            Ok(Set { old, misfit }) => {
                field.origin = match old {
                    Some(old) => origins.record_over(Step::Replacement, via, &old),
                    None => origins.record(Step::Replacement, via, None),
                };
                misfits.extend(misfit.map(|wrong| (field.origin, wrong)));
            }
            Err(wrong) => problem = Some(wrong),
        }
    });
    resource.settle(origins);
    for (origin, wrong) in misfits {
        let message = format!("`{}` of {}: {wrong}", path_text(parts), resource.id());
        let diagnostic = Diagnostic::error(codes::KUSTOMIZE_REPLACEMENT, message, via);
        context.pending.push((origin, diagnostic.with_related(value.span, "the value")));
    }
    if let Some(field) = missing_identity(&resource.node) {
        return Some(Fault::Wrong(format!("it leaves the object without `{field}`")));
    }
    if emptied_one && problem.is_none() {
        let message = format!(
            "the value is {}, and the field of {} holds a single value, which becomes empty",
            value.describe(),
            resource.id()
        );
        context.report(
            Diagnostic::warning(codes::KUSTOMIZE_REPLACEMENT, message, via)
                .with_related(value.span, "the value")
                .with_help(
                    "remove the field from the target, and let `options.create: true` make it",
                ),
        );
    }
    if options.create {
        let origin = context.origins.record(Step::Replacement, via, None);
        resource.node.visit_mut(&mut |node| {
            if node.origin == CREATED {
                node.origin = origin;
            }
        });
    }
    match (found, problem) {
        (Ok(()), None) if count > 0 => None,
        (Ok(()), None) | (Err(Found::Nothing), _) => Some(Fault::Missing),
        (Err(Found::Structured), _) => Some(Fault::InText),
        (Err(Found::Wrong(message)), _) | (Ok(()), Some(message)) => Some(Fault::Wrong(message)),
    }
}

fn path_text(parts: &[Text]) -> String {
    parts.iter().map(Text::as_str).collect::<Vec<_>>().join(".")
}

/// What setting a field did.
struct Set {
    /// What was there, unless it was made for the value.
    old: Option<Node>,
    /// Why the value does not fit the field. kustomize finds that out when it prints, so that a
    /// later step may still mend it.
    misfit: Option<String>,
}

/// Sets one field.
fn set(
    field: &mut Node,
    value: &Node,
    options: &FieldOptions,
    created: bool,
) -> Result<Set, String> {
    let mut misfit = None;
    let old = (!created).then(|| field.clone());
    let mut text = value.as_scalar().map(|scalar| scalar.text.clone());
    if !options.delimiter.is_empty() {
        let Some(there) = field.scalar_text() else {
            return Err("`delimiter` is for a single value".to_owned());
        };
        let new = text.clone().unwrap_or_default();
        let mut parts: Vec<&str> = there.split(options.delimiter.as_str()).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &new),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = &new,
                None => parts.push(&new),
            },
        }
        text = Some(parts.join(&options.delimiter).into());
    }
    match &mut field.value {
        Value::Scalar(scalar) => {
            let text = text.unwrap_or_default();
            let kind = resolve(&text, Dialect::Resource);
            let keeps = match scalar.kind {
                _ if created => true,
                ScalarKind::String | ScalarKind::Timestamp => true,
                ScalarKind::Float => matches!(kind, ScalarKind::Float | ScalarKind::Int),
                other => other == kind,
            };
            if !keeps {
                let value =
                    Node::new(Value::Scalar(Scalar { kind, text: text.clone() }), value.span);
                misfit = Some(format!(
                    "it is {}, and the value {}",
                    scalar.kind.describe(),
                    value.describe()
                ));
            }
            let kind = match scalar.kind {
                _ if created => kind,
                ScalarKind::String | ScalarKind::Timestamp => ScalarKind::String,
                // It stays what it cannot be, so that the next value does not fit either.
                other if misfit.is_some() => other,
                _ => kind,
            };
            *scalar = Scalar { kind, text };
        }
        other => *other = value.value.clone(),
    }
    field.span = value.span;
    Ok(Set { old, misfit })
}
