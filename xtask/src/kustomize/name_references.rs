//! References by name that follow the new name of what they refer to.
//!
//! Source: kustomize's `filters/nameref` and its table of fields (`tables/name_references.tsv`).
//! A reference is looked up by the name that it has, among the objects that had that name.

use std::collections::{BTreeSet, HashMap};

use super::{
    context::{Context, set_text},
    field_spec::{By, Create, visit},
    transformer_config::TransformerConfig,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Gvk, Origins, Previous, PreviousId, ResMap, Resource, Step},
    source::{OriginId, Span},
    yaml::{Node, Text, Value},
};

/// One field that holds the name of an object.
#[derive(Clone, Copy)]
struct Rule<'c> {
    /// What is named.
    target: &'c Gvk,
    path: &'c [Text],
}

/// Updates every reference.
pub fn update(context: &mut Context<'_>, map: &mut ResMap, config: &TransformerConfig) {
    let candidates = Candidates::new(map);
    let mut rules_of: HashMap<Gvk, Vec<Rule<'_>>> = HashMap::new();
    for resource in map.iter_mut() {
        let gvk = resource.original_gvk();
        let rules = rules_of.entry(gvk).or_insert_with_key(|gvk| rules(config, gvk));
        if rules.is_empty() {
            continue;
        }
        let referrer = Referrer::new(resource);
        if let Some(span) = referrer.blank_namespace {
            let message = format!("a subject of {} has an empty namespace", resource.id());
            context.report(
                Diagnostic::error(codes::KUSTOMIZE_FIELD_SHAPE, message, span)
                    .with_help("name the namespace, or remove the field"),
            );
            continue;
        }
        for &rule in &*rules {
            let mut problems = Vec::new();
            let mut update = Update {
                candidates: &candidates,
                referrer: &referrer,
                rule,
                origins: &mut context.origins,
                problems: &mut problems,
            };
            // Nothing is created, so nobody asks for it.
            let by = By { span: resource.node.span, origin: OriginId::NONE };
            let result = visit(&mut resource.node, rule.path, Create::Never, by, &mut |field| {
                update.field(field);
            });
            if let Err(wrong) = result {
                context.not_a_collection(resource, rule.path, wrong);
            }
            context.diagnostics.extend(problems);
        }
    }
}

/// The fields of a kind that hold names.
fn rules<'c>(config: &'c TransformerConfig, gvk: &Gvk) -> Vec<Rule<'c>> {
    let mut rules = Vec::new();
    for references in &config.name_references {
        let referrers = references.referrers.iter().filter(|spec| gvk.is_selected_by(&spec.gvk));
        rules.extend(referrers.map(|spec| Rule { target: &references.target, path: &spec.path }));
    }
    rules
}

/// What is known of an object that may be referred to.
struct Candidate {
    previous: Vec<PreviousId>,
    current: PreviousId,
    group: Text,
    version: Text,
    /// The namespace as written.
    namespace: Text,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
    is_cluster_scoped: bool,
    span: Span,
    /// The name that it has now, with the history that a reference to it follows.
    name: Previous,
}

impl Candidate {
    fn was_selected_by(&self, selector: &Gvk) -> bool {
        let fits = |wanted: &Text, actual: &Text| wanted.is_empty() || wanted == actual;
        fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
            && self.previous.iter().any(|id| fits(&selector.kind, &id.kind))
    }
}

/// The objects that had other identities, found by the names that they had.
struct Candidates {
    all: Vec<Candidate>,
    by_name: HashMap<Text, Vec<usize>>,
    by_name_and_namespace: HashMap<(Text, Text), Vec<usize>>,
    /// For each current namespace the original namespaces of what is in it now.
    original_namespaces: HashMap<Text, BTreeSet<Text>>,
}

impl Candidates {
    fn new(map: &ResMap) -> Self {
        let mut candidates = Self {
            all: Vec::new(),
            by_name: HashMap::new(),
            by_name_and_namespace: HashMap::new(),
            original_namespaces: HashMap::new(),
        };
        for resource in map.iter() {
            let current = resource.current();
            candidates
                .original_namespaces
                .entry(current.namespace.clone())
                .or_default()
                .insert(resource.original().namespace);
            if resource.previous().is_empty() {
                continue;
            }
            let id = resource.id();
            let at = candidates.all.len();
            let names: BTreeSet<Text> =
                resource.previous().iter().map(|id| id.name.clone()).collect();
            for name in names {
                let key = (name.clone(), current.namespace.clone());
                candidates.by_name_and_namespace.entry(key).or_default().push(at);
                candidates.by_name.entry(name).or_default().push(at);
            }
            let name = resource.node.at(&["metadata", "name"]);
            candidates.all.push(Candidate {
                previous: resource.previous().to_vec(),
                group: id.gvk.group.clone(),
                version: id.gvk.version.clone(),
                namespace: id.namespace.clone(),
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
                is_cluster_scoped: id.is_cluster_scoped,
                span: resource.span(),
                name: Previous {
                    value: Some(current.name.clone()),
                    span: name.map_or(resource.span(), |node| node.span),
                    origin: name.map_or(OriginId::NONE, |node| node.origin),
                },
                current,
            });
        }
        candidates
    }

    /// The objects that had `name` and that `referrer` can refer to at all, in order.
    fn named(&self, name: &str, referrer: &Referrer) -> Vec<&Candidate> {
        let mut found: Vec<usize> = Vec::new();
        if referrer.is_cluster_scoped {
            found.extend(self.by_name.get(name).into_iter().flatten());
        } else {
            for namespace in &referrer.reachable {
                let key = (Text::from(name), namespace.clone());
                found.extend(self.by_name_and_namespace.get(&key).into_iter().flatten());
            }
            found.sort_unstable();
            found.dedup();
        }
        found.into_iter().filter_map(|at| self.all.get(at)).collect()
    }

    /// Whether something that `referrer` can refer to was read in `namespace`.
    fn was_used(&self, namespace: &str, referrer: &Referrer) -> bool {
        let contains = |originals: &BTreeSet<Text>| originals.contains(namespace);
        if referrer.is_cluster_scoped {
            return self.original_namespaces.values().any(contains);
        }
        let mut reachable = referrer.reachable.iter();
        reachable.any(|current| self.original_namespaces.get(current).is_some_and(contains))
    }
}

/// The object that refers.
struct Referrer {
    id: String,
    is_cluster_scoped: bool,
    namespace: Text,
    /// The effective namespaces that it can refer to.
    reachable: Vec<Text>,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
    /// Where a service account among the subjects has a namespace that is not a string.
    blank_namespace: Option<Span>,
    /// Group and kind of `roleRef`, if it has both.
    role: Option<Gvk>,
}

impl Referrer {
    fn new(resource: &Resource) -> Self {
        let current = resource.current();
        let mut blank_namespace = None;
        let mut reachable = vec![current.namespace.clone(), Text::const_new("_non_namespaceable_")];
        if current.kind == "RoleBinding" {
            let subjects = resource.node.get("subjects").and_then(Node::as_sequence);
            for subject in subjects.into_iter().flatten() {
                let text = |key| subject.get(key).and_then(Node::scalar_text);
                if text("kind") != Some("ServiceAccount") {
                    continue;
                }
                match subject.get("namespace") {
                    Some(node) if node.as_str().is_none() => blank_namespace = Some(node.span),
                    namespace => {
                        reachable.extend(namespace.and_then(Node::as_str).map(Text::from));
                    }
                }
            }
        }
        let role = resource.node.get("roleRef").and_then(|role| {
            Some(Gvk {
                group: role.get("apiGroup")?.scalar_text()?.into(),
                version: Text::default(),
                kind: role.get("kind")?.scalar_text()?.into(),
            })
        });
        Self {
            id: resource.id().to_string(),
            is_cluster_scoped: resource.id().is_cluster_scoped,
            namespace: current.namespace,
            reachable,
            blank_namespace,
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            role,
        }
    }
}

/// The update of the fields of one rule in one object.
struct Update<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    rule: Rule<'a>,
    origins: &'a mut Origins,
    problems: &'a mut Vec<Diagnostic>,
}

impl Update<'_> {
    fn field(&mut self, field: &mut Node) {
        match &mut field.value {
            Value::Scalar(_) => self.name(field),
            Value::Mapping(_) => self.object(field),
            Value::Sequence(items) => {
                for item in items {
                    match &item.value {
                        Value::Scalar(_) => self.name(item),
                        _ => self.object(item),
                    }
                }
            }
        }
    }

    /// A field that is the name.
    fn name(&mut self, field: &mut Node) {
        let Some(old) = field.scalar_text().filter(|_| !field.is_null()).map(Text::from) else {
            return;
        };
        let named = self.candidates.named(&old, self.referrer);
        let Some(target) =
            self.choose(field.span, &old, named, |a, b| a.current.name == b.current.name)
        else {
            return;
        };
        follow(self.origins, field, &target.name);
    }

    /// A field that is an object with a name and perhaps a namespace.
    fn object(&mut self, field: &mut Node) {
        let Some(name) = field.get("name") else {
            let path: Vec<&str> = self.rule.path.iter().map(Text::as_str).collect();
            let message = format!("`{}` of {} has no `name`", path.join("."), self.referrer.id);
            self.problems.push(Diagnostic::error(
                codes::KUSTOMIZE_FIELD_SHAPE,
                message,
                field.span,
            ));
            return;
        };
        let span = name.span;
        let old = Text::from(name.scalar_text().unwrap_or(""));
        let mut named = self.candidates.named(&old, self.referrer);
        if let Some(namespace) = field.get("namespace").and_then(Node::scalar_text) {
            let original = self.candidates.was_used(namespace, self.referrer);
            named.retain(|candidate| {
                let first = candidate.previous.first().unwrap_or(&candidate.current);
                let id = if original { first } else { &candidate.current };
                id.namespace == namespace && !candidate.is_cluster_scoped
            });
        }
        let same = |a: &Candidate, b: &Candidate| {
            a.current.name == b.current.name && a.namespace == b.namespace
        };
        let Some(target) = self.choose(span, &old, named, same) else { return };
        let (name, namespace) = (target.name.clone(), target.namespace.clone());
        let at = name.span;
        if let Some(node) = field.get_mut("name") {
            follow(self.origins, node, &name);
        }
        if namespace.is_empty() {
            return;
        }
        if let Some(node) = field.get_mut("namespace") {
            set_text(self.origins, node, namespace, Step::NameReference, at);
        } else {
            let origin = self.origins.record(Step::NameReference, at, None);
            if let Some(map) = field.as_mapping_mut() {
                map.push("namespace", at, Node::string(namespace, at, origin));
            }
        }
    }

    /// The one object that is meant, if it can be told.
    fn choose<'c>(
        &mut self,
        span: Span,
        name: &str,
        mut named: Vec<&'c Candidate>,
        same: impl Fn(&Candidate, &Candidate) -> bool,
    ) -> Option<&'c Candidate> {
        let is_role =
            self.rule.path.ends_with(&[Text::const_new("roleRef"), Text::const_new("name")]);
        let role = self.referrer.role.as_ref().filter(|_| is_role);
        named.retain(|candidate| {
            candidate.was_selected_by(self.rule.target)
                && role.is_none_or(|role| candidate.was_selected_by(role))
                && (self.referrer.is_cluster_scoped
                    || candidate.is_cluster_scoped
                    || candidate.current.kind == "ServiceAccount"
                    || candidate.current.namespace == self.referrer.namespace)
        });
        if named.len() > 1 {
            named.retain(|candidate| self.same_affixes(candidate, true));
        }
        if named.len() > 1 {
            named.retain(|candidate| self.same_affixes(candidate, false));
        }
        let (first, others) = named.split_first()?;
        if others.iter().all(|other| same(first, other)) {
            return Some(first);
        }
        let message = format!(
            "`{name}` in {} can refer to {} objects that have different names now",
            self.referrer.id,
            named.len()
        );
        let mut diagnostic = Diagnostic::error(codes::KUSTOMIZE_AMBIGUOUS_REFERENCE, message, span)
            .with_help("give them different names before the prefixes and suffixes are added");
        for candidate in &named {
            let label = format!("{} `{}`", candidate.current.kind, candidate.current.name);
            diagnostic = diagnostic.with_related(candidate.span, label);
        }
        self.problems.push(diagnostic);
        None
    }

    /// Whether an object got its prefixes and suffixes in the same kustomizations.
    fn same_affixes(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let fits = |a: &[Text], b: &[Text]| {
            (empty_fits && (a.is_empty() || b.is_empty())) || same_ending(a, b)
        };
        fits(&candidate.prefixes, &self.referrer.prefixes)
            && fits(&candidate.suffixes, &self.referrer.suffixes)
    }
}

fn same_ending(a: &[Text], b: &[Text]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}

/// Gives a reference the name of an object, by the same steps that gave it to the object.
fn follow(origins: &mut Origins, field: &mut Node, name: &Previous) {
    if name.value.as_deref() == field.scalar_text() {
        return;
    }
    let before = origins.get(name.origin).and_then(|origin| origin.previous.clone());
    // What the object was called before any step is not a name that the reference had.
    if let Some(before) = before.filter(|before| before.origin != OriginId::NONE) {
        follow(origins, field, &before);
    }
    let text = name.value.clone().unwrap_or_default();
    set_text(origins, field, text, Step::NameReference, name.span);
}
