//! The Common Expression Language as Kubernetes speaks it: the rules of custom resources, admission
//! policies, match conditions.
//!
//! A [`Program`] is an expression whose names and types have been checked against an
//! [`Environment`]: what does not compile here is what an API server refuses to store. It is
//! evaluated on values that borrow their data. Nothing here knows what an expression is for.
//!
//! Functions and macros (those of Kubernetes 1.36):
//! - the language: `has`, `all`, `exists`, `exists_one`, `map`, `filter`, also with two variables
//!   (`transformList`, `transformMap`, `transformMapEntry`); `size`, `type`, `dyn`, conversions,
//!   `matches` and the like, times and durations; optional values (`?.`, `[?]`, `optional.of`,
//!   `optional.none`, `optional.ofNonZeroValue`, `hasValue`, `value`, `or`, `orValue`, `optMap`,
//!   `optFlatMap`)
//! - strings: `charAt`, `indexOf`, `lastIndexOf`, `lowerAscii`, `upperAscii`, `replace`, `split`,
//!   `join`, `substring`, `trim`, `format`, `strings.quote`; `find`, `findAll`
//! - lists: `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf`, `sets.*`
//! - Kubernetes: `quantity`, `url`, `ip`, `cidr`, `semver`, `format.*` with what belongs to them
//!
//! Known but not evaluated, and told as such: `authorizer`, messages (`Object{...}`), time zones by
//! name, `quantity` with `mul`, `div` and `divInt`, `includes`.
//!
//! Source: `google/cel-spec`, `google/cel-go`, `k8s.io/apiserver/pkg/cel`. The parser is our own: the
//! one of the crate `cel` 0.15 takes 6 ms for the first expression and 30 to 150 µs for each other
//! one, which is more than checking a whole object, and the crate knows neither types nor the
//! functions of Kubernetes.
//! Invariant: total, and bounded in time, memory and depth by the budget and the limits of the
//! parser.

mod bindings;
mod check;
mod error;
mod evaluate;
mod functions;
mod lexer;
mod library;
mod operators;
mod overload;
mod parser;
mod shape;
mod syntax;
#[cfg(test)]
mod tests;
mod types;
mod value;

pub use error::{Allowance, Budget, CompileError, Error, ErrorKind};
pub use shape::{Field, ListKind, Object, Shape, escape};
pub use types::Type;
pub use value::{Data, List, Map, Str, Value};

use check::Resolution;
use evaluate::Machine;
use syntax::{Id, Kind, Literal, Tree};

use crate::yaml::Text;

/// The variables that an expression can use.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<(Text, Type)>,
}

/// An expression that can be evaluated.
#[derive(Debug)]
pub struct Program {
    tree: Tree,
    top: Id,
    resolutions: Vec<Resolution>,
    result: Type,
    used: Vec<Text>,
    unsupported: Vec<Text>,
}

/// Where an evaluation finds the values of variables. It asks when it comes to one, so that what no
/// path of it needs need not have a value.
pub trait Variables<'a> {
    /// The value of a variable by its place in the environment.
    fn value(&mut self, at: usize, budget: &mut Budget) -> Result<Value<'a>, Error>;
}

/// Values that are there, in the order of the environment.
struct Given<'b, 'a>(&'b [Value<'a>]);

impl<'a> Variables<'a> for Given<'_, 'a> {
    fn value(&mut self, at: usize, _: &mut Budget) -> Result<Value<'a>, Error> {
        self.0.get(at).cloned().ok_or_else(|| Error::new("no such value"))
    }
}

impl Environment {
    /// With another variable, whose name may have points. One such as `a.b` is there when an
    /// expression asks for it by `has(a.b)`, unless it has no value.
    #[must_use]
    pub fn with(mut self, name: impl Into<Text>, of: Type) -> Self {
        self.variables.push((name.into(), of));
        self
    }

    fn find(&self, name: &str) -> Option<(usize, &Type)> {
        let at = self.variables.iter().position(|(one, _)| one == name)?;
        self.variables.get(at).map(|(_, found)| (at, found))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }
}

impl Type {
    /// What an authorizer is: expressions can ask it, here it has no answer.
    pub fn authorizer() -> Self {
        functions::opaque("authorizer")
    }

    /// An authorizer that is set to a resource.
    pub fn resource_check() -> Self {
        functions::opaque("resourcecheck")
    }
}

impl Program {
    /// Reads an expression and checks its names and types.
    pub fn compile(text: &str, environment: &Environment) -> Result<Self, CompileError> {
        let (tree, top) = parser::parse(text)?;
        let check::Checked { resolutions, result, used, unsupported } =
            check::check(&tree, top, environment)?;
        let name = |at: &usize| environment.variables.get(*at).map(|(name, _)| name.clone());
        let used = used.iter().filter_map(name).collect();
        Ok(Self { tree, top, resolutions, result, used, unsupported })
    }

    /// The type of its result.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// How many levels its parts nest.
    pub fn height(&self) -> u16 {
        self.tree.get(self.top).height
    }

    /// Whether it uses a variable.
    pub fn uses(&self, variable: &str) -> bool {
        self.used.iter().any(|name| name == variable)
    }

    /// A function or the like that it calls and that cannot be evaluated.
    pub fn unsupported(&self) -> Option<&str> {
        self.unsupported.first().map(Text::as_str)
    }

    /// Its value, with values for the variables in the order of the environment.
    pub fn evaluate<'a>(
        &'a self,
        variables: &[Value<'a>],
        budget: &mut Budget,
    ) -> Result<Value<'a>, Error> {
        self.evaluate_with(&mut Given(variables), budget)
    }

    /// Its value, with variables that are asked for.
    pub fn evaluate_with<'a>(
        &'a self,
        variables: &mut dyn Variables<'a>,
        budget: &mut Budget,
    ) -> Result<Value<'a>, Error> {
        Machine::new(self, variables, budget).evaluate(self.top)
    }

    /// The paths below a variable that it mentions: `a.b` and `a['b']`, without what macros look at.
    pub fn paths(&self, variable: &str) -> Vec<Vec<Text>> {
        self.tree.ids().filter_map(|id| self.path(id, variable)).collect()
    }

    fn path(&self, id: Id, variable: &str) -> Option<Vec<Text>> {
        let (mut path, mut at) = (Vec::new(), id);
        loop {
            match &self.tree.get(at).kind {
                Kind::Select { operand, field, .. } | Kind::Has { operand, field } => {
                    path.push(field.clone());
                    at = *operand;
                }
                Kind::Index { operand, index, .. } => {
                    let Kind::Literal(Literal::String(key)) = &self.tree.get(*index).kind else {
                        return None;
                    };
                    path.push(Text::from(&**key));
                    at = *operand;
                }
                Kind::Name(name) => {
                    let is_it = name == variable
                        && matches!(self.resolution(at), Resolution::Variable(_))
                        && !path.is_empty();
                    path.reverse();
                    return is_it.then_some(path);
                }
                _ => return None,
            }
        }
    }

    /// The variables that it uses.
    pub fn used(&self) -> impl Iterator<Item = &str> {
        self.used.iter().map(Text::as_str)
    }

    fn resolution(&self, id: Id) -> &Resolution {
        self.resolutions.get(id.index()).unwrap_or(&Resolution::None)
    }
}
