//! The owner id of ExternalDNS, by which it knows the records that are its own.
//!
//! Every release writes `--txt-owner-id` beside each record and touches no record of another owner.
//! The default is `default`, for every cluster. Two with one id in one zone take each other's records
//! for their own: under `--policy=sync` each removes what only the other one publishes. Source: its
//! pages of flags and of operational best practices.

use std::collections::BTreeMap;

use super::{
    external_dns::{VARIABLES, deployed},
    program::{Program, Setting},
};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// Registries that write an owner beside each record.
const WITH_OWNERS: &[&str] = &["txt", "dynamodb", "crd"];

/// The id that every ExternalDNS has that is not given one.
const DEFAULT: &str = "default";

/// No owner id, or the default one.
pub(super) fn default(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    for program in deployed(cluster) {
        let object = program.object;
        let (why, at) = match program.setting(cluster, "txt-owner-id", VARIABLES) {
            _ if !has_owners(&program, cluster) => continue,
            Setting::Absent => ("not set", program.place()),
            Setting::Values(values) => match values.last() {
                Some(&(DEFAULT | "", at)) => ("`default`", at),
                _ => continue,
            },
            Setting::Unknown => continue,
        };
        let message = format!(
            "`--txt-owner-id` of ExternalDNS in {object} is {why}: every cluster that does the same takes its records for its own"
        );
        let help = "set an id that only this cluster has, and keep it: records of another id are never touched";
        let code = codes::TRAP_EXTERNAL_DNS_OWNER;
        out.push(object.warning(code, message, at).with_help(help));
    }
}

fn has_owners<'a>(program: &Program<'_, 'a>, cluster: &Cluster<'a>) -> bool {
    match program.setting(cluster, "registry", VARIABLES) {
        Setting::Absent => true,
        Setting::Unknown => false,
        Setting::Values(values) => values.last().is_some_and(|(one, _)| WITH_OWNERS.contains(one)),
    }
}

/// An ExternalDNS with an owner id.
struct Owner<'c, 'a> {
    cluster: &'c str,
    program: Program<'c, 'a>,
    at: &'a Node,
    /// The zones that it looks at; none stands for all.
    domains: Vec<&'a str>,
}

/// One owner id for two that look at the same zones.
pub(super) fn shared(clusters: &[Cluster<'_>], out: &mut Vec<Diagnostic<Anchor>>) {
    // By the id and everything that decides which zones there are.
    let mut groups: BTreeMap<[String; 4], Vec<Owner<'_, '_>>> = BTreeMap::new();
    for cluster in clusters {
        for program in deployed(cluster) {
            if let Some((key, owner)) = owner(cluster, program) {
                groups.entry(key).or_default().push(owner);
            }
        }
    }
    for ([id, ..], owners) in &groups {
        let mut seen = Zones::default();
        for (at, owner) in owners.iter().enumerate() {
            let other = seen.overlapping(&owner.domains).and_then(|other| owners.get(other));
            seen.add(&owner.domains, at);
            let Some(other) = other else { continue };
            out.push(report(id, owner, other));
        }
    }
}

fn report(id: &str, owner: &Owner<'_, '_>, other: &Owner<'_, '_>) -> Diagnostic<Anchor> {
    let object = owner.program.object;
    let elsewhere = if owner.cluster == other.cluster {
        other.program.object.to_string()
    } else {
        format!("{} of environment `{}`", other.program.object, other.cluster)
    };
    let message = format!(
        "owner id `{id}` of ExternalDNS in {object} of environment `{}` is that of {elsewhere} too: each takes the other's records for its own",
        owner.cluster
    );
    let code = codes::TRAP_EXTERNAL_DNS_SHARED_OWNER;
    // Without a filter the zones are those that its login may see, which is not known here.
    let is_sure = !owner.domains.is_empty() && !other.domains.is_empty();
    let diagnostic = if is_sure {
        object.error(code, message, owner.at)
    } else {
        object.warning(code, message, owner.at)
    };
    diagnostic
        .with_related(other.program.object.at(other.at.span), "the same id")
        .with_help("give each cluster an id of its own, or filters of zones that do not overlap")
}

/// An ExternalDNS of which everything is known that decides which records it touches.
fn owner<'c, 'a>(
    cluster: &'c Cluster<'a>,
    program: Program<'c, 'a>,
) -> Option<([String; 4], Owner<'c, 'a>)> {
    let setting = |name| program.setting(cluster, name, VARIABLES);
    let values = |name| match setting(name) {
        Setting::Absent => Some(Vec::new()),
        Setting::Values(values) => Some(values),
        Setting::Unknown => None,
    };
    let joined = |name| {
        let mut texts: Vec<_> = values(name)?.into_iter().map(|(text, _)| text).collect();
        texts.sort_unstable();
        Some(texts.join(","))
    };
    if !has_owners(&program, cluster) || setting("regex-domain-filter") != Setting::Absent {
        return None;
    }
    let (id, at) = *values("txt-owner-id")?.last()?;
    if matches!(id, DEFAULT | "") {
        return None;
    }
    let key =
        [id.to_owned(), joined("provider")?, joined("zone-id-filter")?, joined("aws-zone-type")?];
    let domains = values("domain-filter")?;
    let domains = domains.into_iter().map(|(domain, _)| domain.trim_matches('.'));
    let domains = domains.filter(|domain| !domain.is_empty()).collect();
    Some((key, Owner { cluster: cluster.name, program, at, domains }))
}

/// Domains that were seen, each with a number.
#[derive(Default)]
struct Zones<'a> {
    any: Option<usize>,
    /// One that looks at all domains.
    all: Option<usize>,
    exact: BTreeMap<&'a str, usize>,
    /// The domains above those that were seen.
    above: BTreeMap<&'a str, usize>,
}

impl<'a> Zones<'a> {
    /// The number of one that has a name in common with `domains`; none of these stands for all.
    fn overlapping(&self, domains: &[&str]) -> Option<usize> {
        if domains.is_empty() {
            return self.any;
        }
        let one = |domain: &&str| {
            let above = with_parents(domain).find_map(|parent| self.exact.get(parent));
            above.or_else(|| self.above.get(domain)).copied()
        };
        self.all.or_else(|| domains.iter().find_map(one))
    }

    fn add(&mut self, domains: &[&'a str], number: usize) {
        self.any.get_or_insert(number);
        if domains.is_empty() {
            self.all.get_or_insert(number);
        }
        for &domain in domains {
            self.exact.entry(domain).or_insert(number);
            for parent in with_parents(domain).skip(1) {
                self.above.entry(parent).or_insert(number);
            }
        }
    }
}

/// A domain, then those that it is in.
fn with_parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| Some(domain.split_once('.')?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_overlap_when_one_is_in_the_other() {
        let mut seen = Zones::default();
        assert_eq!(seen.overlapping(&[]), None);
        seen.add(&["eu.example.com"], 0);
        assert_eq!(seen.overlapping(&["eu.example.com"]), Some(0));
        assert_eq!(seen.overlapping(&["web.eu.example.com"]), Some(0), "below");
        assert_eq!(seen.overlapping(&["example.com"]), Some(0), "above");
        assert_eq!(seen.overlapping(&["us.example.com", "u.example.com"]), None);
        assert_eq!(seen.overlapping(&[]), Some(0), "all");
        seen.add(&[], 1);
        assert_eq!(seen.overlapping(&["us.example.com"]), Some(1));
    }
}
