//! What the API server rejects beyond the schema: fields that call for each other or exclude each
//! other, names that stand for nothing in their object, numbers on the wrong side of each other.
//!
//! Source: the validation of Kubernetes 1.36 (`pkg/apis/*/validation`), after the defaults that the
//! server sets. Each rule names its function. Invariant: a rule looks at one object, says nothing
//! of what the schema says, and is linear in the size of the object.

use crate::{
    resource::Gvk,
    yaml::{Node, Text},
};

mod address;
mod admission_policy;
mod annotation;
mod api_service;
mod autoscaling;
mod claim;
mod container;
mod custom_resource_definition;
mod device_claim;
mod disruption;
mod endpoints;
mod environment;
mod expression;
mod ingress;
mod job;
mod limit_range;
mod mount;
mod namespace;
mod network_policy;
mod persistent_volume;
mod pod;
mod pod_os;
mod pod_resources;
mod priority;
mod probe;
mod projected_volume;
mod quota;
mod rbac;
mod report;
mod resources;
mod scheduling;
mod secret;
mod security_context;
mod selector;
mod service;
mod storage;
mod structural_schema;
mod value;
mod volume;
mod webhook;
mod workload;

pub(super) use report::Report;

use container::Container;
use pod::Pod;

/// A rule on an object.
type ObjectRule = fn(&Node, &mut Report<'_>);
/// A rule on a pod, or on the template of one.
type PodRule = fn(&Pod<'_>, &mut Report<'_>);
/// A rule on a container of a pod.
type ContainerRule = fn(&Container<'_>, &mut Report<'_>);

/// The rules on objects, by kind.
const OBJECTS: &[(&[&str], &[ObjectRule])] = &[
    (
        &["apps/v1/Deployment", "apps/v1/ReplicaSet", "apps/v1/DaemonSet", "apps/v1/StatefulSet"],
        &[workload::selector_matches_labels],
    ),
    (&["v1/ReplicationController"], &[workload::plain_selector_matches_labels]),
    (
        &["apps/v1/Deployment"],
        &[workload::deployment_strategy, workload::deployment_progress_deadline],
    ),
    (&["apps/v1/DaemonSet"], &[workload::daemon_set_update]),
    (&["apps/v1/StatefulSet"], &[workload::stateful_set_update, claim::templates]),
    (&["batch/v1/Job"], &[job::job]),
    (&["batch/v1/CronJob"], &[job::cron_job]),
    (
        &["v1/Service"],
        &[
            service::ports,
            service::external_name,
            service::headless,
            service::load_balancer,
            service::traffic_policy,
            service::addresses,
            service::topology_annotations,
        ],
    ),
    (&["v1/Endpoints"], &[endpoints::subsets]),
    (&["discovery.k8s.io/v1/EndpointSlice"], &[endpoints::slice_addresses, endpoints::slice_ports]),
    (
        &["networking.k8s.io/v1/Ingress"],
        &[ingress::has_rules, ingress::backends, ingress::paths, ingress::class_annotation],
    ),
    (&["networking.k8s.io/v1/IngressClass"], &[ingress::class_parameters]),
    (&["networking.k8s.io/v1/NetworkPolicy"], &[network_policy::peers, network_policy::ports]),
    (&["autoscaling/v1/HorizontalPodAutoscaler"], &[autoscaling::replicas]),
    (
        &["autoscaling/v2/HorizontalPodAutoscaler"],
        &[autoscaling::replicas, autoscaling::metrics, autoscaling::behavior],
    ),
    (&["policy/v1/PodDisruptionBudget"], &[disruption::one_bound]),
    (&["v1/PersistentVolumeClaim"], &[claim::claim]),
    (&["v1/PersistentVolume"], &[persistent_volume::persistent_volume]),
    (&["storage.k8s.io/v1/StorageClass"], &[storage::topologies]),
    (&["storage.k8s.io/v1/CSIDriver"], &[storage::driver]),
    (&["storage.k8s.io/v1/VolumeAttachment"], &[storage::attachment]),
    (&["node.k8s.io/v1/RuntimeClass"], &[scheduling::runtime_class]),
    (&["v1/ResourceQuota"], &[quota::amounts, quota::scopes]),
    (&["v1/LimitRange"], &[limit_range::limits]),
    (&["v1/Secret"], &[secret::data_by_type, secret::size]),
    (&["v1/ConfigMap"], &[secret::config_map]),
    (&["v1/Namespace"], &[namespace::pod_security_labels]),
    (&["scheduling.k8s.io/v1/PriorityClass"], &[priority::class]),
    (&["rbac.authorization.k8s.io/v1/ClusterRole"], &[rbac::cluster_rules]),
    (&["rbac.authorization.k8s.io/v1/RoleBinding"], &[rbac::subjects, rbac::service_account_names]),
    (
        &["rbac.authorization.k8s.io/v1/ClusterRoleBinding"],
        &[rbac::subjects, rbac::service_account_names, rbac::subject_namespaces],
    ),
    (&["apiregistration.k8s.io/v1/APIService"], &[api_service::api_service]),
    (
        &[
            "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
        ],
        &[webhook::webhooks, expression::webhooks],
    ),
    (
        &[
            "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
            "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",
        ],
        &[admission_policy::policy, expression::policy],
    ),
    (
        &[
            "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding",
            "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding",
        ],
        &[admission_policy::binding],
    ),
    (
        &["apiextensions.k8s.io/v1/CustomResourceDefinition"],
        &[
            custom_resource_definition::names,
            custom_resource_definition::versions,
            custom_resource_definition::conversion,
            structural_schema::versions,
        ],
    ),
    (&["coordination.k8s.io/v1/Lease"], &[priority::lease]),
    (&["resource.k8s.io/v1/ResourceClaim"], &[device_claim::claim]),
    (&["resource.k8s.io/v1/ResourceClaimTemplate"], &[device_claim::template]),
];

/// The rules on pods, wherever their template is.
const PODS: &[PodRule] = &[
    pod::host_ports,
    pod::host_namespaces,
    pod::host_users,
    pod::dns,
    pod::hostname_override,
    pod::scheduling_gates,
    pod::ephemeral_containers,
    pod::container_names,
    pod::resource_claims,
    pod_resources::of_pod,
    pod::ephemeral_claims,
    annotation::deletion_cost,
    annotation::mirror,
    annotation::app_armor,
    annotation::seccomp,
    pod_os::fields_of_the_system,
    pod_os::host_process,
    security_context::of_pod,
    scheduling::tolerations,
    scheduling::topology_spread,
    scheduling::affinity,
    volume::volumes,
];

/// The rules on containers and init containers.
const CONTAINERS: &[ContainerRule] = &[
    environment::variables,
    environment::sources,
    mount::mounts,
    mount::devices,
    probe::probes,
    probe::lifecycle,
    resources::of_container,
    resources::claims,
    container::restart_policy,
    container::resize_policy,
    security_context::of_container,
];

/// Checks an object that has a schema.
pub(super) fn check<'a>(node: &'a Node, gvk: &Gvk, mut report: Report<'a>) {
    let kind: Text = compact_str::format_compact!("{}/{}", gvk.api_version(), gvk.kind);
    let rules = OBJECTS.iter().filter(|(kinds, _)| kinds.contains(&kind.as_str()));
    for rule in rules.flat_map(|(_, rules)| *rules) {
        rule(node, &mut report);
    }
    if kind != "apiextensions.k8s.io/v1/CustomResourceDefinition" {
        selector::requirements(node, &mut report);
    }
    if let Some(pod) = Pod::of(node, &kind) {
        for rule in PODS {
            rule(&pod, &mut report);
        }
        for container in pod.containers() {
            for rule in CONTAINERS {
                rule(&container, &mut report);
            }
        }
    }
    report.finish();
}
