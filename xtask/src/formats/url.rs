//! The address of a webhook outside the cluster.
//!
//! Source: `ValidateWebhookURL` of `k8s.io/apiserver/pkg/util/webhook`, on top of Go's `net/url`.

use std::net::Ipv6Addr;

use super::text::{Fault, Shown, Verdict, characters};

/// `https://HOST[/PATH]`, as Go parses it: `?` and `#` may end it with nothing behind them.
pub(super) fn https(text: &str) -> Verdict {
    let Some(rest) = after_scheme(text) else {
        return Err(Fault::new("does not start with `https://`"));
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    if !fragment.is_empty() {
        return Err(Fault::new("has a fragment after `#`"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !query.is_empty() {
        return Err(Fault::new("has a query after `?`"));
    }
    if let Some(control) = rest.chars().find(char::is_ascii_control) {
        return Err(Fault::new(format!("has the control character {}", Shown(control))));
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err(Fault::new("has a user before `@`"));
    }
    if authority.is_empty() {
        return Err(Fault::new("has no host"));
    }
    host_and_port(authority)?;
    escapes(path, |_| true).map_err(|fault| fault.of("the path"))
}

/// Whether `text` is a host, with or without a port, as Go's `net/url` takes it.
pub fn has_host_and_port(text: &str) -> bool {
    host_and_port(text).is_ok()
}

/// Whether each `%` of `text` stands before two hexadecimal digits.
pub fn has_sound_escapes(text: &str) -> bool {
    escapes(text, |_| true).is_ok()
}

fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("https").then_some(rest)?.strip_prefix("//")
}

fn host_and_port(authority: &str) -> Verdict {
    if let Some(literal) = authority.strip_prefix('[') {
        let Some((address, port)) = literal.rsplit_once(']') else {
            return Err(Fault::new("has `[` without `]`"));
        };
        // A zone, after `%25`, is any name.
        let (address, zone) = address.split_once("%25").unwrap_or((address, "none"));
        if address.parse::<Ipv6Addr>().is_err() || zone.is_empty() {
            return Err(Fault::new("has no IPv6 address in `[` and `]`"));
        }
        host_characters(zone)?;
        return port_after(port);
    }
    let (host, port) = match authority.find(':') {
        Some(at) => authority.split_at(at),
        None => (authority, ""),
    };
    host_characters(host)?;
    port_after(port)
}

/// Nothing, or `:` and digits; also none.
fn port_after(text: &str) -> Verdict {
    let Some(digits) = text.strip_prefix(':') else {
        return if text.is_empty() { Ok(()) } else { Err(Fault::new("has text after `]`")) };
    };
    characters(digits, |byte| byte.is_ascii_digit()).map_err(|fault| fault.of("the port"))
}

/// Go lets a host have more than a DNS name can; characters beyond ASCII as they are, or escaped.
fn host_characters(text: &str) -> Verdict {
    let passes =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:]<>\"%".contains(&byte);
    if let Some(refused) =
        text.chars().find(|&c| c.is_ascii() && !u8::try_from(c).is_ok_and(passes))
    {
        return Err(Fault::new(format!("has {} in its host", Shown(refused))));
    }
    escapes(text, |byte| !byte.is_ascii() || byte == b'%').map_err(|fault| fault.of("the host"))
}

/// Whether `%` is always followed by the two hexadecimal digits of an `allowed` byte.
fn escapes(text: &str, allowed: impl Fn(u8) -> bool) -> Verdict {
    for after in text.split('%').skip(1) {
        let byte = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if !byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()).is_some_and(&allowed) {
            return Err(Fault::new("has `%` without the digits of a byte that needs it"));
        }
    }
    Ok(())
}
