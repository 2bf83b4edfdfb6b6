//! Addresses in the web.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/urls.go`, on top of `ParseRequestURI` of Go's `net/url`.

use std::{fmt::Write, rc::Rc};

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::{Library, Value},
    },
    text,
};
use crate::formats::{has_host_and_port, has_sound_escapes};

/// An address: with a scheme, or an absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    /// With a port.
    host: String,
    path: String,
    query: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.chars().any(|c| c.is_ascii_control()) {
            return None;
        }
        let is_scheme = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest) = match text.split_once(':') {
            Some(("", _)) => return None,
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), text),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = query.to_owned();
        if !rest.starts_with('/') {
            let opaque = Self { scheme, host: String::new(), path: String::new(), query };
            return (!opaque.scheme.is_empty()).then_some(opaque);
        }
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) if !scheme.is_empty() => {
                rest.find('/').map_or((rest, ""), |at| rest.split_at(at))
            }
            _ => ("", rest),
        };
        let host = match authority.rsplit_once('@') {
            Some((user, host)) => {
                let is_user =
                    |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
                if !user.chars().all(is_user) || !has_sound_escapes(user) {
                    return None;
                }
                host
            }
            None => authority,
        };
        let is_sound = has_sound_escapes(path) && (host.is_empty() || has_host_and_port(host));
        is_sound.then(|| Self { scheme, host: host.to_owned(), path: path.to_owned(), query })
    }

    fn split_host(&self) -> (&str, &str) {
        let (host, port) = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (self.host.as_str(), ""),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (bare.unwrap_or(host), port)
    }
}

fn part<'a>(arguments: &[Value<'a>], part: impl Fn(&Url) -> String) -> Evaluated<'a> {
    match arguments {
        [Value::Library(Library::Url(url))] => Ok(Value::string(part(url))),
        _ => Err(Error::no_overload()),
    }
}

pub(in super::super) fn url<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let text = text(arguments)?;
    budget.charge_bytes(text.len())?;
    let url = Url::parse(text).ok_or_else(|| {
        let why = match text {
            "" => ": empty url",
            _ if !text.contains(':') && !text.starts_with('/') => ": invalid URI for request",
            _ => "",
        };
        Error::new(format!("URL parse error during conversion from string: parse \"{text}\"{why}"))
    })?;
    Ok(Value::Library(Library::Url(Rc::new(url))))
}

pub(in super::super) fn is_url<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let text = text(arguments)?;
    budget.charge_bytes(text.len())?;
    Ok(Value::Bool(Url::parse(text).is_some()))
}

pub(in super::super) fn scheme<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    part(arguments, |url| url.scheme.clone())
}

pub(in super::super) fn host<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    part(arguments, |url| url.host.clone())
}

pub(in super::super) fn hostname<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    part(arguments, |url| url.split_host().0.to_owned())
}

pub(in super::super) fn port<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    part(arguments, |url| url.split_host().1.to_owned())
}

pub(in super::super) fn escaped_path<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    part(arguments, |url| {
        let mut path = String::with_capacity(url.path.len());
        for c in url.path.chars() {
            if c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%[]".contains(c) {
                path.push(c);
            } else {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(path, "%{byte:02X}");
                }
            }
        }
        path
    })
}

pub(in super::super) fn query<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Library(Library::Url(url))] = arguments else { return Err(Error::no_overload()) };
    budget.charge_bytes(url.query.len())?;
    let mut values: indexmap::IndexMap<String, Vec<Value<'a>>> = indexmap::IndexMap::new();
    for pair in url.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (unescaped(key), unescaped(value)) {
            budget.charge(1)?;
            values.entry(key).or_default().push(Value::string(value));
        }
    }
    let entries = values.into_iter().map(|(key, all)| (Value::string(key), Value::list(all)));
    Ok(Value::map(entries.collect()))
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
