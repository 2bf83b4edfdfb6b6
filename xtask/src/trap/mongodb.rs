//! Members of MongoDB's replica sets: what runs `mongod`, and the certificates that it is given.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    certificate::{Certificate, certificates},
    items,
    program::{Program, programs},
};
use crate::{cluster::Cluster, yaml::Node};

/// Images that start `mongod` unless they are told something else.
const IMAGES: &[&str] = &[
    "mongo",
    "mongodb",
    "mongodb-community-server",
    "mongodb-enterprise-server",
    "percona-server-mongodb",
];

/// A container that runs `mongod`.
#[derive(Debug)]
pub(super) struct Member<'c, 'a> {
    pub program: Program<'c, 'a>,
    /// Those of its mounted Secrets that are certificates of a server.
    pub certificates: Vec<&'c Certificate<'c, 'a>>,
}

/// All containers of a cluster that run `mongod` with certificates that are made here.
pub(super) fn members<'c, 'a>(
    cluster: &'c Cluster<'a>,
    all: &'c [Certificate<'c, 'a>],
) -> Vec<Member<'c, 'a>> {
    let mut by_secret = BTreeMap::new();
    for certificate in all {
        if let Some(secret) = certificate.secret() {
            by_secret.entry((certificate.object.namespace(), secret)).or_insert(certificate);
        }
    }
    let programs = programs(cluster, &["mongod"], IMAGES).into_iter();
    let members = programs.map(|program| {
        let namespace = program.workload.namespace();
        let find = |secret| by_secret.get(&(namespace.into(), secret)).copied();
        let mut certificates: Vec<_> = mounted_secrets(&program).filter_map(find).collect();
        // The certificate of a client that a script beside `mongod` uses is not the member's.
        let is_client = |one: &&Certificate<'_, '_>| {
            one.usage("client auth").is_some() && one.usage("server auth").is_none()
        };
        if !certificates.iter().all(is_client) {
            certificates.retain(|one| !is_client(one));
        }
        Member { program, certificates }
    });
    members.filter(|member| !member.certificates.is_empty()).collect()
}

/// The names of the Secrets that a container mounts.
fn mounted_secrets<'a>(program: &Program<'_, 'a>) -> impl Iterator<Item = &'a str> {
    let mounts = items(program.container.node, &["volumeMounts"]).iter();
    let mounted: BTreeSet<_> = mounts.filter_map(|mount| mount.text_at(&["name"])).collect();
    let spec = program.workload.spec;
    items(spec, &["volumes"]).iter().flat_map(move |volume| {
        let is_mounted = volume.text_at(&["name"]).is_some_and(|name| mounted.contains(name));
        let own = volume.at(&["secret", "secretName"]);
        let sources = items(volume, &["projected", "sources"]).iter();
        let projected = sources.filter_map(|source| source.at(&["secret", "name"]));
        own.into_iter().chain(projected).filter_map(Node::as_str).filter(move |_| is_mounted)
    })
}

/// All certificates of a cluster that members may have, or their clients.
pub(super) fn certificate_objects<'c, 'a>(cluster: &'c Cluster<'a>) -> Vec<Certificate<'c, 'a>> {
    let mut all = certificates(cluster);
    all.retain(|certificate| certificate.secret().is_some());
    all
}
