//! Claims of devices.
//!
//! Source: `pkg/apis/resource/validation/validation.go`.

use std::collections::BTreeSet;

use super::{
    report::{Fault, Report},
    value::{at, get, integer, is_set, items, text, texts},
};
use crate::{diag::codes, schema::scalar::shown, yaml::Node};

/// Source: `ValidateResourceClaim`.
pub(super) fn claim(object: &Node, report: &mut Report<'_>) {
    if let Some(devices) = at(object, &["spec", "devices"]) {
        check(devices, report);
    }
}

/// Source: `ValidateResourceClaimTemplate`.
pub(super) fn template(object: &Node, report: &mut Report<'_>) {
    if let Some(devices) = at(object, &["spec", "spec", "devices"]) {
        check(devices, report);
    }
}

/// Source: `validateDeviceClaim`, `validateDeviceRequest`, `validateDeviceConstraint`.
fn check(devices: &Node, report: &mut Report<'_>) {
    let mut names = BTreeSet::new();
    for request in items(devices, "requests") {
        let name = text(request, "name");
        names.insert(name.to_owned());
        let alternatives = items(request, "firstAvailable");
        names.extend(alternatives.iter().map(|one| format!("{name}/{}", text(one, "name"))));
        match (get(request, "exactly"), alternatives) {
            (None, []) => {
                let says = "must have `exactly` or `firstAvailable`";
                report.add(Fault::new(codes::SCHEMA_ONE_OF, request, says));
            }
            (Some(exactly), []) => count(exactly, report),
            (None, alternatives) => alternatives.iter().for_each(|one| count(one, report)),
            (Some(exactly), [_, ..]) => {
                let says = "must have only one of `exactly` and `firstAvailable`";
                let fault = Fault::new(codes::SCHEMA_ONE_OF, exactly, says).of(request);
                report.add(match get(request, "firstAvailable") {
                    Some(other) => fault.beside(other, "the other one"),
                    None => fault,
                });
            }
        }
    }
    for constraint in items(devices, "constraints") {
        if !is_set(constraint, "matchAttribute") && !is_set(constraint, "distinctAttribute") {
            let says = "must have `matchAttribute` or `distinctAttribute`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, constraint, says));
        }
    }
    let users = ["constraints", "config"].into_iter().flat_map(|list| items(devices, list));
    for (name, at) in users.flat_map(|user| texts(user, "requests")) {
        if !names.contains(name) {
            let given = shown(name);
            let says = format!("must be a request, or `REQUEST/ALTERNATIVE`, and none is {given}");
            report.add(Fault::unknown_name(at, says));
        }
    }
}

/// Source: `validateDeviceAllocationMode`; a count of 0 is the default, 1.
fn count(request: &Node, report: &mut Report<'_>) {
    let Some((at, count)) = get(request, "count").zip(integer(request, "count")) else { return };
    if text(request, "allocationMode") == "All" && count != 0 {
        report.add(Fault::excluded(at, "`allocationMode` is `All`"));
    } else if count < 0 {
        report.add(Fault::new(codes::SCHEMA_RANGE, at, "must be more than 0"));
    }
}
