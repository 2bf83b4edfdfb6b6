//! Rules on an object: which of them do not hold.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value as Json;

use super::{Rule, Rules, no_old_value};
use crate::{
    cel::{Budget, Data, Error, ErrorKind, Program, Value},
    diag::{Diagnostic, codes},
    schema::{
        check::{Step, first_line, shown_path},
        findings::LIMIT,
    },
    source::Span,
    yaml::{Node, Value as Yaml},
};

/// How many steps the rules on one object may take, and one rule on one value. The server allows a
/// tenth and a quarter of it, in a measure of its own.
const OBJECT_STEPS: u64 = 20_000_000;
const RULE_STEPS: u64 = 4_000_000;

/// The length of a message or an expression that is shown.
const SHOWN: usize = 240;

/// The server's limit for what a `messageExpression` makes.
const MESSAGE_LIMIT: usize = 5 * 1024;

/// What rules say of an object. `value` is the object with its defaults, `node` as it is written.
pub(in crate::schema) fn evaluate(rules: &Rules, value: &Json, node: &Node) -> Vec<Diagnostic> {
    let place = Place { node: Some(node), key: first_line(node.span) };
    let budget = Budget::new(OBJECT_STEPS);
    let mut walk =
        Walk { budget, is_over: false, path: Vec::new(), told: Vec::new(), out: Vec::new() };
    walk.value(rules, value, place);
    walk.out
}

/// Where a value is written, or what is nearest to it.
#[derive(Clone, Copy)]
struct Place<'a> {
    node: Option<&'a Node>,
    key: Span,
}

impl<'a> Place<'a> {
    /// A scalar is marked itself, of a collection its key.
    fn mark(self) -> Span {
        match self.node {
            Some(node) if matches!(node.value, Yaml::Scalar(_)) => node.span,
            _ => self.key,
        }
    }

    /// The place of a field; of one that is a default, where it would be.
    fn field(self, name: &str) -> Self {
        let entry = self.node.and_then(Node::as_mapping).and_then(|mapping| mapping.entry(name));
        match entry {
            Some(entry) => Self { node: Some(&entry.value), key: entry.key_span },
            None => Self { node: None, ..self },
        }
    }

    fn item(self, at: usize) -> Self {
        match self.node.and_then(Node::as_sequence).and_then(|items| items.get(at)) {
            Some(item) => Self { node: Some(item), key: first_line(item.span) },
            None => Self { node: None, ..self },
        }
    }

    /// The places of the entries of a map.
    fn entries(self) -> BTreeMap<&'a str, Self> {
        let entries = self.node.and_then(Node::as_mapping).into_iter().flatten();
        let place = |entry: &'a crate::yaml::Entry| {
            (entry.key.as_str(), Self { node: Some(&entry.value), key: entry.key_span })
        };
        entries.map(place).collect()
    }
}

struct Walk<'a> {
    budget: Budget,
    /// Whether nothing more is evaluated.
    is_over: bool,
    path: Vec<Step<'a>>,
    /// Rules of which it has been told that they cannot be evaluated.
    told: Vec<*const Rule>,
    out: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, rules: &'a Rules, value: &'a Json, place: Place<'a>) {
        // The rules of a value are not for its absence.
        if value.is_null() {
            return;
        }
        for rule in &rules.own {
            if self.is_over || self.out.len() >= LIMIT {
                return;
            }
            self.rule(rule, rules, value, place);
        }
        for (_, rules) in &rules.all_of {
            self.value(rules, value, place);
        }
        match value {
            Json::Array(items) => {
                let Some(rules) = &rules.items else { return };
                for (at, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(at));
                    self.value(rules, item, place.item(at));
                    self.path.pop();
                }
            }
            Json::Object(map) => {
                if rules.properties.is_empty() && rules.values.is_none() {
                    return;
                }
                let places = place.entries();
                let of =
                    |name: &str| places.get(name).copied().unwrap_or(Place { node: None, ..place });
                for (name, rules) in &rules.properties {
                    if let Some(value) = map.get(name.as_str()) {
                        self.path.push(Step::Key(name));
                        self.value(rules, value, of(name));
                        self.path.pop();
                    }
                }
                let Some(rules) = &rules.values else { return };
                for (name, value) in map {
                    self.path.push(Step::Key(name));
                    self.value(rules, value, of(name));
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn rule(&mut self, rule: &'a Rule, rules: &'a Rules, value: &'a Json, place: Place<'a>) {
        // Whoever reads the definition is told that it does not compile.
        let Ok(compiled) = rule.compiled(&rules.shape) else { return };
        if compiled.rule.uses("oldSelf") && !rule.is_optional_old_self {
            return;
        }
        if let Some(function) = compiled.rule.unsupported() {
            self.unsupported(rule, &format!("`{function}`"), place);
            return;
        }
        let variables = match Value::of(Data::Json(value), &rules.shape) {
            Ok(value) => [value, no_old_value()],
            Err(error) => {
                self.broken(rule, &[], Some(&error.message), place);
                return;
            }
        };
        match self.run(&compiled.rule, &variables) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => {
                let message = compiled.message.as_ref().and_then(|program| {
                    match self.run(program, &variables) {
                        Ok(Value::String(text)) => Some(text.as_str().trim().to_owned()),
                        _ => None,
                    }
                });
                let message = message.filter(|text| {
                    !text.is_empty() && text.len() <= MESSAGE_LIMIT && !text.contains('\n')
                });
                self.fails(rule, message.as_deref(), place);
            }
            Err(error) => match error.kind {
                ErrorKind::Value => self.broken(rule, &[], Some(&error.message), place),
                ErrorKind::Unsupported => self.unsupported(rule, &error.message, place),
                ErrorKind::Budget => {
                    self.is_over = true;
                    let why = "it takes more steps than a server allows, and no other rule is \
                               looked at";
                    self.broken(rule, &[], Some(why), place);
                }
            },
        }
    }

    /// Evaluates an expression on what is left of the steps.
    fn run<'p>(
        &mut self,
        program: &'p Program,
        variables: &[Value<'p>],
    ) -> Result<Value<'p>, Error> {
        let mut budget = self.budget.at_most(RULE_STEPS);
        let before = budget.left();
        let result = program.evaluate(variables, &mut budget);
        self.budget.spend(before - budget.left());
        result
    }

    /// A rule that is not true.
    fn fails(&mut self, rule: &'a Rule, message: Option<&str>, place: Place<'a>) {
        let fields = rule.field_path.as_deref().unwrap_or_default();
        let at = fields.iter().fold(place, |at, name| at.field(name));
        let at = if at.node.is_some() { at } else { place };
        match message.or(rule.message.as_deref()) {
            Some(message) => {
                let path = self.shown(fields);
                let message = shown(message);
                let message = message.trim_end_matches('.');
                let text = format!("{path} breaks a rule of its kind: {message}");
                let wrong = Diagnostic::error(codes::SCHEMA_RULE, text, at.mark());
                let help = format!("the rule is `{}`", shown(&rule.expression));
                self.out.push(wrong.with_help(help));
            }
            None => self.broken(rule, fields, None, at),
        }
    }

    /// A rule without a message that is not true, or that has no value.
    fn broken(
        &mut self,
        rule: &Rule,
        fields: &'a [crate::yaml::Text],
        why: Option<&str>,
        place: Place<'a>,
    ) {
        let path = self.shown(fields);
        let expression = shown(&rule.expression);
        let message = match why {
            Some(why) => {
                format!("{path} cannot be tried on the rule `{expression}`: {}", shown(why))
            }
            None => format!("{path} breaks the rule `{expression}`"),
        };
        let mut wrong = Diagnostic::error(codes::SCHEMA_RULE, message, place.mark());
        if let (Some(_), Some(message)) = (why, &rule.message) {
            wrong = wrong.with_help(format!("the rule is there because: {}", shown(message)));
        }
        self.out.push(wrong);
    }

    /// A rule that only a server can evaluate, told once.
    fn unsupported(&mut self, rule: &'a Rule, needed: &str, place: Place<'a>) {
        if self.told.contains(&std::ptr::from_ref(rule)) {
            return;
        }
        self.told.push(rule);
        let path = self.shown(&[]);
        let expression = shown(&rule.expression);
        let message = format!(
            "{path} has a rule that is not looked at here, `{expression}`: it needs {needed}"
        );
        self.out.push(Diagnostic::info(codes::SCHEMA_CEL_UNSUPPORTED, message, place.mark()));
    }

    /// The path of the value at hand, or of a field below it.
    fn shown(&self, fields: &'a [crate::yaml::Text]) -> String {
        let fields = fields.iter().map(|name| Step::Key(name));
        let path: Vec<_> = self.path.iter().copied().chain(fields).collect();
        if path.is_empty() { "the object".to_owned() } else { format!("`{}`", shown_path(&path)) }
    }
}

/// A text on one line, without what would end its quotes, and not too long.
fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && c != '`';
    if text.len() <= SHOWN && text.chars().all(is_plain) && text.trim().len() == text.len() {
        return Cow::Borrowed(text);
    }
    let words: Vec<_> = text.split_whitespace().collect();
    let line: String = words.join(" ").replace('`', "'");
    let mut short: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    Cow::Owned(short)
}
