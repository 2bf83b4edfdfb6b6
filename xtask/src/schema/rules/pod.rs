//! Pods, and the templates of pods.
//!
//! Source: `ValidatePodSpec`, `ValidatePodCreate` and `ValidatePodTemplateSpec` of
//! `pkg/apis/core/validation/validation.go`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    container::{Container, Role},
    report::{Fault, Report},
    value::{at, boolean, get, integer, is_set, is_true, items, text},
};
use crate::{
    diag::codes,
    schema::{formats::Format, scalar::shown},
    yaml::Node,
};

/// A pod or the template of one.
pub(super) struct Pod<'a> {
    /// What has `metadata` and `spec`.
    pub template: &'a Node,
    pub spec: &'a Node,
    /// A pod itself, not a template.
    pub is_bare: bool,
    /// The volumes by name. A claim template of a StatefulSet is one, and takes the place of a
    /// volume of its name.
    pub volumes: BTreeMap<&'a str, Volume<'a>>,
    /// The names of `resourceClaims`.
    pub claims: BTreeSet<&'a str>,
}

/// What a mount can name.
#[derive(Clone, Copy)]
pub(super) enum Volume<'a> {
    Declared(&'a Node),
    ClaimTemplate,
}

impl<'a> Pod<'a> {
    /// The pod that an object of a kind is or makes.
    pub fn of(object: &'a Node, kind: &str) -> Option<Self> {
        let template = match kind {
            "v1/Pod" => object,
            "v1/PodTemplate" => get(object, "template")?,
            "v1/ReplicationController"
            | "apps/v1/Deployment"
            | "apps/v1/ReplicaSet"
            | "apps/v1/DaemonSet"
            | "apps/v1/StatefulSet"
            | "batch/v1/Job" => at(object, &["spec", "template"])?,
            "batch/v1/CronJob" => at(object, &["spec", "jobTemplate", "spec", "template"])?,
            _ => return None,
        };
        let spec = get(template, "spec")?;
        let mut volumes = BTreeMap::new();
        for volume in items(spec, "volumes") {
            volumes.entry(text(volume, "name")).or_insert(Volume::Declared(volume));
        }
        if kind == "apps/v1/StatefulSet" {
            let templates = get(object, "spec").map(|spec| items(spec, "volumeClaimTemplates"));
            for claim in templates.unwrap_or_default() {
                let name = get(claim, "metadata").map_or("", |metadata| text(metadata, "name"));
                volumes.insert(name, Volume::ClaimTemplate);
            }
        }
        let claims = items(spec, "resourceClaims").iter().map(|claim| text(claim, "name"));
        let claims = claims.filter(|name| !name.is_empty()).collect();
        Some(Self { template, spec, is_bare: kind == "v1/Pod", volumes, claims })
    }

    /// Its containers and init containers.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let of = move |list: &str, role| {
            let nodes = items(self.spec, list).iter();
            nodes.map(move |node| Container { node, pod: self, role })
        };
        of("containers", Role::Regular).chain(of("initContainers", Role::Init))
    }

    /// A field of its security context.
    pub fn security_context(&self) -> Option<&'a Node> {
        get(self.spec, "securityContext")
    }

    /// How long it has to end.
    pub fn grace_period(&self) -> i128 {
        integer(self.spec, "terminationGracePeriodSeconds").unwrap_or(30)
    }

    /// Whether it has a user namespace of its own.
    pub fn has_own_users(&self) -> bool {
        boolean(self.spec, "hostUsers") == Some(false)
    }
}

/// On the host's network a port of a container is one of the host, and each only once.
///
/// Source: `validatePodHostNetworkDeps`, `checkHostPortConflicts`; `SetDefaults_Pod` gives the ports
/// of a pod, not of a template, their host port.
pub(super) fn host_ports(pod: &Pod<'_>, report: &mut Report<'_>) {
    let on_host = is_true(pod.spec, "hostNetwork");
    let mut taken = BTreeMap::new();
    for container in pod.containers() {
        let mut own = BTreeMap::new();
        let is_regular = container.role == Role::Regular;
        let taken = if is_regular { &mut taken } else { &mut own };
        for port in items(container.node, "ports") {
            let inner = integer(port, "containerPort").unwrap_or(0);
            let written = integer(port, "hostPort").filter(|port| *port != 0);
            if on_host
                && is_regular
                && let (Some(outer), Some(at)) = (written, get(port, "hostPort"))
                && outer != inner
            {
                let says = format!("must be the `containerPort`, {inner}, on the host's network");
                let fault = Fault::depends(at, says);
                report.add(match get(port, "containerPort") {
                    Some(inner) => fault.beside(inner, "the container's port"),
                    None => fault,
                });
            }
            let Some(outer) = written.or((on_host && pod.is_bare).then_some(inner)) else {
                continue;
            };
            let protocol = match text(port, "protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            let at = get(port, "hostPort").or_else(|| get(port, "containerPort")).unwrap_or(port);
            let key = (protocol, text(port, "hostIP"), outer);
            if let Some(first) = taken.insert(key, at) {
                let says = format!("takes port {outer} of the host a second time");
                let fault = Fault::new(codes::SCHEMA_DUPLICATE, at, says);
                report.add(fault.beside(first, "the first one"));
            }
        }
    }
}

/// Source: `validatePodSpecSecurityContext`.
pub(super) fn host_namespaces(pod: &Pod<'_>, report: &mut Report<'_>) {
    if let Some(at) = get(pod.spec, "shareProcessNamespace")
        && let Some(other) = get(pod.spec, "hostPID")
        && is_true(pod.spec, "shareProcessNamespace")
        && is_true(pod.spec, "hostPID")
    {
        let says = "must not be true: with `hostPID` the processes are shared with the whole host";
        report.add(Fault::depends(at, says).beside(other, "shares them with the host"));
    }
}

/// Source: `validateHostUsers`.
pub(super) fn host_users(pod: &Pod<'_>, report: &mut Report<'_>) {
    if !pod.has_own_users() {
        return;
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(at) = get(pod.spec, field)
            && is_true(pod.spec, field)
        {
            report.add(Fault::depends(at, "must not be true: `hostUsers` is false"));
        }
    }
    for container in pod.containers() {
        if let Some(at) = get(container.node, "volumeDevices")
            && !items(container.node, "volumeDevices").is_empty()
        {
            report.add(Fault::excluded(at, "`hostUsers` is false"));
        }
    }
}

/// Source: `validatePodDNSConfig`.
pub(super) fn dns(pod: &Pod<'_>, report: &mut Report<'_>) {
    const MOST_CHARACTERS: usize = 2048;
    let config = get(pod.spec, "dnsConfig");
    if text(pod.spec, "dnsPolicy") == "None" {
        let why = "with `dnsPolicy: None` it is all that the pod has";
        match config {
            None => report.add(Fault::missing(pod.spec, &["dnsConfig"], why)),
            Some(config) if items(config, "nameservers").is_empty() => {
                report.add(Fault::missing(config, &["nameservers"], why));
            }
            Some(_) => {}
        }
    }
    let Some(searches) = config.and_then(|config| get(config, "searches")) else { return };
    let names = searches.as_sequence().unwrap_or_default();
    let lengths = names.iter().filter_map(Node::as_str).map(|name| name.len() + 1);
    let length = lengths.sum::<usize>().saturating_sub(1);
    if length > MOST_CHARACTERS {
        let says = format!("must have at most {MOST_CHARACTERS} characters in all, not {length}");
        report.add(Fault::new(codes::SCHEMA_LENGTH, searches, says));
    }
}

/// Source: `validatePodHostName`.
pub(super) fn hostname_override(pod: &Pod<'_>, report: &mut Report<'_>) {
    let Some(at) = get(pod.spec, "hostnameOverride") else { return };
    for field in ["setHostnameAsFQDN", "hostNetwork"] {
        if let Some(other) = get(pod.spec, field)
            && is_true(pod.spec, field)
        {
            let fault = Fault::excluded(at, &format!("`{field}` is true"));
            report.add_since("1.35", fault.beside(other, "sets the name already"));
        }
    }
}

/// Source: `ValidatePodCreate`.
pub(super) fn scheduling_gates(pod: &Pod<'_>, report: &mut Report<'_>) {
    if let Some(at) = get(pod.spec, "nodeName")
        && pod.is_bare
        && !text(pod.spec, "nodeName").is_empty()
        && !items(pod.spec, "schedulingGates").is_empty()
    {
        report.add(Fault::excluded(at, "a pod with scheduling gates has no node yet"));
    }
}

/// Source: `ValidatePodCreate`, `ValidatePodTemplateSpec`.
pub(super) fn ephemeral_containers(pod: &Pod<'_>, report: &mut Report<'_>) {
    if let Some(at) = get(pod.spec, "ephemeralContainers")
        && !items(pod.spec, "ephemeralContainers").is_empty()
    {
        let why = "an ephemeral container is added to a pod that runs, with `kubectl debug`";
        report.add(Fault::excluded(at, why));
    }
}

/// The schema compares the containers of one list; no init container may have a name of another
/// container either.
///
/// Source: `validateInitContainers`.
pub(super) fn container_names(pod: &Pod<'_>, report: &mut Report<'_>) {
    let mut names: BTreeMap<&str, (&Node, Role)> = BTreeMap::new();
    for container in pod.containers() {
        let Some(at) = get(container.node, "name") else { continue };
        let Some(name) = at.as_str().filter(|name| !name.is_empty()) else { continue };
        match names.get(name) {
            Some((first, Role::Regular)) if container.role == Role::Init => {
                let says = format!("repeats {}, the name of another container", shown(name));
                let fault = Fault::new(codes::SCHEMA_DUPLICATE, at, says);
                report.add(fault.beside(first, "the other one"));
            }
            Some(_) => {}
            None => {
                names.insert(name, (at, container.role));
            }
        }
    }
}

/// Source: `validatePodResourceClaim`.
pub(super) fn resource_claims(pod: &Pod<'_>, report: &mut Report<'_>) {
    for claim in items(pod.spec, "resourceClaims") {
        report.exactly_one(claim, &["resourceClaimName", "resourceClaimTemplateName"]);
    }
}

/// A claim of a generic ephemeral volume is named for the pod and the volume.
///
/// Source: `validateVolumeSource`, `ValidateVolumes`.
pub(super) fn ephemeral_claims(pod: &Pod<'_>, report: &mut Report<'_>) {
    let name = get(pod.template, "metadata").map_or("", |metadata| text(metadata, "name"));
    if !pod.is_bare || name.is_empty() {
        return;
    }
    let volumes = items(pod.spec, "volumes");
    let made: BTreeSet<_> = volumes
        .iter()
        .filter(|volume| is_set(volume, "ephemeral"))
        .map(|volume| format!("{name}-{}", text(volume, "name")))
        .collect();
    for volume in volumes {
        if let Some(at) = get(volume, "name")
            && is_set(volume, "ephemeral")
            && let Err(must) =
                Format::Dns1123Subdomain.check(&format!("{name}-{}", text(volume, "name")))
        {
            let says =
                format!("makes a claim `{name}-{}`, which must be {must}", text(volume, "name"));
            report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
        }
        if let Some(at) = at(volume, &["persistentVolumeClaim", "claimName"])
            && made.contains(at.as_str().unwrap_or_default())
        {
            report.add(Fault::depends(at, "must not be the claim of an ephemeral volume"));
        }
    }
}
