//! Policies in Rego, evaluated with the interpreter of regorus.
//!
//! The code of a template is read by a parser of our own, checked as OPA and Gatekeeper check it when
//! they load a template, and written anew in the narrower language that the interpreter reads in the
//! same way. Functions that differ are ours.
//!
//! Invariant: what cannot be evaluated is never a pass; an evaluation ends within bounds of time and
//! memory. Evaluate on a thread with a large stack: see [`on_workers`](super::on_workers).
//!
//! Source: OPA 1.17.1, as Gatekeeper 3.23.1 uses it.

mod check;
mod emit;
mod errors;
mod format;
mod functions;
mod limits;
mod lint;
mod negation;
mod parser;
mod signatures;
mod syntax;
#[cfg(test)]
mod tests;
mod tokens;
mod value;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
pub use regorus::Value;
use regorus::{Engine, PolicyLengthConfig, utils::limits::ExecutionTimerConfig};

use super::{Problem, Violation, workers::on_big_stack};
use check::{Names, Program};
use emit::Emitted;
pub use lint::{Finding, Rule, lint};
use syntax::{File, Term, TermKind};
pub use value::value_of;

/// The longest text of a template.
const LONGEST: usize = 1 << 20;

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

impl Source<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.rego).chain(self.libs.iter().copied())
    }

    /// Reads all texts; of each that cannot be read, the first thing that is wrong with it.
    fn files(&self) -> Result<Vec<File>, Vec<Problem>> {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for (at, text) in self.texts().enumerate() {
            let read = if text.len() > LONGEST {
                Err((format!("the code is longer than {LONGEST} bytes"), 0..0))
            } else {
                parser::parse(text, self.version)
            };
            match read {
                Ok(file) => files.push(file),
                Err((message, range)) => problems.push(Problem { message, text: at, range }),
            }
        }
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }
}

/// Code that was read and checked. It can be shared by threads; each makes its own [`Evaluator`].
#[derive(Clone, Debug)]
pub struct Module(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    name: String,
    /// The texts as they are written, and as the interpreter is given them.
    texts: Vec<(String, Emitted)>,
    /// The functions of OPA that they use.
    used: BTreeSet<String>,
    /// The text and the place of the second definition of each function that has two.
    conflicts: BTreeMap<String, (usize, usize)>,
    /// The text and the place of each definition of a part of an object.
    objects: Vec<(usize, Range<usize>)>,
    uses_inventory: bool,
    is_pure: bool,
    /// The engine that the code was tried in, for the first who evaluates it.
    tried: Mutex<Option<Engine>>,
}

impl Module {
    /// Reads code. Errors are what makes Gatekeeper refuse the template.
    pub fn new(source: &Source<'_>) -> Result<Self, Vec<Problem>> {
        let files = source.files()?;
        if let Some(problem) = check::too_much(&files) {
            return Err(vec![problem]);
        }
        let program = Program { files: &files, names: Names::of(&files), version: source.version };
        let order = check::check(&program)?;
        let replaced = emit::Replaced::of(&files, &program.names);
        let mut texts = Vec::new();
        for (at, (file, text)) in files.iter().zip(source.texts()).enumerate() {
            let emitted =
                emit::emit(file, &program.names, &replaced, &order, at == 0).map_err(|range| {
                    let message = "the terms of this rule nest too deep".to_owned();
                    vec![Problem { message, text: at, range }]
                })?;
            texts.push((text.to_owned(), emitted));
        }
        let used: BTreeSet<String> =
            texts.iter().flat_map(|(_, emitted)| emitted.used.iter().cloned()).collect();
        let mut uses_inventory = false;
        for rule in files.iter().flat_map(|file| &file.rules) {
            rule.walk(&mut |term| uses_inventory |= reads_inventory(term));
        }
        let is_pure = !signatures::IMPURE.iter().any(|name| used.contains(*name));
        let conflicts = errors::conflicts(&program.names);
        let name = source.name.to_owned();
        let tried = Mutex::default();
        let module = Self(Arc::new(Checked {
            name,
            texts,
            used,
            conflicts,
            objects: errors::objects(&files),
            uses_inventory,
            is_pure,
            tried,
        }));
        match on_big_stack(|| limits::caught(|| module.prepared())) {
            Some(Ok(engine)) => {
                *module.0.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine);
                Ok(module)
            }
            Some(Err(error)) => Err(vec![module.0.problem(&error)]),
            None => Err(vec![Problem {
                message: "the code cannot be prepared for the interpreter".to_owned(),
                text: 0,
                range: 0..0,
            }]),
        }
    }

    /// Whether it reads other objects of the cluster: `data.inventory`.
    pub fn uses_inventory(&self) -> bool {
        self.0.uses_inventory
    }

    /// Whether its result depends on nothing but review, parameters and inventory.
    pub fn is_pure(&self) -> bool {
        self.0.is_pure
    }

    fn engine(&self) -> Result<Engine> {
        let mut engine = Engine::new();
        engine.set_rego_v0(true);
        engine.set_strict_builtin_errors(false);
        engine.set_gather_prints(true);
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZero::<u32>::MAX,
            max_file_bytes: NonZero::<usize>::MAX,
            max_lines: NonZero::<usize>::MAX,
        });
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: limits::TIME,
            check_interval: NonZero::new(4).unwrap_or(NonZero::<u32>::MIN),
        });
        functions::register(&mut engine, &self.0.used)?;
        for (at, (_, emitted)) in self.0.texts.iter().enumerate() {
            engine.add_policy(at.to_string(), emitted.text.clone())?;
        }
        Ok(engine)
    }

    /// An engine that has scheduled the code.
    fn prepared(&self) -> Result<Engine> {
        let mut engine = self.engine()?;
        engine.compile_with_entrypoint(&ENTRY.into())?;
        Ok(engine)
    }
}

/// What is evaluated.
const ENTRY: &str = "data.template.violation";

/// A module that is ready to be evaluated, by one thread.
#[derive(Clone, Debug)]
pub struct Evaluator {
    module: Module,
    engine: Engine,
    inventory: Option<Value>,
    cost: Cost,
}

/// What the last evaluation has cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Why it was ended, if it has used up its time or its memory.
    pub used_up: Option<&'static str>,
    /// How long it took, if that was slow.
    pub slow: Option<Duration>,
}

impl Evaluator {
    /// Prepares a module.
    pub fn new(module: &Module) -> Result<Self> {
        // An engine of its own for each: they would share what they count references of.
        let tried = module.0.tried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let engine = tried.map_or_else(|| module.engine(), Ok);
        let engine =
            engine.with_context(|| format!("failed to prepare the code of `{}`", module.0.name))?;
        Ok(Self { module: module.clone(), engine, inventory: None, cost: Cost::default() })
    }

    /// Sets what `data.inventory` is.
    pub fn set_inventory(&mut self, inventory: &Value) -> Result<()> {
        self.inventory = Some(inventory.clone());
        self.engine.clear_data();
        let mut data = Value::new_object();
        data.as_object_mut()?.insert("inventory".into(), inventory.clone());
        self.engine.add_data(data)
    }

    /// What the last evaluation has cost.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// What the module says of a review: `{"review": ..., "parameters": ...}`. An error is what ends
    /// a whole run of Gatekeeper; an error of the evaluation is a violation with its text.
    pub fn evaluate(&mut self, review: &Value, parameters: &Value) -> Result<Vec<Violation>> {
        let mut input = Value::new_object();
        let fields = input.as_object_mut()?;
        fields.insert("review".into(), review.clone());
        fields.insert("parameters".into(), parameters.clone());
        limits::begin();
        let engine = &mut self.engine;
        let found = limits::caught(|| {
            engine.set_input(input);
            engine.eval_rule(ENTRY.to_owned())
        });
        self.cost = Cost { used_up: None, slow: limits::slow() };
        match found {
            Some(Ok(found)) => violations(&found),
            Some(Err(error)) => {
                self.cost.used_up = errors::used_up(&error);
                Ok(vec![failed(self.module.0.evaluation_error(&error))])
            }
            None => {
                // Nobody knows what state it is in.
                let inventory = self.inventory.take();
                *self = Self::new(&self.module)?;
                if let Some(inventory) = inventory {
                    self.set_inventory(&inventory)?;
                }
                Ok(vec![failed("template: eval_internal_error: the interpreter failed".to_owned())])
            }
        }
    }
}

/// An error of the evaluation is a violation without details.
fn failed(message: String) -> Violation {
    Violation { message, details: serde_json::Value::Null }
}

/// What the elements of the set `violation` say: those with a message, each once.
fn violations(found: &Value) -> Result<Vec<Violation>> {
    let elements: Vec<&Value> = match found {
        Value::Set(elements) => elements.iter_sorted().collect(),
        Value::Object(fields) => fields.keys_sorted().collect(),
        _ => Vec::new(),
    };
    if let Err(why) = limits::measure_result(found) {
        return Ok(vec![failed(format!("template: eval_internal_error: {why}"))]);
    }
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for element in elements {
        let Value::Object(fields) = element else { continue };
        let message = match fields.get(&"msg".into()) {
            Some(Value::String(message)) => message.to_string(),
            Some(other) => bail!("`msg` must be a string, not {}", value::printed(other)),
            None => continue,
        };
        let details = match fields.get(&"details".into()) {
            Some(details) => value::to_json(details),
            None => serde_json::json!({}),
        };
        if seen.insert((message.clone(), details.to_string())) {
            out.push(Violation { message, details });
        }
    }
    Ok(out)
}

fn reads_inventory(term: &Term) -> bool {
    match &term.kind {
        TermKind::Name(_) | TermKind::Reference { .. } => {
            matches!(term.fixed_path().as_deref(), Some(["data", "inventory", ..]))
        }
        _ => false,
    }
}
