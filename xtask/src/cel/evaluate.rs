//! Evaluating a checked expression.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`, and `google/cel-go`, `interpreter`. Invariant: the
//! depth of the calls is that of the tree, and each step is charged to the budget.

use std::rc::Rc;

use super::{
    Program, Variables,
    check::Resolution,
    error::{Budget, Error},
    functions::Evaluated,
    operators, overload,
    syntax::{Entry, Fold, Id, Kind, Literal, Macro},
    value::{List, Str, Value},
};

/// An evaluation of one expression.
pub(super) struct Machine<'a, 'b> {
    program: &'a Program,
    variables: &'b mut dyn Variables<'a>,
    /// The variables of the macros that are being evaluated.
    locals: Vec<Value<'a>>,
    budget: &'b mut Budget,
}

impl<'a, 'b> Machine<'a, 'b> {
    pub fn new(
        program: &'a Program,
        variables: &'b mut dyn Variables<'a>,
        budget: &'b mut Budget,
    ) -> Self {
        Self { program, variables, locals: Vec::new(), budget }
    }

    pub fn evaluate(&mut self, id: Id) -> Evaluated<'a> {
        self.budget.charge(1)?;
        let program = self.program;
        let node = program.tree.get(id);
        match program.resolution(id) {
            Resolution::Variable(at) => {
                let value = self.variables.value(*at, self.budget)?;
                // A variable is there; but whether it has a value matters all the same.
                let is_asked = matches!(node.kind, Kind::Has { .. });
                return Ok(if is_asked { Value::Bool(true) } else { value });
            }
            Resolution::Local(at) => {
                return self.locals.get(*at).cloned().ok_or_else(|| Error::new("no such value"));
            }
            Resolution::Type(name) => return Ok(Value::Type(name)),
            Resolution::None | Resolution::Function(..) => {}
        }
        match &node.kind {
            Kind::Literal(literal) => Ok(constant(literal)),
            Kind::Name(_) => Err(Error::new("no such value")),
            Kind::Struct(_) => Err(Error::unsupported("messages")),
            Kind::Select { operand, field, is_optional } => {
                self.select(*operand, field, *is_optional)
            }
            Kind::Has { operand, field } => self.has(*operand, field),
            Kind::Index { operand, index, is_optional } => {
                let arguments = [self.evaluate(*operand)?, self.evaluate(*index)?];
                if *is_optional {
                    operators::optional_index(self.budget, &arguments)
                } else {
                    operators::index(self.budget, &arguments)
                }
            }
            Kind::Call { arguments, .. } => self.call(id, arguments),
            Kind::And(all) => self.junction(all, false),
            Kind::Or(all) => self.junction(all, true),
            Kind::Conditional { condition, yes, no } => match self.evaluate(*condition)? {
                Value::Bool(true) => self.evaluate(*yes),
                Value::Bool(false) => self.evaluate(*no),
                _ => Err(Error::no_overload()),
            },
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Fold(fold) => self.fold(fold),
        }
    }

    fn call(&mut self, id: Id, arguments: &'a [Id]) -> Evaluated<'a> {
        let Resolution::Function(function, skipped) = self.program.resolution(id) else {
            return Err(Error::no_overload());
        };
        let arguments = arguments.get(*skipped..).unwrap_or_default();
        if let [a, b] = arguments {
            let a = self.evaluate(*a)?;
            // The alternative of an optional value is not evaluated where the value is there.
            if let Value::Optional(Some(inner)) = &a {
                match function.name {
                    "orValue" => return Ok((**inner).clone()),
                    "or" => return Ok(a),
                    _ => {}
                }
            }
            let arguments = [a, self.evaluate(*b)?];
            return (function.call)(self.budget, &arguments)
                .map_err(|error| overload::named(error, function.name, &arguments));
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.evaluate(*argument)?);
        }
        (function.call)(self.budget, &values)
            .map_err(|error| overload::named(error, function.name, &values))
    }

    /// `a.b`, or `a.?b`: a scalar and null have no fields, as an empty map has none.
    fn select(&mut self, operand: Id, field: &str, is_optional: bool) -> Evaluated<'a> {
        let value = self.evaluate(operand)?;
        let no_key = || Error::new(format!("no such key: {field}"));
        match value {
            Value::Map(map) => {
                self.budget.charge(map.cost())?;
                let found = map.get(field).transpose()?;
                if is_optional {
                    return Ok(Value::optional(found));
                }
                found.ok_or_else(no_key)
            }
            Value::Optional(inner) => match inner.as_deref() {
                Some(Value::Map(map)) => {
                    self.budget.charge(map.cost())?;
                    Ok(Value::optional(map.get(field).transpose()?))
                }
                Some(Value::List(_)) => Err(Error::no_overload()),
                _ => Ok(Value::Optional(None)),
            },
            Value::List(_) => Err(Error::no_overload()),
            _ if is_optional => Ok(Value::Optional(None)),
            _ => Err(no_key()),
        }
    }

    fn has(&mut self, operand: Id, field: &str) -> Evaluated<'a> {
        let value = self.evaluate(operand)?;
        let value = match &value {
            Value::Optional(Some(inner)) => inner,
            other => other,
        };
        match value {
            Value::Map(map) => {
                self.budget.charge(map.cost())?;
                Ok(Value::Bool(map.get(field).is_some()))
            }
            Value::List(_) => Err(Error::no_overload()),
            _ => Ok(Value::Bool(false)),
        }
    }

    /// `&&` or `||`: an operand that decides makes up for one that has no value.
    fn junction(&mut self, all: &'a [Id], decisive: bool) -> Evaluated<'a> {
        let mut first = None;
        for one in all {
            match self.evaluate(*one) {
                Ok(Value::Bool(value)) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => {
                    first.get_or_insert_with(Error::no_overload);
                }
                Err(error) if error.is_absorbed() => {
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        first.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn list(&mut self, items: &'a [(Id, bool)]) -> Evaluated<'a> {
        let mut values = Vec::with_capacity(items.len());
        for (item, is_optional) in items {
            let value = self.evaluate(*item)?;
            values.extend(if *is_optional { unwrapped(value)? } else { Some(value) });
        }
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [Entry]) -> Evaluated<'a> {
        let mut values = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = self.evaluate(entry.key)?;
            let value = self.evaluate(entry.value)?;
            let value = if entry.is_optional { unwrapped(value)? } else { Some(value) };
            if let Some(value) = value {
                self.insert(&mut values, key, value)?;
            }
        }
        Ok(Value::map(values))
    }

    /// Adds an entry to a map, which has each key once.
    fn insert(
        &mut self,
        entries: &mut Vec<(Value<'a>, Value<'a>)>,
        key: Value<'a>,
        value: Value<'a>,
    ) -> Result<(), Error> {
        let is_key =
            matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_));
        if !is_key {
            return Err(Error::new(format!("a key of a map must not be a {}", key.type_name())));
        }
        self.budget.charge(entries.len() / 4)?;
        for (one, _) in entries.iter() {
            if operators::equal(self.budget, one, &key)? {
                let shown = super::library::shown(&key);
                return Err(Error::new(format!("the map has the key {shown} twice")));
            }
        }
        entries.push((key, value));
        Ok(())
    }

    fn fold(&mut self, fold: &'a Fold) -> Evaluated<'a> {
        let range = self.evaluate(fold.range)?;
        if matches!(fold.macro_, Macro::OptMap | Macro::OptFlatMap) {
            return self.optional(fold, range);
        }
        let (keys, values) = match range {
            Value::List(list) => (None, list),
            Value::Map(map) => {
                self.budget.charge(map.len())?;
                let keys = List::new(map.keys());
                let values = if fold.second.is_some() {
                    let found = keys.iter().map(|key| {
                        let found = operators::find(self.budget, &map, &key?)?;
                        found.ok_or_else(|| Error::new("no such key"))
                    });
                    List::new(found.collect::<Result<_, _>>()?)
                } else {
                    keys.clone()
                };
                (Some(keys), values)
            }
            other => return Err(overload::not_iterable(&other)),
        };
        let start = self.locals.len();
        let folded = self.each(fold, keys.as_ref(), &values);
        self.locals.truncate(start);
        folded
    }

    /// Goes through the items.
    fn each(
        &mut self,
        fold: &'a Fold,
        keys: Option<&List<'a>>,
        values: &List<'a>,
    ) -> Evaluated<'a> {
        let start = self.locals.len();
        let mut results = Vec::new();
        let mut entries = Vec::new();
        let mut count = 0_usize;
        let mut failed = None;
        for at in 0..values.len() {
            self.budget.charge(1)?;
            self.locals.truncate(start);
            let key = match keys.and_then(|keys| keys.get(at)) {
                Some(key) => key?,
                None => Value::Int(i64::try_from(at).unwrap_or(i64::MAX)),
            };
            let Some(value) = values.get(at) else { break };
            let value = value?;
            if fold.second.is_some() {
                self.locals.push(key.clone());
            }
            self.locals.push(value.clone());
            let is_taken = match fold.filter.map(|filter| self.evaluate(filter)) {
                None | Some(Ok(Value::Bool(true))) => true,
                Some(Ok(Value::Bool(false))) => false,
                Some(other) => {
                    let error = other.err().unwrap_or_else(Error::no_overload);
                    // Another item may decide.
                    if error.is_absorbed() && matches!(fold.macro_, Macro::All | Macro::Exists) {
                        failed.get_or_insert(error);
                        continue;
                    }
                    return Err(error);
                }
            };
            match fold.macro_ {
                Macro::All if !is_taken => return Ok(Value::Bool(false)),
                Macro::Exists if is_taken => return Ok(Value::Bool(true)),
                _ if !is_taken => {}
                Macro::ExistsOne => count += 1,
                Macro::Filter => results.push(value),
                Macro::Map | Macro::TransformMap | Macro::TransformMapEntry => {
                    let Some(result) = fold.result else { continue };
                    let result = self.evaluate(result)?;
                    match (fold.macro_, result) {
                        (Macro::Map, result) => results.push(result),
                        (Macro::TransformMap, result) => entries.push((key, result)),
                        (_, Value::Map(map)) => {
                            for key in map.keys() {
                                if let Some(value) = operators::find(self.budget, &map, &key)? {
                                    self.insert(&mut entries, key, value)?;
                                }
                            }
                        }
                        _ => return Err(Error::no_overload()),
                    }
                }
                Macro::All | Macro::Exists | Macro::OptMap | Macro::OptFlatMap => {}
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(match fold.macro_ {
            Macro::All => Value::Bool(true),
            Macro::Exists => Value::Bool(false),
            Macro::ExistsOne => Value::Bool(count == 1),
            Macro::TransformMap | Macro::TransformMapEntry => Value::map(entries),
            _ => Value::list(results),
        })
    }

    fn optional(&mut self, fold: &'a Fold, range: Value<'a>) -> Evaluated<'a> {
        let (Value::Optional(inner), Some(result)) = (range, fold.result) else {
            return Err(Error::no_overload());
        };
        let Some(inner) = inner else { return Ok(Value::Optional(None)) };
        self.locals.push((*inner).clone());
        let result = self.evaluate(result);
        self.locals.pop();
        if fold.macro_ == Macro::OptFlatMap {
            return result;
        }
        result.map(|value| Value::Optional(Some(Rc::new(value))))
    }
}

fn constant(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Uint(value) => Value::Uint(*value),
        Literal::Double(value) => Value::Double(*value),
        Literal::String(text) => Value::String(Str::Borrowed(text)),
        Literal::Bytes(bytes) => Value::Bytes(Rc::from(&**bytes)),
    }
}

/// What is in an optional value.
fn unwrapped(value: Value<'_>) -> Result<Option<Value<'_>>, Error> {
    match value {
        Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
        _ => Err(Error::no_overload()),
    }
}
