//! A namespace that lets every pod in.
//!
//! Without `pod-security.kubernetes.io/enforce` a namespace admits what the cluster's default says, and
//! that is `privileged`: a pod may take over its node. Without a version, an upgrade of the cluster
//! changes what is admitted. Source: "Pod Security Admission" of Kubernetes' documentation, since 1.25.

use std::collections::BTreeSet;

use crate::{
    cluster::{Cluster, Object, Workload},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const VERSION: &str = "pod-security.kubernetes.io/enforce-version";

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if cluster.name.is_empty() {
        return;
    }
    let used: BTreeSet<&str> = cluster.workloads().iter().map(Workload::namespace).collect();
    for name in used {
        // One that is made elsewhere has the labels that it has.
        if let Some(namespace) = cluster.find_unscoped("", "Namespace", name) {
            out.extend(label(namespace));
        }
    }
}

fn label(namespace: &Object<'_>) -> Option<Diagnostic<Anchor>> {
    let labels = namespace.node.at(&["metadata", "labels"]).and_then(Node::as_mapping);
    let label = |key| labels.and_then(|labels| labels.get(key));
    let code = codes::TRAP_POD_SECURITY;
    let Some(enforce) = label(ENFORCE) else {
        let message = format!("{namespace} has no label `{ENFORCE}`: every pod is let in");
        let help = format!("add the label `{ENFORCE}: restricted`");
        let at = namespace.name_anchor();
        return Some(Diagnostic::warning(code, message, at).with_help(help));
    };
    let level = enforce.scalar_text().unwrap_or_default();
    // Everything is let in whatever the version; a level that there is not is refused as such.
    if !matches!(level, "baseline" | "restricted") {
        return None;
    }
    let (says, at) = match label(VERSION) {
        Some(at) if at.as_str() != Some("latest") => return None,
        Some(at) => ("`latest`", at),
        None => ("not set", enforce),
    };
    let message = format!(
        "label `{VERSION}` of {namespace} is {says}: an upgrade of the cluster changes which pods are let in"
    );
    let help = "name the version of the cluster, such as `v1.34`; `warn-version: latest` shows what is to come";
    let code = codes::TRAP_POD_SECURITY_VERSION;
    Some(Diagnostic::info(code, message, namespace.at(at.span)).with_help(help))
}
