//! Names of hosts, some with a wildcard.
//!
//! Source: RFC 6125 for certificates, where a wildcard stands for one label, and the `Hostname` of
//! the Gateway API, where it stands for one or more.

use std::collections::BTreeSet;

/// The names of a certificate.
pub(super) struct Hosts(BTreeSet<String>);

impl Hosts {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.map(str::to_ascii_lowercase).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the names stands for a host, which may have a wildcard too.
    pub fn cover(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        self.0.contains(&host) || wildcard.is_some_and(|wildcard| self.0.contains(&wildcard))
    }
}

/// Whether there are hosts that two hostnames of the Gateway API both stand for.
pub(super) fn intersect(one: &str, other: &str) -> bool {
    let is_below = |host: &str, pattern: &str| {
        let host = host.strip_prefix('*').unwrap_or(host);
        pattern.strip_prefix('*').is_some_and(|suffix| {
            host.len() > suffix.len()
                && host.to_ascii_lowercase().ends_with(&suffix.to_ascii_lowercase())
        })
    };
    one.eq_ignore_ascii_case(other) || is_below(one, other) || is_below(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_of_a_certificate_is_one_label() {
        let covers = |name: &str, host: &str| Hosts::new([name].into_iter()).cover(host);
        assert!(covers("a.example.com", "A.example.com"));
        assert!(covers("*.Example.com", "a.example.com"));
        assert!(covers("*.example.com", "*.example.com"));
        assert!(!covers("*.example.com", "a.b.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("a.example.com", "*.example.com"));
        assert!(!covers("*.com", "*.example.com"));
    }

    #[test]
    fn a_wildcard_of_a_gateway_is_one_label_or_more() {
        assert!(intersect("a.example.com", "a.example.com"));
        assert!(intersect("*.example.com", "a.b.example.com"));
        assert!(intersect("a.example.com", "*.example.com"));
        assert!(intersect("*.example.com", "*.a.example.com"));
        assert!(!intersect("*.example.com", "example.com"));
        assert!(!intersect("*.example.com", ".example.com"));
        assert!(!intersect("*.example.com", "aexample.com"));
        assert!(!intersect("a.example.com", "b.example.com"));
    }
}
