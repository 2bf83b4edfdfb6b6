//! An image without a digest in production.
//!
//! A tag can be moved, by its owner or by who has taken the owner's login; a digest is what it names.
//! Only with it does what was reviewed and scanned stay what runs. Elsewhere a tag is enough: an image
//! that was only loaded into a node has no digest in any registry. Source: "Image names" of
//! Kubernetes' documentation, all releases.

use super::image::image_uses;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if !cluster.production {
        return;
    }
    for used in image_uses(cluster) {
        // What has no release has the greater fault.
        if used.image.digest.is_some() || matches!(used.image.tag, None | Some("latest")) {
            continue;
        }
        let (object, path) = (used.object, used.path());
        let message = format!(
            "`{path}` of {object} has no digest, in production: the tag may name another image tomorrow"
        );
        out.push(
            object.warning(codes::TRAP_IMAGE_DIGEST, message, used.node).with_help(
                "add `@sha256:...`, or a `digest:` under `images:` of the kustomization",
            ),
        );
    }
}
