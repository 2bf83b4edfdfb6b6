//! The Secrets of TLS: what makes them, and for which hosts.
//!
//! Source: cert-manager's Certificate, whose Secret is in its own namespace, and the annotations by
//! which it makes a Certificate for an Ingress or a Gateway.

use std::collections::{BTreeMap, BTreeSet};

use super::{hosts::Hosts, items, text};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::{Node, Text},
};

/// The Certificates of a cluster, and what else makes Secrets.
pub(super) struct Certificates<'c, 'a> {
    pub cluster: &'c Cluster<'a>,
    /// By the namespace and name of their Secret.
    by_secret: BTreeMap<(Text, Text), Certificate<'c, 'a>>,
    /// Secrets that something else makes; the namespace is empty for all of them.
    made: BTreeSet<(Text, Text)>,
}

/// A Certificate and the hosts that it is for.
pub(super) struct Certificate<'c, 'a> {
    object: &'c Object<'a>,
    hosts: Hosts,
}

/// How many Certificates are looked through for the one that may have been meant.
const MAX_CANDIDATES: usize = 1024;

/// The annotations by which cert-manager makes a Certificate for the object that has them.
const SHIM: [&str; 3] =
    ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"];

/// Kinds that make a Secret, and where they have its name if it is not their own.
const MAKERS: [(&str, &str, &[&str]); 5] = [
    ("external-secrets.io", "ExternalSecret", &["spec", "target", "name"]),
    ("external-secrets.io", "ClusterExternalSecret", &["spec", "externalSecretName"]),
    ("bitnami.com", "SealedSecret", &["spec", "template", "metadata", "name"]),
    ("secrets.hashicorp.com", "VaultStaticSecret", &["spec", "destination", "name"]),
    ("secrets.hashicorp.com", "VaultPKISecret", &["spec", "destination", "name"]),
];

impl<'c, 'a> Certificates<'c, 'a> {
    pub fn new(cluster: &'c Cluster<'a>) -> Self {
        let mut by_secret = BTreeMap::new();
        for object in cluster.of_kind("cert-manager.io", "Certificate") {
            if let Some(secret) = text(object.node, &["spec", "secretName"]) {
                let certificate = Certificate { object, hosts: names(object) };
                by_secret.entry((object.namespace(), secret.into())).or_insert(certificate);
            }
        }
        let mut made = BTreeSet::new();
        for (group, kind, path) in MAKERS {
            for object in cluster.of_kind(group, kind) {
                let name = text(object.node, path).unwrap_or(&object.id.name);
                let is_everywhere = kind == "ClusterExternalSecret";
                let namespace = if is_everywhere { Text::default() } else { object.namespace() };
                made.insert((namespace, name.into()));
            }
        }
        Self { cluster, by_secret, made }
    }

    /// Checks the Secret that an object takes a certificate from, and returns the Certificate that
    /// makes it.
    pub fn secret(
        &self,
        (from, path, node): (&Object<'a>, &str, &'a Node),
        namespace: &str,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) -> Option<&Certificate<'c, 'a>> {
        let cluster = self.cluster;
        let name = node.as_str().filter(|name| !name.is_empty())?;
        let key = (Text::from(namespace), Text::from(name));
        if let Some(certificate) = self.by_secret.get(&key) {
            return Some(certificate);
        }
        let is_made = self.made.contains(&key) || self.made.contains(&(Text::default(), key.1));
        let has_shim = SHIM.iter().any(|annotation| from.annotation(annotation).is_some());
        if is_made
            || has_shim
            || cluster.find("", "Secret", namespace, name).is_some()
            || cluster.external("", "Secret", namespace, name).is_some()
        {
            return None;
        }
        let has_any = self.by_secret.keys().next().is_some()
            || cluster.names("", "Secret", namespace).next().is_some();
        if !cluster.is_closed() && !has_any {
            return None;
        }
        let message = format!(
            "`{path}` of {from} is `{name}`, and nothing makes a Secret of that name in namespace \
             `{namespace}`"
        );
        let code = codes::REFERENCE_MISSING_TLS_SECRET;
        let told = cluster.missing_in(namespace, &[name], (code, message, from.at(node.span)))?;
        out.push(self.nearest(told, namespace, name));
        None
    }

    /// With the Certificate that may have been meant.
    fn nearest(&self, told: Diagnostic<Anchor>, namespace: &str, name: &str) -> Diagnostic<Anchor> {
        let elsewhere =
            self.by_secret.iter().take(MAX_CANDIDATES).find(|((_, secret), _)| secret == name);
        if let Some(((other, _), Certificate { object: certificate, .. })) = elsewhere {
            let label = format!("{certificate} makes it in namespace `{other}`");
            return told
                .with_related(certificate.name_anchor(), label)
                .with_help("a Certificate makes its Secret in its own namespace");
        }
        let here =
            self.by_secret.keys().take(MAX_CANDIDATES).filter(|(other, _)| other == namespace);
        match did_you_mean(name, here.map(|(_, secret)| secret.as_str())) {
            Some(help) => told.with_help(help),
            None => told,
        }
    }
}

impl Certificate<'_, '_> {
    /// The problem that it is not for a host that an object serves with it.
    pub fn host(
        &self,
        (from, path, node): (&Object<'_>, &str, &Node),
        host: &str,
    ) -> Option<Diagnostic<Anchor>> {
        let Self { object: certificate, hosts } = self;
        // Without names it says what it is for in another way, which is not looked into.
        if hosts.is_empty() || hosts.cover(host) {
            return None;
        }
        let message =
            format!("`{path}` of {from} is for `{host}`, and {certificate} is for other hosts");
        let at = certificate.node.at(&["spec", "dnsNames"]).unwrap_or(certificate.node);
        let told = from.error(codes::REFERENCE_CERTIFICATE_HOSTS, message, node);
        let told = told.with_related(certificate.at(at.span), "the hosts of the certificate");
        Some(told.with_help(format!("add `{host}` to `spec.dnsNames` of {certificate}")))
    }
}

/// The hosts that a Certificate is for.
fn names(certificate: &Object<'_>) -> Hosts {
    let names = items(certificate.node, &["spec", "dnsNames"]);
    let names = names.filter_map(|(_, name)| name.as_str());
    Hosts::new(names.chain(text(certificate.node, &["spec", "commonName"])))
}
