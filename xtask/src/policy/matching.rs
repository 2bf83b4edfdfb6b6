//! `spec.match`: which objects a constraint is about.
//!
//! Source: `pkg/mutation/match` and `pkg/target/matcher.go` of Gatekeeper 3.23.1, as its webhook
//! uses them. `gator test` differs: it takes what has no namespace for namespaced.

use std::fmt;

use super::{Fault, Origin, object};
use crate::{
    cluster::{Operator, Requirement, Selector},
    formats::Format,
    resource::Gvk,
    yaml::{Mapping, Node},
};

/// A condition on objects: all of its parts must hold.
#[derive(Clone, Debug, Default)]
pub struct Match<'a> {
    kinds: Vec<Kinds<'a>>,
    scope: Scope,
    namespaces: Vec<Wildcard<'a>>,
    excluded_namespaces: Vec<Wildcard<'a>>,
    labels: Option<Labels<'a>>,
    namespace_labels: Option<Labels<'a>>,
    name: Option<Wildcard<'a>>,
    source: Source,
}

/// Some kinds in some groups. An empty list is any.
#[derive(Clone, Debug)]
struct Kinds<'a> {
    groups: Vec<&'a str>,
    kinds: Vec<&'a str>,
}

/// What has a namespace, or has none. A word that is none of these is no condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scope {
    #[default]
    Any,
    Cluster,
    Namespaced,
}

/// Where objects come from. A word that is none of these is an error of each match.
#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    All,
    Only(Origin),
    Unknown(Fault),
}

/// A selector, or why it is none, which is an error of each match.
type Labels<'a> = Result<Selector<'a>, Fault>;

/// A name, or the beginning, the end or a part of one, where there is a `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wildcard<'a>(pub &'a str);

/// What a condition is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The object.
    pub object: &'a Node,
    /// Its group, version and kind.
    pub gvk: &'a Gvk,
    /// The namespace that it is in, if that is known.
    pub namespace: Option<&'a Node>,
    /// Where it comes from, if that is known.
    pub origin: Option<Origin>,
}

impl<'a> Wildcard<'a> {
    /// Whether it is a name of this form.
    pub fn matches(self, name: &str) -> bool {
        match self.parts() {
            (true, part, true) => name.contains(part),
            (true, end, false) => name.ends_with(end),
            (false, start, true) => name.starts_with(start),
            (false, whole, false) => name == whole,
        }
    }

    /// Whether what is generated from a prefix can have a name of this form.
    pub fn matches_prefix(self, prefix: &str) -> bool {
        match self.parts() {
            (true, part, true) => prefix.contains(part),
            (false, start, true) => prefix.starts_with(start),
            (_, _, false) => false,
        }
    }

    /// Whether something may come before it, the text, and whether something may come after it.
    fn parts(self) -> (bool, &'a str, bool) {
        let (before, after) = (self.0.starts_with('*'), self.0.ends_with('*'));
        let text = self.0.strip_prefix('*').unwrap_or(self.0);
        (before, text.strip_suffix('*').unwrap_or(text), after)
    }
}

impl<'a> Match<'a> {
    /// Reads a condition. Errors are fields of the wrong type.
    pub fn new(node: &'a Node) -> Result<Self, Fault> {
        let mut found = Self::default();
        for entry in of_mapping(node, "spec.match")?.into_iter().flatten() {
            let value = &entry.value;
            if value.is_null() {
                continue;
            }
            let path = format!("spec.match.{}", entry.key);
            match entry.key.as_str() {
                "kinds" => {
                    for one in sequence(value, &path)? {
                        of_mapping(one, &path)?;
                        let list = |key| match object::get(one, key) {
                            Some(list) => texts(list, &format!("{path}[].{key}")),
                            None => Ok(Vec::new()),
                        };
                        found
                            .kinds
                            .push(Kinds { groups: list("apiGroups")?, kinds: list("kinds")? });
                    }
                }
                "scope" => {
                    found.scope = match string(value, &path)? {
                        "Cluster" => Scope::Cluster,
                        "Namespaced" => Scope::Namespaced,
                        _ => Scope::Any,
                    };
                }
                "namespaces" => found.namespaces = wildcards(value, &path)?,
                "excludedNamespaces" => found.excluded_namespaces = wildcards(value, &path)?,
                "labelSelector" => found.labels = Some(labels(value, &path)?),
                "namespaceSelector" => found.namespace_labels = Some(labels(value, &path)?),
                "name" => {
                    found.name =
                        Some(Wildcard(string(value, &path)?)).filter(|one| !one.0.is_empty());
                }
                "source" => {
                    found.source = match string(value, &path)? {
                        "" | "All" => Source::All,
                        "Original" => Source::Only(Origin::Original),
                        "Generated" => Source::Only(Origin::Generated),
                        other => {
                            let fault = Fault::new(value, format!("there is no source `{other}`"));
                            let help = "the sources are `All`, `Original` and `Generated`";
                            Source::Unknown(fault.help(help))
                        }
                    };
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Checks the selectors of a constraint alone, as Gatekeeper does before anything else of it.
    pub(super) fn validate_selectors(constraint: &Node) -> Result<(), Fault> {
        let mut node = constraint;
        let mut path = String::new();
        for key in ["spec", "match"] {
            let Some(next) = object::get(node, key) else { return Ok(()) };
            path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            of_mapping(next, &path)?;
            node = next;
        }
        for key in ["labelSelector", "namespaceSelector"] {
            let Some(selector) = node.get(key) else { continue };
            let path = format!("{path}.{key}");
            if selector.is_null() {
                return Err(Fault::type_of(selector, path, "a mapping"));
            }
            labels(selector, &path)??;
        }
        Ok(())
    }

    /// Why a selector or the source of it has no meaning, so that a constraint with it is refused.
    pub(super) fn fault(&self) -> Option<Fault> {
        let selectors = [&self.labels, &self.namespace_labels].into_iter().flatten();
        let source = match &self.source {
            Source::Unknown(fault) => Some(fault),
            _ => None,
        };
        selectors.filter_map(|one| one.as_ref().err()).chain(source).next().cloned()
    }

    /// Whether an object is selected. The error is why that cannot be told.
    pub fn matches(&self, target: Target<'_>) -> Result<bool, String> {
        Ok(self.has_kind(target.gvk)
            && self.has_scope(target)
            && self.has_namespace(target)
            && match &self.labels {
                Some(selector) => usable(selector)?.matches(&object::labels(target.object)),
                None => true,
            }
            && self.has_namespace_labels(target)?
            && self.has_name(target.object)
            && self.has_source(target)?)
    }

    fn has_kind(&self, gvk: &Gvk) -> bool {
        let has = |list: &[&str], one: &str| {
            list.is_empty() || list.iter().any(|item| *item == "*" || *item == one)
        };
        self.kinds.is_empty()
            || self
                .kinds
                .iter()
                .any(|one| has(&one.kinds, &gvk.kind) && has(&one.groups, &gvk.group))
    }

    fn has_scope(&self, target: Target<'_>) -> bool {
        let has_namespace =
            target.namespace.is_some() || !object::namespace(target.object).is_empty();
        let is_namespace = object::is_namespace(target.gvk);
        match self.scope {
            Scope::Any => true,
            Scope::Cluster => is_namespace || !has_namespace,
            Scope::Namespaced => !is_namespace && has_namespace,
        }
    }

    fn has_namespace(&self, target: Target<'_>) -> bool {
        // What is in no namespace is in none that is named and in none that is excluded.
        let Some(namespace) = target.effective_namespace() else { return true };
        let named = |list: &[Wildcard<'_>]| list.iter().any(|one| one.matches(namespace));
        (self.namespaces.is_empty() || named(&self.namespaces)) && !named(&self.excluded_namespaces)
    }

    fn has_namespace_labels(&self, target: Target<'_>) -> Result<bool, String> {
        let Some(selector) = &self.namespace_labels else { return Ok(true) };
        let is_namespace = object::is_namespace(target.gvk);
        let declared = object::namespace(target.object);
        if !is_namespace && target.namespace.is_none() && declared.is_empty() {
            return Ok(true);
        }
        let selector = usable(selector)?;
        let namespace = if is_namespace { Some(target.object) } else { target.namespace };
        match namespace {
            Some(namespace) => Ok(selector.matches(&object::labels(namespace))),
            None => {
                Err("namespace selector for namespace-scoped object but missing Namespace"
                    .to_owned())
            }
        }
    }

    fn has_name(&self, node: &Node) -> bool {
        self.name.is_none_or(|name| {
            name.matches(object::name(node))
                || name.matches_prefix(object::text(node, &["metadata", "generateName"]))
        })
    }

    fn has_source(&self, target: Target<'_>) -> Result<bool, String> {
        match (&self.source, target.origin) {
            (Source::All, _) => Ok(true),
            (Source::Unknown(fault), _) => Err(fault.message.clone()),
            (Source::Only(_), None) => {
                let name = object::name(target.object);
                Err(format!("source field not specified for resource {name}"))
            }
            (Source::Only(wanted), Some(origin)) => Ok(*wanted == origin),
        }
    }
}

impl<'a> Target<'a> {
    /// The namespace that is looked at: of a Namespace itself.
    fn effective_namespace(self) -> Option<&'a str> {
        if object::is_namespace(self.gvk) {
            return Some(object::name(self.object));
        }
        match self.namespace {
            Some(namespace) => Some(object::name(namespace)),
            None => Some(object::namespace(self.object)).filter(|name| !name.is_empty()),
        }
    }
}

fn usable<'l, 'a>(labels: &'l Labels<'a>) -> Result<&'l Selector<'a>, String> {
    labels.as_ref().map_err(|fault| fault.message.clone())
}

/// A selector as an API server validates it. Errors are fields of the wrong type; a selector that
/// has no meaning is an error inside.
fn labels<'a>(node: &'a Node, path: &str) -> Result<Labels<'a>, Fault> {
    let mut selector = Selector::default();
    let mut faults = Vec::new();
    of_mapping(node, path)?;
    if let Some(pairs) = object::get(node, "matchLabels") {
        let path = format!("{path}.matchLabels");
        for entry in of_mapping(pairs, &path)?.into_iter().flatten() {
            let value = string(&entry.value, format!("{path}.{}", entry.key))?;
            let values = vec![value];
            let one = Requirement { key: &entry.key, operator: Operator::In, values };
            faults.extend(fault_of(&one, &entry.value));
            selector.requirements.push(one);
        }
    }
    if let Some(list) = object::get(node, "matchExpressions") {
        let path = format!("{path}.matchExpressions");
        for node in sequence(list, &path)? {
            match requirement(node, &path)? {
                Ok(one) => {
                    faults.extend(fault_of(&one, node));
                    selector.requirements.push(one);
                }
                Err(fault) => faults.push(fault),
            }
        }
    }
    Ok(faults.into_iter().next().map_or(Ok(selector), Err))
}

/// One of `matchExpressions`.
fn requirement<'a>(node: &'a Node, path: &str) -> Result<Result<Requirement<'a>, Fault>, Fault> {
    of_mapping(node, path)?;
    let field = |key: &str| match object::get(node, key) {
        Some(value) => string(value, format!("{path}[].{key}")),
        None => Ok(""),
    };
    let (key, word) = (field("key")?, field("operator")?);
    let values = object::get(node, "values");
    let values = values.map_or(Ok(Vec::new()), |list| texts(list, &format!("{path}[].values")))?;
    let operator = match word {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        _ => {
            let at = node.get("operator").unwrap_or(node);
            let fault = Fault::new(at, format!("`{word}` is not a valid label selector operator"));
            return Ok(Err(fault.help("there are: In, NotIn, Exists, DoesNotExist")));
        }
    };
    Ok(Ok(Requirement { key, operator, values }))
}

/// What an API server refuses of a requirement.
fn fault_of(one: &Requirement<'_>, at: &Node) -> Option<Fault> {
    let needs_values = matches!(one.operator, Operator::In | Operator::NotIn);
    let message = if needs_values && one.values.is_empty() {
        "`values` of `In` and `NotIn` must not be empty".to_owned()
    } else if !needs_values && !one.values.is_empty() {
        "`values` of `Exists` and `DoesNotExist` must be empty".to_owned()
    } else if one.key.is_empty() {
        "a requirement must have the `key` of a label".to_owned()
    } else if let Err(fault) = Format::QualifiedName.check(one.key) {
        format!("the label `{}` {fault}", one.key)
    } else {
        let mut faults = one.values.iter().filter_map(|value| {
            let fault = Format::LabelValue.check(value).err()?;
            Some(format!("the label value `{value}` {fault}"))
        });
        faults.next()?
    };
    Some(Fault::new(at, message))
}

fn wildcards<'a>(node: &'a Node, path: &str) -> Result<Vec<Wildcard<'a>>, Fault> {
    Ok(texts(node, path)?.into_iter().map(Wildcard).collect())
}

/// The texts of a list, in which null is an empty one.
pub(super) fn texts<'a>(node: &'a Node, path: &str) -> Result<Vec<&'a str>, Fault> {
    let texts = sequence(node, path)?.iter();
    texts.map(|item| if item.is_null() { Ok("") } else { string(item, path) }).collect()
}

pub(super) fn of_mapping(node: &Node, path: impl fmt::Display) -> Result<Option<&Mapping>, Fault> {
    match node.as_mapping() {
        None if !node.is_null() => Err(Fault::type_of(node, path, "a mapping")),
        mapping => Ok(mapping),
    }
}

pub(super) fn sequence(node: &Node, path: impl fmt::Display) -> Result<&[Node], Fault> {
    node.as_sequence().ok_or_else(|| Fault::type_of(node, path, "a sequence"))
}

pub(super) fn string(node: &Node, path: impl fmt::Display) -> Result<&str, Fault> {
    node.as_str().ok_or_else(|| Fault::type_of(node, path, "a string"))
}
