//! The code of a template, compiled.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Driver, Engines, Loaded, Subject, Verdict};
use crate::{
    diag::{Diagnostic, codes},
    policy::{Fault, Problem, inventory::Inventory, rego::Module, template::Template},
    source::Sources,
    yaml::{Node, span_within},
};

/// A template with its code, ready to be evaluated by each thread.
#[derive(Debug)]
pub struct Code<'a> {
    /// The template.
    pub template: Template<'a>,
    /// What tells it from every other one of this run.
    pub(super) number: u64,
    /// The code in Rego, if that is evaluated.
    pub(super) rego: Option<Module>,
}

impl<'a> Code<'a> {
    /// Reads and compiles a template; `sources` has its text.
    pub fn new(node: &'a Node, driver: Driver, sources: &Sources) -> Result<Self, Vec<Diagnostic>> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let refused = |fault: Fault| vec![fault.into_diagnostic(codes::POLICY_TEMPLATE)];
        let template = Template::new(node).map_err(refused)?;
        let is_native = template.native.is_some();
        let rego = template.rego.as_ref().filter(|_| driver != Driver::Native || !is_native);
        let module = match rego {
            Some(rego) => {
                let module = Module::new(&rego.source(template.name()));
                Some(module.map_err(|problems| {
                    let at = |problem: &Problem| rego.text(problem.text);
                    problems
                        .into_iter()
                        .map(|one| of_problem(at(&one), one, sources))
                        .collect::<Vec<_>>()
                })?)
            }
            None => None,
        };
        if module.is_none() {
            let at = template.native.unwrap_or(node);
            return Err(refused(Fault::new(
                at,
                "templates with code in CEL alone are not supported",
            )));
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { template, number, rego: module })
    }

    /// Whether the result depends on other objects.
    pub fn uses_inventory(&self) -> bool {
        self.rego.as_ref().is_some_and(Module::uses_inventory)
    }

    /// What the code says of an object that its constraint is about.
    pub(super) fn evaluate(
        &self,
        loaded: &Loaded<'_>,
        subject: &Subject<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Verdict {
        let rego = self.rego.as_ref().map(|module| {
            let engine = engines.engine(self.number, module, inventory)?;
            engine.evaluate(subject.value(), &loaded.parameters)
        });
        match rego {
            Some(Ok(violations)) => Verdict { violations, ..Verdict::default() },
            Some(Err(error)) => {
                Verdict { failure: Some(format!("{error:#}")), ..Verdict::default() }
            }
            None => Verdict::default(),
        }
    }
}

/// What is wrong with a text of a template.
fn of_problem(scalar: &Node, problem: Problem, sources: &Sources) -> Diagnostic {
    let span = span_within(sources, scalar, problem.range);
    Diagnostic::error(codes::POLICY_TEMPLATE, problem.message, span)
}
