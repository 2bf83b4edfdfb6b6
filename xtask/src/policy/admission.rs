//! `ValidatingAdmissionPolicy`: what the API server itself refuses by policies in CEL.
//!
//! Each object of a cluster is reviewed as if it were made now: the operation is `CREATE`, and policies
//! see it as the server reads it, with its defaults. What controllers make of it is reviewed too, as a
//! refused Pod keeps a rollout from ending.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/policy` of Kubernetes 1.36. Not known here: who asks
//! and who may do what, so that an expression that comes to this is told and not evaluated; and an
//! object in another version, where that is more than another `apiVersion`.

mod kinds;
mod load;
mod matching;
mod parameters;
mod report;
mod served;
mod subject;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use compact_str::ToCompactString;
use rayon::prelude::*;

use super::{
    expansion::Expansions,
    expressions::Inputs,
    mutation::Mutators,
    secret::{self, Values},
    validator::{Cause, Decision, Denial, Part},
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic},
    resource::Gvk,
    source::Sources,
    yaml::{Dialect, Node, Text, parse},
};
use kinds::Kinds;
use load::{Action, Binding, Policy, Unusable};
use parameters::{Denied, Found, Holders, Parameters};
use subject::{Subject, Version};

const GROUP: &str = "admissionregistration.k8s.io";
const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// How many items of a list are tried one by one.
const ITEMS: usize = 16;

/// The `options` of a request that makes something.
static OPTIONS: LazyLock<Node> = LazyLock::new(|| {
    let mut sources = Sources::default();
    let id = sources.add("options", "{kind: CreateOptions, apiVersion: meta.k8s.io/v1}");
    let mut nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    nodes.pop().expect("the text is a document")
});

/// A policy with what binds it.
#[derive(Debug)]
struct Bound<'a> {
    policy: Policy<'a>,
    bindings: Vec<(Binding<'a>, Holders<'a>)>,
    /// Whether it took too many steps on an object. Then nothing else that it says counts.
    is_exhausted: AtomicBool,
}

/// What a policy says of an object.
#[derive(Debug)]
enum Said<'b> {
    /// It is against it.
    Against {
        bound: &'b Bound<'b>,
        binding: &'b Binding<'b>,
        parameters: Option<&'b Parameters<'b>>,
        denial: Denial,
        action: Action,
        /// The paths that the expression mentions, with the item of a list that it is about.
        paths: Vec<Vec<Text>>,
    },
    /// The binding denies it for want of parameters.
    Without { binding: &'b Binding<'b>, denied: Denied },
    /// It cannot be evaluated here.
    Unknown { bound: &'b Bound<'b>, part: Option<Part>, why: Unknown },
}

/// Why a policy cannot be evaluated for an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unknown {
    /// An expression needs something that only a server has.
    Expression(String),
    /// It is for the object in another version.
    Version(String),
    /// Its parameters are declared to be elsewhere.
    Parameters(String),
    /// It takes too many steps.
    Exhausted,
}

/// Reviews the objects of a cluster by the policies that are in it.
pub fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let kinds = Kinds::of(cluster);
    let bound = bound(cluster, &kinds, out);
    if bound.is_empty() {
        return;
    }
    let expansions = Expansions::default().with_built_in();
    let each = cluster.objects().par_iter().map(|object| {
        let mut reports = report::Reports::default();
        for subject in subjects(object, cluster, &kinds, &expansions) {
            for said in review(&subject, &bound, cluster) {
                reports.add(object, &subject, said, cluster);
            }
        }
        reports
    });
    let all: Vec<_> = each.collect();
    out.extend(report::Reports::merged(all));
}

/// The policies that are bound and can be evaluated. What hinders one is told.
fn bound<'a>(
    cluster: &'a Cluster<'a>,
    kinds: &Kinds<'_>,
    out: &mut Vec<Diagnostic<Anchor>>,
) -> Vec<Bound<'a>> {
    let mut named = BTreeSet::new();
    let mut bindings: BTreeMap<&str, Vec<Binding<'_>>> = BTreeMap::new();
    for object in cluster.of_kind(GROUP, BINDING) {
        named.extend(object.node.text_at(&["spec", "policyName"]));
        if let Some(binding) = Binding::read(object) {
            bindings.entry(binding.policy).or_default().push(binding);
        }
    }
    let mut bound = Vec::new();
    for object in cluster.of_kind(GROUP, POLICY) {
        if cluster.is_closed() && !named.contains(object.id.name.as_str()) {
            out.push(report::unbound(object));
        }
        let policy = match Policy::load(object) {
            Ok(policy) => policy,
            Err(Unusable::Refused) => continue,
            Err(Unusable::TooLarge(at)) => {
                out.push(report::too_large(object, at));
                continue;
            }
        };
        let bindings = bindings.remove(object.id.name.as_str()).unwrap_or_default();
        let with_holders = |binding| {
            let holders = Holders::find(&policy, &binding, cluster, kinds);
            (binding, holders)
        };
        let bindings: Vec<_> = bindings.into_iter().map(with_holders).collect();
        if !bindings.is_empty() {
            bound.push(Bound { policy, bindings, is_exhausted: AtomicBool::new(false) });
        }
    }
    bound
}

/// An object and what is made of it.
fn subjects<'a>(
    object: &Object<'a>,
    cluster: &Cluster<'_>,
    kinds: &Kinds<'_>,
    expansions: &Expansions<'_>,
) -> Vec<Subject<'a>> {
    // Without a kind nothing is made of it, which is no matter of policies.
    let made = expansions.expand(object.node, None, &Mutators::default()).unwrap_or_default();
    let nodes = made.into_iter().map(|one| Cow::Owned(Arc::unwrap_or_clone(one.object)));
    let nodes = std::iter::once(Cow::Borrowed(object.node)).chain(nodes);
    nodes.filter_map(|node| Subject::new(node, cluster, kinds)).collect()
}

/// What policies say of an object.
fn review<'b>(
    subject: &Subject<'_>,
    policies: &'b [Bound<'b>],
    cluster: &Cluster<'_>,
) -> Vec<Said<'b>> {
    let mut said = Vec::new();
    let namespace = LazyCell::new(|| namespace(subject, cluster));
    for bound in policies {
        let Some(version) = bound.policy.constraints.version(subject) else { continue };
        if bound.is_exhausted.load(Ordering::Relaxed) {
            continue;
        }
        for (binding, holders) in &bound.bindings {
            let is_for = |one: &matching::Match<'_>| one.version(subject).is_some();
            if !binding.resources.as_ref().is_none_or(is_for) {
                continue;
            }
            let parameters = match holders.of(&bound.policy, binding, subject, cluster) {
                Found::None => vec![None],
                Found::Each(each) => each.iter().map(Some).collect(),
                Found::Denied(denied) => {
                    if !bound.policy.validator.ignores_errors {
                        said.push(Said::Without { binding, denied });
                    }
                    continue;
                }
                Found::Elsewhere => {
                    let why = Unknown::Parameters(binding.object.to_string());
                    said.push(Said::Unknown { bound, part: None, why });
                    continue;
                }
            };
            if let (Version::Other(other), false) = (&version, parameters.is_empty())
                && !other.is_plain
            {
                let why = Unknown::Version(other.version.to_string());
                said.push(Said::Unknown { bound, part: None, why });
                continue;
            }
            for parameters in parameters {
                let node = subject.node(&version);
                let asked =
                    Asked { subject, version: &version, namespace: namespace.as_ref(), parameters };
                let decision = asked.decision(&bound.policy, &node);
                if decision.is_exhausted {
                    bound.is_exhausted.store(true, Ordering::Relaxed);
                    // Also where errors let the object pass: of the others nothing is known.
                    said.push(Said::Unknown { bound, part: None, why: Unknown::Exhausted });
                    continue;
                }
                for denial in decision.denials {
                    said.push(asked.said(bound, binding, &node, denial));
                }
            }
        }
    }
    said
}

/// A question to a policy.
struct Asked<'q, 'b> {
    subject: &'q Subject<'q>,
    version: &'q Version,
    namespace: Option<&'q Node>,
    parameters: Option<&'b Parameters<'b>>,
}

impl<'b> Asked<'_, 'b> {
    /// What a policy says of the object, with what may be shown of its words.
    fn decision(&self, policy: &Policy<'_>, node: &Node) -> Decision {
        let parameters = self.parameters.map(|one| &one.node);
        let mut decision = self.evaluate(policy, node, parameters);
        if decision.denials.is_empty() {
            return decision;
        }
        let mut values = Values::default();
        let masked = secret::masked(node, &mut values);
        let masked_parameters = parameters.and_then(|one| secret::masked(one, &mut values));
        if masked.is_none() && masked_parameters.is_none() {
            return decision;
        }
        let parameters = masked_parameters.as_ref().or(parameters);
        let without = self.evaluate(policy, masked.as_ref().unwrap_or(node), parameters).denials;
        for denial in &mut decision.denials {
            let same = without.iter().find(|one| (one.of, one.cause) == (denial.of, denial.cause));
            let words = same.and_then(|same| values.shown(&denial.message, &same.message));
            denial.message = words.unwrap_or_else(|| secret::WITHHELD.to_owned());
        }
        decision
    }

    fn evaluate(&self, policy: &Policy<'_>, node: &Node, parameters: Option<&Node>) -> Decision {
        let request = self.subject.request(self.version, &OPTIONS);
        policy.validator.evaluate(Inputs {
            object: Some(node),
            old_object: None,
            namespace: self.namespace,
            request: &request,
            params: parameters,
        })
    }

    fn said(
        &self,
        bound: &'b Bound<'b>,
        binding: &'b Binding<'b>,
        node: &Node,
        denial: Denial,
    ) -> Said<'b> {
        if denial.cause == Cause::Unknown {
            let why = Unknown::Expression(denial.message);
            return Said::Unknown { bound, part: Some(denial.of), why };
        }
        // What goes wrong with the audit log is always an error.
        let is_annotation = matches!(denial.of, Part::Annotation(_));
        let action = if is_annotation { Action::Deny } else { binding.action };
        let expression = bound.policy.expression(denial.of);
        let made = &bound.policy.validator.made;
        let mut paths = expression.map(|(_, one)| one.paths(made)).unwrap_or_default();
        if denial.cause == Cause::False {
            for path in &mut paths {
                let item = self.item(&bound.policy, node, path, denial.of);
                path.extend(item.map(|at| at.to_compact_string()));
            }
        }
        Said::Against { bound, binding, parameters: self.parameters, denial, action, paths }
    }

    /// The item of a list that a policy is against: the first one that it refuses alone, unless it
    /// refuses each.
    fn item(&self, policy: &Policy<'_>, node: &Node, path: &[Text], part: Part) -> Option<usize> {
        let steps: Vec<&str> = path.iter().map(Text::as_str).collect();
        let items = node.at(&steps)?.as_sequence()?;
        if items.len() < 2 {
            return Some(0).filter(|_| items.len() == 1);
        }
        if items.len() > ITEMS {
            return None;
        }
        let is_against = |item: &Node| {
            let mut node = node.clone();
            let list = steps.iter().try_fold(&mut node, |node, key| node.get_mut(key));
            if let Some(list) = list.and_then(Node::as_sequence_mut) {
                *list = vec![item.clone()];
            }
            let denials =
                self.evaluate(policy, &node, self.parameters.map(|one| &one.node)).denials;
            denials.iter().any(|one| one.of == part && one.cause == Cause::False)
        };
        let against: Vec<bool> = items.iter().map(is_against).collect();
        against.iter().position(|is| *is).filter(|_| against.contains(&false))
    }
}

/// The namespace that an object is in, as policies see it.
fn namespace(subject: &Subject<'_>, cluster: &Cluster<'_>) -> Option<Node> {
    if subject.namespace.is_empty() || subject.is_namespace() {
        return None;
    }
    let gvk = Gvk::new("v1", "Namespace");
    let mut node = match cluster.find_unscoped("", "Namespace", &subject.namespace) {
        Some(object) => object.node.clone(),
        None => served::named(&subject.namespace, subject.served.span),
    };
    // It has no type: the server knows what it is.
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.retain(|entry| !matches!(entry.key.as_str(), "apiVersion" | "kind"));
    }
    Some(served::built_in(&node, &gvk, false))
}
