//! The Certificates that routes are served with, and the hosts that these are for.
//!
//! Source: cert-manager's Certificate, whose Secret is in its own namespace. Invariant: that a Secret
//! is missing is told elsewhere, with all else that names one.

use std::collections::BTreeMap;

use super::{hosts::Hosts, items};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Text},
};

/// The Certificates of a cluster.
pub(super) struct Certificates<'c, 'a> {
    pub cluster: &'c Cluster<'a>,
    /// By the namespace and name of their Secret.
    by_secret: BTreeMap<(Text, Text), Certificate<'c, 'a>>,
}

/// A Certificate and the hosts that it is for.
pub(super) struct Certificate<'c, 'a> {
    object: &'c Object<'a>,
    hosts: Hosts,
}

impl<'c, 'a> Certificates<'c, 'a> {
    pub fn new(cluster: &'c Cluster<'a>) -> Self {
        let mut by_secret = BTreeMap::new();
        for object in cluster.of_kind("cert-manager.io", "Certificate") {
            if let Some(secret) = object.node.text_at(&["spec", "secretName"]) {
                let certificate = Certificate { object, hosts: names(object) };
                by_secret.entry((object.namespace(), secret.into())).or_insert(certificate);
            }
        }
        Self { cluster, by_secret }
    }

    /// The Certificate that makes a Secret.
    pub fn of_secret(&self, namespace: &str, node: &Node) -> Option<&Certificate<'c, 'a>> {
        self.by_secret.get(&(namespace.into(), node.as_str()?.into()))
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
    Hosts::new(names.chain(certificate.node.text_at(&["spec", "commonName"])))
}
