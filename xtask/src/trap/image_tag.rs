//! An image without a tag or with `latest`, and without a digest.
//!
//! What runs depends on when a node last pulled it: a pod that moves may bring another release with
//! it, and no change in the repository says so. A missing tag means `latest`, and `latest` means
//! `imagePullPolicy: Always`, so that a pod also needs the registry to start. Source: "Images" of
//! Kubernetes' documentation, all releases.

use super::image::image_uses;
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, Severity, codes},
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for used in image_uses(cluster) {
        let says = match used.image.tag {
            _ if used.image.digest.is_some() => continue,
            None => "has no tag, which means `latest`",
            Some("latest") => "has the tag `latest`",
            Some(_) => continue,
        };
        let (object, path) = (used.object, used.path());
        let message =
            format!("`{path}` of {object} {says}: what runs depends on when it was pulled");
        let severity = if cluster.production { Severity::Error } else { Severity::Warning };
        let diagnostic = object.warning(codes::TRAP_IMAGE_TAG, message, used.node);
        out.push(
            Diagnostic { severity, ..diagnostic }
                .with_help("name a release, `name:1.2.3`, or a digest, `name@sha256:...`"),
        );
    }
}
