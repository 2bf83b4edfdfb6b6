//! What `with` replaces.
//!
//! The interpreter looks for a replacement by how a function is called, so that a function that is
//! replaced anywhere is called by its full name everywhere. Functions that are ours, and those that
//! stand for others, are called by rules of their own: it knows neither.

use std::{collections::BTreeSet, fmt::Write as _};

use regorus::unstable::BUILTINS;

use super::{
    super::{
        check::Names,
        signatures,
        syntax::{File, Literal, Term, TermKind, With},
    },
    PACKAGE, Writer,
};

/// What the modifiers of all files of a template name.
#[derive(Default)]
pub(in crate::policy::rego) struct Replaced {
    /// The full names of the functions of the template that others stand for.
    functions: BTreeSet<String>,
    /// The functions of OPA that have a rule of their own.
    wrapped: BTreeSet<String>,
}

impl Replaced {
    pub fn of(files: &[File], names: &Names<'_>) -> Self {
        let mut replaced = Self::default();
        for file in files {
            for rule in &file.rules {
                rule.literals(&mut |literal| {
                    literal.with.iter().for_each(|with| replaced.add(with, file, names));
                });
            }
        }
        replaced
    }

    fn add(&mut self, with: &With, file: &File, names: &Names<'_>) {
        if let Some(full) = own(&with.target, file, names) {
            self.functions.extend(names.function(&full).map(|_| full));
        } else if let Some(name) = provided(&with.target)
            && !BUILTINS.contains_key(name.as_str())
        {
            self.wrapped.insert(name);
        }
        if own(&with.value, file, names).is_none() {
            self.wrapped.extend(provided(&with.value));
        }
    }
}

/// The full name of a rule or a function of the template.
fn own(term: &Term, file: &File, names: &Names<'_>) -> Option<String> {
    names.resolved(file, &whole_path(term)?)
}

/// The name of a function of OPA.
fn provided(term: &Term) -> Option<String> {
    let name = whole_path(term)?.join(".");
    signatures::signature(&name).is_some().then_some(name)
}

/// The path of a term that is nothing but one.
fn whole_path(term: &Term) -> Option<Vec<&str>> {
    let steps = match &term.kind {
        TermKind::Reference { path, .. } => path.len(),
        _ => 0,
    };
    term.fixed_path().filter(|path| path.len() == steps + 1)
}

impl Writer<'_> {
    pub(super) fn with(&mut self, literal: &Literal) {
        for with in &literal.with {
            self.out.push_str(" with ");
            match self.replaced_name(&with.target) {
                Some(name) => self.out.push_str(&name),
                None => _ = self.global(&with.target),
            }
            self.out.push_str(" as ");
            match self.replacing_name(&with.value) {
                Some(name) => self.out.push_str(&name),
                None => _ = self.nested(&with.value),
            }
        }
    }

    fn replaced_name(&self, target: &Term) -> Option<String> {
        let path = whole_path(target)?;
        if path.first() == Some(&"data") {
            return None;
        }
        if let Some(full) = own(target, self.file, self.names) {
            return Some(self.full_name(&full));
        }
        provided(target).filter(|name| self.is_wrapped(target, name)).map(|name| wrapper(&name))
    }

    /// The name of a function that stands for another one.
    fn replacing_name(&self, value: &Term) -> Option<String> {
        if value.as_name().is_some_and(|name| self.locals.get(name) != name) {
            return None;
        }
        match own(value, self.file, self.names) {
            Some(full) => self.names.function(&full).map(|_| self.full_name(&full)),
            None => provided(value).map(|name| wrapper(&name)),
        }
    }

    fn is_wrapped(&self, term: &Term, name: &str) -> bool {
        self.replaced.wrapped.contains(name) && own(term, self.file, self.names).is_none()
    }

    /// How a function is called if it may be replaced.
    pub(super) fn replaceable(&self, name: &str, own: Option<&str>) -> Option<String> {
        match own {
            Some(full) => self.replaced.functions.contains(full).then(|| self.full_name(full)),
            None => self.replaced.wrapped.contains(name).then(|| wrapper(name)),
        }
    }

    /// The name of something of the template, as the interpreter has it.
    fn full_name(&self, full: &str) -> String {
        let package = self.file.package.join(".");
        let rest = full.strip_prefix(&package).and_then(|rest| rest.strip_prefix('.'));
        match rest.filter(|_| self.is_entry) {
            Some(rest) => format!("data.{PACKAGE}.{rest}"),
            None => format!("data.{full}"),
        }
    }

    /// The rules of the functions of OPA that have one.
    pub(super) fn wrappers(&mut self) {
        for name in &self.replaced.wrapped {
            let rule = wrapper(name);
            let rule = rule.rsplit('.').next().unwrap_or_default();
            let arguments: Vec<String> = (0..signatures::arity(name).unwrap_or_default())
                .map(|at| format!("a{at}"))
                .collect();
            let arguments = arguments.join(", ");
            let _ = writeln!(self.out, "{rule}({arguments}) = {name}({arguments}) {{\ntrue\n}}");
            self.used.insert(name.clone());
        }
    }
}

fn wrapper(name: &str) -> String {
    format!("data.{PACKAGE}.provided__{}", name.replace('.', "__"))
}
