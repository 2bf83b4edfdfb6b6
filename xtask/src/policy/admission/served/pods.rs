//! What becomes of pods before policies see them.
//!
//! Source: `pkg/apis/core/v1/defaults.go`, and the admission plugins `ServiceAccount` and
//! `DefaultTolerationSeconds`.

use compact_str::CompactString;

use super::{child, part, push, set};
use crate::yaml::Node;

/// Where pod specs are in the objects of Kubernetes' own kinds.
const SPECS: &[&[&str]] = &[
    &["spec"],
    &["template", "spec"],
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
];

/// Whether an image is pulled each time follows from its tag, and both names of the service account
/// are the same.
pub(super) fn images(object: &mut Node) {
    for path in SPECS {
        let spec = path.iter().try_fold(&mut *object, |node, key| node.get_mut(key));
        let Some(spec) = spec.filter(|spec| spec.get("containers").is_some()) else { continue };
        account_names(spec);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            let containers = spec.get_mut(list).and_then(Node::as_sequence_mut);
            for container in containers.into_iter().flatten() {
                let Some(image) = container.text_at(&["image"]) else { continue };
                let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
                if container.get("imagePullPolicy").is_none() {
                    set(container, "imagePullPolicy", policy);
                }
            }
        }
    }
}

fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn account_names(spec: &mut Node) {
    let name = |key| spec.text_at(&[key]).map(CompactString::from);
    match (name("serviceAccountName"), name("serviceAccount")) {
        (Some(name), _) => set(spec, "serviceAccount", name),
        (None, Some(name)) => set(spec, "serviceAccountName", name),
        (None, None) => {}
    }
}

/// Before defaults: a pod may name its service account by the old name.
pub(super) fn account(pod: &mut Node) {
    if let Some(spec) = pod.get_mut("spec") {
        account_names(spec);
        requests(spec);
        host_ports(spec);
    }
}

fn containers(spec: &mut Node) -> impl Iterator<Item = &mut Node> {
    spec.as_mapping_mut()
        .into_iter()
        .flatten()
        .filter(|entry| matches!(entry.key.as_str(), "containers" | "initContainers"))
        .filter_map(|entry| entry.value.as_sequence_mut())
        .flatten()
}

/// What is limited is requested.
fn requests(spec: &mut Node) {
    for container in containers(spec) {
        let Some(resources) = container.get_mut("resources") else { continue };
        let Some(limits) = resources.get("limits").and_then(Node::as_mapping).cloned() else {
            continue;
        };
        let Some(requests) = child(resources, "requests").and_then(Node::as_mapping_mut) else {
            continue;
        };
        for entry in limits.into_entries() {
            if !requests.contains_key(&entry.key) {
                requests.push(entry.key, entry.key_span, entry.value);
            }
        }
    }
}

/// On the host's network a port is one of the host.
fn host_ports(spec: &mut Node) {
    if spec.get("hostNetwork").and_then(Node::scalar_text) != Some("true") {
        return;
    }
    for container in containers(spec) {
        let ports = container.get_mut("ports").and_then(Node::as_sequence_mut);
        for port in ports.into_iter().flatten() {
            let number = port.get("containerPort").cloned();
            if let (Some(number), Some(mapping)) = (number, port.as_mapping_mut())
                && !mapping.contains_key("hostPort")
            {
                mapping.push("hostPort", number.span, number);
            }
        }
    }
}

/// What a pod gets when it is admitted: the token of its service account, and tolerations.
pub(super) fn admitted(pod: &mut Node, has_token: bool) {
    let Some(spec) = pod.get_mut("spec") else { return };
    let wants_token = spec.get("automountServiceAccountToken").and_then(Node::scalar_text);
    if wants_token.map_or(has_token, |wants| wants == "true") {
        let span = spec.span;
        if let Some(volume) = part("token-volume", span) {
            push(spec, "volumes", volume);
        }
        for container in containers(spec) {
            if let Some(mount) = part("token-mount", span) {
                push(container, "volumeMounts", mount);
            }
        }
    }
    let tolerations = part("tolerations", spec.span);
    for toleration in tolerations.as_ref().and_then(Node::as_sequence).unwrap_or_default() {
        let own = spec.get("tolerations").and_then(Node::as_sequence).unwrap_or_default();
        let is_met =
            |one: &Node| one.get("key").is_none_or(|key| Some(key) == toleration.get("key"));
        if !own.iter().any(is_met) {
            push(spec, "tolerations", toleration.clone());
        }
    }
}
