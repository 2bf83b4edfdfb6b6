//! Types that are plain from the text, and what does not go with them.
//!
//! Invariant: only what is certain: a value that is written out, or the result of a function of OPA, or
//! a variable that one of these is assigned to.
//!
//! Source: the type checker of OPA, which finds out more.

use super::{
    Expression, Findings, Literal, Rule, RuleKind, Scope, Term, TermKind, names::Definition,
};
use crate::policy::rego::signatures;

/// What is known of a value.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// See [`signatures`].
    letter: char,
    /// The array or object, if it is written out.
    literal: Option<&'a Term>,
}

impl<'a> Scope<'_, 'a> {
    fn known(&self, name: &str) -> Option<Known<'a>> {
        match self.known.get(name) {
            Some(known) => Some(*known),
            None if self.names.contains(name) => None,
            None => self.parent?.known(name),
        }
    }
}

impl<'a> Findings<'a> {
    /// What is certain about a term.
    fn known(&self, term: &'a Term, scope: &Scope<'_, 'a>) -> Option<Known<'a>> {
        if let Some(letter) = signatures::letter(term) {
            let is_literal = matches!(term.kind, TermKind::Array(_) | TermKind::Object(_));
            return Some(Known { letter, literal: is_literal.then_some(term) });
        }
        match &term.kind {
            TermKind::Name(name) => scope.known(name),
            TermKind::Call { function, .. } => {
                let path: Vec<&str> = function.iter().map(String::as_str).collect();
                let is_own = path.first().is_some_and(|head| scope.is_local(head))
                    || self.program.names.resolved(scope.file, &path).is_some();
                let letter = signatures::result(&path.join(".")).filter(|_| !is_own)?;
                Some(Known { letter, literal: None })
            }
            _ => None,
        }
    }

    /// Whether it is certain for each definition of a rule with one value what type it gives.
    pub(super) fn has_certain_type(&self, rule: &Definition<'a>, scope: &Scope<'_, 'a>) -> bool {
        let is_certain = |value: Option<&'a Term>, body: &'a [Literal]| {
            self.certain_value(value, body, scope).is_some()
        };
        rule.rules.iter().all(|(_, rule)| {
            let value = rule.value.as_ref();
            let fits_bodies = match rule.bodies.as_slice() {
                [] => is_certain(value, &[]),
                bodies => bodies.iter().all(|body| is_certain(value, body)),
            };
            fits_bodies
                && rule.otherwise.iter().all(|otherwise| {
                    let body = otherwise.body.as_deref().unwrap_or_default();
                    is_certain(otherwise.value.as_ref(), body)
                })
        })
    }

    /// The type of the value that a body gives; without one it is `true`.
    fn certain_value(
        &self,
        value: Option<&'a Term>,
        body: &'a [Literal],
        scope: &Scope<'_, 'a>,
    ) -> Option<char> {
        let Some(value) = value else { return Some('b') };
        let letter = |term| self.known(term, scope).map(|known| known.letter);
        let Some(name) = value.as_name() else { return letter(value) };
        body.iter().find_map(|literal| match &literal.expression {
            Expression::Assign(left, right) | Expression::Unify(left, right) => {
                [(left, right), (right, left)]
                    .into_iter()
                    .find_map(|(one, other)| letter(other).filter(|_| one.as_name() == Some(name)))
            }
            _ => None,
        })
    }

    /// Remembers what is assigned.
    pub(super) fn learn(&self, expression: &'a Expression, scope: &mut Scope<'_, 'a>) {
        if let Expression::Assign(Term { kind: TermKind::Name(name), .. }, right) = expression
            && let Some(known) = self.known(right, scope)
        {
            scope.known.insert(name, known);
        }
    }

    /// The type in words of a term that an argument must not have.
    pub(super) fn misfit(
        &self,
        term: &'a Term,
        letters: &str,
        scope: &Scope<'_, 'a>,
    ) -> Option<&'static str> {
        let letter = self.known(term, scope)?.letter;
        let fits = letters == "x" || letters.contains(letter);
        (!fits).then(|| signatures::in_words(letter))
    }

    /// Two terms that must be equal.
    pub(super) fn equal(&mut self, left: &'a Term, right: &'a Term, scope: &Scope<'_, 'a>) {
        if let (Some(one), Some(two)) = (self.known(left, scope), self.known(right, scope))
            && one.letter != two.letter
        {
            let (one, two) = (signatures::in_words(one.letter), signatures::in_words(two.letter));
            let range = left.range.start..right.range.end;
            self.add(format!("{one} and {two} are never equal"), &range);
        }
    }

    /// A reference: whether its first step can be there.
    pub(super) fn first_step(&mut self, term: &'a Term, scope: &Scope<'_, 'a>) {
        let TermKind::Reference { head, path } = &term.kind else { return };
        let (Some(known), Some(step)) = (self.known(head, scope), path.first()) else { return };
        let what = signatures::in_words(known.letter);
        if matches!(known.letter, 's' | 'n' | 'b' | 'z') {
            self.add(format!("{what} has no fields"), &term.range);
        } else if known.letter == 'a'
            && let Some(found) = self.misfit(&step.term, "n", scope)
        {
            self.add(format!("an array has indices, not {found}"), &step.term.range);
        }
        match (known.literal.map(|literal| &literal.kind), &step.term.kind) {
            (Some(TermKind::Array(items)), TermKind::Number(text)) => {
                let is_missing = !items.is_empty()
                    && text.parse::<i64>().is_ok_and(|index| {
                        usize::try_from(index).map_or(true, |index| index >= items.len())
                    });
                if is_missing {
                    let message = format!("the array has {} elements, none at {text}", items.len());
                    self.add(message, &step.term.range);
                }
            }
            (Some(TermKind::Object(entries)), TermKind::Text(key)) => {
                let mut keys = entries.iter().map(|(key, _)| key.as_text());
                if !entries.is_empty() && keys.all(|one| one.is_some_and(|one| one != key)) {
                    self.add(format!("the object has no key `{key}`"), &step.term.range);
                }
            }
            _ => {}
        }
    }

    /// What `some` and `every` go through.
    pub(super) fn collection(&mut self, term: &'a Term, scope: &Scope<'_, 'a>) {
        if let Some(found) = self.misfit(term, "aoS", scope) {
            self.add(format!("nothing is in {found}"), &term.range);
        }
    }
}

/// Whether no element that a rule gives to `violation` can have a message.
pub(super) fn has_no_message(rule: &Rule) -> bool {
    let has_none = |term: &Term| match (&term.kind, signatures::letter(term)) {
        (TermKind::Object(entries), _) => {
            // An object without keys is any object to OPA.
            !entries.is_empty()
                && entries.iter().all(|(key, _)| key.as_text().is_some_and(|key| key != "msg"))
        }
        (_, letter) => letter.is_some_and(|letter| letter != 'o'),
    };
    match &rule.kind {
        RuleKind::Function => true,
        RuleKind::Object(element) => has_none(element),
        RuleKind::Complete => match &rule.value {
            Some(_) if !rule.otherwise.is_empty() => false,
            None => true,
            Some(value) => match &value.kind {
                TermKind::Object(entries) => {
                    !entries.is_empty() && entries.iter().all(|(key, _)| has_none(key))
                }
                TermKind::Set(items) if !items.is_empty() => items.iter().all(has_none),
                _ => signatures::letter(value).is_some_and(|letter| letter != 'o' && letter != 'S'),
            },
        },
        RuleKind::Set(element) => match element.as_name() {
            // Of a variable that a body assigns to.
            Some(name) if !rule.bodies.is_empty() => rule.bodies.iter().all(|body| {
                body.iter().any(|literal| match &literal.expression {
                    Expression::Assign(left, right) => {
                        left.as_name() == Some(name) && has_none(right)
                    }
                    _ => false,
                })
            }),
            _ => has_none(element),
        },
    }
}
