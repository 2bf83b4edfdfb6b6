//! Services and the pods that they select.
//!
//! Source: the endpoint slice controller of Kubernetes, which looks a named port up by name and
//! protocol in each pod and leaves out a pod that does not have it.

use super::{
    foreign,
    nearest::Use,
    ports::{Ports, Wanted},
    selection::Selections,
};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, Severity, codes},
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
        let used =
            Use { object, path, node, selector: &selector, namespace: &namespace, is_own: true };
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
    let code = codes::REFERENCE_TARGET_PORT;
    let target = port.get("targetPort").filter(|target| !target.is_null());
    let (field, node) = match target {
        Some(node) => ("targetPort", node),
        None => ("port", port.get("port")?),
    };
    let path = format!("spec.ports[{index}].{field}");
    let wanted = Wanted::new(object, &path, node, port)?;
    if let Some(told) = wanted.missing(code, &[declared]) {
        // A name stands for nothing but what is declared.
        let severity = if wanted.name().is_some() { Severity::Error } else { Severity::Warning };
        return Some(Diagnostic { severity, ..told });
    }
    let name = wanted.name()?;
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
