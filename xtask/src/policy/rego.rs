//! Policies in Rego, evaluated with the interpreter of regorus.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use regorus::Engine;
pub use regorus::Value;

use super::{Problem, Violation};
use crate::yaml::{self, Node, Scalar, ScalarKind, canonical};

/// Which language a module is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Without `if` and `contains`.
    #[default]
    V0,
    /// With them, and stricter.
    V1,
}

/// The code of a template as it is written.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The name of the template, for messages.
    pub name: &'a str,
    /// The module with the rule `violation`.
    pub rego: &'a str,
    /// The libraries that it uses.
    pub libs: Vec<&'a str>,
    /// The version of all of them.
    pub version: Version,
}

/// Code that was read and checked. It can be shared by threads; each makes its own [`Evaluator`].
#[derive(Clone, Debug)]
pub struct Module {
    name: String,
    rego: String,
    libs: Vec<String>,
    version: Version,
}

impl Module {
    /// Reads code. Errors are what makes Gatekeeper refuse the template.
    pub fn new(source: &Source<'_>) -> Result<Self, Vec<Problem>> {
        Ok(Self {
            name: source.name.to_owned(),
            rego: source.rego.to_owned(),
            libs: source.libs.iter().map(|&lib| lib.to_owned()).collect(),
            version: source.version,
        })
    }

    /// Whether it reads other objects of the cluster: `data.inventory`.
    pub fn uses_inventory(&self) -> bool {
        self.rego.contains("data.inventory")
    }

    /// Whether its result depends on nothing but review, parameters and inventory.
    pub fn is_pure(&self) -> bool {
        true
    }
}

/// A module that is ready to be evaluated, by one thread.
#[derive(Clone, Debug)]
pub struct Evaluator {
    engine: Engine,
    rule: String,
}

impl Evaluator {
    /// Prepares a module.
    pub fn new(module: &Module) -> Result<Self> {
        let mut engine = Engine::new();
        engine.set_rego_v0(module.version == Version::V0);
        engine.set_strict_builtin_errors(false);
        let package = engine
            .add_policy(format!("{}.rego", module.name), module.rego.clone())
            .context("the code cannot be read")?;
        for (at, lib) in module.libs.iter().enumerate() {
            engine.add_policy(format!("{}-lib-{at}.rego", module.name), lib.clone())?;
        }
        Ok(Self { engine, rule: format!("{package}.violation") })
    }

    /// Sets what `data.inventory` is.
    pub fn set_inventory(&mut self, inventory: &Value) -> Result<()> {
        self.engine.clear_data();
        let mut data = Value::new_object();
        data.as_object_mut()?.insert("inventory".into(), inventory.clone());
        self.engine.add_data(data)
    }

    /// What the module says of a review: `{"review": ..., "parameters": ...}`. An error is what ends
    /// a whole run of Gatekeeper; an error of the evaluation is a violation with its text.
    pub fn evaluate(&mut self, review: &Value, parameters: &Value) -> Result<Vec<Violation>> {
        let mut input = Value::new_object();
        let fields = input.as_object_mut()?;
        fields.insert("review".into(), review.clone());
        fields.insert("parameters".into(), parameters.clone());
        self.engine.set_input(input);
        let found = match self.engine.eval_rule(self.rule.clone()) {
            Ok(found) => found,
            Err(error) => {
                let message = format!("{error:#}");
                return Ok(vec![Violation { message, details: serde_json::json!({}) }]);
            }
        };
        let Ok(found) = found.as_set() else { return Ok(Vec::new()) };
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for one in found {
            let Ok(fields) = one.as_object() else { continue };
            let Some(message) = fields.get(&"msg".into()) else { continue };
            let Value::String(message) = message else { bail!("`msg` is not a string") };
            let details = match fields.get(&"details".into()) {
                Some(details) => serde_json::to_value(details)?,
                None => serde_json::json!({}),
            };
            if seen.insert((message.to_string(), details.to_string())) {
                out.push(Violation { message: message.to_string(), details });
            }
        }
        Ok(out)
    }
}

/// A tree as the code of a policy sees it.
pub fn value_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Scalar(scalar) => of_scalar(scalar),
        yaml::Value::Sequence(items) => Value::from(items.iter().map(value_of).collect::<Vec<_>>()),
        yaml::Value::Mapping(mapping) => {
            let mut object = Value::new_object();
            if let Ok(map) = object.as_object_mut() {
                for entry in mapping {
                    map.insert(Value::from(entry.key.as_str()), value_of(&entry.value));
                }
            }
            object
        }
    }
}

fn of_scalar(scalar: &Scalar) -> Value {
    let text = canonical(scalar);
    let text = text.as_deref().unwrap_or(&scalar.text);
    match scalar.kind {
        ScalarKind::Null | ScalarKind::NothingInFlow => Value::Null,
        ScalarKind::Bool => Value::from(text == "true"),
        ScalarKind::Int | ScalarKind::Float => {
            Value::from_numeric_string(text).unwrap_or_else(|_| Value::from(text))
        }
        ScalarKind::Timestamp | ScalarKind::String => Value::from(text),
    }
}
