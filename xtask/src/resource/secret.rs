//! What must not be shown of a Secret.
//!
//! Invariant: it is hidden in the sources before anything that points into them is reported, so no
//! output has to think of it. A Secret that is not well formed has no fewer values than others.

use std::collections::BTreeSet;

use crate::{
    diag::{Diagnostic, codes},
    source::{SourceId, Sources},
    yaml::{Mapping, Node, Value},
};

/// The fields of a Secret that may be shown. Any other one has its values, or is one of theirs
/// with a slip of the pen in its name.
const SHOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// The fields whose entries are values.
const DATA: [&str; 2] = ["data", "stringData"];

/// Has a copy of the whole object, as `kubectl apply` writes it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Keeps the values of an object from being shown, if it is a Secret.
pub fn hide_secret(sources: &mut Sources, object: &Node) {
    for value in secret_values(object) {
        sources.hide(value.span);
    }
}

/// Keeps the values of all Secrets of a document from being shown, be they in a list or in what an
/// admission asks about, and also where the document is malformed.
pub fn hide_secrets(sources: &mut Sources, document: &Node) {
    let items = document.as_sequence().or_else(|| document.get("items")?.as_sequence());
    let asked = ["object", "oldObject"].iter().filter_map(|key| document.at(&["request", key]));
    for node in items.into_iter().flatten().chain(asked) {
        hide_secrets(sources, node);
    }
    hide_secret(sources, document);
}

/// The values of an object that must not be shown; none if it is no Secret.
pub fn secret_values(object: &Node) -> Vec<&Node> {
    let mut values = Vec::new();
    if !is_secret(object) {
        return values;
    }
    for entry in object.as_mapping().into_iter().flatten() {
        let name = entry.key.as_str();
        match &entry.value.value {
            _ if SHOWN.contains(&name) => {}
            Value::Mapping(fields) if DATA.contains(&name) => {
                values.extend(fields.iter().map(|entry| &entry.value));
            }
            _ => values.push(&entry.value),
        }
    }
    values.extend(object.at(&["metadata", "annotations", LAST_APPLIED]));
    values
}

/// The same values, to be changed, each with whether it is written in base64.
pub fn secret_values_mut(object: &mut Node) -> Vec<(&mut Node, bool)> {
    let mut values = Vec::new();
    if !is_secret(object) {
        return values;
    }
    for entry in object.as_mapping_mut().into_iter().flat_map(Mapping::iter_mut) {
        let name = entry.key.as_str();
        if name == "metadata" {
            let annotations = entry.value.get_mut("annotations");
            let copy = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED));
            values.extend(copy.map(|copy| (copy, false)));
        } else if !SHOWN.contains(&name) {
            let is_encoded = name == "data";
            if !DATA.contains(&name) || entry.value.as_mapping().is_none() {
                values.push((&mut entry.value, is_encoded));
                continue;
            }
            let fields = entry.value.as_mapping_mut().into_iter().flat_map(Mapping::iter_mut);
            values.extend(fields.map(|entry| (&mut entry.value, is_encoded)));
        }
    }
    values
}

/// Whether an object is a Secret, by its kind or by a field that no other kind has.
fn is_secret(object: &Node) -> bool {
    object.get("kind").and_then(Node::scalar_text) == Some("Secret")
        || object.get("stringData").is_some()
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
