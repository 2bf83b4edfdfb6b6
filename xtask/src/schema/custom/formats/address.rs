//! Addresses of networks, hosts, people and resources.

use std::net::IpAddr;

pub(super) fn is_cidr(text: &str) -> bool {
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

/// Whether there is something on both sides of an `@`. The full grammar of addresses allows names,
/// comments and quotes.
pub(super) fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// As the server's expression has it: with dots, labels and a top-level domain of letters; without
/// one, a label in which a dash can only be the second character.
pub(super) fn is_hostname(text: &str) -> bool {
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

/// 6, 8 or 20 bytes in groups of one, or in groups of two with dots.
pub(super) fn is_mac(text: &str) -> bool {
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

/// What Go's `url.ParseRequestURI` takes: an absolute path, or a scheme and something.
pub(super) fn is_uri(text: &str) -> bool {
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
    use super::super::tests::check;

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
}
