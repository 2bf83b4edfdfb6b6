//! A `NetworkPolicy` that opens the way to the metadata of the node's machine.
//!
//! In the clouds 169.254.169.254 hands out, by HTTP on port 80, the login of the machine to whoever asks
//! from it, and a pod asks from it. A policy that allows all addresses allows this one. Source: the
//! recipe of `except` in "Network Policies" of Kubernetes' documentation, and the documentation of the
//! metadata services of AWS, Azure and Google Cloud, which share the address.

use std::net::Ipv4Addr;

use super::{integer, items};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const HTTP: i64 = 80;

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for policy in cluster.of_kind("networking.k8s.io", "NetworkPolicy") {
        for (index, rule) in items(policy.node, &["spec", "egress"]).iter().enumerate() {
            if !has_http(rule) {
                continue;
            }
            if items(rule, &["to"]).is_empty() {
                let message = format!(
                    "`spec.egress[{index}]` of {policy} lets pods ask {METADATA} for the login of their node: it allows every address"
                );
                let help = format!(
                    "say whom to, or for all addresses but this one `ipBlock` with `except: [{METADATA}/32]`"
                );
                let code = codes::TRAP_METADATA_ADDRESS;
                out.push(policy.warning(code, message, rule).with_help(help));
            }
            for (place, block) in items(rule, &["to"]).iter().enumerate() {
                let cidr = ["ipBlock", "cidr"];
                let (Some(whole), Some(at)) = (block.text_at(&cidr), block.at(&cidr)) else {
                    continue;
                };
                let mut except = items(block, &["ipBlock", "except"]).iter();
                let is_left_out = except.any(|part| part.as_str().is_some_and(contains));
                if contains(whole) && !is_left_out {
                    let path = format!("spec.egress[{index}].to[{place}].ipBlock");
                    let message = format!(
                        "`{path}` of {policy} lets pods ask {METADATA} for the login of their node: it is in `{whole}` and in no `except`"
                    );
                    out.push(
                        policy
                            .warning(codes::TRAP_METADATA_ADDRESS, message, at)
                            .with_help(format!("add `except: [{METADATA}/32]`")),
                    );
                }
            }
        }
    }
}

/// Whether a rule allows TCP on port 80.
fn has_http(rule: &Node) -> bool {
    let ports = items(rule, &["ports"]);
    ports.is_empty()
        || ports.iter().any(|port| {
            let is_tcp = port.text_at(&["protocol"]).is_none_or(|protocol| protocol == "TCP");
            let first = integer(port, &["port"]);
            let last = integer(port, &["endPort"]).or(first);
            let in_range = first <= Some(HTTP) && last >= Some(HTTP);
            is_tcp && (port.get("port").is_none() || first.is_some() && in_range)
        })
}

/// Whether a network has the address.
fn contains(cidr: &str) -> bool {
    let Some((address, length)) = cidr.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<Ipv4Addr>(), length.parse::<u32>()) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
    u32::from(address) & mask == u32::from(METADATA) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_an_address_or_not() {
        for cidr in ["0.0.0.0/0", "128.0.0.0/1", "169.254.0.0/16", "169.254.169.254/32"] {
            assert!(contains(cidr), "{cidr}");
        }
        for cidr in ["10.0.0.0/8", "169.254.169.0/25", "169.254.169.253/32", "::/0", "x", "1.2.3.4"]
        {
            assert!(!contains(cidr), "{cidr}");
        }
    }
}
