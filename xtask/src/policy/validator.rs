//! What a policy in CEL says of an object: match conditions, variables, validations, messages. The
//! policies of Kubernetes and those of Gatekeeper are evaluated alike.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/policy/validating/validator.go` and
//! `plugin/webhook/matchconditions/matcher.go`, also for the texts. Invariant: what cannot be
//! evaluated is a denial, or is told as unknown; never a pass.

use super::expressions::{Evaluation, Expression, Inputs, Made};
use crate::cel::{Error, ErrorKind, Value};

/// How many steps the expressions of a policy may take on one object. The server counts otherwise;
/// real policies take some thousands.
const STEPS: u64 = 2_000_000;

/// The longest text that an expression may make for a message, in bytes.
const MESSAGE_LIMIT: usize = 5 * 1024;

/// A policy that can be evaluated.
#[derive(Debug, Default)]
pub(super) struct Validator {
    pub made: Made,
    pub conditions: Vec<Condition>,
    pub validations: Vec<Check>,
    /// What is written into the audit log. It is nothing to the object unless it has no value.
    pub annotations: Vec<Condition>,
    /// Whether an error lets the object pass: `failurePolicy: Ignore`.
    pub ignores_errors: bool,
}

/// An expression with its text: where a policy is for an object, or a text about one.
#[derive(Debug)]
pub(super) struct Condition {
    pub expression: Expression,
    pub text: String,
}

/// What must be true of an object.
#[derive(Debug)]
pub(super) struct Check {
    pub expression: Expression,
    pub text: String,
    pub message: Option<String>,
    pub message_expression: Option<Expression>,
}

/// A decision against an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    pub of: Part,
    pub message: String,
    pub cause: Cause,
}

/// Which expression of a policy it is, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Condition(usize),
    Validation(usize),
    Annotation(usize),
}

/// Why an object is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The validation is not true.
    False,
    /// It has no value on this object.
    Error,
    /// It takes more steps than are allowed.
    Budget,
    /// Only a server could say whether it is true.
    Unknown,
}

/// All that is said of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Decision {
    /// In the order of the validations.
    pub denials: Vec<Denial>,
    /// Whether it took more steps than are allowed, also where errors let the object pass.
    pub is_exhausted: bool,
}

impl Validator {
    /// What it says against an object.
    pub fn evaluate<'a>(&'a self, inputs: Inputs<'a>) -> Decision {
        match self.is_for(inputs) {
            Ok(true) => {}
            Ok(false) => return Decision::default(),
            Err(denial) => return self.ended_by(denial),
        }
        let mut evaluation = Evaluation::new(&self.made, inputs, STEPS);
        let mut denials = Vec::new();
        for (at, check) in self.validations.iter().enumerate() {
            let of = Part::Validation(at);
            let (message, cause) = match evaluation.run(&check.expression) {
                Ok(Value::Bool(true)) => continue,
                Ok(_) => match check.said(&mut evaluation) {
                    Ok(message) => (message, Cause::False),
                    Err(error) => (format!("failed messageExpression: {error}"), Cause::Budget),
                },
                Err(error) => failed(&check.text, &error),
            };
            // No other expression has a value then.
            if cause == Cause::Budget {
                return self.ended_by(Denial { of, message, cause });
            }
            denials.extend(self.kept(Denial { of, message, cause }));
        }
        for (at, annotation) in self.annotations.iter().enumerate() {
            if let Err(error) = evaluation.run(&annotation.expression) {
                let (message, cause) = failed(&annotation.text, &error);
                denials.extend(self.kept(Denial { of: Part::Annotation(at), message, cause }));
            }
        }
        Decision { denials, is_exhausted: false }
    }

    fn ended_by(&self, denial: Denial) -> Decision {
        let is_exhausted = denial.cause == Cause::Budget;
        Decision { denials: Vec::from_iter(self.kept(denial)), is_exhausted }
    }

    /// A decision, unless the policy lets errors pass. What is not known is no error of the policy.
    fn kept(&self, denial: Denial) -> Option<Denial> {
        let is_error = matches!(denial.cause, Cause::Error | Cause::Budget);
        (!is_error || !self.ignores_errors).then_some(denial)
    }

    /// Whether the match conditions are met. One that is not makes up for errors of the others.
    fn is_for(&self, inputs: Inputs<'_>) -> Result<bool, Denial> {
        if self.conditions.is_empty() {
            return Ok(true);
        }
        // The server does not tell match conditions about the namespace.
        let mut evaluation =
            Evaluation::new(&self.made, Inputs { namespace: None, ..inputs }, STEPS);
        let mut errors: Vec<String> = Vec::new();
        let mut first: Option<(usize, Cause)> = None;
        for (at, condition) in self.conditions.iter().enumerate() {
            match evaluation.run(&condition.expression) {
                Ok(Value::Bool(false)) => return Ok(false),
                Ok(_) => {}
                Err(error) => {
                    let (message, why) = failed(&condition.text, &error);
                    if first.is_none_or(|(_, cause)| cause != Cause::Unknown && why != cause) {
                        first = Some((at, why));
                    }
                    if !errors.contains(&message) {
                        errors.push(message);
                    }
                }
            }
        }
        let Some((at, cause)) = first else { return Ok(true) };
        let message = match errors.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        Err(Denial { of: Part::Condition(at), message, cause })
    }
}

const OUT_OF_BUDGET: &str = "validation failed due to running out of cost budget, no further \
                             validation rules will be run";

/// What is said of an expression without a value.
fn failed(text: &str, error: &Error) -> (String, Cause) {
    let why = &error.message;
    match error.kind {
        ErrorKind::Value => (format!("expression '{text}' resulted in error: {why}"), Cause::Error),
        ErrorKind::Budget => (OUT_OF_BUDGET.to_owned(), Cause::Budget),
        ErrorKind::Unsupported => {
            (format!("expression '{text}' cannot be evaluated here: {why}"), Cause::Unknown)
        }
    }
}

impl Check {
    /// What is said where it is not true.
    fn said<'a>(&'a self, evaluation: &mut Evaluation<'a>) -> Result<String, &'static str> {
        let made = self.message_expression.as_ref().map(|made| evaluation.run(made));
        if let Some(Err(Error { kind: ErrorKind::Budget, .. })) = made {
            return Err(OUT_OF_BUDGET);
        }
        if let Some(Ok(Value::String(text))) = made {
            let text = text.as_str().trim();
            if !text.is_empty() && text.len() <= MESSAGE_LIMIT && !text.contains('\n') {
                return Ok(text.to_owned());
            }
        }
        let message = self.message.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(message
            .map_or_else(|| format!("failed expression: {}", self.text.trim()), str::to_owned))
    }
}
