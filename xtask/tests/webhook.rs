//! What the webhook of Gatekeeper is asked about, and what the constraints are about.
//!
//! A constraint about a kind that the webhook is not asked about would only be found by the audit, and
//! nothing else would say so.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failure is a failed test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_yaml::Value;
use walkdir::WalkDir;

const CONSTRAINTS: &str = "constraints.gatekeeper.sh/";

/// What the webhook cannot be asked about: its own namespace has a label for that.
const OWN_NAMESPACE: &str = "gatekeeper-system";

fn rendered() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rendered")
}

fn read(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_sequence().into_iter().flatten().map(|one| one.as_str().unwrap())
}

/// `NetworkPolicy` is `networkpolicies`, and `Gateway` is `gateways`.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with('a') => format!("{stem}ies"),
        _ if kind.ends_with('s') => format!("{kind}es"),
        _ => format!("{kind}s"),
    }
}

/// The environments with a Gatekeeper: the values of its chart, and the constraints.
fn environments() -> Vec<(String, Value, Vec<Value>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(rendered()).unwrap() {
        let directory = entry.unwrap().path();
        let chart = directory.join("gatekeeper/application-gatekeeper-chart.yaml");
        if !chart.exists() {
            continue;
        }
        let values = read(&chart)["spec"]["source"]["helm"]["valuesObject"].clone();
        let files = WalkDir::new(directory.join("policies")).sort_by_file_name();
        let objects = files.into_iter().map(Result::unwrap).filter(|one| one.file_type().is_file());
        let constraints = objects.map(|one| read(one.path())).filter(|object| {
            object["apiVersion"].as_str().is_some_and(|version| version.starts_with(CONSTRAINTS))
        });
        let name = directory.file_name().unwrap().to_string_lossy().into_owned();
        found.push((name, values, constraints.collect()));
    }
    found
}

#[test]
fn the_webhook_is_asked_about_every_kind_of_a_constraint() {
    let environments = environments();
    assert!(environments.iter().any(|(name, ..)| name == "prod"));
    for (environment, values, constraints) in &environments {
        let rules = values["validatingWebhookCustomRules"].as_sequence().unwrap();
        let asked: BTreeSet<(&str, &str)> = rules
            .iter()
            .flat_map(|rule| {
                let resources = texts(&rule["resources"]);
                resources.flat_map(|resource| {
                    texts(&rule["apiGroups"]).map(move |group| (group, resource))
                })
            })
            .collect();
        assert!(!constraints.is_empty());
        for constraint in constraints {
            for kinds in constraint["spec"]["match"]["kinds"].as_sequence().unwrap() {
                for group in texts(&kinds["apiGroups"]) {
                    for kind in texts(&kinds["kinds"]) {
                        let resource = plural(kind);
                        assert!(
                            asked.contains(&(group, &resource)),
                            "{environment}: {} is about {kind}, and the webhook is not asked",
                            constraint["kind"].as_str().unwrap(),
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_webhook_is_not_asked_where_no_constraint_is() {
    for (environment, values, constraints) in &environments() {
        let labels = &values["validatingWebhookExemptNamespacesLabels"];
        let exempt: BTreeSet<&str> = texts(&labels["kubernetes.io/metadata.name"]).collect();
        for constraint in constraints {
            let patterns: Vec<&str> =
                texts(&constraint["spec"]["match"]["excludedNamespaces"]).collect();
            let excluded = |name: &str| {
                patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => *pattern == name,
                })
            };
            let judged: Vec<&&str> = exempt.iter().filter(|name| !excluded(name)).collect();
            assert!(
                judged.is_empty(),
                "{environment}: judged, and the webhook is not asked: {judged:?}"
            );
            let asked: Vec<&&str> = patterns
                .iter()
                .filter(|name| !name.ends_with('*') && **name != OWN_NAMESPACE)
                .filter(|name| !exempt.contains(**name))
                .collect();
            assert!(asked.is_empty(), "{environment}: not judged, and waits for it: {asked:?}");
        }
    }
}
