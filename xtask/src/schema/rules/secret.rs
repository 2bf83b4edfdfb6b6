//! Secrets and `ConfigMaps`: what is in them, by type and in all. Values are never shown.
//!
//! Source: `ValidateSecret`, `ValidateConfigMap` of `pkg/apis/core/validation/validation.go`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    report::{Fault, Report},
    value::{annotation, entries, get, text},
};
use crate::{
    diag::codes,
    yaml::{Entry, Node},
};

/// The annotation that names the account of a token.
const ACCOUNT: &str = "kubernetes.io/service-account.name";
/// `MaxSecretSize`.
const MOST_BYTES: usize = 1024 * 1024;

/// The bytes under a key: `stringData` goes over `data`.
fn bytes_of<'a>(secret: &'a Node, key: &str) -> Option<(Cow<'a, [u8]>, &'a Node)> {
    let plain = get(secret, "stringData").and_then(|data| data.get(key));
    if let Some(value) = plain {
        return Some((Cow::Borrowed(value.as_str().unwrap_or_default().as_bytes()), value));
    }
    let value = get(secret, "data").and_then(|data| data.get(key))?;
    let mut text = value.as_str().unwrap_or_default().to_owned();
    text.retain(|c| !matches!(c, '\n' | '\r'));
    // What is not base64 is told by the schema.
    Some((Cow::Owned(STANDARD.decode(text).ok()?), value))
}

fn has_key(secret: &Node, key: &str) -> bool {
    ["stringData", "data"]
        .iter()
        .any(|field| get(secret, field).is_some_and(|data| data.get(key).is_some()))
}

/// Source: `ValidateSecret`.
pub(super) fn data_by_type(secret: &Node, report: &mut Report<'_>) {
    let kind = text(secret, "type");
    let why = format!("`type` is `{kind}`");
    let mut needs = |way: &[&str; 2]| {
        let [_, key] = way;
        if !has_key(secret, key) {
            report.add(Fault::missing(secret, way, &why));
        }
    };
    match kind {
        "kubernetes.io/tls" => {
            needs(&["data", "tls.crt"]);
            needs(&["data", "tls.key"]);
        }
        "kubernetes.io/dockercfg" => docker_config(secret, ".dockercfg", &why, report),
        "kubernetes.io/dockerconfigjson" => {
            docker_config(secret, ".dockerconfigjson", &why, report);
        }
        "kubernetes.io/basic-auth" if !has_key(secret, "password") => {
            needs(&["data", "username"]);
        }
        "kubernetes.io/ssh-auth" => {
            needs(&["data", "ssh-privatekey"]);
            if let Some((bytes, at)) = bytes_of(secret, "ssh-privatekey")
                && bytes.is_empty()
            {
                report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must be set"));
            }
        }
        "kubernetes.io/service-account-token" => {
            let name = annotation(secret, ACCOUNT);
            if name.is_none_or(|(name, _)| name.is_empty()) {
                report.add(Fault::missing(secret, &["metadata", "annotations", ACCOUNT], &why));
            }
        }
        _ => {}
    }
}

fn docker_config(secret: &Node, key: &str, why: &str, report: &mut Report<'_>) {
    if !has_key(secret, key) {
        report.add(Fault::missing(secret, &["data", key], why));
    } else if let Some((bytes, at)) = bytes_of(secret, key) {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(&bytes);
        // Go reads null into a map as well.
        if !value.is_ok_and(|value| value.is_object() || value.is_null()) {
            let says = format!("must be a JSON object: {why}");
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
        }
    }
}

/// Source: `ValidateSecret`.
pub(super) fn size(secret: &Node, report: &mut Report<'_>) {
    let Some(data) = get(secret, "data").or_else(|| get(secret, "stringData")) else { return };
    let plain = entries(secret, "stringData");
    let over: BTreeSet<&str> = plain.iter().map(|entry| entry.key.as_str()).collect();
    let hidden = |entry: &&Entry| !over.contains(entry.key.as_str());
    let encoded = entries(secret, "data").iter().filter(hidden);
    let size =
        plain.iter().map(plain_length).sum::<usize>() + encoded.map(decoded_length).sum::<usize>();
    too_large(data, size, report);
}

fn plain_length(entry: &Entry) -> usize {
    entry.value.as_str().map_or(0, str::len)
}

/// The bytes that base64 stands for.
fn decoded_length(entry: &Entry) -> usize {
    let text = entry.value.as_str().unwrap_or_default();
    let count = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'=')).count();
    count * 3 / 4
}

fn too_large(at: &Node, size: usize, report: &mut Report<'_>) {
    if size > MOST_BYTES {
        let says = format!("must have at most {MOST_BYTES} bytes in all, not {size}");
        report.add(Fault::new(codes::SCHEMA_LENGTH, at, says));
    }
}

/// Source: `ValidateConfigMap`.
pub(super) fn config_map(map: &Node, report: &mut Report<'_>) {
    let (plain, binary) = (entries(map, "data"), entries(map, "binaryData"));
    let keys: BTreeMap<&str, &Node> =
        binary.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    for entry in plain {
        if let Some(other) = keys.get(entry.key.as_str()) {
            let says = "must not be in `binaryData` as well";
            let fault = Fault::new(codes::SCHEMA_DUPLICATE, &entry.value, says);
            report.add(fault.beside(other, "the other one"));
        }
    }
    let size = plain.iter().map(plain_length).sum::<usize>()
        + binary.iter().map(decoded_length).sum::<usize>();
    too_large(map, size, report);
}
