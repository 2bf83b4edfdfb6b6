//! Which kinds exist in namespaces, and which outside.
//!
//! Source: the table that kustomize v5.8.2 carries, of Kubernetes v1.21.2. A kind that is not in
//! it, as every custom resource, counts as namespaced.

/// Kind, apiVersion, and whether objects are in a namespace; sorted.
const SCOPES: &[(&str, &str, bool)] = &[
    ("APIService", "apiregistration.k8s.io/v1", false),
    ("APIService", "apiregistration.k8s.io/v1beta1", false),
    ("CSIDriver", "storage.k8s.io/v1", false),
    ("CSIDriver", "storage.k8s.io/v1beta1", false),
    ("CSINode", "storage.k8s.io/v1", false),
    ("CSINode", "storage.k8s.io/v1beta1", false),
    ("CSIStorageCapacity", "storage.k8s.io/v1beta1", true),
    ("CertificateSigningRequest", "certificates.k8s.io/v1", false),
    ("CertificateSigningRequest", "certificates.k8s.io/v1beta1", false),
    ("ClusterRole", "rbac.authorization.k8s.io/v1", false),
    ("ClusterRole", "rbac.authorization.k8s.io/v1beta1", false),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", false),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1beta1", false),
    ("ComponentStatus", "v1", false),
    ("ConfigMap", "v1", true),
    ("ControllerRevision", "apps/v1", true),
    ("CronJob", "batch/v1", true),
    ("CronJob", "batch/v1beta1", true),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1", false),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1beta1", false),
    ("DaemonSet", "apps/v1", true),
    ("Deployment", "apps/v1", true),
    ("EndpointSlice", "discovery.k8s.io/v1", true),
    ("EndpointSlice", "discovery.k8s.io/v1beta1", true),
    ("Endpoints", "v1", true),
    ("Event", "events.k8s.io/v1", true),
    ("Event", "events.k8s.io/v1beta1", true),
    ("Event", "v1", true),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta1", false),
    ("HorizontalPodAutoscaler", "autoscaling/v1", true),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta1", true),
    ("HorizontalPodAutoscaler", "autoscaling/v2beta2", true),
    ("Ingress", "extensions/v1beta1", true),
    ("Ingress", "networking.k8s.io/v1", true),
    ("Ingress", "networking.k8s.io/v1beta1", true),
    ("IngressClass", "networking.k8s.io/v1", false),
    ("IngressClass", "networking.k8s.io/v1beta1", false),
    ("Job", "batch/v1", true),
    ("Lease", "coordination.k8s.io/v1", true),
    ("Lease", "coordination.k8s.io/v1beta1", true),
    ("LimitRange", "v1", true),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1", false),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1", false),
    ("Namespace", "v1", false),
    ("NetworkPolicy", "networking.k8s.io/v1", true),
    ("Node", "v1", false),
    ("NodeProxyOptions", "v1", false),
    ("PersistentVolume", "v1", false),
    ("PersistentVolumeClaim", "v1", true),
    ("Pod", "v1", true),
    ("PodAttachOptions", "v1", true),
    ("PodDisruptionBudget", "policy/v1", true),
    ("PodDisruptionBudget", "policy/v1beta1", true),
    ("PodExecOptions", "v1", true),
    ("PodPortForwardOptions", "v1", true),
    ("PodProxyOptions", "v1", true),
    ("PodSecurityPolicy", "policy/v1beta1", false),
    ("PodTemplate", "v1", true),
    ("PriorityClass", "scheduling.k8s.io/v1", false),
    ("PriorityClass", "scheduling.k8s.io/v1beta1", false),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1beta1", false),
    ("ReplicaSet", "apps/v1", true),
    ("ReplicationController", "v1", true),
    ("ResourceQuota", "v1", true),
    ("Role", "rbac.authorization.k8s.io/v1", true),
    ("Role", "rbac.authorization.k8s.io/v1beta1", true),
    ("RoleBinding", "rbac.authorization.k8s.io/v1", true),
    ("RoleBinding", "rbac.authorization.k8s.io/v1beta1", true),
    ("RuntimeClass", "node.k8s.io/v1", false),
    ("RuntimeClass", "node.k8s.io/v1beta1", false),
    ("Scale", "autoscaling/v1", true),
    ("Secret", "v1", true),
    ("Service", "v1", true),
    ("ServiceAccount", "v1", true),
    ("ServiceProxyOptions", "v1", true),
    ("StatefulSet", "apps/v1", true),
    ("StorageClass", "storage.k8s.io/v1", false),
    ("StorageClass", "storage.k8s.io/v1beta1", false),
    ("ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1", false),
    ("ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1", false),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", false),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1", false),
    ("VolumeAttachment", "storage.k8s.io/v1", false),
    ("VolumeAttachment", "storage.k8s.io/v1beta1", false),
];

/// Whether objects of a kind are in a namespace; `None` for a kind that is not in the table.
fn is_namespaced(group: &str, version: &str, kind: &str) -> Option<bool> {
    let first = SCOPES.partition_point(|&(other, ..)| other < kind);
    let mut same_kind = SCOPES.iter().skip(first).take_while(|&&(other, ..)| other == kind);
    let found = same_kind.find(|&&(_, api_version, _)| match api_version.split_once('/') {
        Some((g, v)) => g == group && v == version,
        None => group.is_empty() && api_version == version,
    });
    found.map(|&(_, _, namespaced)| namespaced)
}

/// Whether the table has this kind.
pub fn is_known(group: &str, version: &str, kind: &str) -> bool {
    is_namespaced(group, version, kind).is_some()
}

/// Whether objects of this kind certainly have no namespace.
pub fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    is_namespaced(group, version, kind) == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(SCOPES.is_sorted());
    }

    #[test]
    fn only_known_kinds_are_cluster_scoped() {
        assert!(is_cluster_scoped("", "v1", "Namespace"));
        assert!(is_cluster_scoped("rbac.authorization.k8s.io", "v1", "ClusterRole"));
        assert!(!is_cluster_scoped("example.com", "v1", "Namespace"));
        assert!(!is_cluster_scoped("apps", "v1", "Deployment"));
        assert!(!is_cluster_scoped("cert-manager.io", "v1", "ClusterIssuer"));
    }
}
