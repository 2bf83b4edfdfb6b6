//! `NetworkPolicies`.
//!
//! Source: `pkg/apis/networking/validation/validation.go`.

use super::{
    address::Network,
    report::{Fault, Report},
    value::{at, get, integer, is_set, items, spec, texts},
};
use crate::{diag::codes, yaml::Node};

/// The rules of both directions, each with the field of its peers.
fn rules(policy: &Node) -> impl Iterator<Item = (&Node, &'static str)> {
    let spec = spec(policy);
    [("ingress", "from"), ("egress", "to")].into_iter().flat_map(move |(list, peers)| {
        let rules = spec.map_or(&[][..], |spec| items(spec, list));
        rules.iter().map(move |rule| (rule, peers))
    })
}

/// Source: `ValidateNetworkPolicyPeer`, `ValidateIPBlock`.
pub(super) fn peers(policy: &Node, report: &mut Report<'_>) {
    for peer in rules(policy).flat_map(|(rule, peers)| items(rule, peers)) {
        let selector =
            ["podSelector", "namespaceSelector"].iter().find_map(|field| get(peer, field));
        match (get(peer, "ipBlock"), selector) {
            (None, None) => {
                let says = "must have `podSelector`, `namespaceSelector` or `ipBlock`";
                report.add(Fault::new(codes::SCHEMA_ONE_OF, peer, says));
            }
            (Some(_), Some(other)) => {
                let says =
                    "must not have both `ipBlock` and a selector: pods have no fixed address";
                let fault = Fault::new(codes::SCHEMA_ONE_OF, peer, says);
                report.add(fault.beside(other, "the selector"));
            }
            _ => {}
        }
        let Some(whole) = at(peer, &["ipBlock", "cidr"]) else { continue };
        let Some(network) = whole.as_str().and_then(Network::parse) else { continue };
        for (text, except) in get(peer, "ipBlock").into_iter().flat_map(|one| texts(one, "except"))
        {
            if Network::parse(text).is_some_and(|part| !network.contains_strictly(part)) {
                let fault = Fault::depends(except, "must be a part of `cidr`, and not all of it");
                report.add(fault.beside(whole, "the whole"));
            }
        }
    }
}

/// Source: `ValidateNetworkPolicyPort`.
pub(super) fn ports(policy: &Node, report: &mut Report<'_>) {
    for port in rules(policy).flat_map(|(rule, _)| items(rule, "ports")) {
        let (Some(end), Some(last)) = (get(port, "endPort"), integer(port, "endPort")) else {
            continue;
        };
        match integer(port, "port") {
            Some(first) if last < first => {
                let fault = Fault::order(end, format!("must not be below `port`, {first}"));
                report.add(match get(port, "port") {
                    Some(other) => fault.beside(other, "the first port"),
                    None => fault,
                });
            }
            Some(_) => {}
            None if is_set(port, "port") => {
                report.add(Fault::excluded(end, "`port` is a name, not a number"));
            }
            None => report.add(Fault::excluded(end, "`port` is not set")),
        }
    }
}
