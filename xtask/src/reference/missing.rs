//! Objects, and keys of them, that are named and are not there.

use std::{cell::Cell, collections::BTreeSet, fmt::Write as _};

use super::{
    data::{self, Keys},
    marks::Marks,
    name::{Reference, Target},
    parts,
    resolve::{Found, Resolver},
};
use crate::{
    cluster::Object,
    diag::{Anchor, Code, Diagnostic, closest, codes},
    yaml::Text,
};

/// How many names are compared with wrong ones in a run: enough to help a reader, and not so many
/// that thousands of wrong names cost the square of their number.
const MAX_COMPARED: usize = 20_000;

/// Kinds that are taken for each other.
const PAIRS: &[(&str, &str)] = &[
    ("ClusterIssuer", "Issuer"),
    ("ClusterRole", "Role"),
    ("ClusterSecretStore", "SecretStore"),
    ("ConfigMap", "Secret"),
    ("Deployment", "StatefulSet"),
    ("ResourceClaim", "ResourceClaimTemplate"),
];

/// What is known of the references so far.
pub(super) struct Checker<'c, 'a> {
    pub resolver: &'c Resolver<'c, 'a>,
    pub keys: Keys<'a>,
    /// Kind, namespace and name of what is named and is there.
    pub used: BTreeSet<(Text, Text, Text)>,
    /// How many references there were.
    pub count: usize,
    compared: Cell<usize>,
    pub out: &'c mut Vec<Diagnostic<Anchor>>,
}

impl<'c, 'a> Checker<'c, 'a> {
    pub fn new(resolver: &'c Resolver<'c, 'a>, out: &'c mut Vec<Diagnostic<Anchor>>) -> Self {
        Self {
            resolver,
            keys: Keys::new(Marks::of(resolver.cluster)),
            used: BTreeSet::new(),
            count: 0,
            compared: Cell::new(0),
            out,
        }
    }

    /// Checks a reference.
    pub fn check(&mut self, reference: &Reference<'a, '_>) {
        let Reference { from, target, .. } = reference;
        self.count += 1 + reference.keys.len();
        let Some(found) = self.resolver.find(from, target) else {
            if !reference.optional {
                self.missing(reference);
            }
            return;
        };
        self.use_of(target.kind, target.namespace.as_deref().unwrap_or_default(), target.name);
        if !reference.optional {
            self.keys(reference, &found);
        }
        if let Found::Object(object) = found {
            let is_filled = self.keys.is_filled_later(object);
            self.out.extend(parts::check(reference, object, is_filled, self.resolver.cluster));
        }
    }

    fn use_of(&mut self, kind: &str, namespace: &str, name: &str) {
        self.used.insert((kind.into(), namespace.into(), name.into()));
    }

    fn missing(&mut self, reference: &Reference<'a, '_>) {
        let Reference { from, at, target, .. } = reference;
        let cluster = self.resolver.cluster;
        let Target { group, kind, name, .. } = *target;
        let suggestion = self.suggestion(target);
        // Some files rarely have what belongs to the whole cluster.
        let is_of_cluster = target.namespace.is_none();
        if is_of_cluster
            && !cluster.is_closed()
            && suggestion.is_none()
            && cluster.of_kind(group, kind).next().is_none()
        {
            return;
        }
        let place = match &target.namespace {
            Some(namespace) => format!("which is not in namespace `{namespace}`"),
            None => "which is not there".to_owned(),
        };
        let message = format!("`{at}` of {from} names {kind} `{name}`, {place}");
        let code = codes::REFERENCE_MISSING_OBJECT;
        let told = (code, message, from.at(at.node.span));
        let Some(mut diagnostic) = self.told_missing(target, told) else { return };
        let (meant, help) = if let Some((help, object)) = suggestion {
            (object, Some(help))
        } else if let Some(other) = cluster.named(group, kind, name).next() {
            (Some(other), Some(format!("there is one in namespace `{}`", other.namespace())))
        } else if let Some(other) = self.of_other_kind(target) {
            (Some(other), Some(format!("there is {other}: is it the kind that is wrong?")))
        } else {
            (None, None)
        };
        if let Some(help) = help {
            diagnostic = diagnostic.with_help(help);
        }
        if let Some(meant) = meant {
            // What a wrong name was meant for is not unused as well.
            self.use_of(&meant.id.gvk.kind, &meant.namespace(), &meant.id.name);
            diagnostic = diagnostic.with_related(meant.name_anchor(), meant.to_string());
        }
        self.out.push(diagnostic);
    }

    /// That an object is missing, unless something that is not seen here makes it. Where others make
    /// a namespace, what is in it is to be here all the same.
    fn told_missing(
        &self,
        target: &Target<'_>,
        told: (Code, String, Anchor),
    ) -> Option<Diagnostic<Anchor>> {
        let cluster = self.resolver.cluster;
        match &target.namespace {
            Some(namespace) if cluster.external("", "Namespace", "", namespace).is_none() => {
                cluster.missing_in(namespace, &[target.name], told)
            }
            _ => Some(cluster.missing(told.0, told.1, told.2)),
        }
    }

    /// What may have been meant, as a help and as an object.
    fn suggestion(&self, target: &Target<'_>) -> Option<(String, Option<&'c Object<'a>>)> {
        let cluster = self.resolver.cluster;
        let left = MAX_COMPARED - self.compared.get();
        let namespace = target.namespace.as_deref();
        let names: Vec<&str> = if let Some(namespace) = namespace {
            let made = self.resolver.production.names(target.kind, namespace);
            let names = cluster.names(target.group, target.kind, namespace);
            names.chain(made.filter(|_| target.group.is_empty())).take(left).collect()
        } else {
            let all = cluster.of_kind(target.group, target.kind);
            all.map(|object| object.id.name.as_str()).take(left).collect()
        };
        self.compared.set(self.compared.get() + names.len());
        let find = |name: &str| match namespace {
            Some(namespace) => cluster.find(target.group, target.kind, namespace, name),
            None => cluster.find_unscoped(target.group, target.kind, name),
        };
        let written: Vec<&str> = names.iter().map(|name| without_hash(name)).collect();
        let near = near(target.name, &written)?;
        let name = names.iter().zip(&written).find(|(_, written)| **written == near)?.0;
        let help = if near == target.name {
            format!(
                "kustomize has appended a hash to the name of `{name}`, and changes only what names \
                 it in the same overlay: set `disableNameSuffixHash: true` in its `options`"
            )
        } else {
            format!("did you mean `{near}`?")
        };
        Some((help, find(name)))
    }

    fn of_other_kind(&self, target: &Target<'_>) -> Option<&'c Object<'a>> {
        let pair = |(one, other)| match target.kind {
            kind if kind == one => Some(other),
            kind if kind == other => Some(one),
            _ => None,
        };
        let kind = PAIRS.iter().copied().find_map(pair)?;
        let mut others = self.resolver.cluster.named(target.group, kind, target.name);
        let fits = |other: &&Object<'_>| {
            let namespace = target.namespace.as_ref();
            namespace.is_none_or(|one| {
                other.id.is_cluster_scoped
                    || other.namespace() == *one
                    || kind.starts_with("Cluster")
            })
        };
        others.find(fits)
    }

    fn keys(&mut self, reference: &Reference<'a, '_>, found: &Found<'_, 'a>) {
        let Reference { from, at, .. } = reference;
        for key in reference.keys {
            let Some(text) = key.text() else { continue };
            if self.keys.has(found, text) == Some(false) {
                let what = format!("`{key}` of {from} names key `{text}`");
                self.missing_key(reference, found, text, &what, from.at(key.node.span));
            }
        }
        let mut needs = Vec::new();
        for &key in reference.needs {
            if self.keys.has(found, key) == Some(false) {
                needs.push(key);
            }
        }
        if let Some(&first) = needs.first() {
            let key = if needs.len() == 1 { "key" } else { "the keys" };
            let what = format!("`{at}` of {from} needs {key} {}", list(&needs));
            self.missing_key(reference, found, first, &what, from.at(at.node.span));
        }
    }

    fn missing_key(
        &mut self,
        reference: &Reference<'a, '_>,
        found: &Found<'_, 'a>,
        key: &str,
        what: &str,
        primary: Anchor,
    ) {
        let Target { kind, name, .. } = reference.target;
        let message = match found {
            Found::Produced(produced) => {
                format!("{what}, which {} does not put into {kind} `{name}`", produced.by)
            }
            _ => format!("{what}, which {kind} `{name}` does not have"),
        };
        let mut diagnostic =
            self.resolver.cluster.missing(codes::REFERENCE_MISSING_KEY, message, primary);
        let keys = self.keys.some(found);
        diagnostic = diagnostic.with_help(match near(key, &keys) {
            Some(near) => format!("did you mean `{near}`?"),
            None if keys.is_empty() => "it has no data".to_owned(),
            None => format!("it has: {}", list(&keys)),
        });
        diagnostic = match found {
            Found::Object(object) => {
                diagnostic.with_related(data::anchor(object), format!("the data of {object}"))
            }
            Found::Produced(produced) => {
                diagnostic.with_related(produced.at, format!("{} makes it", produced.by))
            }
            _ => diagnostic,
        };
        self.out.push(diagnostic);
    }
}

/// A name as it was before kustomize appended a hash to it, if it did.
fn without_hash(name: &str) -> &str {
    const LENGTH: usize = 10;
    let is_hash = |hash: &str| {
        hash.len() == LENGTH && hash.bytes().all(|byte| b"bcdfghkmt2456789".contains(&byte))
    };
    name.rsplit_once('-').filter(|(_, hash)| is_hash(hash)).map_or(name, |(written, _)| written)
}

/// The name that is meant by one that is wrong. Names are short, and what is not is none.
pub(super) fn near<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    const LONGEST: usize = 253;
    let is_name = |name: &&str| name.len() <= LONGEST;
    is_name(&name).then(|| closest(name, names.iter().copied().filter(is_name))).flatten()
}

/// `` `a`, `b` and 3 more``.
pub(super) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let mut text = shown.join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    text
}
