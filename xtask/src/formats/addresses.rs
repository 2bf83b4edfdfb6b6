//! IP addresses and networks: as the server reads them now, and as it did before Kubernetes 1.36.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation/ip.go`, Go's `net/netip` (strict) and
//! `k8s.io/utils/net` (legacy).

use std::fmt::{self, Display, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::{Fault, Verdict};

pub(super) fn ip(text: &str) -> Verdict {
    strict(text).map(|_| ())
}

pub(super) fn canonical_ip(text: &str) -> Verdict {
    let address = strict(text)?;
    if is_shown_as(&address, text) {
        return Ok(());
    }
    Err(Fault::new(format!("would be `{address}`")))
}

pub(super) fn legacy_ip(text: &str) -> Verdict {
    if is_legacy_v4(text) || is_legacy_v6(text) { Ok(()) } else { Err(Fault::plain()) }
}

pub(super) fn cluster_ip(text: &str) -> Verdict {
    if text == "None" { Ok(()) } else { ip(text) }
}

pub(super) fn legacy_cluster_ip(text: &str) -> Verdict {
    if text == "None" { Ok(()) } else { legacy_ip(text) }
}

pub(super) fn cidr(text: &str) -> Verdict {
    let (address, length) = split(text)?;
    let address = strict(address).map_err(|fault| fault.of("the address"))?;
    if length.len() > 1 && length.starts_with('0') {
        return Err(Fault::new("has a length with leading zeros"));
    }
    let length = prefix_length(length, address.is_ipv4())?;
    let network = network(address, length);
    if network == address {
        return Ok(());
    }
    Err(Fault::new(format!("has bits beyond its length; the network is `{network}/{length}`")))
}

/// A network whose address may have bits beyond its length.
pub(super) fn legacy_cidr(text: &str) -> Verdict {
    let (address, length) = split(text)?;
    let is_v4 = is_legacy_v4(address);
    if !is_v4 && !is_legacy_v6(address) {
        return Err(Fault::new("has no IP address before `/`"));
    }
    prefix_length(length, is_v4).map(|_| ())
}

/// A network of a load balancer's clients: the server drops white space around it.
pub(super) fn source_range(text: &str) -> Verdict {
    cidr(text.trim())
}

pub(super) fn legacy_source_range(text: &str) -> Verdict {
    legacy_cidr(text.trim())
}

fn strict(text: &str) -> Result<IpAddr, Fault> {
    match text.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => Err(Fault::new(format!("is the IPv4 address `{mapped}`, mapped"))),
            None => Ok(IpAddr::V6(address)),
        },
        Ok(address) => Ok(address),
        Err(_) if legacy_ip(text).is_ok() => Err(Fault::new("has a number with leading zeros")),
        Err(_) if text.contains('%') => Err(Fault::new("has a zone")),
        Err(_) if text.contains('/') => Err(Fault::new("has a prefix length")),
        Err(_) => Err(Fault::plain()),
    }
}

fn split(text: &str) -> Result<(&str, &str), Fault> {
    text.split_once('/').ok_or_else(|| Fault::new("has no length, such as `/32`"))
}

fn prefix_length(text: &str, is_v4: bool) -> Result<u32, Fault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new("has a length that is no number"));
    }
    let longest = if is_v4 { 32 } else { 128 };
    // A number too long for the type is too long for the address.
    match text.parse() {
        Ok(length) if length <= longest => Ok(length),
        _ => Err(Fault::new(format!("has a length above {longest}"))),
    }
}

/// The address without the bits beyond `length`.
fn network(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let beyond = u32::MAX.checked_shr(length).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & !beyond))
        }
        IpAddr::V6(v6) => {
            let beyond = u128::MAX.checked_shr(length).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !beyond))
        }
    }
}

/// Four decimal numbers, which may have leading zeros.
fn is_legacy_v4(text: &str) -> bool {
    text.split('.').count() == 4 && text.split('.').all(is_legacy_number)
}

fn is_legacy_number(text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let significant = text.trim_start_matches('0');
    is_digits && (significant.is_empty() || significant.parse::<u8>().is_ok())
}

/// Eight groups, any number of which `::` may stand for; the last two may be an IPv4 address.
fn is_legacy_v6(text: &str) -> bool {
    match text.split_once("::") {
        None => legacy_groups(text, true) == Some(8),
        Some((head, tail)) => {
            let count = |part: &str, is_end| {
                if part.is_empty() { Some(0) } else { legacy_groups(part, is_end) }
            };
            matches!((count(head, false), count(tail, true)), (Some(a), Some(b)) if a + b < 8)
        }
    }
}

/// How many groups a part of an IPv6 address has.
fn legacy_groups(text: &str, is_end: bool) -> Option<usize> {
    let mut groups = text.split(':').peekable();
    let mut count = 0;
    while let Some(group) = groups.next() {
        let is_last = groups.peek().is_none();
        let is_hexadecimal = !group.is_empty() && group.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hexadecimal && group.trim_start_matches('0').len() <= 4 {
            count += 1;
        } else if is_end && is_last && is_legacy_v4(group) {
            count += 2;
        } else {
            return None;
        }
    }
    Some(count)
}

/// Whether `value` is shown as `text`, without making a string of it.
fn is_shown_as(value: &impl Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl Write for Rest<'_> {
        fn write_str(&mut self, shown: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(shown).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}
