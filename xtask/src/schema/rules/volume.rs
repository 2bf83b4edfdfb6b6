//! Volumes of pods, and the sources that `PersistentVolumes` have as well.
//!
//! Source: `validateVolumeSource` of `pkg/apis/core/validation/validation.go`.

use super::{
    claim, environment,
    pod::Pod,
    projected_volume,
    report::{Fault, Report},
    value::{entries, get, has_some, is_set, is_true, items, text},
};
use crate::{diag::codes, yaml::Node};

/// In the order in which the server looks at them. A volume without any is an `emptyDir`.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Source: `ValidateVolumes`.
pub(super) fn volumes(pod: &Pod<'_>, report: &mut Report<'_>) {
    for volume in items(pod.spec, "volumes") {
        report.at_most_one(volume, SOURCES);
        source(volume, report);
        if let Some(api) = get(volume, "downwardAPI") {
            for file in items(api, "items") {
                downward_file(file, report);
            }
        }
        if let Some(projected) = get(volume, "projected") {
            projected_volume::sources(projected, report);
        }
        if let Some(ephemeral) = get(volume, "ephemeral") {
            ephemeral_claim(ephemeral, report);
        }
        if let Some(image) = get(volume, "image")
            && pod.is_bare
            && text(image, "reference").is_empty()
        {
            report.add_since("1.35", Fault::missing(image, &["reference"], "it is the image"));
        }
    }
}

/// What holds for the sources of a `PersistentVolume` as well.
pub(super) fn source(volume: &Node, report: &mut Report<'_>) {
    if let Some(iscsi) = get(volume, "iscsi") {
        self::iscsi(volume, iscsi, report);
    }
    if let Some(fc) = get(volume, "fc") {
        fibre_channel(fc, report);
    }
    if let Some(flocker) = get(volume, "flocker") {
        report.exactly_one(flocker, &["datasetName", "datasetUUID"]);
        if let Some(name) = get(flocker, "datasetName")
            && text(flocker, "datasetName").contains('/')
        {
            report.add(Fault::new(codes::SCHEMA_FORMAT, name, "must not contain `/`"));
        }
    }
    if let Some(quobyte) = get(volume, "quobyte") {
        self::quobyte(quobyte, report);
    }
    if let Some(disk) = get(volume, "azureDisk") {
        azure_disk(disk, report);
    }
    if let Some(flex) = get(volume, "flexVolume") {
        reserved_options(flex, report);
    }
}

/// Source: `validateISCSIVolumeSource`.
fn iscsi(volume: &Node, iscsi: &Node, report: &mut Report<'_>) {
    for field in ["iqn", "initiatorName"] {
        let name = text(iscsi, field);
        if let Some(at) = get(iscsi, field)
            && !is_iscsi_name(name)
            && (field != "iqn" || !name.is_empty())
        {
            let says = "must be an iSCSI name, such as `iqn.2001-04.com.example:storage.disk1`";
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
        }
    }
    let uses_secret = ["chapAuthDiscovery", "chapAuthSession"];
    if uses_secret.iter().any(|field| is_true(iscsi, field)) && !is_set(iscsi, "secretRef") {
        report.add(Fault::missing(iscsi, &["secretRef"], "CHAP needs it"));
    }
    if let Some(name) = get(volume, "name")
        && is_set(iscsi, "initiatorName")
        && text(volume, "name").len() + 1 + text(iscsi, "targetPortal").len() > 64
    {
        let says = "must have at most 63 characters together with `targetPortal`";
        report.add(Fault::new(codes::SCHEMA_LENGTH, name, says));
    }
}

/// `iqn.YYYY-MM.DOMAIN[:NAME]`, `eui.` and 16 hexadecimal digits, `naa.` and 32.
fn is_iscsi_name(name: &str) -> bool {
    let has_digits = |digits: &str, count| {
        digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(digits) = name.strip_prefix("eui.") {
        return has_digits(digits, 16);
    }
    if let Some(digits) = name.strip_prefix("naa.") {
        return has_digits(digits, 32);
    }
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let (date, domain) = rest.split_once('.').unwrap_or((rest, ""));
    let (year, month) = date.split_once('-').unwrap_or((date, ""));
    let is_number =
        |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let authority = domain.split(':').next().unwrap_or_default();
    let is_domain = !authority.is_empty()
        && authority.split('.').all(|part| {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric();
            part.bytes().next().is_some_and(is_word)
                && part.bytes().last().is_some_and(is_word)
                && part.bytes().all(|byte| is_word(byte) || byte == b'-')
        });
    is_number(year, 4)
        && is_number(month, 2)
        && is_domain
        && !domain.chars().any(char::is_whitespace)
}

/// Source: `validateFCVolumeSource`.
fn fibre_channel(fc: &Node, report: &mut Report<'_>) {
    let has_names = has_some(fc, "targetWWNs");
    match (has_names, has_some(fc, "wwids")) {
        (false, false) => {
            let says = "must have `targetWWNs` or `wwids`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, fc, says));
        }
        (true, true) => {
            report.at_most_one(fc, &["targetWWNs", "wwids"]);
        }
        _ => {}
    }
    if has_names && !is_set(fc, "lun") {
        report.add(Fault::missing(fc, &["lun"], "`targetWWNs` is set"));
    }
}

/// Source: `validateQuobyteVolumeSource`.
fn quobyte(quobyte: &Node, report: &mut Report<'_>) {
    let Some(at) = get(quobyte, "registry") else { return };
    let registry = text(quobyte, "registry");
    let is_pair = |pair: &str| {
        pair.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.starts_with('['))
    };
    if !registry.is_empty() && !registry.split(',').all(is_pair) {
        let says = "must be `HOST:PORT`, or several of them separated by commas";
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
    }
}

/// Source: `validateAzureDisk`.
fn azure_disk(disk: &Node, report: &mut Report<'_>) {
    let Some(uri) = get(disk, "diskURI") else { return };
    // The default is a shared disk in a blob.
    let is_managed = text(disk, "kind") == "Managed";
    let start = if is_managed { "/subscriptions/" } else { "https://" };
    if !text(disk, "diskURI").is_empty() && !text(disk, "diskURI").starts_with(start) {
        let says = format!("must start with `{start}` for this `kind`");
        report.add(Fault::depends(uri, says));
    }
}

/// Source: `validateFlexVolumeSource`.
fn reserved_options(flex: &Node, report: &mut Report<'_>) {
    for entry in entries(flex, "options") {
        let namespace = entry.key.split('/').next().unwrap_or_default();
        let namespace = format!(".{}", namespace.to_lowercase());
        if namespace.ends_with(".kubernetes.io") || namespace.ends_with(".k8s.io") {
            let why = "`kubernetes.io` and `k8s.io` are reserved";
            report.add(Fault::excluded(&entry.value, why));
        }
    }
}

/// Source: `validateDownwardAPIVolumeFile`.
pub(super) fn downward_file(file: &Node, report: &mut Report<'_>) {
    report.exactly_one(file, &["fieldRef", "resourceFieldRef"]);
    let Some(selector) = get(file, "resourceFieldRef") else { return };
    if text(selector, "containerName").is_empty() {
        let why = "a volume is of no container";
        report.add(Fault::missing(selector, &["containerName"], why));
    }
    environment::divisor(selector, report);
}

/// Source: `validateEphemeralVolumeSource`, `ValidatePersistentVolumeClaimTemplate`.
fn ephemeral_claim(ephemeral: &Node, report: &mut Report<'_>) {
    let Some(template) = get(ephemeral, "volumeClaimTemplate") else {
        let why = "the claim is made from it";
        report.add(Fault::missing(ephemeral, &["volumeClaimTemplate"], why));
        return;
    };
    for entry in entries(template, "metadata") {
        if !entry.value.is_null() && !matches!(entry.key.as_str(), "labels" | "annotations") {
            let why = "only labels and annotations are taken over";
            report.add(Fault::excluded(&entry.value, why));
        }
    }
    if let Some(spec) = get(template, "spec") {
        claim::claim_spec(spec, report);
    }
}

#[cfg(test)]
mod tests {
    use super::is_iscsi_name;

    #[test]
    fn iscsi_names_have_three_forms() {
        for name in [
            "iqn.2001-04.com.example:storage.disk1",
            "iqn.2001-04.com.example",
            "eui.0123456789abcdef",
            "naa.0123456789abcdef0123456789abcdef",
        ] {
            assert!(is_iscsi_name(name), "{name}");
        }
        for name in ["", "iqn", "iqn.2001.com.example", "eui.0123", "iqn.2001-04", "x.2001-04.a"] {
            assert!(!is_iscsi_name(name), "{name}");
        }
    }
}
