//! Webhooks and what they are called for.
//!
//! Source: `pkg/apis/admissionregistration/validation/validation.go`.

use std::collections::BTreeMap;

use super::{
    report::{Fault, Report},
    value::{get, items, texts},
};
use crate::yaml::Node;

/// The versions of a review that the server speaks.
const REVIEW_VERSIONS: &[&str] = &["v1", "v1beta1"];

/// Source: `validateValidatingWebhook`, `validateMutatingWebhook`.
pub(super) fn webhooks(object: &Node, report: &mut Report<'_>) {
    for webhook in items(object, "webhooks") {
        if let Some(client) = get(webhook, "clientConfig") {
            report.exactly_one(client, &["url", "service"]);
        }
        review_versions(webhook, "admissionReviewVersions", report);
        for one in items(webhook, "rules") {
            rule(one, report);
        }
    }
}

/// Source: `validateAdmissionReviewVersions`, `validateConversionReviewVersions`.
pub(super) fn review_versions(parent: &Node, field: &str, report: &mut Report<'_>) {
    if let Some(list) = get(parent, field)
        && !items(parent, field).is_empty()
        && !texts(parent, field).any(|(version, _)| REVIEW_VERSIONS.contains(&version))
    {
        report.add(Fault::depends(list, "must have `v1` or `v1beta1`"));
    }
}

/// Source: `validateRuleWithOperations`, `validateRule`.
pub(super) fn rule(rule: &Node, report: &mut Report<'_>) {
    for field in ["operations", "apiGroups", "apiVersions"] {
        let Some(list) = get(rule, field) else { continue };
        if items(rule, field).len() > 1 && texts(rule, field).any(|(text, _)| text == "*") {
            report.add(Fault::depends(list, "must have `*` alone: it stands for all"));
        }
    }
    resources(rule, report);
}

/// Source: `validateResources`.
fn resources(rule: &Node, report: &mut Report<'_>) {
    let Some(list) = get(rule, "resources") else { return };
    // What a `RESOURCE/*` and a `*/SUBRESOURCE` cover already.
    let mut all_of: BTreeMap<&str, &Node> = BTreeMap::new();
    let mut all_with: BTreeMap<&str, &Node> = BTreeMap::new();
    let (mut everything, mut every_resource, mut last_is_resource) = (false, false, false);
    for (text, at) in texts(rule, "resources").filter(|(text, _)| !text.is_empty()) {
        everything |= text == "*/*";
        every_resource |= text == "*";
        let Some((resource, sub)) = text.split_once('/') else {
            last_is_resource = text != "*";
            continue;
        };
        for other in [all_of.get(resource), all_with.get(sub)].into_iter().flatten() {
            let says = "must not be set: another item stands for it";
            report.add(Fault::depends(at, says).beside(other, "the other one"));
        }
        if sub == "*" {
            all_of.insert(resource, at);
        }
        if resource == "*" {
            all_with.insert(sub, at);
        }
    }
    if everything && items(rule, "resources").len() > 1 {
        report.add(Fault::depends(list, "must have `*/*` alone: it stands for all"));
    }
    if every_resource && last_is_resource {
        report.add(Fault::depends(list, "must not have a resource beside `*`"));
    }
}
