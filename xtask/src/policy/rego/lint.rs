//! What Gatekeeper accepts and is still wrong.

use std::{collections::BTreeSet, ops::Range};

use super::{
    super::Problem,
    Source,
    check::Names,
    format::{self, Plain},
    signatures,
    syntax::{File, Rule as RegoRule, RuleKind, Term, TermKind},
};
use crate::formats::pattern;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A function that version v1 of the language does not have any more.
    Deprecated,
    /// A function whose result is another one each time, or that needs a network.
    Impure,
    /// An element of `violation` without a message, which is dropped.
    NoMessage,
    /// A regular expression that is not valid, so that the call is undefined.
    Regex,
    /// A text for `sprintf` that does not fit its arguments.
    Sprintf,
    /// Something that nothing uses.
    Unused,
}

impl Rule {
    /// The last part of its code.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deprecated => "rego-deprecated",
            Self::Impure => "rego-impure",
            Self::NoMessage => "rego-no-message",
            Self::Regex => "rego-regex",
            Self::Sprintf => "rego-sprintf",
            Self::Unused => "rego-unused",
        }
    }
}

/// Something that is allowed but wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub rule: Rule,
    /// What is wrong and where.
    pub problem: Problem,
}

/// Reads code for what is allowed but wrong, in the order of the texts. Of code that cannot be read
/// it says nothing: see [`super::Module::new`].
pub fn lint(source: &Source<'_>) -> Vec<Finding> {
    let Ok(files) = source.files() else { return Vec::new() };
    let names = Names::of(&files);
    let mut linter = Linter { names: &names, text: 0, findings: Vec::new(), used: BTreeSet::new() };
    for (text, file) in files.iter().enumerate() {
        linter.text = text;
        for rule in &file.rules {
            linter.rule(file, rule);
        }
    }
    for (text, file) in files.iter().enumerate() {
        linter.text = text;
        linter.unused(file);
    }
    let mut findings = linter.findings;
    findings.sort_by_key(|one| (one.problem.text, one.problem.range.start, one.rule));
    findings
}

struct Linter<'a> {
    names: &'a Names<'a>,
    text: usize,
    findings: Vec<Finding>,
    /// The definitions that something uses, and the full names of what is used.
    used: BTreeSet<String>,
}

impl Linter<'_> {
    fn add(&mut self, rule: Rule, message: String, range: &Range<usize>) {
        let problem = Problem { message, text: self.text, range: range.clone() };
        self.findings.push(Finding { rule, problem });
    }

    fn rule(&mut self, file: &File, rule: &RegoRule) {
        if self.text == 0
            && rule.path() == ["violation"]
            && let RuleKind::Set(key) = &rule.kind
            && let TermKind::Object(entries) = &key.kind
            && entries.iter().all(|(key, _)| key.as_text().is_some_and(|key| key != "msg"))
        {
            let message = "this element of `violation` has no `msg` and is dropped".to_owned();
            self.add(Rule::NoMessage, message, &key.range);
        }
        let own = rule.path();
        rule.walk(&mut |term| self.term(file, &own, term));
    }

    fn term(&mut self, file: &File, own: &[&str], term: &Term) {
        let (path, arguments) = match &term.kind {
            TermKind::Call { function, arguments } => {
                (function.iter().map(String::as_str).collect::<Vec<_>>(), arguments.as_slice())
            }
            _ => (term.fixed_path().unwrap_or_default(), &[] as &[Term]),
        };
        let is_call = matches!(term.kind, TermKind::Call { .. });
        match self.names.resolved(file, &path) {
            // A rule that uses only itself is not used; recursion is refused anyway.
            Some(_) if path == own => {}
            Some(full) => {
                let import = path.first().copied().unwrap_or_default();
                self.used.insert(format!("{} {import}", self.text));
                let definitions = self.names.definitions();
                for read in self.names.read_by(&full) {
                    self.used.extend(definitions.get(read).map(|one| one.full.clone()));
                }
            }
            None if is_call => self.provided(&path.join("."), arguments, &term.range),
            None => {}
        }
    }

    /// A call of a function of OPA.
    fn provided(&mut self, name: &str, arguments: &[Term], range: &Range<usize>) {
        let at = range.start..range.start + name.len();
        if let Some(instead) = signatures::deprecated(name) {
            let message = format!("`{name}` is deprecated, use {instead}");
            self.add(Rule::Deprecated, message, &at);
        }
        if signatures::IMPURE.contains(&name) {
            let message = match name {
                "http.send" => "`http.send` is undefined here: nothing is sent".to_owned(),
                _ => format!("`{name}` gives another result each time"),
            };
            self.add(Rule::Impure, message, &at);
        }
        let text = |at: usize| arguments.get(at).and_then(Term::as_text);
        if name == "sprintf"
            && let (Some(format), Some(Term { kind: TermKind::Array(values), .. })) =
                (text(0), arguments.get(1))
            && let Err(message) =
                format::fits(format, &values.iter().map(plain).collect::<Vec<_>>())
        {
            self.add(Rule::Sprintf, message, range);
        }
        let expression = match name {
            "re_match"
            | "regex.find_all_string_submatch_n"
            | "regex.find_n"
            | "regex.match"
            | "regex.split" => 0,
            "regex.replace" => 1,
            _ => return,
        };
        if let Some(text) = text(expression)
            && let Some(error) = pattern::syntax_error(text)
        {
            let message =
                format!("the regular expression `{}` is not valid: {error}", one_line(text));
            let range = arguments.get(expression).map_or(range, |argument| &argument.range).clone();
            self.add(Rule::Regex, message, &range);
        }
    }

    fn unused(&mut self, file: &File) {
        for import in file.imports.iter().filter(|import| !import.is_of_keywords()) {
            if !self.used.contains(&format!("{} {}", self.text, import.name())) {
                let message = format!("the import `{}` is not used", import.name());
                self.add(Rule::Unused, message, &import.range);
            }
        }
        let definitions = self.names.definitions();
        let mut of_text = definitions
            .iter()
            .filter(|one| one.rules.iter().any(|(text, _)| *text == self.text))
            .peekable();
        if self.text > 0 {
            if of_text.peek().is_some() && of_text.all(|one| !self.used.contains(&one.full)) {
                let message =
                    format!("nothing of the library `{}` is used", file.package.join("."));
                self.add(Rule::Unused, message, &file.package_range);
            }
            return;
        }
        let unused: Vec<(String, Range<usize>)> = of_text
            .filter(|one| one.name != "violation" && !self.used.contains(&one.full))
            .filter_map(|one| {
                let (_, first) = one.rules.iter().find(|(text, _)| *text == 0)?;
                let what = if one.arity().is_some() { "function" } else { "rule" };
                Some((format!("the {what} `{}` is not used", one.name), first.name.range.clone()))
            })
            .collect();
        for (message, range) in unused {
            self.add(Rule::Unused, message, &range);
        }
    }
}

/// What is plain of an argument of `sprintf`.
fn plain(term: &Term) -> Plain {
    match &term.kind {
        TermKind::Number(text) => Plain::Number(text.clone()),
        TermKind::Text(_) | TermKind::Bool(_) | TermKind::Null => Plain::Text,
        _ => Plain::Unknown,
    }
}

fn one_line(text: &str) -> String {
    text.escape_debug().take(60).collect()
}
