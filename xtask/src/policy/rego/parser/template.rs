//! Template strings: a call of the function that OPA makes of them, with what is written between the
//! expressions and a set for each of these. What is undefined is a set without elements.

use super::{Fault, Kind, Literal, Parser, Term, TermKind, Version};
use crate::policy::rego::{
    signatures::TEMPLATE,
    syntax::{Comprehension, Expression},
};

/// A name that no code can have.
const VALUE: &str = "template value";

impl Parser {
    pub(super) fn template(&mut self) -> Result<Term, Fault> {
        let start = self.range().start;
        if self.version == Version::V0 {
            let message = "template strings are only in version v1 of Rego";
            return Err((message.to_owned(), self.range()));
        }
        let mut parts: Vec<Term> = Vec::new();
        let mut is_first = true;
        loop {
            let piece_start = self.range().start;
            let (text, ends) = match self.peek().clone() {
                Kind::Template { text, begins, ends } if begins == is_first => (text, ends),
                _ => return Err(self.expected("`}`")),
            };
            is_first = false;
            self.at += 1;
            if !text.is_empty() {
                parts.push(self.term(TermKind::Text(text), piece_start)?);
            }
            if ends {
                break;
            }
            parts.push(self.part()?);
        }
        if let Some(text) = parts.iter().map(Term::as_text).collect() {
            return self.term(TermKind::Text(text), start);
        }
        let arguments = vec![self.term(TermKind::Array(parts), start)?];
        self.term(TermKind::Call { function: vec![TEMPLATE.to_owned()], arguments }, start)
    }

    /// What stands in braces.
    fn part(&mut self) -> Result<Term, Fault> {
        let start = self.range().start;
        let Literal { range, negated: false, expression: Expression::Term(term), with } =
            self.literal()?
        else {
            let message = "only a value can be in a template string".to_owned();
            return Err((message, start..self.end()));
        };
        if with.is_empty() {
            let written = match &term.kind {
                TermKind::Text(text) | TermKind::Number(text) => Some(text.as_str()),
                TermKind::Bool(true) => Some("true"),
                TermKind::Bool(false) => Some("false"),
                TermKind::Null => Some("null"),
                _ => None,
            };
            if let Some(written) = written {
                return self.term(TermKind::Text(written.to_owned()), start);
            }
        }
        let value = self.term(TermKind::Name(VALUE.to_owned()), start)?;
        let expression = Expression::Assign(value.clone(), term);
        let body = vec![Literal { range, negated: false, expression, with }];
        let (kind, value) = (Comprehension::Set, Box::new(value));
        self.term(TermKind::Comprehension { kind, key: None, value, body }, start)
    }
}
