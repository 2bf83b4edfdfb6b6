//! Gateways and the routes of the Gateway API.
//!
//! Source: the Gateway API v1.6: a backend is a Service unless it says otherwise, and of two routes
//! with the same match the older one wins.

use std::collections::BTreeMap;

use super::{Backend, certificates::Certificates, grants::Grants, items, listeners};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Text},
};

/// The group of all kinds.
pub(super) const GROUP: &str = "gateway.networking.k8s.io";

/// The kinds of routes.
const ROUTES: [&str; 5] = ["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

/// How many hosts and Gateways of a route are looked at: what the API allows.
pub(super) const MAX_HOSTS: usize = 16;
pub(super) const MAX_PARENTS: usize = 32;

/// Where a route is served: the Gateway, the host and the match.
type Place = (Text, Text, String);

/// Checks the Gateways and their routes.
pub(super) fn check(certificates: &Certificates<'_, '_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let cluster = certificates.cluster;
    let grants = Grants::new(cluster);
    for gateway in cluster.of_kind(GROUP, "Gateway") {
        listener_certificates(gateway, certificates, &grants, out);
    }
    for kind in ROUTES {
        let mut places = BTreeMap::new();
        for route in cluster.of_kind(GROUP, kind) {
            listeners::check(route, cluster, out);
            for (index, rule) in items(route.node, &["spec", "rules"]) {
                let path = format!("spec.rules[{index}]");
                backends(route, rule, &path, (cluster, &grants), out);
                if kind == "HTTPRoute" {
                    out.extend(taken(route, rule, &path, &mut places));
                }
            }
        }
    }
}

/// Checks the certificates of a Gateway's listeners.
fn listener_certificates<'a>(
    gateway: &Object<'a>,
    certificates: &Certificates<'_, 'a>,
    grants: &Grants<'_, 'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    for (index, listener) in items(gateway.node, &["spec", "listeners"]) {
        for (number, reference) in items(listener, &["tls", "certificateRefs"]) {
            let is_secret = reference.text_at(&["kind"]).is_none_or(|kind| kind == "Secret");
            let Some(node) = reference.get("name").filter(|_| is_secret) else { continue };
            let own = gateway.namespace();
            let namespace = reference.text_at(&["namespace"]).unwrap_or(&own);
            let path = format!("spec.listeners[{index}].tls.certificateRefs[{number}].name");
            out.extend(grants.check((gateway, &path, node), "Secret", namespace));
            let certificate = certificates.of_secret(namespace, node);
            let path = format!("spec.listeners[{index}].hostname");
            // Of several certificates each may be for another host.
            let is_only = items(listener, &["tls", "certificateRefs"]).nth(1).is_none();
            let host = listener.get("hostname").filter(|_| is_only);
            let told = host.zip(certificate).and_then(|(node, certificate)| {
                certificate.host((gateway, &path, node), node.as_str()?)
            });
            out.extend(told);
        }
    }
}

/// Checks the backends of a rule and of its filters.
fn backends<'a>(
    route: &Object<'a>,
    rule: &'a Node,
    path: &str,
    known: (&Cluster<'a>, &Grants<'_, 'a>),
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    filters(route, rule, path, known, out);
    for (index, node) in items(rule, &["backendRefs"]) {
        let path = format!("{path}.backendRefs[{index}]");
        backend(route, node, &path, known, out);
        filters(route, node, &path, known, out);
    }
}

fn filters<'a>(
    route: &Object<'a>,
    node: &'a Node,
    path: &str,
    known: (&Cluster<'a>, &Grants<'_, 'a>),
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    for (index, filter) in items(node, &["filters"]) {
        for kind in ["requestMirror", "externalAuth"] {
            if let Some(node) = filter.at(&[kind, "backendRef"]) {
                let path = format!("{path}.filters[{index}].{kind}.backendRef");
                backend(route, node, &path, known, out);
            }
        }
    }
}

fn backend<'a>(
    from: &Object<'a>,
    node: &'a Node,
    path: &str,
    (cluster, grants): (&Cluster<'a>, &Grants<'_, 'a>),
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let is_service = node.text_at(&["group"]).is_none()
        && node.text_at(&["kind"]).is_none_or(|kind| kind == "Service");
    let Some(name) = node.get("name").filter(|_| is_service) else { return };
    let own = from.namespace();
    let namespace = node.text_at(&["namespace"]).unwrap_or(&own);
    out.extend(grants.check((from, &format!("{path}.name"), name), "Service", namespace));
    let port = node.get("port").map(|port| (port, format!("{path}.port")));
    let path = format!("{path}.name");
    Backend { from, path, name, namespace, port }.check(cluster, out);
}

/// The problem that what a rule matches is already served.
fn taken<'c, 'a>(
    route: &'c Object<'a>,
    rule: &'a Node,
    path: &str,
    places: &mut BTreeMap<Place, (&'c Object<'a>, Anchor)>,
) -> Option<Diagnostic<Anchor>> {
    let own = route.namespace();
    let mut told = None;
    let matches = rule.get("matches").and_then(Node::as_sequence).unwrap_or_default();
    let matches = matches.iter().map(|one| (one, matched(one)));
    // Without a match a rule is for every path.
    let every = (rule, "PathPrefix /".to_owned());
    let matches: Vec<_> = matches.chain(rule.get("matches").is_none().then_some(every)).collect();
    for (_, parent) in items(route.node, &["spec", "parentRefs"]).take(MAX_PARENTS) {
        let part = |key| parent.text_at(&[key]).unwrap_or_default();
        let namespace = parent.text_at(&["namespace"]).unwrap_or(&own);
        let (name, section) = (part("name"), part("sectionName"));
        let gateway = compact_str::format_compact!("{namespace}/{name}/{section}");
        let hosts = items(route.node, &["spec", "hostnames"]).take(MAX_HOSTS);
        let mut hosts: Vec<&str> = hosts.filter_map(|(_, host)| host.as_str()).collect();
        if hosts.is_empty() {
            hosts.push("");
        }
        for host in hosts {
            for (node, one) in &matches {
                let at = route.at(node.span);
                let place = (gateway.clone(), host.into(), one.clone());
                let (other, other_at) = *places.entry(place).or_insert((route, at));
                if other_at != at && told.is_none() {
                    told = Some((other, other_at, at, one.clone(), host));
                }
            }
        }
    }
    let (other, other_at, at, one, host) = told?;
    let other =
        if other.id == route.id { "another rule of it".to_owned() } else { other.to_string() };
    let host = if host.is_empty() { "every host".to_owned() } else { format!("`{host}`") };
    let message =
        format!("`{path}` of {route} takes `{one}` of {host}, which {other} takes already");
    let told = Diagnostic::warning(codes::REFERENCE_DUPLICATE_ROUTE, message, at);
    Some(
        told.with_related(other_at, "taken here first")
            .with_help("the older one is used, and of one route the first rule: remove the other"),
    )
}

/// What a match of an `HTTPRoute` matches, in one form for all that match the same.
fn matched(node: &Node) -> String {
    let kind = node.text_at(&["path", "type"]).unwrap_or("PathPrefix");
    let path = node.text_at(&["path", "value"]).unwrap_or("/");
    let path = match path.strip_suffix('/') {
        Some(prefix) if kind == "PathPrefix" && !prefix.is_empty() => prefix,
        _ => path,
    };
    let mut all = format!("{kind} {path}");
    if let Some(method) = node.text_at(&["method"]) {
        all = format!("{all} {method}");
    }
    for list in ["headers", "queryParams"] {
        let mut each: Vec<String> = items(node, &[list])
            .map(|(_, one)| {
                let part = |key| one.text_at(&[key]).unwrap_or_default();
                let kind = one.text_at(&["type"]).unwrap_or("Exact");
                format!(" {list} {} {kind} {}", part("name").to_lowercase(), part("value"))
            })
            .collect();
        each.sort();
        all.extend(each);
    }
    all
}
