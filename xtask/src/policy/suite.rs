//! Suites: what a constraint must say of some objects.
//!
//! Source: `pkg/gator/verify` of Gatekeeper 3.23.1. A suite is read and run as `gator verify` does;
//! the files that it names are read by the caller.

mod assertion;
mod filter;
pub mod mutations;
mod run;

pub use assertion::{Assertion, Violations};
pub use filter::Filter;
pub use run::{CaseResult, File, Files, Runner, Schemas, SuiteResult, TestResult};

use super::{
    Fault,
    matching::{of_mapping, sequence, string},
    object::gvk,
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    yaml::{Node, ScalarKind},
};

/// The group of suites.
pub const GROUP: &str = "test.gatekeeper.sh";

/// Some tests.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The tests in order.
    pub tests: Vec<Test<'a>>,
    /// Whether none of them is run.
    pub skip: bool,
}

/// A template with a constraint, and what this must say.
#[derive(Debug)]
pub struct Test<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// Its name, which may be empty.
    pub name: &'a str,
    /// The path of the template.
    pub template: Option<&'a Node>,
    /// The path of the constraint.
    pub constraint: Option<&'a Node>,
    /// The path of the expansion templates.
    pub expansion: Option<&'a Node>,
    /// What the constraint must say.
    pub cases: Vec<Case<'a>>,
    /// Whether the constraint must not fit the schema of its template.
    pub invalid: bool,
    /// Whether it is not run.
    pub skip: bool,
}

/// An object, and what a constraint must say of it.
#[derive(Debug)]
pub struct Case<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// Its name, which may be empty.
    pub name: &'a str,
    /// The path of the object.
    pub object: Option<&'a Node>,
    /// The paths of the other objects in the cluster.
    pub inventory: Vec<&'a Node>,
    /// What must hold.
    pub assertions: Vec<Assertion<'a>>,
    /// Whether it is not run.
    pub skip: bool,
}

impl<'a> Suite<'a> {
    /// Whether an object is a suite, in any version.
    pub fn is(node: &Node) -> bool {
        let gvk = gvk(node);
        gvk.group == GROUP && gvk.kind == "Suite"
    }

    /// Reads a suite. Fields that do not exist are warnings, since `gator` ignores them.
    pub fn new(node: &'a Node, out: &mut Vec<Diagnostic>) -> Result<Self, Fault> {
        let mut reader = Reader { out, path: String::new() };
        let fields = Fields::of(node, "a suite")?;
        let suite = Self {
            tests: reader.each(fields.get("tests"), "tests", Reader::test)?,
            skip: fields.flag("skip", "")?,
        };
        let known = ["apiVersion", "kind", "metadata", "name", "tests", "skip"];
        reader.unknown(&fields, &known);
        Ok(suite)
    }

    /// The paths that it names, in order and as it writes them.
    pub fn paths(&self) -> impl Iterator<Item = &'a str> {
        let of_test = |test: &Test<'a>| {
            let own = [test.template, test.constraint, test.expansion].into_iter().flatten();
            let of_cases = test.cases.iter().filter(|case| !case.skip);
            let of_cases =
                of_cases.flat_map(|case| case.object.into_iter().chain(case.inventory.clone()));
            own.chain(of_cases).filter_map(Node::as_str).collect::<Vec<_>>()
        };
        let tests = self.tests.iter().filter(|test| !test.skip && !self.skip);
        tests.flat_map(of_test).collect::<Vec<_>>().into_iter()
    }
}

/// Reads the parts of a suite.
struct Reader<'o> {
    out: &'o mut Vec<Diagnostic>,
    /// Where it is: `tests[0].`.
    path: String,
}

impl Reader<'_> {
    fn test<'a>(&mut self, node: &'a Node) -> Result<Test<'a>, Fault> {
        let fields = Fields::of(node, self.path.trim_end_matches('.'))?;
        let test = Test {
            node,
            name: fields.text("name", &self.path)?.and_then(Node::as_str).unwrap_or_default(),
            template: fields.path("template", &self.path)?,
            constraint: fields.path("constraint", &self.path)?,
            expansion: fields.path("expansion", &self.path)?,
            invalid: fields.flag("invalid", &self.path)?,
            skip: fields.flag("skip", &self.path)?,
            cases: self.each(fields.get("cases"), "cases", Self::case)?,
        };
        let known = ["name", "template", "constraint", "expansion", "invalid", "skip", "cases"];
        self.unknown(&fields, &known);
        Ok(test)
    }

    fn case<'a>(&mut self, node: &'a Node) -> Result<Case<'a>, Fault> {
        let fields = Fields::of(node, self.path.trim_end_matches('.'))?;
        let inventory = fields.get("inventory");
        let path = format!("{}inventory", self.path);
        let inventory = inventory.map_or(Ok(&[][..]), |list| sequence(list, &path))?;
        for one in inventory {
            string(one, format!("{path}[]"))?;
        }
        let case = Case {
            node,
            name: fields.text("name", &self.path)?.and_then(Node::as_str).unwrap_or_default(),
            object: fields.path("object", &self.path)?,
            inventory: inventory.iter().collect(),
            skip: fields.flag("skip", &self.path)?,
            assertions: self.each(fields.get("assertions"), "assertions", Self::assertion)?,
        };
        self.unknown(&fields, &["name", "object", "inventory", "assertions", "skip"]);
        Ok(case)
    }

    fn assertion<'a>(&mut self, node: &'a Node) -> Result<Assertion<'a>, Fault> {
        let fields = Fields::of(node, self.path.trim_end_matches('.'))?;
        let message = fields.text("message", &self.path)?;
        let violations = fields.get("violations");
        let path = format!("{}violations", self.path);
        let violations =
            violations.map_or(Ok(Violations::Yes), |one| Violations::new(one, &path))?;
        self.unknown(&fields, &["violations", "message"]);
        Ok(Assertion { node, violations, message })
    }

    /// The items of a list.
    fn each<'a, T>(
        &mut self,
        list: Option<&'a Node>,
        field: &str,
        mut read: impl FnMut(&mut Self, &'a Node) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let Some(list) = list else { return Ok(Vec::new()) };
        let before = self.path.clone();
        let mut items = Vec::new();
        for (number, node) in sequence(list, format!("{before}{field}"))?.iter().enumerate() {
            self.path = format!("{before}{field}[{number}].");
            items.push(read(self, node)?);
        }
        self.path = before;
        Ok(items)
    }

    fn unknown(&mut self, fields: &Fields<'_>, known: &[&str]) {
        for entry in fields.0.as_mapping().into_iter().flatten() {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("`{}{}` is no field of a suite", self.path, entry.key);
            let warning = Diagnostic::warning(codes::POLICY_SUITE, message, entry.key_span);
            let help = did_you_mean(&entry.key, known.iter().copied());
            self.out.push(Diagnostic { help, ..warning });
        }
    }
}

/// The fields of a part of a suite. What is null is not there.
struct Fields<'a>(&'a Node);

impl<'a> Fields<'a> {
    fn of(node: &'a Node, path: &str) -> Result<Self, Fault> {
        of_mapping(node, path).map(|_| Self(node))
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        super::object::get(self.0, key)
    }

    fn text(&self, key: &str, path: &str) -> Result<Option<&'a Node>, Fault> {
        let Some(value) = self.get(key) else { return Ok(None) };
        string(value, format!("{path}{key}")).map(|_| Some(value))
    }

    /// A text that is not empty.
    fn path(&self, key: &str, path: &str) -> Result<Option<&'a Node>, Fault> {
        Ok(self.text(key, path)?.filter(|node| node.as_str() != Some("")))
    }

    fn flag(&self, key: &str, path: &str) -> Result<bool, Fault> {
        let Some(value) = self.get(key) else { return Ok(false) };
        match value.as_scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Bool => {
                Ok(scalar.text.eq_ignore_ascii_case("true"))
            }
            _ => Err(Fault::type_of(value, format!("{path}{key}"), "a boolean")),
        }
    }
}
