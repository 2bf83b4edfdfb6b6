//! The kinds that are named.

use super::name::Kind;

pub(super) const CONFIG_MAP: Kind = Kind::namespaced("", "ConfigMap");
pub(super) const NAMESPACE: Kind = Kind::cluster("", "Namespace");
pub(super) const PERSISTENT_VOLUME: Kind = Kind::cluster("", "PersistentVolume");
pub(super) const PERSISTENT_VOLUME_CLAIM: Kind = Kind::namespaced("", "PersistentVolumeClaim");
pub(super) const SECRET: Kind = Kind::namespaced("", "Secret");
pub(super) const SERVICE: Kind = Kind::namespaced("", "Service");
pub(super) const SERVICE_ACCOUNT: Kind = Kind::namespaced("", "ServiceAccount");

pub(super) const DEVICE_CLASS: Kind = Kind::cluster("resource.k8s.io", "DeviceClass");
pub(super) const INGRESS_CLASS: Kind = Kind::cluster("networking.k8s.io", "IngressClass");
pub(super) const PRIORITY_CLASS: Kind = Kind::cluster("scheduling.k8s.io", "PriorityClass");
pub(super) const PRIORITY_LEVEL: Kind =
    Kind::cluster("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration");
pub(super) const RESOURCE_CLAIM: Kind = Kind::namespaced("resource.k8s.io", "ResourceClaim");
pub(super) const RESOURCE_CLAIM_TEMPLATE: Kind =
    Kind::namespaced("resource.k8s.io", "ResourceClaimTemplate");
pub(super) const RUNTIME_CLASS: Kind = Kind::cluster("node.k8s.io", "RuntimeClass");
pub(super) const STORAGE_CLASS: Kind = Kind::cluster("storage.k8s.io", "StorageClass");
pub(super) const VOLUME_ATTRIBUTES_CLASS: Kind =
    Kind::cluster("storage.k8s.io", "VolumeAttributesClass");

pub(super) const GATEWAY: Kind = Kind::namespaced("gateway.networking.k8s.io", "Gateway");
pub(super) const GATEWAY_CLASS: Kind = Kind::cluster("gateway.networking.k8s.io", "GatewayClass");
pub(super) const VOLUME_SNAPSHOT: Kind =
    Kind::namespaced("snapshot.storage.k8s.io", "VolumeSnapshot");
pub(super) const VOLUME_SNAPSHOT_CLASS: Kind =
    Kind::cluster("snapshot.storage.k8s.io", "VolumeSnapshotClass");
