//! Who names a Service and a port of it for the API server to call, and who names one otherwise.
//! Routes to Services are not here.
//!
//! Source: the types of Kubernetes' `admissionregistration`, `apiregistration`, `apiextensions`,
//! `apps` and `discovery`.

use super::{
    field::Field,
    kinds::SERVICE,
    name::{Collector, Part, Reference},
};
use crate::yaml::{Node, Text};

/// The port of a Service that the API server calls if none is written.
const DEFAULT_PORT: i64 = 443;

/// The references of an object of one of these kinds.
pub(super) fn references<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let gvk = &out.object.id.gvk;
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => {
            for webhook in root.items("webhooks") {
                called(webhook.get("clientConfig.service"), out);
            }
        }
        ("apiregistration.k8s.io", "APIService") => called(root.get("spec.service"), out),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            called(root.get("spec.conversion.webhook.clientConfig.service"), out);
        }
        ("apps", "StatefulSet") => {
            let Some(at) = root.get("spec.serviceName") else { return };
            let Some(name) = at.text() else { return };
            let target = SERVICE.named(out.object.namespace(), name);
            let part = Some(Part::Headless);
            out.reference(&Reference { part, ..Reference::new(out.object, at, target) });
        }
        ("discovery.k8s.io", "EndpointSlice") => {
            if let Some(labels) = root.get("metadata.labels") {
                out.name(labels.key("kubernetes.io/service-name"), SERVICE);
            }
        }
        _ => {}
    }
}

/// A Service that the API server calls.
fn called<'a>(service: Option<Field<'a, '_>>, out: &mut Collector<'_, '_, 'a>) {
    let Some(service) = service else { return };
    let Some(namespace) = service.text_at("namespace") else { return };
    let Some(at) = service.get("name") else { return };
    let Some(name) = at.text() else { return };
    let port = service.get("port");
    let number = match &port {
        Some(port) => port.node.scalar_text().and_then(|text| text.parse().ok()),
        None => Some(DEFAULT_PORT),
    };
    let target = SERVICE.named(Text::from(namespace), name);
    let part = number.map(|number| Part::Port(number, port));
    out.reference(&Reference { part, ..Reference::new(out.object, at, target) });
}

/// The numbers of the ports of a Service.
pub(super) fn ports(service: &Node) -> impl Iterator<Item = i64> {
    let ports = service.at(&["spec", "ports"]).and_then(Node::as_sequence).unwrap_or_default();
    ports.iter().filter_map(|port| port.get("port")?.scalar_text()?.parse().ok())
}
