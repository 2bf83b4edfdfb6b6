//! What pods name: each ConfigMap and Secret, and keys of them, claims, classes and the
//! ServiceAccount.
//!
//! Source: the types of Kubernetes' `core/v1`.

use super::{
    field::Field,
    kinds::{
        CONFIG_MAP, PERSISTENT_VOLUME_CLAIM, PRIORITY_CLASS, RESOURCE_CLAIM,
        RESOURCE_CLAIM_TEMPLATE, RUNTIME_CLASS, SECRET, SERVICE_ACCOUNT,
    },
    name::{Collector, Kind, Reference},
    storage,
};
use crate::cluster::{ContainerRole, Workload};

/// What a kubelet pulls images with; it passes over a Secret of another type.
const PULL_SECRET_TYPES: &[&str] = &["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/// The kinds of volumes, besides those with a field of their own here, that log in to their storage
/// with a Secret: where its name is.
const VOLUMES_WITH_SECRETS: &[&str] = &[
    "azureFile.secretName",
    "cephfs.secretRef.name",
    "cinder.secretRef.name",
    "csi.nodePublishSecretRef.name",
    "flexVolume.secretRef.name",
    "iscsi.secretRef.name",
    "rbd.secretRef.name",
    "scaleIO.secretRef.name",
    "storageos.secretRef.name",
];

/// The references of the pods of a workload.
pub(super) fn references<'a>(workload: &Workload<'a>, out: &mut Collector<'_, '_, 'a>) {
    let object = Field::root(out.object.node);
    let Some(pod) = object.get(workload.path) else { return };
    let Some(spec) = pod.get("spec") else { return };
    for role in [ContainerRole::Init, ContainerRole::Main, ContainerRole::Ephemeral] {
        for container in spec.items(role.field()) {
            environment(&container, out);
        }
    }
    for volume in spec.items("volumes") {
        self::volume(&volume, out);
    }
    pull_secrets(&spec, out);
    out.name(service_account(&spec), SERVICE_ACCOUNT);
    out.name(spec.get("priorityClassName"), PRIORITY_CLASS);
    out.name(spec.get("runtimeClassName"), RUNTIME_CLASS);
    for claim in spec.items("resourceClaims") {
        out.name(claim.get("resourceClaimName"), RESOURCE_CLAIM);
        out.name(claim.get("resourceClaimTemplateName"), RESOURCE_CLAIM_TEMPLATE);
    }
}

/// The field that names the ServiceAccount: the old one counts only without the new one.
fn service_account<'a, 's>(spec: &'s Field<'a, '_>) -> Option<Field<'a, 's>> {
    let names = |field: &Field<'a, '_>| field.text().is_some();
    spec.get("serviceAccountName")
        .filter(names)
        .or_else(|| spec.get("serviceAccount").filter(names))
}

/// The Secrets that images are pulled with, of a pod or of a ServiceAccount.
pub(super) fn pull_secrets<'a>(owner: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    for secret in owner.items("imagePullSecrets") {
        let Some(at) = secret.get("name") else { continue };
        let Some(name) = at.text() else { continue };
        let target = SECRET.named(out.object.namespace(), name);
        let types = PULL_SECRET_TYPES;
        out.reference(&Reference { types, ..Reference::new(out.object, at, target) });
    }
}

fn environment<'a>(container: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    for source in container.items("envFrom") {
        out.selector(source.get("configMapRef"), CONFIG_MAP);
        out.selector(source.get("secretRef"), SECRET);
    }
    for variable in container.items("env") {
        out.selector(variable.get("valueFrom.configMapKeyRef"), CONFIG_MAP);
        out.selector(variable.get("valueFrom.secretKeyRef"), SECRET);
    }
}

fn volume<'a>(volume: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    if let Some(map) = volume.get("configMap") {
        files(&map, "name", CONFIG_MAP, out);
    }
    if let Some(secret) = volume.get("secret") {
        files(&secret, "secretName", SECRET, out);
    }
    for source in volume.items("projected.sources") {
        if let Some(map) = source.get("configMap") {
            files(&map, "name", CONFIG_MAP, out);
        }
        if let Some(secret) = source.get("secret") {
            files(&secret, "name", SECRET, out);
        }
    }
    out.name(volume.get("persistentVolumeClaim.claimName"), PERSISTENT_VOLUME_CLAIM);
    if let Some(claim) = volume.get("ephemeral.volumeClaimTemplate.spec") {
        storage::claim(&claim, out);
    }
    for field in VOLUMES_WITH_SECRETS {
        out.name(volume.get(field), SECRET);
    }
}

/// A ConfigMap or a Secret whose keys become files: those that are listed, or all.
fn files<'a>(
    map: &Field<'a, '_>,
    field: &'static str,
    kind: Kind,
    out: &mut Collector<'_, '_, 'a>,
) {
    let items: Vec<_> = map.items("items").collect();
    let keys: Vec<_> = items.iter().filter_map(|item| item.get("key")).collect();
    let keys: Vec<_> = keys.into_iter().filter(|key| key.text().is_some()).collect();
    out.keys_of(*map, field, kind, out.object.namespace(), &keys);
}
