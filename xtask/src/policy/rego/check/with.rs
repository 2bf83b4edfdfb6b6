//! What `with` may replace: documents, rules and functions.

use super::{Findings, Scope, Term, TermKind, arguments};
use crate::policy::rego::{signatures, syntax::With};

/// What OPA replaces and we do not: operators, which are not called.
const OPERATORS: &[&str] =
    &["and", "div", "gt", "gte", "lt", "lte", "minus", "mul", "neq", "or", "plus", "rem"];

impl<'a> Findings<'a> {
    /// Checks the target of a modifier, and whether the function that is to stand for it takes as much.
    pub(super) fn with(&mut self, with: &'a With, scope: &Scope<'_, 'a>) {
        let target = &with.target;
        self.data_reference(target, scope);
        let path = target.fixed_path().unwrap_or_default();
        let steps = match &target.kind {
            TermKind::Reference { path, .. } => path.len() + 1,
            _ => 1,
        };
        // A document stays one, whatever is called so.
        if path.first() == Some(&"input") {
            return;
        }
        let is_local = path.first().is_some_and(|head| scope.is_local(head));
        let name = path.join(".");
        let full = self.program.names.resolved(scope.file, &path).filter(|_| !is_local);
        if let Some(full) = full {
            let names = &self.program.names;
            let read = names.read_by(&full);
            let is_part = matches!(
                read.as_slice(),
                [at] if names.definitions().get(*at).is_some_and(|one| one.full != full)
            );
            if is_part || (steps > path.len() && !read.is_empty()) {
                let message = format!("`with` replaces the whole of a rule, not `{name}`");
                self.add(message, &target.range);
                return;
            }
        } else if is_local || steps > path.len() || signatures::signature(&name).is_none() {
            self.add("`with` replaces `input`, `data` or a function", &target.range);
            return;
        } else if name == "walk" {
            self.add("`walk` cannot be replaced: it gives more than one value", &target.range);
            return;
        } else if OPERATORS.contains(&name.as_str()) {
            self.add(format!("`{name}` cannot be replaced here"), &target.range);
            return;
        }
        if let (Some(expected), Some(found)) =
            (self.function_of(target, scope), self.function_of(&with.value, scope))
            && expected != found
        {
            let found = arguments(found);
            let message = format!("`{name}` takes {}, not {found}", arguments(expected));
            self.add(message, &with.value.range);
        }
    }

    /// How many arguments the function takes that a term is.
    pub(super) fn function_of(&self, term: &'a Term, scope: &Scope<'_, 'a>) -> Option<usize> {
        let path = term.fixed_path()?;
        if path.first().is_some_and(|head| scope.is_local(head)) {
            return None;
        }
        match self.program.names.resolved(scope.file, &path) {
            Some(full) => self.program.names.function(&full)?.arity(),
            None => signatures::arity(&path.join(".")),
        }
    }
}
