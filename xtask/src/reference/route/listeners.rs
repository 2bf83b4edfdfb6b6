//! Whether the listeners of a Gateway take a route.
//!
//! Source: the Gateway API: a listener takes a route of its own namespace unless `allowedRoutes` says
//! otherwise, and of the route's hosts those that are also its own.

use super::{
    gateway::{GROUP, MAX_HOSTS, MAX_PARENTS},
    hosts::intersect,
    items,
};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// The most listeners that a Gateway may have.
const MAX_LISTENERS: usize = 64;

/// Checks that each Gateway that a route names has a listener for it.
pub(super) fn check(route: &Object<'_>, cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let own = route.namespace();
    for (index, parent) in items(route.node, &["spec", "parentRefs"]).take(MAX_PARENTS) {
        let is_gateway = parent.text_at(&["kind"]).is_none_or(|kind| kind == "Gateway");
        let Some(node) = parent.get("name").filter(|_| is_gateway) else { continue };
        let namespace = parent.text_at(&["namespace"]).unwrap_or(&own);
        let name = node.as_str().unwrap_or_default();
        let Some(gateway) = cluster.find(GROUP, "Gateway", namespace, name) else { continue };
        let listeners: Vec<&Node> = items(gateway.node, &["spec", "listeners"])
            .take(MAX_LISTENERS)
            .map(|(_, listener)| listener)
            .filter(|listener| is_named(listener, parent))
            .collect();
        // That there is no listener of the name is another problem.
        if listeners.is_empty() {
            continue;
        }
        let open = |listener: &&&Node| is_open_to(listener, &own, namespace, cluster);
        let open: Vec<&Node> = listeners.iter().filter(open).copied().collect();
        if open.is_empty() {
            let message = format!(
                "`spec.parentRefs[{index}]` of {route} is {gateway}, whose listeners take no routes \
                 of namespace `{own}`"
            );
            let at = gateway.node.at(&["spec", "listeners"]).unwrap_or(gateway.node);
            out.push(
                route
                    .error(codes::REFERENCE_NO_LISTENER, message, node)
                    .with_related(gateway.at(at.span), format!("the listeners of {gateway}"))
                    .with_help(format!(
                        "let `allowedRoutes.namespaces` of a listener select `{own}`"
                    )),
            );
            continue;
        }
        hosts(route, gateway, &open, out);
    }
}

/// Whether a route that names a listener, or its port, means this one.
fn is_named(listener: &Node, parent: &Node) -> bool {
    let same = |wanted: &str, actual: &str| match parent.get(wanted).and_then(Node::scalar_text) {
        Some(wanted) => listener.get(actual).and_then(Node::scalar_text) == Some(wanted),
        None => true,
    };
    same("sectionName", "name") && same("port", "port")
}

/// Whether a listener of a Gateway takes routes of a namespace.
fn is_open_to(listener: &Node, own: &str, gateway: &str, cluster: &Cluster<'_>) -> bool {
    let namespaces = listener.at(&["allowedRoutes", "namespaces"]);
    let from = namespaces.and_then(|node| node.text_at(&["from"])).unwrap_or("Same");
    match from {
        "Same" => own == gateway,
        "Selector" => {
            // The labels of a namespace that is not made here are not known.
            if cluster.find_unscoped("", "Namespace", own).is_none() {
                return true;
            }
            let selector = namespaces.and_then(|node| node.get("selector"));
            let Some(selector) = selector.and_then(Selector::of) else { return true };
            let labels = cluster.namespace_labels(own);
            selector.matches(&labels.iter().map(|(key, value)| (key.as_str(), value.as_str())))
        }
        "None" => false,
        _ => true,
    }
}

/// Checks that the hosts of a route are hosts of the listeners.
fn hosts(
    route: &Object<'_>,
    gateway: &Object<'_>,
    listeners: &[&Node],
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let hostnames: Vec<_> = listeners.iter().map(|one| one.text_at(&["hostname"])).collect();
    let is_taken = |host: &str| {
        hostnames.iter().any(|hostname| hostname.is_none_or(|hostname| intersect(hostname, host)))
    };
    let hosts = items(route.node, &["spec", "hostnames"]).take(MAX_HOSTS);
    let hosts = hosts.filter_map(|(index, node)| Some((index, node, node.as_str()?)));
    let refused: Vec<_> = hosts.clone().filter(|(_, _, host)| !is_taken(host)).collect();
    let is_all = refused.len() == hosts.count();
    for (index, node, host) in refused {
        let message = format!(
            "`spec.hostnames[{index}]` of {route} is `{host}`, and no listener of {gateway} has that \
             host"
        );
        let code = codes::REFERENCE_NO_LISTENER;
        // With another host the route is taken, and this one is left out.
        let mut told = if is_all {
            route.error(code, message, node)
        } else {
            route.warning(code, message, node)
        };
        for listener in listeners.iter().filter_map(|one| one.get("hostname")).take(4) {
            told = told.with_related(gateway.at(listener.span), "the host of a listener");
        }
        out.push(told.with_help("add a listener for it, or correct the host"));
    }
}
