//! What a UUID says of when and where it was made.
//!
//! Source: `google/uuid` 1.6.0, which reads it with dashes, with a prefix, in brackets or as digits.

use std::collections::BTreeMap;

use regorus::Value;

use super::{Function, text};

pub(super) const FUNCTIONS: &[(&str, u8, Function)] =
    &[("uuid.parse", 1, |arguments| Ok(text(arguments.first()).and_then(number).map(parts)))];

/// From the first day of its calendar to that of Unix, in steps of 100 ns.
const EPOCH: i64 = 0x01b2_1dd2_1381_4000;

fn number(text: &str) -> Option<u128> {
    let (text, dashed) = match text.len() {
        32 => (text, false),
        36 => (text, true),
        38 => (text.get(1..37)?, true),
        45 => {
            let prefix = text.get(..9)?;
            (text.get(9..).filter(|_| prefix.eq_ignore_ascii_case("urn:uuid:"))?, true)
        }
        _ => return None,
    };
    let is_dash = |at: usize| dashed && matches!(at, 8 | 13 | 18 | 23);
    let mut number = 0_u128;
    for (at, c) in text.char_indices() {
        if is_dash(at) {
            (c == '-').then_some(())?;
        } else {
            number = number << 4 | u128::from(c.to_digit(16)?);
        }
    }
    Some(number)
}

fn parts(number: u128) -> Value {
    let field = |shift: u32, bits: u32| {
        i64::try_from((number >> shift) & ((1 << bits) - 1)).unwrap_or_default()
    };
    let version = field(76, 4);
    let variant = match field(61, 3) {
        0b100 | 0b101 => "RFC4122",
        0b110 => "Microsoft",
        0b111 => "Future",
        _ => "Reserved",
    };
    let mut parts =
        BTreeMap::from([("version", Value::from(version)), ("variant", Value::from(variant))]);
    if matches!(version, 1 | 2) {
        let time = field(64, 12) << 48 | field(80, 16) << 32 | field(96, 32);
        let scope = if field(41, 1) == 0 { "global" } else { "local" };
        let cast = if field(40, 1) == 0 { "unicast" } else { "multicast" };
        let node: Vec<String> =
            (0..6).rev().map(|byte| format!("{:02x}", field(8 * byte, 8))).collect();
        parts.extend([
            ("clocksequence", Value::from(field(48, 14))),
            ("macvariables", Value::from(format!("{scope}:{cast}"))),
            ("nodeid", Value::from(node.join("-"))),
            ("time", Value::from(time.wrapping_sub(EPOCH).wrapping_mul(100))),
        ]);
    }
    if version == 2 {
        let domain = match field(48, 8) {
            0 => "Person".to_owned(),
            1 => "Group".to_owned(),
            2 => "Org".to_owned(),
            other => format!("Domain{other}"),
        };
        parts.extend([("domain", Value::from(domain)), ("id", Value::from(field(96, 32)))]);
    }
    Value::from(
        parts.into_iter().map(|(name, part)| (Value::from(name), part)).collect::<BTreeMap<_, _>>(),
    )
}
