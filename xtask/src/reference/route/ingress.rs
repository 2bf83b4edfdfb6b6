//! Ingresses.
//!
//! Source: the documentation of networking.k8s.io/v1: the host of a rule may have a wildcard for its
//! first label, and of two Ingresses with the same host and path it is not said which one serves it.

use std::collections::BTreeMap;

use compact_str::format_compact;

use super::{Backend, certificates::Certificates, hosts::Hosts, items};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::{Node, Text},
};

/// Where an Ingress is served: its class, the host, the path and how that is compared.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Checks the Ingresses.
pub(super) fn check(certificates: &Certificates<'_, '_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let cluster = certificates.cluster;
    let mut places: BTreeMap<Place<'_>, (&Object<'_>, Anchor)> = BTreeMap::new();
    let named = [("middlewares", "Middleware"), ("tls.options", "TLSOption")]
        .map(|(annotation, kind)| Named { annotation, kind, known: names(kind, cluster) });
    for object in cluster.of_kind("networking.k8s.io", "Ingress") {
        let Some(spec) = object.node.get("spec") else { continue };
        if let Some(node) = spec.get("defaultBackend") {
            backend(object, "spec.defaultBackend", node, cluster, out);
        }
        for (index, rule) in items(spec, &["rules"]) {
            for (number, path) in items(rule, &["http", "paths"]) {
                let field = format!("spec.rules[{index}].http.paths[{number}]");
                if let Some(node) = path.get("backend") {
                    backend(object, &format!("{field}.backend"), node, cluster, out);
                }
                // A canary shares the place of another Ingress on purpose.
                if object.annotation("nginx.ingress.kubernetes.io/canary").is_none() {
                    out.extend(taken(object, &field, rule, path, &mut places));
                }
            }
        }
        tls(object, spec, certificates, out);
        for named in &named {
            named.check(object, cluster, out);
        }
    }
}

fn backend<'a>(
    from: &Object<'a>,
    path: &str,
    node: &'a Node,
    cluster: &Cluster<'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let Some(service) = node.get("service") else { return };
    let Some(name) = service.get("name") else { return };
    let port = ["name", "number"].into_iter().find_map(|key| {
        let port = service.at(&["port", key])?;
        Some((port, format!("{path}.service.port.{key}")))
    });
    let path = format!("{path}.service.name");
    Backend { from, path, name, namespace: &from.namespace(), port }.check(cluster, out);
}

/// The problem that a host and path are already served.
fn taken<'c, 'a>(
    object: &'c Object<'a>,
    field: &str,
    rule: &'a Node,
    path: &'a Node,
    places: &mut BTreeMap<Place<'a>, (&'c Object<'a>, Anchor)>,
) -> Option<Diagnostic<Anchor>> {
    let class = object
        .node
        .text_at(&["spec", "ingressClassName"])
        .or_else(|| object.annotation("kubernetes.io/ingress.class").and_then(Node::as_str));
    let host = rule.text_at(&["host"]).unwrap_or_default();
    let kind = path.text_at(&["pathType"]).unwrap_or_default();
    let node = path.get("path").unwrap_or(path);
    let written = path.text_at(&["path"]).unwrap_or("/");
    // To a prefix a slash at the end makes no difference.
    let prefix = written.strip_suffix('/').filter(|_| kind == "Prefix");
    let place = (class.unwrap_or_default(), host, prefix.unwrap_or(written), kind);
    let at = object.at(node.span);
    let (other, other_at) = places.get(&place).copied().or_else(|| {
        places.insert(place, (object, at));
        None
    })?;
    let place = if host.is_empty() { "every host".to_owned() } else { format!("`{host}`") };
    let message = format!(
        "`{field}.path` of {object} is `{written}` of {place}, which {} serves too",
        if other.id == object.id { "another rule of it".to_owned() } else { other.to_string() }
    );
    let told = object.warning(codes::REFERENCE_DUPLICATE_ROUTE, message, node);
    Some(
        told.with_related(other_at, "served here first")
            .with_help("which of the two is used depends on the controller: remove one"),
    )
}

/// Checks that hosts which are served with TLS have a certificate.
fn tls<'a>(
    object: &Object<'a>,
    spec: &'a Node,
    certificates: &Certificates<'_, 'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    let mut all: Vec<&str> = Vec::new();
    let mut is_for_all = false;
    for (index, entry) in items(spec, &["tls"]) {
        let secret = entry.get("secretName");
        let certificate = secret.and_then(|node| certificates.of_secret(&object.namespace(), node));
        is_for_all |= items(entry, &["hosts"]).next().is_none();
        for (number, node) in items(entry, &["hosts"]) {
            let Some(host) = node.as_str() else { continue };
            all.push(host);
            let path = format!("spec.tls[{index}].hosts[{number}]");
            out.extend(certificate.and_then(|one| one.host((object, &path, node), host)));
        }
    }
    if all.is_empty() || is_for_all {
        return;
    }
    let all = Hosts::new(all.into_iter());
    for (index, rule) in items(spec, &["rules"]) {
        let Some(node) = rule.get("host") else { continue };
        let Some(host) = node.as_str().filter(|host| !host.is_empty()) else { continue };
        if all.cover(host) {
            continue;
        }
        let message = format!(
            "`spec.rules[{index}].host` of {object} is `{host}`, which no entry of `spec.tls` has"
        );
        let told = object.warning(codes::REFERENCE_TLS_HOSTS, message, node);
        let at = spec.get("tls").unwrap_or(spec);
        out.push(
            told.with_related(object.at(at.span), "the hosts with TLS")
                .with_help("add it to the hosts of the certificate, or move the rule elsewhere"),
        );
    }
}

/// What an annotation of an Ingress names of Traefik's kinds, as `<namespace>-<name>@kubernetescrd`.
struct Named {
    /// Below `traefik.ingress.kubernetes.io/router.`.
    annotation: &'static str,
    kind: &'static str,
    /// What there is, sorted.
    known: Vec<Text>,
}

/// The objects of a kind of Traefik by the names that annotations give them. They have two, of which
/// one is right: with the option `safeNaming` a `_` joins the namespace and the name.
fn names(kind: &str, cluster: &Cluster<'_>) -> Vec<Text> {
    let all = ["traefik.io", "traefik.containo.us"].into_iter();
    let all = all.flat_map(|group| cluster.of_kind(group, kind));
    let mut names: Vec<Text> = all
        .flat_map(|object| {
            ['-', '_']
                .map(|between| format_compact!("{}{between}{}", object.namespace(), object.id.name))
        })
        .collect();
    names.sort();
    names
}

impl Named {
    fn check<'a>(
        &self,
        object: &Object<'a>,
        cluster: &Cluster<'a>,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) {
        let Self { annotation, kind, known } = self;
        let annotation = format!("traefik.ingress.kubernetes.io/router.{annotation}");
        let Some(node) = object.annotation(&annotation) else { return };
        for name in node.as_str().unwrap_or_default().split(',') {
            let Some(name) = name.trim().strip_suffix("@kubernetescrd") else { continue };
            let is_known = known.binary_search_by(|one| one.as_str().cmp(name)).is_ok();
            if is_known || (!cluster.is_closed() && known.is_empty()) {
                continue;
            }
            let message = format!(
                "the annotation `{annotation}` of {object} names the {kind} `{name}`, which is not \
                 there"
            );
            let told = (codes::REFERENCE_MISSING_MIDDLEWARE, message, object.at(node.span));
            let Some(told) = cluster.missing_in(&object.namespace(), &[name], told) else {
                continue;
            };
            let near = known.iter().take(128).map(Text::as_str);
            let help = did_you_mean(name, near)
                .unwrap_or_else(|| format!("a {kind} is named `<namespace>-<name>@kubernetescrd`"));
            out.push(told.with_help(help));
        }
    }
}
