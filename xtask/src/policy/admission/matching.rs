//! Which objects a policy or a binding is for.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go` and
//! `plugin/webhook/predicates`. Every object is about to be made: the operation is `CREATE`.

use super::subject::{Subject, Version};
use crate::{
    cluster::Selector,
    yaml::{Node, Text},
};

/// `matchConstraints`, or `matchResources`.
#[derive(Debug, Default)]
pub(super) struct Match<'a> {
    rules: Vec<Rule<'a>>,
    excluded: Vec<Rule<'a>>,
    namespaces: Selector<'a>,
    objects: Selector<'a>,
    /// Whether a rule for one version is for the others too.
    is_equivalent: bool,
}

#[derive(Debug)]
struct Rule<'a> {
    groups: Vec<&'a str>,
    versions: Vec<&'a str>,
    resources: Vec<&'a str>,
    operations: Vec<&'a str>,
    names: Vec<&'a str>,
    scope: &'a str,
}

impl<'a> Match<'a> {
    /// Reads it. None if a selector cannot be read, which the schema reports.
    pub fn read(node: &'a Node) -> Option<Self> {
        let selector = |key| match node.get(key).filter(|one| !one.is_null()) {
            Some(one) => Selector::of(one),
            None => Some(Selector::default()),
        };
        let rules = |key| {
            let list = node.get(key).and_then(Node::as_sequence).unwrap_or_default();
            list.iter().map(Rule::read).collect()
        };
        Some(Self {
            rules: rules("resourceRules"),
            excluded: rules("excludeResourceRules"),
            namespaces: selector("namespaceSelector")?,
            objects: selector("objectSelector")?,
            is_equivalent: node.text_at(&["matchPolicy"]) != Some("Exact"),
        })
    }

    /// The version in which an object is asked for, if it is.
    pub fn version(&self, subject: &Subject<'_>) -> Option<Version> {
        if !self.has_namespace(subject)
            || !self.objects.matches(&subject.labels())
            || self.by_rules(&self.excluded, subject).is_some()
        {
            return None;
        }
        if self.rules.is_empty() { Some(Version::Own) } else { self.by_rules(&self.rules, subject) }
    }

    fn by_rules(&self, rules: &[Rule<'_>], subject: &Subject<'_>) -> Option<Version> {
        if rules.iter().any(|rule| rule.matches(subject, &subject.gvk.version)) {
            return Some(Version::Own);
        }
        if !self.is_equivalent {
            return None;
        }
        let other = rules.iter().find_map(|rule| {
            subject.equivalents.iter().find(|other| rule.matches(subject, &other.version))
        });
        other.map(|other| Version::Other(other.clone()))
    }

    fn has_namespace(&self, subject: &Subject<'_>) -> bool {
        // What is in no namespace is in none that is left out.
        subject.namespace.is_empty()
            || self.namespaces.is_empty()
            || self.namespaces.matches(
                &subject.namespace_labels.iter().map(|(key, value)| (key.as_str(), value.as_str())),
            )
    }
}

impl<'a> Rule<'a> {
    fn read(node: &'a Node) -> Self {
        let list = |key| {
            let list = node.get(key).and_then(Node::as_sequence).unwrap_or_default();
            list.iter().filter_map(Node::as_str).collect()
        };
        Self {
            groups: list("apiGroups"),
            versions: list("apiVersions"),
            resources: list("resources"),
            operations: list("operations"),
            names: list("resourceNames"),
            scope: node.text_at(&["scope"]).unwrap_or("*"),
        }
    }

    fn matches(&self, subject: &Subject<'_>, version: &Text) -> bool {
        let has = |list: &[&str], one: &str| list.iter().any(|item| *item == "*" || *item == one);
        let is_namespaced = !subject.namespace.is_empty() && !subject.is_namespace();
        let has_resource = self.resources.iter().any(|one| {
            // A part such as `pods/status` is never asked for when an object is made.
            let (resource, part) = one.split_once('/').unwrap_or((one, ""));
            (resource == "*" || resource == subject.resource) && (part.is_empty() || part == "*")
        });
        let has_scope = match self.scope {
            "*" => true,
            "Namespaced" => is_namespaced,
            "Cluster" => !is_namespaced,
            _ => false,
        };
        has_scope
            && has(&self.operations, "CREATE")
            && has(&self.groups, &subject.gvk.group)
            && has(&self.versions, version)
            && has_resource
            && (self.names.is_empty() || self.names.contains(&subject.name.as_str()))
    }
}
