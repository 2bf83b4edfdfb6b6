//! What `:=`, `some` and `every` declare.
//!
//! Source: the rewriting of local variables in OPA's compiler, which goes through a body from its first
//! literal to its last one: a name must not be declared twice, nor behind its first use.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expression, Findings, Literal, Scope, Term, TermKind, Version, free_names, pattern};

impl<'a> Findings<'a> {
    /// The names that a body declares, and what is wrong with how it does.
    pub(super) fn declared(
        &mut self,
        body: &'a [Literal],
        head: &[&'a Term],
        outer: &Scope<'_, 'a>,
    ) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut unused: Vec<(&'a str, &'a Term)> = Vec::new();
        for literal in body {
            let mut new: Vec<(&'a str, &'a Term)> = Vec::new();
            declarations(&literal.expression, &mut |name, term| new.push((name, term)));
            new.retain(|(name, _)| *name != "_");
            let see = &mut |name| _ = seen.insert(name);
            for with in &literal.with {
                free_names(&with.value, see);
            }
            match &literal.expression {
                Expression::Assign(left, right) => {
                    free_names(right, see);
                    self.assigned_to(left);
                    if literal.negated {
                        self.add("an assignment cannot be negated", &literal.range);
                    }
                }
                Expression::Some(_) => unused.extend(&new),
                Expression::SomeIn { collection, .. } | Expression::Every { collection, .. } => {
                    free_names(collection, see);
                }
                Expression::Term(_) | Expression::Unify(..) => {
                    literal.children(&mut |term| free_names(term, see));
                }
            }
            let is_assigned = matches!(literal.expression, Expression::Assign(..));
            for (name, term) in new {
                let is_document = matches!(name, "input" | "data");
                if is_assigned && self.program.version == Version::V1 && is_document {
                    self.add(format!("`{name}` must not be assigned"), &term.range);
                }
                if outer.parent.is_none() && outer.names.contains(name) {
                    let what = if is_assigned { "assigned" } else { "declared again" };
                    self.add(format!("the argument `{name}` is {what}"), &term.range);
                } else if !names.insert(name) {
                    self.add(format!("`{name}` is declared above"), &term.range);
                } else if seen.contains(name) && !is_document && !outer.is_local(name) {
                    let what = if is_assigned { "assigned" } else { "declared" };
                    self.add(format!("`{name}` is {what} behind its use"), &term.range);
                }
            }
        }
        if !unused.is_empty() {
            let mut used = BTreeSet::new();
            for term in head {
                all_names(term, &mut used);
            }
            self.unused(&unused, body, used);
        }
        names
    }

    /// Checks the body of `every`, which declares a key and a value.
    pub(super) fn every(
        &mut self,
        key: Option<&'a Term>,
        value: &'a Term,
        body: &'a [Literal],
        scope: &Scope<'_, 'a>,
    ) {
        let mut names = BTreeSet::new();
        let mut declared = Vec::new();
        for term in key.into_iter().chain([value]) {
            let Some(name) = term.as_name().filter(|name| *name != "_") else { continue };
            declared.push((name, term));
            if !names.insert(name) {
                self.add(format!("`{name}` is declared above"), &term.range);
            }
        }
        self.unused(&declared, body, BTreeSet::new());
        let known = BTreeMap::new();
        let inner = Scope { file: scope.file, parent: Some(scope), names, known };
        self.body(body, &[], &inner);
        for literal in body {
            declarations(&literal.expression, &mut |name, term| {
                if inner.names.contains(name) {
                    self.add(format!("`{name}` is declared above"), &term.range);
                }
            });
        }
    }

    /// What is assigned to consists of names, in arrays and in the values of objects.
    fn assigned_to(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Name(_) => {}
            TermKind::Array(items) => {
                for item in items {
                    self.assigned_to(item);
                }
            }
            TermKind::Object(entries) => {
                for (_, value) in entries {
                    self.assigned_to(value);
                }
            }
            _ => self.add("`:=` assigns to a name", &term.range),
        }
    }

    /// Adds a problem for each declared name that is in no other place.
    fn unused(
        &mut self,
        declared: &[(&'a str, &'a Term)],
        body: &'a [Literal],
        mut used: BTreeSet<&'a str>,
    ) {
        for literal in body.iter().filter(|one| !matches!(one.expression, Expression::Some(_))) {
            literal.walk(&mut |term| used.extend(term.as_name()));
        }
        for (name, term) in declared {
            if !used.contains(name) {
                self.add(format!("`{name}` is declared and not used"), &term.range);
            }
        }
    }
}

/// Calls `visit` for each name that an expression declares.
pub(in crate::policy::rego) fn declarations<'a>(
    expression: &'a Expression,
    visit: &mut dyn FnMut(&'a str, &'a Term),
) {
    match expression {
        Expression::Assign(left, _) => pattern(left, visit),
        Expression::Some(terms) => {
            for term in terms {
                pattern(term, visit);
            }
        }
        // What the collection is made of is what the elements are compared with.
        Expression::SomeIn { key, value, collection } => {
            let mut known = BTreeSet::new();
            all_names(collection, &mut known);
            for term in key.iter().chain([value]) {
                pattern(term, &mut |name, term| {
                    if known.insert(name) {
                        visit(name, term);
                    }
                });
            }
        }
        Expression::Term(_) | Expression::Unify(..) | Expression::Every { .. } => {}
    }
}

fn all_names<'a>(term: &'a Term, names: &mut BTreeSet<&'a str>) {
    term.walk(&mut |term| names.extend(term.as_name()));
}
