//! Requests and limits.
//!
//! Source: `validateResourceRequirements` of `pkg/apis/core/validation/validation.go`.

use super::{
    container::Container,
    report::{Fault, Report},
    value::{Fields, entries, get, items, quantity, text},
};
use crate::{
    diag::codes,
    schema::{
        formats::{Format, Quantity},
        scalar,
    },
    yaml::{Entry, Node},
};

const HUGE_PAGES: &str = "hugepages-";

/// Source: `ValidateContainerResourceRequirements`.
pub(super) fn of_container(container: &Container<'_>, report: &mut Report<'_>) {
    if let Some(resources) = get(container.node, "resources") {
        limits(resources, report);
        for list in ["limits", "requests"] {
            for entry in entries(resources, list) {
                amount(entry, report);
            }
        }
        huge_pages_alone(resources, report);
    }
}

/// A request is at most its limit, and the limit itself where nothing can be shared.
pub(super) fn limits(resources: &Node, report: &mut Report<'_>) {
    let Some(requests) = get(resources, "requests") else { return };
    let limits = get(resources, "limits");
    let by_name = Fields::of(limits);
    let shown = |node: &Node| scalar::shown(node.scalar_text().unwrap_or_default());
    for Entry { key, value, .. } in entries(resources, "requests") {
        let Some(request) = quantity(value) else { continue };
        let can_share = can_be_shared(key);
        let name = scalar::shown(key);
        let Some(at) = by_name.get(key) else {
            if !can_share {
                let why =
                    format!("the request for {name} is its limit too, as it cannot be shared");
                report.add(match limits {
                    Some(limits) => {
                        let says = format!("must have {name}: {why}");
                        Fault::depends(value, says).of(limits)
                    }
                    None => {
                        Fault::missing(resources, &["limits"], &why).beside(value, "the request")
                    }
                });
            }
            continue;
        };
        let Some(limit) = quantity(at) else { continue };
        let (given, most) = (shown(value), shown(at));
        let says = if request > limit {
            format!("has {given} of {name}, above the limit of {most}")
        } else if request != limit && !can_share {
            format!("must have the limit of {most} of {name}, not {given}: it cannot be shared")
        } else {
            continue;
        };
        report.add(Fault::order(value, says).of(requests).beside(at, "the limit"));
    }
}

/// Whether more of it can be promised than there is.
///
/// Source: `IsOvercommitAllowed` of `pkg/apis/core/helper/helpers.go`.
pub(super) fn can_be_shared(resource: &str) -> bool {
    is_native(resource) && !resource.starts_with(HUGE_PAGES)
}

fn is_native(resource: &str) -> bool {
    !resource.contains('/') || resource.contains("kubernetes.io/")
}

/// Whether it is a resource that somebody else defines, of which there are whole ones only.
///
/// Source: `IsExtendedResourceName` of `pkg/apis/core/helper/helpers.go`.
fn is_extended(resource: &str) -> bool {
    !is_native(resource)
        && !resource.starts_with("requests.")
        && Format::QualifiedName.check(&format!("requests.{resource}")).is_ok()
}

/// Whole numbers of extended resources, whole pages of huge ones.
///
/// Source: `ValidateResourceQuantityValue`, `validateResourceQuantityHugePageValue`,
/// `validateContainerResourceName`.
pub(super) fn amount(entry: &Entry, report: &mut Report<'_>) {
    let Some(amount) = quantity(&entry.value) else { return };
    let name = entry.key.as_str();
    if is_extended(name) {
        whole_number(&amount, &entry.value, report);
    } else if !is_native(name) && Format::QualifiedName.check(name).is_ok() {
        let says = "is no name of a resource: `requests.` at the start is for quotas";
        report.add(Fault::new(codes::SCHEMA_FORMAT, &entry.value, says));
    }
    if let Some(size) = name.strip_prefix(HUGE_PAGES)
        && !is_multiple(&amount, size)
    {
        let says = format!("must be a multiple of the page size, `{size}`");
        report.add(Fault::depends(&entry.value, says));
    }
}

/// Reports a quantity with a fraction.
pub(super) fn whole_number(amount: &Quantity, at: &Node, report: &mut Report<'_>) {
    if amount.whole().is_none_or(|(_, is_exact)| !is_exact) {
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, "must be a whole number"));
    }
}

fn is_multiple(amount: &Quantity, size: &str) -> bool {
    let Ok(size) = Quantity::parse(size) else { return false };
    match (size.whole(), amount.whole()) {
        (Some((size, true)), Some((amount, _))) if size > 0 => amount % size == 0,
        _ => false,
    }
}

fn huge_pages_alone(resources: &Node, report: &mut Report<'_>) {
    let names = |list| entries(resources, list).iter().map(|entry| entry.key.as_str());
    let mut all = names("limits").chain(names("requests"));
    let has_pages = all.clone().any(|name| name.starts_with(HUGE_PAGES));
    if has_pages && !all.any(|name| matches!(name, "cpu" | "memory")) {
        report.add(Fault::depends(resources, "must have `cpu` or `memory` beside huge pages"));
    }
}

/// Source: `validateResourceClaimNames`.
pub(super) fn claims(container: &Container<'_>, report: &mut Report<'_>) {
    let Some(resources) = get(container.node, "resources") else { return };
    for claim in items(resources, "claims") {
        let Some(at) = get(claim, "name") else { continue };
        let name = text(claim, "name");
        if !name.is_empty() && !container.pod.claims.contains(name) {
            let given = scalar::shown(name);
            let says = format!(
                "must be the name of one of the pod's `resourceClaims`, and none is {given}"
            );
            report.add(Fault::unknown_name(at, says));
        }
    }
}
