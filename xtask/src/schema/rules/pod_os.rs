//! What a pod for Linux and what one for Windows has not.
//!
//! Source: `validateLinux`, `validateWindows`, `validateWindowsHostProcessPod` of
//! `pkg/apis/core/validation/validation.go`.

use super::{
    pod::Pod,
    report::{Fault, Report},
    value::{at, boolean, get, has_some, is_true, text},
};
use crate::yaml::Node;

/// Of the pod's spec.
const NOT_ON_WINDOWS: &[&str] = &["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"];
/// Of the pod's security context.
const NOT_IN_POD_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];
/// Of the security context of a container.
const NOT_IN_CONTAINER_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// Source: `validateLinux`, `validateWindows`.
pub(super) fn fields_of_the_system(pod: &Pod<'_>, report: &mut Report<'_>) {
    let system = get(pod.spec, "os").map_or("", |os| text(os, "name"));
    let (why, of_pod, of_container): (_, &[&str], &[&str]) = match system {
        "linux" => ("the pod is for Linux", &["windowsOptions"], &["windowsOptions"]),
        "windows" => ("the pod is for Windows", NOT_IN_POD_CONTEXT, NOT_IN_CONTAINER_CONTEXT),
        _ => return,
    };
    if system == "windows" {
        for field in NOT_ON_WINDOWS {
            // A host's namespace that is not used is as good as none.
            let matters = !field.starts_with("host") || *field == "hostUsers";
            if let Some(at) = get(pod.spec, field).filter(|_| matters || is_true(pod.spec, field)) {
                report.add(Fault::excluded(at, why));
            }
        }
        if let Some(at) = get(pod.spec, "resources") {
            report.add_since("1.34", Fault::excluded(at, why));
        }
    }
    let mut check = |context: &Node, fields: &[&str]| {
        for field in fields {
            if let Some(at) = get(context, field)
                && (*field != "sysctls" || has_some(context, field))
            {
                report.add(Fault::excluded(at, why));
            }
        }
    };
    if let Some(context) = pod.security_context() {
        check(context, of_pod);
    }
    for container in pod.containers() {
        if let Some(context) = container.security_context() {
            check(context, of_container);
        }
    }
}

/// Source: `validateWindowsHostProcessPod`.
pub(super) fn host_process(pod: &Pod<'_>, report: &mut Report<'_>) {
    let of = |context: Option<&Node>| {
        context.and_then(|context| boolean(get(context, "windowsOptions")?, "hostProcess"))
    };
    let whole = of(pod.security_context());
    let mut first_on_host = None;
    let mut is_mixed = false;
    for container in pod.containers() {
        let own = of(container.security_context());
        if let (Some(whole), Some(own)) = (whole, own)
            && whole != own
            && let Some(at) =
                at(container.node, &["securityContext", "windowsOptions", "hostProcess"])
        {
            report.add(Fault::depends(at, format!("must be {whole}, as for the pod")));
        }
        if own.or(whole) == Some(true) {
            first_on_host.get_or_insert(container.node);
        } else {
            is_mixed = true;
        }
    }
    let Some(first) = first_on_host else { return };
    if is_mixed {
        let says = "runs on the host, and so must every container of the pod";
        report.add(Fault::depends(first, says));
    }
    if !is_true(pod.spec, "hostNetwork") {
        let why = "a container that runs on the host is on its network";
        match get(pod.spec, "hostNetwork") {
            Some(at) => report.add(Fault::depends(at, format!("must be true: {why}"))),
            None => report.add(Fault::missing(pod.spec, &["hostNetwork"], why)),
        }
    }
}
