//! Names and types of an expression: what the API server refuses when it is stored.
//!
//! Source: `google/cel-go`, `checker`, with aggregates of one type only, as the API server has it.
//! Invariant: where a type is not known everything fits, so that nothing is refused that the server
//! takes.

mod collections;

use std::{ops::Range, sync::Arc};

use compact_str::format_compact;

use super::{
    CompileError, Environment,
    bindings::{Bindings, same},
    functions::{self, Function},
    library::time,
    shape::{Object, escape},
    syntax::{Id, Kind, Literal, Tree},
    types::Type,
};
use crate::{
    diag::did_you_mean,
    formats::{nanoseconds, pattern},
    yaml::Text,
};

/// What a node stands for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Resolution {
    /// Itself.
    #[default]
    None,
    /// A variable of the environment.
    Variable(usize),
    /// A variable of a macro.
    Local(usize),
    /// A type.
    Type(&'static str),
    /// A function, and how many of the arguments of the call are only its name.
    Function(&'static Function, usize),
}

/// What is known of an expression.
#[derive(Debug)]
pub(super) struct Checked {
    /// For each node.
    pub resolutions: Vec<Resolution>,
    pub result: Type,
    /// The variables that it uses, by their place in the environment.
    pub used: Vec<usize>,
    /// The functions and the like that are not known here.
    pub unsupported: Vec<Text>,
}

/// The types that expressions can name, as values.
const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "net.CIDR",
    "net.IP",
    "optional_type",
];

pub(super) fn check(
    tree: &Tree,
    top: Id,
    environment: &Environment,
) -> Result<Checked, CompileError> {
    let mut checker = Checker {
        tree,
        environment,
        bindings: Bindings::default(),
        locals: Vec::new(),
        is_mixed: false,
        checked: Checked {
            resolutions: vec![Resolution::None; tree.len()],
            result: Type::Dyn,
            used: Vec::new(),
            unsupported: Vec::new(),
        },
    };
    let result = checker.type_of(top)?;
    let Checker { bindings, mut checked, .. } = checker;
    checked.result = bindings.resolved(&result, true);
    checked.used.sort_unstable();
    checked.used.dedup();
    Ok(checked)
}

struct Checker<'a> {
    tree: &'a Tree,
    environment: &'a Environment,
    bindings: Bindings,
    locals: Vec<(&'a str, Type)>,
    /// Whether lists and maps may have parts of several types: in what `format` prints.
    is_mixed: bool,
    checked: Checked,
}

type Found<T = Type> = Result<T, CompileError>;

impl<'a> Checker<'a> {
    fn resolve(&mut self, id: Id, to: Resolution) {
        if let Some(place) = self.checked.resolutions.get_mut(id.index()) {
            *place = to;
        }
    }

    fn wrong<T>(&self, id: Id, message: impl Into<String>) -> Found<T> {
        Err(CompileError::new(message, self.tree.get(id).at.clone()))
    }

    fn shown(&self, one: &Type) -> String {
        self.bindings.resolved(one, true).to_string()
    }

    fn type_of(&mut self, id: Id) -> Found {
        let found = self.find(id)?;
        let found = self.bindings.resolved(&found, false);
        // Types of types of types are not followed for ever.
        Ok(if found.is_deep() { Type::Dyn } else { found })
    }

    fn find(&mut self, id: Id) -> Found {
        let node = self.tree.get(id);
        match &node.kind {
            Kind::Literal(literal) => Ok(match literal {
                Literal::Null => Type::Null,
                Literal::Bool(_) => Type::Bool,
                Literal::Int(_) => Type::Int,
                Literal::Uint(_) => Type::Uint,
                Literal::Double(_) => Type::Double,
                Literal::String(_) => Type::String,
                Literal::Bytes(_) => Type::Bytes,
            }),
            Kind::Name(name) => match self.named(id, name) {
                Some(found) => Ok(found),
                None => self.undeclared(name, node.at.clone()),
            },
            Kind::Struct(name) => {
                self.checked.unsupported.push(format_compact!("{name}{{}}"));
                Ok(Type::Dyn)
            }
            Kind::Select { operand, field, is_optional } => {
                if !is_optional
                    && let Some(path) = self.path(id)
                    && let Some(found) = self.named(id, &path)
                {
                    return Ok(found);
                }
                let operand = self.type_of(*operand)?;
                self.field(id, &operand, field, *is_optional)
            }
            Kind::Has { operand, field } => {
                if let Some(path) = self.path(*operand)
                    && let Some((at, _)) = self.environment.find(&format_compact!("{path}.{field}"))
                {
                    self.resolve(id, Resolution::Variable(at));
                    self.checked.used.push(at);
                    return Ok(Type::Bool);
                }
                let operand = self.type_of(*operand)?;
                self.field(id, &operand, field, false)?;
                Ok(Type::Bool)
            }
            Kind::Index { operand, index, is_optional } => {
                let function = if *is_optional { "_[?_]" } else { "_[_]" };
                let arguments = [self.type_of(*operand)?, self.type_of(*index)?];
                self.overload(id, function, false, &arguments).map(|(result, _)| result)
            }
            Kind::Call { function, has_target, arguments } => {
                self.call(id, function, *has_target, arguments)
            }
            Kind::And(all) | Kind::Or(all) => {
                let sign = if matches!(node.kind, Kind::And(_)) { "&&" } else { "||" };
                for one in all {
                    let given = self.type_of(*one)?;
                    if !self.bindings.assign(&given, &Type::Bool) {
                        let given = self.shown(&given);
                        return self.wrong(id, format!("`{sign}` takes bool, not {given}"));
                    }
                }
                Ok(Type::Bool)
            }
            Kind::Conditional { condition, yes, no } => self.conditional(*condition, *yes, *no),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Fold(fold) => self.fold(id, fold),
        }
    }

    /// The type of what a name stands for.
    fn named(&mut self, id: Id, name: &str) -> Option<Type> {
        if let Some(at) = self.locals.iter().rposition(|(one, _)| *one == name) {
            self.resolve(id, Resolution::Local(at));
            return self.locals.get(at).map(|(_, found)| found.clone());
        }
        if let Some((at, found)) = self.environment.find(name) {
            self.resolve(id, Resolution::Variable(at));
            self.checked.used.push(at);
            return Some(found.clone());
        }
        let name = TYPES.iter().find(|one| **one == name)?;
        self.resolve(id, Resolution::Type(name));
        Some(Type::Type)
    }

    /// The names of `a.b.c`, if `a` is no variable of a macro.
    fn path(&self, id: Id) -> Option<Text> {
        match &self.tree.get(id).kind {
            Kind::Name(name) => {
                let is_local = self.locals.iter().any(|(one, _)| one == name);
                (!is_local).then(|| name.clone())
            }
            Kind::Select { operand, field, is_optional: false } => {
                let path = self.path(*operand)?;
                // No name that stands for something has more parts.
                (path.len() < 64).then(|| format_compact!("{path}.{field}"))
            }
            _ => None,
        }
    }

    fn undeclared<T>(&self, name: &str, at: Range<usize>) -> Found<T> {
        let mut message = format!("`{}` is not declared", shown_name(name));
        let known = functions::function_names().map(|name| -> &str { name });
        let names = self.environment.names().chain(known);
        if let Some(help) = did_you_mean(name, names) {
            message.push_str("; ");
            message.push_str(&help);
        }
        Err(CompileError::new(message, at))
    }

    fn field(&mut self, id: Id, operand: &Type, field: &str, is_optional: bool) -> Found {
        let optional = |found: Type| Type::Optional(Arc::new(found));
        match operand {
            Type::Dyn => Ok(if is_optional { optional(Type::Dyn) } else { Type::Dyn }),
            Type::Variable(_) => {
                self.bindings.assign(operand, &Type::Dyn);
                Ok(if is_optional { optional(Type::Dyn) } else { Type::Dyn })
            }
            Type::Map(_, value) => {
                let found = (**value).clone();
                Ok(if is_optional { optional(found) } else { found })
            }
            Type::Object(object) => match object.field_type(field) {
                Some(found) => Ok(if is_optional { optional(found) } else { found }),
                None => self.wrong(id, no_field(object, field)),
            },
            Type::Optional(inner) => {
                let inner = (**inner).clone();
                let found = self.field(id, &inner, field, false)?;
                Ok(optional(found))
            }
            other => self.wrong(id, format!("{other} has no fields")),
        }
    }

    fn call(&mut self, id: Id, function: &str, has_target: bool, arguments: &'a [Id]) -> Found {
        // `optional.of` and the like: what stands before the point is no value.
        if has_target && let Some(path) = arguments.first().and_then(|target| self.path(*target)) {
            let name = format_compact!("{path}.{function}");
            if !functions::named(&name).is_empty() {
                let rest = arguments.get(1..).unwrap_or_default();
                let types = self.types(rest)?;
                return self.called(id, &name, false, &types, 1, rest);
            }
        }
        if functions::named(function).is_empty() {
            if has_target && let Some(target) = arguments.first() {
                self.type_of(*target)?;
            }
            return self.undeclared(function, self.tree.get(id).at.clone());
        }
        let was_mixed = self.is_mixed;
        self.is_mixed |= function == "format" && has_target;
        let types = self.types(arguments);
        self.is_mixed = was_mixed;
        let types = types?;
        self.called(id, function, has_target, &types, 0, arguments)
    }

    fn types(&mut self, arguments: &[Id]) -> Found<Vec<Type>> {
        arguments.iter().map(|argument| self.type_of(*argument)).collect()
    }

    fn called(
        &mut self,
        id: Id,
        name: &str,
        has_target: bool,
        types: &[Type],
        skipped: usize,
        arguments: &[Id],
    ) -> Found {
        let (result, function) = self.overload(id, name, has_target, types)?;
        self.resolve(id, Resolution::Function(function, skipped));
        if function.is_unsupported() {
            self.checked.unsupported.push(format_compact!("{name}()"));
        }
        self.literals(name, arguments)?;
        Ok(result)
    }

    /// What is written out can be looked at before anything is evaluated.
    fn literals(&self, name: &str, arguments: &[Id]) -> Found<()> {
        let literal = |at: usize| {
            let node = self.tree.get(*arguments.get(at)?);
            match &node.kind {
                Kind::Literal(Literal::String(text)) => Some((text, node.at.clone())),
                _ => None,
            }
        };
        match name {
            "matches" => {
                if let Some((text, at)) = literal(1)
                    && let Err(error) = pattern::cached(text)
                    && &*error != pattern::TOO_LARGE
                {
                    let message = format!("the pattern cannot be used: {error}");
                    return Err(CompileError::new(message, at));
                }
            }
            "find" | "findAll" => {
                // Kept for when it is evaluated.
                let _ = literal(1).map(|(text, _)| pattern::cached(text));
            }
            "duration" => {
                if let Some((text, at)) = literal(0)
                    && nanoseconds(text, &[]).is_none()
                {
                    return Err(CompileError::new("the text is no duration", at));
                }
            }
            "timestamp" => {
                if let Some((text, at)) = literal(0)
                    && time::Timestamp::parse(text).is_none()
                {
                    return Err(CompileError::new("the text is no time", at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The result of a function with arguments of these types.
    fn overload(
        &mut self,
        id: Id,
        name: &str,
        has_target: bool,
        types: &[Type],
    ) -> Found<(Type, &'static Function)> {
        let mut found: Option<(Type, &'static Function)> = None;
        let ways = functions::named(name).iter().filter(|one| one.is_member == has_target);
        for function in ways {
            for signature in function.signatures() {
                if signature.arguments.len() != types.len() {
                    continue;
                }
                let (arguments, result) = signature.instance(&mut self.bindings);
                if !self.bindings.assign_all(types, &arguments) {
                    continue;
                }
                let result = self.bindings.resolved(&result, false);
                let result = match found.take() {
                    Some((known, _)) if !same(&known, &result) => Type::Dyn,
                    _ => result,
                };
                found = Some((result, function));
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        let given: Vec<_> = types.iter().map(|one| self.shown(one)).collect();
        let name = shown_function(name);
        let message = match (has_target, given.split_first()) {
            (true, Some((target, rest))) => {
                format!("`{name}` of {target} does not take ({})", rest.join(", "))
            }
            _ => format!("`{name}` does not take ({})", given.join(", ")),
        };
        self.wrong(id, message)
    }
}

fn no_field(object: &Object, field: &str) -> String {
    let escaped = escape(field).filter(|escaped| object.field(escaped).is_some());
    let help = escaped
        .map(|escaped| format!("it is written `{escaped}`"))
        .or_else(|| did_you_mean(field, object.names()));
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    format!("there is no field `{}`{help}", shown_name(field))
}

/// A name in a message.
fn shown_name(name: &str) -> String {
    name.chars().take(100).collect::<String>().replace('`', "'")
}

/// The sign of an operator, or the name of a function.
fn shown_function(name: &str) -> &str {
    match name {
        "_[_]" => "[]",
        "_[?_]" => "[?]",
        name => name.trim_matches('_'),
    }
}
