//! The formats of strings that the server checks in custom objects; it ignores all others.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/validation/formats.go` for the names and
//! `kube-openapi/pkg/validation/strfmt` for what they mean, which is often wider than the name.
//! Not checked: `email` beyond its two parts, and `creditcard`, `isbn`, `isbn10`, `isbn13` and
//! `rgbcolor`, which no known definition uses.

use std::net::{IpAddr, Ipv6Addr};

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

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    is_number(length, most)
}

/// Whether a text is a whole number without sign and superfluous zeros, up to `most`.
fn is_number(text: &str, most: u32) -> bool {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain && (text == "0" || !text.starts_with('0')) && text.parse().is_ok_and(|n: u32| n <= most)
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(5..7), digits(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    bytes.len() == 10
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && (1..=last).contains(&day)
}

fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    is_date(date) && is_time(time)
}

/// `hh:mm:ss[.fraction](z|+hh:mm|-hh:mm)`.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let two = |at: usize, most: &str| {
        let part = clock.get(at..at + 2).unwrap_or_default();
        part.bytes().all(|b| b.is_ascii_digit()) && part.len() == 2 && part <= most
    };
    let colons = clock.get(2..3) == Some(":") && clock.get(5..6) == Some(":");
    if !(colons && two(0, "23") && two(3, "59") && two(6, "59")) {
        return false;
    }
    // Any character may stand before the fraction.
    let mut rest = rest;
    let mut chars = rest.chars();
    if chars.next().is_some() && chars.as_str().starts_with(|c: char| c.is_ascii_digit()) {
        let after = chars.as_str().trim_start_matches(|c: char| c.is_ascii_digit());
        if after == "z" || after.starts_with(['+', '-']) {
            rest = after;
        }
    }
    rest == "z" || is_offset(rest)
}

fn is_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 6
        && matches!(bytes.first(), Some(b'+' | b'-'))
        && bytes
            .iter()
            .enumerate()
            .skip(1)
            .all(|(at, b)| if at == 3 { *b == b':' } else { b.is_ascii_digit() })
}

/// Durations as Go writes them, and texts with a number and a unit in words.
fn is_duration(text: &str) -> bool {
    is_go_duration(text) || has_duration_words(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let has_digit = number.bytes().any(|b| b.is_ascii_digit());
        if !has_digit || number.bytes().filter(|b| *b == b'.').count() > 1 {
            return false;
        }
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .into_iter()
            .filter(|unit| after.starts_with(unit))
            .max_by_key(|unit| unit.len());
        let Some(unit) = unit else { return false };
        rest = after.get(unit.len()..).unwrap_or_default();
    }
    true
}

/// Whether a number with a unit is anywhere in the text.
fn has_duration_words(text: &str) -> bool {
    const EXACT: &[&str] = &["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
    const PREFIX: &[&str] = &["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = rest.get(at..).unwrap_or_default();
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let spaced = after.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == 'µ';
        let end = spaced.find(|c: char| !is_letter(c)).unwrap_or(spaced.len());
        let (unit, beyond) = spaced.split_at(end);
        rest = if unit.is_empty() { after } else { beyond };
        if unit.is_empty() {
            continue;
        }
        if number.parse::<i64>().is_err() {
            return false;
        }
        let unit = unit.to_lowercase();
        found |= EXACT.contains(&unit.as_str()) || PREFIX.iter().any(|word| unit.starts_with(word));
    }
    found
}

/// Whether there is something on both sides of an `@`. The full grammar of addresses allows names,
/// comments and quotes.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// As the server's expression has it: with dots, labels and a top-level domain of letters; without
/// one, a label in which a dash can only be the second character.
fn is_hostname(text: &str) -> bool {
    if text.len() > 255 || text.split('.').any(|label| label.len() > 63) {
        return false;
    }
    let Some((labels, top)) = text.rsplit_once('.') else {
        let mut chars = text.chars();
        let first = chars.next().is_some_and(is_host_char);
        let rest = chars.as_str();
        return first && rest.strip_prefix('-').unwrap_or(rest).chars().all(is_host_char);
    };
    let is_label = |label: &str| {
        let ends = label.chars().next().zip(label.chars().next_back());
        ends.is_some_and(|(a, b)| is_host_char(a) && is_host_char(b))
            && label.chars().all(|c| c == '-' || is_host_char(c))
    };
    let length = top.chars().count();
    labels.split('.').all(is_label)
        && (2..=63).contains(&length)
        && top.chars().all(char::is_alphabetic)
}

/// A letter, a digit or a symbol.
fn is_host_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric()
            || matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    c.is_alphabetic() || !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

/// A part of a name: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = text.bytes().next().zip(text.bytes().next_back());
    ends.is_some_and(|(a, b)| inner(a) && inner(b)) && text.bytes().all(|b| b == b'-' || inner(b))
}

/// 6, 8 or 20 bytes in groups of one, or in groups of two with dots.
fn is_mac(text: &str) -> bool {
    let groups = |separator: char, width: usize| -> Option<usize> {
        let mut count = 0;
        for group in text.split(separator) {
            if group.len() != width || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            count += width / 2;
        }
        Some(count)
    };
    let bytes = groups(':', 2).or_else(|| groups('-', 2)).or_else(|| groups('.', 4));
    matches!(bytes, Some(6 | 8 | 20))
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

/// What Go's `url.ParseRequestURI` takes: an absolute path, or a scheme and something.
fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
    let colon = end.and_then(|end| text.get(end..)).is_some_and(|rest| rest.starts_with(':'));
    let (has_scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if colon && is_scheme(scheme) => (true, rest),
        Some(("", _)) => return false,
        _ => (false, text),
    };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if !rest.starts_with('/') {
        // `mailto:someone` is left as it is.
        return has_scheme;
    }
    let path = match rest.strip_prefix("//").filter(|_| has_scheme) {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => rest,
    };
    has_valid_escapes(path)
}

/// `[user@]host[:port]`.
fn is_authority(text: &str) -> bool {
    let host = match text.rsplit_once('@') {
        Some((user, host)) => {
            let valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
            if !user.bytes().all(valid) || !has_valid_escapes(user) {
                return false;
            }
            host
        }
        None => text,
    };
    let port = if host.starts_with('[') {
        let Some((_, rest)) = host.rsplit_once(']') else { return false };
        rest
    } else {
        host.rfind(':').and_then(|at| host.get(at..)).unwrap_or_default()
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    let refused = |b: u8| {
        b.is_ascii() && !(b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&b))
    };
    is_port && !host.bytes().any(refused) && has_valid_escapes(host)
}

/// Whether two hexadecimal digits follow each `%`.
fn has_valid_escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, yes: &[&str], no: &[&str]) {
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
    fn dates_and_times() {
        check(
            "date",
            &["2024-02-29"],
            &["2023-02-29", "2024-2-9", "2024-13-01", "", "2024-01-01T"],
        );
        check(
            "date-time",
            &["2024-01-01T00:00:00Z", "2024-01-01t23:59:59.123+02:00", "2024-01-01T00:00:00,5z"],
            &[
                "2024-01-01",
                "2024-01-01T24:00:00Z",
                "2024-01-01T00:00:00",
                "2024-01-01 00:00:00Z",
                "",
            ],
        );
        check(
            "duration",
            &["1h30m", "-1.5h", "0", "22 ns", "3 days", "2 weeks", "90d", "1μs", "1 Hour"],
            &["", "1", "h", "5 parsecs", "99999999999999999999 s"],
        );
    }

    #[test]
    fn addresses() {
        check("ipv4", &["10.0.0.1", "::ffff:1.2.3.4"], &["10.0.0", "::1", "010.0.0.1"]);
        check("ipv6", &["::1", "fe80::1"], &["10.0.0.1", "fe80::1%eth0", ":"]);
        check(
            "cidr",
            &["10.0.0.0/8", "10.0.0.1/8", "::/0"],
            &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08"],
        );
        check(
            "mac",
            &["01:23:45:67:89:ab", "0123.4567.89ab"],
            &["01:23:45:67:89", "01-23:45-67:89-ab"],
        );
        check(
            "hostname",
            &["example.com", "a-b.example.com", "localhost", "m-yhost"],
            &["my-host", "-a.com", "a.1", "a..com", "", "a_b.com"],
        );
        check(
            "uri",
            &["https://a.example:8080/x?y=%zz", "/path", "mailto:a@b", "http://[::1]:80/", "*"],
            &["", "path", "http//x", "http://a b/", "http://a:port/", "/%zz", ":x", "a/b:c"],
        );
        check("email", &["a@example.com"], &["a", "@b", "a@"]);
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
