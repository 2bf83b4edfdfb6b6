//! Names of what is declared: each declaration has one of its own.
//!
//! The interpreter takes a name that is declared twice in a rule, or is that of a rule too, for one and
//! the same. OPA gives names of its own to all that `:=`, `some` and `every` declare, and so do we.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    check::declarations,
    syntax::{Expression, File, Literal, Term},
};

/// What the names that are made begin with.
const PREFIX: &str = "local__";

/// The names that are declared where something is written.
#[derive(Default)]
pub(super) struct Locals {
    /// Those that the code has already.
    taken: BTreeSet<String>,
    made: usize,
    /// From the outermost body to the innermost one.
    bodies: Vec<Names>,
}

/// The names of one body.
type Names = BTreeMap<String, Local>;

pub(super) struct Local {
    name: String,
    /// Whether the literal that declares it was written.
    is_declared: bool,
}

impl Locals {
    pub fn of(file: &File) -> Self {
        let mut taken = BTreeSet::new();
        for rule in &file.rules {
            rule.walk(&mut |term| {
                taken.extend(
                    term.as_name().filter(|name| name.starts_with(PREFIX)).map(str::to_owned),
                );
            });
        }
        Self { taken, ..Self::default() }
    }

    /// The name that stands for another one.
    pub fn get<'n>(&'n self, name: &'n str) -> &'n str {
        let declared =
            self.bodies.iter().rev().filter_map(|body| body.get(name)).find(|one| one.is_declared);
        declared.map_or(name, |local| &local.name)
    }

    /// Begins a body with what it declares; until its first literal all of that is visible.
    pub fn enter(&mut self, body: &[Literal]) {
        self.bodies.push(Names::new());
        for literal in body {
            declarations(&literal.expression, &mut |name, _| self.add(name));
        }
    }

    /// Begins the body of `every`.
    pub fn enter_every(&mut self, key: Option<&Term>, value: &Term) {
        self.bodies.push(Names::new());
        key.into_iter().chain([value]).filter_map(Term::as_name).for_each(|name| self.add(name));
    }

    pub fn leave(&mut self) -> Names {
        self.bodies.pop().unwrap_or_default()
    }

    /// Goes on with names that were left.
    pub fn resume(&mut self, names: Names) {
        self.bodies.push(names);
    }

    /// The first literal comes: nothing is declared yet.
    pub fn begin(&mut self) {
        for local in self.bodies.last_mut().into_iter().flat_map(BTreeMap::values_mut) {
            local.is_declared = false;
        }
    }

    /// Declares what an expression does, or takes it back.
    pub fn declare(&mut self, expression: &Expression, is_declared: bool) {
        let Some(body) = self.bodies.last_mut() else { return };
        declarations(expression, &mut |name, _| {
            if let Some(local) = body.get_mut(name) {
                local.is_declared = is_declared;
            }
        });
    }

    fn add(&mut self, name: &str) {
        if name == "_" {
            return;
        }
        let mut made = format!("{PREFIX}{}", self.made);
        while self.taken.contains(&made) {
            self.made += 1;
            made = format!("{PREFIX}{}", self.made);
        }
        self.made += 1;
        if let Some(body) = self.bodies.last_mut() {
            body.insert(name.to_owned(), Local { name: made, is_declared: true });
        }
    }
}
