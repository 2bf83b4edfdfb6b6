//! The objects of a rendered environment, in the order in which they are applied.
//!
//! Source: the order of Argo CD's sync (`gitops-engine`, `pkg/sync/sync_tasks.go`), so that what
//! works here works there. Invariant: nothing here asks a cluster.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use walkdir::WalkDir;

use super::{
    super::Context,
    json::{has_labels, label, list, text},
};
use crate::{
    diag::Severity,
    repository::rendered_directory,
    resource::ResId,
    source::Sources,
    yaml::{Dialect, parse, to_json},
};

/// Kinds in the order of a sync; every other kind comes after them.
const ORDER: &[&str] = &[
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// What is applied together, before anything of the next phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Phase {
    /// Namespaces, which the rest is in.
    Namespaces,
    /// Definitions of kinds that the rest may be of.
    Definitions,
    /// What pods need to start.
    Settings,
    /// What runs until it is removed.
    Workloads,
    /// What runs once, against the workloads.
    Jobs,
}

/// An object of the rendered tree.
#[derive(Clone, Debug)]
pub(in super::super) struct Manifest {
    /// Its file, relative to the repository.
    pub path: String,
    /// The object.
    pub object: Value,
    /// Its namespace; empty if it is in none.
    pub namespace: String,
}

/// All objects of an environment but its policies and the parts of the platform that Argo CD
/// installs, in order.
#[derive(Clone, Debug)]
pub(in super::super) struct Manifests {
    all: Vec<Manifest>,
    /// The one namespace that they are in.
    pub namespace: String,
}

impl Manifest {
    pub fn kind(&self) -> &str {
        text(&self.object, "/kind")
    }

    pub fn name(&self) -> &str {
        text(&self.object, "/metadata/name")
    }

    /// `deployment/web`.
    pub fn label(&self) -> String {
        label(&self.object)
    }

    /// Whether Gatekeeper has to be there for it. The cluster of a developer is without: what the
    /// policies say of an environment, `validate` has said already.
    fn is_for_gatekeeper(&self) -> bool {
        let api_version = text(&self.object, "/apiVersion");
        api_version.split_once('/').is_some_and(|(group, _)| group.ends_with(".gatekeeper.sh"))
    }

    /// Whether Argo CD has to be there for it.
    fn is_for_argo_cd(&self) -> bool {
        text(&self.object, "/apiVersion").starts_with("argoproj.io/")
    }

    /// The directory of its application.
    fn directory(&self) -> PathBuf {
        Path::new(&self.path).with_file_name("")
    }

    pub fn phase(&self) -> Phase {
        position(self.kind()).0
    }

    /// The images that its pods run.
    fn images(&self) -> impl Iterator<Item = &str> {
        ["initContainers", "containers"]
            .into_iter()
            .flat_map(|field| list(&self.object, &format!("/spec/template/spec/{field}")))
            .map(|container| text(container, "/image"))
    }
}

impl Manifests {
    /// Reads `rendered/<env>`.
    pub fn read(context: &Context, env: &str) -> Result<Self> {
        let dir = rendered_directory(&context.root).join(env);
        ensure!(dir.is_dir(), "there is no rendered/{env}: `cargo xtask render` makes it");
        let mut all = Vec::new();
        for entry in WalkDir::new(&dir).sort_by_file_name() {
            let entry = entry.with_context(|| format!("failed to read {}", dir.display()))?;
            if entry.path().extension().is_some_and(|extension| extension == "yaml") {
                all.extend(read(&context.root, entry.path())?);
            }
        }
        ensure!(!all.is_empty(), "there is nothing in rendered/{env} to apply");
        Self::sorted(all)
    }

    fn sorted(mut all: Vec<Manifest>) -> Result<Self> {
        // What is installed by way of Argo CD, which the cluster of a developer is without, is left
        // out as a whole: its namespaces and rules are of no use alone.
        let of_argo_cd: BTreeSet<PathBuf> =
            all.iter().filter(|one| one.is_for_argo_cd()).map(Manifest::directory).collect();
        all.retain(|one| !one.is_for_gatekeeper() && !of_argo_cd.contains(&one.directory()));
        all.sort_by_cached_key(|one| (position(one.kind()), one.path.clone()));
        let namespaces: BTreeSet<&str> =
            all.iter().map(|one| &*one.namespace).filter(|name| !name.is_empty()).collect();
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let namespace = match namespaces.as_slice() {
            [one] => (*one).to_owned(),
            [] => bail!("the rendered objects are in no namespace"),
            several => bail!(
                "the rendered objects are in several namespaces, and this command keeps to one: {}",
                several.join(", ")
            ),
        };
        Ok(Self { all, namespace })
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Manifest> {
        self.all.iter()
    }

    pub fn of(&self, phase: Phase) -> Vec<&Manifest> {
        self.all.iter().filter(|one| one.phase() == phase).collect()
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Result<&Manifest> {
        let found = self.all.iter().find(|one| one.kind() == kind && one.name() == name);
        found.with_context(|| format!("there is no {kind} {name} in the rendered tree"))
    }

    /// The image that is built here: the one of a Deployment that is in no registry.
    pub fn local_image(&self) -> Result<Option<&str>> {
        let deployments = self.all.iter().filter(|one| one.kind() == "Deployment");
        let local: BTreeSet<&str> = deployments
            .flat_map(Manifest::images)
            .filter(|image| image.starts_with("localhost/"))
            .collect();
        let local: Vec<&str> = local.into_iter().collect();
        match local.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => bail!("there is one image to build, but {} are used", several.join(", ")),
        }
    }

    /// The Deployments that run `image`.
    pub fn running(&self, image: &str) -> impl Iterator<Item = &Manifest> {
        let deployments = self.all.iter().filter(|one| one.kind() == "Deployment");
        deployments.filter(move |one| one.images().any(|used| used == image))
    }

    /// The Service that leads to the pods of a Deployment.
    pub fn service_of(&self, deployment: &Manifest) -> Option<&Manifest> {
        let pod = deployment.object.pointer("/spec/template")?;
        self.all.iter().filter(|one| one.kind() == "Service").find(|service| {
            let selector = pairs(&service.object, "/spec/selector");
            !selector.is_empty() && has_labels(pod, &selector)
        })
    }
}

/// Where objects of a kind are in the order.
pub(in super::super) fn position(kind: &str) -> (Phase, usize) {
    let phase = match kind {
        "Namespace" => Phase::Namespaces,
        "CustomResourceDefinition" => Phase::Definitions,
        "Deployment" | "StatefulSet" | "DaemonSet" => Phase::Workloads,
        "Job" => Phase::Jobs,
        _ => Phase::Settings,
    };
    (phase, ORDER.iter().position(|&one| one == kind).unwrap_or(ORDER.len()))
}

/// A map of texts.
pub(in super::super) fn pairs(object: &Value, pointer: &str) -> Vec<(String, String)> {
    let map = object.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The objects of a file.
fn read(root: &Path, path: &Path) -> Result<Vec<Manifest>> {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {shown}"))?;
    let (mut sources, mut diagnostics) = (Sources::default(), Vec::new());
    let source = sources.add(shown.as_str(), text.as_str());
    let nodes = parse(&sources, source, Dialect::Resource, &mut diagnostics);
    if let Some(problem) = diagnostics.iter().find(|one| one.severity == Severity::Error) {
        bail!("{shown}: {}", problem.message);
    }
    let manifest = |node| -> Result<Manifest> {
        let mut json = String::new();
        to_json(&node, &mut json)
            .map_err(|error| anyhow::anyhow!("{shown}: {}", error.diagnostic().message))?;
        let object =
            serde_json::from_str(&json).with_context(|| format!("failed to read {shown}"))?;
        let id = ResId::of(&node);
        let namespace =
            if id.is_cluster_scoped { String::new() } else { id.effective_namespace().to_string() };
        Ok(Manifest { path: shown.clone(), object, namespace })
    };
    nodes.into_iter().map(manifest).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(kind: &str, name: &str, spec: &Value) -> Manifest {
        let namespace = if kind == "Namespace" { "" } else { "shop" };
        Manifest {
            path: format!("{}-{name}.yaml", kind.to_lowercase()),
            object: json!({"kind": kind, "metadata": {"name": name}, "spec": spec}),
            namespace: namespace.to_owned(),
        }
    }

    fn pod_of(image: &str) -> Value {
        json!({"template": {
            "metadata": {"labels": {"app": "web", "tier": "front"}},
            "spec": {"containers": [{"image": image}]},
        }})
    }

    #[test]
    fn what_others_need_comes_before_them() {
        let kinds =
            ["Job", "Widget", "Deployment", "Service", "StatefulSet", "Namespace", "Ingress"];
        let all = kinds.map(|kind| manifest(kind, "a", &Value::Null)).to_vec();
        let sorted = Manifests::sorted(all).unwrap();
        let order: Vec<&str> = sorted.iter().map(Manifest::kind).collect();
        let expected =
            ["Namespace", "Service", "Ingress", "Widget", "Deployment", "StatefulSet", "Job"];
        assert_eq!(order, expected);
        assert_eq!(sorted.namespace, "shop");
        assert_eq!(sorted.of(Phase::Workloads).len(), 2);
    }

    #[test]
    fn policies_are_left_out() {
        let mut all = vec![manifest("ConfigMap", "a", &Value::Null)];
        for api_version in ["constraints.gatekeeper.sh/v1beta1", "example.com/v1", "v1"] {
            let mut one = manifest("Widget", api_version, &Value::Null);
            one.object["apiVersion"] = api_version.into();
            all.push(one);
        }
        let sorted = Manifests::sorted(all).unwrap();
        let names: Vec<&str> = sorted.iter().map(Manifest::name).collect();
        assert_eq!(names, ["a", "example.com/v1", "v1"]);
    }

    #[test]
    fn an_application_that_argo_cd_installs_is_left_out_as_a_whole() {
        let placed = |directory: &str, kind: &str, api_version: &str| {
            let mut one = manifest(kind, directory, &Value::Null);
            one.path = format!("rendered/dev/{directory}/{}", one.path);
            one.object["apiVersion"] = api_version.into();
            one.namespace = directory.to_owned();
            one
        };
        let sorted = Manifests::sorted(vec![
            placed("certificates", "Application", "argoproj.io/v1alpha1"),
            placed("certificates", "NetworkPolicy", "networking.k8s.io/v1"),
            placed("shop", "NetworkPolicy", "networking.k8s.io/v1"),
        ]);
        let sorted = sorted.unwrap();
        let names: Vec<&str> = sorted.iter().map(Manifest::name).collect();
        assert_eq!((names.as_slice(), &*sorted.namespace), (["shop"].as_slice(), "shop"));
    }

    #[test]
    fn one_namespace_is_kept_to() {
        let mut other = manifest("ConfigMap", "b", &Value::Null);
        other.namespace = "other".to_owned();
        let all = vec![manifest("ConfigMap", "a", &Value::Null), other];
        let error = Manifests::sorted(all).unwrap_err().to_string();
        assert!(error.ends_with("this command keeps to one: other, shop"), "{error}");
    }

    #[test]
    fn the_local_image_is_the_one_without_a_registry() {
        let all = vec![
            manifest("Deployment", "a", &pod_of("registry.example.com/a:1")),
            manifest("Deployment", "b", &pod_of("localhost/b:dev")),
            manifest("Job", "c", &pod_of("localhost/c:dev")),
        ];
        let sorted = Manifests::sorted(all).unwrap();
        assert_eq!(sorted.local_image().unwrap(), Some("localhost/b:dev"));
        assert_eq!(sorted.running("localhost/b:dev").count(), 1);
    }

    #[test]
    fn a_service_is_found_by_its_selector() {
        let all = vec![
            manifest("Deployment", "web", &pod_of("a")),
            manifest("Service", "none", &json!({})),
            manifest("Service", "other", &json!({"selector": {"app": "other"}})),
            manifest("Service", "web", &json!({"selector": {"app": "web"}})),
        ];
        let sorted = Manifests::sorted(all).unwrap();
        let deployment = sorted.find("Deployment", "web").unwrap();
        assert_eq!(sorted.service_of(deployment).map(Manifest::name), Some("web"));
    }
}
