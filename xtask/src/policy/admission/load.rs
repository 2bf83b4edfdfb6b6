//! Policies and bindings as they are written, and policies compiled.
//!
//! Source: `compilePolicy` of `k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go`.
//! What a policy must be is said of it as an object, by `schema/cel` and others: one that is refused
//! is not evaluated.

use super::{
    super::{
        expressions::{Expression, Made, Names},
        object::{get, text},
        validator::{Check, Condition, Part, Validator},
    },
    kinds,
    matching::Match,
};
use crate::{
    admission::{Refusal, Wanted},
    cel::Allowance,
    cluster::Object,
    resource::Gvk,
    yaml::Node,
};

/// A policy that can be evaluated.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    pub object: &'a Object<'a>,
    pub constraints: Match<'a>,
    pub validator: Validator,
    pub parameters: Option<Gvk>,
    /// Where the expressions are written.
    conditions: Vec<&'a Node>,
    validations: Vec<&'a Node>,
    annotations: Vec<&'a Node>,
}

/// Why a policy is not evaluated.
#[derive(Debug)]
pub(super) enum Unusable<'a> {
    /// It is refused, which is said elsewhere.
    Refused,
    /// It is larger than what is looked at.
    TooLarge(&'a Node),
}

/// What becomes of an object that a policy is against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Audit,
    Warn,
    Deny,
}

/// A binding of a policy.
#[derive(Debug)]
pub(super) struct Binding<'a> {
    pub object: &'a Object<'a>,
    pub policy: &'a str,
    /// None if it is for all that the policy is for.
    pub resources: Option<Match<'a>>,
    /// The worst of its actions.
    pub action: Action,
    pub reference: Option<&'a Node>,
}

impl<'a> Policy<'a> {
    /// Reads and compiles a policy.
    pub fn load(object: &'a Object<'a>) -> Result<Self, Unusable<'a>> {
        let spec = get(object.node, "spec").ok_or(Unusable::Refused)?;
        let constraints = get(spec, "matchConstraints").and_then(Match::read);
        let parameters = kinds::of_parameters(object.node);
        let plain = Names { params: parameters.is_some(), authorizer: false, unknown_user: true };
        let mut compiler = Compiler {
            allowance: Allowance::default(),
            plain,
            asking: Names { authorizer: true, ..plain },
        };
        let ignores_errors = text(spec, &["failurePolicy"]) == "Ignore";
        let mut policy = Self {
            object,
            constraints: constraints.ok_or(Unusable::Refused)?,
            validator: Validator { ignores_errors, ..Validator::default() },
            parameters,
            conditions: Vec::new(),
            validations: Vec::new(),
            annotations: Vec::new(),
        };
        for one in items(spec, "matchConditions") {
            // They do not see the variables.
            let (at, text) = compiler.text(one, "expression")?;
            let names = compiler.asking;
            let expression = Made::default().compile(text, names, Wanted::Bool)?;
            policy.validator.conditions.push(Condition { expression, text: text.to_owned() });
            policy.conditions.push(at);
        }
        policy.validator.made = compiler.variables(spec)?;
        for one in items(spec, "validations") {
            policy.validation(one, &mut compiler)?;
        }
        for one in items(spec, "auditAnnotations") {
            let (at, text) = compiler.text(one, "valueExpression")?;
            let (made, names) = (&policy.validator.made, compiler.asking);
            let expression = made.compile(text, names, Wanted::StringOrNull)?;
            policy.validator.annotations.push(Condition { expression, text: text.to_owned() });
            policy.annotations.push(at);
        }
        Ok(policy)
    }

    fn validation(&mut self, one: &'a Node, compiler: &mut Compiler) -> Result<(), Unusable<'a>> {
        let made = &self.validator.made;
        let (at, text) = compiler.text(one, "expression")?;
        let expression = made.compile(text, compiler.asking, Wanted::Bool)?;
        let message_expression = if one.text_at(&["messageExpression"]).is_some() {
            let (_, text) = compiler.text(one, "messageExpression")?;
            Some(made.compile(text, compiler.plain, Wanted::String)?)
        } else {
            None
        };
        self.validator.validations.push(Check {
            expression,
            text: text.to_owned(),
            message: one.text_at(&["message"]).map(str::to_owned),
            message_expression,
        });
        self.validations.push(at);
        Ok(())
    }

    /// Where an expression is written, and what it is.
    pub fn expression(&self, part: Part) -> Option<(&'a Node, &Expression)> {
        let validator = &self.validator;
        match part {
            Part::Condition(at) => {
                Some((*self.conditions.get(at)?, &validator.conditions.get(at)?.expression))
            }
            Part::Validation(at) => {
                Some((*self.validations.get(at)?, &validator.validations.get(at)?.expression))
            }
            Part::Annotation(at) => {
                Some((*self.annotations.get(at)?, &validator.annotations.get(at)?.expression))
            }
        }
    }
}

impl From<Refusal> for Unusable<'_> {
    fn from(_: Refusal) -> Self {
        Self::Refused
    }
}

struct Compiler {
    allowance: Allowance,
    /// For messages.
    plain: Names,
    /// For all else.
    asking: Names,
}

impl Compiler {
    fn text<'a>(
        &mut self,
        parent: &'a Node,
        field: &str,
    ) -> Result<(&'a Node, &'a str), Unusable<'a>> {
        let at = parent.get(field).ok_or(Unusable::Refused)?;
        let text = at.as_str().filter(|text| !text.trim().is_empty());
        let text = text.ok_or(Unusable::Refused)?;
        if self.allowance.takes(text) { Ok((at, text)) } else { Err(Unusable::TooLarge(at)) }
    }

    fn variables<'a>(&mut self, spec: &'a Node) -> Result<Made, Unusable<'a>> {
        let mut made = Made::default();
        for one in items(spec, "variables") {
            let (at, expression) = self.text(one, "expression")?;
            if made.is_full() {
                return Err(Unusable::TooLarge(at));
            }
            let name = one.text_at(&["name"]).ok_or(Unusable::Refused)?;
            if made.has(name) {
                return Err(Unusable::Refused);
            }
            made.add(name, expression, self.asking)?;
        }
        Ok(made)
    }
}

impl<'a> Binding<'a> {
    /// Reads a binding. None for one that does nothing, which the schema reports.
    pub fn read(object: &'a Object<'a>) -> Option<Self> {
        let spec = get(object.node, "spec")?;
        let resources = match get(spec, "matchResources") {
            Some(node) => Some(Match::read(node)?),
            None => None,
        };
        let actions = items(spec, "validationActions").iter().filter_map(Node::as_str);
        let action = actions.filter_map(|action| match action {
            "Deny" => Some(Action::Deny),
            "Warn" => Some(Action::Warn),
            "Audit" => Some(Action::Audit),
            _ => None,
        });
        Some(Self {
            object,
            policy: spec.text_at(&["policyName"])?,
            resources,
            action: action.max()?,
            reference: get(spec, "paramRef"),
        })
    }
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}
