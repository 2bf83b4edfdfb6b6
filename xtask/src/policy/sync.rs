//! Policies that compare objects, and whether Gatekeeper has the objects that they compare with.
//!
//! A cluster's `data.inventory` holds the kinds that a `Config` or a `SyncSet` names, and nothing
//! else: without them such a policy finds nothing and lets everything pass. Source: `pkg/gator/sync`
//! of Gatekeeper 3.23.1 for the annotation by which a template says what it needs.

use std::fmt;

use serde::Deserialize;

use super::{client::Policies, template};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// By which a template says what it compares with: lists of kinds, of each of which one must be
/// synced.
const ANNOTATION: &str = "metadata.gatekeeper.sh/requires-sync-data";

/// Kinds that are the same objects: all combinations of these.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    groups: Vec<String>,
    versions: Vec<String>,
    kinds: Vec<String>,
}

impl Requirement {
    fn has(&self, group: &str, version: &str, kind: &str) -> bool {
        let is = |all: &[String], one: &str| all.iter().any(|any| any == one);
        is(&self.groups, group) && is(&self.versions, version) && is(&self.kinds, kind)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |all: &[String]| all.first().cloned().unwrap_or_default();
        let (group, version) = (first(&self.groups), first(&self.versions));
        let kind = first(&self.kinds);
        if group.is_empty() {
            write!(f, "`{kind}` of `{version}`")
        } else {
            write!(f, "`{kind}` of `{group}/{version}`")
        }
    }
}

/// Reports the templates in use whose objects are not synced.
pub(super) fn check(
    cluster: &Cluster<'_>,
    policies: &Policies<'_>,
    out: &mut Vec<Diagnostic<Anchor>>,
) {
    // What is elsewhere may sync them.
    if !cluster.is_closed() {
        return;
    }
    let synced = synced(cluster);
    for template in cluster.of_kind(template::GROUP, "ConstraintTemplate") {
        if policies.compares(&template.id.name) {
            check_template(template, &synced, out);
        }
    }
}

fn check_template(template: &Object<'_>, synced: &[[&str; 3]], out: &mut Vec<Diagnostic<Anchor>>) {
    let code = codes::POLICY_NOT_SYNCED;
    let help = "name the kinds in a `SyncSet`, or in the `Config` of Gatekeeper";
    let Some(annotation) = template.annotation(ANNOTATION) else {
        if synced.is_empty() {
            let message = format!(
                "{template} compares with other objects of the cluster, and none are synced, so that it lets everything pass"
            );
            out.push(Diagnostic::error(code, message, template.name_anchor()).with_help(help));
        }
        return;
    };
    let text = annotation.scalar_text().unwrap_or_default();
    // By custom quotes stand around it.
    let needs: Vec<Vec<Requirement>> = match serde_yaml::from_str(text.trim().trim_matches('"')) {
        Ok(needs) => needs,
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default();
            let message = format!("the annotation `{ANNOTATION}` of {template} is not read: {why}");
            let diagnostic = template.error(codes::POLICY_TEMPLATE, message, annotation);
            out.push(diagnostic.with_help(
                "write a list of lists of `{groups: [...], versions: [...], kinds: [...]}`",
            ));
            return;
        }
    };
    for need in needs {
        let has = |[group, version, kind]: &[&str; 3]| {
            need.iter().any(|kinds| kinds.has(group, version, kind))
        };
        let Some(first) = need.first().filter(|_| !synced.iter().any(has)) else { continue };
        let message = format!(
            "{template} compares with objects of the kind {first}, which are not synced, so that it finds none of them"
        );
        out.push(template.error(code, message, annotation).with_help(help));
    }
}

/// Group, version and kind of what is synced.
fn synced<'a>(cluster: &Cluster<'a>) -> Vec<[&'a str; 3]> {
    let lists = [
        ("config.gatekeeper.sh", "Config", ["spec", "sync", "syncOnly"].as_slice()),
        ("syncset.gatekeeper.sh", "SyncSet", &["spec", "gvks"]),
    ];
    lists
        .iter()
        .flat_map(|(group, kind, path)| {
            let objects = cluster.of_kind(group, kind);
            objects.filter_map(|one| one.node.at(path).and_then(Node::as_sequence)).flatten()
        })
        .map(|one| {
            ["group", "version", "kind"].map(|field| one.text_at(&[field]).unwrap_or_default())
        })
        .collect()
}
