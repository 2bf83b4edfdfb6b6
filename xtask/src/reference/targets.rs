//! References that say of which kind what they name is.
//!
//! Source: the types of Kubernetes' `autoscaling` and `admissionregistration`, of Gateway API 1.6,
//! External Secrets 2.9, KEDA and the vertical pod autoscaler.

use super::{
    field::Field,
    kinds::{CONFIG_MAP, GATEWAY, GATEWAY_CLASS, SECRET},
    name::{Collector, Kind, Part, Reference, Target},
};
use crate::{cluster::Cluster, yaml::Text};

const ADMISSION: &str = "admissionregistration.k8s.io";
const GATEWAYS: &str = "gateway.networking.k8s.io";
const SECRETS: &str = "external-secrets.io";

/// The references of an object of one of these kinds.
pub(super) fn references<'a>(
    root: &Field<'a, '_>,
    cluster: &Cluster<'a>,
    out: &mut Collector<'_, '_, 'a>,
) {
    let gvk = out.object.id.gvk.clone();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            scaled(root, "spec.scaleTargetRef", out);
        }
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => scaled(root, "spec.targetRef", out),
        (ADMISSION, "ValidatingAdmissionPolicyBinding") => {
            policy(root, "ValidatingAdmissionPolicy", cluster, out);
        }
        (ADMISSION, "MutatingAdmissionPolicyBinding") => {
            policy(root, "MutatingAdmissionPolicy", cluster, out);
        }
        (SECRETS, "ExternalSecret" | "PushSecret") => stores(root, out),
        (GATEWAYS, kind) => gateways(root, kind, out),
        _ => {}
    }
}

/// What is scaled.
fn scaled<'a>(root: &Field<'a, '_>, path: &'static str, out: &mut Collector<'_, '_, 'a>) {
    let Some(target) = root.get(path) else { return };
    let Some(at) = target.get("name") else { return };
    let Some(name) = at.text() else { return };
    let kind = target.text_at("kind").unwrap_or("Deployment");
    let group = match target.text_at("apiVersion") {
        Some(version) => version.split_once('/').map_or("", |(group, _)| group),
        None if kind == "ReplicationController" => "",
        None => "apps",
    };
    out.target(at, Target { group, kind, namespace: Some(out.object.namespace()), name });
}

/// The policy of a binding and the object that holds its parameters, whose kind the policy says.
fn policy<'a>(
    root: &Field<'a, '_>,
    kind: &'static str,
    cluster: &Cluster<'a>,
    out: &mut Collector<'_, '_, 'a>,
) {
    out.name(root.get("spec.policyName"), Kind::cluster(ADMISSION, kind));
    let Some(at) = root.get("spec.paramRef.name") else { return };
    let (Some(name), Some(policy)) = (at.text(), root.text_at("spec.policyName")) else { return };
    let Some(policy) = cluster.find_unscoped(ADMISSION, kind, policy) else { return };
    let policy = Field::root(policy.node);
    let Some(kind) = policy.text_at("spec.paramKind.kind") else { return };
    let version = policy.text_at("spec.paramKind.apiVersion").unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    // Without a namespace it is that of the object that is admitted.
    let namespace = root.text_at("spec.paramRef.namespace").map(Text::from);
    let optional = root.text_at("spec.paramRef.parameterNotFoundAction") == Some("Allow");
    let target = Target { group, kind, namespace, name };
    out.reference(&Reference { optional, ..Reference::new(out.object, at, target) });
}

/// The stores that secrets come from or go to.
fn stores<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let mut store = |store: Option<Field<'a, '_>>| {
        let Some(store) = store else { return };
        let kind = match store.text_at("kind") {
            Some("ClusterSecretStore") => Kind::cluster(SECRETS, "ClusterSecretStore"),
            Some("SecretStore") | None => Kind::namespaced(SECRETS, "SecretStore"),
            Some(_) => return,
        };
        out.name(store.get("name"), kind);
    };
    store(root.get("spec.secretStoreRef"));
    for one in root.items("spec.secretStoreRefs") {
        store(Some(one));
    }
    for list in ["spec.data", "spec.dataFrom"] {
        for one in root.items(list) {
            store(one.get("sourceRef.storeRef"));
        }
    }
}

fn gateways<'a>(root: &Field<'a, '_>, kind: &str, out: &mut Collector<'_, '_, 'a>) {
    match kind {
        "Gateway" => {
            out.name(root.get("spec.gatewayClassName"), GATEWAY_CLASS);
            certificates(root, out);
            certificate(root.get("spec.tls.backend.clientCertificateRef"), out);
            parameters(root.get("spec.infrastructure.parametersRef"), out);
            let default = root.get("spec.tls.frontend.default.validation");
            authorities(default, out);
            for port in root.items("spec.tls.frontend.perPort") {
                authorities(port.get("tls.validation"), out);
            }
        }
        "GatewayClass" => parameters(root.get("spec.parametersRef"), out),
        "ListenerSet" => {
            certificates(root, out);
            if let Some(parent) = root.get("spec.parentRef") {
                self::parent(&parent, out);
            }
        }
        "BackendTLSPolicy" => authorities(root.get("spec.validation"), out),
        _ => {
            for parent in root.items("spec.parentRefs") {
                self::parent(&parent, out);
            }
        }
    }
}

/// The Gateway, or another kind, that a route is attached to.
fn parent<'a>(parent: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let Some(at) = parent.get("name") else { return };
    let Some(name) = at.text() else { return };
    let group = parent.get("group").and_then(|group| group.node.as_str()).unwrap_or(GATEWAYS);
    let kind = parent.text_at("kind").unwrap_or(GATEWAY.kind);
    let namespace = out.namespace_in(parent);
    let section = parent.get("sectionName").filter(|section| section.text().is_some());
    let part = section.filter(|_| kind == GATEWAY.kind && group == GATEWAYS).map(Part::Listener);
    let target = Target { group, kind, namespace: Some(namespace), name };
    out.reference(&Reference { part, ..Reference::new(out.object, at, target) });
}

/// What listeners prove their names with.
fn certificates<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    for listener in root.items("spec.listeners") {
        for one in listener.items("tls.certificateRefs") {
            certificate(Some(one), out);
        }
    }
}

fn certificate<'a>(certificate: Option<Field<'a, '_>>, out: &mut Collector<'_, '_, 'a>) {
    let Some(certificate) = certificate else { return };
    if certificate.text_at("group").is_some()
        || certificate.text_at("kind").is_some_and(|kind| kind != SECRET.kind)
    {
        return;
    }
    let namespace = out.namespace_in(&certificate);
    out.certificate(certificate.get("name"), namespace);
}

/// What the certificates of others are checked with.
fn authorities<'a>(validation: Option<Field<'a, '_>>, out: &mut Collector<'_, '_, 'a>) {
    let Some(validation) = validation else { return };
    for authority in validation.items("caCertificateRefs") {
        let kind = match authority.text_at("kind") {
            _ if authority.text_at("group").is_some() => continue,
            Some("ConfigMap") => CONFIG_MAP,
            Some("Secret") => SECRET,
            _ => continue,
        };
        let Some(at) = authority.get("name") else { continue };
        let Some(name) = at.text() else { continue };
        let namespace = out.namespace_in(&authority);
        let target = kind.named(namespace, name);
        out.reference(&Reference { needs: &["ca.crt"], ..Reference::new(out.object, at, target) });
    }
}

/// The settings of an implementation, in a kind of its own.
fn parameters<'a>(parameters: Option<Field<'a, '_>>, out: &mut Collector<'_, '_, 'a>) {
    let Some(parameters) = parameters else { return };
    let Some(at) = parameters.get("name") else { return };
    let (Some(name), Some(kind)) = (at.text(), parameters.text_at("kind")) else { return };
    let group = parameters.text_at("group").unwrap_or_default();
    let namespace = match parameters.text_at("namespace") {
        Some(namespace) => Some(Text::from(namespace)),
        None if out.object.id.gvk.kind == "Gateway" => Some(out.object.namespace()),
        None => None,
    };
    out.target(at, Target { group, kind, namespace, name });
}
