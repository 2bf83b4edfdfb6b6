//! URLs and their queries.
//!
//! Source: `net/url` of Go 1.26.

use std::{collections::BTreeMap, fmt::Write as _, net::Ipv6Addr};

use regorus::Value;

use super::{Function, Outcome, elements, text};
use crate::policy::rego::limits::spend;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("uri.is_valid", 1, |arguments| {
        let text = text(arguments.first());
        Ok(Some(Value::Bool(text.is_some_and(|text| !text.is_empty() && parse(text).is_some()))))
    }),
    ("uri.parse", 1, |arguments| {
        let Some(text) = text(arguments.first()) else { return Ok(None) };
        spend(text.len().saturating_mul(4))?;
        Ok(parse(text).map(|parts| {
            let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
            let parts = parts.map(|(name, text)| (Value::from(name), Value::from(text)));
            Value::from(parts.collect::<BTreeMap<_, _>>())
        }))
    }),
    ("urlquery.decode", 1, |arguments| {
        let Some(text) = text(arguments.first()) else { return Ok(None) };
        spend(text.len())?;
        Ok(unescaped(text, Part::Query).map(Value::from))
    }),
    ("urlquery.decode_object", 1, decode_object),
    ("urlquery.encode", 1, |arguments| {
        let Some(text) = text(arguments.first()) else { return Ok(None) };
        spend(text.len().saturating_mul(3))?;
        Ok(Some(Value::from(escaped(text, Part::Query))))
    }),
    ("urlquery.encode_object", 1, encode_object),
];

/// Part of a URL: each has letters of its own that need no escape.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Host,
    Zone,
    User,
    Path,
    Query,
    Fragment,
}

impl Part {
    fn escapes(self, byte: u8) -> bool {
        let free: &[u8] = match self {
            Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"",
            Self::Path => b"$&+,/:;=@",
            Self::User => b"$&+,;=",
            Self::Fragment => b"$&+,/:;=?@!()*",
            Self::Query => b"",
        };
        !byte.is_ascii_alphanumeric() && !b"-_.~".contains(&byte) && !free.contains(&byte)
    }
}

fn escaped(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte == b' ' && part == Part::Query {
            out.push('+');
        } else if part.escapes(byte) {
            let _ = write!(out, "%{byte:02X}");
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

/// Without escapes; `None` where one is not valid.
fn unescaped(text: &str, part: Part) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(char::from);
                let (high, low) = (digits[0].to_digit(16)?, digits[1].to_digit(16)?);
                let byte = u8::try_from(high * 16 + low).ok()?;
                let is_percent = byte == b'%';
                // A host has no ASCII letter that is escaped.
                match part {
                    Part::Host if high < 8 && !is_percent => return None,
                    Part::Zone if !is_percent && byte != b' ' && part.escapes(byte) => return None,
                    _ => out.push(byte),
                }
            }
            b'+' if part == Part::Query => out.push(b' '),
            _ if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && part.escapes(byte) => {
                return None;
            }
            _ => out.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// The parts of a URL by their names; one that is empty is not there.
fn parse(text: &str) -> Option<Vec<(&'static str, String)>> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return None;
    }
    let fragment = ("fragment", unescaped(fragment, Part::Fragment)?);
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parts =
        vec![fragment, ("scheme", scheme.to_ascii_lowercase()), ("raw_query", query.to_owned())];
    let mut path = rest;
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            // What follows has no parts.
            return Some(parts);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return None;
        }
    } else if let Some(rest) = rest.strip_prefix("//")
        && (!scheme.is_empty() || !rest.starts_with('/'))
    {
        let (authority, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host(scheme, authority)?;
        let (name, port) = match host.rfind(':') {
            Some(at) if is_port(host.get(at..)?) => (host.get(..at)?, host.get(at + 1..)?),
            _ => (host.as_str(), ""),
        };
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        parts.extend([("hostname", name.to_owned()), ("port", port.to_owned())]);
        path = behind;
    }
    let decoded = unescaped(path, Part::Path)?;
    let is_plain = path == "*" || escaped(&decoded, Part::Path) == path;
    parts.push(("raw_path", if is_plain { decoded.clone() } else { path.to_owned() }));
    parts.push(("path", decoded));
    Some(parts)
}

/// The scheme, which may be empty, and what follows it.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let end = text.bytes().position(|byte| !is_of_scheme(byte)).unwrap_or(text.len());
    let rest = text.get(end..)?.strip_prefix(':');
    match rest {
        Some(_) if end == 0 => None,
        Some(rest) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Some((text.get(..end)?, rest))
        }
        _ => Some(("", text)),
    }
}

/// The host and its port, behind a user that is valid.
fn host(scheme: &str, authority: &str) -> Option<String> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(fits) || unescaped(user, Part::User).is_none() {
        return None;
    }
    let Some(open) = host.rfind('[') else {
        let mut colons = host.match_indices(':').map(|(at, _)| at);
        let (first, last) = (colons.next(), colons.next_back());
        let is_web = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https");
        let port = if is_web { first } else { last.or(first) };
        return port
            .is_none_or(|at| host.get(at..).is_some_and(is_port))
            .then(|| unescaped(host, Part::Host))?;
    };
    let (address, port) = host.rsplit_once(']').filter(|_| open == 0)?;
    let address = address.get(1..)?;
    let address = match address.find("%25") {
        Some(at) => {
            let (before, zone) = address.split_at(at);
            unescaped(before, Part::Host)? + &unescaped(zone, Part::Zone)?
        }
        None => unescaped(address, Part::Host)?,
    };
    let (number, zone) = address.split_once('%').unwrap_or((&address, "-"));
    let is_valid = number.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && is_port(port);
    is_valid.then(|| format!("[{address}]{port}"))
}

/// Nothing, or digits behind a colon.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty() || digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

fn decode_object(arguments: &[Value]) -> Outcome {
    let Some(query) = text(arguments.first()) else { return Ok(None) };
    spend(query.len().saturating_mul(48))?;
    // As many as Go reads.
    if query.matches('&').count() >= 10_000 {
        return Ok(None);
    }
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (unescaped(key, Part::Query), unescaped(value, Part::Query))
        else {
            return Ok(None);
        };
        if pair.contains(';') {
            return Ok(None);
        }
        fields.entry(key).or_default().push(Value::from(value));
    }
    let fields = fields.into_iter().map(|(key, values)| (Value::from(key), Value::from(values)));
    Ok(Some(Value::from(fields.collect::<BTreeMap<_, _>>())))
}

fn encode_object(arguments: &[Value]) -> Outcome {
    let Some(Value::Object(fields)) = arguments.first() else { return Ok(None) };
    let mut out = String::new();
    for (key, value) in fields.iter_sorted() {
        let Some(key) = text(Some(key)) else { return Ok(None) };
        for value in elements(Some(value)).unwrap_or_else(|| vec![value]) {
            let Some(value) = text(Some(value)) else { return Ok(None) };
            spend(3 * (key.len() + value.len()))?;
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&escaped(key, Part::Query));
            out.push('=');
            out.push_str(&escaped(value, Part::Query));
        }
    }
    Ok(Some(Value::from(out)))
}
