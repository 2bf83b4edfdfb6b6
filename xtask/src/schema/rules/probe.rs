//! Probes and lifecycle handlers.
//!
//! Source: `validateProbe`, `validateLifecycle`, `validateInitContainers` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    container::{Container, Role},
    report::{Fault, Report},
    value::{at, get, integer},
};

const PROBES: &[&str] = &["livenessProbe", "readinessProbe", "startupProbe"];
const PROBE_HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc"];
const LIFECYCLE_HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "sleep"];
const ENDS: &str = "an init container without `restartPolicy: Always` ends before the pod is ready";

/// Source: `validateHandler`, `validateReadinessProbe`, `validateInitContainers`.
pub(super) fn probes(container: &Container<'_>, report: &mut Report<'_>) {
    for name in PROBES {
        let Some(probe) = get(container.node, name) else { continue };
        if container.role == Role::Init && !container.is_sidecar() {
            report.add(Fault::excluded(probe, ENDS));
            continue;
        }
        report.exactly_one(probe, PROBE_HANDLERS);
        if *name == "readinessProbe"
            && let Some(period) = get(probe, "terminationGracePeriodSeconds")
        {
            report.add(Fault::excluded(period, "a readiness probe ends no container"));
        }
    }
}

/// Source: `validateHandler`, `validateSleepAction`.
pub(super) fn lifecycle(container: &Container<'_>, report: &mut Report<'_>) {
    let Some(lifecycle) = get(container.node, "lifecycle") else { return };
    if container.role == Role::Init && !container.is_sidecar() {
        report.add(Fault::excluded(lifecycle, ENDS));
        return;
    }
    for name in ["postStart", "preStop"] {
        let Some(handler) = get(lifecycle, name) else { continue };
        report.exactly_one(handler, LIFECYCLE_HANDLERS);
        let most = container.pod.grace_period();
        if let Some(seconds) = at(handler, &["sleep", "seconds"])
            && at(handler, &["sleep"]).and_then(|sleep| integer(sleep, "seconds")) > Some(most)
        {
            let says = format!("must be at most {most}, the pod's `terminationGracePeriodSeconds`");
            report.add(Fault::order(seconds, says));
        }
    }
}
