//! What an Application, or the template of an `ApplicationSet`, deploys.

use super::{GROUP, RENDERED, glob, plain};
use crate::{
    cluster::{Cluster, Object},
    yaml::Node,
};

/// An Application, or the template of one.
pub(super) struct Application<'c, 'a> {
    pub object: &'c Object<'a>,
    /// Its `spec`, and where that is.
    pub spec: &'a Node,
    pub field: &'static str,
    pub sources: Vec<Source<'a>>,
    /// The applications of this environment whose rendered directories it syncs.
    pub apps: Vec<&'a str>,
}

/// Where an Application takes manifests from.
pub(super) struct Source<'a> {
    /// Where it is in the Application.
    pub field: String,
    pub node: &'a Node,
    /// The directory; none of a chart, or of values for another source.
    pub path: Option<&'a Node>,
}

/// The server of the cluster that Argo CD runs in, and its name.
pub(super) const IN_CLUSTER: (&str, &str) = ("https://kubernetes.default.svc", "in-cluster");

/// How many sources, generators and patterns of one Application are looked at.
const MAX_PATTERNS: usize = 64;

/// All Applications of a cluster, and the templates of all sets.
pub(super) fn all<'c, 'a>(cluster: &'c Cluster<'a>) -> Vec<Application<'c, 'a>> {
    let mut all = Vec::new();
    for (kind, field) in [("Application", "spec"), ("ApplicationSet", "spec.template.spec")] {
        for object in cluster.of_kind(GROUP, kind) {
            let keys: Vec<&str> = field.split('.').collect();
            let Some(spec) = object.node.at(&keys) else { continue };
            let sources = sources(spec, field);
            let mut apps: Vec<&str> = Vec::new();
            for source in &sources {
                synced(object, source, cluster, &mut apps);
            }
            all.push(Application { object, spec, field, sources, apps });
        }
    }
    all
}

/// Adds the applications of this environment whose directories a source is.
fn synced<'a>(
    object: &Object<'a>,
    source: &Source<'a>,
    cluster: &Cluster<'a>,
    apps: &mut Vec<&'a str>,
) {
    let root = format!("{RENDERED}{}", cluster.name);
    let path = source.plain_path();
    if let Some(app) = path.and_then(|path| path.strip_prefix(&root)?.strip_prefix('/')) {
        apps.extend(cluster.of_app(app).next().map(|object| object.app));
    } else if path == Some(&root) && source.is_recursive() {
        apps.extend(cluster.apps());
    } else if path.is_none() && source.path.is_some() {
        let is_listed = |app: &&str| is_generated(object, &format!("{root}/{app}"));
        apps.extend(cluster.apps().filter(is_listed));
    }
}

/// The sources of an Application.
fn sources<'a>(spec: &'a Node, field: &str) -> Vec<Source<'a>> {
    let one = |node: &'a Node, field: String| Source { field, node, path: node.get("path") };
    let mut all = Vec::new();
    if let Some(node) = spec.get("source") {
        all.push(one(node, format!("{field}.source")));
    }
    // What is rendered from it is in a branch that Argo CD writes.
    if let Some(node) = spec.at(&["sourceHydrator", "drySource"]) {
        all.push(one(node, format!("{field}.sourceHydrator.drySource")));
    }
    let list = spec.get("sources").and_then(Node::as_sequence).unwrap_or_default();
    let list = list.iter().take(MAX_PATTERNS).enumerate();
    all.extend(list.map(|(index, node)| one(node, format!("{field}.sources[{index}]"))));
    all
}

/// Whether a generator of an `ApplicationSet` lists a directory.
fn is_generated(object: &Object<'_>, path: &str) -> bool {
    let mut found = false;
    let generators = object.node.at(&["spec", "generators"]).and_then(Node::as_sequence);
    for generator in generators.unwrap_or_default().iter().take(MAX_PATTERNS) {
        let nested = ["matrix", "merge"]
            .into_iter()
            .filter_map(|kind| generator.at(&[kind, "generators"]).and_then(Node::as_sequence));
        let nested = nested.flatten().take(MAX_PATTERNS);
        for generator in nested.chain([generator]) {
            let patterns = generator.at(&["git", "directories"]).and_then(Node::as_sequence);
            let patterns = patterns.unwrap_or_default().iter().take(MAX_PATTERNS);
            let matching = patterns.filter(|pattern| {
                let glob = pattern.get("path").and_then(plain);
                glob.is_some_and(|glob| glob::matches(glob, path, Some('/')))
            });
            let excludes =
                |pattern: &Node| pattern.get("exclude").and_then(Node::scalar_text) == Some("true");
            let (excluded, included): (Vec<_>, Vec<_>) = matching.partition(|one| excludes(one));
            found |= excluded.is_empty() && !included.is_empty();
        }
    }
    found
}

impl<'a> Source<'a> {
    /// The directory, without what makes no difference; `None` if it is a template's.
    pub fn plain_path(&self) -> Option<&'a str> {
        let path = plain(self.path?)?;
        let path = path.strip_prefix("./").unwrap_or(path);
        Some(path.strip_suffix('/').unwrap_or(path))
    }

    /// The address of the repository.
    pub fn repository(&self) -> Option<&'a str> {
        let url = plain(self.node.get("repoURL")?)?;
        Some(url.strip_suffix(".git").unwrap_or(url))
    }

    fn is_recursive(&self) -> bool {
        let recurse = self.node.at(&["directory", "recurse"]).and_then(Node::scalar_text);
        recurse == Some("true")
    }
}

impl<'a> Application<'_, 'a> {
    /// Where a part of the destination is written.
    pub fn destination_node(&self, key: &str) -> Option<&'a Node> {
        self.spec.at(&["destination", key])
    }

    /// A part of the destination; `None` also if it is a template's.
    pub fn destination(&self, key: &str) -> Option<&'a str> {
        plain(self.destination_node(key)?)
    }

    /// Whether it deploys to the cluster that Argo CD runs in.
    pub fn is_in_cluster(&self) -> bool {
        self.destination("server") == Some(IN_CLUSTER.0)
            || self.destination("name") == Some(IN_CLUSTER.1)
    }
}
