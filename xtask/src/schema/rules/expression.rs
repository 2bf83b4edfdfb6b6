//! Expressions in the Common Expression Language: those of admission policies, of webhooks and of the
//! schemas of custom resources must compile before they are stored.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/cel/compile.go` for the variables;
//! `validateValidatingAdmissionPolicySpec` and what it calls in
//! `pkg/apis/admissionregistration/validation/validation.go` for which expression has which.

use std::sync::{Arc, LazyLock};

use super::{
    report::{Fault, Report},
    value::{get, is_set, items, text},
};
use crate::{
    cel::{Allowance, Environment, ListKind, Object, Program, Shape, Type},
    diag::codes,
    schema::custom::{Rules, is_ruled, plain},
    yaml::{Node, Text},
};

/// What an expression must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Bool,
    String,
    StringOrNull,
    Anything,
}

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
    let of_variables = |known: &[(Text, Type)]| {
        Type::Object(Arc::new(Object::typed("variables", known.iter().cloned())))
    };
    for variable in items(spec, "variables") {
        let environment = asking.clone().with("variables", of_variables(&known));
        let found = compiler.field(variable, "expression", &environment, Wanted::Anything);
        known.push((text(variable, "name").into(), found));
    }
    let plain = plain.with("variables", of_variables(&known));
    let asking = asking.with("variables", of_variables(&known));
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
        let program = match Program::compile(expression, environment) {
            Ok(program) => program,
            Err(wrong) => {
                let says = format!("does not compile: {}", wrong.message);
                self.report.add(Fault::new(codes::SCHEMA_CEL, at, says));
                return Type::Dyn;
            }
        };
        let result = program.result();
        let must = match (wanted, result) {
            (Wanted::Anything, _)
            | (Wanted::Bool, Type::Bool)
            | (Wanted::String | Wanted::StringOrNull, Type::String)
            | (Wanted::StringOrNull, Type::Null) => None,
            (Wanted::Bool, _) => Some("true or false"),
            (Wanted::String, _) => Some("a string"),
            (Wanted::StringOrNull, _) => Some("a string or null"),
        };
        if let Some(must) = must.filter(|_| program.unsupported().is_none()) {
            let fault = if matches!(result, Type::Dyn) {
                let says = format!("must be {must}, and its type is not known");
                let way =
                    if wanted == Wanted::Bool { "compare it" } else { "put it in `string()`" };
                Fault::new(codes::SCHEMA_CEL, at, says).help(way)
            } else {
                Fault::new(codes::SCHEMA_CEL, at, format!("must be {must}, not {result}"))
            };
            self.report.add(fault);
        }
        result.clone()
    }
}

fn variables(has_params: bool) -> Environment {
    static KNOWN: LazyLock<(Type, Type)> = LazyLock::new(|| (namespace(), request()));
    let (namespace, request) = &*KNOWN;
    let environment = Environment::default()
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("namespaceObject", namespace.clone())
        .with("request", request.clone());
    if has_params { environment.with("params", Type::Dyn) } else { environment }
}

fn with_authorizer(environment: Environment) -> Environment {
    environment
        .with("authorizer", Type::authorizer())
        .with("authorizer.requestResource", Type::resource_check())
}

fn object(name: &str, fields: &[(&str, Shape)]) -> Shape {
    let fields = fields.iter().map(|(name, shape)| (Text::from(*name), shape.clone()));
    Shape::Object(Arc::new(Object::with_names(name, fields)))
}

fn list(item: Shape) -> Shape {
    Shape::List(Arc::new(item), ListKind::Atomic)
}

/// Source: `BuildRequestType`.
fn request() -> Type {
    let texts = |names: &[&'static str]| -> Vec<(&'static str, Shape)> {
        names.iter().map(|name| (*name, Shape::String)).collect()
    };
    let kind = object("kubernetes.GroupVersionKind", &texts(&["group", "version", "kind"]));
    let resource =
        object("kubernetes.GroupVersionResource", &texts(&["group", "version", "resource"]));
    let mut user = texts(&["username", "uid"]);
    user.push(("groups", list(Shape::String)));
    user.push(("extra", Shape::Map(Arc::new(list(Shape::String)))));
    let mut fields =
        texts(&["subResource", "requestSubResource", "name", "namespace", "operation"]);
    fields.extend([
        ("kind", kind.clone()),
        ("resource", resource.clone()),
        ("requestKind", kind),
        ("requestResource", resource),
        ("userInfo", object("kubernetes.UserInfo", &user)),
        ("dryRun", Shape::Bool),
        ("options", Shape::Dyn),
    ]);
    object("kubernetes.AdmissionRequest", &fields).to_type()
}

/// Source: `BuildNamespaceType`.
fn namespace() -> Type {
    let labels = Shape::Map(Arc::new(Shape::String));
    let metadata = object(
        "kubernetes.NamespaceMetadata",
        &[
            ("name", Shape::String),
            ("generateName", Shape::String),
            ("namespace", Shape::String),
            ("labels", labels.clone()),
            ("annotations", labels),
            ("UID", Shape::String),
            ("creationTimestamp", Shape::Timestamp),
            ("deletionGracePeriodSeconds", Shape::Int),
            ("deletionTimestamp", Shape::Timestamp),
            ("generation", Shape::Int),
            ("resourceVersion", Shape::String),
            ("finalizers", list(Shape::String)),
        ],
    );
    let condition = object(
        "kubernetes.NamespaceCondition",
        &[
            ("status", Shape::String),
            ("type", Shape::String),
            ("lastTransitionTime", Shape::Timestamp),
            ("message", Shape::String),
            ("reason", Shape::String),
        ],
    );
    let spec = object("kubernetes.NamespaceSpec", &[("finalizers", list(Shape::String))]);
    let status = object(
        "kubernetes.NamespaceStatus",
        &[("conditions", list(condition)), ("phase", Shape::String)],
    );
    let fields = [("metadata", metadata), ("spec", spec), ("status", status)];
    object("kubernetes.Namespace", &fields).to_type()
}
