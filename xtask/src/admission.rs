//! What the API server gives the expressions of admission policies and of the match conditions of
//! webhooks: which variables there are and what is known of them.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/cel/compile.go`. Invariant: only types are here;
//! whoever evaluates has the values.

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use crate::{
    cel::{Environment, ListKind, Object, Program, Shape, Type},
    yaml::Text,
};

/// What an expression must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `true` or `false`
    Bool,
    /// A text.
    String,
    /// A text or `null`.
    StringOrNull,
    /// Any value.
    Anything,
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, to follow the name of the field.
    pub says: String,
    /// Where, in bytes of the expression.
    pub range: Range<usize>,
    /// What to do.
    pub help: Option<&'static str>,
}

/// Compiles an expression that must come to something.
pub fn compile(
    expression: &str,
    environment: &Environment,
    wanted: Wanted,
) -> Result<Program, Refusal> {
    let program = Program::compile(expression, environment).map_err(|wrong| Refusal {
        says: format!("does not compile: {}", wrong.message),
        range: wrong.range,
        help: None,
    })?;
    let must = match (wanted, program.result()) {
        (Wanted::Anything, _)
        | (Wanted::Bool, Type::Bool)
        | (Wanted::String | Wanted::StringOrNull, Type::String)
        | (Wanted::StringOrNull, Type::Null) => return Ok(program),
        (Wanted::Bool, _) => "true or false",
        (Wanted::String, _) => "a string",
        (Wanted::StringOrNull, _) => "a string or null",
    };
    // The type of what is not known here is not known either.
    if program.unsupported().is_some() {
        return Ok(program);
    }
    let (says, help) = match program.result() {
        Type::Dyn => {
            let help = if wanted == Wanted::Bool { "compare it" } else { "put it in `string()`" };
            (format!("must be {must}, and its type is not known"), Some(help))
        }
        result => (format!("must be {must}, not {result}"), None),
    };
    Err(Refusal { says, range: 0..expression.len(), help })
}

/// The variables of every expression, in this order: `object`, `oldObject`, `namespaceObject`,
/// `request`, and `params` where a policy has some.
pub fn variables(has_params: bool) -> Environment {
    static KNOWN: LazyLock<(Type, Type)> = LazyLock::new(|| (namespace(), request()));
    let (namespace, request) = &*KNOWN;
    let environment = Environment::default()
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("namespaceObject", namespace.clone())
        .with("request", request.clone());
    if has_params { environment.with("params", Type::Dyn) } else { environment }
}

/// The variables with `authorizer` and `authorizer.requestResource`.
pub fn with_authorizer(environment: Environment) -> Environment {
    environment
        .with("authorizer", Type::authorizer())
        .with("authorizer.requestResource", Type::resource_check())
}

/// The type of `variables`, which are made by expressions.
pub fn made(known: &[(Text, Type)]) -> Type {
    Type::Object(Arc::new(Object::typed("variables", known.iter().cloned())))
}

fn object(name: &str, fields: &[(&str, Shape)]) -> Shape {
    let fields = fields.iter().map(|(name, shape)| (Text::from(*name), shape.clone()));
    Shape::Object(Arc::new(Object::with_names(name, fields)))
}

fn list(item: Shape) -> Shape {
    Shape::List(Arc::new(item), ListKind::Atomic)
}

fn texts(names: &[&'static str]) -> Vec<(&'static str, Shape)> {
    names.iter().map(|name| (*name, Shape::String)).collect()
}

/// The type of `request.userInfo`.
pub fn user() -> Type {
    user_shape().to_type()
}

fn user_shape() -> Shape {
    let mut fields = texts(&["username", "uid"]);
    fields.push(("groups", list(Shape::String)));
    fields.push(("extra", Shape::Map(Arc::new(list(Shape::String)))));
    object("kubernetes.UserInfo", &fields)
}

/// Source: `BuildRequestType`.
fn request() -> Type {
    let kind = object("kubernetes.GroupVersionKind", &texts(&["group", "version", "kind"]));
    let resource =
        object("kubernetes.GroupVersionResource", &texts(&["group", "version", "resource"]));
    let mut fields =
        texts(&["subResource", "requestSubResource", "name", "namespace", "operation"]);
    fields.extend([
        ("kind", kind.clone()),
        ("resource", resource.clone()),
        ("requestKind", kind),
        ("requestResource", resource),
        ("userInfo", user_shape()),
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
