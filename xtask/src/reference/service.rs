//! Services and the pods that they select.
//!
//! Source: the endpoint slice controller of Kubernetes, which looks a named port up by name and
//! protocol in each pod and leaves out a pod that does not have it.

use super::{
    foreign,
    nearest::Use,
    ports::{self, Ports},
    selection::Selections,
};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::Node,
};

/// Checks the Services that select pods.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut selections = Selections::new(cluster);
    for object in cluster.of_kind("", "Service") {
        let Some(spec) = object.node.get("spec") else { continue };
        // An ExternalName is a name in DNS and has no pods.
        let kind = spec.get("type").and_then(Node::as_str);
        let Some(node) = spec.get("selector").filter(|_| kind != Some("ExternalName")) else {
            continue;
        };
        let Some(selector) = Selector::of_labels(node).filter(|one| !one.is_empty()) else {
            continue;
        };
        let namespace = object.namespace();
        let path = "spec.selector";
        let used = Use { object, path, node, selector: &selector, namespace: &namespace };
        let selection = selections.get(&namespace, &selector);
        if selection.workloads.is_empty() {
            let code = codes::REFERENCE_SERVICE_SELECTS_NOTHING;
            out.extend(used.selects_nothing(cluster, code));
            continue;
        }
        out.extend(foreign::other_application(&used, cluster, &selection));
        let ports = spec.get("ports").and_then(Node::as_sequence).unwrap_or_default();
        for (index, port) in ports.iter().enumerate() {
            out.extend(target_port(object, index, port, &selection.ports));
        }
    }
}

/// Checks the port of the pods that a port of a Service stands for.
fn target_port(
    object: &Object<'_>,
    index: usize,
    port: &Node,
    declared: &Ports<'_>,
) -> Option<Diagnostic<Anchor>> {
    let protocol = ports::protocol(port);
    let target = port.get("targetPort").filter(|target| !target.is_null());
    let (field, node) = match target {
        Some(node) => ("targetPort", node),
        None => ("port", port.get("port")?),
    };
    let path = format!("spec.ports[{index}].{field}");
    match node.as_str() {
        Some(name) if ports::number(node).is_none() => {
            named(object, (&path, node, name), protocol, declared)
        }
        _ => numbered(object, (&path, node), protocol, declared),
    }
}

/// Checks a port that is given by name.
fn named(
    object: &Object<'_>,
    (path, node, name): (&str, &Node, &str),
    protocol: &str,
    declared: &Ports<'_>,
) -> Option<Diagnostic<Anchor>> {
    let code = codes::REFERENCE_TARGET_PORT;
    let ports = declared.named(name);
    let Some(port) = ports.first() else {
        let message =
            format!("`{path}` of {object} is `{name}`, which no container of its pods has");
        let mut told = object.error(code, message, node);
        if let Some(port) = declared.first() {
            told = told.with_related(port.at, "a port of its pods");
        }
        let names: Vec<&str> = declared.names().collect();
        let help =
            did_you_mean(name, names.iter().copied()).unwrap_or_else(|| match names.as_slice() {
                [] => "give a port of the container this name".to_owned(),
                names => format!("the ports of the pods are called {}", names.join(", ")),
            });
        return Some(told.with_help(help));
    };
    if !ports.iter().any(|port| port.protocol == protocol) {
        let message = format!(
            "`{path}` of {object} is `{name}` over {protocol}, and its pods have that over {}",
            port.protocol
        );
        let told = object.error(code, message, node).with_related(port.at, "the port of its pods");
        return Some(told.with_help(format!("write `protocol: {}`", port.protocol)));
    }
    let (first, second) = declared.contradiction(name)?;
    let message = format!(
        "`{path}` of {object} is `{name}`, which is {} in container `{}` and {} in container `{}`",
        first.number, first.container, second.number, second.container
    );
    let told = object
        .warning(code, message, node)
        .with_related(first.at, "the port that is used")
        .with_related(second.at, "the port that is not");
    Some(told.with_help("give each port of a pod a name of its own"))
}

/// Checks a port that is given by number, which a pod may have without declaring it.
fn numbered(
    object: &Object<'_>,
    (path, node): (&str, &Node),
    protocol: &str,
    declared: &Ports<'_>,
) -> Option<Diagnostic<Anchor>> {
    let number = ports::number(node)?;
    let ports = || declared.numbered(number, number);
    if declared.is_open() || ports().any(|port| port.protocol == protocol) {
        return None;
    }
    let code = codes::REFERENCE_TARGET_PORT;
    if let Some(port) = ports().next() {
        let message = format!(
            "`{path}` of {object} is {number} over {protocol}, and its pods declare that over {}",
            port.protocol
        );
        let told =
            object.warning(code, message, node).with_related(port.at, "the port of its pods");
        return Some(told.with_help(format!("write `protocol: {}`", port.protocol)));
    }
    let message =
        format!("`{path}` of {object} is {number}, which no container of its pods declares");
    let mut told = object.warning(code, message, node);
    if let Some(port) = declared.first() {
        told = told.with_related(port.at, "a port of its pods");
    }
    let numbers: Vec<String> = declared.numbers().take(8).map(|one| one.to_string()).collect();
    Some(told.with_help(format!("the pods declare {}", numbers.join(", "))))
}
