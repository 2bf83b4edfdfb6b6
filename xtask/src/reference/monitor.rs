//! What Prometheus is told to scrape: `ServiceMonitor` and `PodMonitor`.
//!
//! Source: the Prometheus operator: a monitor selects in its own namespace unless `namespaceSelector`
//! says otherwise, and a port is given by its name in the Service or in the pod.

use std::collections::BTreeMap;

use super::{nearest::Use, ports::Wanted, selection::Selections};
use crate::{
    cluster::{Cluster, Object, Selector},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::{Node, Text},
};

const GROUP: &str = "monitoring.coreos.com";

/// How many Services with one label, and how many namespaces, are looked through.
const MAX_CANDIDATES: usize = 1024;

/// The Services with a label.
type Labelled<'c, 'a> = BTreeMap<(&'a str, &'a str), Vec<&'c Object<'a>>>;

/// Checks the monitors.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let mut labelled = Labelled::new();
    if cluster.of_kind(GROUP, "ServiceMonitor").next().is_some() {
        for service in cluster.of_kind("", "Service") {
            for label in labels(service) {
                labelled.entry(label).or_default().push(service);
            }
        }
    }
    for monitor in cluster.of_kind(GROUP, "ServiceMonitor") {
        out.extend(service_monitor(monitor, &labelled, cluster));
    }
    let mut selections = Selections::new(cluster);
    for monitor in cluster.of_kind(GROUP, "PodMonitor") {
        pod_monitor(monitor, &mut selections, out);
    }
}

/// The labels of an object.
fn labels<'a>(object: &Object<'a>) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
    let labels = object.node.at(&["metadata", "labels"]).and_then(Node::as_mapping);
    let entries = labels.into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.as_str(), entry.value.scalar_text()?)))
}

/// The selector of a monitor and the one namespace in which it selects; `None` if it selects
/// everything or in several.
fn selector<'a>(monitor: &Object<'a>) -> Option<(&'a Node, Selector<'a>, Text)> {
    let spec = monitor.node.get("spec")?;
    let node = spec.get("selector")?;
    let selector = Selector::of(node).filter(|one| !one.is_empty())?;
    let namespaces = spec.get("namespaceSelector");
    let is_any = namespaces.and_then(|node| node.get("any")).and_then(Node::scalar_text);
    let names = namespaces.and_then(|node| node.get("matchNames")).and_then(Node::as_sequence);
    let namespace = match names.unwrap_or_default() {
        _ if is_any == Some("true") => return None,
        [] => monitor.namespace(),
        [one] => one.as_str()?.into(),
        _ => return None,
    };
    Some((node, selector, namespace))
}

/// The first problem of a monitor of Services.
fn service_monitor<'a>(
    monitor: &Object<'a>,
    labelled: &Labelled<'_, 'a>,
    cluster: &Cluster<'a>,
) -> Option<Diagnostic<Anchor>> {
    let code = codes::REFERENCE_MONITOR_SELECTS_NOTHING;
    let (node, selector, namespace) = selector(monitor)?;
    let none = Vec::new();
    let with = |label| labelled.get(&label).unwrap_or(&none);
    let candidates = selector.equalities().map(with).min_by_key(|all| all.len())?;
    // One file with a monitor and no Service says nothing about Services.
    let is_alone =
        !cluster.is_closed() && cluster.names("", "Service", &namespace).next().is_none();
    if candidates.len() > MAX_CANDIDATES || is_alone {
        return None;
    }
    let services: Vec<&Object<'_>> = candidates
        .iter()
        .filter(|one| one.namespace() == namespace && selector.matches(&labels(one)))
        .copied()
        .collect();
    if services.is_empty() {
        let message = format!(
            "`spec.selector` of {monitor} selects no Service: there is none in namespace \
             `{namespace}` with these labels"
        );
        let values = selector.requirements.iter().flat_map(|one| &one.values);
        let words: Vec<&str> = values.copied().collect();
        let told =
            cluster.missing_in(&namespace, &words, (code, message, monitor.at(node.span)))?;
        let near = cluster.find("", "Service", &namespace, &monitor.id.name);
        let labels = near.and_then(|near| Some((near, near.node.at(&["metadata", "labels"])?)));
        return Some(match labels {
            Some((near, labels)) => {
                told.with_related(near.at(labels.span), format!("the labels of {near}"))
            }
            None => told,
        });
    }
    let endpoints = monitor.node.at(&["spec", "endpoints"]).and_then(Node::as_sequence)?;
    let names = |service: &&Object<'a>| {
        let ports = service.node.at(&["spec", "ports"]).and_then(Node::as_sequence);
        let ports = ports.unwrap_or_default().iter();
        ports.filter_map(|port| port.get("name")?.as_str()).collect::<Vec<_>>()
    };
    let known: Vec<&str> = services.iter().flat_map(names).collect();
    endpoints.iter().enumerate().find_map(|(index, endpoint)| {
        let node = endpoint.get("port")?;
        let name = node.as_str().filter(|name| !known.contains(name))?;
        let service = services.first()?;
        let message = format!(
            "`spec.endpoints[{index}].port` of {monitor} is `{name}`, and {service} has no port of \
             that name"
        );
        let ports = service.node.at(&["spec", "ports"]).unwrap_or(service.node);
        let told = monitor.error(code, message, node);
        let told = told.with_related(service.at(ports.span), format!("the ports of {service}"));
        Some(match did_you_mean(name, known.iter().copied()) {
            Some(help) => told.with_help(help),
            None => told.with_help("name a port of the Service, not of the pods"),
        })
    })
}

/// Checks a monitor of pods.
fn pod_monitor<'a>(
    monitor: &Object<'a>,
    selections: &mut Selections<'_, 'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let code = codes::REFERENCE_MONITOR_SELECTS_NOTHING;
    let Some((node, selector, namespace)) = selector(monitor) else { return };
    let pods = selections.get(&namespace, &selector);
    if pods.workloads.is_empty() {
        let used = Use {
            object: monitor,
            path: "spec.selector",
            node,
            selector: &selector,
            namespace: &namespace,
            is_own: true,
        };
        out.extend(used.selects_nothing(selections.cluster, code));
        return;
    }
    let endpoints = monitor.node.at(&["spec", "podMetricsEndpoints"]).and_then(Node::as_sequence);
    for (index, endpoint) in endpoints.unwrap_or_default().iter().enumerate() {
        let Some(port) = endpoint.get("port") else { continue };
        let path = format!("spec.podMetricsEndpoints[{index}].port");
        let wanted = Wanted::new(monitor, &path, port, endpoint);
        out.extend(wanted.and_then(|wanted| wanted.missing(code, &[&pods.ports])));
    }
}
