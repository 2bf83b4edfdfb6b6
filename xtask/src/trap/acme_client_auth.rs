//! A certificate for clients, from a public authority.
//!
//! Let's Encrypt has left client authentication out of its certificates on 2026-02-11, and has ended
//! the profile that still had it in the middle of 2026; other public authorities do the same. A server
//! that asks for a client's certificate refuses one without it, after the next renewal at the latest.

use super::certificate::certificates;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for certificate in certificates(cluster) {
        let object = certificate.object;
        let (Some(at), Some(acme)) = (certificate.usage("client auth"), certificate.acme()) else {
            continue;
        };
        let issuer = acme.issuer;
        let code = codes::TRAP_ACME_CLIENT_AUTH;
        let diagnostic = if acme.is_lets_encrypt() {
            let message = format!(
                "usage `client auth` of {object} is not granted: {issuer} asks Let's Encrypt, which signs no certificates for clients since 2026"
            );
            object.error(code, message, at)
        } else {
            let message = format!(
                "usage `client auth` of {object} may not be granted: {issuer} asks an ACME server, and public ones sign no certificates for clients any more"
            );
            object.warning(code, message, at)
        };
        let server = acme.spec.get("server").map_or(acme.spec, |server: &Node| server);
        out.push(
            diagnostic
                .with_related(issuer.at(server.span), "the server")
                .with_help("let an authority of your own sign it: an issuer with `ca`"),
        );
    }
}
