//! Where a container has the volumes of its pod.
//!
//! Source: `ValidateVolumeMounts`, `ValidateVolumeDevices` of
//! `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeMap;

use super::{
    container::Container,
    pod::Volume,
    report::{Fault, Report},
    value::{get, is_set, is_true, items, text},
};
use crate::{diag::did_you_mean, schema::scalar::shown, yaml::Node};

/// Source: `ValidateVolumeMounts`.
pub(super) fn mounts(container: &Container<'_>, report: &mut Report<'_>) {
    let devices = used(container, "volumeDevices", "devicePath");
    for mount in items(container.node, "volumeMounts") {
        volume(mount, container, report);
        also_device(mount, &devices, report);
        if let Some(at) = get(mount, "subPathExpr")
            && let Some(other) = get(mount, "subPath")
            && !text(mount, "subPathExpr").is_empty()
            && !text(mount, "subPath").is_empty()
        {
            let fault = Fault::excluded(at, "`subPath` is set");
            report.add(fault.beside(other, "the other one"));
        }
        propagation(mount, container, report);
        recursive_read_only(mount, report);
    }
}

/// The volume that a mount or a device names.
fn volume<'a>(
    mount: &Node,
    container: &Container<'a>,
    report: &mut Report<'_>,
) -> Option<Volume<'a>> {
    let at = get(mount, "name")?;
    let name = at.as_str().filter(|name| !name.is_empty())?;
    let volumes = &container.pod.volumes;
    let found = volumes.get(name).copied();
    if found.is_none() && !report.is_full() {
        let given = shown(name);
        let says = format!("must be the name of one of the pod's volumes, and none is {given}");
        let fault = Fault::unknown_name(at, says);
        let near = did_you_mean(name, volumes.keys().take(MOST_COMPARED).copied());
        report.add(match near {
            Some(help) => fault.help(help),
            None => fault,
        });
    }
    found
}

/// How many names a wrong one is compared with.
const MOST_COMPARED: usize = 100;

/// The names and paths of one of the two lists.
#[derive(Default)]
struct Used<'a> {
    names: BTreeMap<&'a str, &'a Node>,
    paths: BTreeMap<&'a str, &'a Node>,
}

fn used<'a>(container: &Container<'a>, list: &str, path: &str) -> Used<'a> {
    let mut used = Used::default();
    for one in items(container.node, list) {
        if let Some(at) = get(one, "name") {
            used.names.insert(at.as_str().unwrap_or_default(), at);
        }
        if let Some(at) = get(one, path) {
            used.paths.insert(at.as_str().unwrap_or_default(), at);
        }
    }
    used
}

fn also_device(mount: &Node, devices: &Used<'_>, report: &mut Report<'_>) {
    for (field, others) in [("name", &devices.names), ("mountPath", &devices.paths)] {
        let Some(at) = get(mount, field) else { continue };
        if let Some(other) = others.get(at.as_str().unwrap_or_default()) {
            let says =
                "must not be in `volumeDevices` as well: a volume is a file system or a device";
            report.add(Fault::depends(at, says).beside(other, "the device"));
        }
    }
}

/// Source: `validateMountPropagation`.
fn propagation(mount: &Node, container: &Container<'_>, report: &mut Report<'_>) {
    let Some(at) = get(mount, "mountPropagation") else { return };
    let is_privileged =
        container.security_context().is_some_and(|context| is_true(context, "privileged"));
    if at.as_str() == Some("Bidirectional") && !is_privileged {
        let says = "must not be `Bidirectional`: only a privileged container mounts on its node";
        report.add(Fault::depends(at, says));
    }
}

/// Source: `validateMountRecursiveReadOnly`.
fn recursive_read_only(mount: &Node, report: &mut Report<'_>) {
    let Some(at) = get(mount, "recursiveReadOnly") else { return };
    let mode = at.as_str().unwrap_or_default();
    if !matches!(mode, "Enabled" | "IfPossible") {
        return;
    }
    if !is_true(mount, "readOnly") {
        report.add(Fault::depends(at, format!("must not be `{mode}`: `readOnly` is not true")));
    }
    if let Some(other) = get(mount, "mountPropagation")
        && other.as_str() != Some("None")
    {
        let says = format!("must not be `{mode}`: the mount has a propagation");
        report.add(Fault::depends(at, says).beside(other, "the propagation"));
    }
}

/// Source: `ValidateVolumeDevices`.
pub(super) fn devices(container: &Container<'_>, report: &mut Report<'_>) {
    for device in items(container.node, "volumeDevices") {
        let Some(Volume::Declared(source)) = volume(device, container, report) else { continue };
        if !is_set(source, "persistentVolumeClaim")
            && !is_set(source, "ephemeral")
            && let Some(at) = get(device, "name")
        {
            let says = "must be the name of a claim: no other volume is a device";
            report.add(Fault::depends(at, says).beside(source, "the volume"));
        }
    }
}
