//! The parameters that a binding hands to its policy.
//!
//! Source: `CollectParams` of `k8s.io/apiserver/pkg/admission/plugin/policy/generic`.

use std::collections::BTreeMap;

use super::{
    super::object::{get, labels, text},
    kinds::{Kinds, is_built_in},
    load::{Binding, Policy},
    served,
    subject::Subject,
};
use crate::{
    cluster::{Cluster, Object, Selector},
    yaml::{Node, Text},
};

/// An object that holds parameters.
#[derive(Debug)]
pub(super) struct Parameters<'a> {
    pub object: &'a Object<'a>,
    /// As policies see it.
    pub node: Node,
}

/// What a binding can hand to its policy.
#[derive(Debug, Default)]
pub(super) struct Holders<'a> {
    /// By namespace; under the empty name where there are none.
    by_namespace: BTreeMap<Text, Vec<Parameters<'a>>>,
    is_namespaced: bool,
}

/// What it hands to it for an object.
#[derive(Debug)]
pub(super) enum Found<'h, 'a> {
    /// The policy is evaluated once without any.
    None,
    /// It is evaluated for each of them; for none not at all.
    Each(&'h [Parameters<'a>]),
    /// The object is denied, and why.
    Denied(Denied),
    /// They are not here, but elsewhere.
    Elsewhere,
}

/// Why a binding denies every object that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Denied {
    NotFound,
    NoNamespace,
    Namespace,
}

impl Denied {
    /// In the words of the server.
    pub fn message(self) -> &'static str {
        match self {
            Self::NotFound => {
                "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
            }
            Self::NoNamespace => {
                "failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            }
            Self::Namespace => {
                "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
            }
        }
    }
}

impl<'a> Holders<'a> {
    /// What a reference leads to, in any namespace.
    pub fn find(
        policy: &Policy<'_>,
        binding: &Binding<'_>,
        cluster: &'a Cluster<'a>,
        kinds: &Kinds<'_>,
    ) -> Self {
        let (Some(kind), Some(reference)) = (&policy.parameters, binding.reference) else {
            return Self::default();
        };
        let name = text(reference, &["name"]);
        let mut found: Vec<&'a Object<'a>> = Vec::new();
        if !name.is_empty() {
            found.extend(cluster.named(&kind.group, &kind.kind, name));
        } else if let Some(selector) = get(reference, "selector").and_then(Selector::of) {
            let all = cluster.of_kind(&kind.group, &kind.kind);
            found.extend(all.filter(|one| selector.matches(&labels(one.node))));
        }
        let is_namespaced = kinds.is_namespaced(kind, None);
        let mut by_namespace: BTreeMap<Text, Vec<Parameters<'a>>> = BTreeMap::new();
        for object in found {
            let namespace = if is_namespaced { object.namespace() } else { Text::default() };
            let node = if is_built_in(&kind.group) {
                served::built_in(object.node, &object.id.gvk, false)
            } else {
                served::custom(object.node, kinds.schema(&object.id.gvk))
            };
            by_namespace.entry(namespace).or_default().push(Parameters { object, node });
        }
        Self { by_namespace, is_namespaced }
    }

    /// The parameters for an object.
    pub fn of(
        &self,
        policy: &Policy<'_>,
        binding: &Binding<'_>,
        subject: &Subject<'_>,
        cluster: &Cluster<'_>,
    ) -> Found<'_, 'a> {
        let (Some(kind), Some(reference)) = (&policy.parameters, binding.reference) else {
            return Found::None;
        };
        let given = text(reference, &["namespace"]);
        let namespace = match (self.is_namespaced, given) {
            (false, "") => "",
            (false, _) => return Found::Denied(Denied::Namespace),
            (true, "") if subject.namespace.is_empty() => {
                return Found::Denied(Denied::NoNamespace);
            }
            (true, "") => &subject.namespace,
            (true, given) => given,
        };
        let found = self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        if !found.is_empty() {
            return Found::Each(found);
        }
        let name = text(reference, &["name"]);
        if !name.is_empty() && cluster.external(&kind.group, &kind.kind, namespace, name).is_some()
        {
            return Found::Elsewhere;
        }
        if text(reference, &["parameterNotFoundAction"]) == "Deny" {
            return Found::Denied(Denied::NotFound);
        }
        Found::Each(found)
    }
}
