//! Mutators: what Gatekeeper changes in an object before it is reviewed.
//!
//! Source: `pkg/mutation` of Gatekeeper 3.23.1. What mutators ask of external data is not known here,
//! so that one that does so is refused.

mod image;
mod location;
mod set;

use std::collections::BTreeMap;

use image::Image;
use location::{Location, Step};
use set::{Setter, set};

use super::{
    Fault,
    expansion::ApplyTo,
    matching::{Match, Target, of_mapping, sequence, string},
    object::{get, gvk, name},
    review::Origin,
};
use crate::{diag::did_you_mean, yaml::Node};

/// The group of mutators.
const GROUP: &str = "mutations.gatekeeper.sh";

/// The kinds of them.
const KINDS: [&str; 4] = ["Assign", "AssignImage", "AssignMetadata", "ModifySet"];

/// The longest name that one may have.
const NAME_LIMIT: usize = 63;

/// The operations that Gatekeeper's webhook asks mutators about.
const OPERATIONS: [&str; 2] = ["CREATE", "UPDATE"];

/// All mutators together, by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Mutators<'a> {
    all: BTreeMap<(&'a str, &'a str), Mutator<'a>>,
}

/// A mutator.
#[derive(Clone, Debug)]
pub struct Mutator<'a> {
    kind: &'a str,
    name: &'a str,
    /// What it applies to; the one for metadata to everything.
    apply_to: Option<Vec<Kinds<'a>>>,
    matching: Match<'a>,
    location: Location,
    change: Change<'a>,
}

/// Some kinds, when something is done with them.
#[derive(Clone, Debug)]
struct Kinds<'a> {
    kinds: ApplyTo<'a>,
    operations: Vec<&'a str>,
}

/// What a mutator does at its location.
#[derive(Clone, Debug)]
enum Change<'a> {
    Value(&'a Node),
    /// The name, or the namespace, of the object itself.
    Metadata(&'a str),
    Image(Image<'a>),
    Merge(&'a [Node]),
    Prune(&'a [Node]),
}

impl<'a> Mutators<'a> {
    /// Adds a mutator. It takes the place of another one with its kind and name.
    pub fn add(&mut self, mutator: Mutator<'a>) {
        self.all.insert((mutator.kind, mutator.name), mutator);
    }

    /// Whether nothing is ever changed.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Changes an object until no mutator changes it any more. The error is why that cannot be done.
    pub fn apply(
        &self,
        object: &mut Node,
        namespace: Option<&Node>,
        origin: Origin,
    ) -> Result<(), String> {
        for _ in 0..=self.all.len() {
            let before = object.clone();
            for mutator in self.all.values() {
                let changed = mutator.apply(object, namespace, origin);
                changed.map_err(|why| {
                    let (kind, name) = (mutator.kind, mutator.name);
                    format!("the mutator `{kind}/{name}` fails: {why}")
                })?;
            }
            if *object == before {
                return Ok(());
            }
        }
        Err(format!("mutators change `{}` without end", name(object)))
    }
}

impl<'a> Mutator<'a> {
    /// Whether an object is a mutator, in any version.
    pub fn is(node: &Node) -> bool {
        let gvk = gvk(node);
        gvk.group == GROUP && KINDS.contains(&gvk.kind.as_str())
    }

    /// Reads a mutator.
    pub fn new(node: &'a Node) -> Result<Self, Fault> {
        if !Self::is(node) {
            return Err(Fault::new(node, "this is no mutator"));
        }
        let name = name(node);
        let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
        if name.len() > NAME_LIMIT {
            let message =
                format!("the name of a mutator must have at most {NAME_LIMIT} characters");
            return Err(Fault::new(node.at(&["metadata", "name"]).unwrap_or(node), message));
        }
        let spec = node.get("spec").unwrap_or(node);
        of_mapping(spec, "spec")?;
        let place = get(spec, "location").unwrap_or(spec);
        let text = get(spec, "location").map_or(Ok(""), |one| string(one, "spec.location"))?;
        let refused = |message: String| Fault::new(place, message);
        let mut location = Location::parse(text).map_err(refused)?;
        let is_metadata =
            matches!(location.steps.first(), Some(Step::Field(one)) if one == "metadata");
        match (kind, location.steps.as_slice()) {
            (_, []) => return Err(refused("`spec.location` must name a field".to_owned())),
            ("AssignMetadata", [_, Step::Field(part), Step::Field(_)])
                if is_metadata && ["labels", "annotations"].contains(&part.as_str()) => {}
            ("AssignMetadata", _) => {
                let message =
                    "`spec.location` of `AssignMetadata` must be a label or an annotation";
                return Err(refused(message.to_owned()));
            }
            _ if is_metadata => return Err(refused(format!("`{kind}` cannot change metadata"))),
            ("AssignImage" | "ModifySet", [.., Step::Item { .. }]) => {
                let message = format!("`spec.location` of `{kind}` must end with a field");
                return Err(refused(message));
            }
            ("Assign", [.., Step::Item { .. }, Step::Item { .. }]) => {
                return Err(refused("an item of a list cannot be a list".to_owned()));
            }
            ("Assign" | "AssignImage", [.., Step::Item { key, .. }, Step::Field(field)])
                if key == field =>
            {
                return Err(refused(format!("the key `{key}` of an item cannot be changed")));
            }
            _ => {}
        }
        let parameters = get(spec, "parameters").unwrap_or(spec);
        of_mapping(parameters, "spec.parameters")?;
        if kind == "AssignMetadata" {
            location.forbid_existing();
        } else {
            location.add_tests(parameters)?;
        }
        let change = match kind {
            "AssignImage" => Change::Image(Image::new(parameters)?),
            "ModifySet" => modify_set(parameters)?,
            _ => assign(parameters, kind, &location)?,
        };
        let apply_to = match kind {
            "AssignMetadata" => None,
            _ => Some(apply_to(spec)?),
        };
        let matching = get(spec, "match").map_or_else(|| Ok(Match::default()), Match::new)?;
        let kind = KINDS.into_iter().find(|one| *one == kind).unwrap_or_default();
        Ok(Self { kind, name, apply_to, matching, location, change })
    }

    /// Changes an object if the mutator is about it.
    fn apply(
        &self,
        object: &mut Node,
        namespace: Option<&Node>,
        origin: Origin,
    ) -> Result<(), String> {
        let gvk = gvk(object);
        let is_applied = self.apply_to.as_ref().is_none_or(|all| {
            all.iter().any(|one| one.kinds.matches(&gvk) && one.is_of_every_operation())
        });
        let target = Target { object, gvk: &gvk, namespace, origin: Some(origin) };
        if !is_applied || !self.matching.matches(target)? {
            return Ok(());
        }
        let own;
        let setter = match &self.change {
            Change::Value(value) => Setter::Value(value),
            Change::Metadata(field) => {
                let text = super::object::text(object, &["metadata", field]);
                own = Node::string(text, object.span, object.origin);
                Setter::Value(&own)
            }
            Change::Image(image) => Setter::Image(image),
            Change::Merge(values) => Setter::Merge(values),
            Change::Prune(values) => Setter::Prune(values),
        };
        set(object, &self.location, &setter)
    }
}

impl Kinds<'_> {
    /// Whether it is the same for everything that is done with an object.
    fn is_of_every_operation(&self) -> bool {
        self.operations.is_empty()
            || self.operations.contains(&"*")
            || OPERATIONS.iter().all(|one| self.operations.contains(one))
    }
}

/// `spec.applyTo`, which must say all three parts of each entry.
fn apply_to(spec: &Node) -> Result<Vec<Kinds<'_>>, Fault> {
    const FIELD: &str = "spec.applyTo";
    let Some(list) = get(spec, "applyTo") else {
        return Err(Fault::new(spec, format!("`{FIELD}` must say to what the mutator applies")));
    };
    let kinds = ApplyTo::list(list, FIELD)?;
    let mut found = Vec::new();
    for ((number, kinds), node) in kinds.into_iter().enumerate().zip(sequence(list, FIELD)?) {
        if !kinds.is_complete() {
            let message = format!("`{FIELD}[{number}]` must have `groups`, `versions` and `kinds`");
            return Err(Fault::new(node, message));
        }
        let operations = get(node, "operations");
        let path = format!("{FIELD}[{number}].operations");
        let operations = operations
            .map_or(Ok(Vec::new()), |operations| super::matching::texts(operations, &path))?;
        if let Some(other) = operations.iter().find(|one| **one != "*" && !OPERATIONS.contains(one))
        {
            let message = format!("`{path}` must be of `CREATE`, `UPDATE` and `*`, not `{other}`");
            return Err(Fault::new(node, message));
        }
        found.push(Kinds { kinds, operations });
    }
    if found.is_empty() {
        return Err(Fault::new(list, format!("`{FIELD}` must not be empty")));
    }
    Ok(found)
}

/// `spec.parameters.assign`.
fn assign<'a>(parameters: &'a Node, kind: &str, location: &Location) -> Result<Change<'a>, Fault> {
    const FIELD: &str = "spec.parameters.assign";
    let assign = get(parameters, "assign").unwrap_or(parameters);
    of_mapping(assign, FIELD)?;
    if let Some(external) = get(assign, "externalData") {
        let message = format!("`{FIELD}.externalData` is not known before the cluster is asked");
        return Err(Fault::new(external, message));
    }
    let metadata = get(assign, "fromMetadata");
    match (assign.get("value"), metadata) {
        (Some(_), Some(_)) => {
            let message = format!("`{FIELD}` must have either `value` or `fromMetadata`");
            Err(Fault::new(assign, message))
        }
        (None, None) => {
            let message = format!("`{FIELD}` must have a `value`");
            Err(Fault::new(assign, message))
        }
        (None, Some(metadata)) => {
            let path = format!("{FIELD}.fromMetadata.field");
            let field = get(metadata, "field").unwrap_or(metadata);
            let name = string(field, &path)?;
            if !["name", "namespace"].contains(&name) {
                let help = did_you_mean(name, ["name", "namespace"]);
                let message = format!("`{path}` must be `name` or `namespace`, not `{name}`");
                return Err(Fault { help, ..Fault::new(field, message) });
            }
            if matches!(location.steps.last(), Some(Step::Item { .. })) {
                let message = "a field of the metadata cannot be an item of a list";
                return Err(Fault::new(field, message));
            }
            Ok(Change::Metadata(name))
        }
        (Some(value), None) => {
            if kind == "AssignMetadata" {
                string(value, format!("{FIELD}.value"))?;
            }
            if let Some(Step::Item { key, value: wanted }) = location.steps.last()
                && !value.get(key).is_some_and(|value| wanted.is_exactly(value))
            {
                let message = format!(
                    "`{FIELD}.value` must be an item whose `{key}` is the one of its location"
                );
                return Err(Fault::new(value, message));
            }
            Ok(Change::Value(value))
        }
    }
}

/// The parameters of a `ModifySet`.
fn modify_set(parameters: &Node) -> Result<Change<'_>, Fault> {
    let values = get(parameters, "values").and_then(|values| get(values, "fromList"));
    let path = "spec.parameters.values.fromList";
    let values = values.map_or(Ok(&[][..]), |values| sequence(values, path))?;
    let operation = get(parameters, "operation");
    let word = operation.map_or(Ok("merge"), |one| string(one, "spec.parameters.operation"))?;
    match word {
        "merge" | "" => Ok(Change::Merge(values)),
        "prune" => Ok(Change::Prune(values)),
        other => {
            let message =
                format!("`spec.parameters.operation` must be `merge` or `prune`, not `{other}`");
            Err(Fault::new(operation.unwrap_or(parameters), message))
        }
    }
}
