//! IP addresses and ranges of them.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/ip.go` and `cidr.go`, on top of Go's `net/netip`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::{Library, Value},
    },
    text,
};

/// A range of addresses: an address, whose last bits may be set, and how many bits all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    address: IpAddr,
    length: u32,
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.rsplit_once('/')?;
        let address = parse(address)?;
        let is_number = !length.is_empty()
            && length.bytes().all(|byte| byte.is_ascii_digit())
            && (length == "0" || !length.starts_with('0'));
        let length = length.parse().ok().filter(|_| is_number)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (length <= most).then_some(Self { address, length })
    }

    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => {
                let beyond = u32::MAX.checked_shr(self.length).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & !beyond))
            }
            IpAddr::V6(address) => {
                let beyond = u128::MAX.checked_shr(self.length).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !beyond))
            }
        };
        Self { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && self.masked() == Self { address, ..self }.masked()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// An address without a zone that is no IPv4 address in the form of IPv6.
fn parse(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    let is_mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
    (!is_mapped).then_some(address)
}

fn address(arguments: &[Value<'_>]) -> Result<IpAddr, Error> {
    match arguments {
        [Value::Library(Library::Ip(address))] => Ok(*address),
        _ => Err(Error::no_overload()),
    }
}

fn range(arguments: &[Value<'_>]) -> Result<Address, Error> {
    match arguments {
        [Value::Library(Library::Cidr(range))] => Ok(*range),
        _ => Err(Error::no_overload()),
    }
}

fn parsed_ip(text: &str) -> Result<IpAddr, Error> {
    parse(text).ok_or_else(|| {
        Error::new(if text.parse::<IpAddr>().is_ok() {
            format!("IPv4-mapped IPv6 address \"{text}\" is not allowed")
        } else if !text.contains(['.', ':', '%']) {
            format!(
                "IP Address \"{text}\" parse error during conversion from string: \
                 ParseAddr(\"{text}\"): unable to parse IP"
            )
        } else {
            format!("IP Address \"{text}\" parse error during conversion from string")
        })
    })
}

fn parsed_range(text: &str) -> Result<Address, Error> {
    let wrong = "network address parse error during conversion from string";
    Address::parse(text).ok_or_else(|| {
        Error::new(if text.contains('/') {
            wrong.to_owned()
        } else {
            format!("{wrong}: {wrong}: netip.ParsePrefix(\"{text}\"): no '/'")
        })
    })
}

pub(in super::super) fn ip<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Library(Library::Ip(parsed_ip(text(arguments)?)?)))
}

pub(in super::super) fn is_ip<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(parse(text(arguments)?).is_some()))
}

pub(in super::super) fn is_canonical<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let text = text(arguments)?;
    Ok(Value::Bool(parsed_ip(text)?.to_string() == text))
}

pub(in super::super) fn family<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Int(if address(arguments)?.is_ipv4() { 4 } else { 6 }))
}

pub(in super::super) fn is_unspecified<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Bool(address(arguments)?.is_unspecified()))
}

pub(in super::super) fn is_loopback<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(address(arguments)?.is_loopback()))
}

pub(in super::super) fn is_link_local_multicast<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Bool(match address(arguments)? {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments().first().is_some_and(|one| one & 0xff0f == 0xff02),
    }))
}

fn is_local_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

pub(in super::super) fn is_link_local_unicast<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Bool(is_local_unicast(address(arguments)?)))
}

pub(in super::super) fn is_global_unicast<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let address = address(arguments)?;
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    Ok(Value::Bool(
        !is_broadcast
            && !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !is_local_unicast(address),
    ))
}

pub(in super::super) fn cidr<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Library(Library::Cidr(parsed_range(text(arguments)?)?)))
}

pub(in super::super) fn is_cidr<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Bool(Address::parse(text(arguments)?).is_some()))
}

pub(in super::super) fn contains_ip<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (range, address) = match arguments {
        [Value::Library(Library::Cidr(range)), Value::Library(Library::Ip(address))] => {
            (range, *address)
        }
        [Value::Library(Library::Cidr(range)), Value::String(text)] => {
            (range, parsed_ip(text.as_str())?)
        }
        _ => return Err(Error::no_overload()),
    };
    Ok(Value::Bool(range.contains(address)))
}

pub(in super::super) fn contains_cidr<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let (range, other) = match arguments {
        [Value::Library(Library::Cidr(range)), Value::Library(Library::Cidr(other))] => {
            (range, *other)
        }
        [Value::Library(Library::Cidr(range)), Value::String(text)] => {
            (range, parsed_range(text.as_str())?)
        }
        _ => return Err(Error::no_overload()),
    };
    Ok(Value::Bool(range.length <= other.length && range.contains(other.address)))
}

pub(in super::super) fn address_of<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Library(Library::Ip(range(arguments)?.address)))
}

pub(in super::super) fn prefix_length<'a>(
    _: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    Ok(Value::Int(i64::from(range(arguments)?.length)))
}

pub(in super::super) fn masked<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    Ok(Value::Library(Library::Cidr(range(arguments)?.masked())))
}
