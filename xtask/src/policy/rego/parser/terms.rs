//! Terms and operators.

use super::{DEPTH, Fault, Kind, Parser, Step, Term, TermKind};
use crate::policy::rego::{signatures::CHAIN, syntax::Comprehension};

/// How tightly an operator binds; `in` binds least.
fn precedence(symbol: &str) -> Option<(&'static str, u8)> {
    Some(match symbol {
        "*" => ("*", 5),
        "/" => ("/", 5),
        "%" => ("%", 5),
        "+" => ("+", 4),
        "-" => ("-", 4),
        "&" => ("&", 3),
        "|" => ("|", 2),
        "==" => ("==", 1),
        "!=" => ("!=", 1),
        "<" => ("<", 1),
        "<=" => ("<=", 1),
        ">" => (">", 1),
        ">=" => (">=", 1),
        _ => return None,
    })
}

/// How many operators may stand side by side before they are read as one.
const CHAIN_LENGTH: usize = 10;

/// An operator and what is on its right.
struct Link {
    operator: &'static str,
    right: Term,
    /// Where its right ends, with parentheses.
    end: usize,
}

impl Link {
    /// Whether it is no comparison.
    fn calculates(&self) -> bool {
        precedence(self.operator).is_some_and(|(_, binds)| binds > 1)
    }
}

impl Parser {
    /// A term with operators. With `pair`, `key, value in collection` is one too.
    pub(super) fn infix(&mut self, pair: bool) -> Result<Term, Fault> {
        let start = self.range().start;
        let first = self.operand()?;
        self.infix_from(first, start, pair)
    }

    /// A term with operators that are not `in`.
    pub(super) fn relation(&mut self) -> Result<Term, Fault> {
        let start = self.range().start;
        let first = self.operand()?;
        self.binary(first, start, 1)
    }

    fn infix_from(&mut self, first: Term, start: usize, pair: bool) -> Result<Term, Fault> {
        let mut left = self.binary(first, start, 1)?;
        let mut key = None;
        if pair && self.is(",") && self.keywords.contains("in") {
            // Without `in` behind the second term the comma belongs to what is around it.
            let before = (self.at, self.nested);
            self.at += 1;
            if let Ok(value) = self.relation()
                && self.is_keyword("in")
            {
                key = Some(Box::new(std::mem::replace(&mut left, value)));
            } else {
                (self.at, self.nested) = before;
            }
        }
        while self.is_keyword("in") && !self.begins_reference() {
            self.at += 1;
            let collection = Box::new(self.relation()?);
            let value = Box::new(left);
            left = self.term(TermKind::Member { key: key.take(), value, collection }, start)?;
        }
        Ok(left)
    }

    fn binary(&mut self, left: Term, start: usize, least: u8) -> Result<Term, Fault> {
        let mut chain = Vec::new();
        while let Kind::Symbol(symbol) = self.peek()
            && let Some((operator, binds)) = precedence(symbol)
            && binds >= least
        {
            self.at += 1;
            let right_start = self.range().start;
            let first = self.operand()?;
            let right = self.binary(first, right_start, binds + 1)?;
            chain.push(Link { operator, right, end: self.end() });
        }
        let mut left = left;
        let mut links = chain.into_iter().peekable();
        while let Some(link) = links.next() {
            let calculates = link.calculates();
            let mut run = vec![link];
            while let Some(next) = links.next_if(|next| calculates && next.calculates()) {
                run.push(next);
            }
            left = self.chained(left, run, start)?;
        }
        Ok(left)
    }

    /// Operators from left to right. A long chain of them is one call, so that it does not nest.
    fn chained(&self, mut left: Term, run: Vec<Link>, start: usize) -> Result<Term, Fault> {
        if run.len() <= CHAIN_LENGTH {
            for Link { operator, right, end } in run {
                let (first, right) = (Box::new(left), Box::new(right));
                left = self.term(TermKind::Operation { operator, left: first, right }, start)?;
                left.range.end = end;
            }
            return Ok(left);
        }
        let end = run.last().map_or(start, |last| last.end);
        let operators = run.iter().map(|link| link.operator).collect();
        let operands = std::iter::once(left).chain(run.into_iter().map(|link| link.right));
        let operands = self.term(TermKind::Array(operands.collect()), start)?;
        let arguments = vec![self.term(TermKind::Text(operators), start)?, operands];
        let mut term =
            self.term(TermKind::Call { function: vec![CHAIN.to_owned()], arguments }, start)?;
        term.range.end = end;
        Ok(term)
    }

    /// A term without operators around it.
    pub(super) fn operand(&mut self) -> Result<Term, Fault> {
        self.enter()?;
        let start = self.range().start;
        let negative = self.takes("-");
        let term = match self.peek().clone() {
            Kind::Number(digits) => {
                self.at += 1;
                let sign = if negative { "-" } else { "" };
                self.term(TermKind::Number(format!("{sign}{digits}")), start)?
            }
            Kind::Symbol(".") => {
                self.at += 1;
                let Kind::Number(digits) = self.peek().clone() else {
                    return Err(self.expected("a number"));
                };
                self.at += 1;
                let sign = if negative { "-" } else { "" };
                self.term(TermKind::Number(format!("{sign}0.{digits}")), start)?
            }
            Kind::Name(_) => self.named(negative)?,
            _ if negative => return Err(self.expected("a number or a name behind `-`")),
            Kind::Text(text) => {
                self.at += 1;
                self.term(TermKind::Text(text), start)?
            }
            Kind::Template { .. } => self.template()?,
            Kind::Symbol("[") => self.array()?,
            Kind::Symbol("{") => self.braces()?,
            Kind::Symbol("(") => {
                self.at += 1;
                let inner = self.infix(true)?;
                self.expect(")")?;
                inner
            }
            _ => return Err(self.expected("a term")),
        };
        let term = self.reference(term, start)?;
        self.nested -= 1;
        if negative && !matches!(term.kind, TermKind::Number(_)) {
            let zero = Box::new(self.term(TermKind::Number("0".to_owned()), start)?);
            let right = Box::new(term);
            return self.term(TermKind::Operation { operator: "-", left: zero, right }, start);
        }
        Ok(term)
    }

    fn named(&mut self, negative: bool) -> Result<Term, Fault> {
        let start = self.range().start;
        for (word, kind) in [
            ("null", TermKind::Null),
            ("true", TermKind::Bool(true)),
            ("false", TermKind::Bool(false)),
        ] {
            if !negative && self.takes_keyword(word) {
                return self.term(kind, start);
            }
        }
        let name = if self.begins_reference() { self.any_name() } else { None };
        let name = match name {
            Some(name) => name,
            None => self.name("a term")?,
        };
        self.term(TermKind::Name(name), start)
    }

    /// What follows a term without a space: fields, keys and arguments.
    fn reference(&mut self, mut head: Term, start: usize) -> Result<Term, Fault> {
        let mut path: Vec<Step> = Vec::new();
        while !self.is_spaced() {
            if self.is(".") || self.is("[") {
                if matches!(
                    head.kind,
                    TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::Text(_)
                ) {
                    return Err(("a scalar has no fields".to_owned(), head.range));
                }
                if self.takes(".") {
                    path.push(self.field()?);
                } else {
                    self.at += 1;
                    let term = self.infix(true)?;
                    self.expect("]")?;
                    path.push(Step { term, dotted: false });
                }
            } else if self.takes("(") {
                let callee = self.joined(head, std::mem::take(&mut path), start)?;
                head = self.call(&callee, start)?;
            } else {
                break;
            }
        }
        self.joined(head, path, start)
    }

    fn joined(&mut self, head: Term, path: Vec<Step>, start: usize) -> Result<Term, Fault> {
        if path.is_empty() {
            return Ok(head);
        }
        self.term(TermKind::Reference { head: Box::new(head), path }, start)
    }

    fn call(&mut self, callee: &Term, start: usize) -> Result<Term, Fault> {
        let function: Vec<String> =
            callee.fixed_path().unwrap_or_default().into_iter().map(str::to_owned).collect();
        let steps = match &callee.kind {
            TermKind::Reference { path, .. } => path.len() + 1,
            _ => 1,
        };
        if function.len() != steps {
            return Err(("what is called must be a name".to_owned(), callee.range.clone()));
        }
        let arguments = self.terms(")")?;
        if function == ["set"] && arguments.is_empty() {
            return self.term(TermKind::Set(Vec::new()), start);
        }
        self.term(TermKind::Call { function, arguments }, start)
    }

    /// The name behind a dot.
    pub(super) fn field(&mut self) -> Result<Step, Fault> {
        let start = self.range().start;
        if self.is_spaced() {
            return Err(self.expected("a name right behind `.`"));
        }
        let name = self.any_name().ok_or_else(|| self.expected("a name"))?;
        Ok(Step { term: self.term(TermKind::Text(name), start)?, dotted: true })
    }

    /// Terms with commas between them up to a bracket, which is taken.
    pub(super) fn terms(&mut self, end: &'static str) -> Result<Vec<Term>, Fault> {
        self.more_terms(Vec::new(), end)
    }

    fn more_terms(&mut self, mut terms: Vec<Term>, end: &'static str) -> Result<Vec<Term>, Fault> {
        while !self.takes(end) {
            terms.push(self.infix(false)?);
            if !self.takes(",") {
                if self.takes(end) {
                    break;
                }
                return Err(self.expected(&format!("`,` or `{end}`")));
            }
        }
        Ok(terms)
    }

    fn array(&mut self) -> Result<Term, Fault> {
        let start = self.range().start;
        self.at += 1;
        if self.takes(",") || self.is("]") {
            let items = self.terms("]")?;
            return self.term(TermKind::Array(items), start);
        }
        let first_start = self.range().start;
        let first = self.operand()?;
        if self.takes("|") {
            return self.comprehension(Comprehension::Array, None, first, start);
        }
        let first = self.infix_from(first, first_start, false)?;
        let items = self.after_first(first, "]")?;
        self.term(TermKind::Array(items), start)
    }

    fn after_first(&mut self, first: Term, end: &'static str) -> Result<Vec<Term>, Fault> {
        if self.takes(",") {
            return self.more_terms(vec![first], end);
        }
        if self.takes(end) {
            Ok(vec![first])
        } else {
            Err(self.expected(&format!("`,` or `{end}`")))
        }
    }

    fn braces(&mut self) -> Result<Term, Fault> {
        let start = self.range().start;
        self.at += 1;
        if self.takes("}") {
            return self.term(TermKind::Object(Vec::new()), start);
        }
        self.takes(",");
        let first_start = self.range().start;
        let first = self.operand()?;
        if self.takes("|") {
            return self.comprehension(Comprehension::Set, None, first, start);
        }
        let first = self.infix_from(first, first_start, false)?;
        if !self.takes(":") {
            let items = self.after_first(first, "}")?;
            return self.term(TermKind::Set(items), start);
        }
        let value_start = self.range().start;
        let value = self.operand()?;
        if self.takes("|") {
            return self.comprehension(Comprehension::Object, Some(first), value, start);
        }
        let mut entries = vec![(first, self.infix_from(value, value_start, false)?)];
        while !self.takes("}") {
            if !self.takes(",") {
                return Err(self.expected("`,` or `}`"));
            }
            if self.takes("}") {
                break;
            }
            let key = self.infix(false)?;
            self.expect(":")?;
            entries.push((key, self.infix(false)?));
        }
        self.term(TermKind::Object(entries), start)
    }

    fn comprehension(
        &mut self,
        kind: Comprehension,
        key: Option<Term>,
        value: Term,
        start: usize,
    ) -> Result<Term, Fault> {
        let body = self.body(if kind == Comprehension::Array { "]" } else { "}" })?;
        let (key, value) = (key.map(Box::new), Box::new(value));
        self.term(TermKind::Comprehension { kind, key, value, body }, start)
    }

    /// A term up to the token that was taken last.
    pub(super) fn term(&self, kind: TermKind, start: usize) -> Result<Term, Fault> {
        let mut term = Term { kind, range: start..self.end(), depth: 0 };
        let mut deepest = 0;
        term.children(&mut |child| deepest = deepest.max(child.depth));
        if let TermKind::Comprehension { body, .. } = &term.kind {
            for literal in body {
                deepest = deepest.max(literal_depth(literal));
            }
        }
        term.depth = deepest + 1;
        if term.depth > DEPTH { Err(self.too_deep(term.range)) } else { Ok(term) }
    }
}

fn literal_depth(literal: &super::Literal) -> usize {
    let mut deepest = 0;
    literal.children(&mut |child| deepest = deepest.max(child.depth));
    if let super::Expression::Every { body, .. } = &literal.expression {
        deepest = body.iter().map(literal_depth).fold(deepest, usize::max);
    }
    deepest + 1
}
