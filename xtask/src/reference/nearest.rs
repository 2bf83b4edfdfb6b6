//! A selector that selects nothing, and what it comes near to.

use crate::{
    cluster::{Cluster, Object, Operator, Requirement, Selector, Workload},
    diag::{Anchor, Code, Diagnostic, closest},
    yaml::Node,
};

/// How many workloads are compared with a selector.
const MAX_CANDIDATES: usize = 64;

/// A selector of an object.
pub(super) struct Use<'u, 'a> {
    pub object: &'u Object<'a>,
    /// Where it is in the object: `spec.selector`.
    pub path: &'u str,
    /// What is written there.
    pub node: &'a Node,
    pub selector: &'u Selector<'a>,
    /// The namespace whose pods it selects.
    pub namespace: &'u str,
    /// Whether these are the pods that the object is for, which often have its name.
    pub is_own: bool,
}

/// How many requirements are met, whether another one nearly is, and whether the workload has the
/// name of the object that selects.
type Score = (usize, bool, bool);

/// A workload and the first requirement that its pods do not meet.
struct Nearest<'c, 'a> {
    workload: &'c Workload<'a>,
    requirement: usize,
}

impl<'a> Use<'_, 'a> {
    /// The problem that the selector selects no pods; none where they may be elsewhere.
    pub fn selects_nothing(&self, cluster: &Cluster<'a>, code: Code) -> Option<Diagnostic<Anchor>> {
        let Self { object, path, namespace, .. } = *self;
        // Alone among some files, a selector says nothing about the pods that it is for.
        if !cluster.is_closed() && cluster.workloads_of(namespace).next().is_none() {
            return None;
        }
        let values = self.selector.requirements.iter().flat_map(|one| &one.values);
        let words: Vec<&str> = values.copied().collect();
        let problem = |why: String| format!("`{path}` of {object} selects no pods: {why}");
        let Some(nearest) = self.nearest(cluster) else {
            if let Some(elsewhere) = self.elsewhere(cluster) {
                let owner = cluster.object_of(elsewhere);
                let why = format!("those of {owner} are in namespace `{}`", elsewhere.namespace());
                let told = (code, problem(why), object.at(self.node.span));
                let told = cluster.missing_in(namespace, &words, told)?;
                let told = told.with_related(owner.name_anchor(), format!("{owner} is here"));
                return Some(told.with_help("a selector selects in its own namespace only"));
            }
            let why = format!("there are none with {} in namespace `{namespace}`", self.wanted());
            let told = (code, problem(why), object.at(self.node.span));
            let help = "add the workload that it is for, or correct the selector";
            return Some(cluster.missing_in(namespace, &words, told)?.with_help(help));
        };
        let requirement = self.selector.requirements.get(nearest.requirement)?;
        let Requirement { key, .. } = requirement;
        let owner = cluster.object_of(nearest.workload);
        let labels = nearest.workload.metadata.and_then(|metadata| metadata.get("labels"));
        let label = labels.and_then(|labels| labels.get(key));
        let actual = label.and_then(Node::scalar_text);
        let why = match actual {
            Some(actual) => format!("those of {owner} have `{key}: {actual}`, not `{requirement}`"),
            None => format!("those of {owner} have no label `{key}`"),
        };
        let at = object.at(self.at(requirement).span);
        let mut told = cluster.missing_in(namespace, &words, (code, problem(why), at))?;
        if let Some(node) = label.or(labels) {
            let label = format!("the labels of the pods of {owner}");
            told = told.with_related(owner.at(node.span), label);
        }
        let help = match actual {
            Some(actual) => format!("select `{key}: {actual}`, or change the label of the pods"),
            None => format!("give the pods the label `{key}`, or do not select by it"),
        };
        Some(told.with_help(help))
    }

    /// The workload that meets most of the requirements, or one of them nearly.
    fn nearest<'c>(&self, cluster: &'c Cluster<'a>) -> Option<Nearest<'c, 'a>> {
        let labels = self.selector.equalities();
        let similar = labels
            .flat_map(|label| cluster.labelled(self.namespace, label).take(MAX_CANDIDATES))
            .take(MAX_CANDIDATES);
        let others = cluster.workloads_of(self.namespace).take(MAX_CANDIDATES);
        let mut best: Option<(Score, Nearest<'c, 'a>)> = None;
        for workload in similar.chain(others) {
            let Some((score, requirement)) = self.score(cluster, workload) else { continue };
            if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                best = Some((score, Nearest { workload, requirement }));
            }
        }
        best.map(|(_, nearest)| nearest)
    }

    /// A workload of another namespace whose pods the selector would select there.
    fn elsewhere<'c>(&self, cluster: &'c Cluster<'a>) -> Option<&'c Workload<'a>> {
        let mut namespaces = cluster.workload_namespaces().take(MAX_CANDIDATES);
        namespaces.find_map(|namespace| cluster.selected(namespace, self.selector).first().copied())
    }

    /// How near a workload comes, and the first requirement that its pods do not meet; `None` if
    /// they have nothing to do with the selector.
    fn score(&self, cluster: &Cluster<'a>, workload: &Workload<'a>) -> Option<(Score, usize)> {
        let labels = workload.labels();
        let requirements = &self.selector.requirements;
        let met = requirements.iter().filter(|one| one.matches(&labels)).count();
        let unmet = requirements.iter().position(|one| !one.matches(&labels))?;
        let one = requirements.get(unmet)?;
        let actual = labels.clone().find(|(key, _)| *key == one.key).map(|(_, value)| value);
        let nearly = actual.is_some_and(|actual| {
            one.values.iter().any(|value| closest(value, [actual]).is_some())
        });
        let same_name = self.is_own && cluster.object_of(workload).id.name == self.object.id.name;
        (met > 0 || nearly || same_name).then_some(((met, nearly, same_name), unmet))
    }

    /// Where a requirement is written.
    fn at(&self, requirement: &Requirement<'_>) -> &'a Node {
        let labels = self.node.get("matchLabels").unwrap_or(self.node);
        if let Some(value) = labels.get(requirement.key)
            && requirement.operator == Operator::In
            && requirement.values.len() == 1
        {
            return value;
        }
        let expressions = self.node.get("matchExpressions").and_then(Node::as_sequence);
        let key = |one: &&Node| one.get("key").and_then(Node::as_str) == Some(requirement.key);
        expressions.and_then(|all| all.iter().find(key)).unwrap_or(self.node)
    }

    /// All requirements, for messages.
    fn wanted(&self) -> String {
        let all = self.selector.requirements.iter();
        all.map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")
    }
}
