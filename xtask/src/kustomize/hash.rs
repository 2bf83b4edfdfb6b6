//! The hash of a generated object's content that its name ends with.
//!
//! Source: kustomize's `hasher`. The name is left out: an object keeps its hash under any prefix.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::yaml::{EmitError, Node, escape_json, to_json_for_hash};

/// The ten letters for an object.
pub fn hash(node: &Node) -> Result<String, EmitError> {
    let mut text = String::new();
    match node.get("kind").and_then(Node::scalar_text) {
        Some("ConfigMap") => {
            text.push('{');
            if let Some(data) = node.get("binaryData").filter(|data| data.as_mapping().is_some()) {
                text.push_str("\"binaryData\":");
                to_json_for_hash(data, &mut text)?;
                text.push(',');
            }
            text.push_str("\"data\":");
            field(node, "data", &mut text)?;
            text.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        Some("Secret") => {
            text.push_str("{\"data\":");
            field(node, "data", &mut text)?;
            text.push_str(",\"kind\":\"Secret\",\"name\":\"\"");
            if let Some(data) = node.get("stringData").filter(|data| data.as_mapping().is_some()) {
                text.push_str(",\"stringData\":");
                to_json_for_hash(data, &mut text)?;
            }
            text.push_str(",\"type\":");
            field(node, "type", &mut text)?;
            text.push('}');
        }
        _ => to_json_for_hash(node, &mut text)?,
    }
    Ok(encode(&Sha256::digest(text)))
}

/// A field as JSON; missing is an empty string, and a scalar its text.
fn field(node: &Node, key: &str, out: &mut String) -> Result<(), EmitError> {
    match node.get(key) {
        None => escape_json("", out),
        Some(value) => match value.scalar_text() {
            Some(text) => escape_json(text, out),
            None => to_json_for_hash(value, out)?,
        },
    }
    Ok(())
}

/// The first ten digits, with letters in the place of those that could form words or numbers.
fn encode(digest: &[u8]) -> String {
    let mut hex = String::with_capacity(10);
    for byte in digest.iter().take(5) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.chars()
        .map(|digit| match digit {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}
