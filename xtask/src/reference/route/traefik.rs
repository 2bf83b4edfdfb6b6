//! The routes of Traefik.
//!
//! Source: Traefik v3: a name with `@` is of another provider than Kubernetes, the option and the
//! store `default` are always there, and a Service is found by the name or the number of its port.

use std::collections::BTreeMap;

use super::{super::target::Target, Backend, certificates::Certificates, items};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Code, Diagnostic, codes},
    yaml::Node,
};

/// The groups of its kinds, of which the second was that of v2.
const GROUPS: [&str; 2] = ["traefik.io", "traefik.containo.us"];

/// The routes, and the kinds of the middlewares and the transports that they use.
const ROUTES: [(&str, &str, &str); 3] = [
    ("IngressRoute", "Middleware", "ServersTransport"),
    ("IngressRouteTCP", "MiddlewareTCP", "ServersTransportTCP"),
    ("IngressRouteUDP", "", ""),
];

/// What an object of Traefik is checked with.
struct Look<'u, 'c, 'a> {
    from: &'u Object<'a>,
    cluster: &'c Cluster<'a>,
    middleware: &'static str,
    transport: &'static str,
}

/// Checks the routes of Traefik, and what else leads to Services.
pub(super) fn check(certificates: &Certificates<'_, '_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let cluster = certificates.cluster;
    for group in GROUPS {
        for (kind, middleware, transport) in ROUTES {
            let mut places = BTreeMap::new();
            for from in cluster.of_kind(group, kind) {
                let look = Look { from, cluster, middleware, transport };
                look.route(certificates, out);
                if kind == "IngressRoute" {
                    taken(from, &mut places, out);
                }
            }
        }
        for from in cluster.of_kind(group, "TraefikService") {
            let (middleware, transport) = ("Middleware", "ServersTransport");
            let look = Look { from, cluster, middleware, transport };
            for kind in ["weighted", "highestRandomWeight"] {
                look.services(from.node, &["spec", kind, "services"], "spec", out);
            }
            look.services(from.node, &["spec", "mirroring", "mirrors"], "spec", out);
            for path in [["spec", "mirroring", ""], ["spec", "failover", "service"]] {
                let path: Vec<&str> = path.into_iter().filter(|key| !key.is_empty()).collect();
                if let Some(node) = from.node.at(&path) {
                    look.service(node, &path.join("."), out);
                }
            }
        }
        for from in cluster.of_kind(group, "Middleware") {
            let (middleware, transport) = ("Middleware", "ServersTransport");
            let look = Look { from, cluster, middleware, transport };
            look.middlewares(from.node, &["spec", "chain", "middlewares"], "spec.chain", out);
            if let Some(node) = from.node.at(&["spec", "errors", "service"]) {
                look.service(node, "spec.errors.service", out);
            }
        }
    }
}

impl<'a> Look<'_, '_, 'a> {
    fn route(&self, certificates: &Certificates<'_, 'a>, out: &mut Vec<Diagnostic<Anchor>>) {
        let from = self.from;
        let tls = from.node.at(&["spec", "tls"]);
        let secret = tls.and_then(|tls| tls.get("secretName"));
        let certificate = secret.and_then(|node| certificates.of_secret(&from.namespace(), node));
        for (index, route) in items(from.node, &["spec", "routes"]) {
            let path = format!("spec.routes[{index}]");
            self.services(route, &["services"], &path, out);
            self.middlewares(route, &["middlewares"], &path, out);
            let Some(rule) = route.get("match") else { continue };
            let path = format!("{path}.match");
            for host in hosts(rule.as_str().unwrap_or_default()) {
                out.extend(certificate.and_then(|one| one.host((from, &path, rule), host)));
            }
        }
        let Some(tls) = tls else { return };
        for (key, kind) in [("options", "TLSOption"), ("store", "TLSStore")] {
            if let Some(node) =
                tls.get(key).filter(|node| node.text_at(&["name"]) != Some("default"))
            {
                self.named(node, kind, &format!("spec.tls.{key}"), out);
            }
        }
    }

    fn services(
        &self,
        node: &'a Node,
        keys: &[&str],
        path: &str,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) {
        let keys_text = keys.iter().skip_while(|key| **key == "spec");
        let list = keys_text.copied().collect::<Vec<_>>().join(".");
        for (index, node) in items(node, keys) {
            self.service(node, &format!("{path}.{list}[{index}]"), out);
        }
    }

    /// Checks an entry that leads to a Service, or to a `TraefikService`.
    fn service(&self, node: &'a Node, path: &str, out: &mut Vec<Diagnostic<Anchor>>) {
        let from = self.from;
        self.middlewares(node, &["middlewares"], path, out);
        if let Some(transport) = node.get("serversTransport").filter(|_| !self.transport.is_empty())
            && !transport.as_str().unwrap_or_default().contains('@')
        {
            let path = format!("{path}.serversTransport");
            self.find(transport, self.transport, &from.namespace(), &path, out);
        }
        let Some(name) = node.get("name") else { return };
        if name.as_str().is_none_or(|name| name.contains('@')) {
            return;
        }
        let own = from.namespace();
        let namespace = node.text_at(&["namespace"]).unwrap_or(&own);
        if node.text_at(&["kind"]) == Some("TraefikService") {
            let target = Target {
                from,
                path: &format!("{path}.name"),
                node: name,
                group: &from.id.gvk.group,
                kind: "TraefikService",
                namespace,
            };
            target.find(self.cluster, codes::REFERENCE_MISSING_BACKEND, out);
            return;
        }
        let port = node.get("port").map(|port| (port, format!("{path}.port")));
        let path = format!("{path}.name");
        Backend { from, path, name, namespace, port }.check(self.cluster, out);
    }

    fn middlewares(
        &self,
        node: &'a Node,
        keys: &[&str],
        path: &str,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) {
        for (index, node) in items(node, keys).filter(|_| !self.middleware.is_empty()) {
            self.named(node, self.middleware, &format!("{path}.middlewares[{index}]"), out);
        }
    }

    /// Checks that an object is there whose name and perhaps namespace an entry has.
    fn named(&self, node: &'a Node, kind: &str, path: &str, out: &mut Vec<Diagnostic<Anchor>>) {
        let own = self.from.namespace();
        let namespace = node.text_at(&["namespace"]).unwrap_or(&own);
        if let Some(name) = node.get("name") {
            self.find(name, kind, namespace, &format!("{path}.name"), out);
        }
    }

    fn find(
        &self,
        node: &'a Node,
        kind: &str,
        namespace: &str,
        path: &str,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) {
        if node.as_str().is_none_or(|name| name.contains('@')) {
            return;
        }
        let group = &self.from.id.gvk.group;
        let target = Target { from: self.from, path, node, group, kind, namespace };
        let code: Code = codes::REFERENCE_MISSING_MIDDLEWARE;
        target.find(self.cluster, code, out);
    }
}

/// Reports rules that are already there on an entry point.
fn taken<'c, 'a>(
    from: &'c Object<'a>,
    places: &mut BTreeMap<(String, &'a str), (&'c Object<'a>, Anchor)>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let entry_points = items(from.node, &["spec", "entryPoints"]);
    let mut entry_points: Vec<&str> = entry_points.filter_map(|(_, one)| one.as_str()).collect();
    entry_points.sort_unstable();
    let entry_points = entry_points.join(",");
    for (index, route) in items(from.node, &["spec", "routes"]) {
        let Some(node) = route.get("match") else { continue };
        // A priority says which of two rules is asked first.
        if route.get("priority").is_some() {
            continue;
        }
        let Some(rule) = node.as_str() else { continue };
        let at = from.at(node.span);
        let (other, other_at) = *places.entry((entry_points.clone(), rule)).or_insert((from, at));
        if other_at == at {
            continue;
        }
        let other =
            if other.id == from.id { "another route of it".to_owned() } else { other.to_string() };
        let message =
            format!("`spec.routes[{index}].match` of {from} is `{rule}`, as that of {other} is");
        out.push(
            from.warning(codes::REFERENCE_DUPLICATE_ROUTE, message, node)
                .with_related(other_at, "served here first")
                .with_help("set `priority`, or remove one of the two"),
        );
    }
}

/// The hosts of a rule: the arguments of its ``Host(`...`)``.
fn hosts(rule: &str) -> impl Iterator<Item = &str> {
    let calls = rule.split("Host(").skip(1);
    calls.flat_map(|call| {
        let arguments = call.split(')').next().unwrap_or_default();
        arguments.split(['`', '"']).skip(1).step_by(2)
    })
}
