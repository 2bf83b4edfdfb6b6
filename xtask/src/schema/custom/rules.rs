//! The rules of custom kinds (`x-kubernetes-validations`): where they hold, and what they say.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/cel`: `validation.go` for where rules hold
//! and `compilation.go` for what they must be. Invariant: a rule is compiled once, when an object has
//! a value that it is for.

mod evaluate;
mod shape;

use std::{collections::BTreeMap, sync::OnceLock};

use serde_json::{Map, Value as Json};

pub(in crate::schema) use self::evaluate::evaluate;
use crate::{
    cel::{Allowance, CompileError, Environment, Program, Shape, Type, Value, escape},
    yaml::{Node, Text},
};

/// What rules are written under.
pub(super) const KEYWORD: &str = "x-kubernetes-validations";

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
    /// The field that is named, below the value at hand. None if there is no such field.
    field_path: Option<Vec<Text>>,
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
        let mut reader = Reader { allowance: Allowance::default() };
        let mut rules = reader.rules(raw, raw, shape::of(raw, true), true)?;
        if without_status {
            rules.properties.retain(|(name, _)| name != "status");
        }
        (!rules.is_empty()).then_some(rules)
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
        let list = schema.get(KEYWORD).and_then(Node::as_sequence).unwrap_or_default();
        for rule in &self.own {
            let Some(node) = list.get(rule.at) else { continue };
            if let Some(fault) = rule.fault(self) {
                tell(node, fault);
            }
        }
        let mut part = |rules: &Self, schema: Option<&'a Node>| {
            if let Some(schema) = schema {
                rules.check(schema, tell);
            }
        };
        // A definition can have as many fields as bytes.
        let written = schema.get("properties").and_then(Node::as_mapping);
        let written: BTreeMap<_, _> = match written.filter(|_| !self.properties.is_empty()) {
            Some(mapping) => mapping.iter().map(|one| (one.key.as_str(), &one.value)).collect(),
            None => BTreeMap::new(),
        };
        for (name, rules) in &self.properties {
            part(rules, written.get(name.as_str()).copied());
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

/// Reads the rules of one definition.
struct Reader {
    allowance: Allowance,
}

impl Reader {
    /// `demands` has the rules, `structure` says what the value is: they differ below `allOf`.
    fn rules(
        &mut self,
        demands: &Map<String, Json>,
        structure: &Map<String, Json>,
        shape: Option<Shape>,
        is_correlated: bool,
    ) -> Option<Rules> {
        // There are no rules where the type is not said.
        let shape = shape?;
        let text = |key: &str| structure.get(key).and_then(Json::as_str);
        let below = is_correlated && text("x-kubernetes-map-type") != Some("atomic");
        let is_map = text("x-kubernetes-list-type") == Some("map");
        let item = if let Shape::List(item, _) = &shape { Some((**item).clone()) } else { None };
        let value = if let Shape::Map(value) = &shape { Some((**value).clone()) } else { None };
        let all = demands.get("allOf").and_then(Json::as_array).into_iter().flatten();
        let rules = Rules {
            own: self.own(demands, structure),
            properties: self.properties(demands, structure, &shape, below),
            items: self.part(demands, structure, "items", item, below && is_map),
            values: self.part(demands, structure, "additionalProperties", value, below),
            all_of: all
                .enumerate()
                .filter_map(|(at, demands)| {
                    let demands = demands.as_object()?;
                    let rules =
                        self.rules(demands, structure, Some(shape.clone()), is_correlated)?;
                    Some((at, rules))
                })
                .collect(),
            is_correlated,
            shape,
        };
        (!rules.is_empty()).then_some(rules)
    }

    fn own(&mut self, demands: &Map<String, Json>, structure: &Map<String, Json>) -> Vec<Rule> {
        let list = demands.get(KEYWORD).and_then(Json::as_array).into_iter().flatten();
        let rules = list.enumerate().filter_map(|(at, raw)| Rule::read(at, raw, structure));
        rules.filter(|rule| self.allowance.takes(&rule.expression)).collect()
    }

    fn part(
        &mut self,
        demands: &Map<String, Json>,
        structure: &Map<String, Json>,
        key: &str,
        shape: Option<Shape>,
        is_correlated: bool,
    ) -> Option<Box<Rules>> {
        let (demands, structure) = (demands.get(key)?, structure.get(key)?);
        let rules =
            self.rules(demands.as_object()?, structure.as_object()?, shape, is_correlated)?;
        Some(Box::new(rules))
    }

    fn properties(
        &mut self,
        demands: &Map<String, Json>,
        structure: &Map<String, Json>,
        shape: &Shape,
        is_correlated: bool,
    ) -> Vec<(Text, Rules)> {
        let Shape::Object(object) = shape else { return Vec::new() };
        let key = "properties";
        let (Some(Json::Object(demands)), Some(Json::Object(structure))) =
            (demands.get(key), structure.get(key))
        else {
            return Vec::new();
        };
        let mut properties = Vec::new();
        for (name, demands) in demands {
            let Some(structure) = structure.get(name).and_then(Json::as_object) else { continue };
            let shape = match escape(name) {
                Some(escaped) => object.field(&escaped).map(|field| field.shape.clone()),
                None => shape::of(structure, false),
            };
            let demands = demands.as_object();
            let rules =
                demands.and_then(|demands| self.rules(demands, structure, shape, is_correlated));
            properties.extend(rules.map(|rules| (Text::from(name.as_str()), rules)));
        }
        properties.sort_by(|(a, _), (b, _)| a.cmp(b));
        properties
    }
}

impl Rule {
    fn read(at: usize, raw: &Json, structure: &Map<String, Json>) -> Option<Self> {
        let text = |key: &str| raw.get(key).and_then(Json::as_str).map(str::to_owned);
        let expression = text("rule").filter(|rule| !rule.trim().is_empty())?;
        Some(Self {
            at,
            expression,
            message: text("message").filter(|message| !message.trim().is_empty()),
            message_expression: text("messageExpression").filter(|text| !text.trim().is_empty()),
            field_path: field_path(&text("fieldPath").unwrap_or_default(), structure),
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
        if self.field_path.is_none() {
            return wrong(
                "fieldPath",
                "must be the path of a field of the schema, such as `.name`",
            );
        }
        None
    }
}

impl Fault {
    fn compile(field: &'static str, wrong: &CompileError) -> Self {
        Self { field, says: format!("does not compile: {}", wrong.message) }
    }
}

/// The names of `.spec.labels['a.b']`, each of which must be in the schema.
///
/// Source: `ValidFieldPath`.
fn field_path(text: &str, structure: &Map<String, Json>) -> Option<Vec<Text>> {
    let mut names = Vec::new();
    let mut schema = Some(structure);
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = if let Some(quoted) = rest.strip_prefix("['") {
            quoted.split_once("']")?
        } else {
            let named = rest.strip_prefix('.')?;
            named.split_at_checked(named.find(['.', '[']).unwrap_or(named.len()))?
        };
        let part = |key: &str| schema?.get(key).and_then(Json::as_object);
        schema = match (part("properties"), part("additionalProperties")) {
            (Some(properties), _) => Some(properties.get(name)?.as_object()?),
            (None, Some(values)) => Some(values),
            (None, None) => return None,
        };
        names.push(name.into());
        rest = after;
    }
    Some(names)
}

/// What there is of an old value when an object is made.
fn no_old_value<'a>() -> Value<'a> {
    Value::Optional(None)
}
