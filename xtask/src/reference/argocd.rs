//! Applications of Argo CD: what they deploy, and whether their project allows it.
//!
//! Source: Argo CD v3.5. The repository deploys `rendered/<env>/<app>`; what is in such a directory
//! is known without reading it, since the objects of that overlay are here.

use std::collections::{BTreeMap, BTreeSet};

use super::target::Target;
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes, did_you_mean},
    yaml::Node,
};

mod application;
mod glob;
mod project;

use application::{Application, Source};
use project::Project;

/// The group of all kinds.
const GROUP: &str = "argoproj.io";

/// The directory that Argo CD syncs from.
const RENDERED: &str = "rendered/";

/// How many applications are looked through for one that may have been meant.
const MAX_APPS: usize = 256;

/// How many projects are looked through for one that is open to another namespace.
const MAX_PROJECTS: usize = 256;

/// The directories of a repository that the Applications of a cluster name.
pub fn directories<'a>(cluster: &Cluster<'a>) -> BTreeSet<&'a str> {
    let applications = application::all(cluster);
    let sources = applications.iter().flat_map(|application| &application.sources);
    sources.filter_map(Source::plain_path).collect()
}

/// Checks the Applications of a cluster.
pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let applications = application::all(cluster);
    let own = own_repositories(cluster, &applications);
    let mut synced = BTreeMap::new();
    let mut denied = BTreeSet::new();
    for application in &applications {
        for source in &application.sources {
            let is_own = source.repository().is_some_and(|one| own.contains(one));
            out.extend(path(application, source, is_own, cluster));
            out.extend(duplicate(application, source, &mut synced));
        }
        out.extend(namespace(application, cluster));
        if let Some(project) = project_of(application, cluster, out) {
            project.check(application, cluster, &mut denied, out);
        }
    }
}

/// The repositories that rendered directories are synced from: this one.
fn own_repositories<'a>(
    cluster: &Cluster<'a>,
    applications: &[Application<'_, 'a>],
) -> BTreeSet<&'a str> {
    let sources = applications.iter().flat_map(|application| &application.sources);
    let is_here = |source: &&Source<'a>| {
        source.plain_path().is_some_and(|path| {
            path.starts_with(RENDERED) && cluster.has_directory(path) == Some(true)
        })
    };
    sources.filter(is_here).filter_map(Source::repository).collect()
}

/// The problem that a directory of this repository is not there.
fn path(
    application: &Application<'_, '_>,
    source: &Source<'_>,
    is_own: bool,
    cluster: &Cluster<'_>,
) -> Option<Diagnostic<Anchor>> {
    let node = source.path?;
    let path = source.plain_path()?;
    if !(is_own || path.starts_with(RENDERED)) || cluster.has_directory(path) != Some(false) {
        return None;
    }
    let object = application.object;
    let message = format!(
        "`{}.path` of {object} is `{path}`, and there is no such directory in this repository",
        source.field
    );
    let told = object.error(codes::REFERENCE_APPLICATION_PATH, message, node);
    let apps = cluster.apps().take(MAX_APPS);
    let near: Vec<String> = apps.map(|app| format!("{RENDERED}{}/{app}", cluster.name)).collect();
    Some(told.with_help(did_you_mean(path, near.iter().map(String::as_str)).unwrap_or_else(|| {
        "the overlay overlays/<env>/<app> is rendered to rendered/<env>/<app>".to_owned()
    })))
}

/// Where an Application syncs what: the repository, the directory, the cluster and the namespace.
type Synced<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The problem that two Applications sync the same to the same place.
fn duplicate<'c, 'a>(
    application: &Application<'c, 'a>,
    source: &Source<'a>,
    synced: &mut BTreeMap<Synced<'a>, &'c Object<'a>>,
) -> Option<Diagnostic<Anchor>> {
    let (repository, path) = (source.repository()?, source.plain_path()?);
    let object = application.object;
    let cluster = application.destination("server").or(application.destination("name"))?;
    let namespace = application.destination("namespace").unwrap_or_default();
    let first = *synced.entry((repository, path, cluster, namespace)).or_insert(object);
    if first.id == object.id {
        return None;
    }
    let message = format!(
        "`{}.path` of {object} is `{path}`, which {first} syncs to the same place",
        source.field
    );
    let told = object.warning(codes::REFERENCE_DUPLICATE_APPLICATION, message, source.path?);
    Some(
        told.with_related(first.name_anchor(), format!("{first} is here"))
            .with_help("remove one of the two: each undoes what the other does"),
    )
}

/// The problem that nothing makes the namespace that objects without one are put into.
fn namespace(
    application: &Application<'_, '_>,
    cluster: &Cluster<'_>,
) -> Option<Diagnostic<Anchor>> {
    let name = application.destination("namespace")?;
    let is_elsewhere = application.apps.is_empty() && !application.is_in_cluster();
    if !cluster.is_closed() || is_elsewhere || cluster.has_namespace(name) {
        return None;
    }
    let needs_it = |object: &&Object<'_>| {
        object.id.namespace.is_empty() && project::is_namespaced(object) == Some(true)
    };
    let has_only_others = |app: &&str| !cluster.of_app(app).any(|object| needs_it(&object));
    if !application.apps.is_empty() && application.apps.iter().all(has_only_others) {
        return None;
    }
    let object = application.object;
    let node = application.destination_node("namespace")?;
    let message = format!(
        "`{}.destination.namespace` of {object} is `{name}`, and nothing makes a namespace of that \
         name",
        application.field
    );
    let told =
        cluster.missing(codes::REFERENCE_APPLICATION_NAMESPACE, message, object.at(node.span));
    Some(told.with_help("add `CreateNamespace=true` to its sync options, or the namespace"))
}

/// The project of an Application, if it is here; if it should be and is not, that is reported.
fn project_of<'c, 'a>(
    application: &Application<'_, 'a>,
    cluster: &'c Cluster<'a>,
    out: &mut Vec<Diagnostic<Anchor>>,
) -> Option<Project<'c, 'a>> {
    let node = application.spec.get("project")?;
    let name = node.as_str().filter(|name| !name.is_empty() && !name.contains("{{"))?;
    let from = application.object;
    let own = from.namespace();
    if let Some(object) = cluster.find(GROUP, "AppProject", &own, name) {
        return Some(Project { object });
    }
    let mut all = cluster.of_kind(GROUP, "AppProject").take(MAX_PROJECTS);
    let open = all
        .find(|object| object.id.name == name && (Project { object }).takes_applications_of(&own));
    if let Some(object) = open {
        return Some(Project { object });
    }
    // Argo CD makes this one.
    if name != "default" {
        let path = &format!("{}.project", application.field);
        let (group, kind, namespace) = (GROUP, "AppProject", own.as_str());
        let target = Target { from, path, node, group, kind, namespace };
        target.find(cluster, codes::REFERENCE_MISSING_PROJECT, out);
    }
    None
}

/// The text of a scalar that is no template of an `ApplicationSet`.
fn plain(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| !text.is_empty() && !text.contains("{{"))
}
