//! What cert-manager's kinds name, and the Secrets that they make.
//!
//! Source: cert-manager 1.21, `pkg/apis/certmanager/v1`, `pkg/apis/acme/v1`, its controllers for
//! Ingress and Gateway, and the flags of its controller.

use super::{
    field::Field,
    kinds::{INGRESS_CLASS, SECRET, SERVICE_ACCOUNT},
    name::{Collector, Kind, Target},
    produced::Production,
};
use crate::{
    cluster::{Cluster, Object},
    yaml::{Node, Text},
};

const GROUP: &str = "cert-manager.io";
const ISSUER: Kind = Kind::namespaced(GROUP, "Issuer");
const CLUSTER_ISSUER: Kind = Kind::cluster(GROUP, "ClusterIssuer");

/// The annotations with which an Ingress or a Gateway asks for certificates.
const ISSUER_ANNOTATIONS: [(&str, Kind); 2] =
    [("cert-manager.io/issuer", ISSUER), ("cert-manager.io/cluster-issuer", CLUSTER_ISSUER)];

/// The references of an object that asks for a certificate or issues one.
pub(super) fn references<'a>(
    root: &Field<'a, '_>,
    cluster_namespace: &Text,
    out: &mut Collector<'_, '_, 'a>,
) {
    let gvk = &out.object.id.gvk;
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (GROUP, "Certificate") => {
            issuer(root, out);
            out.selector(root.get("spec.keystores.jks.passwordSecretRef"), SECRET);
            out.selector(root.get("spec.keystores.pkcs12.passwordSecretRef"), SECRET);
        }
        (GROUP, "CertificateRequest") => issuer(root, out),
        (GROUP, "Issuer" | "ClusterIssuer") => {
            let namespace = namespace_of_issuer(out.object, cluster_namespace);
            if let Some(spec) = root.get("spec") {
                authority(&spec, &namespace, out);
            }
        }
        ("networking.k8s.io", "Ingress") | ("gateway.networking.k8s.io", "Gateway") => {
            let Some(annotations) = root.get("metadata.annotations") else { return };
            let is_external = annotations.key("cert-manager.io/issuer-group").is_some();
            for (annotation, kind) in ISSUER_ANNOTATIONS.into_iter().filter(|_| !is_external) {
                out.name(annotations.key(annotation), kind);
            }
        }
        _ => {}
    }
}

/// The issuer of a Certificate: its kind may be one of another controller.
fn issuer<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let Some(issuer) = root.get("spec.issuerRef") else { return };
    let Some(at) = issuer.get("name") else { return };
    let group = issuer.text_at("group").unwrap_or(GROUP);
    let kind = issuer.text_at("kind").unwrap_or(ISSUER.kind);
    match (group, kind) {
        (GROUP, "Issuer") => out.name(Some(at), ISSUER),
        (GROUP, "ClusterIssuer") => out.name(Some(at), CLUSTER_ISSUER),
        (GROUP, _) => {}
        (_, _) => {
            if let Some(name) = at.text() {
                let is_of_cluster = kind.starts_with("Cluster");
                let namespace = (!is_of_cluster).then(|| out.object.namespace());
                out.target(at, Target { group, kind, namespace, name });
            }
        }
    }
}

/// What an issuer signs and logs in with.
fn authority<'a>(spec: &Field<'a, '_>, namespace: &Text, out: &mut Collector<'_, '_, 'a>) {
    out.secret(spec.get("ca.secretName"), namespace.clone(), &["tls.crt", "tls.key"]);
    let client = spec.get("vault.auth.clientCertificate.secretName");
    out.secret(client, namespace.clone(), &["tls.crt", "tls.key"]);
    for solver in spec.items("acme.solvers") {
        out.name(solver.get("http01.ingress.ingressClassName"), INGRESS_CLASS);
    }
    for part in ["vault", "venafi", "acme"] {
        if let Some(part) = spec.get(part) {
            logins(&part, namespace, out);
        }
    }
}

/// The Secrets and service accounts in all fields that end in `SecretRef` and `serviceAccountRef`:
/// there is one for each provider. That of the account's own key is made if it is not there.
fn logins<'a>(field: &Field<'a, '_>, namespace: &Text, out: &mut Collector<'_, '_, 'a>) {
    for (key, value) in field.entries() {
        match key {
            "privateKeySecretRef" => {}
            "serviceAccountRef" => {
                out.name_in(value.get("name"), SERVICE_ACCOUNT, namespace.clone());
            }
            _ if key.ends_with("SecretRef") || key == "secretRef" => {
                out.selector_in(Some(value), SECRET, namespace.clone());
            }
            _ => logins(&value, namespace, out),
        }
    }
    for item in field.items("") {
        logins(&item, namespace, out);
    }
}

/// Where an issuer keeps its Secrets.
fn namespace_of_issuer(issuer: &Object<'_>, of_cluster: &Text) -> Text {
    if issuer.id.gvk.kind == ISSUER.kind { issuer.namespace() } else { of_cluster.clone() }
}

/// Where every `ClusterIssuer` keeps its Secrets: in the namespace that cert-manager is told.
pub(super) fn cluster_namespace(cluster: &Cluster<'_>) -> Text {
    let told = cluster.workloads().iter().find_map(|workload| {
        let namespace = workload.containers().find_map(|container| {
            let args = container.node.get("args").and_then(Node::as_sequence)?;
            let mut texts = args.iter().filter_map(Node::as_str);
            texts.find_map(|text| text.strip_prefix("--cluster-resource-namespace="))
        })?;
        Some(if namespace == "$(POD_NAMESPACE)" { workload.namespace() } else { namespace }.into())
    });
    told.unwrap_or(Text::const_new("cert-manager"))
}

/// The Secrets that an object makes.
pub(super) fn produced<'a>(
    object: &Object<'a>,
    cluster_namespace: &Text,
    out: &mut Production<'a>,
) {
    let root = Field::root(object.node);
    match (object.id.gvk.group.as_str(), object.id.gvk.kind.as_str()) {
        (GROUP, "Certificate") => certificate(object, &root, out),
        (GROUP, "Issuer" | "ClusterIssuer") => {
            if let Some(name) = root.get("spec.acme.privateKeySecretRef.name") {
                let key = root.text_at("spec.acme.privateKeySecretRef.key").unwrap_or("tls.key");
                let namespace = namespace_of_issuer(object, cluster_namespace);
                out.add(object, SECRET, namespace, name, Some(vec![key]));
            }
        }
        ("networking.k8s.io", "Ingress") if asks_for_certificates(object) => {
            for tls in root.items("spec.tls") {
                if let Some(name) = tls.get("secretName") {
                    out.add(object, SECRET, object.namespace(), name, Some(KEYS.to_vec()));
                }
            }
        }
        ("gateway.networking.k8s.io", "Gateway") if asks_for_certificates(object) => {
            for listener in root.items("spec.listeners") {
                for certificate in listener.items("tls.certificateRefs") {
                    let namespace = certificate.text_at("namespace");
                    let namespace = namespace.map_or_else(|| object.namespace(), Text::from);
                    if let Some(name) = certificate.get("name") {
                        out.add(object, SECRET, namespace, name, Some(KEYS.to_vec()));
                    }
                }
            }
        }
        _ => {}
    }
}

/// The keys of every Secret with a certificate.
const KEYS: [&str; 3] = ["tls.crt", "tls.key", "ca.crt"];

fn asks_for_certificates(object: &Object<'_>) -> bool {
    object.annotation("kubernetes.io/tls-acme").is_some_and(|one| one.as_str() == Some("true"))
        || ISSUER_ANNOTATIONS.iter().any(|(annotation, _)| object.annotation(annotation).is_some())
}

fn certificate<'a>(object: &Object<'a>, root: &Field<'a, '_>, out: &mut Production<'a>) {
    let Some(name) = root.get("spec.secretName") else { return };
    let mut keys = KEYS.to_vec();
    for format in root.items("spec.additionalOutputFormats") {
        match format.text_at("type") {
            Some("CombinedPEM") => keys.push("tls-combined.pem"),
            Some("DER") => keys.push("key.der"),
            _ => {}
        }
    }
    for (store, files) in [
        ("spec.keystores.jks", ["keystore.jks", "truststore.jks"]),
        ("spec.keystores.pkcs12", ["keystore.p12", "truststore.p12"]),
    ] {
        if root.get(store).is_some_and(|store| store.is_true("create")) {
            keys.extend(files);
        }
    }
    out.add(object, SECRET, object.namespace(), name, Some(keys));
}
