//! What OPA evaluates before a negated literal.
//!
//! Source: the compiler of OPA takes calls and references out of the operands of a call and gives
//! them names; a name that has no value ends the body, while a negation of something undefined holds.

use super::{
    check::Names,
    syntax::{Expression, File, Literal, Term, TermKind},
};

/// The terms of a negated literal that have values before it is evaluated.
pub(super) fn evaluated_before<'a>(
    literal: &'a Literal,
    names: &Names<'_>,
    file: &File,
) -> Vec<&'a Term> {
    let mut found = Found { names, file, terms: Vec::new() };
    match &literal.expression {
        Expression::Term(term) => match &term.kind {
            TermKind::Call { arguments, .. } => {
                for argument in arguments {
                    found.operand(argument);
                }
            }
            TermKind::Operation { operator: "==", left, right } => {
                found.compared(left);
                found.compared(right);
            }
            TermKind::Operation { left, right, .. } => {
                found.operand(left);
                found.operand(right);
            }
            TermKind::Member { key, value, collection } => {
                if let Some(key) = key {
                    found.operand(key);
                }
                found.operand(value);
                found.operand(collection);
            }
            _ => found.compared(term),
        },
        Expression::Unify(left, right) => {
            found.compared(left);
            found.compared(right);
        }
        Expression::Assign(..)
        | Expression::Some(_)
        | Expression::SomeIn { .. }
        | Expression::Every { .. } => {}
    }
    found.terms
}

struct Found<'f, 'a> {
    names: &'f Names<'f>,
    file: &'f File,
    terms: Vec<&'a Term>,
}

impl<'a> Found<'_, 'a> {
    /// A side of `==`, which may be a reference without a value.
    fn compared(&mut self, term: &'a Term) {
        match &term.kind {
            TermKind::Name(_) => {}
            TermKind::Reference { head, path } => {
                self.compared(head);
                for step in path {
                    self.operand(&step.term);
                }
            }
            TermKind::Call { .. } => self.terms.push(term),
            _ => self.operand(term),
        }
    }

    /// An operand of a call.
    fn operand(&mut self, term: &'a Term) {
        match &term.kind {
            TermKind::Reference { .. }
            | TermKind::Call { .. }
            | TermKind::Operation { .. }
            | TermKind::Member { .. } => self.terms.push(term),
            TermKind::Name(name) if self.names.is_global(self.file, name) => self.terms.push(term),
            TermKind::Array(_) | TermKind::Set(_) | TermKind::Object(_) => {
                term.children(&mut |child| self.operand(child));
            }
            _ => {}
        }
    }
}
