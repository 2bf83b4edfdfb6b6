//! A client of MongoDB whose certificate looks like that of a member.
//!
//! With `clusterAuthMode: x509` every certificate whose organisations (O), units (OU) and domain
//! components (DC) are those of the server's own is taken for a member: the client may do everything,
//! and a line of the log is all that says so. With a key file its login is refused. Source: "Use X.509"
//! in the manual of MongoDB, all releases.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    certificate::Certificate,
    items,
    mongodb::{certificate_objects, members},
};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Text},
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let all = certificate_objects(cluster);
    let members = members(cluster, &all);
    let mut known: BTreeMap<(Authority<'_>, Subject<'_>), &Certificate<'_, '_>> = BTreeMap::new();
    let mut of_members = BTreeSet::new();
    for member in members.iter().flat_map(|member| member.certificates.iter().copied()) {
        of_members.insert(&member.object.id);
        let subject = Subject::of(member);
        if !subject.is_empty() {
            known.entry((authority(member), subject)).or_insert(member);
        }
    }
    for client in all.iter().filter(|one| one.usage("client auth").is_some()) {
        if of_members.contains(&client.object.id) {
            continue;
        }
        let key = (authority(client), Subject::of(client));
        let Some(member) = known.get(&key) else { continue };
        let (object, other) = (client.object, member.object);
        let message = format!(
            "{object} has the organisation, unit and domain of {other}, a member of MongoDB: its client is taken for one and may do everything"
        );
        let at = subject_at(client).unwrap_or(object.node);
        let related = other.at(subject_at(member).unwrap_or(other.node).span);
        out.push(
            object
                .error(codes::TRAP_MONGODB_CLIENT_SUBJECT, message, at)
                .with_related(related, "the member's subject")
                .with_help("give clients an organisational unit of their own"),
        );
    }
}

/// Who signs a certificate: the namespace and the name of its issuer.
type Authority<'a> = (Text, &'a str);

fn authority<'a>(certificate: &Certificate<'_, 'a>) -> Authority<'a> {
    let holder = certificate.issuer().unwrap_or(certificate.object);
    (holder.namespace(), certificate.issuer_at.as_str().unwrap_or_default())
}

/// The parts of a subject that MongoDB compares, sorted.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Subject<'a> {
    organizations: Vec<&'a str>,
    units: Vec<&'a str>,
    domain: Vec<&'a str>,
}

impl<'a> Subject<'a> {
    fn of(certificate: &Certificate<'_, 'a>) -> Self {
        let node = certificate.object.node;
        let mut subject = if let Some(literal) = node.text_at(&["spec", "literalSubject"]) {
            Self::parse(literal)
        } else {
            let list = |field| {
                let all = items(node, &["spec", "subject", field]).iter();
                all.filter_map(Node::as_str).collect()
            };
            Self {
                organizations: list("organizations"),
                units: list("organizationalUnits"),
                domain: Vec::new(),
            }
        };
        for list in [&mut subject.organizations, &mut subject.units, &mut subject.domain] {
            list.sort_unstable();
        }
        subject
    }

    /// A distinguished name of RFC 4514: `CN=db,OU=members,O=Example,DC=example`.
    fn parse(text: &'a str) -> Self {
        let mut subject = Self::default();
        for part in split_unescaped(text) {
            let Some((key, value)) = part.split_once('=') else { continue };
            let list = match key.trim().to_ascii_uppercase().as_str() {
                "O" => &mut subject.organizations,
                "OU" => &mut subject.units,
                "DC" => &mut subject.domain,
                _ => continue,
            };
            list.push(value.trim());
        }
        subject
    }

    fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.units.is_empty() && self.domain.is_empty()
    }
}

/// The parts between commas and plus signs that no backslash precedes.
fn split_unescaped(text: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |c| {
        let splits = !is_escaped && matches!(c, ',' | '+' | ';');
        is_escaped = c == '\\' && !is_escaped;
        splits
    })
}

/// Where the subject is written.
fn subject_at<'a>(certificate: &Certificate<'_, 'a>) -> Option<&'a Node> {
    let spec = certificate.object.node.get("spec")?;
    spec.get("literalSubject").or_else(|| spec.get("subject"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinguished_name_is_split_at_what_is_not_escaped() {
        let subject =
            Subject::parse(r"CN=db\, first, ou=members+O=Example\, Inc.,DC=example,DC=org");
        assert_eq!(subject.organizations, [r"Example\, Inc."]);
        assert_eq!(subject.units, ["members"]);
        assert_eq!(subject.domain, ["example", "org"]);
        assert!(Subject::parse("CN=db").is_empty());
    }
}
