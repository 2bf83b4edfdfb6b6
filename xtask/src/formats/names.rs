//! Names of the Domain Name System, as the API server narrows them.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`. The server puts a text in lower case before
//! some checks. Here that means ASCII letters: two more characters, U+0130 and U+212A, turn into
//! ASCII letters in the server, but nobody means them.

use super::addresses;
use super::text::{Fault, Verdict, at_most, characters, ends, word, words};

const LABEL_LIMIT: usize = 63;
pub(super) const SUBDOMAIN_LIMIT: usize = 253;

/// Which letters pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    /// The server looks at the text in lower case.
    Any,
}

impl Case {
    fn is_letter(self, byte: u8) -> bool {
        byte.is_ascii_lowercase() || self == Self::Any && byte.is_ascii_uppercase()
    }

    fn is_letter_or_digit(self, byte: u8) -> bool {
        self.is_letter(byte) || byte.is_ascii_digit()
    }
}

pub(super) fn dns1123_label(text: &str) -> Verdict {
    let alphanumeric = |byte| Case::Lower.is_letter_or_digit(byte);
    word(text, |byte| byte == b'-' || alphanumeric(byte), alphanumeric, LABEL_LIMIT)
}

pub(super) fn dns1035_label(text: &str) -> Verdict {
    dns1035_label_in(text, Case::Lower)
}

/// A DNS-1035 label once it is in lower case.
pub(super) fn kind(text: &str) -> Verdict {
    dns1035_label_in(text, Case::Any)
}

fn dns1035_label_in(text: &str, case: Case) -> Verdict {
    let alphanumeric = |byte| case.is_letter_or_digit(byte);
    word(text, |byte| byte == b'-' || alphanumeric(byte), alphanumeric, LABEL_LIMIT)?;
    ends(text, |byte| case.is_letter(byte), alphanumeric)
}

pub(super) fn dns1123_subdomain(text: &str) -> Verdict {
    subdomain(text, Case::Lower)
}

pub(super) fn csi_driver(text: &str) -> Verdict {
    subdomain(text, Case::Any)
}

/// A DNS-1123 subdomain. Its parts may be longer than a label: only the whole has a limit.
pub(super) fn subdomain(text: &str, case: Case) -> Verdict {
    let alphanumeric = |byte| case.is_letter_or_digit(byte);
    let inner = |byte| byte == b'-' || alphanumeric(byte);
    words(text, &['.'], inner, alphanumeric, alphanumeric)?;
    at_most(text, SUBDOMAIN_LIMIT)
}

pub(super) fn dotted_subdomain(text: &str) -> Verdict {
    dns1123_subdomain(text)?;
    if text.contains('.') { Ok(()) } else { Err(Fault::new("has no dot")) }
}

pub(super) fn webhook(text: &str) -> Verdict {
    dns1123_subdomain(text)?;
    match text.bytes().filter(|&byte| byte == b'.').count() {
        0 => Err(Fault::new("has no dot")),
        1 => Err(Fault::new("has only one dot")),
        _ => Ok(()),
    }
}

pub(super) fn external_name(text: &str) -> Verdict {
    dns1123_subdomain(text.strip_suffix('.').unwrap_or(text))
}

pub(super) fn wildcard_host(text: &str) -> Verdict {
    match text.strip_prefix("*.") {
        Some(domain) => {
            dns1123_subdomain(domain).map_err(|fault| fault.of("the part after `*.`"))?;
            at_most(text, SUBDOMAIN_LIMIT)
        }
        None => dns1123_subdomain(text),
    }
}

pub(super) fn ingress_host(text: &str) -> Verdict {
    wildcard_host(text)?;
    match addresses::legacy_ip(text) {
        Ok(()) => Err(Fault::new("is an IP address")),
        Err(_) => Ok(()),
    }
}

/// A domain to search in: underscores pass, as service records have them.
pub(super) fn search_domain(text: &str) -> Verdict {
    if text == "." {
        return Ok(());
    }
    let domain = text.strip_suffix('.').unwrap_or(text);
    let alphanumeric = |byte| Case::Lower.is_letter_or_digit(byte);
    let inner = |byte| byte == b'-' || byte == b'_' || alphanumeric(byte);
    words(domain, &['.'], inner, |byte| byte == b'_' || alphanumeric(byte), alphanumeric)?;
    // One underscore at the start of a part, and a letter or digit after it.
    for part in domain.split('.').filter_map(|part| part.strip_prefix('_')) {
        if !part.bytes().next().is_some_and(alphanumeric) {
            return Err(Fault::new("has a part without a letter or digit after its first `_`"));
        }
    }
    at_most(domain, SUBDOMAIN_LIMIT)
}

/// The name of a port: a service name of RFC 6335 in lower case.
pub(super) fn port(text: &str) -> Verdict {
    let alphanumeric = |byte| Case::Lower.is_letter_or_digit(byte);
    characters(text, |byte| byte == b'-' || alphanumeric(byte))?;
    ends(text, alphanumeric, alphanumeric)?;
    if text.contains("--") {
        return Err(Fault::new("has `--`"));
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(Fault::new("has no letter"));
    }
    at_most(text, 15)
}
