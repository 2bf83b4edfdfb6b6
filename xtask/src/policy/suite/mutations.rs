//! Mutations: the proof that a policy sees its fault, and nothing else.
//!
//! A suite shows that something is denied and something is not, but not why. `mutations.yaml` beside
//! it has patches for the objects of its cases: each puts the fault into an object that is allowed,
//! or takes it out of one that is denied, and nothing else, and so turns the verdict around. Every
//! case has at least one.

use std::{collections::BTreeSet, path::Path};

use super::{Assertion, Case, File, Files, Runner, Suite, Test, TestResult, Violations};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    kustomize::patched,
    policy::{
        Fault,
        matching::{of_mapping, sequence, string},
    },
    source::Sources,
    yaml::Node,
};

/// The name of the file.
pub const FILE_NAME: &str = "mutations.yaml";

/// Whether a document is the mutations of a suite, by the name of its file and as it is no object.
pub fn is(document: &Node, path: &Path) -> bool {
    let is_object = ["apiVersion", "kind"].iter().any(|key| document.get(key).is_some());
    path.file_name().is_some_and(|name| name == FILE_NAME) && !is_object
}

/// Checks what does not depend on the suite.
pub fn check(document: &Node) -> Result<(), Fault> {
    read(document).map(|_| ())
}

/// One mutation as it is written.
struct Written<'a> {
    node: &'a Node,
    test: &'a Node,
    case: &'a Node,
    patch: &'a Node,
}

/// A mutation of a case, whose object is patched.
pub struct Mutation<'a> {
    written: Written<'a>,
    test: usize,
    case: usize,
    /// The path under which the patched object is among the files.
    path: Node,
    /// Whether the case is denied as it is.
    is_denied: bool,
}

/// Reads the mutations of a suite, adds their objects to its files and says what is wrong with them.
pub fn prepare<'a>(
    node: &'a Node,
    suite: &Suite<'_>,
    files: &mut Files,
    sources: &mut Sources,
    out: &mut Vec<Diagnostic>,
) -> Vec<Mutation<'a>> {
    let all = match read(node) {
        Ok(all) => all,
        Err(fault) => {
            out.push(fault.into_diagnostic(codes::POLICY_SUITE));
            return Vec::new();
        }
    };
    let mut mutations = Vec::new();
    for (number, written) in all.into_iter().enumerate() {
        match mutation(written, number, suite, files, sources) {
            Ok(mutation) => mutations.push(mutation),
            Err(wrong) => out.extend(wrong),
        }
    }
    let mutated: BTreeSet<_> = mutations.iter().map(|one| (one.test, one.case)).collect();
    for (test_number, test) in suite.tests.iter().enumerate().filter(|(_, test)| !test.skip) {
        for (case_number, case) in test.cases.iter().enumerate().filter(|(_, case)| !case.skip) {
            if !mutated.contains(&(test_number, case_number)) {
                out.push(
                    Diagnostic::error(
                        codes::POLICY_MUTATION,
                        format!(
                            "no mutation is about the case `{}` of the test `{}`",
                            case.name, test.name
                        ),
                        case.node.get("name").unwrap_or(case.node).span,
                    )
                    .with_help(
                        "add a patch that turns its verdict around, and changes nothing else",
                    ),
                );
            }
        }
    }
    mutations
}

fn read(node: &Node) -> Result<Vec<Written<'_>>, Fault> {
    of_mapping(node, "the mutations")?;
    let Some(list) = node.get("mutations") else {
        return Err(Fault::new(node, "a file of mutations must have a list `mutations`"));
    };
    let mut all = Vec::new();
    for (number, node) in sequence(list, "mutations")?.iter().enumerate() {
        let path = format!("mutations[{number}]");
        of_mapping(node, &path)?;
        let field = |name: &str| {
            let missing = || Fault::new(node, format!("`{path}` must have a `{name}`"));
            node.get(name).ok_or_else(missing)
        };
        let (test, case, patch) = (field("test")?, field("case")?, field("patch")?);
        string(test, format!("{path}.test"))?;
        string(case, format!("{path}.case"))?;
        all.push(Written { node, test, case, patch });
    }
    Ok(all)
}

/// Finds the case of a mutation, and patches its object.
fn mutation<'a>(
    written: Written<'a>,
    number: usize,
    suite: &Suite<'_>,
    files: &mut Files,
    sources: &mut Sources,
) -> Result<Mutation<'a>, Vec<Diagnostic>> {
    let (test_number, test) = named(written.test, "test", suite.tests.iter().map(|one| one.name))
        .map(|number| (number, suite.tests.get(number)))?;
    let cases = test.map_or(&[][..], |test| &test.cases);
    let case_number = named(written.case, "case", cases.iter().map(|one| one.name))?;
    let case = cases.get(case_number);
    let path = case.and_then(|case| case.object).and_then(Node::as_str).unwrap_or_default();
    let object = files.get(path).and_then(|file| file.as_ref().ok()?.documents.first());
    let Some(object) = object else {
        let message = format!("the file `{path}` of the case has no object that could be patched");
        return Err(vec![Diagnostic::error(codes::POLICY_SUITE, message, written.case.span)]);
    };
    let (patched, diagnostics) = patched(object, &format!("`{path}`"), written.patch, sources);
    let Some(patched) = patched else { return Err(diagnostics) };
    let path = format!("{path} with the mutation {number}");
    let file = File { documents: vec![patched], diagnostics: Vec::new() };
    files.insert(path.clone(), Ok(file));
    let wants_some =
        |one: &Assertion<'_>| !matches!(one.violations, Violations::No | Violations::Exactly(0));
    let is_denied = case.is_some_and(|case| case.assertions.iter().any(wants_some));
    let path = Node::string(path, written.node.span, written.node.origin);
    Ok(Mutation { written, test: test_number, case: case_number, path, is_denied })
}

/// The number of what has a name.
fn named<'a>(
    name: &Node,
    what: &str,
    all: impl Iterator<Item = &'a str> + Clone,
) -> Result<usize, Vec<Diagnostic>> {
    let wanted = name.as_str().unwrap_or_default();
    all.clone().position(|one| one == wanted).ok_or_else(|| {
        let message = format!("the suite has no {what} `{wanted}`");
        let wrong = Diagnostic::error(codes::POLICY_SUITE, message, name.span);
        vec![Diagnostic { help: did_you_mean(wanted, all), ..wrong }]
    })
}

/// What came of a mutation.
pub struct MutationResult {
    /// The test and the case that it is about, and its number.
    pub name: String,
    /// Whether it is skipped.
    pub skipped: bool,
    /// Why it fails.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs mutations that `prepare` made with the files of the runner.
pub fn run<'r>(
    mutations: &'r [Mutation<'_>],
    suite: &Suite<'r>,
    runner: &Runner<'r>,
) -> Vec<MutationResult> {
    let tests = mutations.iter().filter_map(|mutation| {
        let test = suite.tests.get(mutation.test)?;
        let case = test.cases.get(mutation.case)?;
        let violations = if mutation.is_denied { Violations::No } else { Violations::Yes };
        let assertion = Assertion { node: mutation.written.node, violations, message: None };
        let case = Case {
            object: Some(&mutation.path),
            inventory: case.inventory.clone(),
            assertions: vec![assertion],
            ..*case
        };
        Some(Test { cases: vec![case], ..*test })
    });
    let suite = Suite { tests: tests.collect(), skip: suite.skip };
    let results = runner.run(&suite).tests.into_iter();
    let result = |(number, (mutation, result)): (usize, (&Mutation<'_>, TestResult<'_>))| {
        let cases = result.cases;
        let name = cases.first().map_or("", |case| case.name);
        let skipped = result.skipped || cases.iter().any(|case| case.skipped);
        let name = format!("{}/{name} {number}", result.name);
        let of_cases = cases.into_iter().flat_map(|case| case.diagnostics);
        let wrong = result.diagnostics.into_iter().chain(of_cases);
        let diagnostics = wrong.map(|one| mutation.says(one)).collect();
        MutationResult { name, skipped, diagnostics }
    };
    (1..).zip(mutations.iter().zip(results)).map(result).collect()
}

impl Mutation<'_> {
    /// What a failed assertion means for the mutation.
    fn says(&self, wrong: Diagnostic) -> Diagnostic {
        if wrong.code != codes::POLICY_ASSERTION {
            return wrong;
        }
        let case = self.written.case.as_str().unwrap_or_default();
        let message = if self.is_denied {
            format!("the case `{case}` is still denied, with the fault taken out of it")
        } else {
            format!("the case `{case}` is still allowed, with the fault put into it")
        };
        Diagnostic { code: codes::POLICY_MUTATION, message: message.into(), ..wrong }
    }
}
