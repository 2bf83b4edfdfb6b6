//! Names whose ownership is proved to an ACME server by HTTP-01.
//!
//! The server asks the address that the name has in DNS. A wildcard has none, and is proved by DNS-01
//! only ("Challenge Types" of Let's Encrypt's documentation). And a cluster to which DNS does not point
//! yet gets no certificate: when clusters are exchanged, the new one begins without. Which solvers of
//! an issuer are for a name follows the documentation of cert-manager 1.21 on their selectors.

use std::collections::BTreeMap;

use super::{
    certificate::{Certificate, certificates},
    items,
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// As many names as a certificate of Let's Encrypt can have; there are seldom more solvers.
const MOST: usize = 100;

const HELP: &str = "give the issuer a solver with `dns01` for this name";

/// Wildcards that only HTTP-01 is there for.
pub(super) fn wildcards(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for certificate in certificates(cluster) {
        for &(name, at) in certificate.names.iter().take(MOST) {
            if !name.starts_with("*.") {
                continue;
            }
            if let Some((issuer, solver)) = only_http(&certificate, name) {
                let object = certificate.object;
                let message = format!(
                    "name `{name}` of {object} cannot be proved: {issuer} has only HTTP-01 for it, which is not for wildcards"
                );
                out.push(
                    object
                        .error(codes::TRAP_HTTP_CHALLENGE, message, at)
                        .with_related(issuer.at(solver.span), "the solver")
                        .with_help(HELP),
                );
            }
        }
    }
}

/// Names for which a second cluster wants a certificate while DNS points to the first one: sure where
/// two environments have the name, a matter of the next migration in production.
pub(super) fn two_clusters(clusters: &[Cluster<'_>], out: &mut Vec<Diagnostic<Anchor>>) {
    let environments = || clusters.iter().filter(|cluster| !cluster.name.is_empty());
    let all: Vec<_> = environments().map(|cluster| (cluster, certificates(cluster))).collect();
    // The environments with a name: the first two are enough to know another one than a given one.
    let mut by_name: BTreeMap<&str, Vec<(&str, &Object<'_>, &Node)>> = BTreeMap::new();
    for (cluster, certificates) in &all {
        for certificate in certificates {
            for &(name, at) in &certificate.names {
                let places = by_name.entry(name).or_default();
                if places.len() < 2 && !places.iter().any(|(env, ..)| *env == cluster.name) {
                    places.push((cluster.name, certificate.object, at));
                }
            }
        }
    }
    for (cluster, certificates) in &all {
        for certificate in certificates {
            let named =
                certificate.names.iter().take(MOST).filter(|(name, _)| !name.starts_with("*."));
            let mut proved = named.filter_map(|&(name, at)| {
                let (issuer, solver) = only_http(certificate, name)?;
                let places = by_name.get(name)?;
                let other = places.iter().find(|(env, ..)| *env != cluster.name);
                Some((name, at, issuer, solver, other))
            });
            let Some(first) = proved.next() else { continue };
            let shared = std::iter::once(first).chain(proved).find(|(.., other)| other.is_some());
            let (name, at, issuer, solver, other) = shared.unwrap_or(first);
            let object = certificate.object;
            let code = codes::TRAP_HTTP_CHALLENGE;
            let diagnostic = if let Some((env, other, other_at)) = other {
                let message = format!(
                    "name `{name}` of {object} is proved by HTTP-01, and environment `{env}` has it too: only the cluster that DNS points to gets the certificate"
                );
                let related = other.at(other_at.span);
                object.warning(code, message, at).with_related(related, "the other cluster's")
            } else if cluster.production {
                let message = format!(
                    "name `{name}` of {object} is proved by HTTP-01: a cluster that is to replace this one gets no certificate before DNS points to it"
                );
                Diagnostic::info(code, message, object.at(at.span))
            } else {
                continue;
            };
            out.push(diagnostic.with_related(issuer.at(solver.span), "the solver").with_help(HELP));
        }
    }
}

/// The issuer and the first solver for a name, if all of them are HTTP-01.
fn only_http<'c, 'a>(
    certificate: &Certificate<'c, 'a>,
    name: &str,
) -> Option<(&'c Object<'a>, &'a Node)> {
    let acme = certificate.acme()?;
    let labels = certificate.object.node.at(&["metadata", "labels"]);
    let solvers = items(acme.spec, &["solvers"]).iter().take(MOST);
    let mut solvers = solvers.filter(|solver| is_for(solver, name, labels));
    let first = solvers.next()?;
    let is_http = |solver: &Node| solver.get("http01").is_some() && solver.get("dns01").is_none();
    (is_http(first) && solvers.all(is_http)).then_some((acme.issuer, first))
}

/// Whether a solver is for a name of a certificate with these labels.
fn is_for(solver: &Node, name: &str, labels: Option<&Node>) -> bool {
    let Some(selector) = solver.get("selector") else { return true };
    let texts = |field| items(selector, &[field]).iter().filter_map(Node::as_str);
    let in_zone = |zone: &str| {
        let name = name.strip_prefix("*.").unwrap_or(name);
        name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let wanted = selector.get("matchLabels").and_then(Node::as_mapping);
    let has = |key: &str, value: &Node| labels.and_then(|labels| labels.get(key)) == Some(value);
    (texts("dnsNames").next().is_none() || texts("dnsNames").any(|one| one == name))
        && (texts("dnsZones").next().is_none() || texts("dnsZones").any(in_zone))
        && wanted.into_iter().flatten().all(|entry| has(&entry.key, &entry.value))
}
