//! Projected volumes: files from several sources in one directory.
//!
//! Source: `validateProjectionSources` of `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeMap;

use super::{
    report::{Fault, Report},
    value::{get, is_set, items, text},
    volume,
};
use crate::{diag::codes, yaml::Node};

const SOURCES: &[&str] = &[
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
];
const CERTIFICATE_PATHS: &[&str] = &["credentialBundlePath", "keyPath", "certificateChainPath"];

/// Source: `validateProjectionSources`.
pub(super) fn sources(projected: &Node, report: &mut Report<'_>) {
    let mut taken = BTreeMap::new();
    for source in items(projected, "sources") {
        report.at_most_one(source, SOURCES);
        for field in ["secret", "configMap", "downwardAPI"] {
            let Some(one) = get(source, field) else { continue };
            for file in items(one, "items") {
                if field == "downwardAPI" {
                    volume::downward_file(file, report);
                }
                once(file, "path", &mut taken, report);
            }
        }
        if let Some(bundle) = get(source, "clusterTrustBundle") {
            trust_bundle(bundle, report);
            once(bundle, "path", &mut taken, report);
        }
        if let Some(certificate) = get(source, "podCertificate") {
            if CERTIFICATE_PATHS.iter().all(|path| text(certificate, path).is_empty()) {
                report.exactly_one(certificate, CERTIFICATE_PATHS);
            }
            for path in CERTIFICATE_PATHS {
                once(certificate, path, &mut taken, report);
            }
        }
    }
}

/// Reports a path that another source has.
fn once<'a>(
    file: &'a Node,
    field: &str,
    taken: &mut BTreeMap<&'a str, &'a Node>,
    report: &mut Report<'_>,
) {
    let Some(at) = get(file, field) else { return };
    let path = text(file, field);
    if path.is_empty() {
        return;
    }
    if let Some(first) = taken.insert(path, at) {
        let fault = Fault::new(codes::SCHEMA_DUPLICATE, at, "must not be the path of another file");
        report.add(fault.beside(first, "the first one"));
    }
}

fn trust_bundle(bundle: &Node, report: &mut Report<'_>) {
    report.exactly_one(bundle, &["name", "signerName"]);
    if let Some(selector) = get(bundle, "labelSelector")
        && is_set(bundle, "name")
    {
        report.add(Fault::excluded(selector, "`name` is set"));
    }
}
