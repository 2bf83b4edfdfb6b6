//! `PersistentVolumes`.
//!
//! Source: `ValidatePersistentVolumeSpec` of `pkg/apis/core/validation/validation.go`.

use super::{
    claim,
    report::{Fault, Report},
    value::{at, entries, get, is_set, spec, text},
    volume,
};
use crate::{diag::codes, yaml::Node};

/// In the order in which the server looks at them.
pub(super) const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// Source: `ValidatePersistentVolumeSpec`.
pub(super) fn persistent_volume(object: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(object) else { return };
    claim::access_modes(spec, report);
    if report.at_most_one(spec, SOURCES) == 0 {
        let says = "must have a source, such as `csi`, `nfs`, `local` or `hostPath`";
        report.add(Fault::new(codes::SCHEMA_ONE_OF, spec, says));
    }
    volume::source(spec, report);
    if let Some(capacity) = get(spec, "capacity")
        && let Some(other) = entries(spec, "capacity").iter().find(|entry| entry.key != "storage")
    {
        let says = format!("must have `storage` alone, not `{}`", other.key.replace('`', "'"));
        report.add(Fault::depends(capacity, says));
    }
    if let Some(affinity) = get(spec, "nodeAffinity") {
        if !is_set(affinity, "required") {
            let why = "a volume is on its nodes or it is not";
            report.add(Fault::missing(affinity, &["required"], why));
        }
    } else if let Some(local) = get(spec, "local") {
        let fault = Fault::missing(spec, &["nodeAffinity"], "a local volume is on one node");
        report.add(fault.beside(local, "the local volume"));
    }
    if let Some(policy) = get(spec, "persistentVolumeReclaimPolicy")
        && policy.as_str() == Some("Recycle")
        && at(spec, &["hostPath", "path"]).is_some_and(|path| is_root(path.as_str()))
    {
        report.add(Fault::depends(policy, "must not be `Recycle` for the root of a host"));
    }
    if !text(spec, "volumeAttributesClassName").is_empty() && !is_set(spec, "csi") {
        let why = "`volumeAttributesClassName` is for a CSI driver";
        report.add_since("1.34", Fault::missing(spec, &["csi"], why));
    }
}

fn is_root(path: Option<&str>) -> bool {
    path.is_some_and(|path| {
        path.starts_with('/') && path.split('/').all(|part| part.is_empty() || part == ".")
    })
}
