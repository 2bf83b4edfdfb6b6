//! The objects of one cluster, wherever they are written, and finding them: by kind and name, and
//! the pods that they make by what selects these.
//!
//! An environment is one cluster: all its overlays together. Invariant: nothing here judges; a
//! look-up goes through an index and never over all objects.

mod external;
mod given;
mod makers;
mod object;
mod pods;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

pub use external::External;
pub use object::Object;
pub use pods::{Container, ContainerRole, Workload};
pub use selector::{Operator, Requirement, Selector};

use crate::{
    diag::{Anchor, Code, Diagnostic},
    yaml::{Node, Text},
};

/// Whether there is more in the cluster than what is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// All that is deployed is here, beside what a cluster brings: an environment.
    Closed,
    /// What is not here may be elsewhere: some files.
    Open,
}

/// The objects of one cluster.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// The environment; empty for files.
    pub name: &'a str,
    /// Whether it is production: by its name, unless the repository says so.
    pub production: bool,
    world: World,
    externals: &'a [External],
    objects: Vec<Object<'a>>,
    /// By group and kind, then by namespace and name.
    index: BTreeMap<(Text, Text), BTreeMap<(Text, Text), usize>>,
    /// By group and kind, then by name.
    by_name: BTreeMap<(Text, Text), BTreeMap<Text, Vec<usize>>>,
    workloads: Vec<Workload<'a>>,
    /// The workloads by the namespace and each label of their pods.
    by_label: BTreeMap<(Text, Text, Text), Vec<usize>>,
    /// The workloads by namespace.
    by_namespace: BTreeMap<Text, Vec<usize>>,
    /// The objects by the application that they belong to.
    by_app: BTreeMap<&'a str, Vec<usize>>,
    /// The objects that may make others, by the namespace of these.
    makers: BTreeMap<Text, Vec<usize>>,
    /// The namespaces that Argo CD makes.
    made_namespaces: BTreeSet<Text>,
    /// Of the paths that objects name in the repository those that are directories; `None` if that
    /// was not looked up.
    directories: Option<BTreeSet<String>>,
}

/// The namespaces that every cluster has.
const BUILT_IN_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl<'a> Cluster<'a> {
    /// A cluster of these objects, in the order in which they are reported.
    pub fn new(name: &'a str, world: World, objects: Vec<Object<'a>>) -> Self {
        let mut cluster = Self {
            name,
            production: is_production(name),
            world,
            externals: &[],
            objects,
            index: BTreeMap::new(),
            by_name: BTreeMap::new(),
            workloads: Vec::new(),
            by_label: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
            by_app: BTreeMap::new(),
            makers: BTreeMap::new(),
            made_namespaces: BTreeSet::new(),
            directories: None,
        };
        for (at, object) in cluster.objects.iter().enumerate() {
            let gvk = &object.id.gvk;
            let kind = (gvk.group.clone(), gvk.kind.clone());
            let by_name = cluster.by_name.entry(kind.clone()).or_default();
            by_name.entry(object.id.name.clone()).or_default().push(at);
            let name = (object.id.effective_namespace(), object.id.name.clone());
            cluster.index.entry(kind).or_default().entry(name).or_insert(at);
            cluster.by_app.entry(object.app).or_default().push(at);
            cluster.made_namespaces.extend(makers::made_namespace(object));
            if let Some(namespace) = makers::namespaces(object, cluster.name) {
                cluster.makers.entry(namespace).or_default().push(at);
            }
            let Some(workload) = Workload::of(at, object) else { continue };
            let number = cluster.workloads.len();
            let namespace = object.id.effective_namespace();
            for (key, value) in workload.labels() {
                let label = (namespace.clone(), key.into(), value.into());
                cluster.by_label.entry(label).or_default().push(number);
            }
            cluster.by_namespace.entry(namespace).or_default().push(number);
            cluster.workloads.push(workload);
        }
        cluster
    }

    /// With what is declared to be there although nothing here makes it.
    #[must_use]
    pub fn with_externals(self, externals: &'a [External]) -> Self {
        Self { externals, ..self }
    }

    /// With what is said of its being production.
    #[must_use]
    pub fn with_production(self, production: bool) -> Self {
        Self { production, ..self }
    }

    /// With those of the paths that its Applications name which are directories of the repository.
    #[must_use]
    pub fn with_directories(self, directories: BTreeSet<String>) -> Self {
        Self { directories: Some(directories), ..self }
    }

    /// Whether there is a directory in the repository, if that was looked up.
    pub fn has_directory(&self, path: &str) -> Option<bool> {
        self.directories.as_ref().map(|directories| directories.contains(path))
    }

    /// The declaration that an object is there although nothing here makes it.
    pub fn external(
        &self,
        group: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&'a External> {
        self.externals.iter().find(|one| one.is(self.name, (group, kind), namespace, name))
    }

    /// Whether all that is deployed is here.
    pub fn is_closed(&self) -> bool {
        self.world == World::Closed
    }

    /// The objects in order.
    pub fn objects(&self) -> &[Object<'a>] {
        &self.objects
    }

    /// The objects of a kind, in any version, by namespace and name.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object<'a>> {
        let all = self.index.get(&(group.into(), kind.into()));
        all.into_iter().flat_map(BTreeMap::values).filter_map(|&at| self.objects.get(at))
    }

    /// The applications that have objects, in order.
    pub fn apps(&self) -> impl Iterator<Item = &'a str> {
        self.by_app.keys().copied()
    }

    /// The objects of an application, in order.
    pub fn of_app(&self, app: &str) -> impl Iterator<Item = &Object<'a>> {
        let numbers = self.by_app.get(app).into_iter().flatten();
        numbers.filter_map(|&at| self.objects.get(at))
    }

    /// The object of a kind, in any version, and a name, in a namespace.
    pub fn find(
        &self,
        group: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&Object<'a>> {
        let all = self.index.get(&(group.into(), kind.into()))?;
        self.objects.get(*all.get(&(namespace.into(), name.into()))?)
    }

    /// The object of a kind whose objects are in no namespace.
    pub fn find_unscoped(&self, group: &str, kind: &str, name: &str) -> Option<&Object<'a>> {
        self.named(group, kind, name).next()
    }

    /// The objects of a kind, in any version, and a name, in all namespaces, in order.
    pub fn named(&self, group: &str, kind: &str, name: &str) -> impl Iterator<Item = &Object<'a>> {
        let all = self.by_name.get(&(group.into(), kind.into()));
        let named = all.and_then(|all| all.get(name)).into_iter().flatten();
        named.filter_map(|&at| self.objects.get(at))
    }

    /// The names that there are of a kind in a namespace, in order.
    pub fn names(&self, group: &str, kind: &str, namespace: &str) -> impl Iterator<Item = &str> {
        let all = self.index.get(&(group.into(), kind.into()));
        let namespace = Text::from(namespace);
        let first = (namespace.clone(), Text::default());
        let rest = all.into_iter().flat_map(move |all| all.range(first.clone()..));
        rest.take_while(move |((other, _), _)| *other == namespace)
            .map(|((_, name), _)| name.as_str())
    }

    /// Whether there is a namespace: one that every cluster has, that an object here is or makes, or
    /// that is declared.
    pub fn has_namespace(&self, name: &str) -> bool {
        BUILT_IN_NAMESPACES.contains(&name)
            || self.find_unscoped("", "Namespace", name).is_some()
            || self.made_namespaces.contains(name)
            || self.external("", "Namespace", "", name).is_some()
    }

    /// The labels of a namespace that an object here makes, with the one that the API server sets.
    pub fn namespace_labels(&self, name: &str) -> Vec<(Text, Text)> {
        let object = self.find_unscoped("", "Namespace", name);
        let mut labels = object.map(|object| labels(object.node)).unwrap_or_default();
        labels.push((Text::const_new("kubernetes.io/metadata.name"), name.into()));
        labels
    }

    /// What makes pods, in order.
    pub fn workloads(&self) -> &[Workload<'a>] {
        &self.workloads
    }

    /// The object that a workload is.
    #[expect(clippy::indexing_slicing, reason = "a workload is only made for an object")]
    pub fn object_of(&self, workload: &Workload<'a>) -> &Object<'a> {
        &self.objects[workload.object]
    }

    /// The namespaces that have workloads.
    pub fn workload_namespaces(&self) -> impl Iterator<Item = &Text> {
        self.by_namespace.keys()
    }

    /// The workloads of a namespace, in order.
    pub fn workloads_of(&self, namespace: &str) -> impl Iterator<Item = &Workload<'a>> {
        let numbers = self.by_namespace.get(namespace).into_iter().flatten();
        numbers.filter_map(|&number| self.workloads.get(number))
    }

    /// The workloads of a namespace whose pods have a label, in order.
    pub fn labelled(
        &self,
        namespace: &str,
        (key, value): (&str, &str),
    ) -> impl Iterator<Item = &Workload<'a>> {
        let label = (namespace.into(), key.into(), value.into());
        let numbers = self.by_label.get(&label).into_iter().flatten();
        numbers.filter_map(|&number| self.workloads.get(number))
    }

    /// The workloads of a namespace whose pods a selector selects, in order.
    pub fn selected(&self, namespace: &str, selector: &Selector<'_>) -> Vec<&Workload<'a>> {
        let (given, written): (Vec<_>, Vec<_>) =
            selector.requirements.iter().cloned().partition(given::is_given);
        if !given.is_empty() {
            let mut workloads = self.selected(namespace, &Selector { requirements: written });
            workloads.retain(|workload| {
                given.iter().all(|one| given::is_met_by(self.object_of(workload), one))
            });
            return workloads;
        }
        let by_label = |(key, value): (&str, &str)| {
            self.by_label.get(&(namespace.into(), key.into(), value.into()))
        };
        let numbers = |all: Option<&Vec<usize>>| all.map_or(Vec::new(), Clone::clone);
        let fewest = selector.equalities().map(by_label).min_by_key(|all| all.map_or(0, Vec::len));
        let mut labels = selector.requirements.iter().filter(|one| one.needs_label());
        let candidates = match (fewest, labels.next()) {
            (Some(fewest), _) => numbers(fewest),
            (None, Some(one)) => self.with_label(namespace, one.key),
            (None, None) => numbers(self.by_namespace.get(namespace)),
        };
        let candidates = candidates.into_iter().filter_map(|number| self.workloads.get(number));
        candidates.filter(|workload| selector.matches(&workload.labels())).collect()
    }

    /// The numbers of the workloads of a namespace whose pods have a label with any value, in order.
    fn with_label(&self, namespace: &str, key: &str) -> Vec<usize> {
        let first = (Text::from(namespace), Text::from(key), Text::default());
        let all = self.by_label.range(first..);
        let all = all.take_while(|((of, label, _), _)| of == namespace && label == key);
        let mut numbers: Vec<usize> = all.flat_map(|(_, numbers)| numbers).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// What refers to something that is not here: an error, or a warning where that may be
    /// elsewhere.
    pub fn missing(&self, code: Code, message: String, at: Anchor) -> Diagnostic<Anchor> {
        match self.world {
            World::Closed => Diagnostic::error(code, message, at).with_help(
                "add it, or declare in xtask.toml under `[[external]]` what else makes it",
            ),
            World::Open => Diagnostic::warning(code, message, at)
                .with_help("it is not among what was checked; check it together with this"),
        }
    }
}

/// Whether an environment is production by its name: `prod`, `production`, `prod-eu`, `prod2`.
fn is_production(name: &str) -> bool {
    let word = name.split(['-', '_', '.']).next().unwrap_or_default();
    matches!(word.trim_end_matches(|c: char| c.is_ascii_digit()), "prod" | "production")
}

/// The labels of an object.
fn labels(node: &Node) -> Vec<(Text, Text)> {
    let labels = node.at(&["metadata", "labels"]).and_then(Node::as_mapping);
    let entries = labels.into_iter().flatten();
    entries.filter_map(|entry| Some((entry.key.clone(), entry.value.as_str()?.into()))).collect()
}
