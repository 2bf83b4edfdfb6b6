//! Gatekeeper's second engine, `K8sNativeValidation`: templates that say in CEL what must be true.
//!
//! Source: Gatekeeper 3.23.1, `pkg/drivers/k8scel`. Differences: an expression that does not compile
//! makes Gatekeeper deny every object, or say less than it should, without a word about the template;
//! here the template is refused. The same holds for a variable that is made twice.

mod source;
#[cfg(test)]
mod tests;

pub use source::texts;

use super::{
    Problem, Review, Violation,
    expressions::{Inputs, Made, Names},
    request::{Request, User, Versioned},
    validator::{Check, Condition, Validator},
};
use crate::{admission::Wanted, resource::Gvk, yaml::Node};
use source::{Faults, Source};

/// The variables that Gatekeeper makes: the object, the old one if it is deleted; and the parameters
/// of the constraint.
const DRIVER_VARIABLES: [(&str, &str); 2] = [
    ("anyObject", "request.operation == 'DELETE' && object == null ? oldObject : object"),
    ("params", "has(params.spec) && has(params.spec.parameters) ? params.spec.parameters : null"),
];

/// The names that belong to Gatekeeper.
const RESERVED_PREFIX: &str = "gatekeeper_internal_";

/// The code of a template that can be evaluated, also by several threads.
#[derive(Debug)]
pub struct Validation {
    validator: Validator,
}

/// What is said against an object.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What is wrong with it.
    pub violations: Vec<Violation>,
    /// Whether an expression took more steps than are allowed.
    pub is_exhausted: bool,
}

impl Validation {
    /// Reads the `source` of a template's code. A problem is in one of its [`texts`].
    pub fn compile(source: &Node) -> Result<Self, Vec<Problem>> {
        let mut faults = Faults::new(source);
        let read = Source::read(source, &mut faults);
        let mut validator =
            Validator { ignores_errors: read.ignores_errors, ..Validator::default() };
        validator.made = variables(&read, &mut faults);
        let made = &validator.made;
        let names = Names::default();
        for &(name, at) in &read.conditions {
            if name.starts_with(RESERVED_PREFIX) {
                let says =
                    format!("the match condition `{name}` must not start with `{RESERVED_PREFIX}`");
                faults.add(at, says);
            }
            let compiled =
                faults.compile((at, "expression"), |text| made.compile(text, names, Wanted::Bool));
            validator
                .conditions
                .extend(compiled.map(|(text, expression)| Condition { expression, text }));
        }
        for validation in &read.validations {
            let compiled = faults.compile((validation.expression, "expression"), |text| {
                made.compile(text, names, Wanted::Bool)
            });
            let message_expression = validation.message_expression.and_then(|at| {
                faults.compile((at, "messageExpression"), |text| {
                    made.compile(text, names, Wanted::String)
                })
            });
            validator.validations.extend(compiled.map(|(text, expression)| Check {
                expression,
                text,
                message: validation.message.map(str::to_owned),
                message_expression: message_expression.map(|(_, expression)| expression),
            }));
        }
        faults.none().map(|()| Self { validator })
    }

    /// What a constraint says against what is reviewed: a violation for each validation that is not
    /// true. It adds nothing for programs.
    pub fn evaluate(&self, review: &Review<'_>, constraint: &Node) -> Said {
        let request = request(review);
        let is_deleted = request.operation == "DELETE";
        let inputs = Inputs {
            object: review.object.filter(|_| !is_deleted),
            old_object: review.old_object,
            namespace: review.namespace,
            request: &request,
            params: Some(constraint),
        };
        let decision = self.validator.evaluate(inputs);
        let violation = |message| Violation { message, details: serde_json::json!({}) };
        let denials = decision.denials.into_iter();
        Said {
            violations: denials.map(|denial| violation(denial.message)).collect(),
            is_exhausted: decision.is_exhausted,
        }
    }
}

/// Gatekeeper's own variables and those of a template.
fn variables<'a>(read: &Source<'a>, faults: &mut Faults<'a>) -> Made {
    // Gatekeeper means the parameters for its own variable, but those of a template see them too.
    let names = Names { params: true, ..Names::default() };
    let mut made = Made::default();
    for (name, expression) in DRIVER_VARIABLES {
        let added = made.add(name, expression, names);
        debug_assert!(added.is_ok(), "Gatekeeper's own variables compile: {added:?}");
    }
    for &(name, at) in &read.variables {
        let is_reserved = DRIVER_VARIABLES.iter().any(|(reserved, _)| *reserved == name);
        let says = if is_reserved {
            format!("the variable `{name}` is Gatekeeper's own")
        } else if name.starts_with(RESERVED_PREFIX) {
            format!("the variable `{name}` must not start with `{RESERVED_PREFIX}`")
        } else if made.has(name) {
            format!("the variable `{name}` is made twice")
        } else if made.is_full() {
            "there are more variables than can be looked at here".to_owned()
        } else {
            faults.compile((at, "expression"), |text| made.add(name, text, names));
            continue;
        };
        faults.add(at, says);
    }
    made
}

/// The request of a review. Of a plain object Gatekeeper says what the object says.
fn request<'a>(review: &Review<'a>) -> Request<'a> {
    let given = |path: &[&str]| review.request?.at(path);
    let text = |key: &str| given(&[key]).and_then(Node::as_str).unwrap_or_default();
    let written = review.object.or(review.old_object);
    let of_object = |path: &[&str]| written.and_then(|node| node.text_at(path)).unwrap_or_default();
    let (kind, name, namespace) = if review.request.is_some() {
        (Versioned::of(given(&["kind"]), "kind"), text("name"), text("namespace"))
    } else {
        let Gvk { group, version, kind } =
            Gvk::new(of_object(&["apiVersion"]), of_object(&["kind"]));
        let kind = Versioned { group, version, name: kind };
        (kind, of_object(&["metadata", "name"]), of_object(&["metadata", "namespace"]))
    };
    let resource = Versioned::of(given(&["resource"]), "resource");
    Request {
        original_kind: kind.clone(),
        kind,
        original_resource: resource.clone(),
        resource,
        sub_resource: text("subResource"),
        name,
        namespace,
        operation: text("operation"),
        user: given(&["userInfo"]).map_or(User::Nobody, User::Known),
        is_dry_run: given(&["dryRun"]).and_then(Node::scalar_text) == Some("true"),
        options: given(&["options"]),
    }
}
