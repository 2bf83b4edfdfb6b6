//! `vars`: values of objects that take the place of `$(NAME)` in others.
//!
//! Source: kustomize's `internal/accumulator` and `filters/refvar`. A var is bound to its object
//! where it is named, and replaced once, at the root, when every name is final.

use std::collections::BTreeMap;

use super::{
    context::{Context, set_scalar},
    decode::{Fields, Spanned},
    field_path::{lookup, split_with_indices},
    field_spec::{By, Create, visit},
    transformer_config::TransformerConfig,
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    resource::{Gvk, Origins, PreviousId, ResId, ResMap, Resource, Step},
    source::{OriginId, Span},
    yaml::{Node, Scalar, ScalarKind, Text, Value, canonical},
};

/// An entry of `vars:`.
#[derive(Clone, Debug)]
pub struct Var {
    span: Span,
    name: Spanned<Text>,
    gvk: Gvk,
    object: Spanned<Text>,
    namespace: Text,
    field_path: Spanned<Text>,
}

/// Reads an entry of `vars:`.
pub fn read_var(node: &Node, out: &mut Vec<Diagnostic>) -> Var {
    let mut fields = Fields::new(node, "a var", out);
    let span = fields.span();
    let empty = |span| Spanned { value: Text::default(), span };
    let name = fields.string("name", out).unwrap_or_else(|| empty(span));
    let (mut gvk, mut object, mut namespace) = (Gvk::default(), empty(span), Text::default());
    if let Some(entry) = fields.take("objref") {
        let mut fields = Fields::new(&entry.value, "the object of a var", out);
        let mut text =
            |name, out: &mut _| fields.string(name, out).map(|text| text.value).unwrap_or_default();
        gvk.group = text("group", out);
        gvk.version = text("version", out);
        gvk.kind = text("kind", out);
        namespace = text("namespace", out);
        let api_version = text("apiVersion", out);
        match api_version.split_once('/') {
            Some((group, version)) => {
                gvk.group = group.into();
                gvk.version = version.into();
            }
            None if !api_version.is_empty() => gvk.version = api_version,
            None => {}
        }
        object = fields.string("name", out).unwrap_or_else(|| empty(fields.span()));
        fields.finish(out);
    }
    let mut field_path = None;
    if let Some(entry) = fields.take("fieldref") {
        let mut fields = Fields::new(&entry.value, "the field of a var", out);
        field_path = fields.string("fieldPath", out).filter(|path| !path.value.is_empty());
        fields.finish(out);
    }
    fields.finish(out);
    let field_path = field_path
        .unwrap_or_else(|| Spanned { value: Text::const_new("metadata.name"), span: name.span });
    Var { span, name, gvk, object, namespace, field_path }
}

/// Binds each var of a kustomization to its object, and adds it to those of its bases.
pub fn bind(context: &mut Context<'_>, map: &mut ResMap, known: &mut Vec<Var>, vars: &[Var]) {
    for var in vars {
        let found = matching(map, var);
        if found.len() > 1 {
            let mut diagnostic = Diagnostic::error(
                codes::KUSTOMIZE_VAR,
                format!("{} objects can be meant by the var `{}`", found.len(), var.name.value),
                var.object.span,
            )
            .with_help("set `objref.namespace`, or give the objects different names");
            for resource in found.iter().filter_map(|&index| map.get(index)).take(3) {
                diagnostic = diagnostic.with_related(resource.span(), resource.id().to_string());
            }
            context.report(diagnostic);
        }
        if let Some(resource) = found.first().and_then(|&index| map.get_mut(index)) {
            resource.vars.push(var.name.value.clone());
        }
        add(context, known, var.clone());
    }
}

/// Adds the vars of a base.
pub fn merge(context: &mut Context<'_>, known: &mut Vec<Var>, others: Vec<Var>) {
    for var in others {
        add(context, known, var);
    }
}

fn add(context: &mut Context<'_>, known: &mut Vec<Var>, var: Var) {
    let Some(first) = known.iter().find(|other| other.name.value == var.name.value) else {
        known.push(var);
        return;
    };
    let message = format!("there is already a var `{}`", var.name.value);
    context.report(
        Diagnostic::error(codes::KUSTOMIZE_VAR, message, var.name.span)
            .with_related(first.name.span, "the first one")
            .with_help("give one of them another name"),
    );
}

/// The objects that had the identity that a var names, or have it now.
fn matching(map: &ResMap, var: &Var) -> Vec<usize> {
    let wanted = ResId::new(var.gvk.clone(), var.namespace.clone(), var.object.value.clone());
    // An object without a namespace is not found by one, as in kustomize.
    let namespace = (!var.namespace.is_empty()).then_some(&var.namespace);
    let fits = |resource: &Resource, id: &PreviousId| {
        id.name == wanted.name
            && id.kind == wanted.gvk.kind
            && resource.id().gvk.group == wanted.gvk.group
            && resource.id().gvk.version == wanted.gvk.version
            && namespace.is_none_or(|namespace| *namespace == id.namespace)
    };
    map.with_any_name(&wanted.name, &Gvk::default())
        .into_iter()
        .filter(|&index| {
            map.get(index).is_some_and(|resource| resource.any_id(|id| fits(resource, id)))
        })
        .collect()
}

/// The value of a var.
struct Replacement {
    scalar: Scalar,
    /// Where the value is written.
    span: Span,
    /// Where the var is named.
    via: Span,
    used: bool,
}

/// Replaces every `$(NAME)`, and warns of vars that are nowhere.
pub fn resolve(
    context: &mut Context<'_>,
    map: &mut ResMap,
    vars: &[Var],
    config: &TransformerConfig,
) {
    let before = context.error_count();
    let mut values = BTreeMap::new();
    let mut unusable = Vec::new();
    for var in vars {
        let Some(value) = value(context, map, var) else { continue };
        match value.value {
            Value::Scalar(scalar) => {
                let replacement =
                    Replacement { scalar, span: value.span, via: var.span, used: false };
                values.insert(var.name.value.clone(), replacement);
            }
            _ => unusable.push(var.name.value.clone()),
        }
    }
    if vars.is_empty() || context.error_count() > before {
        return;
    }
    for resource in map.iter_mut() {
        let gvk = resource.id().gvk.clone();
        let specs = config.var_references.iter().filter(|spec| gvk.is_selected_by(&spec.gvk));
        for spec in specs {
            let by = By { span: resource.span(), origin: OriginId::NONE };
            let mut expansion =
                Expansion { values: &mut values, origins: &mut context.origins, wrong: None };
            let result = visit(&mut resource.node, &spec.path, Create::Never, by, &mut |field| {
                expansion.field(field);
            });
            let wrong = expansion.wrong;
            if let Some(at) = wrong {
                let message =
                    format!("an element of {} is no string, and vars need strings", resource.id());
                context.report(
                    Diagnostic::error(codes::KUSTOMIZE_VAR, message, at)
                        .with_help("put it in quotes"),
                );
            }
            if let Err(wrong) = result {
                context.not_a_collection(resource, &spec.path, wrong);
            }
        }
    }
    for var in vars {
        let name = &var.name.value;
        if unusable.contains(name) {
            let message =
                format!("`$({name})` stays as it is: the value of the var is not a single value");
            context.report(Diagnostic::warning(codes::KUSTOMIZE_VAR, message, var.field_path.span));
        } else if values.get(name).is_some_and(|value| !value.used) {
            let message = format!("the var `{name}` is not used: there is no `$({name})`");
            context.report(
                Diagnostic::warning(codes::KUSTOMIZE_VAR, message, var.name.span).with_help(
                    "only some fields are searched; `varReference` in `configurations` adds others",
                ),
            );
        }
    }
}

/// The value that a var stands for.
fn value(context: &mut Context<'_>, map: &ResMap, var: &Var) -> Option<Node> {
    let name = &var.name.value;
    let Some(resource) = map.iter().find(|resource| resource.vars.contains(name)) else {
        let message = format!("no object is the source of the var `{name}`");
        let names: Vec<&str> = map
            .iter()
            .filter(|resource| resource.id().gvk.kind == var.gvk.kind)
            .map(|resource| resource.name().as_str())
            .collect();
        let help = did_you_mean(&var.object.value, names).unwrap_or_else(|| {
            "`objref` must name group, version, kind and name as an object has them".to_owned()
        });
        context.report(
            Diagnostic::error(codes::KUSTOMIZE_VAR, message, var.object.span).with_help(help),
        );
        return None;
    };
    let found = lookup(&resource.node, &split_with_indices(&var.field_path.value));
    let Ok(Some(value)) = found.map(Option::<&Node>::cloned) else {
        let message = format!("{} has no `{}`", resource.id(), var.field_path.value);
        context.report(
            Diagnostic::error(codes::KUSTOMIZE_VAR, message, var.field_path.span)
                .with_related(resource.span(), "the object of the var"),
        );
        return None;
    };
    let Value::Scalar(scalar) = &value.value else { return Some(value) };
    let scalar = match scalar.kind {
        ScalarKind::Int | ScalarKind::Bool | ScalarKind::Float => Scalar {
            kind: scalar.kind,
            text: canonical(scalar).map_or_else(|| scalar.text.clone(), Text::from),
        },
        ScalarKind::Null | ScalarKind::NothingInFlow => Scalar::string("null"),
        ScalarKind::String | ScalarKind::Timestamp => Scalar::string(scalar.text.clone()),
    };
    Some(Node { value: Value::Scalar(scalar), ..value })
}

/// The expansion of one field.
struct Expansion<'a> {
    values: &'a mut BTreeMap<Text, Replacement>,
    origins: &'a mut Origins,
    /// An element that is not a string.
    wrong: Option<Span>,
}

impl Expansion<'_> {
    fn field(&mut self, field: &mut Node) {
        match &mut field.value {
            Value::Scalar(_) => self.scalar(field),
            Value::Mapping(map) => map.iter_mut().for_each(|entry| self.scalar(&mut entry.value)),
            Value::Sequence(items) => {
                for item in items {
                    if item.as_str().is_none() {
                        self.wrong.get_or_insert(item.span);
                    }
                    self.scalar(item);
                }
            }
        }
    }

    fn scalar(&mut self, node: &mut Node) {
        let Some(text) = node.as_str() else { return };
        if !text.contains('$') {
            return;
        }
        let (scalar, place) = self.expanded(text);
        let (span, via) = place.unwrap_or((node.span, node.span));
        set_scalar(self.origins, node, scalar, Step::Var, via);
        if place.is_some() {
            node.span = span;
        }
    }

    /// The text with its vars replaced, and where the value of the first is written and asked for.
    fn expanded(&mut self, text: &str) -> (Scalar, Option<(Span, Span)>) {
        let mut result = String::with_capacity(text.len());
        let mut place = None;
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            result.push_str(rest.get(..at).unwrap_or_default());
            let (part, length) = Part::of(rest.get(at + 1..).unwrap_or_default());
            rest = rest.get(at + 1 + length..).unwrap_or_default();
            let name = match part {
                Part::Text(text) => {
                    result.push_str(text);
                    continue;
                }
                Part::Operator => {
                    result.push('$');
                    continue;
                }
                Part::Name(name) => name,
            };
            let Some(value) = self.values.get_mut(name) else {
                result.extend(["$(", name, ")"]);
                continue;
            };
            value.used = true;
            place.get_or_insert((value.span, value.via));
            if name.len() + "$()".len() == text.len() {
                // The whole text is the var, which keeps its type.
                return (value.scalar.clone(), place);
            }
            result.push_str(&value.scalar.text);
        }
        result.push_str(rest);
        (Scalar::string(result), place)
    }
}

/// What stands behind a `$`.
enum Part<'t> {
    /// `(NAME)`.
    Name(&'t str),
    /// Another `$`, which makes one of both, or nothing.
    Operator,
    /// What is no var, with the `$` before it.
    Text(&'t str),
}

impl<'t> Part<'t> {
    /// The part at the start of `text`, and how long it is.
    fn of(text: &'t str) -> (Self, usize) {
        if text.starts_with('$') {
            return (Self::Operator, 1);
        }
        let name = text.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        match name {
            Some((name, _)) => (Self::Name(name), name.len() + "()".len()),
            None if text.starts_with('(') => (Self::Text("$("), 1),
            // What follows is copied as text, for it is no `$`.
            None => (Self::Operator, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> (String, ScalarKind) {
        let mut sources = crate::source::Sources::default();
        let span = Span::start_of(sources.add("x", ""));
        let value = |kind, text: &str| Replacement {
            scalar: Scalar { kind, text: text.into() },
            span,
            via: span,
            used: false,
        };
        let mut values = BTreeMap::from([
            ("A".into(), value(ScalarKind::String, "a")),
            ("N".into(), value(ScalarKind::Int, "5")),
            ("REF".into(), value(ScalarKind::String, "$(A)")),
        ]);
        let mut origins = Origins::default();
        let mut expansion = Expansion { values: &mut values, origins: &mut origins, wrong: None };
        let (scalar, _) = expansion.expanded(text);
        (scalar.text.into(), scalar.kind)
    }

    #[test]
    fn vars_are_replaced_and_what_is_not_one_stays() {
        for (text, expected) in [
            ("$(A)-$(A)", "a-a"),
            ("___$(A)", "___a"),
            ("$$(A)_$(A)", "$(A)_a"),
            ("$$$(A)", "$a"),
            ("$(NONE)", "$(NONE)"),
            ("$(A$(A))", "$(A$(A))"),
            ("$(A)$(", "a$("),
            ("a$", "a$"),
            ("$é $A", "$é $A"),
            ("$(REF)", "$(A)"),
            ("x$(N)", "x5"),
        ] {
            assert_eq!(expand(text), (expected.to_owned(), ScalarKind::String), "{text}");
        }
    }

    #[test]
    fn a_var_alone_keeps_its_type() {
        assert_eq!(expand("$(N)"), ("5".to_owned(), ScalarKind::Int));
    }
}
