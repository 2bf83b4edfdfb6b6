//! The values files that the templates of a build see.
//!
//! Invariant: what the applications of an environment share comes in just before the first of them
//! that leads to the template, and once. So an application may be the base of one of another
//! environment, which then says only what differs.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{context::Context, environment::environment, loader::Loader};
use crate::{
    diag::{Diagnostic, codes},
    resource::has_secret,
    source::{FileError, SourceId, Span, read_text},
    template::{ENVIRONMENT, Layer, Renderer, Schema, Values, check, unseen, unused_shared},
    yaml::{Dialect, Mapping, Node, Value, parse},
};

/// The name of a values file.
const VALUES: &str = "values.yaml";

/// The name of the schema of the values beside it.
const SCHEMA: &str = "values.schema.json";

/// The templates of a build and what they have used.
#[derive(Default)]
pub struct Templates {
    renderer: Option<Renderer>,
    sets: Vec<Set>,
    /// The values files, each read once.
    files: HashMap<PathBuf, Option<Node>>,
}

/// The values of one way that leads to templates.
struct Set {
    /// The directories, the one of the templates first.
    way: Vec<PathBuf>,
    /// None if they are wrong, which has been reported.
    values: Option<Rc<Values>>,
    /// Those that were rendered with them.
    templates: Vec<SourceId>,
}

impl Context<'_> {
    /// Renders a template with the values that its kustomization sees; `None` if that fails, which
    /// is reported.
    pub fn render(&mut self, loader: &Loader, template: SourceId) -> Option<SourceId> {
        let values = self.values(loader, template)?;
        let renderer = self.templates.renderer.get_or_insert_with(Renderer::new);
        let before = self.diagnostics.len();
        let rendered = renderer.render(self.sources, template, &values, &mut self.diagnostics);
        if self.diagnostics.len() > before && has_secret(&self.sources.get(template).text) {
            let wrong = self.diagnostics.iter().skip(before);
            let values: Vec<Span> =
                wrong.flat_map(|one| one.related.iter().map(|(span, _)| *span)).collect();
            for value in values {
                self.sources.hide(value);
            }
        }
        rendered
    }

    /// Warns of values that no template of the build has used, and returns warnings that hold only
    /// if they hold for all applications of the environment.
    pub fn report_unused_values(&mut self, root: &Path) -> Vec<Diagnostic> {
        let shared = self.shared_values(root);
        let mut used = self.templates.renderer.as_ref().map(Renderer::used).unwrap_or_default();
        let unused_shared = |used: &BTreeSet<Span>| {
            let shared = shared.as_ref().map(|(env, node)| unused_shared(node, env, used));
            shared.unwrap_or_default()
        };
        let unused = |sets: &[Set], used: &BTreeSet<Span>| {
            let mut out = Vec::new();
            for values in sets.iter().filter_map(|set| set.values.as_ref()) {
                values.unused(used, &mut out);
            }
            out
        };
        let is_quiet =
            unused(&self.templates.sets, &used).is_empty() && unused_shared(&used).is_empty();
        if !is_quiet && let Some(renderer) = &self.templates.renderer {
            // A branch that was not taken here is taken in another environment.
            for set in &self.templates.sets {
                let Some(values) = &set.values else { continue };
                for &template in &set.templates {
                    values.mark(&renderer.mentions(self.sources, template), &mut used);
                }
            }
        }
        self.diagnostics.extend(unused(&self.templates.sets, &used));
        self.report_unseen_values();
        unused_shared(&used)
    }

    /// Warns of values files beside a kustomization that no template sees.
    fn report_unseen_values(&mut self) {
        for dir in std::mem::take(&mut self.directories) {
            let path = dir.join(VALUES);
            let seen = self.templates.files.contains_key(&path);
            // A generator may put a file of this name into a ConfigMap.
            if seen || !path.is_file() || self.sources.has(&self.show(&path)) {
                continue;
            }
            if let Some(node) = self.values_file_if_sound(&path) {
                self.report(unseen(&node));
            }
        }
    }

    /// The values that the applications of the environment share, with its name.
    fn shared_values(&mut self, root: &Path) -> Option<(String, Node)> {
        let directory = environment(root)?;
        let name = directory.file_name()?.to_string_lossy().into_owned();
        let node = self.values_file_if_sound(&directory.join(VALUES))?;
        Some((name, node))
    }

    /// A values file that no template may have asked for: then it is not what the build is about,
    /// and nothing is said about it.
    fn values_file_if_sound(&mut self, path: &Path) -> Option<Node> {
        let before = self.diagnostics.len();
        let node = self.values_file(path);
        self.diagnostics.truncate(before);
        node
    }

    fn values(&mut self, loader: &Loader, template: SourceId) -> Option<Rc<Values>> {
        let way: Vec<PathBuf> =
            loader.value_directories().into_iter().map(Path::to_path_buf).collect();
        if let Some(set) = self.templates.sets.iter_mut().find(|set| set.way == way) {
            set.templates.push(template);
            return set.values.clone();
        }
        let values = self.merged_values(&way, Span::start_of(template)).map(Rc::new);
        self.templates.sets.push(Set { way, values: values.clone(), templates: vec![template] });
        values
    }

    fn merged_values(&mut self, way: &[PathBuf], at: Span) -> Option<Values> {
        let before = self.error_count();
        let schema = way.first().and_then(|dir| self.schema(&dir.join(SCHEMA)));
        let mut layers: Vec<Layer> = Vec::new();
        let mut environments = BTreeSet::new();
        for dir in way {
            // The values that a whole environment shares are weaker than those of one application.
            if let Some(environment) = environment(dir)
                && environments.insert(environment)
                && let Some(node) = self.values_file(&environment.join(VALUES))
            {
                let node = known_to(node, &layers, schema.as_ref());
                layers.push(Layer { node, shared: true });
            }
            if let Some(node) = self.values_file(&dir.join(VALUES)) {
                layers.push(Layer { node, shared: false });
            }
        }
        let mut values = Values::merge(&layers, at, &mut self.origins);
        if let Some(schema) = &schema {
            check(schema, &values, self.sources, &mut self.diagnostics);
        }
        if let Some(directory) = way.last().and_then(|root| environment(root)) {
            match self.environment_node(directory) {
                Ok(node) => values.add_environment(node),
                Err(error) => self.unreadable(directory, &error.into(), at),
            }
        }
        (self.error_count() == before).then_some(values)
    }

    fn values_file(&mut self, path: &Path) -> Option<Node> {
        if let Some(node) = self.templates.files.get(path) {
            return node.clone();
        }
        let node = self.read_optional(path).and_then(|source| {
            let documents = parse(self.sources, source, Dialect::Config, &mut self.diagnostics);
            let mut documents = documents.into_iter();
            let node = documents.next()?;
            let wrong = match documents.next() {
                Some(second) => Some((second.span, "a values file has one document".to_owned())),
                None if node.as_mapping().is_some() => None,
                None => {
                    let found = node.describe();
                    Some((node.span, format!("a values file must be a mapping, not {found}")))
                }
            };
            if let Some((span, message)) = wrong {
                self.report(Diagnostic::error(codes::TEMPLATE_VALUES, message, span));
                return None;
            }
            if let Some(entry) = node.as_mapping().and_then(|map| map.entry(ENVIRONMENT)) {
                let message =
                    format!("`{ENVIRONMENT}` cannot be set: the folders decide what it is");
                let reserved = Diagnostic::error(codes::TEMPLATE_VALUES, message, entry.key_span);
                self.report(reserved.with_help(
                    "it is the name and the applications of `overlays/<env>`; take another name",
                ));
                return None;
            }
            Some(node)
        });
        self.templates.files.insert(path.to_owned(), node.clone());
        node
    }

    fn schema(&mut self, path: &Path) -> Option<Schema> {
        let source = self.read_optional(path)?;
        Schema::read(self.sources, source, &mut self.diagnostics)
    }

    /// A file that need not be there.
    fn read_optional(&mut self, path: &Path) -> Option<SourceId> {
        match read_text(path) {
            Ok(text) => Some(self.add_file(path, text)),
            Err(FileError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let shown = self.show(path);
                let at = Span::start_of(self.sources.add(shown, ""));
                self.unreadable(path, &error, at);
                None
            }
        }
    }
}

/// The shared values without those that belong to other applications: keys that the application
/// neither sets itself nor has in its schema, where the schema refuses what it does not name.
fn known_to(node: Node, layers: &[Layer], schema: Option<&Schema>) -> Node {
    let Some(schema) = schema else { return node };
    let own = |key: &str| layers.iter().any(|layer| layer.node.get(key).is_some());
    let Node { value, span, origin } = node;
    let value = match value {
        Value::Mapping(map) => {
            let mut entries = map.into_entries();
            entries.retain(|entry| own(&entry.key) || !schema.refuses(&entry.key));
            Value::Mapping(Mapping::from_entries(entries))
        }
        other => other,
    };
    Node { value, span, origin }
}
