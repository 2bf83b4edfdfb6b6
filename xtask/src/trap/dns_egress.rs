//! A `NetworkPolicy` that opens DNS to any address.
//!
//! Port 53 to everywhere is a way out: whoever answers there, inside of the cluster or not, is sent
//! what a pod likes to send, and DNS is the usual tunnel. The resolver of the cluster is the pods
//! `k8s-app: kube-dns` of `kube-system`. Source: "Network Policies" of Kubernetes' documentation, and
//! "Debugging DNS Resolution" for the label.

use super::{integer, items};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::{Mapping, Node},
};

const DNS: i64 = 53;

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for policy in cluster.of_kind("networking.k8s.io", "NetworkPolicy") {
        for (index, rule) in items(policy.node, &["spec", "egress"]).iter().enumerate() {
            let ports = items(rule, &["ports"]);
            // A rule for more than DNS is about something else.
            let is_dns = |port: &Node| integer(port, &["port"]) == Some(DNS);
            if ports.is_empty() || !ports.iter().all(is_dns) {
                continue;
            }
            let peers = items(rule, &["to"]);
            let open = peers.iter().find(|peer| is_anywhere(peer));
            let at = match (peers, open) {
                ([], _) => rule,
                (_, Some(peer)) => peer,
                (_, None) => continue,
            };
            let message = format!(
                "`spec.egress[{index}]` of {policy} opens DNS to any address: only the resolver of the cluster is needed"
            );
            out.push(policy.warning(codes::TRAP_DNS_EGRESS, message, at).with_help(
                "allow the pods `k8s-app: kube-dns` of the namespace `kube-system`, both selectors in one entry of `to`",
            ));
        }
    }
}

/// Whether a peer is every pod of the cluster, or every address.
fn is_anywhere(peer: &Node) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        let cidr = block.get("cidr").and_then(Node::as_str);
        return cidr.is_some_and(|cidr| cidr.ends_with("/0"));
    }
    let selects_all = |field| {
        peer.get(field).is_some_and(|selector| {
            selector.as_mapping().is_some_and(|mapping| {
                mapping.iter().all(|entry| {
                    entry.value.as_mapping().is_some_and(Mapping::is_empty)
                        || entry.value.as_sequence().is_some_and(<[Node]>::is_empty)
                })
            })
        })
    };
    selects_all("namespaceSelector")
        && (peer.get("podSelector").is_none() || selects_all("podSelector"))
}
