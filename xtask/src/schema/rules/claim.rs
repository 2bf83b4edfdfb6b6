//! Claims of volumes.
//!
//! Source: `ValidatePersistentVolumeClaimSpec` of `pkg/apis/core/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{get, items, spec, text, texts},
};
use crate::yaml::Node;

/// Source: `ValidatePersistentVolumeClaim`, after `EnforceDataSourceBackwardsCompatibility` of
/// `pkg/api/persistentvolumeclaim/util.go`.
pub(super) fn claim(claim: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(claim) else { return };
    // Of a claim itself, an old field with what it never could have is dropped without a word.
    let source = get(spec, "dataSource").filter(|source| {
        let is_known = matches!(
            (text(source, "apiGroup"), text(source, "kind")),
            ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
        );
        is_known || get(spec, "dataSourceRef").is_some()
    });
    access_modes(spec, report);
    data_sources(source, get(spec, "dataSourceRef"), report);
}

/// Source: `validateVolumeClaimTemplates` of `pkg/apis/apps/validation/validation.go`.
pub(super) fn templates(set: &Node, report: &mut Report<'_>) {
    let templates = spec(set).map_or(&[][..], |set| items(set, "volumeClaimTemplates"));
    for template in templates.iter().filter_map(spec) {
        claim_spec(template, report);
    }
}

/// Source: `ValidatePersistentVolumeClaimSpec`.
pub(super) fn claim_spec(spec: &Node, report: &mut Report<'_>) {
    access_modes(spec, report);
    data_sources(get(spec, "dataSource"), get(spec, "dataSourceRef"), report);
}

/// Source: `validateDataSource`, `validateDataSourceRef`, `isDataSourceEqualDataSourceRef`.
fn data_sources(source: Option<&Node>, reference: Option<&Node>, report: &mut Report<'_>) {
    for at in source.into_iter().chain(reference) {
        if text(at, "apiGroup").is_empty()
            && let Some(kind) = get(at, "kind")
            && kind.as_str() != Some("PersistentVolumeClaim")
        {
            let says = "must be `PersistentVolumeClaim` without `apiGroup`";
            report.add(Fault::depends(kind, says));
        }
    }
    let (Some(source), Some(reference)) = (source, reference) else { return };
    // Without a gate that is off by default the server drops a namespace before it compares.
    if ["apiGroup", "kind", "name"].iter().any(|key| text(source, key) != text(reference, key)) {
        let fault = Fault::depends(source, "must be the same as `dataSourceRef`");
        report.add(fault.beside(reference, "the other one"));
    }
}

/// Source: `ValidatePersistentVolumeClaimSpec`, `ValidatePersistentVolumeSpec`.
pub(super) fn access_modes(spec: &Node, report: &mut Report<'_>) {
    let is_single = |mode: &str| mode == "ReadWriteOncePod";
    let modes = || texts(spec, "accessModes").map(|(mode, _)| mode);
    if let Some(list) = get(spec, "accessModes")
        && modes().any(is_single)
        && modes().any(|mode| !is_single(mode))
    {
        report.add(Fault::depends(list, "must have `ReadWriteOncePod` alone"));
    }
}
