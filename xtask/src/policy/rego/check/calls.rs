//! References to data, and calls: whether there is such a function, and whether it takes that.

use super::{Expression, Findings, Scope, Term, TermKind, arguments, no_closure};
use crate::policy::rego::signatures;

/// The functions that a few operators stand for.
const OPERATORS: &[(&str, &str)] = &[
    ("+", "plus"),
    ("-", "minus"),
    ("*", "mul"),
    ("/", "div"),
    ("%", "rem"),
    ("&", "and"),
    ("|", "or"),
];

/// What the values of an object must be that is the first argument.
const VALUES: &[(&str, &str)] = &[
    ("graph.reachable", "aS"),
    ("graph.reachable_paths", "aS"),
    ("urlquery.encode_object", "saS"),
];

impl<'a> Findings<'a> {
    /// A term that is a literal of its own: a call may have one argument more, for its result.
    pub(super) fn statement(&mut self, term: &'a Term, negated: bool, scope: &Scope<'_, 'a>) {
        match &term.kind {
            TermKind::Call { function, arguments } => {
                self.call(term, function, arguments, Some(!negated), scope);
                for argument in arguments {
                    self.term(argument, scope);
                }
            }
            _ => self.term(term, scope),
        }
    }

    pub(super) fn term(&mut self, term: &'a Term, scope: &Scope<'_, 'a>) {
        match &term.kind {
            TermKind::Name(_) => self.value(term, scope),
            TermKind::Reference { head, .. } => {
                self.value(term, scope);
                self.first_step(term, scope);
                term.children(&mut |child| {
                    if !std::ptr::eq(child, head.as_ref()) || child.as_name().is_none() {
                        self.term(child, scope);
                    }
                });
                return;
            }
            TermKind::Call { function, arguments } => {
                self.call(term, function, arguments, None, scope);
            }
            TermKind::Operation { operator, left, right } => {
                self.operation(operator, left, right, scope);
            }
            TermKind::Comprehension { key, value, body, .. } => {
                let head: Vec<&Term> =
                    key.iter().map(AsRef::as_ref).chain([value.as_ref()]).collect();
                self.body(body, &head, scope);
                return;
            }
            _ => {}
        }
        term.children(&mut |child| self.term(child, scope));
    }

    /// A name or a reference whose value is read.
    fn value(&mut self, term: &'a Term, scope: &Scope<'_, 'a>) {
        self.data_reference(term, scope);
        let path = term.fixed_path().unwrap_or_default();
        let is_local = path.first().is_some_and(|head| scope.is_local(head));
        let full = self.program.names.resolved(scope.file, &path).filter(|_| !is_local);
        if full.is_some_and(|full| self.program.names.function(&full).is_some()) {
            let message = format!("the function `{}` is used without arguments", path.join("."));
            self.add(message, &term.range);
        }
    }

    /// Checks a name or a reference, and remembers which rules it reads.
    pub(super) fn data_reference(&mut self, term: &'a Term, scope: &Scope<'_, 'a>) {
        let Some(path) = term.fixed_path() else { return };
        let Some(head) = path.first().filter(|head| !scope.is_local(head)) else { return };
        if *head == "data" {
            match path.get(1) {
                Some(&("inventory" | "lib")) => {}
                Some(_) => {
                    let message = format!(
                        "`{}` cannot be read: Gatekeeper allows only `data.inventory` and `data.lib`",
                        path.join(".")
                    );
                    self.add(message, &term.range);
                }
                None => self.add(
                    "`data` cannot be read as a whole: Gatekeeper allows only `data.inventory` and `data.lib`",
                    &term.range,
                ),
            }
        }
        if let Some(full) = self.program.names.resolved(scope.file, &path) {
            for read in self.program.names.read_by(&full) {
                self.edges.insert((self.definition, read));
            }
        }
    }

    /// Checks a call. If it is a literal of its own, `statement` is whether it may have an argument
    /// for its result.
    fn call(
        &mut self,
        term: &'a Term,
        function: &'a [String],
        given: &'a [Term],
        statement: Option<bool>,
        scope: &Scope<'_, 'a>,
    ) {
        let path: Vec<&str> = function.iter().map(String::as_str).collect();
        match path.as_slice() {
            [signatures::CHAIN] => return,
            [signatures::TEMPLATE] => self.template(given, scope),
            _ => {}
        }
        let name = path.join(".");
        let range = term.range.start..term.range.start + name.len();
        let is_local = path.first().is_some_and(|head| scope.is_local(head));
        // Gatekeeper moves the libraries and rewrites the calls of them, but not those in other terms.
        let is_library = matches!(path.as_slice(), ["data", "lib", ..]);
        if path.first() == Some(&"data") && !is_local && !(is_library && statement.is_some()) {
            let message = format!(
                "`{name}` cannot be called by its full name, only as part of an import of `data.lib`"
            );
            self.add(message, &range);
            return;
        }
        let resolved = if is_local { None } else { self.program.names.resolved(scope.file, &path) };
        let own = resolved.as_deref().and_then(|full| self.program.names.function(full));
        if let Some(own) = own {
            for read in self.program.names.read_by(&own.full) {
                self.edges.insert((self.definition, read));
            }
        }
        let constant = resolved.as_deref().filter(|_| given.is_empty());
        if let Some(constant) = constant.and_then(|full| self.program.names.constant(full)) {
            if self.has_certain_type(constant, scope) {
                self.add(format!("`{name}` is no function: leave `()` away"), &range);
            }
            for read in self.program.names.read_by(&constant.full) {
                self.edges.insert((self.definition, read));
            }
            return;
        }
        let arity = match own {
            Some(own) => own.arity(),
            None if resolved.is_none() && name == "print" => {
                if statement.is_none() {
                    self.add("`print` has no value", &term.range);
                }
                return;
            }
            None if resolved.is_none() && signatures::is_in(&name, self.program.version) => {
                signatures::arity(&name)
            }
            None => None,
        };
        let Some(arity) = arity else {
            let message = self.unknown(&name, resolved.is_none());
            self.add(message, &range);
            return;
        };
        if own.is_none()
            && let Some(why) = signatures::unsupported(&name)
        {
            self.add(format!("the function `{name}` is not supported here: {why}"), &range);
        }
        if given.len() != arity && !(statement == Some(true) && given.len() == arity + 1) {
            let message = format!("`{name}` takes {}, not {}", arguments(arity), given.len());
            self.add(message, &term.range);
        } else if own.is_none() {
            self.types(&name, given, scope);
        }
    }

    /// The values in a template string, which must each be one value.
    fn template(&mut self, given: &'a [Term], scope: &Scope<'_, 'a>) {
        let Some(Term { kind: TermKind::Array(parts), .. }) = given.first() else { return };
        for part in parts {
            let TermKind::Comprehension { body, .. } = &part.kind else { continue };
            for literal in body {
                let Expression::Assign(_, value) = &literal.expression else { continue };
                no_closure(value, &mut |term| {
                    if let TermKind::Call { function, .. } = &term.kind
                        && matches!(function.as_slice(), [name] if name == "walk")
                    {
                        self.add("`walk` gives more than one value", &term.range);
                    }
                    let Some(name) = term.as_name() else { return };
                    if name == "_" {
                        self.add("nothing gives `_` a value here", &term.range);
                    } else if !scope.is_local(name) && !scope.is_global(self.program, name) {
                        let message = format!("nothing gives the variable `{name}` a value");
                        self.add(message, &term.range);
                    }
                });
            }
        }
    }

    fn unknown(&self, name: &str, may_be_provided: bool) -> String {
        let version = self.program.version;
        if may_be_provided && let Some(instead) = signatures::deprecated(name) {
            return format!("the function `{name}` is not in version v1 of Rego, use {instead}");
        }
        let own = self.program.names.definitions().iter();
        let mut known: Vec<&str> = signatures::names(version).collect();
        known.extend(own.filter(|one| one.arity().is_some()).map(|one| one.name.as_str()));
        let close = known
            .into_iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 6)
            .min();
        match close {
            Some((_, known)) => format!("there is no function `{name}`, did you mean `{known}`?"),
            None => format!("there is no function `{name}`"),
        }
    }

    fn types(&mut self, name: &str, given: &'a [Term], scope: &Scope<'_, 'a>) {
        let values = VALUES.iter().find(|(function, _)| *function == name);
        if let (Some((_, letters)), Some(TermKind::Object(entries))) =
            (values, given.first().map(|first| &first.kind))
        {
            for (_, value) in entries {
                if let Some(found) = self.misfit(value, letters, scope) {
                    let expected = signatures::any_in_words(letters);
                    let message = format!("a value for `{name}` must be {expected}, not {found}");
                    self.add(message, &value.range);
                }
            }
        }
        let letters = signatures::signature(name).unwrap_or_default().split_terminator(' ');
        for (at, (argument, letters)) in given.iter().zip(letters).enumerate() {
            if let Some(found) = self.misfit(argument, letters, scope) {
                let message = format!(
                    "argument {} of `{name}` must be {}, not {found}",
                    at + 1,
                    signatures::any_in_words(letters)
                );
                self.add(message, &argument.range);
            }
        }
    }

    fn operation(
        &mut self,
        operator: &str,
        left: &'a Term,
        right: &'a Term,
        scope: &Scope<'_, 'a>,
    ) {
        let Some((_, name)) = OPERATORS.iter().find(|(symbol, _)| *symbol == operator) else {
            return;
        };
        let letters = signatures::signature(name).unwrap_or_default();
        for (operand, letters) in [left, right].into_iter().zip(letters.split_terminator(' ')) {
            if let Some(found) = self.misfit(operand, letters, scope) {
                let message = format!(
                    "an operand of `{operator}` must be {}, not {found}",
                    signatures::any_in_words(letters)
                );
                self.add(message, &operand.range);
            }
        }
    }
}

/// The call that a literal consists of, if it has an argument for the result.
pub(in crate::policy::rego) fn with_result<'a>(
    expression: &'a Expression,
    arity: impl Fn(&'a [String]) -> Option<usize>,
) -> Option<(&'a [Term], &'a Term)> {
    let Expression::Term(Term { kind: TermKind::Call { function, arguments }, .. }) = expression
    else {
        return None;
    };
    let (result, inputs) = arguments.split_last()?;
    (arity(function)? == inputs.len()).then_some((inputs, result))
}
