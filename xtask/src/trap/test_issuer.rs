//! A certificate for production whose authority nobody trusts.
//!
//! The staging servers of ACME sign with roots that are in no browser, so that clients refuse what
//! they are shown. A self-signed certificate is trusted by those only that have the very certificate:
//! that is right for the certificate of an own authority, and for one that cert-manager hands to those
//! who call (`cert-manager.io/inject-ca-from`). Source: the documentation of cert-manager 1.21 on
//! self-signed issuers, and of Let's Encrypt on its staging environment.

use std::collections::BTreeSet;

use super::certificate::certificates;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if !cluster.production {
        return;
    }
    let injected: BTreeSet<&str> = cluster
        .objects()
        .iter()
        .filter_map(|object| object.annotation("cert-manager.io/inject-ca-from")?.as_str())
        .collect();
    for certificate in certificates(cluster) {
        let object = certificate.object;
        let Some(issuer) = certificate.issuer() else { continue };
        let is_injected =
            || injected.contains(format!("{}/{}", object.namespace(), object.id.name).as_str());
        let self_signed = issuer.node.at(&["spec", "selfSigned"]);
        let (why, because): (_, &Node) = match (certificate.acme(), self_signed) {
            (Some(acme), _) if acme.is_staging() => {
                ("asks a staging server", acme.spec.get("server").unwrap_or(acme.spec))
            }
            (_, Some(at)) if !certificate.is_authority && !is_injected() => {
                ("lets each certificate sign itself", at)
            }
            _ => continue,
        };
        let message = format!(
            "{object} gets a certificate that no client trusts, in production: {issuer} {why}"
        );
        out.push(
            object
                .error(codes::TRAP_TEST_ISSUER, message, certificate.issuer_at)
                .with_related(issuer.at(because.span), "the issuer")
                .with_help("name an issuer whose authority the clients trust"),
        );
    }
}
