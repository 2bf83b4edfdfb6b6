//! Expressions in the Common Expression Language: those of admission policies, of webhooks and of the
//! schemas of custom resources must compile before they are stored.
//!
//! Source: `validateValidatingAdmissionPolicySpec` and what it calls in
//! `pkg/apis/admissionregistration/validation/validation.go` for which expression has which
//! variables.

use super::{
    report::{Fault, Report},
    value::{get, is_set, items, text},
};
use crate::{
    admission::{Refusal, Wanted, compile, made, variables, with_authorizer},
    cel::{Allowance, Environment, Type},
    diag::codes,
    schema::custom::{Rules, is_ruled, plain},
    yaml::{Node, Text},
};

/// The expressions of a `ValidatingAdmissionPolicy` or a `MutatingAdmissionPolicy`.
pub(super) fn policy(policy: &Node, report: &mut Report<'_>) {
    let Some(spec) = get(policy, "spec") else { return };
    let mut compiler = Compiler { allowance: Allowance::default(), report };
    let plain = variables(is_set(spec, "paramKind"));
    let asking = with_authorizer(plain.clone());
    for condition in items(spec, "matchConditions") {
        compiler.field(condition, "expression", &asking, Wanted::Bool);
    }
    // A variable sees those before it.
    let mut known: Vec<(Text, Type)> = Vec::new();
    for variable in items(spec, "variables") {
        let environment = asking.clone().with("variables", made(&known));
        let found = compiler.field(variable, "expression", &environment, Wanted::Anything);
        known.push((text(variable, "name").into(), found));
    }
    let plain = plain.with("variables", made(&known));
    let asking = asking.with("variables", made(&known));
    for validation in items(spec, "validations") {
        compiler.field(validation, "expression", &asking, Wanted::Bool);
        compiler.field(validation, "messageExpression", &plain, Wanted::String);
    }
    for annotation in items(spec, "auditAnnotations") {
        compiler.field(annotation, "valueExpression", &asking, Wanted::StringOrNull);
    }
    for mutation in items(spec, "mutations") {
        for patch in ["jsonPatch", "applyConfiguration"] {
            if let Some(patch) = get(mutation, patch) {
                compiler.field(patch, "expression", &asking, Wanted::Anything);
            }
        }
    }
}

/// The match conditions of webhooks.
pub(super) fn webhooks(object: &Node, report: &mut Report<'_>) {
    let mut compiler = Compiler { allowance: Allowance::default(), report };
    let environment = with_authorizer(variables(false));
    for webhook in items(object, "webhooks") {
        for condition in items(webhook, "matchConditions") {
            compiler.field(condition, "expression", &environment, Wanted::Bool);
        }
    }
}

/// The rules of a schema.
///
/// Source: `ValidateCustomResourceDefinitionOpenAPISchema`.
pub(super) fn schema(root: &Node, report: &mut Report<'_>) {
    if !is_ruled(root) {
        return;
    }
    let Some(rules) = Rules::of_kind(&plain(root), false) else { return };
    rules.check(root, &mut |rule, wrong| {
        if let Some(at) = get(rule, wrong.field) {
            report.add(Fault::new(codes::SCHEMA_CEL, at, wrong.says));
        }
    });
}

struct Compiler<'r, 'a> {
    allowance: Allowance,
    report: &'r mut Report<'a>,
}

impl Compiler<'_, '_> {
    /// Compiles an expression, if there is one. Its type.
    fn field(
        &mut self,
        parent: &Node,
        field: &str,
        environment: &Environment,
        wanted: Wanted,
    ) -> Type {
        let expression = text(parent, field);
        let Some(at) = get(parent, field) else { return Type::Dyn };
        if expression.trim().is_empty() || !self.allowance.takes(expression) {
            return Type::Dyn;
        }
        match compile(expression, environment, wanted) {
            Ok(program) => program.result().clone(),
            Err(Refusal { says, help, .. }) => {
                let fault = Fault::new(codes::SCHEMA_CEL, at, says);
                self.report.add(match help {
                    Some(help) => fault.help(help),
                    None => fault,
                });
                Type::Dyn
            }
        }
    }
}
