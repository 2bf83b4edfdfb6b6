//! `net.cidr_*`: ranges of addresses; and what needs a network, which is undefined here.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use regorus::Value;

use super::{Function, Outcome, elements, guarded::native, text};
use crate::policy::rego::limits::spend;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("http.send", 1, |_| Ok(None)),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_expand", 1, expand),
    ("net.cidr_intersects", 2, |arguments| Ok(intersects(arguments))),
    ("net.cidr_merge", 1, |arguments| Ok(merge(arguments))),
    ("net.cidr_overlap", 2, |arguments| Ok(native("net.cidr_contains", arguments))),
];

/// A range of addresses of one family, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    bits: u32,
    first: u128,
    last: u128,
}

impl Range {
    /// Reads `10.0.0.0/8`.
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address = address.parse().ok()?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::of(address, prefix.parse().ok()?)
    }

    /// Reads a range or a single address.
    fn lenient(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| {
            let address: IpAddr = text.parse().ok()?;
            Self::of(address, if address.is_ipv4() { 32 } else { 128 })
        })
    }

    fn of(address: IpAddr, prefix: u32) -> Option<Self> {
        let (bits, address) = match address {
            IpAddr::V4(address) => (32_u32, u128::from(address.to_bits())),
            IpAddr::V6(address) => (128, address.to_bits()),
        };
        let host = 1_u128.checked_shl(bits.checked_sub(prefix)?).map_or(u128::MAX, |size| size - 1);
        Some(Self { bits, first: address & !host, last: address | host })
    }

    fn contains(self, other: Self) -> bool {
        self.bits == other.bits && self.first <= other.first && other.last <= self.last
    }

    /// An address of its family.
    fn address(self, address: u128) -> IpAddr {
        if self.bits == 32 {
            IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(address).unwrap_or(u32::MAX)))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(address))
        }
    }

    /// The ranges with a prefix that it consists of.
    fn split(self, out: &mut BTreeSet<Value>) {
        let (mut first, last) = (self.first, self.last);
        loop {
            let aligned = first.trailing_zeros().min(self.bits);
            let left = last - first;
            let room = if left == u128::MAX { 128 } else { (left + 1).ilog2() };
            let host = aligned.min(room);
            let address = self.address(first);
            out.insert(Value::from(format!("{address}/{}", self.bits - host)));
            let size = 1_u128.checked_shl(host).unwrap_or(0);
            match first.checked_add(size) {
                Some(next) if size > 0 && next <= last => first = next,
                _ => break,
            }
        }
    }
}

fn intersects(arguments: &[Value]) -> Option<Value> {
    let a = Range::parse(text(arguments.first())?)?;
    let b = Range::parse(text(arguments.get(1))?)?;
    Some(Value::Bool(a.bits == b.bits && a.first <= b.last && b.first <= a.last))
}

/// All addresses of a range.
fn expand(arguments: &[Value]) -> Outcome {
    let Some(range) = text(arguments.first()).and_then(Range::parse) else { return Ok(None) };
    spend(usize::try_from(range.last - range.first).unwrap_or(usize::MAX).saturating_mul(64))?;
    let addresses =
        (range.first..=range.last).map(|address| Value::from(range.address(address).to_string()));
    Ok(Some(Value::from(addresses.collect::<BTreeSet<_>>())))
}

fn merge(arguments: &[Value]) -> Option<Value> {
    let range = |item: &Value| text(Some(item)).and_then(Range::lenient);
    let mut ranges: Vec<Range> =
        elements(arguments.first())?.into_iter().map(range).collect::<Option<_>>()?;
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.bits == range.bits && range.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(range.last);
            }
            _ => merged.push(range),
        }
    }
    let mut out = BTreeSet::new();
    for range in merged {
        range.split(&mut out);
    }
    Some(Value::from(out))
}

/// The pairs of a key of the first and a key of the second, of which the first contains the second.
fn contains_matches(arguments: &[Value]) -> Outcome {
    let pair = arguments.first().and_then(keyed).zip(arguments.get(1).and_then(keyed));
    let Some((outer, inner)) = pair else { return Ok(None) };
    spend(outer.len().saturating_mul(inner.len()))?;
    let mut out = BTreeSet::new();
    for (outer_key, outer) in &outer {
        for (inner_key, inner) in &inner {
            if outer.contains(*inner) {
                out.insert(Value::from(vec![outer_key.clone(), inner_key.clone()]));
            }
        }
    }
    Ok(Some(Value::from(out)))
}

/// The ranges of a collection with their keys; of a list the first element of each.
fn keyed(value: &Value) -> Option<Vec<(Value, Range)>> {
    let range = |value: &Value| match value {
        Value::Array(items) => text(items.first()).and_then(Range::lenient),
        other => text(Some(other)).and_then(Range::lenient),
    };
    match value {
        Value::String(text) => Some(vec![(value.clone(), Range::lenient(text)?)]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| Some((Value::from(at), range(item)?)))
            .collect(),
        Value::Set(items) => {
            items.iter_sorted().map(|item| Some((item.clone(), range(item)?))).collect()
        }
        Value::Object(fields) => {
            fields.iter_sorted().map(|(key, item)| Some((key.clone(), range(item)?))).collect()
        }
        _ => None,
    }
}
