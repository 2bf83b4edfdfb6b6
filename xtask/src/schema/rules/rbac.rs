//! Roles and their bindings.
//!
//! Source: `pkg/apis/rbac/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{get, has_some, items, text},
};
use crate::{diag::codes, schema::formats::Format, yaml::Node};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Source: `ValidatePolicyRule`.
pub(super) fn cluster_rules(role: &Node, report: &mut Report<'_>) {
    for rule in items(role, "rules") {
        if let Some(paths) =
            get(rule, "nonResourceURLs").filter(|_| has_some(rule, "nonResourceURLs"))
        {
            let fields = ["apiGroups", "resources", "resourceNames"];
            let other = fields.iter().find(|field| has_some(rule, field));
            if let Some(other) = other.and_then(|field| get(rule, field)) {
                let says = "must not be set beside resources: a rule is for one or the other";
                let fault = Fault::new(codes::SCHEMA_ONE_OF, paths, says);
                report.add(fault.beside(other, "the resources"));
            }
            continue;
        }
        for way in [&["apiGroups"], &["resources"]] {
            let [field] = way;
            if !has_some(rule, field) {
                let why = "the rule is for resources, as it has no `nonResourceURLs`";
                report.add(match get(rule, field) {
                    Some(at) => Fault::depends(at, format!("must not be empty: {why}")),
                    None => Fault::missing(rule, way, why),
                });
            }
        }
    }
}

/// Source: `ValidateRoleBindingSubject`, after `SetDefaults_Subject`.
pub(super) fn subjects(binding: &Node, report: &mut Report<'_>) {
    for subject in items(binding, "subjects") {
        let group = text(subject, "apiGroup");
        let Some(at) = get(subject, "apiGroup").filter(|_| !group.is_empty()) else { continue };
        match text(subject, "kind") {
            "ServiceAccount" => {
                let fault = Fault::excluded(at, "a ServiceAccount is in the core group");
                report.add(fault);
            }
            "User" | "Group" if group != GROUP => {
                report.add(Fault::depends(at, format!("must be `{GROUP}`")));
            }
            _ => {}
        }
    }
}

/// Source: `ValidateRoleBindingSubject`.
pub(super) fn subject_namespaces(binding: &Node, report: &mut Report<'_>) {
    for subject in items(binding, "subjects") {
        if text(subject, "kind") == "ServiceAccount" && text(subject, "namespace").is_empty() {
            let why = "a ClusterRoleBinding is in no namespace";
            report.add(Fault::missing(subject, &["namespace"], why));
        }
    }
}

/// Source: `ValidateRoleBindingSubject`, `ValidateServiceAccountName`.
pub(super) fn service_account_names(binding: &Node, report: &mut Report<'_>) {
    for subject in items(binding, "subjects") {
        if let Some(at) = get(subject, "name")
            && text(subject, "kind") == "ServiceAccount"
            && let Err(must) = Format::Dns1123Subdomain.check(text(subject, "name"))
        {
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, format!("must be {must}")));
        }
    }
}
