//! Environment variables and where their values come from.
//!
//! Source: `ValidateEnv`, `ValidateEnvFrom` of `pkg/apis/core/validation/validation.go`.

use super::{
    container::Container,
    pod::Volume,
    report::{Fault, Report},
    value::{at, get, is_set, items, quantity, text},
};
use crate::{
    diag::codes,
    schema::{formats::Quantity, scalar::shown},
    yaml::Node,
};

const SOURCES: &[&str] =
    &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const CPU_UNITS: &[&str] = &["1m", "1"];
const BYTE_UNITS: &[&str] =
    &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// Source: `validateEnvVarValueFrom`, `validateFileKeyRefVolumes`.
pub(super) fn variables(container: &Container<'_>, report: &mut Report<'_>) {
    for variable in items(container.node, "env") {
        let Some(source) = get(variable, "valueFrom") else { continue };
        let count = SOURCES.iter().filter(|field| is_set(source, field)).count();
        if count > 0
            && let Some(value) = get(variable, "value")
            && !text(variable, "value").is_empty()
        {
            let says = "must not be set beside `value`: a variable has one value";
            let fault = Fault::new(codes::SCHEMA_ONE_OF, source, says);
            report.add(fault.beside(value, "the other one"));
        } else {
            report.exactly_one(source, SOURCES);
        }
        if let Some(selector) = get(source, "resourceFieldRef") {
            divisor(selector, report);
        }
        file_volume(source, container, report);
    }
}

fn file_volume(source: &Node, container: &Container<'_>, report: &mut Report<'_>) {
    let Some(name) = at(source, &["fileKeyRef", "volumeName"]) else { return };
    match container.pod.volumes.get(name.as_str().unwrap_or_default()) {
        None => {
            let given = shown(name.as_str().unwrap_or_default());
            let says = format!("must be the name of one of the pod's volumes, and none is {given}");
            report.add_since("1.35", Fault::unknown_name(name, says));
        }
        Some(Volume::Declared(volume)) if is_set(volume, "emptyDir") => {}
        Some(_) => {
            let says = "must be the name of an `emptyDir` volume";
            report.add_since("1.35", Fault::depends(name, says));
        }
    }
}

/// Source: `validateContainerResourceDivisor`.
pub(super) fn divisor(selector: &Node, report: &mut Report<'_>) {
    let Some(given) = get(selector, "divisor") else { return };
    let Some(value) = quantity(given).filter(|value| !value.is_zero()) else { return };
    let units = match text(selector, "resource").split_once('.') {
        Some(("limits" | "requests", "cpu")) => CPU_UNITS,
        Some(("limits" | "requests", "memory" | "ephemeral-storage")) => BYTE_UNITS,
        Some(("limits" | "requests", size)) if size.starts_with("hugepages-") => BYTE_UNITS,
        _ => return,
    };
    if !units.iter().any(|unit| Quantity::parse(unit).is_ok_and(|unit| unit == value)) {
        let says = if units == CPU_UNITS {
            "must be `1m` or `1`"
        } else {
            "must be 1 of a unit: `1`, `1k`, `1Ki`, `1M`, `1Mi` and so on up to `1Ei`"
        };
        report.add(Fault::depends(given, says));
    }
}

/// Source: `ValidateEnvFrom`.
pub(super) fn sources(container: &Container<'_>, report: &mut Report<'_>) {
    for source in items(container.node, "envFrom") {
        report.exactly_one(source, &["configMapRef", "secretRef"]);
    }
}
