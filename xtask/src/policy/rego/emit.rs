//! The code that the interpreter is given: what was read, written in the narrower language that it
//! reads as OPA does.
//!
//! - A call or a bracket never continues the line before it.
//! - Several bodies of a head become several rules: the interpreter forgets the value of the head.
//! - What a negated literal calls with is evaluated before it, so that an undefined argument makes the
//!   body undefined and the negation is not true.
//! - A value that could have more parts than can be walked is measured where it is made.
//! - Arithmetic is calls of our own functions, which calculate with decimals.
//! - What is declared has a name of its own in each body.
//! - `print` is left out, as the driver of Gatekeeper does.
//!
//! Invariant: each part of the result is marked with where it comes from.

mod locals;
mod replaced;
mod sizes;
mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    ops::Range,
};

use super::{
    check::{Names, Order, declarations, pattern, with_result},
    functions::{SIZED, WALKED},
    negation, signatures,
    syntax::{Expression, File, Literal, Otherwise, Rule, RuleKind, Term, TermKind},
};
use locals::Locals;
pub(super) use replaced::Replaced;
use sizes::Sizes;
use terms::dotted;

/// How much work the parser of the interpreter may have. It reads the first term in brackets twice,
/// so that nested ones double the work at each level.
const WORK: u64 = 3_000_000;

/// The package of the entry, whatever it is called in the template.
pub(super) const PACKAGE: &str = "template";

/// Code for the interpreter.
#[derive(Clone, Debug)]
pub(super) struct Emitted {
    pub text: String,
    /// By `at`.
    marks: Vec<Mark>,
    lines: Vec<usize>,
    /// The functions of OPA that it calls.
    pub used: BTreeSet<String>,
}

/// Where a part of the emitted code comes from.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where it starts in the emitted code.
    at: usize,
    /// What it was written as.
    pub range: Range<usize>,
    /// The full name of the function of the template that it calls.
    pub callee: Option<String>,
}

impl Emitted {
    /// What is at a line and a column, both from 1 on.
    pub fn locate(&self, line: usize, column: usize) -> Option<&Mark> {
        let at = self.lines.get(line.checked_sub(1)?)? + column.saturating_sub(1);
        let behind = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.get(behind.checked_sub(1)?)
    }
}

/// Writes a file. The error is that its terms nest too deeply.
pub(super) fn emit(
    file: &File,
    names: &Names<'_>,
    replaced: &Replaced,
    order: &Order,
    is_entry: bool,
) -> Result<Emitted, Range<usize>> {
    let mut writer = Writer {
        file,
        names,
        replaced,
        order,
        is_entry,
        out: String::new(),
        marks: Vec::new(),
        used: BTreeSet::new(),
        keeps_numbers: false,
        hoisted: BTreeMap::new(),
        sizes: Sizes::of(file, names),
        temporaries: 0,
        keywords: BTreeSet::new(),
        locals: Locals::of(file),
    };
    let mut work = 0_u64;
    for rule in &file.rules {
        work = work.saturating_add(writer.rule(rule));
        if work > WORK {
            return Err(rule.range.clone());
        }
    }
    if is_entry {
        writer.wrappers();
    }
    Ok(writer.finish())
}

struct Writer<'a> {
    file: &'a File,
    names: &'a Names<'a>,
    replaced: &'a Replaced,
    order: &'a Order,
    is_entry: bool,
    out: String,
    marks: Vec<Mark>,
    used: BTreeSet<String>,
    /// Whether the notation of a number matters: it is printed.
    keeps_numbers: bool,
    /// What is evaluated before the literal that is written, by where the terms are in memory.
    hoisted: BTreeMap<*const Term, String>,
    sizes: Sizes<'a>,
    temporaries: usize,
    /// Those that must be imported.
    keywords: BTreeSet<&'static str>,
    locals: Locals,
}

impl Writer<'_> {
    fn finish(self) -> Emitted {
        let package = if self.is_entry { PACKAGE.to_owned() } else { dotted(&self.file.package) };
        let mut text = format!("package {package}\n");
        for import in self.file.imports.iter().filter(|import| !import.is_of_keywords()) {
            text.push_str("import ");
            text.push_str(&dotted(&import.path));
            if let Some(alias) = &import.alias {
                text.push_str(" as ");
                text.push_str(alias);
            }
            text.push('\n');
        }
        for keyword in &self.keywords {
            text.push_str("import future.keywords.");
            text.push_str(keyword);
            text.push('\n');
        }
        let mut marks = self.marks;
        for mark in &mut marks {
            mark.at += text.len();
        }
        marks.sort_by_key(|mark| mark.at);
        text.push_str(&self.out);
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Emitted { text, marks, lines, used: self.used }
    }

    fn mark(&mut self, range: &Range<usize>, callee: Option<String>) {
        self.marks.push(Mark { at: self.out.len(), range: range.clone(), callee });
    }

    fn rule(&mut self, rule: &Rule) -> u64 {
        if rule.is_default {
            self.mark(&rule.range, None);
            self.out.push_str("default ");
            let work = self.head(rule);
            self.out.push('\n');
            return work;
        }
        if rule.bodies.is_empty() {
            self.mark(&rule.range, None);
            let work = self.head(rule);
            // Without a body the name of the rule that follows would be read as a part of this one.
            self.out.push_str(" {\ntrue\n}\n");
            return work;
        }
        let mut work = 0_u64;
        for body in &rule.bodies {
            self.mark(&rule.range, None);
            self.locals.enter(body);
            work = work.saturating_add(self.head(rule));
            self.out.push_str(" {\n");
            work = work.saturating_add(self.body(body));
            self.out.push('}');
            self.locals.leave();
            for otherwise in &rule.otherwise {
                work = work.saturating_add(self.otherwise(otherwise));
            }
            self.out.push('\n');
        }
        work
    }

    fn head(&mut self, rule: &Rule) -> u64 {
        let mut work = self.global(&rule.name);
        let mut value = true;
        match &rule.kind {
            RuleKind::Complete => {}
            RuleKind::Function => {
                self.out.push('(');
                work = work.saturating_add(self.terms(&rule.arguments));
                self.out.push(')');
            }
            RuleKind::Set(key) => {
                value = false;
                if rule.name.as_name().is_some() {
                    self.out.push('[');
                    work = work.saturating_add(self.nested(key));
                    self.out.push(']');
                } else {
                    self.keywords.insert("contains");
                    self.out.push_str(" contains ");
                    work = work.saturating_add(self.nested(key));
                }
            }
            RuleKind::Object(key) => {
                self.out.push('[');
                work = work.saturating_add(self.nested(key));
                self.out.push(']');
            }
        }
        if value {
            work = work.saturating_add(self.value(rule.value.as_ref()));
        }
        work
    }

    fn value(&mut self, value: Option<&Term>) -> u64 {
        self.out.push_str(" = ");
        match value {
            Some(value) => self.nested(value),
            None => self.word("true"),
        }
    }

    fn otherwise(&mut self, otherwise: &Otherwise) -> u64 {
        let body = otherwise.body.as_deref().unwrap_or_default();
        self.locals.enter(body);
        self.out.push_str(" else");
        let work = self.value(otherwise.value.as_ref());
        self.out.push_str(" {\n");
        let body = self.body(body);
        self.out.push('}');
        self.locals.leave();
        work.saturating_add(body)
    }

    /// Each literal is a line.
    fn body(&mut self, body: &[Literal]) -> u64 {
        self.locals.begin();
        let start = self.out.len();
        let mut work = 0_u64;
        for literal in self.order.of(body) {
            if !literal.is_print() {
                work = work.saturating_add(self.literal(literal));
            }
        }
        if self.out.len() == start {
            self.out.push_str("true\n");
        }
        work
    }

    fn literal(&mut self, literal: &Literal) -> u64 {
        let mut work = 0_u64;
        // Bodies inside of this literal have negations of their own.
        let outer = std::mem::take(&mut self.hoisted);
        if literal.negated {
            let mut before = BTreeMap::new();
            for term in negation::evaluated_before(literal, self.names, self.file) {
                let name = format!("before__{}", self.temporaries);
                self.temporaries += 1;
                self.mark(&term.range, None);
                self.out.push_str(&name);
                self.out.push_str(" := ");
                work = work.saturating_add(self.nested(term));
                self.with(literal);
                self.out.push('\n');
                before.insert(std::ptr::from_ref(term), name);
            }
            self.hoisted = before;
        } else {
            for term in nested_walks(literal) {
                work = work.saturating_add(self.walk_before(term));
            }
        }
        self.mark(&literal.range, None);
        if literal.negated {
            self.out.push_str("not ");
        }
        work = work.saturating_add(self.expression(&literal.expression, literal.negated));
        self.hoisted.clear();
        self.with(literal);
        self.locals.declare(&literal.expression, true);
        self.out.push('\n');
        self.hoisted = outer;
        for name in self.sizes.behind(literal) {
            self.used.insert(SIZED.to_owned());
            // The value may be false.
            let name = self.locals.get(name);
            let _ = writeln!(self.out, "sized__{} := {SIZED}({name})", self.temporaries);
            self.temporaries += 1;
        }
        work.saturating_mul(2)
    }

    /// The interpreter gives the results of `walk` one after the other only where it is a literal of its
    /// own.
    fn walk_before(&mut self, term: &Term) -> u64 {
        let TermKind::Call { arguments, .. } = &term.kind else { return 0 };
        if self.arity(&["walk".to_owned()]).is_some() {
            return 0;
        }
        let name = format!("walked__{}", self.temporaries);
        self.temporaries += 1;
        self.used.insert(WALKED.to_owned());
        let _ = write!(self.out, "walk({WALKED}(");
        let work = self.terms(arguments);
        let _ = writeln!(self.out, "), {name})");
        self.hoisted.insert(std::ptr::from_ref(term), name);
        work
    }

    fn expression(&mut self, expression: &Expression, negated: bool) -> u64 {
        match expression {
            Expression::Term(term) => {
                let arity = |function: &[String]| self.arity(function);
                match with_result(expression, arity) {
                    Some((inputs, result)) => {
                        let work = self.nested(result);
                        self.out.push_str(if negated { " == " } else { " = " });
                        work.saturating_add(self.call(term, inputs))
                    }
                    None => self.term(term),
                }
            }
            Expression::Unify(left, right) => {
                let operator = if negated { " == " } else { " = " };
                self.sides(left, operator, right)
            }
            Expression::Assign(left, right) => {
                self.locals.declare(expression, true);
                let work = self.nested(left);
                self.locals.declare(expression, false);
                self.out.push_str(" := ");
                work.saturating_add(self.nested(right))
            }
            Expression::Some(names) => {
                self.locals.declare(expression, true);
                self.out.push_str("some ");
                self.terms(names)
            }
            Expression::SomeIn { key, value, collection } => {
                self.locals.declare(expression, true);
                if !declares_all(expression) {
                    let work = self.nested(value);
                    self.out.push_str(" = ");
                    let collection = self.head_of_reference(collection);
                    self.out.push('[');
                    let key = match key {
                        Some(key) => self.nested(key),
                        None => self.word("_"),
                    };
                    self.out.push(']');
                    return work.saturating_add(collection).saturating_add(key);
                }
                self.keywords.insert("in");
                self.out.push_str("some ");
                self.pairs(key.as_ref(), value, collection)
            }
            Expression::Every { key, value, collection, body } => {
                self.keywords.extend(["every", "in"]);
                self.out.push_str("every ");
                self.locals.enter_every(key.as_ref(), value);
                if let Some(key) = key {
                    self.term(key);
                    self.out.push_str(", ");
                }
                self.term(value);
                self.out.push_str(" in ");
                let names = self.locals.leave();
                let work = self.nested(collection);
                self.locals.resume(names);
                self.locals.enter(body);
                self.out.push_str(" {\n");
                let body = self.body(body);
                self.out.push('}');
                self.locals.leave();
                self.locals.leave();
                work.saturating_add(body)
            }
        }
    }

    fn arity(&self, function: &[String]) -> Option<usize> {
        let path: Vec<&str> = function.iter().map(String::as_str).collect();
        match self.names.resolved(self.file, &path) {
            Some(full) => self.names.function(&full)?.arity(),
            // The interpreter gives the results of `walk` one after the other only in this form.
            None if path == ["walk"] => None,
            None => signatures::arity(&path.join(".")),
        }
    }
}

/// Whether `some` declares every name that is in front of `in`: one that is behind it, too, is no new
/// one.
fn declares_all(expression: &Expression) -> bool {
    let Expression::SomeIn { key, value, .. } = expression else { return true };
    let (mut names, mut declared) = (BTreeSet::new(), BTreeSet::new());
    for term in key.iter().chain([value]) {
        pattern(term, &mut |name, _| _ = names.insert(name));
    }
    declarations(expression, &mut |name, _| _ = declared.insert(name));
    names == declared
}

/// The calls of `walk` inside of other terms.
fn nested_walks(literal: &Literal) -> Vec<&Term> {
    fn add<'a>(term: &'a Term, found: &mut Vec<&'a Term>) {
        if let TermKind::Call { function, arguments } = &term.kind
            && arguments.len() == 1
            && matches!(function.as_slice(), [name] if name == "walk")
        {
            found.push(term);
        } else if !term.is_closure() {
            term.children(&mut |child| add(child, found));
        }
    }
    let mut found = Vec::new();
    match &literal.expression {
        Expression::Term(term) => add(term, &mut found),
        Expression::Unify(left, right) | Expression::Assign(left, right) => {
            for (side, other) in [(left, right), (right, left)] {
                // With a name it is a literal of its own already.
                if other.as_name().is_some() {
                    side.children(&mut |child| add(child, &mut found));
                } else {
                    add(side, &mut found);
                }
            }
        }
        Expression::SomeIn { collection, .. } => add(collection, &mut found),
        Expression::Some(_) | Expression::Every { .. } => {}
    }
    found
}
