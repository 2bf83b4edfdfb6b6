//! Which kinds exist outside of namespaces.
//!
//! Source: the table that kustomize v5.8.2 carries, of Kubernetes v1.21.2. A kind that is not in
//! it, as every custom resource, counts as namespaced.

/// Kind and apiVersion, sorted.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("APIService", "apiregistration.k8s.io/v1"),
    ("APIService", "apiregistration.k8s.io/v1beta1"),
    ("CSIDriver", "storage.k8s.io/v1"),
    ("CSIDriver", "storage.k8s.io/v1beta1"),
    ("CSINode", "storage.k8s.io/v1"),
    ("CSINode", "storage.k8s.io/v1beta1"),
    ("CertificateSigningRequest", "certificates.k8s.io/v1"),
    ("CertificateSigningRequest", "certificates.k8s.io/v1beta1"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1beta1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1beta1"),
    ("ComponentStatus", "v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1beta1"),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta1"),
    ("IngressClass", "networking.k8s.io/v1"),
    ("IngressClass", "networking.k8s.io/v1beta1"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1"),
    ("Namespace", "v1"),
    ("Node", "v1"),
    ("NodeProxyOptions", "v1"),
    ("PersistentVolume", "v1"),
    ("PodSecurityPolicy", "policy/v1beta1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
    ("PriorityClass", "scheduling.k8s.io/v1beta1"),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1beta1"),
    ("RuntimeClass", "node.k8s.io/v1"),
    ("RuntimeClass", "node.k8s.io/v1beta1"),
    ("StorageClass", "storage.k8s.io/v1"),
    ("StorageClass", "storage.k8s.io/v1beta1"),
    ("ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1"),
    ("ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1"),
    ("VolumeAttachment", "storage.k8s.io/v1"),
    ("VolumeAttachment", "storage.k8s.io/v1beta1"),
];

/// Whether objects of this kind certainly have no namespace.
pub fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    let first = CLUSTER_SCOPED.partition_point(|&(other, _)| other < kind);
    let same_kind = CLUSTER_SCOPED.iter().skip(first).take_while(|&&(other, _)| other == kind);
    same_kind.into_iter().any(|&(_, api_version)| match api_version.split_once('/') {
        Some((g, v)) => g == group && v == version,
        None => group.is_empty() && api_version == version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(CLUSTER_SCOPED.is_sorted());
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
