//! Certificates that cert-manager is asked for, and who issues them.
//!
//! Source: the API of cert-manager 1.21, and its annotations on Ingresses and Gateways, for which it
//! makes the Certificate itself.

use super::items;
use crate::{
    cluster::{Cluster, Object},
    yaml::Node,
};

pub(super) const GROUP: &str = "cert-manager.io";

/// A certificate that is asked for.
#[derive(Debug)]
pub(super) struct Certificate<'c, 'a> {
    /// The Certificate, or the Ingress or Gateway whose annotations ask for it.
    pub object: &'c Object<'a>,
    /// Where the issuer is named.
    pub issuer_at: &'a Node,
    issuer: Option<&'c Object<'a>>,
    /// The DNS names that it is for, each with its place.
    pub names: Vec<(&'a str, &'a Node)>,
    /// What it may be used for, each with its place.
    pub usages: Vec<(&'a str, &'a Node)>,
    pub is_authority: bool,
}

/// All certificates that a cluster asks for: first those that are objects.
pub(super) fn certificates<'c, 'a>(cluster: &'c Cluster<'a>) -> Vec<Certificate<'c, 'a>> {
    let objects = cluster.of_kind(GROUP, "Certificate");
    let objects = objects.filter_map(|object| Certificate::of(cluster, object));
    let ingresses = cluster.of_kind("networking.k8s.io", "Ingress");
    let gateways = cluster.of_kind("gateway.networking.k8s.io", "Gateway");
    let annotated = ingresses.chain(gateways);
    objects
        .chain(annotated.filter_map(|object| Certificate::of_annotations(cluster, object)))
        .collect()
}

impl<'c, 'a> Certificate<'c, 'a> {
    fn of(cluster: &'c Cluster<'a>, object: &'c Object<'a>) -> Option<Self> {
        let spec = object.node.get("spec")?;
        let issuer_at = spec.at(&["issuerRef", "name"])?;
        let of_another = spec.text_at(&["issuerRef", "group"]).is_some_and(|group| group != GROUP);
        let kind = spec.text_at(&["issuerRef", "kind"]).unwrap_or("Issuer");
        let issuer = issuer(cluster, object, kind, issuer_at).filter(|_| !of_another);
        let texts = |field| {
            let all = items(spec, &[field]).iter();
            all.filter_map(|one| Some((one.as_str()?, one))).collect()
        };
        Some(Self {
            object,
            issuer_at,
            issuer,
            names: texts("dnsNames"),
            usages: texts("usages"),
            is_authority: text_is(spec, "isCA", "true"),
        })
    }

    fn of_annotations(cluster: &'c Cluster<'a>, object: &'c Object<'a>) -> Option<Self> {
        let (kind, issuer_at) = match object.annotation("cert-manager.io/cluster-issuer") {
            Some(at) => ("ClusterIssuer", at),
            None => ("Issuer", object.annotation("cert-manager.io/issuer")?),
        };
        let hosts =
            items(object.node, &["spec", "tls"]).iter().flat_map(|tls| items(tls, &["hosts"]));
        let listeners = items(object.node, &["spec", "listeners"]).iter();
        let with_tls = listeners.filter(|listener| listener.get("tls").is_some());
        let names = hosts.chain(with_tls.filter_map(|listener| listener.get("hostname")));
        let usages = object.annotation("cert-manager.io/usages");
        let split = |at: &'a Node| {
            let all = at.as_str().unwrap_or_default().split(',');
            all.map(move |usage| (usage.trim(), at))
        };
        Some(Self {
            object,
            issuer_at,
            issuer: issuer(cluster, object, kind, issuer_at),
            names: names.filter_map(|name| Some((name.as_str()?, name))).collect(),
            usages: usages.into_iter().flat_map(split).collect(),
            is_authority: false,
        })
    }

    /// The issuer, if it is in the cluster.
    pub fn issuer(&self) -> Option<&'c Object<'a>> {
        self.issuer
    }

    /// The issuer, if it asks an ACME server.
    pub fn acme(&self) -> Option<Acme<'c, 'a>> {
        let issuer = self.issuer?;
        let spec = issuer.node.at(&["spec", "acme"])?;
        Some(Acme { issuer, spec, server: spec.text_at(&["server"]).unwrap_or_default() })
    }

    /// The place of a usage.
    pub fn usage(&self, usage: &str) -> Option<&'a Node> {
        self.usages.iter().find(|(one, _)| *one == usage).map(|(_, at)| *at)
    }

    /// The name of the Secret that the certificate is put into, if this is a Certificate.
    pub fn secret(&self) -> Option<&'a str> {
        self.object.node.text_at(&["spec", "secretName"])
    }
}

/// An issuer that asks an ACME server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acme<'c, 'a> {
    pub issuer: &'c Object<'a>,
    pub spec: &'a Node,
    pub server: &'a str,
}

impl<'a> Acme<'_, 'a> {
    /// The host of the server.
    fn host(&self) -> &'a str {
        let rest = self.server.split_once("://").map_or(self.server, |(_, rest)| rest);
        rest.split(['/', ':']).next().unwrap_or_default()
    }

    pub fn is_lets_encrypt(&self) -> bool {
        self.host() == "letsencrypt.org" || self.host().ends_with(".letsencrypt.org")
    }

    /// Whether browsers do not trust what the server signs: it is for trying things out.
    pub fn is_staging(&self) -> bool {
        let mut words = self.host().split(['.', '-']);
        words.any(|word| word == "staging")
    }
}

fn issuer<'c, 'a>(
    cluster: &'c Cluster<'a>,
    object: &Object<'a>,
    kind: &str,
    name: &Node,
) -> Option<&'c Object<'a>> {
    let name = name.as_str()?;
    match kind {
        "ClusterIssuer" => cluster.find_unscoped(GROUP, kind, name),
        _ => cluster.find(GROUP, kind, &object.namespace(), name),
    }
}

fn text_is(node: &Node, key: &str, text: &str) -> bool {
    node.get(key).and_then(Node::scalar_text) == Some(text)
}
