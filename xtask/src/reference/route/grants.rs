//! What may be referred to from another namespace.
//!
//! Source: the `ReferenceGrant` of the Gateway API, which is in the namespace of what it grants.

use std::collections::BTreeSet;

use super::items;
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Text},
};

/// The grants of a cluster.
pub(super) struct Grants<'c, 'a> {
    cluster: &'c Cluster<'a>,
    /// Each from one kind and namespace to one kind, and to one name or, if it is empty, to all.
    granted: BTreeSet<Grant>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    from: (Text, Text, Text),
    to: (Text, Text, Text),
    name: Text,
}

/// The most entries of one list that the Gateway API allows.
const MAX_ENTRIES: usize = 16;

impl<'c, 'a> Grants<'c, 'a> {
    pub fn new(cluster: &'c Cluster<'a>) -> Self {
        let mut granted = BTreeSet::new();
        for object in cluster.of_kind("gateway.networking.k8s.io", "ReferenceGrant") {
            let Some(spec) = object.node.get("spec") else { continue };
            let part =
                |node: &Node, key: &str| Text::from(node.text_at(&[key]).unwrap_or_default());
            for (_, from) in items(spec, &["from"]).take(MAX_ENTRIES) {
                let from = (part(from, "group"), part(from, "kind"), part(from, "namespace"));
                for (_, to) in items(spec, &["to"]).take(MAX_ENTRIES) {
                    let name = part(to, "name");
                    let to = (part(to, "group"), part(to, "kind"), object.namespace());
                    granted.insert(Grant { from: from.clone(), to, name });
                }
            }
        }
        Self { cluster, granted }
    }

    /// The problem that an object may not refer to one of another namespace.
    pub fn check(
        &self,
        (from, path, node): (&Object<'a>, &str, &Node),
        kind: &str,
        namespace: &str,
    ) -> Option<Diagnostic<Anchor>> {
        let gvk = &from.id.gvk;
        let own = from.namespace();
        if own == namespace {
            return None;
        }
        let mut grant = Grant {
            from: (gvk.group.clone(), gvk.kind.clone(), own.clone()),
            to: (Text::default(), kind.into(), namespace.into()),
            name: node.scalar_text()?.into(),
        };
        let is_granted = self.granted.contains(&grant) || {
            grant.name = Text::default();
            self.granted.contains(&grant)
        };
        // With a file of one namespace it is not known what another one grants.
        if is_granted || (!self.cluster.is_closed() && self.granted.is_empty()) {
            return None;
        }
        let message = format!(
            "`{path}` of {from} is a {kind} of namespace `{namespace}`, and no ReferenceGrant there \
             is for {}s of `{own}`",
            gvk.kind
        );
        let told = (codes::REFERENCE_MISSING_GRANT, message, from.at(node.span));
        let help = format!("add a ReferenceGrant to namespace `{namespace}`");
        Some(self.cluster.missing_in(namespace, &[], told)?.with_help(help))
    }
}
