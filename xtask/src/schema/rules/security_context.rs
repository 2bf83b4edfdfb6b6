//! Security contexts of pods and containers.
//!
//! Source: `ValidateSecurityContext`, `validatePodSpecSecurityContext` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    container::Container,
    pod::Pod,
    report::{Fault, Report},
    value::{at, boolean, get, is_set, is_true, items, text, texts},
};
use crate::{diag::codes, yaml::Node};

/// Source: `validatePodSpecSecurityContext`.
pub(super) fn of_pod(pod: &Pod<'_>, report: &mut Report<'_>) {
    if let Some(context) = pod.security_context() {
        profiles(context, report);
        sysctls(pod, context, report);
    }
}

/// A pod that shares a namespace with the host would set what is the host's.
///
/// Source: `ValidateHostSysctl`; `GetNamespace` of `component-helpers/node/util/sysctl`.
fn sysctls(pod: &Pod<'_>, context: &Node, report: &mut Report<'_>) {
    for sysctl in items(context, "sysctls") {
        let name = text(sysctl, "name").replace('/', ".");
        let is_of = |start: &str| name.starts_with(start);
        let field = if is_of("net.") {
            "hostNetwork"
        } else if is_of("kernel.shm")
            || is_of("kernel.msg")
            || is_of("fs.mqueue.")
            || name == "kernel.sem"
        {
            "hostIPC"
        } else {
            continue;
        };
        if let Some(at) = get(sysctl, "name")
            && let Some(other) = get(pod.spec, field)
            && is_true(pod.spec, field)
        {
            let says = format!("must not be set for the host: `{field}` is true");
            report.add(Fault::depends(at, says).beside(other, "shares it with the host"));
        }
    }
}

/// Source: `ValidateSecurityContext`.
pub(super) fn of_container(container: &Container<'_>, report: &mut Report<'_>) {
    let Some(context) = container.security_context() else { return };
    profiles(context, report);
    if let Some(mount) = get(context, "procMount")
        && mount.as_str() == Some("Unmasked")
        && !container.pod.has_own_users()
    {
        let says = "must not be `Unmasked`: the pod's `hostUsers` is not false";
        report.add(Fault::depends(mount, says));
    }
    if boolean(context, "allowPrivilegeEscalation") == Some(false) {
        escalation(context, report);
    }
}

/// What has every privilege cannot be kept from gaining more.
fn escalation(context: &Node, report: &mut Report<'_>) {
    let Some(forbids) = get(context, "allowPrivilegeEscalation") else { return };
    let mut wrong = |other: &Node, what: &str| {
        let says = format!("must not have `allowPrivilegeEscalation: false`: {what}");
        let fault = Fault::depends(forbids, says).of(context);
        report.add(fault.beside(other, "gives every privilege"));
    };
    if let Some(privileged) = get(context, "privileged")
        && is_true(context, "privileged")
    {
        wrong(privileged, "`privileged` is true");
    }
    let added = get(context, "capabilities").into_iter();
    // The server compares with this spelling only.
    let admin = added
        .flat_map(|capabilities| texts(capabilities, "add"))
        .find(|(capability, _)| *capability == "CAP_SYS_ADMIN");
    if let Some((_, capability)) = admin {
        wrong(capability, "`CAP_SYS_ADMIN` is added");
    }
}

/// A profile of the node is named, and no other one is.
///
/// Source: `validateSeccompProfileField`, `ValidateAppArmorProfileField`.
fn profiles(context: &Node, report: &mut Report<'_>) {
    for name in ["seccompProfile", "appArmorProfile"] {
        let Some(profile) = get(context, name) else { continue };
        let given = get(profile, "localhostProfile");
        match text(profile, "type") {
            "Localhost" if given.is_none() => {
                let why = "`type` is `Localhost`";
                report.add(Fault::missing(profile, &["localhostProfile"], why));
            }
            "Localhost" if name == "appArmorProfile" => {
                let path = text(profile, "localhostProfile");
                if let Some(at) = given.filter(|_| path.is_empty()) {
                    report.add(Fault::new(codes::SCHEMA_LENGTH, at, "must be set"));
                }
            }
            "RuntimeDefault" | "Unconfined" => {
                if let Some(given) = given {
                    let fault = Fault::excluded(given, "`type` is not `Localhost`");
                    report.add(match at(profile, &["type"]) {
                        Some(of) if is_set(profile, "type") => fault.beside(of, "the type"),
                        _ => fault,
                    });
                }
            }
            _ => {}
        }
    }
}
