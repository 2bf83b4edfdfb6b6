//! The formats of strings that the server checks in custom objects; it ignores all others.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/validation/formats.go` for the names and
//! `kube-openapi/pkg/validation/strfmt` for what they mean, which is often wider than the name.
//! Not checked: `email` beyond its two parts, and `creditcard`, `isbn`, `isbn10`, `isbn13` and
//! `rgbcolor`, which no known definition uses.

mod address;
mod time;

use std::net::{IpAddr, Ipv6Addr};

use self::{
    address::{is_cidr, is_email, is_hostname, is_mac, is_uri},
    time::{is_date, is_date_time, is_duration},
};

/// A syntax of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum CustomFormat {
    BsonObjectId,
    Byte,
    Cidr,
    Date,
    DateTime,
    Duration,
    Email,
    HexColor,
    Hostname,
    Ipv4,
    Ipv6,
    LongName,
    Mac,
    ShortName,
    Ssn,
    Uri,
    /// Of any version or of this one.
    Uuid(Option<char>),
}

impl CustomFormat {
    /// The format of a name; dashes do not count.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.replace('-', "").as_str() {
            "bsonobjectid" => Self::BsonObjectId,
            "byte" => Self::Byte,
            "cidr" => Self::Cidr,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "duration" => Self::Duration,
            "email" => Self::Email,
            "hexcolor" => Self::HexColor,
            "hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "k8slongname" => Self::LongName,
            "k8sshortname" => Self::ShortName,
            "mac" => Self::Mac,
            "ssn" => Self::Ssn,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid(None),
            "uuid3" => Self::Uuid(Some('3')),
            "uuid4" => Self::Uuid(Some('4')),
            "uuid5" => Self::Uuid(Some('5')),
            _ => return None,
        })
    }

    /// What a text must be, to follow "must be".
    pub fn expected(self) -> &'static str {
        match self {
            Self::BsonObjectId => "24 hexadecimal digits",
            Self::Byte => "base64 with padding",
            Self::Cidr => "an address range such as `10.0.0.0/8`",
            Self::Date => "a date such as `2006-01-02`",
            Self::DateTime => "a time such as `2006-01-02T15:04:05Z`",
            Self::Duration => "a duration such as `90s` or `1h30m`",
            Self::Email => "an e-mail address",
            Self::HexColor => "a colour such as `#00ff00`",
            Self::Hostname => "a host name such as `db.example.com`",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::LongName => "a DNS subdomain: lower case letters, digits, `-` and `.`",
            Self::Mac => "a MAC address",
            Self::ShortName => {
                "a DNS label: lower case letters, digits and `-`, at most 63 characters"
            }
            Self::Ssn => "nine digits such as `123-45-6789`",
            Self::Uri => "a URI or an absolute path",
            Self::Uuid(_) => "a UUID",
        }
    }

    /// Whether a text has the syntax.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::BsonObjectId => text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()),
            Self::Byte => is_base64(text),
            Self::Cidr => is_cidr(text),
            Self::Date => is_date(text),
            Self::DateTime => is_date_time(text),
            Self::Duration => is_duration(text),
            Self::Email => is_email(text),
            Self::HexColor => {
                let digits = text.strip_prefix('#').unwrap_or(text);
                matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
            }
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => text.contains('.') && text.parse::<IpAddr>().is_ok(),
            Self::Ipv6 => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
            Self::LongName => text.len() <= 253 && text.split('.').all(is_name),
            Self::ShortName => text.len() <= 63 && is_name(text),
            Self::Mac => is_mac(text),
            Self::Ssn => is_ssn(text),
            Self::Uri => is_uri(text),
            Self::Uuid(version) => is_uuid(text, version),
        }
    }
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// A part of a name: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = text.bytes().next().zip(text.bytes().next_back());
    ends.is_some_and(|(a, b)| inner(a) && inner(b)) && text.bytes().all(|b| b == b'-' || inner(b))
}

/// Three, two and four digits, each with or without a dash or a space between.
fn is_ssn(text: &str) -> bool {
    let mut rest = text;
    for count in [3, 2, 4] {
        let Some((digits, after)) = rest.split_at_checked(count) else { return false };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        rest = if count == 4 { after } else { after.strip_prefix(['-', ' ']).unwrap_or(after) };
    }
    rest.is_empty()
}

/// Groups of 8, 4, 4, 4 and 12 hexadecimal digits, each with or without a dash between.
fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut rest = text;
    for (at, count) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        let Some((digits, after)) = rest.split_at_checked(count) else { return false };
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return false;
        }
        let first = digits.chars().next();
        let fits = match (at, version) {
            (2, Some(_)) => first == version,
            (3, Some('4' | '5')) => matches!(first, Some('8' | '9' | 'a' | 'b' | 'A' | 'B')),
            _ => true,
        };
        if !fits {
            return false;
        }
        rest = if at == 4 { after } else { after.strip_prefix('-').unwrap_or(after) };
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn check(name: &str, yes: &[&str], no: &[&str]) {
        let format = CustomFormat::named(name).unwrap();
        for text in yes {
            assert!(format.accepts(text), "{name} {text}");
        }
        for text in no {
            assert!(!format.accepts(text), "{name} {text}");
        }
        assert!(!format.expected().is_empty());
    }

    #[test]
    fn codes() {
        check("byte", &["YQ==", "YWJj"], &["", "YQ=", "YQ", "Y Q=", "===="]);
        check("uuid", &["123E4567-e89b-12d3-a456-426614174000"], &["123e4567", ""]);
        check(
            "uuid4",
            &["123e4567e89b42d3a456426614174000"],
            &["123e4567-e89b-12d3-a456-426614174000"],
        );
        check("hexcolor", &["#fff", "00FF00"], &["#ffff", "red"]);
        check("ssn", &["123-45-6789", "123456789"], &["123-45-678", "12-345-6789"]);
        check("bsonobjectid", &["507f1f77bcf86cd799439011"], &["507f"]);
        check("k8s-short-name", &["a-1"], &["A", "-a", "a.b", ""]);
        check("k8s-long-name", &["a.b-c"], &["a..b", "a_b"]);
    }

    #[test]
    fn other_names_are_no_formats() {
        for name in ["int32", "password", "anything", ""] {
            assert_eq!(CustomFormat::named(name), None, "{name}");
        }
    }
}
