//! Routes: what leads from the outside to Services.
//!
//! One file for each family of kinds. Invariant: a route is judged by what its controllers agree on,
//! and a backend of a kind that is not known here is left alone.

use std::borrow::Cow;

use super::{ports, target::Target};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::Node,
};

mod certificates;
mod gateway;
mod grants;
mod hosts;
mod ingress;
mod listeners;
mod traefik;

/// How many ports of a Service are looked through.
const MAX_PORTS: usize = 1024;

/// Checks the routes of a cluster.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let certificates = certificates::Certificates::new(cluster);
    ingress::check(&certificates, out);
    gateway::check(&certificates, out);
    traefik::check(&certificates, out);
}

/// A Service that a route leads to.
struct Backend<'u, 'a> {
    from: &'u Object<'a>,
    /// Where the Service is named.
    path: String,
    /// Its name.
    name: &'a Node,
    namespace: &'u str,
    /// Its port by name or number, and where that is.
    port: Option<(&'a Node, String)>,
}

impl<'a> Backend<'_, 'a> {
    /// Reports a Service that is not there, or that does not have the port.
    fn check(&self, cluster: &Cluster<'a>, out: &mut Vec<Diagnostic<Anchor>>) {
        let Self { from, path, name: node, namespace, .. } = self;
        // Every cluster has this one.
        if (*namespace, node.as_str()) == ("default", Some("kubernetes")) {
            return;
        }
        let target = Target { from, path, node, group: "", kind: "Service", namespace };
        let Some(service) = target.find(cluster, codes::REFERENCE_MISSING_BACKEND, out) else {
            return;
        };
        if let Some((port, path)) = &self.port {
            out.extend(self.port_of(service, port, path));
        }
    }

    /// The problem that a Service does not have a port.
    fn port_of(&self, service: &Object<'_>, node: &Node, path: &str) -> Option<Diagnostic<Anchor>> {
        let spec = service.node.get("spec")?;
        // It stands for a name in DNS, which has every port.
        if spec.get("type").and_then(Node::as_str) == Some("ExternalName") {
            return None;
        }
        let number = ports::number(node);
        let given = node.scalar_text()?;
        let ports = spec.get("ports").and_then(Node::as_sequence).unwrap_or_default();
        let is_it = |port: &Node| match number {
            Some(number) => port.get("port").and_then(ports::number) == Some(number),
            None => port.get("name").and_then(Node::as_str) == Some(given),
        };
        if ports.len() > MAX_PORTS || ports.iter().any(is_it) {
            return None;
        }
        let from = self.from;
        let message =
            format!("`{path}` of {from} is `{given}`, and {service} has no port of that {}", {
                if number.is_some() { "number" } else { "name" }
            });
        let mut told = from.error(codes::REFERENCE_BACKEND_PORT, message, node);
        let at = spec.get("ports").unwrap_or(spec);
        told = told.with_related(service.at(at.span), format!("the ports of {service}"));
        let is_target = |port: &&Node| {
            let target = port.get("targetPort").and_then(Node::scalar_text);
            target == Some(given)
        };
        let help: Option<Cow<'_, str>> = if let Some(port) = ports.iter().find(is_target) {
            let port = port.get("port").and_then(Node::scalar_text).unwrap_or_default();
            Some(format!("that is the port of the pods; that of the Service is `{port}`").into())
        } else if number.is_none() {
            let names = ports.iter().filter_map(|port| port.get("name").and_then(Node::as_str));
            did_you_mean(given, names).map(Cow::from)
        } else {
            None
        };
        Some(told.with_help(help.unwrap_or_else(|| listed(ports).into())))
    }
}

/// The ports of a Service, for a reader who is to choose one.
fn listed(ports: &[Node]) -> String {
    let one = |port: &Node| {
        let number = port.get("port").and_then(Node::scalar_text)?;
        let name = port.get("name").and_then(Node::as_str);
        Some(name.map_or(format!("`{number}`"), |name| format!("`{name}` ({number})")))
    };
    let all: Vec<String> = ports.iter().take(8).filter_map(one).collect();
    if all.is_empty() {
        return "add the port to the Service".to_owned();
    }
    format!("its ports are {}", all.join(", "))
}

/// The items of the list at a path of keys, with their places.
fn items<'a>(
    node: &'a Node,
    path: &[&str],
) -> impl Iterator<Item = (usize, &'a Node)> + Clone + use<'a> {
    node.at(path).and_then(Node::as_sequence).unwrap_or_default().iter().enumerate()
}
