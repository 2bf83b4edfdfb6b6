//! Certificates of the members of MongoDB that the members refuse.
//!
//! A member calls the others: its certificate must be good for a client and for a server. And it is
//! called by its name, `<StatefulSet>-<number>.<Service>`, which the certificate must have. Otherwise
//! the set never gets a majority, or has none after the next renewal. Source: "Member X.509
//! certificates" in the manual of MongoDB, all releases, and "Stable Network ID" of Kubernetes'
//! documentation on `StatefulSet`.

use super::{
    integer,
    mongodb::{Member, certificate_objects, members},
};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
};

const SERVER: &str = "server auth";
const CLIENT: &str = "client auth";
/// As many members as a replica set can have.
const MOST_MEMBERS: i64 = 50;

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let all = certificate_objects(cluster);
    for member in members(cluster, &all) {
        out.extend(usages(&member));
        out.extend(names(&member));
    }
}

fn usages(member: &Member<'_, '_>) -> Option<Diagnostic<Anchor>> {
    let certificate = member.certificates.first()?;
    let has = |usage| member.certificates.iter().any(|one| one.usage(usage).is_some());
    // Without an extended usage a certificate is good for everything.
    let is_limited = member
        .certificates
        .iter()
        .all(|one| [SERVER, CLIENT].iter().any(|&usage| one.usage(usage).is_some()));
    let lacking = match (has(SERVER), has(CLIENT)) {
        _ if !is_limited || has("any") => return None,
        (true, true) => return None,
        (false, _) => SERVER,
        (true, false) => CLIENT,
    };
    let (object, program) = (certificate.object, member.program.object);
    let usages = object.node.at(&["spec", "usages"])?;
    let message = format!(
        "`spec.usages` of {object} lacks `{lacking}`: the members of {program} call each other and are both client and server"
    );
    Some(
        object
            .error(codes::TRAP_MONGODB_MEMBER_USAGES, message, usages)
            .with_related(program.name_anchor(), "what mounts it")
            .with_help(format!("add `{lacking}`")),
    )
}

fn names(member: &Member<'_, '_>) -> Option<Diagnostic<Anchor>> {
    let set = member.program.object;
    let certificate = member.certificates.first()?;
    if !set.is("apps", "StatefulSet") {
        return None;
    }
    let service = set.node.text_at(&["spec", "serviceName"])?;
    let namespace = set.namespace();
    let names = || member.certificates.iter().flat_map(|one| &one.names);
    let hosts: Vec<&str> =
        names().filter_map(|(name, _)| host_of(name, service, &namespace)).collect();
    let domain = names().find_map(|(name, _)| name.split_once(".svc.")).map(|(_, domain)| domain);
    let domain = domain.unwrap_or("cluster.local");
    let first = integer(set.node, &["spec", "ordinals", "start"]).unwrap_or(0);
    let members = integer(set.node, &["spec", "replicas"]).unwrap_or(1).min(MOST_MEMBERS);
    let mut missing = (first..first.saturating_add(members))
        .map(|number| format!("{}-{number}", set.id.name))
        .filter(|host| !hosts.iter().any(|one| *one == "*" || one == host));
    let host = missing.next()?;
    let object = certificate.object;
    let at =
        object.node.at(&["spec", "dnsNames"]).map_or(object.name_anchor(), |at| object.at(at.span));
    let name = format!("{host}.{service}.{namespace}.svc");
    let message =
        format!("{object} is not for `{name}`, a member of {set}: the others do not trust it");
    Some(
        Diagnostic::error(codes::TRAP_MONGODB_MEMBER_NAMES, message, at)
            .with_related(set.name_anchor(), "what mounts it")
            .with_help(format!("add `*.{service}.{namespace}.svc.{domain}` to `dnsNames`")),
    )
}

/// The host of a name of a pod behind a Service: `db-0` of `db-0.db.shop.svc.cluster.local`.
fn host_of<'a>(name: &'a str, service: &str, namespace: &str) -> Option<&'a str> {
    let (host, rest) = name.split_once('.')?;
    let mut parts = rest.split('.');
    let fits = parts.next() == Some(service)
        && parts.next().is_none_or(|part| part == namespace)
        && parts.next().is_none_or(|part| part == "svc");
    fits.then_some(host)
}
