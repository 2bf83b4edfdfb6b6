//! The rules of custom kinds (`x-kubernetes-validations`): where they hold, and what they say.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/cel`: `validation.go` for where rules hold
//! and `compilation.go` for what they must be. Invariant: a rule is compiled once, when an object has
//! a value that it is for.

mod evaluate;
mod shape;

use std::sync::OnceLock;

use serde_json::{Map, Value as Json};

pub(in crate::schema) use self::evaluate::evaluate;
use crate::{
    cel::{CompileError, Environment, Program, Shape, Type, Value, escape},
    yaml::{Node, Text},
};

/// What rules are written under.
pub(super) const KEYWORD: &str = "x-kubernetes-validations";

/// How much of a definition's rules is compiled when the definition is looked at: bytes of
/// expressions, and different patterns in them. The largest of the curated ones has a tenth of it.
const TEXT_LIMIT: usize = 1_000_000;
const PATTERN_LIMIT: usize = 200;

/// The rules of a value and of what is in it.
#[derive(Clone, Debug)]
pub(in crate::schema) struct Rules {
    shape: Shape,
    own: Vec<Rule>,
    properties: Vec<(Text, Rules)>,
    /// Of the items of a list.
    items: Option<Box<Rules>>,
    /// Of the values of a map.
    values: Option<Box<Rules>>,
    all_of: Vec<(usize, Rules)>,
    /// Whether the server can tell which old value belongs to a new one.
    is_correlated: bool,
}

/// A rule in the Common Expression Language.
#[derive(Debug)]
struct Rule {
    /// Its place among the rules of the value.
    at: usize,
    /// What must be true; `self` is the value at hand.
    expression: String,
    /// What to say where it does not hold.
    message: Option<String>,
    /// An expression that makes the message.
    message_expression: Option<String>,
    /// The field that is named, below the value at hand.
    field_path: Vec<Text>,
    /// Whether it holds where there is no old value to compare with.
    is_optional_old_self: bool,
    compiled: OnceLock<Result<Compiled, Fault>>,
}

#[derive(Debug)]
struct Compiled {
    rule: Program,
    message: Option<Program>,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Fault {
    /// The field of the rule.
    pub field: &'static str,
    /// What is wrong with it, to follow its path.
    pub says: String,
}

impl Clone for Rule {
    fn clone(&self) -> Self {
        Self {
            at: self.at,
            expression: self.expression.clone(),
            message: self.message.clone(),
            message_expression: self.message_expression.clone(),
            field_path: self.field_path.clone(),
            is_optional_old_self: self.is_optional_old_self,
            compiled: OnceLock::new(),
        }
    }
}

impl Rules {
    /// The rules of the objects of a kind, if it has any. `without_status`: what a client sends as
    /// the status is dropped before rules are looked at.
    pub fn of_kind(schema: &Json, without_status: bool) -> Option<Self> {
        let raw = schema.as_object().filter(|_| has_rules(schema))?;
        let mut rules = Self::read(raw, raw, shape::of(raw, true), true)?;
        if without_status {
            rules.properties.retain(|(name, _)| name != "status");
        }
        (!rules.is_empty()).then_some(rules)
    }

    /// `demands` has the rules, `structure` says what the value is: they differ below `allOf`.
    fn read(
        demands: &Map<String, Json>,
        structure: &Map<String, Json>,
        shape: Option<Shape>,
        is_correlated: bool,
    ) -> Option<Self> {
        // There are no rules where the type is not said.
        let shape = shape?;
        let mut rules = Self {
            shape,
            own: Vec::new(),
            properties: Vec::new(),
            items: None,
            values: None,
            all_of: Vec::new(),
            is_correlated,
        };
        let list = demands.get(KEYWORD).and_then(Json::as_array).into_iter().flatten();
        rules.own = list.enumerate().filter_map(|(at, raw)| Rule::read(at, raw)).collect();
        let map =
            |raw: &'_ Map<String, Json>, key: &str| raw.get(key).and_then(Json::as_object).cloned();
        let text = |key: &str| structure.get(key).and_then(Json::as_str);
        let is_atomic = text("x-kubernetes-map-type") == Some("atomic");
        let below = is_correlated && !is_atomic;
        let part = |demands: &Json, structure: &Json, shape, is_correlated| {
            Self::read(demands.as_object()?, structure.as_object()?, shape, is_correlated)
                .filter(|rules| !rules.is_empty())
        };
        if let (Some(demands), Some(structure)) = (demands.get("items"), structure.get("items")) {
            let item = match &rules.shape {
                Shape::List(item, _) => Some((**item).clone()),
                _ => None,
            };
            let is_map = text("x-kubernetes-list-type") == Some("map");
            rules.items = part(demands, structure, item, below && is_map).map(Box::new);
        }
        let keyword = "additionalProperties";
        if let (Some(demands), Some(structure)) = (demands.get(keyword), structure.get(keyword)) {
            let value = match &rules.shape {
                Shape::Map(value) => Some((**value).clone()),
                _ => None,
            };
            rules.values = part(demands, structure, value, below).map(Box::new);
        }
        if let (Some(demands), Some(structure), Shape::Object(object)) =
            (map(demands, "properties"), map(structure, "properties"), &rules.shape)
        {
            for (name, demands) in &demands {
                let Some(structure) = structure.get(name) else { continue };
                let shape = match escape(name) {
                    Some(escaped) => object.field(&escaped).map(|field| field.shape.clone()),
                    None => structure.as_object().and_then(|raw| shape::of(raw, false)),
                };
                if let Some(inner) = part(demands, structure, shape, below) {
                    rules.properties.push((name.into(), inner));
                }
            }
        }
        rules.properties.sort_by(|(a, _), (b, _)| a.cmp(b));
        let all = demands.get("allOf").and_then(Json::as_array).into_iter().flatten();
        for (at, demands) in all.enumerate() {
            let inner = demands.as_object().and_then(|demands| {
                Self::read(demands, structure, Some(rules.shape.clone()), is_correlated)
            });
            rules.all_of.extend(inner.filter(|one| !one.is_empty()).map(|one| (at, one)));
        }
        Some(rules)
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty()
            && self.properties.is_empty()
            && self.items.is_none()
            && self.values.is_none()
            && self.all_of.is_empty()
    }

    /// Looks at every rule, as the server does when the definition is stored. `schema` is where the
    /// definition is written; what is wrong is told with the rule.
    pub fn check<'a>(&self, schema: &'a Node, tell: &mut impl FnMut(&'a Node, Fault)) {
        self.check_within(schema, &mut Limit { text: TEXT_LIMIT, patterns: PATTERN_LIMIT }, tell);
    }

    fn check_within<'a>(
        &self,
        schema: &'a Node,
        limit: &mut Limit,
        tell: &mut impl FnMut(&'a Node, Fault),
    ) {
        let list = schema.get(KEYWORD).and_then(Node::as_sequence).unwrap_or_default();
        for rule in &self.own {
            let Some(node) = list.get(rule.at).filter(|_| limit.takes(rule)) else { continue };
            if let Some(fault) = rule.fault(self) {
                tell(node, fault);
            }
        }
        let mut part = |rules: &Self, schema: Option<&'a Node>| {
            if let Some(schema) = schema {
                rules.check_within(schema, limit, tell);
            }
        };
        for (name, rules) in &self.properties {
            part(rules, schema.at(&["properties", name]));
        }
        for (rules, key) in [(&self.items, "items"), (&self.values, "additionalProperties")] {
            if let Some(rules) = rules {
                part(rules, schema.get(key));
            }
        }
        for (at, rules) in &self.all_of {
            let all = schema.get("allOf").and_then(Node::as_sequence).unwrap_or_default();
            part(rules, all.get(*at));
        }
    }

    /// How many rules there are.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        let properties = self.properties.iter().map(|(_, rules)| rules);
        let all_of = self.all_of.iter().map(|(_, rules)| rules);
        let inner = properties.chain(self.items.as_deref()).chain(self.values.as_deref());
        self.own.len() + inner.chain(all_of).map(Self::count).sum::<usize>()
    }

    /// The rules that cannot be compiled or evaluated.
    #[cfg(test)]
    pub fn unusable(&self, out: &mut Vec<String>) {
        for rule in &self.own {
            match rule.compiled(&self.shape) {
                Ok(compiled) => out.extend(compiled.rule.unsupported().map(str::to_owned)),
                Err(fault) => out.push(format!("{}: {}", rule.expression, fault.says)),
            }
        }
        let properties = self.properties.iter().map(|(_, rules)| rules);
        let all_of = self.all_of.iter().map(|(_, rules)| rules);
        let inner = properties.chain(self.items.as_deref()).chain(self.values.as_deref());
        inner.chain(all_of).for_each(|rules| rules.unusable(out));
    }
}

/// Whether a schema has a rule anywhere.
fn has_rules(schema: &Json) -> bool {
    match schema {
        Json::Object(map) => map.contains_key(KEYWORD) || map.values().any(has_rules),
        Json::Array(items) => items.iter().any(has_rules),
        _ => false,
    }
}

/// Whether a schema that is written has a rule anywhere.
pub(in crate::schema) fn is_ruled(schema: &Node) -> bool {
    match &schema.value {
        crate::yaml::Value::Scalar(_) => false,
        crate::yaml::Value::Sequence(items) => items.iter().any(is_ruled),
        crate::yaml::Value::Mapping(mapping) => {
            mapping.iter().any(|entry| entry.key == KEYWORD || is_ruled(&entry.value))
        }
    }
}

/// What may still be looked at of a definition.
struct Limit {
    text: usize,
    patterns: usize,
}

impl Limit {
    fn takes(&mut self, rule: &Rule) -> bool {
        let text = rule.expression.len();
        let patterns = [".matches(", ".find(", ".findAll("];
        let patterns: usize =
            patterns.iter().map(|name| rule.expression.matches(name).count()).sum();
        let left = self.text.checked_sub(text).zip(self.patterns.checked_sub(patterns));
        (self.text, self.patterns) = left.unwrap_or((0, 0));
        left.is_some()
    }
}

impl Rule {
    fn read(at: usize, raw: &Json) -> Option<Self> {
        let text = |key: &str| raw.get(key).and_then(Json::as_str).map(str::to_owned);
        let expression = text("rule").filter(|rule| !rule.trim().is_empty())?;
        Some(Self {
            at,
            expression,
            message: text("message").filter(|message| !message.trim().is_empty()),
            message_expression: text("messageExpression").filter(|text| !text.trim().is_empty()),
            field_path: field_path(&text("fieldPath").unwrap_or_default()).unwrap_or_default(),
            is_optional_old_self: raw.get("optionalOldSelf") == Some(&Json::Bool(true)),
            compiled: OnceLock::new(),
        })
    }

    fn compiled(&self, shape: &Shape) -> Result<&Compiled, &Fault> {
        self.compiled.get_or_init(|| self.compile(shape)).as_ref()
    }

    fn compile(&self, shape: &Shape) -> Result<Compiled, Fault> {
        let own = shape.to_type();
        let old = if self.is_optional_old_self {
            Type::Optional(own.clone().into())
        } else {
            own.clone()
        };
        let environment = Environment::default().with("self", own).with("oldSelf", old);
        let rule = Program::compile(&self.expression, &environment)
            .map_err(|wrong| Fault::compile("rule", &wrong))?;
        if rule.unsupported().is_none() && !matches!(rule.result(), Type::Bool) {
            let says = format!("must be true or false, not {}", rule.result());
            return Err(Fault { field: "rule", says });
        }
        let message = match &self.message_expression {
            None => None,
            Some(text) => {
                let message = Program::compile(text, &environment)
                    .map_err(|wrong| Fault::compile("messageExpression", &wrong))?;
                if message.unsupported().is_none() && !matches!(message.result(), Type::String) {
                    let says = format!("must be a string, not {}", message.result());
                    return Err(Fault { field: "messageExpression", says });
                }
                Some(message)
            }
        };
        Ok(Compiled { rule, message })
    }

    /// What the server says against the rule.
    fn fault(&self, place: &Rules) -> Option<Fault> {
        let compiled = match self.compiled(&place.shape) {
            Ok(compiled) => compiled,
            Err(fault) => return Some(fault.clone()),
        };
        let uses_old = compiled.rule.uses("oldSelf");
        let wrong = |field, says: &str| Some(Fault { field, says: says.to_owned() });
        if uses_old && !place.is_correlated {
            let says = "must not use `oldSelf` here: nothing says which item was which before";
            return wrong("rule", says);
        }
        if self.is_optional_old_self && !uses_old {
            let says = "must not be set: the rule does not use `oldSelf`";
            return wrong("optionalOldSelf", says);
        }
        None
    }
}

impl Fault {
    fn compile(field: &'static str, wrong: &CompileError) -> Self {
        Self { field, says: format!("does not compile: {}", wrong.message) }
    }
}

/// The names of `.spec.labels['a.b']`.
fn field_path(text: &str) -> Option<Vec<Text>> {
    let mut names = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (name, after) = quoted.split_once("']")?;
            names.push(name.into());
            rest = after;
        } else {
            let named = rest.strip_prefix('.')?;
            let end = named.find(['.', '[']).unwrap_or(named.len());
            let (name, after) = named.split_at_checked(end)?;
            names.push(name.into());
            rest = after;
        }
    }
    Some(names)
}

/// What there is of an old value when an object is made.
fn no_old_value<'a>() -> Value<'a> {
    Value::Optional(None)
}
