//! Containers: what they are part of, and when they start again.
//!
//! Source: `validateContainers` and `validateInitContainers` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    pod::Pod,
    report::{Fault, Report},
    value::{get, is_set, items, text},
};
use crate::{diag::codes, yaml::Node};

/// A container of a pod.
pub(super) struct Container<'a> {
    pub node: &'a Node,
    pub pod: &'a Pod<'a>,
    pub role: Role,
}

/// The list that a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Regular,
    Init,
}

impl<'a> Container<'a> {
    /// An init container that runs on beside the others.
    pub fn is_sidecar(&self) -> bool {
        self.role == Role::Init && text(self.node, "restartPolicy") == "Always"
    }

    pub fn security_context(&self) -> Option<&'a Node> {
        get(self.node, "securityContext")
    }
}

/// Source: `validateContainers`, `validateInitContainers`, `validateContainerRestartPolicy`.
pub(super) fn restart_policy(container: &Container<'_>, report: &mut Report<'_>) {
    const MOST_RULES: usize = 20;
    if let Some(at) = get(container.node, "restartPolicy")
        && container.role == Role::Regular
    {
        report.add_before("1.35", Fault::excluded(at, "only an init container has its own"));
    }
    let rules = items(container.node, "restartPolicyRules");
    let Some(list) = get(container.node, "restartPolicyRules").filter(|_| !rules.is_empty()) else {
        return;
    };
    if !is_set(container.node, "restartPolicy") {
        let why = "`restartPolicyRules` are exceptions from it";
        report.add_since("1.35", Fault::missing(container.node, &["restartPolicy"], why));
    }
    if rules.len() > MOST_RULES {
        let says = format!("must have at most {MOST_RULES} items, not {}", rules.len());
        report.add_since("1.35", Fault::new(codes::SCHEMA_LENGTH, list, says));
    }
    for rule in rules.iter().filter(|rule| !is_set(rule, "exitCodes")) {
        report
            .add_since("1.35", Fault::missing(rule, &["exitCodes"], "a rule is for some of them"));
    }
}

/// Source: `validateResizePolicy`, `validateInitContainers`.
pub(super) fn resize_policy(container: &Container<'_>, report: &mut Report<'_>) {
    let pod_ends = text(container.pod.spec, "restartPolicy") == "Never";
    let container_ends = container.role == Role::Init && !container.is_sidecar();
    for policy in items(container.node, "resizePolicy") {
        let Some(at) = get(policy, "restartPolicy") else { continue };
        if at.as_str() != Some("RestartContainer") {
            continue;
        }
        if pod_ends {
            let says = "must be `NotRequired`: the pod's `restartPolicy` is `Never`";
            report.add(Fault::depends(at, says));
        } else if container_ends {
            let says = "must be `NotRequired`: an init container that ends is not restarted";
            report.add(Fault::depends(at, says));
        }
    }
}
