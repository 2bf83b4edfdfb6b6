//! Classes of storage and their drivers.
//!
//! Source: `pkg/apis/storage/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim,
    persistent_volume::SOURCES,
    report::{Fault, Report},
    value::{at, get, is_set, items, spec, text, texts},
};
use crate::{diag::codes, yaml::Node};

/// Two terms with the same values are one, in whatever order they are.
///
/// Source: `validateAllowedTopologies`.
pub(super) fn topologies(class: &Node, report: &mut Report<'_>) {
    let mut seen = BTreeMap::new();
    for term in items(class, "allowedTopologies") {
        let expressions = items(term, "matchLabelExpressions").iter();
        let values: BTreeMap<&str, BTreeSet<&str>> = expressions
            .map(|one| (text(one, "key"), texts(one, "values").map(|(value, _)| value).collect()))
            .collect();
        let at = get(term, "matchLabelExpressions").unwrap_or(term);
        if values.is_empty() {
            report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must have an expression"));
            continue;
        }
        if let Some(first) = seen.insert(values, at) {
            let fault =
                Fault::new(codes::SCHEMA_DUPLICATE, at, "selects what another term selects");
            report.add(fault.beside(first, "the first one"));
        }
    }
}

/// Source: `validateServiceAccountTokenInSecrets`.
pub(super) fn driver(driver: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(driver) else { return };
    if let Some(at) = get(spec, "serviceAccountTokenInSecrets")
        && items(spec, "tokenRequests").is_empty()
    {
        report.add_since("1.35", Fault::excluded(at, "there are no `tokenRequests`"));
    }
}

/// Source: `validateVolumeAttachmentSource`.
pub(super) fn attachment(attachment: &Node, report: &mut Report<'_>) {
    let Some(source) = at(attachment, &["spec", "source"]) else { return };
    report.exactly_one(source, &["inlineVolumeSpec", "persistentVolumeName"]);
    let Some(inline) = get(source, "inlineVolumeSpec") else { return };
    claim::access_modes(inline, report);
    report.at_most_one(inline, SOURCES);
    if !is_set(inline, "csi") {
        report.add(Fault::missing(inline, &["csi"], "an inline volume has no other source"));
    }
    for field in ["claimRef", "capacity", "nodeAffinity", "storageClassName"] {
        if let Some(at) = get(inline, field) {
            report.add(Fault::excluded(at, "the volume is inline"));
        }
    }
}
