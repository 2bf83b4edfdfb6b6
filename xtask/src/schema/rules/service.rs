//! Services.
//!
//! Source: `validateService` of `pkg/apis/core/validation/validation.go`, and `initIPFamilyFields`
//! of `pkg/registry/core/service/storage/alloc.go`.

use super::{
    address,
    report::{Fault, Report},
    value::{annotation, get, integer, items, spec, text, texts},
};
use crate::{
    diag::codes,
    schema::formats::Format,
    yaml::{Mapping, Node},
};

fn type_of(spec: &Node) -> &str {
    match text(spec, "type") {
        "" => "ClusterIP",
        name => name,
    }
}

/// Whether pods are reached by their own addresses.
fn is_headless(spec: &Node) -> bool {
    let addresses = items(spec, "clusterIPs");
    match addresses {
        [] => text(spec, "clusterIP") == "None",
        [only] => only.as_str() == Some("None"),
        _ => false,
    }
}

/// Source: `validateService`, `validateServicePort`.
pub(super) fn ports(service: &Node, report: &mut Report<'_>) {
    let why = "only a headless Service and an ExternalName do without";
    let Some(spec) = spec(service) else {
        report.add(Fault::missing(service, &["spec", "ports"], why));
        return;
    };
    let ports = items(spec, "ports");
    if ports.is_empty() && !is_headless(spec) && type_of(spec) != "ExternalName" {
        report.add(match get(spec, "ports") {
            Some(at) => Fault::depends(at, format!("must have a port: {why}")),
            None => Fault::missing(spec, &["ports"], why),
        });
    }
    for port in ports {
        if ports.len() > 1 && text(port, "name").is_empty() {
            let why = "the Service has several ports";
            report.add(Fault::missing(port, &["name"], why));
        }
        if let Some(node_port) = get(port, "nodePort")
            && integer(port, "nodePort").is_some_and(|port| port != 0)
            && type_of(spec) == "ClusterIP"
        {
            let fault = Fault::excluded(node_port, "`type` is `ClusterIP`");
            report.add(fault.help("use `type: NodePort` or `LoadBalancer`"));
        }
    }
}

/// Source: `validateService`.
pub(super) fn external_name(service: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(service) else { return };
    if type_of(spec) != "ExternalName" {
        return;
    }
    let name = text(spec, "externalName");
    match get(spec, "externalName") {
        Some(at) if name.is_empty() => {
            report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must be set for an `ExternalName`"));
        }
        None => report.add(Fault::missing(spec, &["externalName"], "`type` is `ExternalName`")),
        Some(at) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            if let Err(must) = Format::Dns1123Subdomain.check(name) {
                report.add(Fault::new(codes::SCHEMA_FORMAT, at, format!("must be {must}")));
            }
        }
    }
    let is_alias = "an `ExternalName` is an alias without addresses";
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let value = get(spec, field);
        let is_empty = !matches!(field, "ipFamilyPolicy")
            && text(spec, field).is_empty()
            && items(spec, field).is_empty();
        if let Some(value) = value.filter(|_| !is_empty) {
            report.add(Fault::excluded(value, is_alias));
        }
    }
}

/// Source: `validateService`.
pub(super) fn headless(service: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(service) else { return };
    let kind = type_of(spec);
    if !is_headless(spec) || !matches!(kind, "NodePort" | "LoadBalancer") {
        return;
    }
    if let Some(at) = get(spec, "clusterIP").or_else(|| get(spec, "clusterIPs")) {
        let fault = Fault::depends(at, format!("must not be `None` for a `{kind}`"));
        report.add(match get(spec, "type") {
            Some(other) => fault.beside(other, "the type"),
            None => fault,
        });
    }
}

/// Source: `validateService`, `validateLoadBalancerClassField`.
pub(super) fn load_balancer(service: &Node, report: &mut Report<'_>) {
    const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let Some(spec) = spec(service) else { return };
    let is_balanced = type_of(spec) == "LoadBalancer";
    let why = "`type` is not `LoadBalancer`";
    let has_ranges = !items(spec, "loadBalancerSourceRanges").is_empty();
    if !is_balanced {
        let fields = ["loadBalancerClass", "allocateLoadBalancerNodePorts"];
        let ranges = get(spec, "loadBalancerSourceRanges").filter(|_| has_ranges);
        for at in fields.iter().filter_map(|field| get(spec, field)).chain(ranges) {
            report.add(Fault::excluded(at, why));
        }
    }
    let Some((value, at)) = annotation(service, RANGES).filter(|_| !has_ranges) else { return };
    if !is_balanced {
        report.add(Fault::excluded(at, why));
    }
    for range in value.trim().split(',').map(str::trim).filter(|_| !value.trim().is_empty()) {
        let is_empty = range.is_empty().then(|| Err("a network".into()));
        if let Err(must) = is_empty.unwrap_or_else(|| Format::Cidr.check(range)) {
            let says = format!("must be networks separated by commas; each {must}");
            report.add_since("1.36", Fault::new(codes::SCHEMA_FORMAT, at, says));
            break;
        }
    }
}

/// Source: `validateServiceExternalTrafficPolicy`; `ExternallyAccessible`, `NeedsHealthCheck` of
/// `pkg/api/service/util.go`.
pub(super) fn traffic_policy(service: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(service) else { return };
    let kind = type_of(spec);
    let external = items(spec, "externalIPs");
    let is_accessible =
        matches!(kind, "NodePort" | "LoadBalancer") || kind == "ClusterIP" && !external.is_empty();
    let policy = text(spec, "externalTrafficPolicy");
    if let Some(at) = get(spec, "externalTrafficPolicy")
        && !is_accessible
        && !policy.is_empty()
    {
        let why = "nothing outside of the cluster reaches a Service of this type";
        report.add(Fault::excluded(at, why));
    }
    let is_checked = kind == "LoadBalancer" && policy == "Local";
    if let Some(at) = get(spec, "healthCheckNodePort")
        && !is_checked
        && integer(spec, "healthCheckNodePort").is_some_and(|port| port != 0)
    {
        let why = "it is for a `LoadBalancer` with `externalTrafficPolicy: Local`";
        report.add(Fault::excluded(at, why));
    }
}

/// The addresses of the Service agree with each other and with the families.
///
/// Source: `ValidateServiceClusterIPsRelatedFields`, `initIPFamilyFields`, `ValidateEndpointIP`.
pub(super) fn addresses(service: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(service) else { return };
    for at in items(spec, "externalIPs") {
        address::of_endpoint(at, report);
    }
    if type_of(spec) == "ExternalName" {
        return;
    }
    let single = text(spec, "clusterIP");
    let all: Vec<_> = texts(spec, "clusterIPs").collect();
    if let (Some(list), Some((first, _))) = (get(spec, "clusterIPs"), all.first()) {
        if single.is_empty() {
            report.add(Fault::missing(spec, &["clusterIP"], "it is the first of the `clusterIPs`"));
        } else if single != *first {
            let says = "must begin with `clusterIP`";
            let fault = Fault::depends(list, says);
            report.add(match get(spec, "clusterIP") {
                Some(other) => fault.beside(other, "the first address"),
                None => fault,
            });
        }
        if all.len() > 1 && *first == "None" {
            report.add(Fault::depends(list, "must have `None` alone"));
        }
        if all.len() > 2 {
            let says = "must have at most 2 items, one a family";
            report.add(Fault::new(codes::SCHEMA_LENGTH, list, says));
        }
        let families: Vec<_> = all.iter().filter_map(|(text, _)| address::parse(text)).collect();
        if let [first, second] = families.as_slice()
            && first.is_ipv4() == second.is_ipv4()
        {
            report.add(Fault::depends(list, "must have one address a family"));
        }
    }
    families(spec, single, &all, report);
}

fn families(spec: &Node, single: &str, all: &[(&str, &Node)], report: &mut Report<'_>) {
    let families: Vec<_> = texts(spec, "ipFamilies").collect();
    let single = [(single, get(spec, "clusterIP").unwrap_or(spec))];
    let addresses = if all.is_empty() { &single } else { all };
    for ((text, at), (family, other)) in addresses.iter().zip(&families) {
        let Some(address) = address::parse(text) else { continue };
        if address.is_ipv4() != (*family == "IPv4") && matches!(*family, "IPv4" | "IPv6") {
            let says = format!("must be an address of {family}");
            report.add(Fault::depends(at, says).beside(other, "the family"));
        }
    }
    let policy = text(spec, "ipFamilyPolicy");
    let is_single = policy == "SingleStack"
        || policy.is_empty() && !(is_headless(spec) && has_no_selector(spec));
    if is_single && (families.len() == 2 || all.len() == 2) {
        let why = "there are two families";
        report.add(match get(spec, "ipFamilyPolicy") {
            Some(at) => {
                let says = format!("must be `RequireDualStack` or `PreferDualStack`: {why}");
                Fault::depends(at, says)
            }
            None => Fault::missing(spec, &["ipFamilyPolicy"], why),
        });
    }
}

fn has_no_selector(spec: &Node) -> bool {
    get(spec, "selector").and_then(Node::as_mapping).is_none_or(Mapping::is_empty)
}

/// Source: `validateService`.
pub(super) fn topology_annotations(service: &Node, report: &mut Report<'_>) {
    let old = annotation(service, "service.kubernetes.io/topology-aware-hints");
    let new = annotation(service, "service.kubernetes.io/topology-mode");
    if let (Some((old, other)), Some((new, at))) = (old, new)
        && old != new
    {
        let says = "must be the same as `service.kubernetes.io/topology-aware-hints`";
        report.add(Fault::depends(at, says).beside(other, "the older annotation"));
    }
}
