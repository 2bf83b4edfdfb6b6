//! What a module consists of, with the place of every part in the text.

use std::ops::Range;

/// One text: the code of a template, or a library of it.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// `["lib", "helpers"]` for `package lib.helpers`.
    pub package: Vec<String>,
    pub package_range: Range<usize>,
    pub imports: Vec<Import>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(super) struct Import {
    /// `["data", "lib", "helpers"]`.
    pub path: Vec<String>,
    pub alias: Option<String>,
    pub range: Range<usize>,
}

impl Import {
    /// The name that it is used by.
    pub fn name(&self) -> &str {
        self.alias.as_deref().or(self.path.last().map(String::as_str)).unwrap_or_default()
    }

    /// Whether it turns on keywords and names nothing.
    pub fn is_of_keywords(&self) -> bool {
        matches!(self.path.first().map(String::as_str), Some("future" | "rego"))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub range: Range<usize>,
    pub is_default: bool,
    /// A name, or a reference whose head is one; without the key of a partial rule.
    pub name: Term,
    pub kind: RuleKind,
    /// Of a function.
    pub arguments: Vec<Term>,
    pub value: Option<Term>,
    /// Each is a definition of its own.
    pub bodies: Vec<Body>,
    pub otherwise: Vec<Otherwise>,
}

#[derive(Clone, Debug)]
pub(super) enum RuleKind {
    /// Has one value.
    Complete,
    Function,
    /// A set, of which this is one element.
    Set(Term),
    /// An object, of which this is one key.
    Object(Term),
}

/// An `else` of a rule.
#[derive(Clone, Debug)]
pub(super) struct Otherwise {
    pub value: Option<Term>,
    pub body: Option<Body>,
}

/// Literals that must all hold; never empty.
pub(super) type Body = Vec<Literal>;

#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub range: Range<usize>,
    pub negated: bool,
    pub expression: Expression,
    pub with: Vec<With>,
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Term(Term),
    /// `left = right`.
    Unify(Term, Term),
    /// `left := right`.
    Assign(Term, Term),
    /// `some x, y`.
    Some(Vec<Term>),
    /// `some key, value in collection`.
    SomeIn {
        key: Option<Term>,
        value: Term,
        collection: Term,
    },
    /// `every key, value in collection { body }`.
    Every {
        key: Option<Term>,
        value: Term,
        collection: Term,
        body: Body,
    },
}

/// `with target as value`.
#[derive(Clone, Debug)]
pub(super) struct With {
    pub target: Term,
    pub value: Term,
}

#[derive(Clone, Debug)]
pub(super) struct Term {
    pub kind: TermKind,
    pub range: Range<usize>,
    /// How deeply terms nest in it: everything that walks down is as deep.
    pub depth: usize,
}

#[derive(Clone, Debug)]
pub(super) enum TermKind {
    Null,
    Bool(bool),
    /// As it is written, but for `.5`, which is `0.5` here.
    Number(String),
    Text(String),
    /// A variable, a rule or an import; `_` is another one each time.
    Name(String),
    /// `head.a[b]`; the path is not empty.
    Reference {
        head: Box<Term>,
        path: Vec<Step>,
    },
    Call {
        function: Vec<String>,
        arguments: Vec<Term>,
    },
    Operation {
        operator: &'static str,
        left: Box<Term>,
        right: Box<Term>,
    },
    /// `key, value in collection`.
    Member {
        key: Option<Box<Term>>,
        value: Box<Term>,
        collection: Box<Term>,
    },
    Array(Vec<Term>),
    Set(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Comprehension {
        kind: Comprehension,
        key: Option<Box<Term>>,
        value: Box<Term>,
        body: Body,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comprehension {
    Array,
    Set,
    Object,
}

/// A step of a reference: `.name` is a text.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub term: Term,
    pub dotted: bool,
}

impl Term {
    /// The name, if it is nothing else.
    pub fn as_name(&self) -> Option<&str> {
        match &self.kind {
            TermKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The text, if it is one that is written out.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            TermKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it stands for many values: its body is evaluated apart from what is around it.
    pub fn is_closure(&self) -> bool {
        matches!(self.kind, TermKind::Comprehension { .. })
    }

    /// The name at the head of a name or a reference, and the texts that follow it up to the first
    /// step that is not one.
    pub fn fixed_path(&self) -> Option<Vec<&str>> {
        match &self.kind {
            TermKind::Name(name) => Some(vec![name]),
            TermKind::Reference { head, path } => {
                let mut fixed = vec![head.as_name()?];
                fixed.extend(path.iter().map_while(|step| step.term.as_text()));
                Some(fixed)
            }
            _ => None,
        }
    }

    /// Calls `visit` with each term directly below, without those of bodies.
    pub fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        match &self.kind {
            TermKind::Null
            | TermKind::Bool(_)
            | TermKind::Number(_)
            | TermKind::Text(_)
            | TermKind::Name(_) => {}
            TermKind::Reference { head, path } => {
                visit(head);
                for step in path {
                    visit(&step.term);
                }
            }
            TermKind::Call { arguments: terms, .. }
            | TermKind::Array(terms)
            | TermKind::Set(terms) => {
                for term in terms {
                    visit(term);
                }
            }
            TermKind::Operation { left, right, .. } => {
                visit(left);
                visit(right);
            }
            TermKind::Member { key, value, collection } => {
                if let Some(key) = key {
                    visit(key);
                }
                visit(value);
                visit(collection);
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    visit(key);
                    visit(value);
                }
            }
            TermKind::Comprehension { key, value, .. } => {
                if let Some(key) = key {
                    visit(key);
                }
                visit(value);
            }
        }
    }

    /// Calls `visit` with it and with every term below it, bodies included.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
        if let TermKind::Comprehension { body, .. } = &self.kind {
            for literal in body {
                literal.walk(visit);
            }
        }
    }
}

impl Literal {
    /// Whether it only prints, which Gatekeeper leaves out.
    pub fn is_print(&self) -> bool {
        matches!(&self.expression, Expression::Term(Term {
            kind: TermKind::Call { function, .. }, ..
        }) if matches!(function.as_slice(), [name] if name == "print"))
    }

    /// Calls `visit` with each term directly in it: modifiers too, without those of the body of `every`.
    pub fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        match &self.expression {
            Expression::Term(term) => visit(term),
            Expression::Unify(left, right) | Expression::Assign(left, right) => {
                visit(left);
                visit(right);
            }
            Expression::Some(names) => {
                for name in names {
                    visit(name);
                }
            }
            Expression::SomeIn { key, value, collection }
            | Expression::Every { key, value, collection, .. } => {
                if let Some(key) = key {
                    visit(key);
                }
                visit(value);
                visit(collection);
            }
        }
        for with in &self.with {
            visit(&with.target);
            visit(&with.value);
        }
    }

    /// Calls `visit` with it, and with those of the body of `every`.
    fn within<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        if let Expression::Every { body, .. } = &self.expression {
            for literal in body {
                literal.within(visit);
            }
        }
    }

    /// Calls `visit` with every term in it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        self.children(&mut |child| child.walk(visit));
        if let Expression::Every { body, .. } = &self.expression {
            for literal in body {
                literal.walk(visit);
            }
        }
    }
}

impl Rule {
    /// The path of its name: `["p"]`, or `["p", "q"]` for `p.q`.
    pub fn path(&self) -> Vec<&str> {
        self.name.fixed_path().unwrap_or_default()
    }

    /// The terms of its head but for its name and its arguments.
    pub fn head_terms(&self) -> impl Iterator<Item = &Term> {
        let key = match &self.kind {
            RuleKind::Set(key) | RuleKind::Object(key) => Some(key),
            RuleKind::Complete | RuleKind::Function => None,
        };
        let steps = match &self.name.kind {
            TermKind::Reference { path, .. } => path.as_slice(),
            _ => &[],
        };
        steps.iter().map(|step| &step.term).chain(key).chain(&self.value)
    }

    /// Calls `visit` with every literal of every body in it, those of terms included.
    pub fn literals<'a>(&'a self, visit: &mut dyn FnMut(&'a Literal)) {
        let others = self.otherwise.iter().flat_map(|otherwise| &otherwise.body);
        self.bodies.iter().chain(others).flatten().for_each(|literal| literal.within(visit));
        self.walk(&mut |term| {
            if let TermKind::Comprehension { body, .. } = &term.kind {
                for literal in body {
                    literal.within(visit);
                }
            }
        });
    }

    /// Calls `visit` with every term in it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Term)) {
        self.head_terms().chain(&self.arguments).for_each(|term| term.walk(visit));
        self.bodies.iter().flatten().for_each(|literal| literal.walk(visit));
        for otherwise in &self.otherwise {
            if let Some(value) = &otherwise.value {
                value.walk(visit);
            }
            otherwise.body.iter().flatten().for_each(|literal| literal.walk(visit));
        }
    }
}
