//! Terms, each with how much work it is for the parser of the interpreter.

use std::fmt::Write as _;

use super::{
    super::{
        format,
        functions::{SIZED, WALKED},
        syntax::{Comprehension, Step, Term, TermKind},
    },
    Writer,
};

impl Writer<'_> {
    pub(super) fn sides(&mut self, left: &Term, operator: &str, right: &Term) -> u64 {
        let work = self.nested(left);
        self.out.push_str(operator);
        work.saturating_add(self.nested(right))
    }

    pub(super) fn pairs(&mut self, key: Option<&Term>, value: &Term, collection: &Term) -> u64 {
        let mut work = 0_u64;
        if let Some(key) = key {
            work = self.nested(key);
            self.out.push_str(", ");
        }
        work.saturating_add(self.sides(value, " in ", collection))
    }

    pub(super) fn terms(&mut self, terms: &[Term]) -> u64 {
        let mut work = 0_u64;
        for (at, term) in terms.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            let one = self.nested(term);
            work = work.saturating_add(if at == 0 { one.saturating_mul(2) } else { one });
        }
        work
    }

    /// A term inside of another one: in parentheses if it has an operator.
    pub(super) fn nested(&mut self, term: &Term) -> u64 {
        let has_operator = match &term.kind {
            TermKind::Operation { operator, .. } => arithmetic(operator).is_none(),
            TermKind::Member { .. } => true,
            _ => false,
        };
        if !has_operator || self.hoisted.contains_key(&std::ptr::from_ref(term)) {
            return self.term(term);
        }
        self.out.push('(');
        let work = self.term(term);
        self.out.push(')');
        work
    }

    pub(super) fn term(&mut self, term: &Term) -> u64 {
        let is_measured =
            self.sizes.has(term) && !self.hoisted.contains_key(&std::ptr::from_ref(term));
        if !is_measured {
            return self.plain(term);
        }
        self.used.insert(SIZED.to_owned());
        self.out.push_str(SIZED);
        self.out.push('(');
        let work = self.plain(term);
        self.out.push(')');
        work.saturating_mul(2)
    }

    fn plain(&mut self, term: &Term) -> u64 {
        if let Some(name) = self.hoisted.get(&std::ptr::from_ref(term)) {
            self.out.push_str(name);
            return 1;
        }
        let work = match &term.kind {
            TermKind::Null => self.word("null"),
            TermKind::Bool(value) => self.word(if *value { "true" } else { "false" }),
            TermKind::Number(text) if self.keeps_numbers && has_notation(text) => {
                let object = format!("{{{}: {}}}", quoted(format::NUMBER), quoted(text));
                self.word(&object)
            }
            TermKind::Number(text) => self.word(text),
            TermKind::Name(name) => {
                self.out.push_str(self.locals.get(name));
                1
            }
            TermKind::Text(text) => {
                let quoted = quoted(text);
                self.word(&quoted)
            }
            TermKind::Reference { head, path } => {
                let work = self.head_of_reference(head);
                work.saturating_add(self.steps(path))
            }
            TermKind::Call { arguments, .. } => self.call(term, arguments),
            TermKind::Operation { operator, left, right } => {
                self.operation(term, operator, left, right)
            }
            TermKind::Member { key, value, collection } => {
                self.keywords.insert("in");
                let outer = std::mem::replace(&mut self.keeps_numbers, false);
                let work = self.pairs(key.as_deref(), value, collection);
                self.keeps_numbers = outer;
                work
            }
            TermKind::Array(items) => self.between("[", items, "]"),
            TermKind::Set(items) if items.is_empty() => self.word("set()"),
            TermKind::Set(items) => self.between("{", items, "}"),
            TermKind::Object(entries) => self.object(entries),
            TermKind::Comprehension { kind, key, value, body } => {
                let (open, close) =
                    if *kind == Comprehension::Array { ("[", "]") } else { ("{", "}") };
                self.out.push_str(open);
                let mut work = 0_u64;
                self.locals.enter(body);
                if let Some(key) = key {
                    work = self.nested(key).saturating_mul(2);
                    self.out.push_str(": ");
                }
                work = work.saturating_add(self.nested(value));
                self.out.push_str(" |\n");
                let outer = std::mem::replace(&mut self.keeps_numbers, false);
                work = work.saturating_add(self.body(body));
                self.keeps_numbers = outer;
                self.locals.leave();
                self.out.push_str(close);
                work
            }
        };
        work.saturating_add(1)
    }

    /// A name or a reference whose head is none of the names that a body declares.
    pub(super) fn global(&mut self, term: &Term) -> u64 {
        match &term.kind {
            TermKind::Reference { head, path } => {
                self.word(head.as_name().unwrap_or_default()).saturating_add(self.steps(path))
            }
            _ => self.word(term.as_name().unwrap_or_default()),
        }
    }

    /// Fields and keys behind the head of a reference.
    pub(super) fn steps(&mut self, path: &[Step]) -> u64 {
        let mut work = 0_u64;
        for step in path {
            let name = step.term.as_text().filter(|text| step.dotted && is_name(text));
            if let Some(name) = name {
                self.out.push('.');
                self.out.push_str(name);
            } else {
                self.out.push('[');
                work = work.saturating_add(self.nested(&step.term));
                self.out.push(']');
            }
        }
        work
    }

    pub(super) fn word(&mut self, word: &str) -> u64 {
        self.out.push_str(word);
        1
    }

    fn between(&mut self, open: &str, items: &[Term], close: &str) -> u64 {
        self.out.push_str(open);
        let work = self.terms(items);
        self.out.push_str(close);
        work
    }

    fn object(&mut self, entries: &[(Term, Term)]) -> u64 {
        self.out.push('{');
        let mut work = 0_u64;
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            let mut one = self.nested(key);
            self.out.push_str(": ");
            one = one.saturating_add(self.nested(value));
            work = work.saturating_add(if at == 0 { one.saturating_mul(2) } else { one });
        }
        self.out.push('}');
        work
    }

    /// The interpreter reads no field of something in parentheses.
    pub(super) fn head_of_reference(&mut self, head: &Term) -> u64 {
        let has_operator = match &head.kind {
            TermKind::Operation { operator, .. } => arithmetic(operator).is_none(),
            TermKind::Member { .. } => true,
            _ => false,
        };
        if !has_operator {
            return self.term(head);
        }
        let name = format!("head__{}", self.temporaries);
        self.temporaries += 1;
        let _ = write!(self.out, "[{name} |\n{name} := ");
        let work = self.nested(head);
        self.out.push_str("\n][0]");
        work.saturating_mul(2)
    }

    pub(super) fn call(&mut self, term: &Term, arguments: &[Term]) -> u64 {
        let TermKind::Call { function, .. } = &term.kind else { return 0 };
        let path: Vec<&str> = function.iter().map(String::as_str).collect();
        let resolved = self.names.resolved(self.file, &path);
        if resolved.is_none()
            && let [left, right] = arguments
            && let Some(operator) = comparison(&path)
        {
            self.out.push('(');
            let work = self.sides(left, operator, right);
            self.out.push(')');
            return work;
        }
        let is_own = resolved.is_some();
        let replaceable = self.replaceable(&path.join("."), resolved.as_deref());
        let callee = resolved.filter(|full| self.names.function(full).is_some());
        // What is called without arguments is a rule with one value.
        let is_read = is_own && arguments.is_empty() && callee.is_none();
        self.mark(&term.range, callee);
        let name = dotted(function);
        self.out.push_str(replaceable.as_deref().unwrap_or(&name));
        if is_read {
            return 1;
        }
        self.out.push('(');
        let work = match (name.as_str(), arguments) {
            ("sprintf", [text, values @ Term { kind: TermKind::Array(_), .. }]) if !is_own => {
                let work = self.nested(text);
                self.out.push_str(", ");
                let outer = std::mem::replace(&mut self.keeps_numbers, true);
                let values = self.term(values);
                self.keeps_numbers = outer;
                work.saturating_add(values)
            }
            ("walk", [walked, rest @ ..]) if !is_own => {
                self.used.insert(WALKED.to_owned());
                self.out.push_str(WALKED);
                self.out.push('(');
                let mut work = self.nested(walked);
                self.out.push(')');
                if !rest.is_empty() {
                    self.out.push_str(", ");
                    work = work.saturating_add(self.terms(rest));
                }
                work
            }
            _ => {
                let outer = std::mem::replace(&mut self.keeps_numbers, false);
                let work = self.terms(arguments);
                self.keeps_numbers = outer;
                work
            }
        };
        self.out.push(')');
        if !is_own {
            self.used.insert(name);
        }
        work
    }

    fn operation(&mut self, term: &Term, operator: &str, left: &Term, right: &Term) -> u64 {
        if let Some(function) = arithmetic(operator) {
            self.mark(&term.range, None);
            self.used.insert(function.to_owned());
            self.out.push_str(function);
            self.out.push('(');
            let outer = std::mem::replace(&mut self.keeps_numbers, false);
            let work = self.sides(left, ", ", right);
            self.keeps_numbers = outer;
            self.out.push(')');
            return work;
        }
        let outer = std::mem::replace(&mut self.keeps_numbers, false);
        // A chain of one operator needs no parentheses on its left.
        let work = match &left.kind {
            TermKind::Operation { operator: inner, .. }
                if *inner == operator && matches!(operator, "|" | "&") =>
            {
                self.term(left)
            }
            _ => self.nested(left),
        };
        self.out.push(' ');
        self.out.push_str(operator);
        self.out.push(' ');
        let work = work.saturating_add(self.nested(right));
        self.keeps_numbers = outer;
        work
    }
}

/// The function that we calculate with.
fn arithmetic(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "+" => "plus",
        "-" => "minus",
        "*" => "mul",
        "/" => "div",
        "%" => "rem",
        _ => return None,
    })
}

/// The operator that a function without a namespace is.
fn comparison(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["equal"] => " == ",
        ["neq"] => " != ",
        ["lt"] => " < ",
        ["lte"] => " <= ",
        ["gt"] => " > ",
        ["gte"] => " >= ",
        ["and"] => " & ",
        ["or"] => " | ",
        _ => return None,
    })
}

/// Whether a number is written as a float.
fn has_notation(text: &str) -> bool {
    text.contains(['.', 'e', 'E'])
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

pub(super) fn dotted(path: &[String]) -> String {
    let mut out = String::new();
    for name in path {
        if out.is_empty() {
            out.push_str(name);
        } else if is_name(name) {
            out.push('.');
            out.push_str(name);
        } else {
            out.push('[');
            out.push_str(&quoted(name));
            out.push(']');
        }
    }
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
