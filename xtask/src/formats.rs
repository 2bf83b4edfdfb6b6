//! The syntaxes of strings that the schemas of the API name, and regular expressions.
//!
//! Each follows what the API server does, as the modules below name their sources; their grammars are
//! in `schema-generator/src/formats.rs`. They are checks of bytes, not regular expressions, as every
//! string of every resource goes through them: a text that passes costs no allocation.

use std::borrow::Cow;

mod addresses;
mod cron;
mod duration;
mod keys;
mod names;
mod paths;
pub mod pattern;
mod quantity;
mod resources;
mod text;
mod time;
mod url;
mod values;
mod versions;

#[cfg(test)]
mod tests;

pub use duration::nanoseconds;
pub use quantity::Quantity;
use text::{Fault, Verdict};
pub use url::{has_host_and_port, has_sound_escapes};

/// The table of the formats: variant, name, check, and what a text must be.
macro_rules! formats {
    ($($variant:ident $name:literal $check:path: $expected:literal;)*) => {
        /// A syntax of strings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Format {
            $(#[doc = $expected] $variant,)*
        }

        impl Format {
            /// Every format, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The format of that name in a schema.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The format's name in a schema.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What a text of the format is, to follow "must be".
            pub fn expected(self) -> &'static str {
                match self {
                    $(Self::$variant => $expected,)*
                }
            }

            fn verdict(self, text: &str) -> Verdict {
                match self {
                    $(Self::$variant => $check(text),)*
                }
            }
        }
    };
}

formats! {
    AbsolutePath "absolute-path" paths::absolute: "an absolute path, which starts with `/`";
    AnnotationKey "annotation-key" keys::caseless_qualified_name:
        "an annotation's key: letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at \
         most 63 characters, with or without a DNS name and `/` before it";
    ApiVersion "api-version" versions::api_version:
        "a group and version, such as `apps/v1`, or the version alone";
    Byte "byte" values::base64: "standard base64 with padding";
    CanonicalIp "canonical-ip" addresses::canonical_ip: "an IP address in its canonical form";
    CelIdentifier "cel-identifier" keys::cel_identifier:
        "a CEL identifier: letters, digits and `_`, no digit at the start, no reserved word";
    Cidr "cidr" addresses::cidr: "a network, such as `10.0.0.0/8` or `2001:db8::/32`";
    ClusterIp "cluster-ip" addresses::cluster_ip: "an IP address or `None`";
    ConfigMapKey "config-map-key" keys::config_map:
        "letters, digits, `-`, `_` and `.`, not `.`, no `..` at the start, at most 253 characters";
    ContainerResourceName "container-resource-name" resources::of_container:
        "`cpu`, `memory`, `ephemeral-storage`, `hugepages-SIZE`, or a resource's name with a DNS \
         name and `/` before it";
    CronSchedule "cron-schedule" cron::schedule:
        "a cron schedule: minute, hour, day of the month, month and day of the week (0 to 6), such \
         as `30 2 * * 1-5`, or `@daily` and the like";
    CsiDriverName "csi-driver-name" names::csi_driver:
        "a DNS name: letters, digits, `-` and `.`, a letter or digit at both ends of each part, at \
         most 253 characters";
    DateTime "date-time" time::date_time: "an RFC 3339 time, such as `2026-01-31T23:59:59Z`";
    DescendingPath "descending-path" paths::descending:
        "a relative path without a segment `..`";
    DnsSearchDomain "dns-search-domain" names::search_domain:
        "a domain to search: lower case letters, digits, `-`, `_` and `.`, a letter or digit at both \
         ends of each part (or `_` before it), at most 253 characters";
    Dns1035Label "dns1035-label" names::dns1035_label:
        "a DNS label that starts with a letter: lower case letters, digits and `-`, a letter or \
         digit at the end, at most 63 characters";
    Dns1123Label "dns1123-label" names::dns1123_label:
        "a DNS label: lower case letters, digits and `-`, a letter or digit at both ends, at most 63 \
         characters";
    Dns1123Subdomain "dns1123-subdomain" names::dns1123_subdomain:
        "a DNS name: lower case letters, digits, `-` and `.`, a letter or digit at both ends of each \
         part, at most 253 characters";
    DomainPath "domain-path" paths::with_domain:
        "a DNS name, `/` and a path, such as `example.com/controller`";
    DottedDns1123Subdomain "dotted-dns1123-subdomain" names::dotted_subdomain:
        "a DNS name with a dot: lower case letters, digits, `-` and `.`, a letter or digit at both \
         ends of each part, at most 253 characters";
    EnvFieldPath "env-field-path" paths::env_field:
        "`metadata.name`, `.namespace` or `.uid`, `spec.nodeName` or `.serviceAccountName`, \
         `status.hostIP`, `.hostIPs`, `.podIP` or `.podIPs`, `metadata.labels['KEY']` or \
         `metadata.annotations['KEY']`";
    EnvVarName "env-var-name" keys::environment_variable: "printable ASCII without `=`";
    ExternalName "external-name" names::external_name:
        "a DNS name: lower case letters, digits, `-` and `.`, a letter or digit at both ends of each \
         part, at most 253 characters";
    Finalizer "finalizer" keys::finalizer:
        "a finalizer's name with a DNS name and `/` before it, or `kubernetes`, `orphan` or \
         `foregroundDeletion`";
    GroupVersion "group-version" versions::group_version:
        "a group and version, such as `apps/v1`";
    HttpHeaderName "http-header-name" keys::http_header:
        "an HTTP header's name: letters, digits and `-`";
    HttpsUrl "https-url" url::https: "`https://HOST[:PORT][/PATH]`";
    IngressHost "ingress-host" names::ingress_host:
        "a DNS name, or `*.` and one: lower case letters, digits, `-` and `.`, a letter or digit at \
         both ends of each part, at most 253 characters, no IP address";
    Ip "ip" addresses::ip: "an IP address, such as `10.0.0.1` or `2001:db8::1`";
    Kind "kind" names::kind:
        "a kind: letters, digits and `-`, a letter at the start, a letter or digit at the end, at \
         most 63 characters";
    LabelValue "label-value" keys::label_value:
        "a label's value: letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most \
         63 characters";
    LegacyCidr "legacy-cidr" addresses::legacy_cidr:
        "a network, such as `10.0.0.0/8` or `2001:db8::/32`";
    LegacyClusterIp "legacy-cluster-ip" addresses::legacy_cluster_ip: "an IP address or `None`";
    LegacyIp "legacy-ip" addresses::legacy_ip:
        "an IP address, such as `10.0.0.1` or `2001:db8::1`";
    LegacySourceRange "legacy-source-range" addresses::legacy_source_range:
        "a network, such as `10.0.0.0/8` or `2001:db8::/32`";
    LimitRangeType "limit-range-type" keys::limit_range_type:
        "`Pod`, `Container`, `PersistentVolumeClaim`, or a name with a DNS name and `/` before it";
    MicroTime "micro-time" time::micro_time:
        "an RFC 3339 time with six digits of a fraction, such as `2026-01-31T23:59:59.000000Z`";
    NoBackstepPath "no-backstep-path" paths::without_backsteps: "a path without a segment `..`";
    NonNegativeQuantity "non-negative-quantity" quantity::non_negative:
        "a quantity of at least 0, such as `500m` or `1.5Gi`: a number, and a unit (n u m k M G T P E \
         Ki Mi Gi Ti Pi Ei), an exponent (`e3`) or nothing";
    PathSegment "path-segment" paths::segment: "a name without `/` and `%`, neither `.` nor `..`";
    Percent "percent" values::percent: "an integer or a percentage, such as `25%`";
    PercentTo100 "percent-to-100" values::percent_to_100:
        "an integer or a percentage of at most `100%`";
    PortName "port-name" names::port:
        "a port's name: lower case letters, digits and single `-` between them, at least one letter, \
         at most 15 characters";
    PositiveQuantity "positive-quantity" quantity::positive:
        "a quantity above 0, such as `500m` or `1.5Gi`: a number, and a unit (n u m k M G T P E \
         Ki Mi Gi Ti Pi Ei), an exponent (`e3`) or nothing";
    Provisioner "provisioner" keys::caseless_qualified_name:
        "a provisioner's name: letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at \
         most 63 characters, with or without a DNS name and `/` before it";
    QualifiedName "qualified-name" keys::qualified_name:
        "a qualified name: letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most \
         63 characters, with or without a lower case DNS name and `/` before it";
    Quantity "quantity" quantity::any:
        "a quantity, such as `500m` or `1.5Gi`: a number, and a unit (n u m k M G T P E Ki Mi Gi Ti Pi \
         Ei), an exponent (`e3`) or nothing";
    QuotaResourceName "quota-resource-name" resources::of_quota:
        "a resource that quotas count, such as `requests.cpu`, `pods` or `hugepages-SIZE`, or a name \
         with a DNS name and `/` before it";
    ResourceField "resource-field" resources::field:
        "`limits.` or `requests.` and one of `cpu`, `memory`, `ephemeral-storage` and \
         `hugepages-SIZE`";
    ResourceName "resource-name" resources::any:
        "a standard resource, such as `cpu`, `memory`, `storage` or `hugepages-SIZE`, or a name with \
         a DNS name and `/` before it";
    ServicePath "service-path" paths::of_service:
        "`/` and segments between `/`, each a DNS name: lower case letters, digits, `-` and `.`";
    SourceRange "source-range" addresses::source_range:
        "a network, such as `10.0.0.0/8` or `2001:db8::/32`";
    SysctlName "sysctl-name" keys::sysctl:
        "a sysctl's name: lower case letters, digits, `-` and `_`, a letter or digit at both ends, in \
         parts separated by `.` or `/`";
    TimeZone "time-zone" time::zone:
        "a time zone of the tz database, such as `Etc/UTC` or `Europe/Berlin`";
    Trimmed "trimmed" values::trimmed: "a text without white space at either end";
    VolumeFieldPath "volume-field-path" paths::volume_field:
        "`metadata.name`, `.namespace`, `.uid`, `.labels` or `.annotations`, \
         `metadata.labels['KEY']` or `metadata.annotations['KEY']`";
    WebhookName "webhook-name" names::webhook:
        "a DNS name with at least two dots: lower case letters, digits, `-` and `.`, a letter or \
         digit at both ends of each part, at most 253 characters";
    WildcardHost "wildcard-host" names::wildcard_host:
        "a DNS name, or `*.` and one: lower case letters, digits, `-` and `.`, a letter or digit at \
         both ends of each part, at most 253 characters";
}

impl Format {
    /// Whether `text` has the syntax; else what it must be and what is wrong with it, to follow
    /// "must be". The text itself is not repeated.
    ///
    /// The empty string passes every format: most fields of the API cannot tell it from an absent one.
    pub fn check(self, text: &str) -> Result<(), Cow<'static, str>> {
        if text.is_empty() {
            return Ok(());
        }
        self.verdict(text).map_err(|fault| self.message(&fault))
    }

    fn message(self, fault: &Fault) -> Cow<'static, str> {
        if fault.is_plain() {
            return Cow::Borrowed(self.expected());
        }
        Cow::Owned(format!("{}; {fault}", self.expected()))
    }
}
