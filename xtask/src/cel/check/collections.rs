//! The types of lists, maps, macros and choices.

use std::sync::Arc;

use super::{
    super::{
        bindings::more_general,
        syntax::{Entry, Fold, Id, Macro},
        types::Type,
    },
    Checker, Found,
};

impl<'a> Checker<'a> {
    pub(super) fn conditional(&mut self, condition: Id, yes: Id, no: Id) -> Found {
        let given = self.type_of(condition)?;
        if !self.bindings.assign(&given, &Type::Bool) {
            let given = self.shown(&given);
            return self.wrong(condition, format!("the condition before `?` is {given}, not bool"));
        }
        let result = self.bindings.fresh();
        let (a, b) = (self.type_of(yes)?, self.type_of(no)?);
        if self.bindings.assign_all(&[a.clone(), b.clone()], &[result.clone(), result.clone()]) {
            return Ok(result);
        }
        let message = format!("the two sides of `:` are {} and {}", self.shown(&a), self.shown(&b));
        self.wrong(no, message)
    }

    /// The common type of the parts of a list or a map.
    fn join(&mut self, id: Id, known: Option<Type>, next: Type, what: &str) -> Found {
        let Some(known) = known else { return Ok(next) };
        if self.bindings.assign(&next, &known) {
            return Ok(more_general(&known, &next).clone());
        }
        if self.is_mixed {
            return Ok(Type::Dyn);
        }
        let message = format!(
            "{what} must have one type, not {} and {}",
            self.shown(&known),
            self.shown(&next)
        );
        self.wrong(id, message)
    }

    pub(super) fn list(&mut self, items: &'a [(Id, bool)]) -> Found {
        let mut item = None;
        for (id, is_optional) in items {
            let mut given = self.type_of(*id)?;
            if *is_optional {
                given = self.inside(*id, &given)?;
            }
            item = Some(self.join(*id, item, given, "the items of a list")?);
        }
        let item = item.unwrap_or_else(|| self.bindings.fresh());
        Ok(Type::list(item))
    }

    /// The type of what is in an optional value.
    fn inside(&mut self, id: Id, given: &Type) -> Found {
        let inner = self.bindings.fresh();
        if self.bindings.assign(given, &Type::Optional(Arc::new(inner.clone()))) {
            return Ok(self.bindings.resolved(&inner, false));
        }
        let given = self.shown(given);
        self.wrong(id, format!("what is marked with `?` must be optional, not {given}"))
    }

    pub(super) fn map(&mut self, entries: &'a [Entry]) -> Found {
        let (mut key, mut value) = (None, None);
        for entry in entries {
            let given = self.type_of(entry.key)?;
            key = Some(self.join(entry.key, key, given, "the keys of a map")?);
            let mut given = self.type_of(entry.value)?;
            if entry.is_optional {
                given = self.inside(entry.value, &given)?;
            }
            value = Some(self.join(entry.value, value, given, "the values of a map")?);
        }
        let key = key.unwrap_or_else(|| self.bindings.fresh());
        let value = value.unwrap_or_else(|| self.bindings.fresh());
        Ok(Type::Map(Arc::new(key), Arc::new(value)))
    }

    pub(super) fn fold(&mut self, id: Id, fold: &'a Fold) -> Found {
        let range = self.type_of(fold.range)?;
        if matches!(fold.macro_, Macro::OptMap | Macro::OptFlatMap) {
            return self.optional(id, fold, &range);
        }
        let is_double = fold.second.is_some();
        let (key, value, first) = match &range {
            Type::List(item) => (Type::Int, (**item).clone(), (**item).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone(), (**key).clone()),
            Type::Dyn => (Type::Dyn, Type::Dyn, Type::Dyn),
            Type::Variable(_) => {
                self.bindings.assign(&range, &Type::Dyn);
                (Type::Dyn, Type::Dyn, Type::Dyn)
            }
            other => {
                let other = self.shown(other);
                return self.wrong(
                    fold.range,
                    format!("a macro goes through lists and maps, not {other}"),
                );
            }
        };
        let start = self.locals.len();
        if is_double {
            self.locals.push((&fold.first, key.clone()));
            self.locals.push((fold.second.as_deref().unwrap_or_default(), value));
        } else {
            self.locals.push((&fold.first, first.clone()));
        }
        let result = self.inner(fold, &key, first);
        self.locals.truncate(start);
        result
    }

    /// What is asked of each item and what becomes of it.
    fn inner(&mut self, fold: &'a Fold, key: &Type, item: Type) -> Found {
        if let Some(filter) = fold.filter {
            let given = self.type_of(filter)?;
            if !self.bindings.assign(&given, &Type::Bool) {
                let given = self.shown(&given);
                return self
                    .wrong(filter, format!("what is asked of each item is {given}, not bool"));
            }
        }
        let result = fold.result.map(|result| self.type_of(result)).transpose()?;
        Ok(match (fold.macro_, result) {
            (Macro::All | Macro::Exists | Macro::ExistsOne, _) => Type::Bool,
            (Macro::Map, Some(result)) => Type::list(result),
            (Macro::TransformMap, Some(result)) => {
                Type::Map(Arc::new(key.clone()), Arc::new(result))
            }
            (Macro::TransformMapEntry, Some(result)) => result,
            _ => Type::list(item),
        })
    }

    fn optional(&mut self, id: Id, fold: &'a Fold, range: &Type) -> Found {
        let inner = self.inside(id, range)?;
        self.locals.push((&fold.first, inner));
        let result = fold.result.map(|result| self.type_of(result)).transpose();
        self.locals.pop();
        let result = result?.unwrap_or(Type::Dyn);
        if fold.macro_ == Macro::OptFlatMap {
            let inner = self.inside(id, &result)?;
            return Ok(Type::Optional(Arc::new(inner)));
        }
        Ok(Type::Optional(Arc::new(result)))
    }
}
