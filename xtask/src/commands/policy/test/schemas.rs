//! What an API server would say of a template's schema, and of a constraint.

use crate::{
    diag::{Diagnostic, codes},
    policy::{suite::Schemas, template::Template},
    schema::{Store, custom::CustomKinds},
    source::{OriginId, Span},
    yaml::{Entry, Mapping, Node, ScalarKind, Value},
};

/// Where the schema of the parameters is in a template.
const IN_TEMPLATE: &str = "spec.crd.spec.validation.openAPIV3Schema";

/// Where it is in the definition that is made of one.
const IN_DEFINITION: &str = "spec.versions[0].schema.openAPIV3Schema.properties.parameters";

/// The schemas that are known.
pub(super) struct Known(pub Store);

impl Schemas for Known {
    fn check_template(&self, template: &Template<'_>) -> Vec<Diagnostic> {
        let Some(schema) = template.schema.filter(|_| !template.is_legacy()) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        self.0.check(&definition(template.node.span, schema), &mut out);
        // Gatekeeper ignores what a schema has no field for.
        out.retain(|one| one.is_error() && one.code != codes::SCHEMA_UNKNOWN_FIELD);
        for one in &mut out {
            one.message = one.message.replace(IN_DEFINITION, IN_TEMPLATE).into();
        }
        out
    }

    /// Gatekeeper checks less than an API server: of the metadata the name alone, and no rules.
    fn check_constraint(&self, constraint: &Node, template: &Template<'_>) -> Vec<Diagnostic> {
        let mut out = Vec::new();
        let mut kinds = CustomKinds::default();
        kinds.add(template.node, &mut Vec::new());
        self.0.with_custom(kinds).check(constraint, &mut out);
        let within = |node: Option<&Node>, one: &Diagnostic| {
            node.is_some_and(|node| {
                node.span.start <= one.primary.start && one.primary.end <= node.span.end
            })
        };
        let metadata = constraint.get("metadata");
        let name = metadata.and_then(|metadata| metadata.get("name"));
        let rules = [codes::SCHEMA_RULE, codes::SCHEMA_CEL, codes::SCHEMA_CEL_UNSUPPORTED];
        out.retain(|one| {
            one.is_error()
                && !rules.contains(&one.code)
                && (!within(metadata, one) || within(name, one))
        });
        if let Some(spec) = constraint.get("spec") {
            nulls(spec, "spec", Shape::Spec(template.schema), &mut out);
        }
        out
    }
}

/// A definition of a kind with a schema as an API server reads it: the rest of it is as good as can
/// be, so that what is wrong is wrong in the schema.
fn definition(span: Span, schema: &Node) -> Node {
    let text = |text: &str| Node::string(text, span, OriginId::NONE);
    let flag = |text: &str| {
        let mut node = Node::string(text, span, OriginId::NONE);
        if let Value::Scalar(scalar) = &mut node.value {
            scalar.kind = ScalarKind::Bool;
        }
        node
    };
    let mapping = |fields: Vec<(&str, Node)>| {
        let entry = |(key, value): (&str, Node)| Entry { key: key.into(), key_span: span, value };
        let entries = fields.into_iter().map(entry).collect();
        Node::new(Value::Mapping(Mapping::from_entries(entries)), span)
    };
    let list = |item: Node| Node::new(Value::Sequence(vec![item]), span);
    let object =
        |properties: Node| mapping(vec![("type", text("object")), ("properties", properties)]);
    let root = object(mapping(vec![("parameters", schema.clone())]));
    let version = mapping(vec![
        ("name", text("v1")),
        ("served", flag("true")),
        ("storage", flag("true")),
        ("schema", mapping(vec![("openAPIV3Schema", root)])),
    ]);
    let names = mapping(vec![
        ("kind", text("Parameter")),
        ("listKind", text("ParameterList")),
        ("plural", text("parameters")),
        ("singular", text("parameter")),
    ]);
    mapping(vec![
        ("apiVersion", text("apiextensions.k8s.io/v1")),
        ("kind", text("CustomResourceDefinition")),
        ("metadata", mapping(vec![("name", text("parameters.example.com"))])),
        (
            "spec",
            mapping(vec![
                ("group", text("example.com")),
                ("scope", text("Cluster")),
                ("names", names),
                ("versions", list(version)),
            ]),
        ),
    ])
}

/// What is known of a value.
#[derive(Clone, Copy)]
enum Shape<'s> {
    /// The `spec` of a constraint, whose parameters may have a schema.
    Spec(Option<&'s Node>),
    /// What Gatekeeper itself declares, which is never null.
    Declared,
    /// What a template declares.
    Schema(&'s Node),
}

/// Finds nulls that are not allowed. An API server drops them, and Gatekeeper refuses them.
fn nulls(node: &Node, path: &str, shape: Shape<'_>, out: &mut Vec<Diagnostic>) {
    let is = |schema: &Node, key: &str| schema.get(key).and_then(Node::scalar_text) == Some("true");
    let is_allowed = match shape {
        Shape::Spec(_) | Shape::Declared => false,
        Shape::Schema(schema) => schema.get("type").is_none() || is(schema, "nullable"),
    };
    let below = |key: Option<&str>| match (shape, key) {
        (Shape::Spec(schema), Some("parameters")) => schema.map(Shape::Schema),
        (Shape::Spec(_) | Shape::Declared, _) => Some(Shape::Declared),
        (Shape::Schema(schema), None) => schema.get("items").map(Shape::Schema),
        (Shape::Schema(schema), Some(key)) => {
            let own = schema.get("properties").and_then(|properties| properties.get(key));
            own.or_else(|| schema.get("additionalProperties")).map(Shape::Schema)
        }
    };
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() && !is_allowed => {
            let message = format!("`{path}` must not be null");
            out.push(Diagnostic::error(codes::SCHEMA_TYPE, message, node.span));
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            let Some(shape) = below(None) else { return };
            for (number, item) in items.iter().enumerate() {
                nulls(item, &format!("{path}[{number}]"), shape, out);
            }
        }
        Value::Mapping(mapping) => {
            for entry in mapping {
                if let Some(shape) = below(Some(&entry.key)) {
                    nulls(&entry.value, &format!("{path}.{}", entry.key), shape, out);
                }
            }
        }
    }
}
