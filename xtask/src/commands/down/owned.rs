//! What in a cluster is ours: read from labels, annotations and the owners of fields.

use anyhow::{Result, bail};
use serde_json::Value;

use super::super::cluster::{
    ENVIRONMENT, FIELD_MANAGER, SMOKE_LABEL,
    apply::is_marked,
    json::{has_labels, label, list, objects, text},
    kubectl::{CALL, Kubectl, parse},
    manifests::{Manifest, Manifests, Phase},
};

/// The value of `app.kubernetes.io/part-of` on everything here.
const PART_OF: &str = "users-service";

/// Kinds that are in every namespace, or come and go with others.
const BACKGROUND: &[&str] = &["Event", "Endpoints", "EndpointSlice", "Lease"];

/// The namespaces of a new minikube.
const SYSTEM: &[&str] = &[
    "default",
    "calico-apiserver",
    "calico-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "kubernetes-dashboard",
    "tigera-operator",
];

/// The objects of a namespace.
pub(super) struct Listing {
    pub objects: Vec<Value>,
    /// What could not be listed; then a namespace is not known to be empty.
    pub unknown: Option<String>,
}

/// Every object of a namespace, with the owners of its fields.
pub(super) fn everything(kubectl: &Kubectl, namespace: &str) -> Result<Listing> {
    let args = ["api-resources", "--namespaced", "--verbs=list,delete", "--output", "name"];
    let kinds = kubectl.call(&args, String::new(), CALL)?;
    // An extension API server that does not answer is reported beside the rest.
    let mut unknown = (!kinds.status.success()).then(|| kinds.reason());
    let names: Vec<&str> = kinds.stdout.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    if names.is_empty() {
        bail!("{}: {}", kubectl.line(&args), kinds.reason());
    }
    let names = names.join(",");
    let args = ["get", &names, "--namespace", namespace, "--ignore-not-found"];
    let args = [&args[..], &["--show-managed-fields", "--output", "json"]].concat();
    let answer = kubectl.call(&args, String::new(), CALL)?;
    if !answer.status.success() {
        unknown = Some(answer.reason());
    }
    Ok(Listing { objects: objects(parse(&answer.stdout)?), unknown })
}

/// Whether `up` applied it.
pub(super) fn is_ours(object: &Value) -> bool {
    let applied = list(object, "/metadata/managedFields").iter().any(|entry| {
        text(entry, "/manager") == FIELD_MANAGER && text(entry, "/operation") == "Apply"
    });
    let labels = [("environment", ENVIRONMENT), ("app.kubernetes.io/part-of", PART_OF)];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
    applied && has_labels(object, &labels)
}

/// Whether one of `namespaces` has this name and carries the mark of `up`.
pub(super) fn is_made_by_up(namespaces: &[Value], name: &str) -> bool {
    namespaces.iter().any(|one| text(one, "/metadata/name") == name && is_marked(one))
}

/// The namespaces that are neither the system's nor ours.
pub(super) fn namespaces_of_others<'a>(namespaces: &'a [Value], ours: &str) -> Vec<&'a str> {
    let names = namespaces.iter().map(|one| text(one, "/metadata/name"));
    names.filter(|name| !SYSTEM.contains(name) && *name != ours).collect()
}

/// The objects of the rendered tree that are there and that `up` did not make.
pub(super) fn not_ours(manifests: &Manifests, live: &[Value]) -> Vec<String> {
    let key = |one: &Value| {
        let group = text(one, "/apiVersion").split_once('/').map(|(group, _)| group.to_owned());
        (group, label(one))
    };
    manifests
        .iter()
        .filter(|one| one.phase() != Phase::Namespaces)
        .filter(|one| live.iter().any(|live| key(live) == key(&one.object) && !is_ours(live)))
        .map(Manifest::label)
        .collect()
}

/// Whether somebody would miss it if the namespace went.
pub(super) fn keeps_a_namespace(object: &Value) -> bool {
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    let is_default = matches!((kind, name), ("ServiceAccount", "default"))
        || matches!((kind, name), ("ConfigMap", "kube-root-ca.crt"))
        || text(object, "/type") == "kubernetes.io/service-account-token";
    // What a smoke test could not remove, because it was killed, is of no use to anybody.
    let is_of_smoke =
        object.pointer("/metadata/labels").is_some_and(|all| all.get(SMOKE_LABEL).is_some());
    !(is_default
        || is_of_smoke
        || is_ending(object)
        || BACKGROUND.contains(&kind)
        || !list(object, "/metadata/ownerReferences").is_empty())
}

/// Whether it is being deleted.
pub(super) fn is_ending(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Whether one of these objects owns it.
pub(super) fn has_owner(object: &Value, uids: &[&str]) -> bool {
    list(object, "/metadata/ownerReferences").iter().any(|one| uids.contains(&text(one, "/uid")))
}

/// `deployment.v1.apps/web`, which means one thing only, whatever else is installed.
pub(super) fn full_name(object: &Value) -> String {
    let kind = text(object, "/kind").to_lowercase();
    let name = text(object, "/metadata/name");
    match text(object, "/apiVersion").split_once('/') {
        Some((group, version)) => format!("{kind}.{version}.{group}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: &str, name: &str, manager: &str, operation: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {
            "name": name,
            "labels": {"environment": "dev", "app.kubernetes.io/part-of": "users-service"},
            "managedFields": [{"manager": manager, "operation": operation}],
        }})
    }

    #[test]
    fn ours_is_what_up_applied() {
        assert!(is_ours(&object("Deployment", "a", "cargo-xtask", "Apply")));
        assert!(!is_ours(&object("Deployment", "a", "cargo-xtask", "Update")));
        assert!(!is_ours(&object("Deployment", "a", "argocd-controller", "Apply")));
        let mut other = object("Deployment", "a", "cargo-xtask", "Apply");
        other["metadata"]["labels"]["environment"] = "prod".into();
        assert!(!is_ours(&other));
    }

    #[test]
    fn what_every_namespace_has_does_not_keep_it() {
        let keeps = |kind: &str, name: &str| {
            keeps_a_namespace(&json!({"kind": kind, "metadata": {"name": name}}))
        };
        assert!(!keeps("ServiceAccount", "default"));
        assert!(!keeps("ConfigMap", "kube-root-ca.crt"));
        assert!(!keeps("Event", "a"));
        assert!(keeps("ServiceAccount", "other"));
        assert!(keeps("ConfigMap", "other"));
        let owned = json!({"kind": "Pod", "metadata": {"ownerReferences": [{"uid": "1"}]}});
        assert!(!keeps_a_namespace(&owned));
        let left = json!({"kind": "Pod", "metadata": {"labels": {SMOKE_LABEL: "smoke-client"}}});
        assert!(!keeps_a_namespace(&left));
        assert!(has_owner(&owned, &["1"]));
    }

    #[test]
    fn a_name_says_its_group() {
        assert_eq!(full_name(&object("Deployment", "a", "", "")), "deployment.v1.apps/a");
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}});
        assert_eq!(full_name(&service), "service/a");
    }

    #[test]
    fn the_namespaces_of_others_are_named() {
        let all = ["default", "kube-system", "shop", "team"]
            .map(|name| json!({"metadata": {"name": name}}));
        assert_eq!(namespaces_of_others(&all, "shop"), ["team"]);
    }
}
