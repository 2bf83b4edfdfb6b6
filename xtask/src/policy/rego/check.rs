//! What is wrong with code before it is evaluated: what makes OPA or Gatekeeper refuse a template.
//!
//! Invariant: what they accept is never refused; where they find out more, we stay silent.
//!
//! Source: the compiler of OPA 1.17.1 and the `regorewriter` of the constraint framework.

mod amount;
mod calls;
mod declarations;
mod names;
mod recursion;
mod safety;
mod types;
mod with;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

pub(super) use amount::too_much;
pub(super) use calls::with_result;
pub(super) use declarations::declarations;
pub(super) use names::Names;
pub(super) use safety::Order;

use types::Known;

use super::{
    super::Problem,
    Version,
    syntax::{Expression, File, Literal, Rule, RuleKind, Term, TermKind},
};

/// The texts of a template: the entry, then the libraries.
pub(super) struct Program<'a> {
    pub files: &'a [File],
    pub names: Names<'a>,
    pub version: Version,
}

/// What a check adds to.
struct Findings<'a> {
    program: &'a Program<'a>,
    /// Which text is checked.
    text: usize,
    problems: Vec<Problem>,
    /// From a rule to those that it needs.
    edges: BTreeSet<(usize, usize)>,
    /// The definition whose rule is checked.
    definition: usize,
    order: Order,
}

impl Findings<'_> {
    fn add(&mut self, message: impl Into<String>, range: &Range<usize>) {
        let problem = Problem { message: message.into(), text: self.text, range: range.clone() };
        self.problems.push(problem);
    }
}

/// The order in which literals are evaluated, or all problems, in the order of the texts.
pub(super) fn check(program: &Program<'_>) -> Result<Order, Vec<Problem>> {
    let mut findings = Findings {
        program,
        text: 0,
        problems: Vec::new(),
        edges: BTreeSet::new(),
        definition: 0,
        order: Order::default(),
    };
    for (text, file) in program.files.iter().enumerate() {
        findings.text = text;
        findings.package(file);
        for (at, import) in file.imports.iter().enumerate() {
            findings.import(file, at, import);
        }
        for rule in &file.rules {
            findings.rule(file, rule);
        }
    }
    findings.conflicts();
    findings.recursion();
    let mut problems = findings.problems;
    problems.sort_by_key(|problem| (problem.text, problem.range.start));
    problems.dedup();
    if problems.is_empty() { Ok(findings.order) } else { Err(problems) }
}

impl<'a> Findings<'a> {
    fn package(&mut self, file: &File) {
        let path: Vec<&str> = file.package.iter().map(String::as_str).collect();
        if self.text > 0 {
            if !matches!(path.as_slice(), ["lib", _, ..]) {
                let message = format!(
                    "the package of a library must be below `lib`, not `{}`",
                    path.join(".")
                );
                self.add(message, &file.package_range);
            }
            return;
        }
        let mut entries =
            file.rules.iter().filter(|rule| rule.path().first() == Some(&"violation"));
        let Some(first) = entries.next() else {
            self.add("the module has no rule `violation`", &file.package_range);
            return;
        };
        // The driver looks for `msg` in each element, and OPA refuses what none of them can have.
        let mut rules = std::iter::once(first).chain(entries).filter(|rule| !rule.is_default);
        let Some(first) = rules.next() else { return };
        if types::has_no_message(first)
            && (rules.all(types::has_no_message) || !matches!(first.kind, RuleKind::Set(_)))
        {
            self.add("`violation` must be a set of objects with a `msg`", &first.range);
        }
    }

    fn import(&mut self, file: &File, at: usize, import: &super::syntax::Import) {
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["data", "lib", ..] | ["future", ..] => {}
            _ => {
                let message = format!(
                    "`{}` cannot be imported: Gatekeeper allows only `data.lib` and `future.keywords`",
                    path.join(".")
                );
                self.add(message, &import.range);
            }
        }
        let again = |other: &&super::syntax::Import| {
            !other.is_of_keywords() && other.name() == import.name()
        };
        if self.program.version == Version::V1
            && !import.is_of_keywords()
            && file.imports.iter().take(at).any(|other| again(&other))
        {
            self.add(format!("`{}` is imported twice", import.name()), &import.range);
        }
    }

    fn rule(&mut self, file: &'a File, rule: &'a Rule) {
        let path = rule.path();
        let name = path.first().copied().unwrap_or_default();
        if self.program.version == Version::V1 && matches!(name, "input" | "data") {
            self.add(format!("a rule must not be named `{name}`"), &rule.name.range);
        }
        self.definition = self.program.names.definition_of(file, &path);
        let names = Self::parameters(rule);
        let scope = Scope { file, parent: None, names, known: BTreeMap::new() };
        if rule.is_default {
            self.default(rule);
        }
        for argument in &rule.arguments {
            self.term(argument, &scope);
            pattern(argument, &mut |name, term| {
                if matches!(name, "input" | "data") {
                    self.add(format!("an argument must not be named `{name}`"), &term.range);
                }
            });
        }
        let head: Vec<&Term> = rule.head_terms().collect();
        if rule.bodies.is_empty() {
            self.body(&[], &head, &scope);
        }
        for body in &rule.bodies {
            self.body(body, &head, &scope);
        }
        for otherwise in &rule.otherwise {
            let head: Vec<&Term> = otherwise.value.iter().collect();
            self.body(otherwise.body.as_deref().unwrap_or_default(), &head, &scope);
        }
    }

    fn default(&mut self, rule: &Rule) {
        let Some(value) = &rule.value else { return };
        let mut variable = None;
        no_closure(value, &mut |term| {
            if matches!(
                term.kind,
                TermKind::Name(_)
                    | TermKind::Reference { .. }
                    | TermKind::Call { .. }
                    | TermKind::Operation { .. }
                    | TermKind::Member { .. }
            ) {
                variable = variable.take().or(Some(term.range.clone()));
            }
        });
        if let Some(range) = variable {
            self.add("the value of a default rule must be written out", &range);
        }
    }

    /// The names in the arguments of a function.
    fn parameters(rule: &'a Rule) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for argument in &rule.arguments {
            pattern(argument, &mut |name, _| {
                if name != "_" {
                    names.insert(name);
                }
            });
        }
        names
    }

    /// Rules of one name that cannot be together.
    fn conflicts(&mut self) {
        for definition in self.program.names.definitions() {
            let Some(((_, first), rest)) = definition.rules.split_first() else { continue };
            let mut defaults = usize::from(first.is_default);
            let (mut kind, mut arity) = (first, first.arguments.len());
            for (text, rule) in rest {
                self.text = *text;
                let name = definition.name.as_str();
                let is_function = |rule: &Rule| matches!(rule.kind, RuleKind::Function);
                if rule.is_default {
                    defaults += 1;
                    if defaults > 1 {
                        self.add(format!("`{name}` has two defaults"), &rule.name.range);
                    }
                }
                if is_function(kind) != is_function(rule) {
                    let message = format!("`{name}` is a function and a rule without arguments");
                    self.add(message, &rule.name.range);
                } else if is_function(rule) && arity != rule.arguments.len() {
                    let message = format!(
                        "`{name}` takes {} here and {arity} above",
                        arguments(rule.arguments.len())
                    );
                    self.add(message, &rule.name.range);
                } else if !rule.is_default && !kind.is_default && !kind.goes_with(rule) {
                    let message = format!(
                        "`{name}` is {} here and {} above",
                        rule.in_words(),
                        kind.in_words()
                    );
                    self.add(message, &rule.name.range);
                }
                if kind.is_default {
                    (kind, arity) = (rule, rule.arguments.len());
                }
            }
        }
    }

    /// Checks literals, and the terms of the head that they are for.
    fn body(&mut self, body: &'a [Literal], head: &[&'a Term], outer: &Scope<'_, 'a>) {
        let declared = self.declared(body, head, outer);
        let (names, known) = (declared.clone(), BTreeMap::new());
        let mut scope = Scope { file: outer.file, parent: Some(outer), names, known };
        // What has a value here has it in comprehensions, too; what is declared, only behind that.
        let given = self.safety(body, head, &scope);
        scope.names = given.into_iter().filter(|name| !declared.contains(name)).collect();
        for literal in body {
            for with in &literal.with {
                self.with(with, &scope);
            }
            if !literal.is_print() {
                self.terms_of(literal, &scope);
            }
            self.learn(&literal.expression, &mut scope);
            declarations(&literal.expression, &mut |name, _| {
                scope.names.insert(name);
            });
        }
        for &term in head {
            self.term(term, &scope);
        }
    }

    fn terms_of(&mut self, literal: &'a Literal, scope: &Scope<'_, 'a>) {
        match &literal.expression {
            Expression::Term(term) => {
                if let TermKind::Operation { operator: "==", left, right } = &term.kind {
                    self.equal(left, right, scope);
                }
                self.statement(term, literal.negated, scope);
            }
            Expression::Unify(left, right) | Expression::Assign(left, right) => {
                if matches!(literal.expression, Expression::Unify(..)) {
                    self.equal(left, right, scope);
                }
                self.term(left, scope);
                self.term(right, scope);
            }
            Expression::Some(_) => {}
            Expression::SomeIn { key, value, collection } => {
                self.collection(collection, scope);
                key.iter().chain([value, collection]).for_each(|term| self.term(term, scope));
            }
            Expression::Every { key, value, collection, body } => {
                self.term(collection, scope);
                self.every(key.as_ref(), value, body, scope);
            }
        }
        for with in &literal.with {
            match self.function_of(&with.value, scope) {
                // A function may stand for another one.
                Some(_) => self.data_reference(&with.value, scope),
                None => self.term(&with.value, scope),
            }
        }
    }
}

impl Rule {
    /// Whether both can define one value.
    fn goes_with(&self, other: &Self) -> bool {
        // Every rule with a longer name is part of an object.
        let shape = |rule: &Self| match rule.kind {
            RuleKind::Function => 0,
            RuleKind::Complete => 1,
            RuleKind::Set(_) => 2,
            RuleKind::Object(_) => 3,
        };
        shape(self) == shape(other)
    }

    fn in_words(&self) -> &'static str {
        match self.kind {
            RuleKind::Function => "a function",
            RuleKind::Complete => "a single value",
            RuleKind::Set(_) => "a set",
            RuleKind::Object(_) => "an object",
        }
    }
}

/// The names that are local where a term stands.
struct Scope<'s, 'a> {
    file: &'a File,
    parent: Option<&'s Scope<'s, 'a>>,
    names: BTreeSet<&'a str>,
    /// What is certain about some of them.
    known: BTreeMap<&'a str, Known<'a>>,
}

impl Scope<'_, '_> {
    fn is_local(&self, name: &str) -> bool {
        self.names.contains(name) || self.parent.is_some_and(|parent| parent.is_local(name))
    }

    /// Whether a name is a rule, an import or a document, if nothing local hides it.
    fn is_global(&self, program: &Program<'_>, name: &str) -> bool {
        matches!(name, "input" | "data") || program.names.is_global(self.file, name)
    }
}

/// Calls `visit` for each name of a pattern: of arrays and the values of objects.
pub(super) fn pattern<'a>(term: &'a Term, visit: &mut dyn FnMut(&'a str, &'a Term)) {
    match &term.kind {
        TermKind::Name(name) => visit(name, term),
        TermKind::Array(items) => items.iter().for_each(|item| pattern(item, visit)),
        TermKind::Object(entries) => entries.iter().for_each(|(_, value)| pattern(value, visit)),
        _ => {}
    }
}

/// Calls `visit` with a term and those below it, but for those of comprehensions.
fn no_closure<'a>(term: &'a Term, visit: &mut dyn FnMut(&'a Term)) {
    if !term.is_closure() {
        visit(term);
        term.children(&mut |child| no_closure(child, visit));
    }
}

fn free_names<'a>(term: &'a Term, visit: &mut dyn FnMut(&'a str)) {
    no_closure(term, &mut |term| {
        if let Some(name) = term.as_name() {
            visit(name);
        }
    });
}

/// `1 argument`, `2 arguments`.
fn arguments(count: usize) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}
