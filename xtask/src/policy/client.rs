//! What is loaded, and reviewing objects with it.
//!
//! Source: `client/client.go` of the constraint framework. Invariant: what is found does not depend
//! on the number of threads; what cannot be evaluated is a finding or a failure.

mod code;
mod engines;
mod patience;
mod results;
mod review_all;
mod shown;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

pub use code::Code;
pub use engines::Engines;
use results::Fingerprint;
pub use review_all::Outcome;

use super::{
    Fault, Violation,
    constraint::{Constraint, point},
    expansion::{ExpansionTemplate, Expansions},
    inventory::Inventory,
    matching::Target,
    mutation::{Mutator, Mutators},
    object::{gvk, name},
    rego::{Value, value_of},
    review::Review,
    template::Template,
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    resource::Gvk,
    source::Sources,
    yaml::{Node, Text},
};

/// Which engine evaluates a template that has code for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    /// The one for Rego.
    #[default]
    Rego,
    /// The one for CEL, which Gatekeeper prefers.
    Native,
    /// Both; what they find must be the same.
    Both,
}

/// How policies are evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which engine evaluates a template that has code for both.
    pub driver: Driver,
    /// The place at which constraints are enforced, for those that are scoped.
    pub point: &'static str,
    /// Whether the kinds that Kubernetes has are expanded where no template says how.
    pub has_built_in_expansions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { driver: Driver::Rego, point: point::WEBHOOK, has_built_in_expansions: true }
    }
}

/// Templates, their constraints, and what expands objects.
#[derive(Debug)]
pub struct Policies<'a> {
    options: Options,
    /// By name.
    templates: BTreeMap<&'a str, Arc<Code<'a>>>,
    /// By kind and name.
    constraints: BTreeMap<(&'a str, &'a str), Loaded<'a>>,
    expansions: Expansions<'a>,
    mutators: Mutators<'a>,
}

/// A constraint, ready to be evaluated.
#[derive(Debug)]
struct Loaded<'a> {
    constraint: Constraint<'a>,
    parameters: Value,
    /// What tells it from constraints that say something else.
    fingerprint: Option<Fingerprint>,
    code: Arc<Code<'a>>,
}

/// What a constraint finds wrong with an object.
#[derive(Clone, Debug)]
pub struct Finding<'p> {
    /// The constraint.
    pub constraint: &'p Constraint<'p>,
    /// The template of the constraint.
    pub template: &'p Template<'p>,
    /// What it says.
    pub violation: Violation,
    /// What follows from it: usually one action, `deny`, `warn` or `dryrun`.
    pub actions: Vec<Text>,
    /// Whether nothing was evaluated, as it cannot be told whether the constraint is about the object.
    pub is_unmatched: bool,
    /// The object that it is about, if that is not the one that was given: mutators have changed it,
    /// or an expansion has made it.
    pub reviewed: Option<Arc<Node>>,
    /// Whether an expansion has made the object that it is about.
    pub is_implied: bool,
    /// Whether its words are withheld, as they may have values of a Secret.
    pub is_withheld: bool,
}

/// That the engines of a template disagree about an object.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// What Rego finds.
    pub rego: Vec<Violation>,
    /// What CEL finds.
    pub native: Vec<Violation>,
}

/// What one constraint says of one object.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The violations.
    pub violations: Vec<Violation>,
    /// Whether nothing was evaluated, as it cannot be told whether the constraint is about the object.
    pub is_unmatched: bool,
    /// That the engines disagree.
    pub disagreement: Option<Disagreement>,
    /// What ends a whole run of Gatekeeper.
    pub failure: Option<String>,
    /// Whether the template is given up. Then nothing else that it says counts.
    pub is_given_up: bool,
}

impl Verdict {
    /// That the template is given up.
    fn given_up() -> Self {
        Self { is_given_up: true, ..Self::default() }
    }

    /// Whether there is nothing to tell, as of almost every object.
    fn is_silent(&self) -> bool {
        self.violations.is_empty()
            && !self.is_unmatched
            && self.disagreement.is_none()
            && self.failure.is_none()
            && !self.is_given_up
    }
}

/// An object under review, with what is asked of it many times.
#[derive(Debug)]
struct Subject<'a> {
    review: Review<'a>,
    gvk: Gvk,
    old_gvk: Gvk,
    namespace: Option<&'a Node>,
    /// Whether the code of a policy sees the namespace: only the webhook shows it.
    shows_namespace: bool,
    value: OnceLock<Value>,
    /// What tells it from other content.
    fingerprint: OnceLock<Option<Fingerprint>>,
}

impl<'a> Policies<'a> {
    /// Without any policy.
    pub fn new(options: Options) -> Self {
        let expansions = Expansions::default();
        let expansions =
            if options.has_built_in_expansions { expansions.with_built_in() } else { expansions };
        Self {
            options,
            templates: BTreeMap::new(),
            constraints: BTreeMap::new(),
            expansions,
            mutators: Mutators::default(),
        }
    }

    /// Adds a template; `sources` has its text. It takes the place of another one with its name.
    pub fn add_template(
        &mut self,
        node: &'a Node,
        sources: &Sources,
    ) -> Result<(), Vec<Diagnostic>> {
        self.add_code(Arc::new(Code::new(node, self.options.driver, sources)?));
        Ok(())
    }

    /// Adds the code of a template, which several sets of policies can share.
    pub fn add_code(&mut self, code: Arc<Code<'a>>) {
        self.templates.insert(code.template.name(), code);
    }

    /// The code of the template of a constraint.
    fn code_of(&self, node: &Node) -> Result<&Arc<Code<'a>>, Fault> {
        let template_name = Constraint::template_name(node);
        self.templates.get(template_name.as_str()).ok_or_else(|| {
            let kind = gvk(node).kind;
            let message =
                format!("there is no template for the constraint `{kind}/{}`", name(node));
            let at = node.get("kind").unwrap_or(node);
            let kinds = self.templates.values().map(|code| code.template.kind);
            let add = || {
                format!("add the ConstraintTemplate whose `spec.crd.spec.names.kind` is `{kind}`")
            };
            let help = did_you_mean(&kind, kinds).unwrap_or_else(add);
            Fault::new(at, message).help(help)
        })
    }

    /// Checks of a constraint what does not depend on the schema of its template.
    pub fn validate_constraint(&self, node: &Node) -> Result<(), Fault> {
        Constraint::validate(node, &self.code_of(node)?.template)
    }

    /// Adds a constraint of a template that is here. Whether its parameters fit the template's
    /// schema is not asked.
    pub fn add_constraint(&mut self, node: &'a Node) -> Result<(), Fault> {
        let code = Arc::clone(self.code_of(node)?);
        let constraint = Constraint::new(node, &code.template, self.options.point)?;
        let parameters = constraint.parameters().map_or_else(Value::new_object, value_of);
        let key = (constraint.kind, constraint.name);
        let fingerprint = results::of_node(&constraint.completed);
        self.constraints.insert(key, Loaded { constraint, parameters, fingerprint, code });
        Ok(())
    }

    /// Adds expansion templates. One that leads back to itself is not used.
    pub fn add_expansions(
        &mut self,
        templates: impl IntoIterator<Item = ExpansionTemplate<'a>>,
    ) -> Vec<Diagnostic> {
        let faults = self.expansions.add(templates).into_iter();
        faults.map(|fault| fault.into_diagnostic(codes::POLICY_EXPANSION)).collect()
    }

    /// Adds a mutator, which changes objects before they are reviewed. It takes the place of another
    /// one with its kind and name.
    pub fn add_mutator(&mut self, mutator: Mutator<'a>) {
        self.mutators.add(mutator);
    }

    /// The templates, by name.
    pub fn templates(&self) -> impl Iterator<Item = &Template<'a>> {
        self.templates.values().map(|code| &code.template)
    }

    /// The constraints, by kind and name.
    pub fn constraints(&self) -> impl Iterator<Item = &Constraint<'a>> {
        self.constraints.values().map(|loaded| &loaded.constraint)
    }

    /// Whether the code of a template compares with other objects, if it has constraints.
    pub(super) fn compares(&self, template: &str) -> bool {
        let mut used = self.constraints.values().map(|loaded| &loaded.code);
        used.any(|code| code.template.name() == template && code.uses_inventory())
    }

    /// Whether nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    /// How objects are expanded.
    pub fn expansions(&self) -> &Expansions<'a> {
        &self.expansions
    }
}

impl Loaded<'_> {
    /// What the constraint says of an object; `None` if it is not about it.
    fn verdict(
        &self,
        subject: &Subject<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Option<Verdict> {
        match subject.is_matched(&self.constraint) {
            Ok(false) => None,
            Ok(true) => Some(self.code.verdict(self, subject, inventory, engines)),
            Err(why) => {
                let message = format!("unable to match constraints: {why}");
                let violations = vec![Violation { message, details: serde_json::json!({}) }];
                Some(Verdict { violations, is_unmatched: true, ..Verdict::default() })
            }
        }
    }
}

impl<'a> Subject<'a> {
    fn new(review: Review<'a>, inventory: &Inventory<'a>, options: Options) -> Self {
        let known = || inventory.namespace(review.namespace_name());
        let gvk_of = |node: Option<&Node>| node.map(gvk).unwrap_or_default();
        Self {
            review,
            gvk: gvk_of(review.object),
            old_gvk: gvk_of(review.old_object),
            namespace: review.namespace.or_else(known),
            shows_namespace: options.point == point::WEBHOOK,
            value: OnceLock::new(),
            fingerprint: OnceLock::new(),
        }
    }

    /// The review with what the code of a policy sees of it.
    fn seen(&self) -> Review<'a> {
        Review { namespace: self.namespace.filter(|_| self.shows_namespace), ..self.review }
    }

    /// The same for code in Rego. It is made when it is first needed.
    fn value(&self) -> &Value {
        self.value.get_or_init(|| self.seen().value())
    }

    /// What tells it from other content; `None` if nothing does.
    fn fingerprint(&self) -> Option<Fingerprint> {
        *self.fingerprint.get_or_init(|| results::of_review(&self.seen()))
    }

    /// Whether a constraint is about the object, or about what it was before.
    fn is_matched(&self, constraint: &Constraint<'_>) -> Result<bool, String> {
        let review = &self.review;
        let versions = [(review.object, &self.gvk), (review.old_object, &self.old_gvk)];
        for (object, gvk) in versions {
            let Some(object) = object else { continue };
            let namespace = self.namespace;
            let target = Target { object, gvk, namespace, origin: Some(review.origin) };
            let matched = constraint.matching.matches(target).map_err(|why| {
                let name = name(object);
                format!(
                    "error matching the requested object: {name} :failed to run Match criteria: {why}"
                )
            });
            if matched? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What a finding about a generated object says.
fn implied(template: &str, violation: Violation) -> Violation {
    let message = format!("[Implied by {template}] {}", violation.message);
    Violation { message, ..violation }
}
