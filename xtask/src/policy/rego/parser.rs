//! From the text of a module to its syntax.
//!
//! Invariant: linear in the length of the text, and no deeper than [`DEPTH`].
//!
//! Source: the parser of OPA 1.17.1. A bracket continues a term only where nothing stands between
//! them, and where a term is followed by `|` in brackets, it is a comprehension.

mod template;
mod terms;

use std::{collections::BTreeSet, ops::Range};

use super::{
    Version,
    syntax::{
        Body, Expression, File, Import, Literal, Otherwise, Rule, RuleKind, Step, Term, TermKind,
        With,
    },
    tokens::{Fault, Kind, Token, tokens},
};

/// How deeply terms may nest. Real policies stay below 20.
const DEPTH: usize = 100;

const KEYWORDS: &[&str] =
    &["as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with"];

/// Those that the first version of the language has only after an import.
const LATER_KEYWORDS: &[&str] = &["contains", "every", "if", "in"];

/// Reads a module, or says the first thing that is wrong with it.
pub(super) fn parse(text: &str, version: Version) -> Result<File, Fault> {
    let keywords = match version {
        Version::V0 => BTreeSet::new(),
        Version::V1 => LATER_KEYWORDS.iter().copied().collect(),
    };
    Parser { tokens: tokens(text)?, at: 0, nested: 0, keywords, version }.file()
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// How deep the walk down is.
    nested: usize,
    /// The later keywords that are turned on.
    keywords: BTreeSet<&'static str>,
    version: Version,
}

impl Parser {
    fn file(mut self) -> Result<File, Fault> {
        let start = self.range();
        if !self.takes_keyword("package") {
            return Err(("the module does not start with its `package`".to_owned(), start));
        }
        let package = self.path("the name of the package")?;
        let mut file = File {
            package,
            package_range: start.start..self.end(),
            imports: Vec::new(),
            rules: Vec::new(),
        };
        while self.peek() != &Kind::End {
            if self.is_keyword("import") {
                let import = self.import()?;
                file.imports.push(import);
            } else {
                let rule = self.rule()?;
                file.rules.push(rule);
            }
        }
        Ok(file)
    }

    /// Names with dots or texts in brackets between them.
    fn path(&mut self, what: &str) -> Result<Vec<String>, Fault> {
        let mut path = vec![self.any_name().ok_or_else(|| self.expected(what))?];
        while !self.is_spaced() {
            if self.takes(".") {
                path.push(self.any_name().ok_or_else(|| self.expected("a name"))?);
            } else if self.takes("[") {
                let Kind::Text(text) = self.peek().clone() else {
                    return Err(self.expected("a string"));
                };
                self.at += 1;
                path.push(text);
                self.expect("]")?;
            } else {
                break;
            }
        }
        Ok(path)
    }

    fn import(&mut self) -> Result<Import, Fault> {
        let start = self.range().start;
        self.at += 1;
        let path = self.path("what is imported")?;
        let alias = if self.takes_keyword("as") { Some(self.name("the alias")?) } else { None };
        let import = Import { path, alias, range: start..self.end() };
        let words: Vec<&str> = import.path.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["future", "keywords"] | ["rego", "v1"] => self.keywords.extend(LATER_KEYWORDS),
            // `every` needs `in` for its own syntax.
            ["future", "keywords", "every"] => self.keywords.extend(["every", "in"]),
            ["future", "keywords", word] => {
                let Some(known) = LATER_KEYWORDS.iter().find(|known| *known == word) else {
                    let known = list(LATER_KEYWORDS);
                    let message = format!("`{word}` is not a keyword to import, only {known} are");
                    return Err((message, import.range));
                };
                self.keywords.insert(known);
            }
            ["data" | "input", ..] => {}
            _ => {
                let message = format!(
                    "`{}` cannot be imported: the path must begin with `data`, `input` or `future.keywords`",
                    words.join(".")
                );
                return Err((message, import.range));
            }
        }
        Ok(import)
    }

    fn rule(&mut self) -> Result<Rule, Fault> {
        let start = self.range().start;
        let is_default = self.is_keyword("default") && !self.begins_reference();
        self.at += usize::from(is_default);
        let (mut rule, contains) = self.head(start, is_default)?;
        if is_default {
            let fits = matches!(rule.kind, RuleKind::Complete | RuleKind::Function);
            if rule.value.is_none() || !fits {
                return Err((
                    "a default rule needs a value: `default name = value`".to_owned(),
                    rule.range,
                ));
            }
            return Ok(rule);
        }
        if self.takes_keyword("if") {
            // `p[x] if` is no set: a key with the value `true`.
            if let RuleKind::Set(key) = &rule.kind
                && rule.value.is_none()
                && !contains
            {
                rule.kind = RuleKind::Object(key.clone());
            }
            let body = self.body_or_literal()?;
            rule.bodies.push(body);
        } else if self.is("{") {
            if self.version == Version::V1 {
                return Err((
                    "the body of a rule must follow `if` in version v1 of Rego".to_owned(),
                    self.range(),
                ));
            }
            self.at += 1;
            rule.bodies.push(self.body("}")?);
        } else {
            return self.without_body(rule, contains);
        }
        while self.is_keyword("else") && !self.begins_reference() {
            if !matches!(rule.kind, RuleKind::Complete | RuleKind::Function) {
                let message = "`else` is only for rules with one value and for functions";
                return Err((message.to_owned(), self.range()));
            }
            self.at += 1;
            rule.otherwise.push(self.otherwise()?);
        }
        while self.is("{") {
            if !rule.otherwise.is_empty() {
                return Err(self.expected("`else`"));
            }
            self.at += 1;
            rule.bodies.push(self.body("}")?);
        }
        rule.range = start..self.end();
        Ok(rule)
    }

    fn without_body(&self, rule: Rule, contains: bool) -> Result<Rule, Fault> {
        let complete = match &rule.kind {
            RuleKind::Set(_) => self.version == Version::V0 || contains,
            RuleKind::Function => rule.value.is_some() || self.version == Version::V0,
            RuleKind::Complete | RuleKind::Object(_) => rule.value.is_some(),
        };
        if complete {
            return Ok(rule);
        }
        if rule.value.is_none() && matches!(self.peek(), Kind::Symbol(_)) {
            return Err(self.expected("a value or a body of the rule"));
        }
        Err(("the rule has neither a value nor a body".to_owned(), rule.range))
    }

    fn otherwise(&mut self) -> Result<Otherwise, Fault> {
        let value =
            if self.takes("=") || self.takes(":=") { Some(self.infix(true)?) } else { None };
        let body = if self.takes_keyword("if") {
            Some(self.body_or_literal()?)
        } else if self.is("{") && self.version == Version::V0 {
            self.at += 1;
            Some(self.body("}")?)
        } else if value.is_none() {
            return Err(self.expected("a value or a body behind `else`"));
        } else {
            None
        };
        Ok(Otherwise { value, body })
    }

    /// The head of a rule, and whether it says `contains`.
    fn head(&mut self, start: usize, is_default: bool) -> Result<(Rule, bool), Fault> {
        let name_start = self.range().start;
        let head = if self.begins_reference() { self.any_name() } else { None };
        let head = match head {
            Some(name) => name,
            None => self.name("the name of a rule")?,
        };
        let head = self.term(TermKind::Name(head), name_start)?;
        let mut path = Vec::new();
        loop {
            // Only the first step may be apart from the name.
            if !path.is_empty() && self.is_spaced() {
                break;
            }
            if self.takes(".") {
                path.push(self.field()?);
            } else if self.takes("[") {
                let term = self.infix(true)?;
                self.expect("]")?;
                path.push(Step { term, dotted: false });
            } else {
                break;
            }
        }
        let mut arguments = Vec::new();
        let is_function = self.takes("(");
        if is_function {
            arguments = self.terms(")")?;
        }
        // To OPA `f() = x` is the rule `f`, which is read without parentheses.
        let has_arguments = !arguments.is_empty();
        let mut kind = if has_arguments { RuleKind::Function } else { RuleKind::Complete };
        let mut value = None;
        let contains = self.is_keyword("contains") && !is_function;
        if contains {
            self.at += 1;
            kind = RuleKind::Set(self.infix(true)?);
        } else {
            if self.takes("=") || self.takes(":=") {
                value = Some(self.infix(true)?);
            }
            // `p[x]` with a body is an element of a set, with a value it is a key of an object.
            if !is_function && path.len() == 1 && !is_default {
                let key = path.pop().map_or_else(|| head.clone(), |step| step.term);
                kind = if value.is_some() { RuleKind::Object(key) } else { RuleKind::Set(key) };
            }
        }
        let name = if path.is_empty() {
            head
        } else {
            self.term(TermKind::Reference { head: Box::new(head), path }, name_start)?
        };
        let (bodies, otherwise) = (Vec::new(), Vec::new());
        let range = start..self.end();
        Ok((Rule { range, is_default, name, kind, arguments, value, bodies, otherwise }, contains))
    }

    fn body_or_literal(&mut self) -> Result<Body, Fault> {
        if self.is("{") {
            self.at += 1;
            return self.body("}");
        }
        Ok(vec![self.literal()?])
    }

    /// Literals up to a bracket, which is taken.
    fn body(&mut self, end: &'static str) -> Result<Body, Fault> {
        self.enter()?;
        let mut body = Vec::new();
        if self.is(end) {
            return Err(("the body is empty".to_owned(), self.range()));
        }
        loop {
            body.push(self.literal()?);
            if self.takes(";") {
                continue;
            }
            if self.takes(end) {
                break;
            }
            if !self.token().new_line {
                return Err(self.expected(&format!("a new line, `;` or `{end}`")));
            }
        }
        self.nested -= 1;
        Ok(body)
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        let start = self.range().start;
        let negated = self.is_keyword("not") && !self.begins_reference();
        self.at += usize::from(negated);
        let is_reference = self.begins_reference();
        let expression = if self.is_keyword("some") && !is_reference && !negated {
            self.at += 1;
            self.some()?
        } else if self.is_keyword("every") && !is_reference && !negated {
            self.at += 1;
            self.every()?
        } else {
            let left = self.infix(true)?;
            if self.takes(":=") {
                Expression::Assign(left, self.infix(true)?)
            } else if self.takes("=") {
                Expression::Unify(left, self.infix(true)?)
            } else {
                Expression::Term(left)
            }
        };
        let mut with = Vec::new();
        while self.takes_keyword("with") {
            let target = self.operand()?;
            if target.fixed_path().is_none() {
                return Err(("`with` replaces a reference".to_owned(), target.range));
            }
            if !self.takes_keyword("as") {
                return Err(self.expected("`as`"));
            }
            with.push(With { target, value: self.infix(true)? });
        }
        Ok(Literal { range: start..self.end(), negated, expression, with })
    }

    fn some(&mut self) -> Result<Expression, Fault> {
        let mut terms = vec![self.relation()?];
        while self.takes(",") {
            terms.push(self.relation()?);
        }
        if self.takes_keyword("in") {
            let collection = self.relation()?;
            let (Some(value), key, None) = (terms.pop(), terms.pop(), terms.pop()) else {
                return Err(("`some` takes a key and a value".to_owned(), collection.range));
            };
            return Ok(Expression::SomeIn { key, value, collection });
        }
        match terms.iter().find(|term| term.as_name().is_none()) {
            Some(other) => Err(("`some` declares names".to_owned(), other.range.clone())),
            None => Ok(Expression::Some(terms)),
        }
    }

    fn every(&mut self) -> Result<Expression, Fault> {
        let mut value = self.relation()?;
        let mut key = None;
        if self.takes(",") {
            key = Some(std::mem::replace(&mut value, self.relation()?));
        }
        if !self.takes_keyword("in") {
            return Err(self.expected("`in`"));
        }
        let collection = self.relation()?;
        if let Some(other) = key.iter().chain([&value]).find(|term| term.as_name().is_none()) {
            return Err(("`every` names a key and a value".to_owned(), other.range.clone()));
        }
        self.expect("{")?;
        let body = self.body("}")?;
        Ok(Expression::Every { key, value, collection, body })
    }

    fn token(&self) -> &Token {
        // The last token is never taken.
        self.tokens.get(self.at).or(self.tokens.last()).expect("there is a last token")
    }

    fn peek(&self) -> &Kind {
        &self.token().kind
    }

    fn range(&self) -> Range<usize> {
        self.token().range.clone()
    }

    /// Where the token that was taken last ends.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.range.end)
    }

    fn is_spaced(&self) -> bool {
        self.token().spaced
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.takes(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    fn is_keyword(&self, word: &str) -> bool {
        let Kind::Name(name) = self.peek() else { return false };
        name == word && (KEYWORDS.contains(&word) || self.keywords.contains(word))
    }

    fn takes_keyword(&mut self, word: &str) -> bool {
        let found = self.is_keyword(word);
        self.at += usize::from(found);
        found
    }

    /// Whether a dot or a bracket follows the next token: then even a keyword is a name.
    fn begins_reference(&self) -> bool {
        self.tokens
            .get(self.at + 1)
            .is_some_and(|next| !next.spaced && matches!(next.kind, Kind::Symbol("." | "[")))
    }

    /// A name that is no keyword.
    fn name(&mut self, what: &str) -> Result<String, Fault> {
        match self.peek().clone() {
            // `contains` is a function everywhere but in the head of a rule.
            Kind::Name(name)
                if name == "contains"
                    || !KEYWORDS.contains(&name.as_str())
                        && !self.keywords.contains(name.as_str()) =>
            {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A name, be it a keyword.
    fn any_name(&mut self) -> Option<String> {
        let Kind::Name(name) = self.peek().clone() else { return None };
        self.at += 1;
        Some(name)
    }

    fn expected(&self, what: &str) -> Fault {
        let found = match self.peek() {
            Kind::Name(name) | Kind::Number(name) => format!("`{name}`"),
            Kind::Text(_) | Kind::Template { .. } => "a string".to_owned(),
            Kind::Symbol(symbol) => format!("`{symbol}`"),
            Kind::End => "the end of the text".to_owned(),
        };
        (format!("expected {what}, found {found}"), self.range())
    }

    fn enter(&mut self) -> Result<(), Fault> {
        self.nested += 1;
        if self.nested > DEPTH { Err(self.too_deep(self.range())) } else { Ok(()) }
    }

    #[expect(clippy::unused_self, reason = "reads like the other faults")]
    fn too_deep(&self, range: Range<usize>) -> Fault {
        (format!("terms nest more than {DEPTH} deep"), range)
    }
}

/// `a`, `b` and `c`, in backticks.
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
