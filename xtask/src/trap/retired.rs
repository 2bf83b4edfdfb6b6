//! What its makers have given up.
//!
//! ingress-nginx gets no fixes since March 2026, not even for holes that become known; its last
//! release is v1.15.1 (README of kubernetes/ingress-nginx). Bitnami has moved the releases of its
//! images to `bitnamilegacy` on 2025-08-28 and updates none of them. `k8s.gcr.io` is frozen since
//! 2023-04-03 in favour of `registry.k8s.io`. The MongoDB Community Operator has ended in November 2025
//! and goes on as mongodb-kubernetes.

use super::image::image_uses;
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

const CONTROLLER: &str = "k8s.io/ingress-nginx";
const ANNOTATIONS: &str = "nginx.ingress.kubernetes.io/";
const INGRESS_NGINX: &str = "ingress-nginx, which gets no fixes since March 2026";
const GATEWAY: &str = "use the Gateway API or another controller; `ingress2gateway` converts";

/// A part of an image's repository, what it is of, and the way out.
const IMAGES: &[(&str, &str, &str)] = &[
    ("/ingress-nginx/controller", INGRESS_NGINX, GATEWAY),
    (
        "docker.io/bitnami/",
        "Bitnami's catalogue, whose releases were taken away in August 2025",
        "use the image of the project itself",
    ),
    (
        "docker.io/bitnamilegacy/",
        "Bitnami's old catalogue, which gets no fixes since August 2025",
        "use the image of the project itself",
    ),
    (
        "k8s.gcr.io/",
        "a registry that is frozen since April 2023",
        "use `registry.k8s.io`, where the same images are",
    ),
    (
        "/mongodb-kubernetes-operator",
        "the MongoDB Community Operator, which has ended in November 2025",
        "use `mongodb-kubernetes`, its successor",
    ),
];

/// Images of what is given up.
pub(super) fn images(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for used in image_uses(cluster) {
        let repository = with_registry(used.image.repository);
        let hit = IMAGES.iter().find(|(part, ..)| match part.strip_prefix('/') {
            Some(_) => repository.ends_with(part),
            None => repository.starts_with(part),
        });
        if let Some((_, what, help)) = hit {
            let (object, path) = (used.object, used.path());
            let message = format!("`{path}` of {object} is of {what}");
            let diagnostic = object.warning(codes::TRAP_RETIRED, message, used.node);
            out.push(diagnostic.with_help(*help));
        }
    }
}

/// A repository with the registry that is meant where none is written.
fn with_registry(repository: &str) -> String {
    match repository.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => {
            repository.strip_prefix("index.").unwrap_or(repository).to_owned()
        }
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    }
}

/// Classes of ingress-nginx, and Ingresses that are written for it.
pub(super) fn ingresses(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for class in cluster.of_kind("networking.k8s.io", "IngressClass") {
        if class.node.text_at(&["spec", "controller"]) == Some(CONTROLLER)
            && let Some(at) = class.node.at(&["spec", "controller"])
        {
            let message = format!("{class} is of {INGRESS_NGINX}");
            out.push(class.warning(codes::TRAP_RETIRED, message, at).with_help(GATEWAY));
        }
    }
    for ingress in cluster.of_kind("networking.k8s.io", "Ingress") {
        let annotations = ingress.node.at(&["metadata", "annotations"]).and_then(Node::as_mapping);
        let mut annotations = annotations.into_iter().flatten();
        let first = annotations.find(|entry| entry.key.starts_with(ANNOTATIONS));
        if let Some(entry) = first.filter(|_| !is_of_another(cluster, ingress)) {
            let key = &entry.key;
            let message = format!("annotation `{key}` of {ingress} is for {INGRESS_NGINX}");
            let at = ingress.at(entry.key_span);
            let diagnostic = Diagnostic::warning(codes::TRAP_RETIRED, message, at);
            out.push(diagnostic.with_help(GATEWAY));
        }
    }
}

/// Whether an Ingress has a class whose controller is known to be another one: some of these read
/// the annotations of ingress-nginx.
fn is_of_another(cluster: &Cluster<'_>, ingress: &Object<'_>) -> bool {
    let class = ingress.node.text_at(&["spec", "ingressClassName"]);
    let class =
        class.and_then(|class| cluster.find_unscoped("networking.k8s.io", "IngressClass", class));
    class.is_some_and(|class| class.node.text_at(&["spec", "controller"]) != Some(CONTROLLER))
}
