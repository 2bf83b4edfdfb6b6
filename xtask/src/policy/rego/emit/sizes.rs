//! Which values are measured when they are put together.
//!
//! Values share their parts: `b := [a, a]`, `c := [b, b]` and so on make a value whose parts, each
//! counted as often as it is there, are more than anything could walk. What the interpreter is given,
//! and what functions give back, is of a bounded size. A literal of a few such values still is. So a
//! value is measured where it is put together from literals, from many values or in a loop, and before
//! it leaves the body that made it. Policies as they are written hardly ever do that.
//!
//! Invariant: whatever one body sees of another one, and whatever becomes a part of something measured,
//! is bounded.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    check::{Names, pattern, with_result},
    signatures,
    syntax::{Comprehension, Expression, File, Literal, Rule, RuleKind, Term, TermKind},
};

/// How many bounded values a literal may have that is not measured.
const FEW: usize = 16;

/// How many parts without parts it may have.
const MANY: usize = 64;

/// The functions that never give back a part of what they are given, and measure what they walk.
const OF_SCALARS: &[&str] = &[
    "concat",
    "contains",
    "count",
    "endswith",
    "format_int",
    "json.marshal",
    "lower",
    "replace",
    "sprintf",
    "startswith",
    "substring",
    "to_number",
    "trim",
    "trim_prefix",
    "trim_suffix",
    "upper",
];

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// It has no parts.
    Scalar,
    /// A part of what was given, or something that was measured.
    Bounded,
    /// A literal of bounded values, or a part of one.
    Open,
}

/// What must be measured, by where it is in memory.
#[derive(Debug, Default)]
pub(super) struct Sizes<'a> {
    terms: BTreeSet<*const Term>,
    /// Names behind a literal that gives them their values.
    behind: BTreeMap<*const Literal, Vec<&'a str>>,
}

impl<'a> Sizes<'a> {
    /// What must be measured in a file.
    pub fn of(file: &'a File, names: &Names<'_>) -> Self {
        let mut finder = Finder {
            file,
            names,
            sizes: Self::default(),
            known: BTreeMap::new(),
            shadowed: Vec::new(),
        };
        for rule in &file.rules {
            finder.rule(rule);
        }
        finder.sizes
    }

    /// Whether the value of a term is measured.
    pub fn has(&self, term: &Term) -> bool {
        self.terms.contains(&std::ptr::from_ref(term))
    }

    /// The names whose values are measured behind a literal.
    pub fn behind(&self, literal: &Literal) -> &[&'a str] {
        self.behind.get(&std::ptr::from_ref(literal)).map_or(&[], Vec::as_slice)
    }
}

struct Finder<'f, 'a> {
    file: &'a File,
    names: &'f Names<'f>,
    sizes: Sizes<'a>,
    /// The local names.
    known: BTreeMap<&'a str, Class>,
    /// What the names of inner bodies were outside.
    shadowed: Vec<(&'a str, Option<Class>)>,
}

/// What a term is found to be.
#[derive(Clone, Copy)]
struct Seen {
    class: Class,
    /// Whether it is a literal that must be measured.
    is_large: bool,
}

impl From<Class> for Seen {
    fn from(class: Class) -> Self {
        Self { class, is_large: false }
    }
}

/// What a literal consists of.
#[derive(Default)]
struct Parts {
    all: usize,
    bounded: usize,
    open: usize,
}

impl<'a> Finder<'_, 'a> {
    fn rule(&mut self, rule: &'a Rule) {
        if rule.is_default {
            return;
        }
        let outer = self.shadowed.len();
        for argument in &rule.arguments {
            self.bind(argument, Class::Bounded);
        }
        if rule.bodies.is_empty() {
            self.head(rule);
        }
        for body in &rule.bodies {
            let before = self.shadowed.len();
            self.body(body);
            self.head(rule);
            self.leave(before);
        }
        for otherwise in &rule.otherwise {
            let before = self.shadowed.len();
            self.body(otherwise.body.as_deref().unwrap_or_default());
            if let Some(value) = &otherwise.value {
                self.bounded(value);
            }
            self.leave(before);
        }
        self.leave(outer);
    }

    fn head(&mut self, rule: &'a Rule) {
        if let RuleKind::Set(key) | RuleKind::Object(key) = &rule.kind {
            self.bounded(key);
        }
        if let Some(value) = &rule.value {
            self.bounded(value);
        }
    }

    fn body(&mut self, body: &'a [Literal]) {
        for literal in body {
            for with in &literal.with {
                self.bounded(&with.value);
            }
            self.literal(literal);
        }
    }

    fn literal(&mut self, literal: &'a Literal) {
        match &literal.expression {
            Expression::Term(term) => self.statement(&literal.expression, term),
            Expression::Assign(left, right) => {
                let class = self.value(right);
                self.bind(left, class);
            }
            Expression::Unify(left, right) => {
                let (of_left, of_right) = (self.pattern(left), self.pattern(right));
                for (one, other) in [(left, of_right), (right, of_left)] {
                    let class = if other.is_large {
                        let measured = self.sizes.behind.entry(std::ptr::from_ref(literal));
                        let measured = measured.or_default();
                        pattern(one, &mut |name, _| {
                            if name != "_" {
                                measured.push(name);
                            }
                        });
                        Class::Bounded
                    } else {
                        other.class
                    };
                    self.bind_new(one, class);
                }
            }
            Expression::Some(_) => {}
            Expression::SomeIn { key, value, collection } => {
                let class = self.value(collection).max(Class::Bounded);
                for term in key.iter().chain([value]) {
                    self.bind(term, class);
                }
            }
            Expression::Every { key, value, collection, body } => {
                let class = self.value(collection).max(Class::Bounded);
                let before = self.shadowed.len();
                for term in key.iter().chain([value]) {
                    self.bind(term, class);
                }
                self.body(body);
                self.leave(before);
            }
        }
    }

    /// A term that is a literal of its own; it may be a call whose last argument is the result.
    fn statement(&mut self, expression: &'a Expression, term: &'a Term) {
        let with_result = match &term.kind {
            TermKind::Call { function, arguments } => {
                match (function.as_slice(), arguments.as_slice()) {
                    ([name], [walked, result]) if name == "walk" => {
                        Some((std::slice::from_ref(walked), result))
                    }
                    _ => with_result(expression, |path| self.arity(path)),
                }
            }
            _ => None,
        };
        let Some((inputs, result)) = with_result else {
            self.value(term);
            return;
        };
        for input in inputs {
            self.bounded(input);
        }
        self.pattern(result);
        self.bind_new(result, Class::Bounded);
    }

    fn arity(&self, function: &[String]) -> Option<usize> {
        let path: Vec<&str> = function.iter().map(String::as_str).collect();
        match self.names.resolved(self.file, &path) {
            Some(full) => self.names.function(&full)?.arity(),
            None => signatures::arity(&path.join(".")),
        }
    }

    /// The class of a term that has a value of its own, which is measured if it is a large literal.
    fn value(&mut self, term: &'a Term) -> Class {
        let seen = self.pattern(term);
        if seen.is_large {
            self.sizes.terms.insert(std::ptr::from_ref(term));
            return Class::Bounded;
        }
        seen.class
    }

    /// A value that must be bounded.
    fn bounded(&mut self, term: &'a Term) {
        if self.value(term) == Class::Open {
            self.sizes.terms.insert(std::ptr::from_ref(term));
        }
    }

    /// What a term is that may be a pattern, so that it cannot be measured itself. Each is looked at once,
    /// as bodies inside of it have names.
    fn pattern(&mut self, term: &'a Term) -> Seen {
        let class = match &term.kind {
            TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::Text(_) => {
                Class::Scalar
            }
            TermKind::Name(name) => self.of_name(name),
            TermKind::Reference { head, path } => {
                for step in path {
                    self.pattern(&step.term);
                    self.bind_new(&step.term, Class::Bounded);
                }
                self.value(head).max(Class::Bounded)
            }
            TermKind::Call { function, arguments } => {
                let path: Vec<&str> = function.iter().map(String::as_str).collect();
                let is_own = self.names.resolved(self.file, &path).is_some();
                let is_scalar = !is_own && OF_SCALARS.contains(&path.join(".").as_str());
                for argument in arguments {
                    if is_scalar {
                        self.pattern(argument);
                    } else {
                        self.bounded(argument);
                    }
                }
                if is_scalar { Class::Scalar } else { Class::Bounded }
            }
            TermKind::Operation { operator, left, right } => {
                let class = self.value(left).max(self.value(right));
                match *operator {
                    "|" | "&" | "-" => class.min(Class::Bounded),
                    _ => Class::Scalar,
                }
            }
            TermKind::Member { key, value, collection } => {
                for term in key.iter().chain([value, collection]) {
                    self.value(term);
                }
                Class::Scalar
            }
            TermKind::Array(_) | TermKind::Set(_) | TermKind::Object(_) => {
                let mut parts = Parts::default();
                self.count(term, &mut parts);
                return parts.seen();
            }
            TermKind::Comprehension { kind, key, value, body } => {
                let before = self.shadowed.len();
                self.body(body);
                // Keys and elements are compared while they are collected.
                if let Some(key) = key {
                    self.bounded(key);
                }
                let class = match kind {
                    Comprehension::Array => self.value(value),
                    Comprehension::Set | Comprehension::Object => {
                        let class = self.value(value);
                        self.bounded(value);
                        class
                    }
                };
                self.leave(before);
                if *kind != Comprehension::Set && class != Class::Scalar {
                    self.sizes.terms.insert(std::ptr::from_ref(term));
                }
                Class::Bounded
            }
        };
        class.into()
    }

    fn count(&mut self, term: &'a Term, parts: &mut Parts) {
        if is_literal(term) {
            term.children(&mut |child| self.count(child, parts));
            return;
        }
        parts.all += 1;
        match self.pattern(term).class {
            Class::Scalar => {}
            Class::Bounded => parts.bounded += 1,
            Class::Open => parts.open += 1,
        }
    }

    /// What is not known yet may become anything.
    fn of_name(&self, name: &str) -> Class {
        match self.known.get(name) {
            Some(class) => *class,
            None if name == "_" => Class::Scalar,
            None if matches!(name, "input" | "data") => Class::Bounded,
            None if self.names.is_global(self.file, name) => Class::Bounded,
            None => Class::Open,
        }
    }

    /// The names of a pattern have values of this class from now on.
    fn bind(&mut self, term: &'a Term, class: Class) {
        match &term.kind {
            TermKind::Name(name) => {
                let before = self.known.insert(name, class);
                self.shadowed.push((name, before));
            }
            TermKind::Array(items) => items.iter().for_each(|item| self.bind(item, class)),
            TermKind::Object(entries) => {
                for (_, value) in entries {
                    self.bind(value, class);
                }
            }
            _ => {}
        }
    }

    /// The same for names that have no value yet.
    fn bind_new(&mut self, term: &'a Term, class: Class) {
        match &term.kind {
            TermKind::Name(name)
                if !self.known.contains_key(name.as_str())
                    && !self.names.is_global(self.file, name) =>
            {
                self.bind(term, class);
            }
            TermKind::Array(items) => items.iter().for_each(|item| self.bind_new(item, class)),
            TermKind::Object(entries) => {
                for (_, value) in entries {
                    self.bind_new(value, class);
                }
            }
            _ => {}
        }
    }

    /// Leaves a body: its names are what they were before.
    fn leave(&mut self, before: usize) {
        while self.shadowed.len() > before {
            match self.shadowed.pop() {
                Some((name, Some(class))) => self.known.insert(name, class),
                Some((name, None)) => self.known.remove(name),
                None => break,
            };
        }
    }
}

impl Parts {
    fn seen(&self) -> Seen {
        let is_flat = self.bounded == 0 && self.open == 0;
        Seen {
            class: if is_flat { Class::Bounded } else { Class::Open },
            is_large: self.open > 0 || self.bounded > FEW || self.all > MANY,
        }
    }
}

fn is_literal(term: &Term) -> bool {
    matches!(term.kind, TermKind::Array(_) | TermKind::Set(_) | TermKind::Object(_))
}
