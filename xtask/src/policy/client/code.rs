//! The code of a template, compiled.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Disagreement, Driver, Engines, Loaded, Subject, Verdict, patience::Patience, results::Results,
};
use crate::{
    diag::{Diagnostic, codes},
    policy::{
        Fault, Problem,
        inventory::Inventory,
        native::{self, Validation},
        rego::Module,
        template::Template,
    },
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
    rego: Option<Module>,
    /// The code in CEL, if that is evaluated.
    native: Option<Validation>,
    patience: Patience,
    results: Results,
}

impl<'a> Code<'a> {
    /// Reads and compiles a template; `sources` has its text.
    pub fn new(node: &'a Node, driver: Driver, sources: &Sources) -> Result<Self, Vec<Diagnostic>> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let refused = |fault: Fault| vec![fault.into_diagnostic(codes::POLICY_TEMPLATE)];
        let template = Template::new(node).map_err(refused)?;
        let mut wrong = Vec::new();
        let rego = template.rego.as_ref().filter(|_| driver.takes_rego(&template));
        let rego = rego.and_then(|rego| {
            let module = Module::new(&rego.source(template.name()));
            let add =
                |problems| report(problems, |text| Some(rego.text(text)), sources, &mut wrong);
            module.map_err(add).ok()
        });
        let native = template.native.filter(|_| driver.takes_native(&template));
        let native = native.and_then(|source| {
            let texts = native::texts(source);
            let add = |problems| {
                report(problems, |text| texts.get(text).copied(), sources, &mut wrong);
            };
            Validation::compile(source).map_err(add).ok()
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let (patience, results) = (Patience::default(), Results::default());
        Ok(Self { template, number, rego, native, patience, results })
    }

    /// Why the template is not evaluated any further, if it takes more time or memory than it may.
    pub fn given_up(&self) -> Option<&'static str> {
        self.patience.given_up()
    }

    /// How many verdicts are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.results.len()
    }

    /// Whether the result depends on other objects.
    pub fn uses_inventory(&self) -> bool {
        self.rego.as_ref().is_some_and(Module::uses_inventory)
    }

    /// What the code says of an object that its constraint is about.
    pub(super) fn verdict(
        &self,
        loaded: &Loaded<'_>,
        subject: &Subject<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Verdict {
        if self.given_up().is_some() {
            return Verdict::given_up();
        }
        let is_kept =
            self.rego.as_ref().is_none_or(|rego| rego.is_pure() && !rego.uses_inventory());
        let key = if is_kept { loaded.fingerprint.zip(subject.fingerprint()) } else { None };
        if let Some(verdict) = key.and_then(|key| self.results.get(&key)) {
            return verdict;
        }
        let verdict = self.evaluate(loaded, subject, inventory, engines);
        if let Some(key) = key.filter(|_| !verdict.is_given_up) {
            self.results.keep(key, &verdict);
        }
        verdict
    }

    fn evaluate(
        &self,
        loaded: &Loaded<'_>,
        subject: &Subject<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Verdict {
        let rego = self.rego.as_ref().map(|module| {
            let engine = engines.engine(self.number, module, inventory)?;
            let violations = engine.evaluate(subject.value(), &loaded.parameters);
            let cost = engine.cost();
            if let Some(why) = cost.used_up {
                self.patience.give_up(why);
            } else if let Some(took) = cost.slow {
                self.patience.was_slow(took);
            }
            violations
        });
        let native = self.native.as_ref();
        let native = native.map(|code| {
            let said = code.evaluate(&subject.seen(), &loaded.constraint.completed);
            if said.is_exhausted {
                self.patience.give_up("its expressions take more steps than are allowed");
            }
            said.violations
        });
        if self.given_up().is_some() {
            return Verdict::given_up();
        }
        match (rego, native) {
            (Some(Err(error)), _) => {
                Verdict { failure: Some(format!("{error:#}")), ..Verdict::default() }
            }
            (Some(Ok(rego)), Some(native)) if rego.is_empty() != native.is_empty() => Verdict {
                violations: rego.clone(),
                disagreement: Some(Disagreement { rego, native }),
                ..Verdict::default()
            },
            (Some(Ok(violations)), _) | (None, Some(violations)) => {
                Verdict { violations, ..Verdict::default() }
            }
            (None, None) => Verdict::default(),
        }
    }
}

impl Driver {
    fn takes_rego(self, template: &Template<'_>) -> bool {
        self != Self::Native || template.native.is_none()
    }

    fn takes_native(self, template: &Template<'_>) -> bool {
        self != Self::Rego || template.rego.is_none()
    }
}

/// Says what is wrong with the texts of a template.
fn report<'a>(
    problems: Vec<Problem>,
    text: impl Fn(usize) -> Option<&'a Node>,
    sources: &Sources,
    out: &mut Vec<Diagnostic>,
) {
    for problem in problems {
        let Some(scalar) = text(problem.text) else { continue };
        let span = span_within(sources, scalar, problem.range);
        out.push(Diagnostic::error(codes::POLICY_TEMPLATE, problem.message, span));
    }
}
