//! What may make objects that are not seen here: operators, by their custom resources, and
//! Applications of Argo CD that lead elsewhere.

use super::{Cluster, Object, World};
use crate::{
    diag::{Anchor, Code, Diagnostic},
    yaml::{Node, Text},
};

/// Groups of custom resources that make neither pods nor Services, beside those of Kubernetes and its
/// projects, which end in `.k8s.io`.
const PASSIVE_GROUPS: [&str; 19] = [
    "acme.cert-manager.io",
    "argoproj.io",
    "bitnami.com",
    "cert-manager.io",
    "config.gatekeeper.sh",
    "constraints.gatekeeper.sh",
    "expansion.gatekeeper.sh",
    "external-secrets.io",
    "externaldata.gatekeeper.sh",
    "kyverno.io",
    "monitoring.coreos.com",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
    "secrets-store.csi.x-k8s.io",
    "syncset.gatekeeper.sh",
    "templates.gatekeeper.sh",
    "traefik.containo.us",
    "traefik.io",
    "trust.cert-manager.io",
];

/// Kinds of these groups that do.
const ACTIVE_KINDS: [&str; 9] = [
    "Alertmanager",
    "CronWorkflow",
    "EventBus",
    "EventSource",
    "Prometheus",
    "PrometheusAgent",
    "Sensor",
    "ThanosRuler",
    "Workflow",
];

/// Namespaces of what a cluster brings.
const SYSTEM_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// How many makers are asked for their names.
const MAX_MAKERS: usize = 256;

/// The namespaces in which an object of an environment may make others.
pub(super) fn namespaces(object: &Object<'_>, environment: &str) -> Option<Text> {
    let (group, kind) = (object.id.gvk.group.as_str(), object.id.gvk.kind.as_str());
    let target = |path: &[&str]| object.node.at(path).and_then(Node::as_str).map(Text::from);
    if object.is("argoproj.io", "Application") {
        let path = target(&["spec", "source", "path"]);
        let rendered = path.as_deref().and_then(|path| path.strip_prefix("rendered/"));
        let is_here = rendered.is_some_and(|path| {
            environment.is_empty() || path.split('/').next() == Some(environment)
        });
        return target(&["spec", "destination", "namespace"]).filter(|_| !is_here);
    }
    let is_passive = PASSIVE_GROUPS.contains(&group) && !ACTIVE_KINDS.contains(&kind);
    if !group.contains('.') || group.ends_with(".k8s.io") || is_passive {
        return None;
    }
    Some(target(&["spec", "targetNamespace"]).unwrap_or_else(|| object.namespace()))
}

/// The namespace that Argo CD makes for an Application.
pub(super) fn made_namespace(object: &Object<'_>) -> Option<Text> {
    let spec = match object.id.gvk.kind.as_str() {
        "Application" => object.node.get("spec"),
        "ApplicationSet" => object.node.at(&["spec", "template", "spec"]),
        _ => None,
    };
    let spec = spec.filter(|_| object.id.gvk.group == "argoproj.io")?;
    let options = spec.at(&["syncPolicy", "syncOptions"])?.as_sequence()?;
    let makes = options.iter().any(|option| option.as_str() == Some("CreateNamespace=true"));
    let namespace = spec.at(&["destination", "namespace"])?.as_str()?;
    makes.then(|| namespace.into())
}

/// The name of the release of Helm that an Application makes, where it is another than its own: what
/// a chart makes is named after it.
fn release<'o>(maker: &'o Object<'_>) -> Option<&'o str> {
    let is_application = maker.is("argoproj.io", "Application");
    let release = maker.node.at(&["spec", "source", "helm", "releaseName"])?.as_str()?;
    (is_application && !release.is_empty()).then_some(release)
}

impl<'a> Cluster<'a> {
    /// As [`Cluster::missing`], of what should be in a namespace: a warning where something may make
    /// it that is not seen here, and nothing where that has a name, or is of a release with a name,
    /// that is part of one of `words`.
    pub fn missing_in(
        &self,
        namespace: &str,
        words: &[&str],
        (code, message, at): (Code, String, Anchor),
    ) -> Option<Diagnostic<Anchor>> {
        let makers = self.makers_of(namespace);
        let makes = |maker: &Object<'_>| {
            let mut names = release(maker).into_iter().chain([maker.id.name.as_str()]);
            names.any(|name| words.iter().any(|word| word.contains(name)))
        };
        if makers.clone().take(MAX_MAKERS).any(makes) {
            return None;
        }
        if self.world == World::Open {
            return Some(self.missing(code, message, at));
        }
        if let Some(maker) = makers.clone().next() {
            let help = format!("unless {maker} makes it, which is not seen here, it is missing");
            return Some(Diagnostic::warning(code, message, at).with_help(help));
        }
        if SYSTEM_NAMESPACES.contains(&namespace)
            || self.external("", "Namespace", "", namespace).is_some()
        {
            let help = format!("unless something else makes it in `{namespace}`, it is missing");
            return Some(Diagnostic::warning(code, message, at).with_help(help));
        }
        Some(self.missing(code, message, at))
    }

    /// What may make objects in a namespace that are not seen here, in order.
    fn makers_of(&self, namespace: &str) -> impl Iterator<Item = &Object<'a>> + Clone {
        let numbers = self.makers.get(namespace).into_iter().flatten();
        numbers.filter_map(|&at| self.objects.get(at))
    }
}
