//! Fields that hold nothing but a name, or a name and a key, of one kind.
//!
//! Source: the types of Kubernetes' `flowcontrol`, `networking` and `resource`, of Traefik 3.7, Argo
//! CD 3.5, the Prometheus operator and External Secrets 2.9.

use super::{
    field::Field,
    kinds::{CONFIG_MAP, DEVICE_CLASS, INGRESS_CLASS, PRIORITY_CLASS, PRIORITY_LEVEL, SECRET},
    name::{Collector, Kind},
};

/// How a field names an object.
#[derive(Clone, Copy)]
enum Form {
    /// It is the name.
    Name,
    /// It is a map with `name` and maybe `key` and `optional`.
    Selector,
}
use Form::{Name, Selector};

/// A field: `[]` stands for each item of a list.
type Row = (&'static str, Form, Kind);

/// The fields of a kind.
fn rows(group: &str, kind: &str) -> &'static [Row] {
    match (group, kind) {
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => {
            &[("spec.priorityLevelConfiguration.name", Name, PRIORITY_LEVEL)]
        }
        ("networking.k8s.io", "Ingress") => &[("spec.ingressClassName", Name, INGRESS_CLASS)],
        ("resource.k8s.io", "ResourceClaim") => &[
            ("spec.devices.requests[].deviceClassName", Name, DEVICE_CLASS),
            ("spec.devices.requests[].exactly.deviceClassName", Name, DEVICE_CLASS),
            ("spec.devices.requests[].firstAvailable[].deviceClassName", Name, DEVICE_CLASS),
        ],
        ("resource.k8s.io", "ResourceClaimTemplate") => &[
            ("spec.spec.devices.requests[].deviceClassName", Name, DEVICE_CLASS),
            ("spec.spec.devices.requests[].exactly.deviceClassName", Name, DEVICE_CLASS),
            ("spec.spec.devices.requests[].firstAvailable[].deviceClassName", Name, DEVICE_CLASS),
        ],
        ("traefik.io", _) => traefik(kind),
        ("monitoring.coreos.com", "ServiceMonitor") => &[
            ("spec.endpoints[].authorization.credentials", Selector, SECRET),
            ("spec.endpoints[].basicAuth.password", Selector, SECRET),
            ("spec.endpoints[].basicAuth.username", Selector, SECRET),
            ("spec.endpoints[].bearerTokenSecret", Selector, SECRET),
            ("spec.endpoints[].tlsConfig.ca.configMap", Selector, CONFIG_MAP),
            ("spec.endpoints[].tlsConfig.ca.secret", Selector, SECRET),
            ("spec.endpoints[].tlsConfig.cert.configMap", Selector, CONFIG_MAP),
            ("spec.endpoints[].tlsConfig.cert.secret", Selector, SECRET),
            ("spec.endpoints[].tlsConfig.keySecret", Selector, SECRET),
        ],
        ("monitoring.coreos.com", "PodMonitor") => &[
            ("spec.podMetricsEndpoints[].authorization.credentials", Selector, SECRET),
            ("spec.podMetricsEndpoints[].basicAuth.password", Selector, SECRET),
            ("spec.podMetricsEndpoints[].basicAuth.username", Selector, SECRET),
            ("spec.podMetricsEndpoints[].bearerTokenSecret", Selector, SECRET),
            ("spec.podMetricsEndpoints[].tlsConfig.ca.configMap", Selector, CONFIG_MAP),
            ("spec.podMetricsEndpoints[].tlsConfig.ca.secret", Selector, SECRET),
            ("spec.podMetricsEndpoints[].tlsConfig.keySecret", Selector, SECRET),
        ],
        _ => &[],
    }
}

fn traefik(kind: &str) -> &'static [Row] {
    match kind {
        "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP" => {
            &[("spec.ingressClassName", Name, INGRESS_CLASS)]
        }
        "Middleware" => &[
            ("spec.basicAuth.secret", Name, SECRET),
            ("spec.digestAuth.secret", Name, SECRET),
            ("spec.forwardAuth.tls.caSecret", Name, SECRET),
            ("spec.forwardAuth.tls.certSecret", Name, SECRET),
            ("spec.rateLimit.redis.secret", Name, SECRET),
            ("spec.rateLimit.redis.tls.caSecret", Name, SECRET),
            ("spec.rateLimit.redis.tls.certSecret", Name, SECRET),
        ],
        "ServersTransport" => &[
            ("spec.certificatesSecrets[]", Name, SECRET),
            ("spec.rootCAsSecrets[]", Name, SECRET),
            ("spec.rootCAs[].configMap", Name, CONFIG_MAP),
            ("spec.rootCAs[].secret", Name, SECRET),
        ],
        "ServersTransportTCP" => &[
            ("spec.tls.certificatesSecrets[]", Name, SECRET),
            ("spec.tls.rootCAsSecrets[]", Name, SECRET),
            ("spec.tls.rootCAs[].configMap", Name, CONFIG_MAP),
            ("spec.tls.rootCAs[].secret", Name, SECRET),
        ],
        "TLSOption" => &[("spec.clientAuth.secretNames[]", Name, SECRET)],
        _ => &[],
    }
}

/// The references of an object of one of these kinds.
pub(super) fn references<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let gvk = out.object.id.gvk.clone();
    let namespace = out.object.namespace();
    for &(path, form, kind) in rows(&gvk.group, &gvk.kind) {
        each(root, path, &mut |field| match form {
            Name => out.name(Some(*field), kind),
            Selector => out.selector(Some(*field), kind),
        });
    }
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ResourceQuota") => priority_classes(root, out),
        ("networking.k8s.io", "Ingress") => {
            for tls in root.items("spec.tls") {
                out.certificate(tls.get("secretName"), namespace.clone());
            }
        }
        ("traefik.io", "IngressRoute" | "IngressRouteTCP") => {
            out.certificate(root.get("spec.tls.secretName"), namespace);
        }
        ("traefik.io", "TLSStore") => {
            out.certificate(root.get("spec.defaultCertificate.secretName"), namespace.clone());
            for certificate in root.items("spec.certificates") {
                out.certificate(certificate.get("secretName"), namespace.clone());
            }
        }
        ("argoproj.io", "ApplicationSet") => {
            for generator in root.items("spec.generators") {
                logins(&generator, out);
            }
        }
        _ => {}
    }
}

/// Calls `found` with each value at the end of a path.
fn each<'a>(field: &Field<'a, '_>, path: &'static str, found: &mut dyn FnMut(&Field<'a, '_>)) {
    match path.split_once("[]") {
        None => {
            if let Some(end) = field.get(path) {
                found(&end);
            }
        }
        Some((list, rest)) => {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            for item in field.items(list) {
                each(&item, rest, found);
            }
        }
    }
}

/// The classes of priority that a quota is for.
fn priority_classes<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    for scope in root.items("spec.scopeSelector.matchExpressions") {
        if scope.text_at("scopeName") == Some("PriorityClass") {
            for class in scope.items("values") {
                out.name(Some(class), PRIORITY_CLASS);
            }
        }
    }
}

/// What a generator of Applications logs in with, which is the same for each of its many providers.
fn logins<'a>(field: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let namespace = out.object.namespace();
    for (name, kind) in [("secretName", SECRET), ("configMapName", CONFIG_MAP)] {
        if let Some(key) = field.get("key").filter(|key| key.text().is_some()) {
            out.keys_of(*field, name, kind, namespace.clone(), &[key]);
        }
    }
    for (_, value) in field.entries() {
        logins(&value, out);
    }
    for item in field.items("") {
        logins(&item, out);
    }
}
