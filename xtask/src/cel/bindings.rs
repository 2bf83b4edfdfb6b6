//! Which type can stand for which, and what the variables among types stand for.
//!
//! Source: `google/cel-go`, `checker/types.go`.

use std::sync::Arc;

use super::types::{LEVELS, Type};

/// How many comparisons of types an expression is worth. After them everything fits.
const COMPARISONS: u32 = 1_000_000;

/// What the variables among types stand for.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    known: Vec<Option<Type>>,
    /// What variables stood for before, to take back what did not lead anywhere.
    past: Vec<(u32, Option<Type>)>,
    comparisons: u32,
}

impl Bindings {
    /// A type that is not known yet.
    pub fn fresh(&mut self) -> Type {
        self.known.push(None);
        Type::Variable(u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX))
    }

    /// A type with what is known of its variables. What is still open stays, or becomes `dyn`.
    pub fn resolved(&self, one: &Type, closed: bool) -> Type {
        self.resolve(one, closed, LEVELS + 2)
    }

    fn resolve(&self, one: &Type, closed: bool, levels: u32) -> Type {
        let Some(left) = levels.checked_sub(1) else { return Type::Dyn };
        let part = |part: &Arc<Type>| Arc::new(self.resolve(part, closed, left));
        match one {
            Type::Variable(at) => match self.bound(*at) {
                Some(bound) => self.resolve(bound, closed, left),
                None if closed => Type::Dyn,
                None => one.clone(),
            },
            Type::List(item) => Type::List(part(item)),
            Type::Map(key, value) => Type::Map(part(key), part(value)),
            Type::Optional(value) => Type::Optional(part(value)),
            other => other.clone(),
        }
    }

    fn bound(&self, at: u32) -> Option<&Type> {
        self.known.get(at as usize)?.as_ref()
    }

    fn bind(&mut self, at: u32, to: &Type) {
        if !self.mentions(to, at)
            && let Some(known) = self.known.get_mut(at as usize)
        {
            self.past.push((at, known.replace(to.clone())));
        }
    }

    /// Whether a variable is part of a type.
    fn mentions(&mut self, one: &Type, variable: u32) -> bool {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS {
            return true;
        }
        match one {
            Type::Variable(at) if *at == variable => true,
            Type::Variable(at) => match self.bound(*at).cloned() {
                Some(bound) => self.mentions(&bound, variable),
                None => false,
            },
            Type::List(part) | Type::Optional(part) => self.mentions(part, variable),
            Type::Map(key, value) => self.mentions(key, variable) || self.mentions(value, variable),
            _ => false,
        }
    }

    /// Whether values of types can stand where others are wanted; binds variables if all can.
    pub fn assign_all(&mut self, given: &[Type], wanted: &[Type]) -> bool {
        if given.len() != wanted.len() {
            return false;
        }
        let fits = given.iter().zip(wanted).all(|(given, wanted)| self.fits(given, wanted));
        for (at, before) in self.past.drain(..).rev() {
            if !fits && let Some(known) = self.known.get_mut(at as usize) {
                *known = before;
            }
        }
        fits
    }

    /// Whether a value of a type can stand where another is wanted; binds variables if it can.
    pub fn assign(&mut self, given: &Type, wanted: &Type) -> bool {
        self.assign_all(std::slice::from_ref(given), std::slice::from_ref(wanted))
    }

    fn fits(&mut self, given: &Type, wanted: &Type) -> bool {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS {
            return true;
        }
        if let Type::Variable(at) = wanted {
            let (fits, was_bound) = self.substitute(given, *at);
            if fits || was_bound {
                return fits;
            }
        }
        if let Type::Variable(at) = given {
            return self.substitute(wanted, *at).0;
        }
        match (given, wanted) {
            (Type::Dyn, _) | (_, Type::Dyn) => true,
            (Type::Null, other) | (other, Type::Null) => matches!(
                other,
                Type::Null
                    | Type::Object(_)
                    | Type::Duration
                    | Type::Timestamp
                    | Type::Opaque(_)
                    | Type::Optional(_)
            ),
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.fits(a, b)
            }
            (Type::Map(a, b), Type::Map(c, d)) => self.fits(a, c) && self.fits(b, d),
            (a, b) => same(a, b),
        }
    }

    /// Lets a variable stand for a type. Whether it can, and whether it stood for one already.
    fn substitute(&mut self, one: &Type, at: u32) -> (bool, bool) {
        if matches!(one, Type::Variable(other) if *other == at) {
            return (true, true);
        }
        let Some(bound) = self.bound(at).cloned() else {
            self.bind(at, one);
            return (true, false);
        };
        if same(one, &bound) {
            return (true, true);
        }
        if !self.fits(one, &bound) {
            return (false, true);
        }
        let general = more_general(one, &bound).clone();
        self.bind(at, &general);
        (true, true)
    }
}

/// Whether two types are the same.
pub(super) fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => same(a, b),
        (Type::Map(a, b), Type::Map(c, d)) => same(a, c) && same(b, d),
        (Type::Object(a), Type::Object(b)) => Arc::ptr_eq(a, b),
        (Type::Opaque(a), Type::Opaque(b)) => a == b,
        (Type::Variable(a), Type::Variable(b)) => a == b,
        (
            Type::List(_)
            | Type::Optional(_)
            | Type::Map(..)
            | Type::Object(_)
            | Type::Opaque(_)
            | Type::Variable(_),
            _,
        ) => false,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// Of two types that go together the one that says less.
pub(super) fn more_general<'a>(a: &'a Type, b: &'a Type) -> &'a Type {
    if says_less(a, b) { a } else { b }
}

fn says_less(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Variable(_), _) => true,
        (_, Type::Dyn | Type::Variable(_)) | (Type::Null, _) => false,
        (_, Type::Null) => true,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => says_less(a, b),
        (Type::Map(a, b), Type::Map(c, d)) => says_less(a, c) && says_less(b, d),
        (a, b) => same(a, b),
    }
}
