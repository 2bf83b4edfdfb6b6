//! A certificate whose renewals keep the private key.
//!
//! A key that has leaked stays valid with every renewal, whoever has it. cert-manager makes a new key
//! for each certificate since 1.18, where the default of `privateKey.rotationPolicy` became `Always`;
//! before it was `Never` (its release notes). An authority's key is another matter: with a new one,
//! what it has signed is not trusted any more.

use super::{
    certificate::{GROUP, certificates},
    program::programs,
};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
};

const ALWAYS_SINCE: (u32, u32) = (1, 18);

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let code = codes::TRAP_CERTIFICATE_KEY;
    let help = "set `spec.privateKey.rotationPolicy: Always`";
    let controllers = programs(cluster, &["controller"], &["cert-manager-controller"]);
    let before = controllers.iter().find_map(|program| {
        let (image, at) = program.image?;
        (image.version()? < ALWAYS_SINCE).then_some((program.object, image, at))
    });
    for certificate in certificates(cluster) {
        let object = certificate.object;
        if certificate.is_authority || !object.is(GROUP, "Certificate") {
            continue;
        }
        let path = ["spec", "privateKey", "rotationPolicy"];
        let policy = object.node.text_at(&path).zip(object.node.at(&path));
        match (policy, before) {
            (Some(("Never", at)), _) => {
                let message = format!(
                    "`spec.privateKey.rotationPolicy` of {object} is `Never`: a key that has leaked stays valid with each renewal"
                );
                out.push(object.warning(code, message, at).with_help(help));
            }
            (None, Some((controller, image, at))) => {
                let tag = image.tag.unwrap_or_default();
                let message = format!(
                    "{object} keeps its private key with each renewal: that is the default of cert-manager {tag}, before 1.18"
                );
                let diagnostic = Diagnostic::warning(code, message, object.name_anchor());
                let related = controller.at(at.span);
                out.push(diagnostic.with_related(related, "this release").with_help(help));
            }
            _ => {}
        }
    }
}
