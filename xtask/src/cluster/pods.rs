//! What makes pods, and what is in them.

use super::Object;
use crate::yaml::{Node, Text};

/// A pod, or an object that makes pods of a template.
#[derive(Clone, Debug)]
pub struct Workload<'a> {
    /// The number of the object.
    pub(super) object: usize,
    /// `metadata` of the pods.
    pub metadata: Option<&'a Node>,
    /// `spec` of the pods.
    pub spec: &'a Node,
    /// The path of the pods' own fields in the object: empty for a pod, `spec.template` for most.
    pub path: &'static str,
    namespace: Text,
}

/// A container of a pod.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// The container.
    pub node: &'a Node,
    /// What it is for.
    pub role: ContainerRole,
    /// Its place in its list.
    pub index: usize,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRole {
    /// One of `initContainers`.
    Init,
    /// One of `containers`.
    Main,
    /// One of `ephemeralContainers`.
    Ephemeral,
}

impl<'a> Workload<'a> {
    /// The workload that an object is: one of Kubernetes' own, or a custom kind that has a template
    /// as these, such as a Rollout.
    pub(super) fn of(number: usize, object: &Object<'a>) -> Option<Self> {
        let gvk = &object.id.gvk;
        let path = match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Pod") => "",
            ("", "PodTemplate") => "template",
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "ReplicationController")
            | ("batch", "Job") => "spec.template",
            ("batch", "CronJob") => "spec.jobTemplate.spec.template",
            (group, _) if group.contains('.') && has_template(object.node) => "spec.template",
            _ => return None,
        };
        let steps = path.split('.').filter(|step| !step.is_empty());
        let template = steps.into_iter().try_fold(object.node, |node, step| node.get(step))?;
        Some(Self {
            object: number,
            metadata: template.get("metadata"),
            spec: template.get("spec")?,
            path,
            namespace: object.id.effective_namespace(),
        })
    }

    /// The number of its object, which tells it from all others.
    pub fn number(&self) -> usize {
        self.object
    }

    /// The namespace of the pods.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The labels of the pods.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let labels = self.metadata.and_then(|metadata| metadata.get("labels"));
        let entries = labels.and_then(Node::as_mapping).into_iter().flatten();
        entries.filter_map(|entry| Some((entry.key.as_str(), entry.value.scalar_text()?)))
    }

    /// The path of a field of the pods in the object: `spec.template.spec.volumes`.
    pub fn field(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// The containers: first those that run first.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let roles = [ContainerRole::Init, ContainerRole::Main, ContainerRole::Ephemeral];
        let spec = self.spec;
        roles.into_iter().flat_map(move |role| {
            let list = spec.get(role.field()).and_then(Node::as_sequence).unwrap_or_default();
            let one = move |(index, node)| Container { node, role, index };
            list.iter().enumerate().map(one)
        })
    }
}

/// Whether an object has the template of a pod where most have it.
fn has_template(node: &Node) -> bool {
    let containers = node.at(&["spec", "template", "spec", "containers"]);
    containers.and_then(Node::as_sequence).is_some_and(|all| !all.is_empty())
}

impl Container<'_> {
    /// Whether it runs for as long as the pod does: also one that starts before the others.
    pub fn keeps_running(&self) -> bool {
        match self.role {
            ContainerRole::Main => true,
            ContainerRole::Ephemeral => false,
            ContainerRole::Init => {
                self.node.get("restartPolicy").and_then(Node::as_str) == Some("Always")
            }
        }
    }

    /// Its path in the pod: `spec.containers[0]`.
    pub fn path(&self) -> String {
        format!("spec.{}[{}]", self.role.field(), self.index)
    }
}

impl ContainerRole {
    /// The field of a pod's `spec` that holds such containers.
    pub fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}
