//! IP addresses and networks, read as loosely as the API server does.
//!
//! Source: `ParseIPSloppy`, `ParseCIDRSloppy` of `k8s.io/utils/net`; `ValidateEndpointIP` of
//! `pkg/apis/core/validation/validation.go`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::report::{Fault, Report};
use crate::{diag::codes, yaml::Node};

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    length: u32,
}

/// The address that a text is. A number of IPv4 may have leading zeros, and an address of IPv4
/// in one of IPv6 is one of IPv4.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        let address: Ipv6Addr = text.parse().ok()?;
        return Some(address.to_canonical());
    }
    let mut octets = text.split('.').map(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u8>().ok()).flatten()
    });
    let mut next = || octets.next().flatten();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    octets.next().is_none().then_some(IpAddr::V4(address))
}

impl Network {
    /// The network that `10.0.0.0/8` is.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address = parse(address)?;
        let length: u32 = length.parse().ok()?;
        (length <= bits(address)).then_some(Self { address, length })
    }

    /// Whether every address of `other`, and another one, is in the network.
    pub fn contains_strictly(self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.length < other.length
            && prefix(self.address, self.length) == prefix(other.address, self.length)
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first `length` bits.
fn prefix(address: IpAddr, length: u32) -> u128 {
    let number = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    number.checked_shr(bits(address).saturating_sub(length)).unwrap_or(0)
}

/// Reports an address that no endpoint outside of a machine can have.
pub(super) fn of_endpoint(at: &Node, report: &mut Report<'_>) {
    let Some(address) = at.as_str().and_then(parse) else { return };
    let (is_link_local, is_link_multicast) = match address {
        IpAddr::V4(address) => {
            (address.is_link_local(), matches!(address.octets(), [224, 0, 0, _]))
        }
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            (address.is_unicast_link_local(), first & 0xff0f == 0xff02)
        }
    };
    let what = if address.is_unspecified() {
        "the unspecified address"
    } else if address.is_loopback() {
        "a loopback address"
    } else if is_link_local {
        "a link-local address"
    } else if is_link_multicast {
        "a link-local multicast address"
    } else {
        return;
    };
    report.add(Fault::new(codes::SCHEMA_FORMAT, at, format!("must not be {what}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_loosely() {
        assert_eq!(parse("010.0.0.1"), Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))));
        assert_eq!(parse("::ffff:10.0.0.1"), Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))));
        for wrong in ["10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.+1", "", "::g"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_network_contains_smaller_ones() {
        let contains = |outer: &str, inner: &str| {
            let network = |text| Network::parse(text).unwrap();
            network(outer).contains_strictly(network(inner))
        };
        assert!(contains("10.0.0.0/8", "10.1.0.0/16"));
        assert!(contains("0.0.0.0/0", "10.0.0.0/8"));
        assert!(contains("2001:db8::/32", "2001:db8:1::/48"));
        assert!(!contains("10.0.0.0/8", "10.0.0.0/8"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0/16"));
        assert!(!contains("0.0.0.0/0", "2001:db8::/32"));
        assert_eq!(Network::parse("10.0.0.0/33"), None);
    }
}
