//! What a `CustomResourceDefinition` defines.
//!
//! Source: `apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go`.

use compact_str::format_compact;
use serde_json::{Map, Value as Json};

use super::{
    CustomKind,
    strip::{Faults, Messages, Stripper, sorted},
};
use crate::{
    diag::Diagnostic,
    yaml::{Node, Text},
};

pub(super) const API_VERSION: &str = "apiextensions.k8s.io/v1";

/// The kinds that a definition serves, one for each version. A definition without its names defines
/// nothing: its own schema says what is missing.
pub(super) fn kinds(
    node: &Node,
    messages: Messages,
    faults: Faults,
    out: &mut Vec<Diagnostic>,
) -> Vec<CustomKind> {
    let text = |path: &[&str]| node.at(path).and_then(Node::as_str).filter(|text| !text.is_empty());
    let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
    else {
        return Vec::new();
    };
    let names = Names {
        group,
        kind,
        plural: text(&["spec", "names", "plural"]).unwrap_or_default(),
        scope: text(&["spec", "scope"]).unwrap_or_default(),
    };
    let versions = node.at(&["spec", "versions"]).and_then(Node::as_sequence).unwrap_or_default();
    let mut stripper = Stripper::new(messages, faults);
    let mut kinds = Vec::new();
    for version in versions {
        let served = version.get("served").and_then(Node::scalar_text);
        let Some(name) = version.get("name").and_then(Node::as_str) else { continue };
        if served == Some("false") {
            continue;
        }
        let schema = version.at(&["schema", "openAPIV3Schema"]);
        let schema = schema.map_or(Json::Null, |schema| stripper.schema(schema));
        let path =
            version.at(&["subresources", "scale", "specReplicasPath"]).and_then(Node::as_str);
        let has_status = version.at(&["subresources", "status"]).is_some_and(|one| !one.is_null());
        let line = names.line(schema, path, has_status);
        kinds.push(CustomKind::new(names.name(name), line));
    }
    stripper.finish(kind, out);
    kinds
}

/// What all versions of a kind have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub plural: &'a str,
    pub scope: &'a str,
}

impl Names<'_> {
    /// What identifies the kind of one version.
    pub fn name(self, version: &str) -> Text {
        format_compact!("{}/{version}/{}", self.group, self.kind)
    }

    /// What is kept of the kind of one version.
    pub fn line(self, schema: Json, replicas: Option<&str>, status: bool) -> String {
        let mut line = Map::new();
        line.insert("plural".to_owned(), Json::from(self.plural));
        line.insert("scope".to_owned(), Json::from(self.scope));
        line.insert("schema".to_owned(), schema);
        if let Some(path) = replicas {
            line.insert("replicas".to_owned(), Json::from(path));
        }
        if status {
            line.insert("status".to_owned(), Json::from(true));
        }
        let mut text = String::new();
        sorted(&Json::Object(line), &mut text);
        text
    }
}
