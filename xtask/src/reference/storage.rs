//! What claims and volumes name.
//!
//! Source: the types of Kubernetes' `core/v1` and of the snapshot controller.

use super::{
    field::Field,
    kinds::{
        PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS, VOLUME_ATTRIBUTES_CLASS,
        VOLUME_SNAPSHOT, VOLUME_SNAPSHOT_CLASS,
    },
    name::Collector,
};

/// The references of an object of one of these kinds.
pub(super) fn references<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let gvk = &out.object.id.gvk;
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "PersistentVolumeClaim") => {
            if let Some(spec) = root.get("spec") {
                claim(&spec, out);
            }
        }
        ("", "PersistentVolume") => volume(root, out),
        ("apps", "StatefulSet") => {
            for template in root.items("spec.volumeClaimTemplates") {
                if let Some(spec) = template.get("spec") {
                    claim(&spec, out);
                }
            }
        }
        ("snapshot.storage.k8s.io", "VolumeSnapshot") => {
            let claim = root.get("spec.source.persistentVolumeClaimName");
            out.name(claim, PERSISTENT_VOLUME_CLAIM);
            out.name(root.get("spec.volumeSnapshotClassName"), VOLUME_SNAPSHOT_CLASS);
        }
        _ => {}
    }
}

/// The references of the `spec` of a claim.
pub(super) fn claim<'a>(spec: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    out.name(spec.get("storageClassName"), STORAGE_CLASS);
    out.name(spec.get("volumeAttributesClassName"), VOLUME_ATTRIBUTES_CLASS);
    out.name(spec.get("volumeName"), PERSISTENT_VOLUME);
    // If both are written they are the same.
    let Some(source) = spec.get("dataSourceRef").or_else(|| spec.get("dataSource")) else { return };
    let kind = match source.text_at("kind") {
        Some("PersistentVolumeClaim") => PERSISTENT_VOLUME_CLAIM,
        Some("VolumeSnapshot") => VOLUME_SNAPSHOT,
        _ => return,
    };
    out.name_in(source.get("name"), kind, out.namespace_in(&source));
}

/// The Secrets with which a driver works on a volume. The claim that a volume is for may come later.
fn volume<'a>(root: &Field<'a, '_>, out: &mut Collector<'_, '_, 'a>) {
    let Some(source) = root.get("spec.csi") else { return };
    for (_, secret) in source.entries().filter(|(field, _)| field.ends_with("SecretRef")) {
        if let Some(namespace) = secret.text_at("namespace") {
            out.secret(secret.get("name"), namespace.into(), &[]);
        }
    }
}
