//! The formats of strings that a bundle names, with their grammar.
//!
//! A reader of the bundles implements each of them. Three rules hold for all:
//!
//! - The **empty string** passes every format. Where the server refuses it, `minLength: 1` stands
//!   beside the format.
//! - A format speaks of strings only. A number in an int-or-string or in a quantity is left to
//!   `minimum`, `exclusiveMinimum` and `maximum`.
//! - Lengths are in bytes; all grammars are ASCII unless they say otherwise, and regular
//!   expressions match the whole string.

/// A format and its grammar.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub name: &'static str,
    pub grammar: &'static str,
}

const fn format(name: &'static str, grammar: &'static str) -> Format {
    Format { name, grammar }
}

/// Every format, in the order of their names.
pub const FORMATS: &[Format] = &[
    format("absolute-path", "starts with `/`"),
    format(
        "annotation-key",
        "a `qualified-name` once it is in lower case; so the prefix may have capitals",
    ),
    format(
        "api-version",
        "[GROUP/]VERSION: at most one `/`; VERSION a `dns1035-label`, GROUP a `dns1123-subdomain`",
    ),
    format("byte", "standard base64 with padding (RFC 4648, section 4); CR and LF are skipped"),
    format(
        "canonical-ip",
        "an `ip` in its canonical form: no zeros that can go, lower case, the longest run of \
         zeros as `::`",
    ),
    format(
        "cel-identifier",
        "[_a-zA-Z][_a-zA-Z0-9]* except the words true false null in as break const continue else \
         for function if import let loop package namespace return var void while",
    ),
    format(
        "cidr",
        "ADDRESS/LENGTH: ADDRESS an `ip`, LENGTH a decimal number without leading zeros up to 32 \
         or 128, no bit of ADDRESS set beyond LENGTH",
    ),
    format("cluster-ip", "`None` or an `ip`"),
    format(
        "config-map-key",
        "[-._a-zA-Z0-9]+, at most 253 bytes, not `.` and not starting with `..`",
    ),
    format(
        "container-resource-name",
        "a `qualified-name` that is cpu, memory or ephemeral-storage, starts with `hugepages-`, \
         or has a prefix; a prefix other than one with `kubernetes.io/` in it has at most 244 \
         bytes and does not start with `requests.`",
    ),
    format(
        "cron-schedule",
        "does not contain `TZ`; either @yearly @annually @monthly @weekly @daily @midnight \
         @hourly or `@every DURATION` with a Go duration; or five fields separated by white \
         space: minute 0-59, hour 0-23, day 1-31, month 1-12 or jan-dec, weekday 0-6 or sun-sat \
         (names in any case). A field is a list of RANGE[/STEP] separated by commas, empty items \
         are skipped; RANGE is `*` or `?`, with anything behind a `-` after it, or N or N-M with \
         N <= M, inside the bounds; STEP is a number above 0; a number may have a plus sign and \
         leading zeros",
    ),
    format("csi-driver-name", "a `dns1123-subdomain` once it is in lower case"),
    format(
        "date-time",
        "YYYY-MM-DDThh:mm:ss[.FRACTION](Z|+hh:mm|-hh:mm) with capital T and Z, a date and a time \
         that exist; the hour may have one digit, `,` may stand for `.`, FRACTION has any number \
         of digits, the offset is up to 24 hours and 60 minutes",
    ),
    format("descending-path", "does not start with `/` and has no segment `..`"),
    format(
        "dns-search-domain",
        "`.`, or labels `_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?` separated by dots, with or without a \
         dot at the end; at most 253 bytes without it",
    ),
    format("dns1035-label", "[a-z]([-a-z0-9]*[a-z0-9])?, at most 63 bytes"),
    format("dns1123-label", "[a-z0-9]([-a-z0-9]*[a-z0-9])?, at most 63 bytes"),
    format(
        "dns1123-subdomain",
        "`[a-z0-9]([-a-z0-9]*[a-z0-9])?` parts separated by dots, at most 253 bytes in all",
    ),
    format(
        "domain-path",
        "DOMAIN/PATH: DOMAIN a `dns1123-subdomain`, PATH [A-Za-z0-9/\\-._~%!$&'()*+,;=:]+",
    ),
    format("dotted-dns1123-subdomain", "a `dns1123-subdomain` with at least one dot"),
    format(
        "env-field-path",
        "metadata.name metadata.namespace metadata.uid spec.nodeName spec.host \
         spec.serviceAccountName status.hostIP status.hostIPs status.podIP status.podIPs, \
         metadata.labels['KEY'] with a `qualified-name`, or metadata.annotations['KEY'] with an \
         `annotation-key`",
    ),
    format("env-var-name", "printable ASCII (space to `~`) except `=`"),
    format("external-name", "a `dns1123-subdomain`, with or without a dot at the end"),
    format(
        "finalizer",
        "a `qualified-name` that has a prefix, or one of kubernetes, orphan and \
         foregroundDeletion",
    ),
    format("group-version", "GROUP/VERSION with exactly one `/` and nothing empty"),
    format("http-header-name", "[-A-Za-z0-9]+"),
    format(
        "https-url",
        "https://HOST[:[PORT]][/PATH], the scheme in any case: HOST a name, an IPv4 address or an \
         IPv6 address in brackets, PORT digits; no user information; a `?` or `#` at the end has \
         nothing behind it; escapes are `%` and two hexadecimal digits",
    ),
    format("ingress-host", "a `wildcard-host` that is no IP address"),
    format(
        "ip",
        "an IPv4 address of four decimal numbers without leading zeros, or an IPv6 address that \
         has no zone and is not IPv4-mapped",
    ),
    format("kind", "a `dns1035-label` once it is in lower case"),
    format("label-value", "([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?, at most 63 bytes"),
    format(
        "legacy-cidr",
        "ADDRESS/LENGTH: ADDRESS a `legacy-ip`, LENGTH a decimal number up to 32 or 128; bits \
         beyond LENGTH may be set",
    ),
    format("legacy-cluster-ip", "`None` or a `legacy-ip`"),
    format(
        "legacy-ip",
        "as `ip`, but numbers of IPv4 (which stay decimal) and groups of IPv6 may have leading \
         zeros, and IPv4-mapped addresses pass",
    ),
    format("legacy-source-range", "a `legacy-cidr` with or without white space around it"),
    format(
        "limit-range-type",
        "a `qualified-name` that has a prefix, or one of Pod, Container and PersistentVolumeClaim",
    ),
    format("micro-time", "as `date-time`, with exactly six digits of a fraction"),
    format("no-backstep-path", "has no segment `..`"),
    format("non-negative-quantity", "a `quantity` that is not below 0"),
    format("path-segment", "not `.` and not `..`; contains neither `/` nor `%`; need not be ASCII"),
    format("percent", "[0-9]+%"),
    format("percent-to-100", "a `percent` of at most 100%"),
    format(
        "port-name",
        "[-a-z0-9]+ with a letter, without `--`, without `-` at either end, at most 15 bytes",
    ),
    format("positive-quantity", "a `quantity` that is above 0"),
    format("provisioner", "a `qualified-name` once it is in lower case"),
    format(
        "qualified-name",
        "[PREFIX/]NAME: PREFIX a `dns1123-subdomain`, NAME \
         [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])? of at most 63 bytes",
    ),
    format(
        "quantity",
        "[+-]?([0-9]+.?[0-9]*|.[0-9]+)SUFFIX, SUFFIX none, n u m k M G T P E, Ki Mi Gi Ti Pi Ei \
         or [eE][+-]?[0-9]+ of 64 bits; spaces around it are dropped, line breaks and tabs are \
         not. The server takes a quantity without a digit for 0; a reader may refuse it",
    ),
    format(
        "quota-resource-name",
        "a `qualified-name` that has a prefix, starts with `hugepages-` or \
         `requests.hugepages-`, or is one of cpu memory ephemeral-storage requests.cpu \
         requests.memory requests.storage requests.ephemeral-storage limits.cpu limits.memory \
         limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets \
         persistentvolumeclaims configmaps services.nodeports services.loadbalancers",
    ),
    format(
        "resource-field",
        "limits.cpu limits.memory limits.ephemeral-storage requests.cpu requests.memory \
         requests.ephemeral-storage, or a string that starts with `limits.hugepages-` or \
         `requests.hugepages-`",
    ),
    format("resource-name", "a `quota-resource-name`, or storage"),
    format(
        "service-path",
        "`/`, or `/` and `dns1123-subdomain` segments separated by `/`, with or without a `/` at \
         the end",
    ),
    format("source-range", "a `cidr` with or without white space around it"),
    format("sysctl-name", "`[a-z0-9]([-_a-z0-9]*[a-z0-9])?` parts separated by `.` or `/`"),
    format(
        "time-zone",
        "parts separated by `/`, each [A-Za-z._0-9+][A-Za-z._0-9+-]* of at most 14 bytes and not \
         `.` or `..`; not `Local` in any case; a name of the time zone database",
    ),
    format("trimmed", "no white space at either end"),
    format(
        "volume-field-path",
        "metadata.name metadata.namespace metadata.uid metadata.labels metadata.annotations, \
         metadata.labels['KEY'] with a `qualified-name`, or metadata.annotations['KEY'] with an \
         `annotation-key`",
    ),
    format("webhook-name", "a `dns1123-subdomain` with at least two dots"),
    format("wildcard-host", "a `dns1123-subdomain`, or `*.` and one, at most 253 bytes in all"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::assertion::Assertion;
    use crate::names::{self, NameSyntax};
    use crate::rules;

    #[test]
    fn the_formats_are_those_that_the_tables_use() {
        let mut used = BTreeSet::from(["byte".to_owned()]);
        for row in rules::rows().expect("the tables are well-formed") {
            for assertion in row.content.0 {
                if let Assertion::Format(name) = assertion {
                    used.insert(name);
                }
            }
        }
        for row in names::rows().expect("the table is well-formed") {
            if let NameSyntax::Format { name, .. } = row.content {
                used.insert(name);
            }
        }
        let known: BTreeSet<String> = FORMATS.iter().map(|format| format.name.to_owned()).collect();
        assert_eq!(used, known);
    }

    #[test]
    fn the_formats_are_sorted_and_refer_to_formats() {
        assert!(FORMATS.is_sorted_by(|left, right| left.name < right.name));
        for format in FORMATS {
            for quoted in format.grammar.split('`').skip(1).step_by(2) {
                let is_name = quoted.contains('-')
                    && quoted.starts_with(|first: char| first.is_ascii_lowercase());
                let is_known = FORMATS.iter().any(|other| other.name == quoted);
                let is_prefix = quoted.ends_with('-');
                assert!(!is_name || is_known || is_prefix, "{}: no format `{quoted}`", format.name);
            }
        }
    }
}
