//! What an `AppProject` allows.
//!
//! Source: Argo CD's `app_project_types.go`: a denial outweighs everything, no list of namespaced
//! kinds allows all of them, and no list of kinds without a namespace allows none.

use std::collections::BTreeSet;

use super::{
    super::namespaces::is_unscoped,
    application::{Application, IN_CLUSTER, Source},
    glob, plain,
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    resource::{Gvk, is_known},
    yaml::{Node, Text},
};

/// An `AppProject`.
pub(super) struct Project<'c, 'a> {
    pub object: &'c Object<'a>,
}

/// A kind that a project was found to deny: the project, the group and the kind.
pub(super) type Denied = (Text, Text, Text, Text);

/// How many entries of a list of a project are looked at.
const MAX_ENTRIES: usize = 256;

impl Project<'_, '_> {
    /// Whether Applications of another namespace may be of this project.
    pub fn takes_applications_of(&self, namespace: &str) -> bool {
        let mut all = self.list("sourceNamespaces").filter_map(Node::as_str);
        all.any(|pattern| glob::permits(pattern, namespace, None))
    }

    /// Checks that the project allows what an Application of it deploys.
    pub fn check(
        &self,
        application: &Application<'_, '_>,
        cluster: &Cluster<'_>,
        denied: &mut BTreeSet<Denied>,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) {
        for source in &application.sources {
            out.extend(self.source(application, source));
        }
        let is_allowed = self.destination(application, out);
        let mut namespaces = BTreeSet::new();
        for object in application.apps.iter().flat_map(|app| cluster.of_app(app)) {
            out.extend(self.kind(application, object, denied));
            let namespace = &object.id.namespace;
            if is_allowed
                && project_needs(object)
                && namespaces.insert(namespace.clone())
                && !self.allows(application, namespace)
            {
                out.push(self.other_namespace(application, object));
            }
        }
    }

    /// The problem that a source is none of those that the project allows.
    fn source(
        &self,
        application: &Application<'_, '_>,
        source: &Source<'_>,
    ) -> Option<Diagnostic<Anchor>> {
        let node = source.node.get("repoURL")?;
        let url = plain(node)?;
        let wanted = normalized(url);
        let mut is_allowed = false;
        for pattern in self.list("sourceRepos").filter_map(Node::as_str) {
            let permits = glob::permits(&normalized(pattern), &wanted, Some('/'));
            if glob::is_denial(pattern) && !permits {
                is_allowed = false;
                break;
            }
            is_allowed |= permits;
        }
        if is_allowed {
            return None;
        }
        let (object, project) = (application.object, self.object);
        let message = format!(
            "`{}.repoURL` of {object} is `{url}`, which {project} does not allow as a source",
            source.field
        );
        let told = object.error(codes::REFERENCE_PROJECT_DENIES, message, node);
        Some(self.explained(told, "sourceRepos"))
    }

    /// Whether the project allows the destination of an Application; if not, that is reported.
    fn destination(
        &self,
        application: &Application<'_, '_>,
        out: &mut Vec<Diagnostic<Anchor>>,
    ) -> bool {
        let destination = application.spec.get("destination");
        let part = |key| application.destination_node(key);
        // What a generator fills in is not known.
        let is_plain = |key| part(key).is_none_or(|node| plain(node).is_some());
        let Some(node) =
            destination.filter(|_| ["server", "name", "namespace"].into_iter().all(is_plain))
        else {
            return false;
        };
        let namespace = application.destination("namespace").unwrap_or_default();
        if self.allows(application, namespace) {
            return true;
        }
        let (object, project) = (application.object, self.object);
        let cluster = application.destination("server").or(application.destination("name"));
        let message = format!(
            "`{}.destination` of {object} is namespace `{namespace}` of `{}`, which {project} does \
             not allow",
            application.field,
            cluster.unwrap_or_default()
        );
        let at = part("namespace").unwrap_or(node);
        let told = object.error(codes::REFERENCE_PROJECT_DENIES, message, at);
        out.push(self.explained(told, "destinations"));
        false
    }

    /// Whether the project allows a namespace of the cluster that an Application deploys to.
    fn allows(&self, application: &Application<'_, '_>, namespace: &str) -> bool {
        let (mut server, mut name) =
            (application.destination("server"), application.destination("name"));
        if application.is_in_cluster() {
            (server, name) = (Some(IN_CLUSTER.0), Some(IN_CLUSTER.1));
        }
        let mut is_allowed = false;
        for item in self.list("destinations") {
            let part = |key| item.get(key).and_then(Node::as_str).unwrap_or_default();
            // A cluster that is given by its name alone may have any server, and the other way round.
            let fits = |pattern: &str, actual: Option<&str>| {
                !pattern.is_empty()
                    && actual.is_none_or(|actual| glob::permits(pattern, actual, None))
            };
            let by_server = fits(part("server"), server);
            let by_name = fits(part("name"), name);
            let by_namespace = glob::permits(part("namespace"), namespace, None);
            if (by_server || by_name) && by_namespace {
                is_allowed = true;
            } else if (!by_name && glob::is_denial(part("name")))
                || (!by_server && glob::is_denial(part("server")))
                || (!by_namespace && glob::is_denial(part("namespace")))
            {
                return false;
            }
        }
        is_allowed
    }

    /// The problem that an object is in a namespace that the project does not allow.
    fn other_namespace(
        &self,
        application: &Application<'_, '_>,
        object: &Object<'_>,
    ) -> Diagnostic<Anchor> {
        let project = self.object;
        let spec = project.node.get("spec").unwrap_or(project.node);
        let message = format!(
            "`spec.destinations` of {project} does not allow namespace `{}`, in which {} deploys \
             {object}",
            object.id.namespace, application.object
        );
        let at = spec.get("destinations").unwrap_or(spec);
        let written = object.node.at(&["metadata", "namespace"]).unwrap_or(object.node);
        project
            .error(codes::REFERENCE_PROJECT_DENIES, message, at)
            .with_related(object.at(written.span), format!("the namespace of {object}"))
            .with_help("add the namespace to the destinations of the project")
    }

    /// The problem that the project does not allow the kind of an object.
    fn kind(
        &self,
        application: &Application<'_, '_>,
        object: &Object<'_>,
        denied: &mut BTreeSet<Denied>,
    ) -> Option<Diagnostic<Anchor>> {
        let is_namespaced = is_namespaced(object)?;
        let (allowed, forbidden, by_default) = if is_namespaced {
            ("namespaceResourceWhitelist", "namespaceResourceBlacklist", true)
        } else {
            ("clusterResourceWhitelist", "clusterResourceBlacklist", false)
        };
        let project = self.object;
        let spec = project.node.get("spec").unwrap_or(project.node);
        let name = project.node.at(&["metadata", "name"]).unwrap_or(spec);
        let has = |list: &str| self.list(list).find(|entry| is_listed(entry, object));
        let is_allowed = if spec.get(allowed).is_some_and(|list| !list.is_null()) {
            has(allowed).is_some()
        } else {
            by_default
        };
        let forbids = has(forbidden);
        if is_allowed && forbids.is_none() {
            return None;
        }
        let gvk = &object.id.gvk;
        let key =
            (project.namespace(), project.id.name.clone(), gvk.group.clone(), gvk.kind.clone());
        if !denied.insert(key) {
            return None;
        }
        let (field, at) = match forbids {
            Some(entry) => (forbidden, entry),
            None => (allowed, spec.get(allowed).unwrap_or(name)),
        };
        let message = format!(
            "`spec.{field}` of {project} does not allow {}, and {} deploys {object}",
            gvk.kind, application.object
        );
        let group = if gvk.group.is_empty() { "\"\"" } else { gvk.group.as_str() };
        let help = match forbids {
            Some(_) => {
                "remove the kind from the list, or the object from the application".to_owned()
            }
            None => format!("add `{{group: {group}, kind: {}}}` to the list", gvk.kind),
        };
        let told = project.error(codes::REFERENCE_PROJECT_DENIES, message, at);
        Some(told.with_related(object.name_anchor(), format!("{object} is here")).with_help(help))
    }

    /// With the list of the project that says what is allowed.
    fn explained(&self, told: Diagnostic<Anchor>, list: &str) -> Diagnostic<Anchor> {
        let project = self.object;
        let spec = project.node.get("spec").unwrap_or(project.node);
        let at = spec.get(list).unwrap_or(spec);
        told.with_related(project.at(at.span), format!("what {project} allows"))
            .with_help(format!("add it to `spec.{list}` of {project}, or correct it"))
    }

    fn list(&self, field: &str) -> impl Iterator<Item = &Node> {
        let list = self.object.node.at(&["spec", field]).and_then(Node::as_sequence);
        list.unwrap_or_default().iter().take(MAX_ENTRIES)
    }
}

/// Whether an object is put into the namespace that it names.
fn project_needs(object: &Object<'_>) -> bool {
    !object.id.namespace.is_empty() && is_namespaced(object) == Some(true)
}

/// Whether an entry of a list of kinds has the kind of an object, and its name if it has one.
fn is_listed(entry: &Node, object: &Object<'_>) -> bool {
    let fits = |key: &str, actual: &str| {
        let pattern = entry.get(key).and_then(Node::as_str).unwrap_or_default();
        glob::matches(pattern, actual, None)
    };
    let gvk = &object.id.gvk;
    let names = entry.get("name").and_then(Node::as_str).is_some_and(|name| !name.is_empty());
    fits("group", &gvk.group)
        && fits("kind", &gvk.kind)
        && (!names || fits("name", &object.id.name))
}

/// Whether objects of the kind of this one are in a namespace, if that is known.
pub(super) fn is_namespaced(object: &Object<'_>) -> Option<bool> {
    let Gvk { group, version, kind } = &object.id.gvk;
    let is_policy =
        matches!(group.as_str(), "constraints.gatekeeper.sh" | "templates.gatekeeper.sh");
    if is_policy || is_unscoped(object) {
        return Some(false);
    }
    (is_known(group, version, kind) || !object.id.namespace.is_empty()).then_some(true)
}

/// An address without what makes no difference.
fn normalized(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    url.strip_suffix(".git").map(str::to_owned).unwrap_or(url)
}
