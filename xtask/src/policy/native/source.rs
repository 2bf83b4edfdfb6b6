//! Reading `source` of a `K8sNativeValidation`, and where in it problems are.
//!
//! Source: `pkg/drivers/k8scel/schema/schema.go`. Fields that Gatekeeper does not know are not looked
//! at, as there; mind that its match conditions are written under `matchCondition`.

use std::{collections::BTreeMap, ops::Range};

use super::super::Problem;
use crate::{
    admission::Refusal,
    cel::Allowance,
    yaml::{Node, Value},
};

/// Where something is: the node, or the list's item that lacks it.
type Place<'a> = &'a Node;

/// What a source says.
pub(super) struct Source<'a> {
    pub ignores_errors: bool,
    /// With their names.
    pub conditions: Vec<(&'a str, Place<'a>)>,
    /// With their names.
    pub variables: Vec<(&'a str, Place<'a>)>,
    pub validations: Vec<Item<'a>>,
}

/// One of the validations.
pub(super) struct Item<'a> {
    pub expression: Place<'a>,
    pub message: Option<&'a str>,
    pub message_expression: Option<Place<'a>>,
}

/// The texts that problems of a source are in, by their numbers: first the source itself, then
/// everything in it in the order of the text.
pub fn texts(source: &Node) -> Vec<&Node> {
    let mut all = Vec::new();
    collect(source, &mut all);
    all
}

fn collect<'a>(node: &'a Node, all: &mut Vec<&'a Node>) {
    all.push(node);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, all)),
        Value::Mapping(mapping) => mapping.iter().for_each(|entry| collect(&entry.value, all)),
    }
}

/// What is wrong with a source.
pub(super) struct Faults<'a> {
    source: &'a Node,
    allowance: Allowance,
    found: Vec<(Place<'a>, String, Range<usize>)>,
}

impl<'a> Faults<'a> {
    pub fn new(source: &'a Node) -> Self {
        Self { source, allowance: Allowance::default(), found: Vec::new() }
    }

    /// Something that is wrong with a value as a whole.
    pub fn add(&mut self, at: Place<'a>, says: impl Into<String>) {
        self.found.push((at, says.into(), 0..0));
    }

    /// Compiles an expression. What is wrong is kept.
    pub fn compile<T>(
        &mut self,
        (at, field): (Place<'a>, &str),
        compile: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Option<(String, T)> {
        let says = match at.as_str() {
            Some(text) if text.trim().is_empty() => format!("`{field}` is empty"),
            Some(text) if self.allowance.takes(text) => match compile(text) {
                Ok(compiled) => return Some((text.to_owned(), compiled)),
                Err(Refusal { says, range, help }) => {
                    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
                    self.found.push((at, format!("`{field}` {says}{help}"), range));
                    return None;
                }
            },
            Some(_) => format!("`{field}` is beyond what can be compiled for one template"),
            None if at.as_mapping().is_some() => format!("`{field}` is missing"),
            None => format!("`{field}` must be a string, not {}", at.describe()),
        };
        self.add(at, says);
        None
    }

    /// Nothing, or the problems.
    pub fn none(self) -> Result<(), Vec<Problem>> {
        if self.found.is_empty() {
            return Ok(());
        }
        let numbers: BTreeMap<*const Node, usize> =
            texts(self.source).into_iter().map(std::ptr::from_ref).zip(0..).collect();
        let problem = |(at, message, range): (Place<'_>, _, _)| Problem {
            message,
            text: numbers.get(&std::ptr::from_ref(at)).copied().unwrap_or_default(),
            range,
        };
        Err(self.found.into_iter().map(problem).collect())
    }
}

impl<'a> Source<'a> {
    /// Reads a source; what is wrong is told.
    pub fn read(source: &'a Node, faults: &mut Faults<'a>) -> Self {
        if source.as_mapping().is_none() {
            faults.add(source, format!("`source` must be a mapping, not {}", source.describe()));
        }
        let ignores_errors = match source.get("failurePolicy").filter(|node| !node.is_null()) {
            None => false,
            Some(node) => match node.as_str() {
                Some("Fail") => false,
                Some("Ignore") => true,
                _ => {
                    faults.add(node, "`failurePolicy` must be `Fail` or `Ignore`");
                    false
                }
            },
        };
        let mut named = |list| -> Vec<(&'a str, Place<'a>)> {
            let named = |item: &'a Node, faults: &mut Faults<'a>| {
                let name = item.get("name").and_then(Node::as_str).unwrap_or_default();
                if name.is_empty() {
                    faults.add(item, "`name` is missing");
                }
                (name, item.get("expression").unwrap_or(item))
            };
            items(source, list, faults).iter().map(|item| named(item, faults)).collect()
        };
        let conditions = named("matchCondition");
        let variables = named("variables");
        let validations = items(source, "validations", faults).iter().map(|item| Item {
            expression: item.get("expression").unwrap_or(item),
            message: item.get("message").and_then(Node::as_str),
            message_expression: item
                .get("messageExpression")
                .filter(|node| !node.is_null() && node.as_str() != Some("")),
        });
        Self { ignores_errors, conditions, variables, validations: validations.collect() }
    }
}

/// The items of a list of the source, each a map.
fn items<'a>(source: &'a Node, list: &str, faults: &mut Faults<'a>) -> &'a [Node] {
    let Some(node) = source.get(list).filter(|node| !node.is_null()) else { return &[] };
    let Some(items) = node.as_sequence() else {
        faults.add(node, format!("`{list}` must be a list, not {}", node.describe()));
        return &[];
    };
    items
}
