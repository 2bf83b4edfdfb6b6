//! An object that another one names, and what there is to say if it is not there.

use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Code, Diagnostic, did_you_mean},
    yaml::Node,
};

/// How many objects are looked through for what may have been meant.
const MAX_CANDIDATES: usize = 1024;

/// A name in an object, of another object.
#[derive(Clone, Copy)]
pub(super) struct Target<'u, 'a> {
    /// The object that has the name.
    pub from: &'u Object<'a>,
    /// Where it has it: `spec.rules[0].http.paths[0].backend.service.name`.
    pub path: &'u str,
    /// The name.
    pub node: &'a Node,
    /// The group, the kind and the namespace of the other object.
    pub group: &'u str,
    pub kind: &'u str,
    pub namespace: &'u str,
}

impl<'a> Target<'_, 'a> {
    /// The object, if it is here; if it should be and is not, that is reported.
    pub fn find<'c>(
        &self,
        cluster: &'c Cluster<'a>,
        code: Code,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) -> Option<&'c Object<'a>> {
        let Self { group, kind, namespace, .. } = *self;
        let name = self.node.as_str()?;
        let found = cluster.find(group, kind, namespace, name);
        if found.is_none() && cluster.external(group, kind, namespace, name).is_none() {
            out.extend(self.missing(cluster, code));
        }
        found
    }

    /// The problem that it is not there; none where that cannot be known.
    pub fn missing(&self, cluster: &Cluster<'a>, code: Code) -> Option<Diagnostic<Anchor>> {
        let Self { from, path, node, group, kind, namespace } = *self;
        let name = node.as_str()?;
        // One file with a route and no Service says nothing about Services.
        if !cluster.is_closed() && cluster.names(group, kind, namespace).next().is_none() {
            return None;
        }
        let message = format!(
            "`{path}` of {from} is `{name}`, and there is no {kind} of that name in namespace \
             `{namespace}`"
        );
        let told = (code, message, from.at(node.span));
        let told = cluster.missing_in(namespace, &[name], told)?;
        let mut all = cluster.of_kind(group, kind).take(MAX_CANDIDATES);
        if let Some(other) = all.find(|other| other.id.name == name) {
            let label = format!("{other} of namespace `{}` is here", other.namespace());
            let help =
                format!("put both into one namespace, `{namespace}` or `{}`", other.namespace());
            return Some(told.with_related(other.name_anchor(), label).with_help(help));
        }
        let candidates = cluster.names(group, kind, namespace).take(MAX_CANDIDATES);
        Some(match did_you_mean(name, candidates) {
            Some(help) => told.with_help(help),
            None => told,
        })
    }
}
