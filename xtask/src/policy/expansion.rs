//! Expansion: what a controller makes of an object, so that a policy about Pods speaks of the
//! Deployment that makes them.
//!
//! Source: `pkg/expansion` of Gatekeeper 3.23.1. Invariant: the parts of an object that is made keep
//! the places at which they are written.

mod built_in;
mod cycles;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Fault,
    matching::{of_mapping, sequence, string, texts},
    mutation::Mutators,
    object::{get, gvk, name, namespace, text},
    review::Origin,
};
use crate::{
    resource::Gvk,
    source::Span,
    yaml::{Mapping, Node, Text, Value},
};

/// The group of expansion templates.
pub const GROUP: &str = "expansion.gatekeeper.sh";

/// How often what is made may make something again. Cycles are found before, so that this is a
/// safeguard.
const DEPTH_LIMIT: usize = 30;

/// How many objects one may make in all: more than any that is meant.
const RESULTANT_LIMIT: usize = 1_000;

/// The first length that a name must not have.
const NAME_LIMIT: usize = 64;

/// An `ExpansionTemplate`.
#[derive(Clone, Debug)]
pub struct ExpansionTemplate<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// Its name.
    pub name: &'a str,
    apply_to: Vec<ApplyTo<'a>>,
    source: Vec<&'a str>,
    generated: Gvk,
    action: Option<&'a str>,
}

/// Some kinds, of which all three parts must be named.
#[derive(Clone, Debug)]
pub(super) struct ApplyTo<'a> {
    groups: Vec<&'a str>,
    versions: Vec<&'a str>,
    kinds: Vec<&'a str>,
}

/// All expansion templates together.
#[derive(Clone, Debug, Default)]
pub struct Expansions<'a> {
    templates: BTreeMap<&'a str, ExpansionTemplate<'a>>,
    /// The names of those that apply to a kind, in any group and version.
    by_kind: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The names of those that lead back to themselves, which are not used.
    in_cycles: BTreeSet<&'a str>,
    /// Whether the kinds that Kubernetes has are expanded where no template says how.
    has_built_in: bool,
}

/// The namespace that an object is in, if that is known, and what changes what is made of it.
type Context<'c> = (Option<&'c Node>, &'c Mutators<'c>);

/// What is made of an object.
#[derive(Clone, Debug)]
pub struct Resultant {
    /// The object.
    pub object: Arc<Node>,
    /// The name of the template that made it.
    pub template: Text,
    /// What follows from a violation, whatever the constraint says.
    pub action: Option<Text>,
}

impl<'a> ExpansionTemplate<'a> {
    /// Whether an object is an expansion template, in any version.
    pub fn is(node: &Node) -> bool {
        let gvk = gvk(node);
        gvk.group == GROUP && gvk.kind == "ExpansionTemplate"
    }

    /// Reads an expansion template.
    pub fn new(node: &'a Node) -> Result<Self, Fault> {
        if !Self::is(node) {
            return Err(Fault::new(node, "this is no `ExpansionTemplate`"));
        }
        let name = name(node);
        let fault = |path: &[&str], message: String| {
            Err(Fault::new(node.at(path).unwrap_or(node), message))
        };
        if name.is_empty() {
            return fault(&["metadata"], "an expansion template must have a name".to_owned());
        }
        if name.len() >= NAME_LIMIT {
            let message =
                format!("the name of an expansion template must be shorter than {NAME_LIMIT}");
            return fault(&["metadata", "name"], message);
        }
        let Some(spec) = get(node, "spec") else {
            return fault(&[], format!("the expansion template `{name}` must have a `spec`"));
        };
        of_mapping(spec, "spec")?;
        let field = |key: &str| get(spec, key).map(|value| (value, format!("spec.{key}")));
        let word = |key| field(key).map_or(Ok(""), |(value, path)| string(value, path));
        let source = word("templateSource")?;
        if source.is_empty() {
            let message =
                format!("the expansion template `{name}` must have a `spec.templateSource`");
            return fault(&["spec"], message);
        }
        let Some((value, path)) = field("generatedGVK") else {
            let message =
                format!("the expansion template `{name}` must have a `spec.generatedGVK`");
            return fault(&["spec"], message);
        };
        of_mapping(value, &path)?;
        let part = |key: &str| match get(value, key) {
            Some(part) => string(part, format!("{path}.{key}")).map(Text::from),
            None => Ok(Text::default()),
        };
        let generated =
            Gvk { group: part("group")?, version: part("version")?, kind: part("kind")? };
        if generated == Gvk::default() {
            let message = format!("`spec.generatedGVK` of `{name}` must name a kind");
            return fault(&["spec", "generatedGVK"], message);
        }
        let apply_to = field("applyTo");
        let apply_to =
            apply_to.map_or(Ok(Vec::new()), |(list, path)| ApplyTo::list(list, &path))?;
        if apply_to.is_empty() {
            let message =
                format!("the expansion template `{name}` must say in `spec.applyTo` to what");
            return fault(&["spec"], message);
        }
        if apply_to.iter().any(|one| one.matches(&generated)) {
            let kind = &generated.kind;
            let message = format!("the expansion template `{name}` makes a {kind} of a {kind}");
            return fault(&["spec", "generatedGVK"], message);
        }
        let action = Some(word("enforcementAction")?).filter(|action| !action.is_empty());
        Ok(Self { node, name, apply_to, source: source.split('.').collect(), generated, action })
    }

    fn applies_to(&self, gvk: &Gvk) -> bool {
        self.apply_to.iter().any(|one| one.matches(gvk))
    }

    /// What it makes of an object.
    fn make(&self, parent: &Node, (namespace, mutators): Context<'_>) -> Result<Resultant, String> {
        let path = self.source.join(".");
        let Some(source) = parent.at(&self.source) else {
            return Err(format!("`{}` has no field `{path}` to expand", name(parent)));
        };
        if source.as_mapping().is_none() {
            let found = source.describe();
            return Err(format!("`{path}` of `{}` must be a mapping, not {found}", name(parent)));
        }
        let mut object = resultant(source, parent, &self.generated, namespace);
        mutators.apply(&mut object, namespace, Origin::Generated)?;
        Ok(Resultant {
            object: Arc::new(object),
            template: self.name.into(),
            action: self.action.map(Text::from),
        })
    }
}

impl<'a> ApplyTo<'a> {
    /// Reads `spec.applyTo`.
    pub fn list(node: &'a Node, path: &str) -> Result<Vec<Self>, Fault> {
        let of = |(number, one): (usize, &'a Node)| {
            let path = format!("{path}[{number}]");
            of_mapping(one, &path)?;
            let list = |key: &str| match get(one, key) {
                Some(list) => texts(list, &format!("{path}.{key}")),
                None => Ok(Vec::new()),
            };
            Ok(Self { groups: list("groups")?, versions: list("versions")?, kinds: list("kinds")? })
        };
        sequence(node, path)?.iter().enumerate().map(of).collect()
    }

    /// Whether all three parts are there.
    pub fn is_complete(&self) -> bool {
        ![&self.groups, &self.versions, &self.kinds].into_iter().any(Vec::is_empty)
    }

    pub fn matches(&self, gvk: &Gvk) -> bool {
        self.kinds.contains(&gvk.kind.as_str())
            && self.groups.contains(&gvk.group.as_str())
            && self.versions.contains(&gvk.version.as_str())
    }
}

impl<'a> Expansions<'a> {
    /// With the kinds that Kubernetes has, where no template says how they expand.
    #[must_use]
    pub fn with_built_in(self) -> Self {
        Self { has_built_in: true, ..self }
    }

    /// Adds templates; one takes the place of another one with its name. Errors are templates that
    /// lead back to themselves, which are never used.
    pub fn add(
        &mut self,
        templates: impl IntoIterator<Item = ExpansionTemplate<'a>>,
    ) -> Vec<Fault> {
        for template in templates {
            for kind in template.apply_to.iter().flat_map(|one| &one.kinds) {
                self.by_kind.entry(kind).or_default().insert(template.name);
            }
            self.templates.insert(template.name, template);
        }
        self.in_cycles = self.find_cycles();
        let of = |name| {
            let template: &ExpansionTemplate<'_> = self.templates.get(name)?;
            let message = format!("the expansion template `{name}` leads back to itself");
            let at = template.node.at(&["spec", "generatedGVK"]).unwrap_or(template.node);
            Some(Fault::new(at, message))
        };
        self.in_cycles.iter().filter_map(of).collect()
    }

    /// Those that apply to a kind, by name.
    fn of_kind(&self, gvk: &Gvk) -> impl Iterator<Item = &ExpansionTemplate<'a>> {
        let names = self.by_kind.get(gvk.kind.as_str()).into_iter().flatten();
        let templates = names.filter_map(|name| self.templates.get(name));
        templates.filter(|one| one.applies_to(gvk))
    }

    /// Whether nothing is ever made.
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty() && !self.has_built_in
    }

    /// What is made of an object, and of what is made of it, the last first. The error is why
    /// that cannot be told.
    pub fn expand(
        &self,
        object: &Node,
        namespace: Option<&Node>,
        mutators: &Mutators<'_>,
    ) -> Result<Vec<Resultant>, String> {
        let mut found = Vec::new();
        self.expand_into(object, (namespace, mutators), 0, &mut found)?;
        Ok(found)
    }

    fn expand_into(
        &self,
        object: &Node,
        context: Context<'_>,
        depth: usize,
        found: &mut Vec<Resultant>,
    ) -> Result<(), String> {
        if depth >= DEPTH_LIMIT {
            return Err(format!("objects that make others are {DEPTH_LIMIT} deep"));
        }
        let gvk = gvk(object);
        if gvk == Gvk::default() {
            return Err(format!(
                "the object `{}` has no kind, so it cannot be expanded",
                name(object)
            ));
        }
        let mut made = Vec::new();
        for template in self.of_kind(&gvk).filter(|one| !self.in_cycles.contains(one.name)) {
            made.push(template.make(object, context)?);
        }
        for resultant in &made {
            self.expand_into(&resultant.object, context, depth + 1, found)?;
        }
        if depth == 0 && self.has_built_in && self.of_kind(&gvk).next().is_none() {
            built_in::expand(object, &gvk, context, &mut made)?;
        }
        found.append(&mut made);
        if found.len() > RESULTANT_LIMIT {
            return Err(format!("`{}` makes more than {RESULTANT_LIMIT} objects", name(object)));
        }
        Ok(())
    }
}

/// An object of a kind as a parent makes it.
fn resultant(source: &Node, parent: &Node, kind: &Gvk, given: Option<&Node>) -> Node {
    let mut object = source.clone();
    let place = |path: &[&str]| parent.at(path).unwrap_or(parent).span;
    let text_at = |text: &str, span| Node::string(text, span, parent.origin);
    let kind_place = place(&["kind"]);
    set(&mut object, "apiVersion", text_at(&kind.api_version(), kind_place));
    set(&mut object, "kind", text_at(&kind.kind, kind_place));
    let metadata_place = place(&["metadata"]);
    let metadata = mapping_of(&mut object, "metadata", metadata_place);
    let namespace = given.map_or(namespace(parent), name);
    if namespace.is_empty() {
        // What is made is where the object is that makes it, whatever the template says.
        metadata.remove("namespace");
    } else {
        let at = place(&["metadata", "namespace"]);
        metadata.insert("namespace", at, text_at(namespace, at));
    }
    let name_place = place(&["metadata", "name"]);
    let made_name = format!("{}-{}", name(parent), kind.kind).to_lowercase();
    metadata.insert("name", name_place, text_at(&made_name, name_place));
    add_owner(metadata, parent, name_place);
    object
}

/// Says who has made an object, unless that is said.
fn add_owner(metadata: &mut Mapping, parent: &Node, span: Span) {
    let parts = [
        ("apiVersion", text(parent, &["apiVersion"])),
        ("kind", text(parent, &["kind"])),
        ("name", name(parent)),
    ];
    if parts.iter().any(|(_, text)| text.is_empty()) {
        return;
    }
    let is_owner = |owner: &Node| parts.iter().all(|(key, value)| text(owner, &[key]) == *value);
    let owners = metadata.get("ownerReferences").and_then(Node::as_sequence);
    let mut owners = owners.map(<[Node]>::to_vec).unwrap_or_default();
    if owners.iter().any(is_owner) {
        return;
    }
    let mut owner = Node::mapping(span, parent.origin);
    for (key, text) in parts.into_iter().chain([("uid", "")]) {
        set(&mut owner, key, Node::string(text, span, parent.origin));
    }
    owners.push(owner);
    let owners = Node { value: Value::Sequence(owners), span, origin: parent.origin };
    metadata.insert("ownerReferences", span, owners);
}

fn set(object: &mut Node, key: &str, value: Node) {
    if let Some(mapping) = object.as_mapping_mut() {
        mapping.insert(key, value.span, value);
    }
}

/// The mapping of a field, which is made if it is none.
fn mapping_of<'n>(object: &'n mut Node, key: &str, span: Span) -> &'n mut Mapping {
    if object.get(key).and_then(Node::as_mapping).is_none() {
        let origin = object.origin;
        set(object, key, Node::mapping(span, origin));
    }
    let mapping = object.get_mut(key).and_then(Node::as_mapping_mut);
    mapping.expect("it was set to one in an object, which is a mapping")
}
