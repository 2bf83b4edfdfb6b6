//! `LimitRanges`.
//!
//! Source: `ValidateLimitRange` of `pkg/apis/core/validation/validation.go`, after
//! `SetDefaults_LimitRangeItem` of `pkg/apis/core/v1/defaults.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    report::{Fault, Report},
    resources,
    value::{entries, get, has_some, items, quantity, spec, text},
};
use crate::{
    diag::codes,
    schema::{
        formats::{Format, Quantity},
        scalar::shown,
    },
    yaml::Node,
};

const LISTS: &[&str] = &["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"];

/// The amounts of one list.
type Amounts<'a> = BTreeMap<&'a str, (Quantity, &'a Node)>;

/// Source: `ValidateLimitRange`.
pub(super) fn limits(object: &Node, report: &mut Report<'_>) {
    let limits = spec(object).map_or(&[][..], |spec| items(spec, "limits"));
    for limit in limits {
        of_type(limit, report);
        order(limit, report);
    }
}

fn of_type(limit: &Node, report: &mut Report<'_>) {
    let kind = text(limit, "type");
    if kind == "Pod" {
        for field in ["default", "defaultRequest"] {
            if let Some(at) = get(limit, field).filter(|_| has_some(limit, field)) {
                report.add(Fault::excluded(at, "`type` is `Pod`"));
            }
        }
    }
    if kind == "PersistentVolumeClaim" {
        let has = |list| get(limit, list).is_some_and(|list| list.get("storage").is_some());
        if !has("min") && !has("max") {
            let says =
                "must have `min.storage` or `max.storage`: `type` is `PersistentVolumeClaim`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, limit, says));
        }
    }
    if !matches!(kind, "Pod" | "Container") {
        return;
    }
    for entry in LISTS.iter().flat_map(|list| entries(limit, list)) {
        if let Err(must) = Format::ContainerResourceName.check(&entry.key) {
            let says = format!("is for a resource, which must be {must}");
            report.add(Fault::new(codes::SCHEMA_FORMAT, &entry.value, says));
        }
    }
}

fn order(limit: &Node, report: &mut Report<'_>) {
    let amounts = |list: &str| -> Amounts<'_> {
        let entries = entries(limit, list).iter();
        entries
            .filter_map(|entry| Some((entry.key.as_str(), (quantity(&entry.value)?, &entry.value))))
            .collect()
    };
    let (min, max) = (amounts("min"), amounts("max"));
    let mut default = amounts("default");
    let mut request = amounts("defaultRequest");
    match text(limit, "type") {
        "Pod" => {
            default.clear();
            request.clear();
        }
        "Container" => {
            fill(&mut default, &max);
            fill(&mut request, &default);
            fill(&mut request, &min);
        }
        _ => {}
    }
    // A default that is taken over from another list is told once, as that.
    let mut told = BTreeSet::new();
    for (low, below, high, above) in [
        (&min, "min", &max, "max"),
        (&min, "min", &default, "default"),
        (&min, "min", &request, "defaultRequest"),
        (&request, "defaultRequest", &default, "default"),
        (&request, "defaultRequest", &max, "max"),
        (&default, "default", &max, "max"),
    ] {
        for (name, (least, low)) in low {
            let higher = high.get(name).filter(|(most, _)| least > most);
            let Some((_, high)) = higher else { continue };
            if !told.insert((std::ptr::from_ref(*low), std::ptr::from_ref(*high))) {
                continue;
            }
            // A default is what does not fit the bounds.
            let amount = |node: &Node| shown(node.scalar_text().unwrap_or_default());
            report.add(if below == "min" && above != "max" {
                let says = format!("must not be below the `min`, {}", amount(low));
                Fault::order(high, says).beside(low, "the `min`")
            } else {
                let says = format!("must not be above the `{above}`, {}", amount(high));
                Fault::order(low, says).beside(high, format!("the `{above}`"))
            });
        }
    }
    for (name, (default, other)) in &default {
        if let Some((request, at)) = request.get(name)
            && !resources::can_be_shared(name)
            && default != request
        {
            let says = "must be the default limit: it cannot be shared";
            report.add(Fault::order(at, says).beside(other, "the default limit"));
        }
    }
    let one = Quantity::parse("1").ok();
    for (name, (ratio, at)) in &amounts("maxLimitRequestRatio") {
        if one.as_ref().is_some_and(|one| ratio < one) {
            report.add(Fault::order(at, "must be at least 1"));
        }
        if let (Some((least, _)), Some((most, other))) = (min.get(name), max.get(name))
            && is_above_quotient(ratio, most, least)
        {
            let says = "must not be above `max` divided by `min`";
            report.add(Fault::order(at, says).beside(other, "the maximum"));
        }
    }
}

/// Takes over what is not set.
fn fill<'a>(amounts: &mut Amounts<'a>, others: &Amounts<'a>) {
    for (name, amount) in others {
        amounts.entry(name).or_insert_with(|| amount.clone());
    }
}

/// Whether `ratio` is above `most / least`, in thousandths as the server calculates.
fn is_above_quotient(ratio: &Quantity, most: &Quantity, least: &Quantity) -> bool {
    let (Some(ratio), Some(most), Some(least)) =
        (ratio.thousandths(), most.thousandths(), least.thousandths())
    else {
        return false;
    };
    // ratio / 1000 > most / least
    match ratio.checked_mul(least).zip(most.checked_mul(1000)) {
        Some((left, right)) => least > 0 && left > right,
        None => false,
    }
}
