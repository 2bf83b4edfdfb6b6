//! Variables that nothing gives a value.
//!
//! Source: the reordering for safety in OPA's compiler: a literal is safe when everything that it
//! needs has a value, and then it may give values to other variables.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    Expression, Findings, Literal, Scope, Term, TermKind, no_closure, pattern, with_result,
};
use crate::policy::rego::signatures;

/// How often the literals of a body are gone through. In a body that needs more nothing is found.
const ROUNDS: usize = 50;

/// In which order the literals of a body are evaluated, where that is not the one in which they are
/// written: for each body, by where it is in memory.
#[derive(Debug, Default)]
pub(in crate::policy::rego) struct Order(BTreeMap<*const Literal, Vec<usize>>);

impl Order {
    /// The literals of a body, in order.
    pub fn of<'a>(&self, body: &'a [Literal]) -> Vec<&'a Literal> {
        match self.0.get(&body.as_ptr()) {
            Some(order) => order.iter().filter_map(|at| body.get(*at)).collect(),
            None => body.iter().collect(),
        }
    }

    fn note(&mut self, body: &[Literal], order: Vec<usize>) {
        if !order.is_sorted() {
            self.0.insert(body.as_ptr(), order);
        }
    }
}

/// A variable; each `_` is another one, by where it stands.
type Variable<'a> = (&'a str, usize);

impl<'a> Findings<'a> {
    /// Adds problems, and gives the names that have a value.
    pub(super) fn safety(
        &mut self,
        body: &'a [Literal],
        head: &[&'a Term],
        scope: &Scope<'_, 'a>,
    ) -> Vec<&'a str> {
        let mut literals: Vec<(Part<'a>, bool)> = body
            .iter()
            .enumerate()
            .filter(|(_, literal)| !literal.is_print())
            .map(|(at, literal)| (Part::Literal(literal, at), false))
            .collect();
        literals.extend(head.iter().map(|term| (Part::Head(term), false)));
        let mut flow =
            Flow { findings: self, scope, safe: BTreeSet::new(), hidden: hidden(body, scope) };
        let mut order = Vec::new();
        for _ in 0..ROUNDS {
            let mut moved = false;
            for (part, done) in &mut literals {
                if *done {
                    continue;
                }
                let outputs = flow.outputs(*part);
                let needs = flow.needs(*part);
                if needs.iter().all(|one| flow.is_safe(*one) || outputs.contains(one)) {
                    flow.safe.extend(outputs);
                    if let Part::Literal(_, at) = part {
                        order.push(*at);
                    }
                    (*done, moved) = (true, true);
                }
            }
            if !moved {
                let safe = flow.safe;
                self.order.note(body, order);
                self.unsafe_ones(&literals, &safe, scope);
                return safe
                    .into_iter()
                    .map(|(name, _)| name)
                    .filter(|name| *name != "_")
                    .collect();
            }
        }
        let mut names = Vec::new();
        for (part, _) in &literals {
            part.terms(&mut |term| super::free_names(term, &mut |name| names.push(name)));
        }
        names.retain(|name| !scope.is_global(self.program, name));
        names
    }

    fn unsafe_ones(
        &mut self,
        literals: &[(Part<'a>, bool)],
        safe: &BTreeSet<Variable<'a>>,
        scope: &Scope<'_, 'a>,
    ) {
        let mut said = BTreeSet::new();
        for (part, _) in literals.iter().filter(|(_, done)| !done) {
            let mut found: Vec<(Variable<'a>, &'a Term)> = Vec::new();
            let (safe, hidden) = (safe.clone(), BTreeMap::new());
            let flow = Flow { findings: self, scope, safe, hidden };
            let outputs = flow.outputs(*part);
            part.terms(&mut |term| {
                no_closure(term, &mut |term| {
                    if let Some(variable) = flow.variable(term)
                        && !flow.is_safe(variable)
                        && !outputs.contains(&variable)
                    {
                        found.push((variable, term));
                    }
                });
            });
            for (variable, term) in found {
                if said.insert(variable) {
                    let message = match variable.0 {
                        "_" => "nothing gives `_` a value here".to_owned(),
                        name => format!("nothing gives the variable `{name}` a value"),
                    };
                    self.add(message, &term.range);
                }
            }
        }
    }
}

/// What needs values: a literal, or a term of the head.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// With its number in the body.
    Literal(&'a Literal, usize),
    Head(&'a Term),
}

impl<'a> Part<'a> {
    /// The terms that need values: not what `some` declares, and not what `with` replaces.
    fn terms(self, visit: &mut dyn FnMut(&'a Term)) {
        match self {
            Part::Head(term) => visit(term),
            Part::Literal(literal, _) => {
                match &literal.expression {
                    Expression::Term(term) => visit(term),
                    Expression::Unify(left, right) | Expression::Assign(left, right) => {
                        visit(left);
                        visit(right);
                    }
                    Expression::Some(_) => {}
                    Expression::SomeIn { key, value, collection } => {
                        key.iter().chain([value, collection]).for_each(&mut *visit);
                    }
                    Expression::Every { collection, .. } => visit(collection),
                }
                for with in literal.with.iter().filter(|with| !is_function(&with.value)) {
                    visit(&with.value);
                }
            }
        }
    }
}

/// Whether a term is a function that OPA provides: one may stand for another one.
fn is_function(term: &Term) -> bool {
    term.fixed_path().is_some_and(|path| signatures::signature(&path.join(".")).is_some())
}

struct Flow<'f, 's, 'a> {
    findings: &'f Findings<'a>,
    scope: &'f Scope<'s, 'a>,
    safe: BTreeSet<Variable<'a>>,
    hidden: Hidden<'a>,
}

/// Names that are declared from others of the same name, as in `[x | x := x + 1]`, and where these are.
type Hidden<'a> = BTreeMap<&'a str, Range<usize>>;

fn hidden<'a>(body: &'a [Literal], scope: &Scope<'_, 'a>) -> Hidden<'a> {
    let mut found = BTreeMap::new();
    for literal in body {
        if let Expression::Assign(left, right) = &literal.expression {
            pattern(left, &mut |name, _| {
                if scope.parent.is_some_and(|outer| outer.is_local(name)) {
                    found.insert(name, right.range.clone());
                }
            });
        }
    }
    found
}

impl<'a> Flow<'_, '_, 'a> {
    /// The variable that a term is. What is declared around this body has a value.
    fn variable(&self, term: &'a Term) -> Option<Variable<'a>> {
        let name = term.as_name()?;
        if name == "_" {
            return Some((name, term.range.start));
        }
        if self.hidden.get(name).is_some_and(|range| range.contains(&term.range.start)) {
            return None;
        }
        if self.scope.names.contains(name) {
            return Some((name, 0));
        }
        let outside = self.scope.parent.is_some_and(|parent| parent.is_local(name))
            || self.scope.is_global(self.findings.program, name);
        (!outside).then_some((name, 0))
    }

    fn is_safe(&self, variable: Variable<'a>) -> bool {
        self.safe.contains(&variable)
    }

    fn needs(&self, part: Part<'a>) -> BTreeSet<Variable<'a>> {
        let mut needs = BTreeSet::new();
        part.terms(&mut |term| self.variables(term, &mut needs));
        needs
    }

    fn variables(&self, term: &'a Term, into: &mut BTreeSet<Variable<'a>>) {
        no_closure(term, &mut |term| into.extend(self.variable(term)));
    }

    fn all_safe(&self, term: &'a Term, also: &BTreeSet<Variable<'a>>) -> bool {
        let mut needs = BTreeSet::new();
        self.variables(term, &mut needs);
        needs.iter().all(|one| self.is_safe(*one) || also.contains(one))
    }

    fn outputs(&self, part: Part<'a>) -> BTreeSet<Variable<'a>> {
        let mut out = BTreeSet::new();
        let literal = match part {
            Part::Head(term) => {
                self.of_references(term, &mut out);
                return out;
            }
            Part::Literal(literal, _) => literal,
        };
        let is_safe = |value| is_function(value) || self.all_safe(value, &out);
        if literal.negated || !literal.with.iter().all(|with| is_safe(&with.value)) {
            return out;
        }
        match &literal.expression {
            Expression::Term(term) => {
                self.of_references(term, &mut out);
                let arity = |function: &'a [String]| self.arity(function);
                if let Some((inputs, result)) = with_result(&literal.expression, arity)
                    && inputs.iter().all(|input| self.all_safe(input, &out))
                {
                    self.of_pattern(result, &mut out);
                }
            }
            Expression::Unify(left, right) | Expression::Assign(left, right) => {
                self.of_references(left, &mut out);
                self.of_references(right, &mut out);
                self.unify(left, right, &mut out);
            }
            Expression::SomeIn { key, value, collection } => {
                self.of_references(collection, &mut out);
                if self.all_safe(collection, &out) {
                    key.iter().chain([value]).for_each(|term| self.of_pattern(term, &mut out));
                }
            }
            Expression::Every { collection, .. } => self.of_references(collection, &mut out),
            Expression::Some(_) => {}
        }
        out
    }

    fn arity(&self, function: &[String]) -> Option<usize> {
        let path: Vec<&str> = function.iter().map(String::as_str).collect();
        let names = &self.findings.program.names;
        match names.resolved(self.scope.file, &path) {
            Some(full) => names.function(&full)?.arity(),
            None => signatures::arity(&path.join(".")),
        }
    }

    /// A reference gives values to the variables in its brackets if its head has one.
    fn of_references(&self, term: &'a Term, out: &mut BTreeSet<Variable<'a>>) {
        match &term.kind {
            TermKind::Comprehension { .. } => {}
            TermKind::Reference { head, path } => {
                if self.all_safe(head, out) {
                    for step in path {
                        self.of_step(&step.term, out);
                    }
                }
            }
            _ => term.children(&mut |child| self.of_references(child, out)),
        }
    }

    fn of_step(&self, term: &'a Term, out: &mut BTreeSet<Variable<'a>>) {
        match &term.kind {
            TermKind::Reference { .. } => self.of_references(term, out),
            TermKind::Call { .. } | TermKind::Comprehension { .. } => {}
            TermKind::Name(_) => out.extend(self.variable(term)),
            _ => term.children(&mut |child| self.of_step(child, out)),
        }
    }

    fn of_pattern(&self, term: &'a Term, out: &mut BTreeSet<Variable<'a>>) {
        pattern(term, &mut |_, term| out.extend(self.variable(term)));
    }

    fn unify(&self, left: &'a Term, right: &'a Term, out: &mut BTreeSet<Variable<'a>>) {
        match (&left.kind, &right.kind) {
            (TermKind::Array(left), TermKind::Array(right)) if left.len() == right.len() => {
                left.iter().zip(right).for_each(|(left, right)| self.unify(left, right, out));
                return;
            }
            (TermKind::Object(left), TermKind::Object(right)) => {
                let keyed = |(key, value): &'a (Term, Term)| Some((key.as_text()?, value));
                let right: BTreeMap<&str, &Term> = right.iter().filter_map(keyed).collect();
                for (key, value) in left.iter().filter_map(keyed) {
                    if let Some(other) = right.get(key) {
                        self.unify(value, other, out);
                    }
                }
                return;
            }
            _ => {}
        }
        if self.all_safe(left, out) {
            self.of_pattern(right, out);
        }
        if self.all_safe(right, out) {
            self.of_pattern(left, out);
        }
    }
}
