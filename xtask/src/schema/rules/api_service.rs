//! `APIServices`.
//!
//! Source: `ValidateAPIService` of `kube-aggregator/pkg/apis/apiregistration/validation`.

use super::{
    report::{Fault, Report},
    value::{at, get, is_set, is_true, spec, text},
};
use crate::{diag::codes, yaml::Node};

/// Source: `ValidateAPIService`.
pub(super) fn api_service(service: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(service) else { return };
    let (version, group) = (text(spec, "version"), text(spec, "group"));
    if let Some(name) = at(service, &["metadata", "name"])
        && name.as_str() != Some(&format!("{version}.{group}"))
        && !version.is_empty()
    {
        let says = "must be `VERSION.GROUP`, as they are in `spec`";
        report.add(Fault::new(codes::SCHEMA_NAME, name, says));
    }
    if group.is_empty() && version != "v1" {
        report.add(match get(spec, "group") {
            Some(at) => Fault::depends(at, "must be set: only `v1` has no group"),
            None => Fault::missing(spec, &["group"], "only `v1` has none"),
        });
    }
    let bundle = get(spec, "caBundle").filter(|_| !text(spec, "caBundle").is_empty());
    let insecure = get(spec, "insecureSkipTLSVerify");
    let insecure = insecure.filter(|_| is_true(spec, "insecureSkipTLSVerify"));
    if !is_set(spec, "service") {
        for at in bundle.into_iter().chain(insecure) {
            report.add(Fault::excluded(at, "without `service` the API server answers itself"));
        }
    } else if let (Some(bundle), Some(at)) = (bundle, insecure) {
        let fault = Fault::depends(at, "must not be true: there is a `caBundle`");
        report.add(fault.beside(bundle, "what is verified with"));
    }
}
