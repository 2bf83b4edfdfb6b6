//! Running suites.

use std::{collections::BTreeMap, sync::Arc};

use super::{Assertion, Case, Filter, Suite, Test, assertion::Failure};
use crate::{
    diag::{Code as Rule, Diagnostic, codes},
    policy::{
        Fault, Review,
        client::{Code, Driver, Engines, Options, Outcome, Policies},
        constraint::{Constraint, point},
        expansion::ExpansionTemplate,
        inventory::Inventory,
        object::gvk,
        template::Template,
        words::{one_line, quoted},
    },
    source::{Sources, Span},
    yaml::Node,
};

/// What is in a file that a suite names.
#[derive(Debug, Default)]
pub struct File {
    /// The documents, without the empty ones.
    pub documents: Vec<Node>,
    /// What is wrong with the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Files by their paths as a suite writes them; an error is why one cannot be read.
pub type Files = BTreeMap<String, Result<File, String>>;

/// What an API server knows of the kinds that templates make.
pub trait Schemas: Sync {
    /// What is wrong with the schema of a template, so that there can be no such kind.
    fn check_template(&self, template: &Template<'_>) -> Vec<Diagnostic>;

    /// What of a constraint does not fit the schema of its template.
    fn check_constraint(&self, constraint: &Node, template: &Template<'_>) -> Vec<Diagnostic>;
}

/// Runs suites on one thread.
pub struct Runner<'r> {
    /// What has the texts of all files.
    pub sources: &'r Sources,
    /// The files that the suite names.
    pub files: &'r Files,
    /// What is run.
    pub filter: &'r Filter,
    /// Which engine evaluates a template that has code for both; with both, a case must hold for
    /// each of them.
    pub driver: Driver,
    /// What checks templates and constraints.
    pub schemas: &'r dyn Schemas,
}

/// What came of a suite.
#[derive(Debug, Default)]
pub struct SuiteResult<'a> {
    /// Its tests in order; none if it is skipped.
    pub tests: Vec<TestResult<'a>>,
    /// Whether it is skipped.
    pub skipped: bool,
}

/// What came of a test.
#[derive(Debug, Default)]
pub struct TestResult<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its cases in order.
    pub cases: Vec<CaseResult<'a>>,
    /// Whether it is skipped.
    pub skipped: bool,
    /// Why its cases could not be run.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of a case.
#[derive(Debug, Default)]
pub struct CaseResult<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is skipped.
    pub skipped: bool,
    /// Why it fails.
    pub diagnostics: Vec<Diagnostic>,
}

/// What keeps a test or a case from being run.
type Stop = Vec<Diagnostic>;

/// What the tests of a suite share.
#[derive(Default)]
struct Shared<'r> {
    /// The code of templates, by path and whether it is the one in CEL.
    codes: BTreeMap<(&'r str, bool), Result<Arc<Code<'r>>, Stop>>,
    kept: Kept<'r>,
}

/// What a case leaves for the next one.
#[derive(Default)]
struct Kept<'r> {
    engines: Engines,
    /// The last inventory, by its paths: often all cases have the same.
    inventory: Option<(Vec<&'r str>, Inventory<'r>)>,
}

impl SuiteResult<'_> {
    /// Whether anything of it fails.
    pub fn is_failure(&self) -> bool {
        self.tests.iter().any(TestResult::is_failure)
    }
}

impl TestResult<'_> {
    /// Whether anything of it fails.
    pub fn is_failure(&self) -> bool {
        !self.diagnostics.is_empty() || self.cases.iter().any(CaseResult::is_failure)
    }
}

impl CaseResult<'_> {
    /// Whether it fails.
    pub fn is_failure(&self) -> bool {
        !self.diagnostics.is_empty()
    }
}

impl<'r> Runner<'r> {
    /// Runs a suite.
    pub fn run<'a: 'r>(&self, suite: &Suite<'a>) -> SuiteResult<'a> {
        if suite.skip {
            return SuiteResult { skipped: true, ..SuiteResult::default() };
        }
        let mut shared = Shared::default();
        let tests = suite.tests.iter().map(|test| self.test(test, &mut shared)).collect();
        SuiteResult { tests, skipped: false }
    }

    fn test<'a: 'r>(&self, test: &Test<'a>, shared: &mut Shared<'r>) -> TestResult<'a> {
        let mut result = TestResult { name: test.name, ..TestResult::default() };
        if test.skip || !self.filter.has_test(test) {
            return TestResult { skipped: true, ..result };
        }
        match self.sets(test, shared) {
            Ok(_) if test.invalid => {
                let message = format!(
                    "the constraint of {} fits the schema of its template, and must not",
                    named("test", test.name)
                );
                let at = test.constraint.unwrap_or(test.node);
                result.diagnostics =
                    vec![Diagnostic::error(codes::POLICY_ASSERTION, message, at.span)];
            }
            Ok(sets) => {
                let cases = test.cases.iter();
                result.cases =
                    cases.map(|case| self.case(test, case, &sets, &mut shared.kept)).collect();
            }
            Err(Refused::Schema(_)) if test.invalid => {}
            Err(Refused::Otherwise(mut stop)) if test.invalid => {
                let help = "`invalid: true` is for what the schema of the template does not allow";
                for one in &mut stop {
                    one.help.get_or_insert_with(|| help.to_owned());
                }
                result.diagnostics = stop;
            }
            Err(Refused::Schema(stop) | Refused::Otherwise(stop)) => result.diagnostics = stop,
        }
        result
    }

    /// The policies of a test: one set, or one for each engine.
    fn sets<'a: 'r>(
        &self,
        test: &Test<'a>,
        shared: &mut Shared<'r>,
    ) -> Result<Vec<Set<'r>>, Refused> {
        let drivers: &[Driver] = match self.driver {
            Driver::Both => &[Driver::Rego, Driver::Native],
            Driver::Rego => &[Driver::Rego],
            Driver::Native => &[Driver::Native],
        };
        let mut sets = Vec::new();
        for &driver in drivers {
            let set = self.set(test, driver, shared)?;
            let has_both = set.code.template.rego.is_some() && set.code.template.native.is_some();
            sets.push(set);
            if !has_both {
                break;
            }
        }
        if sets.len() > 1 {
            for (set, engine) in sets.iter_mut().zip(["Rego", "CEL"]) {
                set.engine = Some(engine);
            }
        }
        Ok(sets)
    }

    fn set<'a: 'r>(
        &self,
        test: &Test<'a>,
        driver: Driver,
        shared: &mut Shared<'r>,
    ) -> Result<Set<'r>, Refused> {
        let (path, template) =
            self.one(test, test.template, "template").map_err(Refused::Otherwise)?;
        if !Template::is(template) {
            let fault = Fault::new(template, "this is no `ConstraintTemplate`");
            return Err(Refused::Otherwise(vec![fault_of(fault, codes::POLICY_TEMPLATE, path)]));
        }
        let text = path.as_str().unwrap_or_default();
        let code = shared.codes.entry((text, driver == Driver::Native)).or_insert_with(|| {
            let code = Code::new(template, driver, self.sources)?;
            let wrong = self.schemas.check_template(&code.template);
            if wrong.is_empty() { Ok(Arc::new(code)) } else { Err(wrong) }
        });
        let code = code.clone().map_err(|stop| {
            Refused::Otherwise(stop.into_iter().map(|one| used_by(one, path)).collect())
        })?;
        let (path, constraint) =
            self.one(test, test.constraint, "constraint").map_err(Refused::Otherwise)?;
        let refused = |fault: Fault| {
            Refused::Otherwise(vec![fault_of(fault, codes::POLICY_CONSTRAINT, path)])
        };
        if !Constraint::is(constraint) {
            return Err(refused(Fault::new(constraint, "this is no constraint")));
        }
        let options = Options { driver, point: point::GATOR, has_built_in_expansions: false };
        let mut policies = Policies::new(options);
        policies.add_code(Arc::clone(&code));
        policies.validate_constraint(constraint).map_err(refused)?;
        let wrong = self.schemas.check_constraint(constraint, &code.template);
        if !wrong.is_empty() {
            let is_schema = wrong.iter().any(|one| one.code != codes::SCHEMA_UNKNOWN_FIELD);
            let wrong = wrong.into_iter().map(|one| used_by(one, path)).collect();
            return Err(if is_schema { Refused::Schema(wrong) } else { Refused::Otherwise(wrong) });
        }
        policies.add_constraint(constraint).map_err(refused)?;
        if let Some(path) = test.expansion {
            let templates = self.expansions(path).map_err(Refused::Otherwise)?;
            let wrong = policies.add_expansions(templates).into_iter();
            let wrong: Vec<_> = wrong.map(|one| used_by(one, path)).collect();
            if !wrong.is_empty() {
                return Err(Refused::Otherwise(wrong));
            }
        }
        Ok(Set { policies, code, constraint, engine: None })
    }

    fn expansions(&self, path: &'r Node) -> Result<Vec<ExpansionTemplate<'r>>, Stop> {
        let documents = self.documents(path)?;
        let read = |node| {
            let fault = |fault| vec![fault_of(fault, codes::POLICY_EXPANSION, path)];
            ExpansionTemplate::new(node).map_err(fault)
        };
        documents.iter().map(read).collect()
    }

    fn case<'a: 'r>(
        &self,
        test: &Test<'a>,
        case: &Case<'a>,
        sets: &[Set<'r>],
        kept: &mut Kept<'r>,
    ) -> CaseResult<'a> {
        let mut result = CaseResult { name: case.name, ..CaseResult::default() };
        if case.skip || !self.filter.has_case(test.name, case.name) {
            return CaseResult { skipped: true, ..result };
        }
        for set in sets {
            // What is given up was told at the case that did it.
            if set.code.given_up().is_some() {
                result.skipped = true;
                continue;
            }
            if let Err(stop) = self.checked(test, case, set, kept) {
                result.diagnostics.extend(stop);
            }
        }
        result
    }

    fn checked<'a: 'r>(
        &self,
        test: &Test<'a>,
        case: &Case<'a>,
        set: &Set<'r>,
        kept: &mut Kept<'r>,
    ) -> Result<(), Stop> {
        let stop = |at: &Node, message: String| {
            vec![Diagnostic::error(codes::POLICY_SUITE, message, at.span)]
        };
        let what = named("case", case.name);
        let Some(path) = case.object else {
            return Err(stop(case.node, format!("{what} must have an `object`")));
        };
        if case.assertions.is_empty() {
            return Err(stop(case.node, format!("{what} must have `assertions`")));
        }
        let objects = self.documents(path)?;
        let [object] = objects else {
            let message = format!(
                "the file `{}` of {what} must have exactly one object, not {}",
                path.as_str().unwrap_or_default(),
                objects.len()
            );
            return Err(stop(path, message));
        };
        let paths: Vec<&'r str> = case.inventory.iter().filter_map(|path| path.as_str()).collect();
        let (_, inventory) = match kept.inventory.take().filter(|(known, _)| *known == paths) {
            Some(same) => kept.inventory.insert(same),
            None => kept.inventory.insert((paths, self.inventory(case)?)),
        };
        let review = if Review::is_admission(object) {
            let fault = |fault| vec![fault_of(fault, codes::POLICY_SUITE, path)];
            Review::of_admission(object).map_err(fault)?
        } else {
            Review::of(object)
        };
        let outcome = set.policies.review(review, inventory, &mut kept.engines);
        let shown = |outcome| set.policies.shown(&[review], inventory, outcome);
        if let Some((_, _, why)) = outcome.given_up.first() {
            let message = format!(
                "{what} cannot be evaluated: the template is given up, so that no other case of it is \
                 run: {why}"
            );
            return Err(stop(path, message));
        }
        if !outcome.failures.is_empty() {
            let outcome = shown(outcome);
            let why = outcome.failures.first().map_or("", |(_, _, why)| why);
            return Err(stop(path, format!("{what} cannot be evaluated: {}", one_line(why))));
        }
        let said = messages(&outcome);
        let mut checks = case.assertions.iter().map(|one| (one, one.check(&said)));
        let failed = checks.find_map(|(assertion, check)| Some((assertion, check.err()?)));
        let Some((assertion, failure)) = failed else { return Ok(()) };
        let of = format!("{} of {}", named("case", case.name), named("test", test.name));
        let outcome = shown(outcome);
        Err(vec![set.not_held(&of, assertion, failure, object, &messages(&outcome))])
    }

    fn inventory<'a: 'r>(&self, case: &Case<'a>) -> Result<Inventory<'r>, Stop> {
        let mut inventory = Inventory::default();
        for &path in &case.inventory {
            for object in self.documents(path)? {
                let fault = |fault| vec![fault_of(fault, codes::POLICY_SUITE, path)];
                inventory.add(object).map_err(fault)?;
            }
        }
        Ok(inventory)
    }

    /// The first document of a file that a test must name.
    fn one<'a: 'r>(
        &self,
        test: &Test<'a>,
        path: Option<&'a Node>,
        what: &str,
    ) -> Result<(&'r Node, &'r Node), Stop> {
        let Some(path) = path else {
            let message = format!("{} must have a `{what}`", named("test", test.name));
            return Err(vec![Diagnostic::error(codes::POLICY_SUITE, message, test.node.span)]);
        };
        let documents = self.documents(path)?;
        let first = documents.first().expect("there is at least one");
        Ok((path, first))
    }

    /// The documents of a file; there is at least one, and each is an object.
    fn documents(&self, path: &'r Node) -> Result<&'r [Node], Stop> {
        let text = path.as_str().unwrap_or_default();
        let stop =
            |message: String| Err(vec![Diagnostic::error(codes::POLICY_SUITE, message, path.span)]);
        let file = match self.files.get(text) {
            Some(Ok(file)) => file,
            Some(Err(why)) => return stop(format!("the file `{text}` cannot be read: {why}")),
            None => return stop(format!("the file `{text}` was not read")),
        };
        let wrong: Vec<_> = file.diagnostics.iter().filter(|one| one.is_error()).collect();
        if !wrong.is_empty() {
            return Err(wrong.into_iter().map(|one| used_by(one.clone(), path)).collect());
        }
        if file.documents.is_empty() {
            return stop(format!("the file `{text}` has no objects"));
        }
        for node in &file.documents {
            if node.as_mapping().is_none() || gvk(node).kind.is_empty() {
                let fault = Fault::new(node, format!("an object of `{text}` has no kind"));
                return Err(vec![fault_of(fault, codes::POLICY_SUITE, path)]);
            }
        }
        Ok(&file.documents)
    }
}

/// The policies of a test, for one engine.
struct Set<'r> {
    policies: Policies<'r>,
    code: Arc<Code<'r>>,
    constraint: &'r Node,
    /// The name of the engine, if there are two.
    engine: Option<&'static str>,
}

impl Set<'_> {
    /// Says why an assertion does not hold.
    fn not_held(
        &self,
        of: &str,
        assertion: &Assertion<'_>,
        failure: Failure,
        object: &Node,
        messages: &[&str],
    ) -> Diagnostic {
        let at = assertion.node.span;
        let why = match failure {
            Failure::Unusable(why) => {
                return Diagnostic::error(codes::POLICY_SUITE, format!("{of}: {why}"), at);
            }
            Failure::Count(why) => why,
        };
        let engine = self.engine.map(|engine| format!(" in {engine}")).unwrap_or_default();
        let said = match messages {
            [] => "the constraint says nothing".to_owned(),
            messages => {
                let each: Vec<String> = messages.iter().map(|message| quoted(message)).collect();
                format!("the constraint says: {}", each.join(", "))
            }
        };
        Diagnostic::error(codes::POLICY_ASSERTION, format!("{of} has {why}{engine}"), at)
            .with_related(place_of(self.constraint), "the constraint")
            .with_related(place_of(object), "the object")
            .with_help(said)
    }
}

/// What the constraint of a case says.
fn messages<'o>(outcome: &'o Outcome<'_>) -> Vec<&'o str> {
    outcome.findings.iter().map(|(_, one)| one.violation.message.as_str()).collect()
}

/// Why a constraint is refused.
enum Refused {
    /// It does not fit the schema of its template.
    Schema(Stop),
    Otherwise(Stop),
}

fn named(what: &str, name: &str) -> String {
    if name.is_empty() {
        format!("a {what} without a name")
    } else {
        format!("the {what} `{name}`")
    }
}

/// Where an object says what it is.
fn place_of(object: &Node) -> Span {
    object.at(&["metadata", "name"]).or_else(|| object.get("kind")).unwrap_or(object).span
}

fn fault_of(fault: Fault, code: Rule, path: &Node) -> Diagnostic {
    used_by(fault.into_diagnostic(code), path)
}

/// Says where the suite names a file.
fn used_by(diagnostic: Diagnostic, path: &Node) -> Diagnostic {
    diagnostic.with_related(path.span, "the suite uses it here")
}
