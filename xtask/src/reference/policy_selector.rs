//! `NetworkPolicy` objects: the pods that they are for, those that they let in or out, and their
//! ports.
//!
//! Source: the documentation of networking.k8s.io/v1. A policy sees pods, never Services: a port is
//! one of the pod that receives, and a port by name holds for the pods that have one of that name.

use std::rc::Rc;

use super::{
    nearest::Use,
    ports::{self, Ports, Wanted},
    selection::{Selection, Selections},
};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, Severity, closest, codes},
    yaml::{Node, Text},
};

/// A direction: its field, the field of its peers, and its name in `policyTypes`.
const DIRECTIONS: [(&str, &str, &str); 2] =
    [("ingress", "from", "Ingress"), ("egress", "to", "Egress")];

/// How many namespaces are looked through for the one that may have been meant.
const MAX_CANDIDATES: usize = 256;

/// Checks the policies.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut selections = Selections::new(cluster);
    for object in cluster.of_kind("networking.k8s.io", "NetworkPolicy") {
        let Some(spec) = object.node.get("spec") else { continue };
        types(object, spec, out);
        let own = pods(object, spec, &mut selections, out);
        for (direction, peers, _) in DIRECTIONS {
            let rules = spec.get(direction).and_then(Node::as_sequence).unwrap_or_default();
            for (index, rule) in rules.iter().enumerate() {
                let path = format!("spec.{direction}[{index}]");
                let mut look = Look { object, selections: &mut selections, out };
                let peers = look.peers(rule, peers, &format!("{path}.{peers}"));
                let receivers = if direction == "ingress" {
                    own.as_ref().map(|own| vec![Rc::clone(own)])
                } else {
                    peers
                };
                if let Some(receivers) = receivers {
                    look.ports(rule, &path, &receivers);
                }
            }
        }
    }
}

/// Checks that the rules are of the directions that the policy is for.
fn types(object: &Object<'_>, spec: &Node, out: &mut Vec<Diagnostic<Anchor>>) {
    let Some(types) = spec.get("policyTypes") else { return };
    let Some(listed) = types.as_sequence().filter(|listed| !listed.is_empty()) else { return };
    for (field, _, name) in DIRECTIONS {
        let rules = spec
            .get(field)
            .filter(|rules| rules.as_sequence().is_some_and(|rules| !rules.is_empty()));
        let Some(rules) = rules else { continue };
        if listed.iter().any(|one| one.as_str() == Some(name)) {
            continue;
        }
        let message = format!(
            "`spec.policyTypes` of {object} does not have `{name}`, so that `spec.{field}` is ignored"
        );
        let told = object.warning(codes::REFERENCE_POLICY_TYPES, message, types);
        out.push(
            told.with_related(object.at(rules.span), "the rules that are ignored")
                .with_help(format!("add `{name}`, or remove the rules")),
        );
    }
}

/// The pods that a policy is for; `None` if these are all that there will ever be, or none, which
/// is reported.
fn pods<'c, 'a>(
    object: &Object<'a>,
    spec: &'a Node,
    selections: &mut Selections<'c, 'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) -> Option<Rc<Selection<'c, 'a>>> {
    let node = spec.get("podSelector")?;
    let selector = Selector::of(node).filter(|one| !one.is_empty())?;
    let namespace = object.namespace();
    let selection = selections.get(&namespace, &selector);
    if selection.workloads.is_empty() {
        let path = "spec.podSelector";
        let used =
            Use { object, path, node, selector: &selector, namespace: &namespace, is_own: true };
        let code = codes::REFERENCE_POLICY_SELECTS_NOTHING;
        out.extend(used.selects_nothing(selections.cluster, code));
        return None;
    }
    Some(selection)
}

/// A policy that is looked at.
struct Look<'u, 'c, 'a> {
    object: &'u Object<'a>,
    selections: &'u mut Selections<'c, 'a>,
    out: &'u mut Vec<Diagnostic<Anchor>>,
}

impl<'c, 'a> Look<'_, 'c, 'a> {
    /// Checks the peers of a rule and returns their pods; `None` if not all of them are known.
    fn peers(
        &mut self,
        rule: &'a Node,
        field: &str,
        path: &str,
    ) -> Option<Vec<Rc<Selection<'c, 'a>>>> {
        let peers = rule.get(field).and_then(Node::as_sequence)?;
        let mut found = Vec::new();
        let mut is_known = !peers.is_empty();
        for (index, peer) in peers.iter().enumerate() {
            match self.peer(peer, &format!("{path}[{index}]")) {
                Some(pods) => found.push(pods),
                None => is_known = false,
            }
        }
        is_known.then_some(found)
    }

    /// The pods of a peer; `None` if they are not all known.
    fn peer(&mut self, peer: &'a Node, path: &str) -> Option<Rc<Selection<'c, 'a>>> {
        let cluster = self.selections.cluster;
        let pods = peer.get("podSelector").filter(|node| !node.is_null());
        let namespaces = peer.get("namespaceSelector").filter(|node| !node.is_null());
        let namespace = match namespaces {
            Some(node) => self.namespace(node, &format!("{path}.namespaceSelector"))?,
            None => self.object.namespace(),
        };
        let node = pods.or(namespaces)?;
        let selector = pods.map_or(Some(Selector::default()), Selector::of)?;
        let found = self.selections.get(&namespace, &selector);
        if !found.workloads.is_empty() {
            return Some(found);
        }
        // Peers may be what is deployed from elsewhere.
        if cluster.is_closed() && !selector.is_empty() {
            let path = &format!("{path}.podSelector");
            let object = self.object;
            let used = Use {
                object,
                path,
                node,
                selector: &selector,
                namespace: &namespace,
                is_own: false,
            };
            let told = used.selects_nothing(cluster, codes::REFERENCE_POLICY_SELECTS_NOTHING);
            let warning = |told| Diagnostic { severity: Severity::Warning, ..told };
            self.out.extend(told.map(warning));
        }
        None
    }

    /// The namespace of this environment that a selector selects by its name; `None` if it selects
    /// others, or none.
    fn namespace(&mut self, node: &'a Node, path: &str) -> Option<Text> {
        let cluster = self.selections.cluster;
        let object = self.object;
        let code = codes::REFERENCE_POLICY_SELECTS_NOTHING;
        let selector = Selector::of(node)?;
        let name = "kubernetes.io/metadata.name";
        let (_, name) = selector.equalities().find(|(key, _)| *key == name)?;
        if let Some(namespace) = cluster.find_unscoped("", "Namespace", name) {
            let labels = cluster.namespace_labels(name);
            let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let unmet = selector.requirements.iter().find(|one| !one.matches(&labels));
            let Some(unmet) = unmet else { return Some(name.into()) };
            let message = format!(
                "`{path}` of {object} selects nothing: namespace `{name}` does not have `{unmet}`"
            );
            let told = object.warning(code, message, node);
            self.out.push(told.with_related(namespace.name_anchor(), "the namespace"));
            return None;
        }
        if !cluster.is_closed() || cluster.has_namespace(name) {
            return None;
        }
        // It may be of another system, unless it is nearly one of those that are made here.
        let all = cluster.of_kind("", "Namespace").take(MAX_CANDIDATES);
        let near = closest(name, all.map(|namespace| namespace.id.name.as_str()))?;
        let message =
            format!("`{path}` of {object} selects namespace `{name}`, which nothing here makes");
        let told = object.warning(code, message, node);
        self.out.push(told.with_help(format!("did you mean `{near}`?")));
        None
    }

    /// Checks that the pods that receive have the ports of a rule.
    fn ports(&mut self, rule: &Node, path: &str, receivers: &[Rc<Selection<'c, 'a>>]) {
        let list = rule.get("ports").and_then(Node::as_sequence).unwrap_or_default();
        let receivers: Vec<&Ports<'_>> = receivers.iter().map(|one| &one.ports).collect();
        for (index, port) in list.iter().enumerate() {
            let Some(node) = port.get("port") else { continue };
            let path = format!("{path}.ports[{index}].port");
            let Some(mut wanted) = Wanted::new(self.object, &path, node, port) else { continue };
            if let Some(last) = port.get("endPort").and_then(ports::number) {
                wanted = wanted.up_to(last);
            }
            let told = wanted.missing(codes::REFERENCE_POLICY_PORT, &receivers);
            self.out.extend(told.map(|told| match told.help {
                Some(help) if ports::number(node).is_some() => Diagnostic {
                    help: Some(format!("{help}; a policy sees these, not those of a Service")),
                    ..told
                },
                _ => told,
            }));
        }
    }
}
