//! The path of the field that a mutator changes: `spec.containers[name: *].image`.
//!
//! Source: `pkg/mutation/path` of Gatekeeper 3.23.1.

use std::{collections::BTreeMap, iter::Peekable, str::Chars};

use crate::{
    policy::{
        Fault,
        matching::{of_mapping, sequence, string},
        object::get,
    },
    yaml::{Node, ScalarKind},
};

/// More steps than any object is deep.
const STEP_LIMIT: usize = 128;

/// The steps to a field, and what must hold on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub steps: Vec<Step>,
    /// Whether what the step of this number leads to must be there, or must not.
    tests: BTreeMap<usize, bool>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Field(String),
    /// The items of a list whose `key` has a value.
    Item { key: String, value: Wanted },
}

/// What the key of an item must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    Text(String),
    Number(i64),
}

impl Wanted {
    /// Whether a value is this one.
    pub fn is_exactly(&self, node: &Node) -> bool {
        match self {
            Self::Any => false,
            Self::Text(text) => node.as_str() == Some(text),
            Self::Number(number) => {
                let scalar = node.as_scalar().filter(|scalar| scalar.kind == ScalarKind::Int);
                scalar.and_then(|scalar| scalar.text.parse().ok()) == Some(*number)
            }
        }
    }
}

impl Location {
    /// Reads a path. The error is what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut scanner = Scanner { text, rest: text.chars().peekable() };
        let mut steps = Vec::new();
        let mut token = scanner.next()?;
        while token != Token::End {
            let Token::Name(name) = token else {
                return Err(scanner.unexpected(&token, "the name of a field"));
            };
            steps.push(Step::Field(name));
            token = scanner.next()?;
            if token == Token::Sign('[') {
                steps.push(scanner.item()?);
                token = scanner.next()?;
            }
            match token {
                Token::End => break,
                Token::Sign('.') => {
                    token = scanner.next()?;
                    if token == Token::End {
                        return Err(format!("the location `{text}` ends with a dot"));
                    }
                }
                other => return Err(scanner.unexpected(&other, "a dot or the end")),
            }
            if steps.len() > STEP_LIMIT {
                return Err(format!("a location has at most {STEP_LIMIT} steps"));
            }
        }
        Ok(Self { steps, tests: BTreeMap::new() })
    }

    /// Demands that nothing is there yet.
    pub fn forbid_existing(&mut self) {
        self.tests.insert(self.steps.len().saturating_sub(1), false);
    }

    /// Adds `pathTests`.
    pub fn add_tests(&mut self, parameters: &Node) -> Result<(), Fault> {
        const FIELD: &str = "spec.parameters.pathTests";
        let Some(list) = get(parameters, "pathTests") else { return Ok(()) };
        let mut required: Option<usize> = None;
        let mut forbidden: Option<usize> = None;
        for (number, test) in sequence(list, FIELD)?.iter().enumerate() {
            let path = format!("{FIELD}[{number}]");
            of_mapping(test, &path)?;
            let word =
                |key| get(test, key).map_or(Ok(""), |value| string(value, format!("{path}.{key}")));
            let part = Self::parse(word("subPath")?).map_err(|why| Fault::new(test, why))?;
            if !self.steps.starts_with(&part.steps) || part.steps.is_empty() {
                let message = format!("`{path}.subPath` must be the beginning of the location");
                return Err(Fault::new(test, message));
            }
            let must_exist = match word("condition")? {
                "MustExist" => true,
                "MustNotExist" => false,
                other => {
                    let message = format!(
                        "`{path}.condition` must be `MustExist` or `MustNotExist`, not `{other}`"
                    );
                    return Err(Fault::new(test, message));
                }
            };
            let depth = part.steps.len() - 1;
            if self.tests.insert(depth, must_exist).is_some_and(|before| before != must_exist) {
                let message = format!("`{path}` contradicts the one before it");
                return Err(Fault::new(test, message));
            }
            if must_exist {
                required = required.max(Some(depth));
            } else {
                forbidden = Some(forbidden.map_or(depth, |before| before.min(depth)));
            }
        }
        if required.zip(forbidden).is_some_and(|(required, forbidden)| required > forbidden) {
            let message = "what is below something that must not exist cannot be demanded";
            return Err(Fault::new(list, message));
        }
        Ok(())
    }

    /// Whether what a step leads to may be as it is: there, or not.
    pub fn allows(&self, depth: usize, exists: bool) -> bool {
        self.tests.get(&depth).is_none_or(|must_exist| *must_exist == exists)
    }
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Number(String),
    Sign(char),
    End,
}

struct Scanner<'t> {
    text: &'t str,
    rest: Peekable<Chars<'t>>,
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<Token, String> {
        while self.rest.next_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n')).is_some() {}
        let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let Some(&first) = self.rest.peek() else { return Ok(Token::End) };
        if first.is_ascii_digit() {
            return Ok(Token::Number(self.take_while(char::is_ascii_digit)));
        }
        if is_word(&first) {
            return Ok(Token::Name(self.take_while(is_word)));
        }
        self.rest.next();
        match first {
            '.' | '[' | ']' | '*' | ':' => Ok(Token::Sign(first)),
            '"' | '\'' => self.quoted(first).map(Token::Name),
            other => Err(format!("the location `{}` has a `{other}`", self.text)),
        }
    }

    fn take_while(&mut self, is_part: impl Fn(&char) -> bool) -> String {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(&is_part) {
            word.push(c);
        }
        word
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut word = String::new();
        while let Some(c) = self.rest.next() {
            match c {
                c if c == quote => return Ok(word),
                '\\' => word.extend(self.rest.next()),
                c => word.push(c),
            }
        }
        Err(format!("the location `{}` has a quote without an end", self.text))
    }

    /// What follows `[`.
    fn item(&mut self) -> Result<Step, String> {
        let key = match self.next()? {
            Token::Name(key) => key,
            other => return Err(self.unexpected(&other, "the key of an item")),
        };
        self.expect(':')?;
        let value = match self.next()? {
            Token::Sign('*') => Wanted::Any,
            Token::Name(text) => Wanted::Text(text),
            Token::Number(text) => match text.parse() {
                Ok(number) => Wanted::Number(number),
                Err(_) => return Err(format!("`{text}` in a location is too large")),
            },
            other => return Err(self.unexpected(&other, "the value of a key, or `*`")),
        };
        self.expect(']')?;
        Ok(Step::Item { key, value })
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        let token = self.next()?;
        if token == Token::Sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(&token, &format!("`{sign}`")))
    }

    fn unexpected(&self, token: &Token, wanted: &str) -> String {
        let found = match token {
            Token::Name(text) | Token::Number(text) => format!("`{text}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "its end".to_owned(),
        };
        format!("the location `{}` must have {wanted} in the place of {found}", self.text)
    }
}
