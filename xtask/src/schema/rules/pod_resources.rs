//! Requests and limits of a pod as a whole, which its containers share.
//!
//! Source: `validatePodResources`, `validatePodResourceConsistency` of
//! `pkg/apis/core/validation/validation.go`; `AggregateContainerRequests` of
//! `component-helpers/resource/helpers.go`.

use std::collections::BTreeMap;

use super::{
    container::{Container, Role},
    pod::Pod,
    report::{Fault, Report},
    resources,
    value::{Fields, entries, get, quantity},
};
use crate::{schema::scalar, yaml::Node};

/// Amounts in thousandths, by resource; none where it does not fit.
type Amounts<'a> = BTreeMap<&'a str, Option<i128>>;

/// Source: `validatePodResources`.
pub(super) fn of_pod(pod: &Pod<'_>, report: &mut Report<'_>) {
    let Some(whole) = get(pod.spec, "resources") else { return };
    if let Some(at) = get(whole, "claims") {
        report.add_since("1.34", Fault::excluded(at, "claims are those of a container"));
    }
    for entry in ["limits", "requests"].into_iter().flat_map(|list| entries(whole, list)) {
        if entry.key == "ephemeral-storage" || entry.key.contains('/') {
            let why = "a whole pod has only `cpu`, `memory` and huge pages";
            report.add_since("1.34", Fault::excluded(&entry.value, why));
        }
    }
    resources::limits(whole, report);
    below_limits(pod, whole, report);
    let together = requested_together(pod);
    for entry in entries(whole, "requests") {
        if let Some(request) = quantity(&entry.value).and_then(|amount| amount.thousandths())
            && let Some(Some(sum)) = together.get(entry.key.as_str())
            && request < *sum
        {
            let says = format!(
                "must not be below what the containers request together, {}",
                shown(*sum, entry.key == "cpu")
            );
            report.add_since("1.34", Fault::order(&entry.value, says));
        }
    }
}

fn below_limits(pod: &Pod<'_>, whole: &Node, report: &mut Report<'_>) {
    let most = Fields::of(get(whole, "limits"));
    for container in pod.containers().filter(|container| container.role == Role::Regular) {
        let Some(own) = get(container.node, "resources") else { continue };
        for entry in entries(own, "limits") {
            if let Some(of_pod) = most.get(&entry.key)
                && let (Some(most), Some(limit)) = (quantity(of_pod), quantity(&entry.value))
                && limit > most
            {
                let most = scalar::shown(of_pod.scalar_text().unwrap_or_default());
                let says = format!("must not be above the limit of the pod, {most}");
                let fault = Fault::order(&entry.value, says);
                report.add_since("1.34", fault.beside(of_pod, "the limit of the pod"));
            }
        }
    }
}

/// What the containers of a pod request at the same time: all that run, or an init container and
/// those that run on beside it.
fn requested_together<'a>(pod: &'a Pod<'_>) -> Amounts<'a> {
    let mut running = Amounts::new();
    let mut beside = Amounts::new();
    let mut starting = Amounts::new();
    for container in pod.containers() {
        for (name, amount) in requests(&container, pod.is_bare) {
            if container.role == Role::Regular || container.is_sidecar() {
                add(&mut running, name, amount);
            }
            if container.role == Role::Init {
                let mut sum = amount;
                if container.is_sidecar() {
                    add(&mut beside, name, amount);
                    sum = beside.get(name).copied().flatten();
                } else if let Some(other) = beside.get(name) {
                    sum = plus(sum, *other);
                }
                let most = starting.entry(name).or_insert(sum);
                *most = most.zip(sum).map(|(one, other)| one.max(other));
            }
        }
    }
    for (name, amount) in starting {
        let most = running.entry(name).or_insert(amount);
        *most = most.zip(amount).map(|(one, other)| one.max(other));
    }
    running
}

/// The requests of a container. In a pod, not in a template, a limit is a request too.
fn requests<'a>(container: &Container<'a>, is_bare: bool) -> Amounts<'a> {
    let Some(own) = get(container.node, "resources") else { return Amounts::new() };
    let lists = if is_bare { &["limits", "requests"][..] } else { &["requests"] };
    let all = lists.iter().flat_map(|list| entries(own, list));
    all.filter_map(|entry| Some((entry.key.as_str(), quantity(&entry.value)?.thousandths())))
        .collect()
}

fn add<'a>(amounts: &mut Amounts<'a>, name: &'a str, amount: Option<i128>) {
    let sum = amounts.entry(name).or_insert(Some(0));
    *sum = plus(*sum, amount);
}

fn plus(one: Option<i128>, other: Option<i128>) -> Option<i128> {
    one.zip(other).and_then(|(one, other)| one.checked_add(other))
}

/// An amount as a person writes it: `1500m` of a processor, `512Mi` of memory.
fn shown(thousandths: i128, is_cpu: bool) -> String {
    let whole = thousandths / 1000;
    if thousandths % 1000 != 0 {
        return format!("`{thousandths}m`");
    }
    let units = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let fitting = units.into_iter().find(|(_, size)| !is_cpu && whole > 0 && whole % size == 0);
    match fitting {
        Some((unit, size)) => format!("`{}{unit}`", whole / size),
        None => format!("`{whole}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn an_amount_is_shown_in_the_largest_unit_that_fits() {
        assert_eq!(shown(1500, true), "`1500m`");
        assert_eq!(shown(2_048_000, true), "`2048`");
        assert_eq!(shown((3 << 29) * 1000, false), "`1536Mi`");
        assert_eq!(shown(0, false), "`0`");
    }
}
