//! Endpoints and `EndpointSlices`.
//!
//! Source: `validateEndpointSubsets` of `pkg/apis/core/validation/validation.go`;
//! `pkg/apis/discovery/validation/validation.go`.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    address,
    report::{Fault, Report},
    value::{get, items, text, texts},
};
use crate::{
    diag::codes,
    schema::{formats::Format, scalar::shown},
    yaml::Node,
};

/// Source: `validateEndpointSubsets`, `validateEndpointAddress`, `validateEndpointPort`.
pub(super) fn subsets(endpoints: &Node, report: &mut Report<'_>) {
    for subset in items(endpoints, "subsets") {
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| items(subset, list).is_empty()) {
            let says = "must have `addresses` or `notReadyAddresses`";
            report.add(Fault::new(codes::SCHEMA_ONE_OF, subset, says));
        }
        for one in lists.iter().flat_map(|list| items(subset, list)) {
            if let Some(at) = get(one, "ip") {
                address::of_endpoint(at, report);
            }
        }
        let ports = items(subset, "ports");
        for port in ports.iter().filter(|port| ports.len() > 1 && text(port, "name").is_empty()) {
            report.add(Fault::missing(port, &["name"], "there are several ports"));
        }
    }
}

/// Source: `validateEndpoints`.
pub(super) fn slice_addresses(slice: &Node, report: &mut Report<'_>) {
    let kind = text(slice, "addressType");
    let other = get(slice, "addressType");
    for endpoint in items(slice, "endpoints") {
        for (text, at) in texts(endpoint, "addresses") {
            let must = match kind {
                "FQDN" => full_name(text),
                "IPv4" | "IPv6" => match address::parse(text) {
                    Some(address) if address.is_ipv4() == (kind == "IPv4") => Ok(()),
                    _ => Err(format!("an address of {kind}")),
                },
                _ => continue,
            };
            let Err(must) = must else {
                if kind != "FQDN" {
                    strict(kind, at, report);
                    address::of_endpoint(at, report);
                }
                continue;
            };
            let fault = Fault::new(codes::SCHEMA_FORMAT, at, format!("must be {must}"));
            report.add(match other {
                Some(other) => fault.beside(other, "the type of the addresses"),
                None => fault,
            });
        }
    }
}

/// An address is in its usual form. The server was loose with those of IPv4 before.
fn strict(kind: &str, at: &Node, report: &mut Report<'_>) {
    let Err(must) = Format::Ip.check(at.as_str().unwrap_or_default()) else { return };
    let fault = Fault::new(codes::SCHEMA_FORMAT, at, format!("must be {must}"));
    if kind == "IPv4" { report.add_since("1.36", fault) } else { report.add(fault) }
}

/// Source: `IsFullyQualifiedDomainName` of `apimachinery/pkg/util/validation/validation.go`.
fn full_name(text: &str) -> Result<(), String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.split('.').count() < 2 || name.split('.').any(|part| part.len() > 63) {
        return Err("a full domain name, with a dot and parts of at most 63 characters".to_owned());
    }
    Format::Dns1123Subdomain.check(name).map_err(Cow::into_owned)
}

/// Source: `validatePorts`; a port without a name has an empty one.
pub(super) fn slice_ports(slice: &Node, report: &mut Report<'_>) {
    let mut names = BTreeMap::new();
    for port in items(slice, "ports") {
        let at = get(port, "name").unwrap_or(port);
        let name = text(port, "name");
        if let Some(first) = names.insert(name, at) {
            let says = format!("has the name of another port, {}", shown(name));
            let fault = Fault::new(codes::SCHEMA_DUPLICATE, at, says);
            report.add(fault.beside(first, "the first one"));
        }
    }
}
