//! What must not be shown of a Secret.
//!
//! Invariant: it is hidden in the sources before anything that points into them is reported, so no
//! output has to think of it. A Secret that is not well formed has no fewer values than others.

use std::collections::BTreeSet;

use crate::{
    diag::{Diagnostic, codes},
    source::{SourceId, Sources},
    yaml::{Node, Value},
};

/// The fields of a Secret that may be shown. Any other one has its values, or is one of theirs
/// with a slip of the pen in its name.
const SHOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// Has a copy of the whole object, as `kubectl apply` writes it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Keeps the values of an object from being shown, if it is a Secret. One that does not say so is
/// known by a field that no other kind has.
pub fn hide_secret(sources: &mut Sources, object: &Node) {
    let is_secret = object.get("kind").and_then(Node::scalar_text) == Some("Secret");
    if !is_secret && object.get("stringData").is_none() {
        return;
    }
    for entry in object.as_mapping().into_iter().flatten() {
        let name = entry.key.as_str();
        match &entry.value.value {
            _ if SHOWN.contains(&name) => {}
            Value::Mapping(values) if matches!(name, "data" | "stringData") => {
                values.iter().for_each(|entry| sources.hide(entry.value.span));
            }
            _ => sources.hide(entry.value.span),
        }
    }
    let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
    if let Some(copy) = annotations.and_then(|annotations| annotations.get(LAST_APPLIED)) {
        sources.hide(copy.span);
    }
}

/// Keeps the text of a file that could not be read whole from being shown, if a Secret is in it:
/// which of its lines are values is not known.
pub fn hide_broken_secrets(sources: &mut Sources, diagnostics: &[Diagnostic]) {
    let broken: BTreeSet<SourceId> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != codes::YAML_AMBIGUOUS_SCALAR)
        .map(|diagnostic| diagnostic.primary.source)
        .collect();
    for source in broken {
        if has_secret(&sources.get(source).text) {
            sources.hide(sources.whole(source));
        }
    }
}

/// Whether a Secret is in a text, which need be neither YAML nor JSON.
pub fn has_secret(text: &str) -> bool {
    text.match_indices("kind").any(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
        let kind = rest.strip_prefix(':').map(str::trim_start);
        kind.is_some_and(|kind| kind.trim_start_matches(['"', '\'']).starts_with("Secret"))
    })
}

#[cfg(test)]
mod tests {
    use super::has_secret;

    #[test]
    fn a_secret_is_seen_in_any_notation() {
        assert!(has_secret("kind: Secret\n"));
        assert!(has_secret("- kind:  'Secret'"));
        assert!(has_secret("{apiVersion: v1, kind: Secret, data: {"));
        assert!(has_secret("{\"kind\" : \"Secret\","));
        assert!(!has_secret("kind: ConfigMap\nmetadata:\n  name: Secret\n"));
    }
}
