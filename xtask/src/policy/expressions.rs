//! Expressions of a policy in CEL and the variables that it makes for them.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/cel/composition.go`. Invariant: a variable is
//! evaluated when an expression first comes to it, and once; the depth of the calls is bounded.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::request::Request;
use crate::{
    admission::{Refusal, Wanted, compile, made, user, variables, with_authorizer},
    cel::{Budget, Data, Environment, Error, ErrorKind, Program, Shape, Type, Value, Variables},
    yaml::{Node, Text},
};

/// How many variables a policy may make. The types of all that came before are part of each.
const LIMIT: usize = 500;

/// How many levels of calls variables may need that are evaluated when they are asked for. What needs
/// more is evaluated before.
const LEVELS: u16 = 100;

/// What a name in an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Object,
    OldObject,
    Namespace,
    Request,
    Params,
    Authorizer,
    User,
    /// All variables.
    All,
}

/// Which of the names that are not always there an expression can use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names {
    /// `params`
    pub params: bool,
    /// `authorizer`
    pub authorizer: bool,
    /// Whether it is unknown who asks: what `request.userInfo` is.
    pub unknown_user: bool,
}

/// The variables that a policy makes.
#[derive(Debug, Default)]
pub(super) struct Made {
    known: Vec<(Text, Type)>,
    expressions: Vec<Expression>,
    /// Those that are evaluated before anything asks for them.
    early: Vec<usize>,
    /// How many levels of calls each needs.
    levels: Vec<u16>,
    by_name: BTreeMap<Text, usize>,
}

/// An expression that can be evaluated.
#[derive(Debug)]
pub(super) struct Expression {
    program: Program,
    /// What the first names of its environment stand for. The others are variables in order.
    slots: Vec<Slot>,
}

/// What expressions are evaluated on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs<'a> {
    pub object: Option<&'a Node>,
    pub old_object: Option<&'a Node>,
    pub namespace: Option<&'a Node>,
    pub request: &'a Request<'a>,
    pub params: Option<&'a Node>,
}

/// An evaluation of the expressions of one policy on one object.
pub(super) struct Evaluation<'a> {
    made: &'a Made,
    inputs: Inputs<'a>,
    values: Vec<Option<Result<Value<'a>, Error>>>,
    budget: Budget,
}

impl Names {
    fn slots(self) -> Vec<Slot> {
        let mut slots = vec![Slot::Object, Slot::OldObject, Slot::Namespace, Slot::Request];
        slots.extend(self.params.then_some(Slot::Params));
        slots.extend(self.authorizer.then_some([Slot::Authorizer; 2]).into_iter().flatten());
        slots.extend(self.unknown_user.then_some(Slot::User));
        slots.push(Slot::All);
        slots
    }

    fn environment(self, made_before: &[(Text, Type)]) -> Environment {
        let plain = variables(self.params);
        let plain = if self.authorizer { with_authorizer(plain) } else { plain };
        let plain = if self.unknown_user { plain.with("request.userInfo", user()) } else { plain };
        let with = |environment: Environment, (name, of): &(Text, Type)| {
            environment.with(format!("variables.{name}"), of.clone())
        };
        made_before.iter().fold(plain.with("variables", made(made_before)), with)
    }
}

impl Made {
    /// Whether no more variables are taken.
    pub fn is_full(&self) -> bool {
        self.expressions.len() >= LIMIT
    }

    /// Whether there is a variable of this name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Adds a variable, which sees those before it.
    pub fn add(&mut self, name: &str, text: &str, names: Names) -> Result<(), Refusal> {
        let expression = self.compile(text, names, Wanted::Anything)?;
        let below = expression.program.used().filter_map(|used| match used {
            "variables" => self.levels.iter().copied().max(),
            used => {
                let at = self.by_name.get(used.strip_prefix("variables.")?)?;
                self.levels.get(*at).copied()
            }
        });
        let levels = expression.program.height() + below.max().unwrap_or_default() + 1;
        let at = self.expressions.len();
        if levels > LEVELS {
            self.early.push(at);
        }
        self.levels.push(if levels > LEVELS { 0 } else { levels });
        self.by_name.insert(name.into(), at);
        self.known.push((name.into(), expression.program.result().clone()));
        self.expressions.push(expression);
        Ok(())
    }

    /// Compiles an expression that sees all variables.
    pub fn compile(&self, text: &str, names: Names, wanted: Wanted) -> Result<Expression, Refusal> {
        let program = compile(text, &names.environment(&self.known), wanted)?;
        Ok(Expression { program, slots: names.slots() })
    }
}

impl Expression {
    /// The paths of the object that it mentions, also by the variables that it uses.
    pub fn paths(&self, made: &Made) -> Vec<Vec<Text>> {
        let mut paths = self.program.paths("object");
        let mut seen = BTreeSet::new();
        let mut programs = vec![&self.program];
        while let Some(program) = programs.pop() {
            for used in program.used() {
                let at = used.strip_prefix("variables.").and_then(|name| made.by_name.get(name));
                if let Some(&at) = at
                    && seen.insert(at)
                    && let Some(expression) = made.expressions.get(at)
                {
                    paths.extend(expression.program.paths("object"));
                    programs.push(&expression.program);
                }
            }
        }
        paths
    }
}

impl<'a> Evaluation<'a> {
    /// An evaluation that takes no more steps than these.
    pub fn new(made: &'a Made, inputs: Inputs<'a>, steps: u64) -> Self {
        let values = vec![None; made.expressions.len()];
        let mut evaluation = Self { made, inputs, values, budget: Budget::new(steps) };
        for &at in &made.early {
            let mut budget = evaluation.budget;
            // What comes of it is kept, an error too.
            _ = evaluation.variable(at, &mut budget);
            evaluation.budget = budget;
        }
        evaluation
    }

    /// The value of an expression.
    pub fn run(&mut self, expression: &'a Expression) -> Result<Value<'a>, Error> {
        let mut budget = self.budget;
        let mut scope = Scope { evaluation: self, slots: &expression.slots };
        let value = expression.program.evaluate_with(&mut scope, &mut budget);
        self.budget = budget;
        value
    }

    fn variable(&mut self, at: usize, budget: &mut Budget) -> Result<Value<'a>, Error> {
        if let Some(Some(known)) = self.values.get(at) {
            return known.clone();
        }
        let made = self.made;
        let Some(expression) = made.expressions.get(at) else { return Err(no_value()) };
        let mut scope = Scope { evaluation: self, slots: &expression.slots };
        let value = expression.program.evaluate_with(&mut scope, budget);
        let value = value.map_err(|error| {
            let name = made.known.get(at).map_or("", |(name, _)| name.as_str());
            let message =
                format!("composited variable \"{name}\" fails to evaluate: {}", error.message);
            Error { message: Cow::Owned(message), ..error }
        });
        if let Some(place) = self.values.get_mut(at) {
            *place = Some(value.clone());
        }
        value
    }

    fn all(&mut self, budget: &mut Budget) -> Result<Value<'a>, Error> {
        let made = self.made;
        let names = made.known.iter().map(|(name, _)| Value::string(name.as_str()));
        let entry = |(at, name)| Ok((name, self.variable(at, budget)?));
        Ok(Value::map(names.enumerate().map(entry).collect::<Result<_, Error>>()?))
    }
}

/// An evaluation of one expression.
struct Scope<'b, 'a> {
    evaluation: &'b mut Evaluation<'a>,
    slots: &'a [Slot],
}

impl<'a> Variables<'a> for Scope<'_, 'a> {
    fn value(&mut self, at: usize, budget: &mut Budget) -> Result<Value<'a>, Error> {
        let inputs = self.evaluation.inputs;
        let of = |node: Option<&'a Node>| {
            node.map_or(Ok(Value::Null), |node| Value::of(Data::Node(node), &Shape::Dyn))
        };
        match self.slots.get(at) {
            Some(Slot::Object) => of(inputs.object),
            Some(Slot::OldObject) => of(inputs.old_object),
            Some(Slot::Namespace) => of(inputs.namespace),
            Some(Slot::Params) => of(inputs.params),
            Some(Slot::Request) => inputs.request.value(),
            Some(Slot::Authorizer) => Err(unsupported("it asks who may do what")),
            Some(Slot::User) => Err(unsupported("it asks who makes the request")),
            Some(Slot::All) => self.evaluation.all(budget),
            None => self.evaluation.variable(at - self.slots.len(), budget),
        }
    }
}

fn unsupported(why: &'static str) -> Error {
    Error { message: Cow::Borrowed(why), kind: ErrorKind::Unsupported }
}

fn no_value() -> Error {
    Error { message: Cow::Borrowed("no such value"), kind: ErrorKind::Value }
}
