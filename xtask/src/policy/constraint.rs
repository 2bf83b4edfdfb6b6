//! A constraint: which objects a template is about, with which parameters, and what follows from a
//! violation.
//!
//! Source: `client/{client,template_client,constraint_client}.go` and `apis/constraints` of the
//! constraint framework; `ValidateConstraint` of Gatekeeper's `pkg/target/target.go`.

use std::borrow::Cow;

use super::{
    Fault,
    defaults::with_defaults,
    matching::{Match, of_mapping, sequence, string},
    object::{get, gvk, name},
    template::Template,
};
use crate::{diag::did_you_mean, formats::Format, yaml::Node};

/// The group of constraints.
pub const GROUP: &str = "constraints.gatekeeper.sh";

/// The versions that Gatekeeper serves.
const VERSIONS: [&str; 2] = ["v1beta1", "v1alpha1"];

/// Every place at which constraints are enforced.
const EVERYWHERE: &str = "*";

/// A constraint of a template.
#[derive(Clone, Debug)]
pub struct Constraint<'a> {
    /// As it is written.
    pub node: &'a Node,
    /// Its kind, which is the one of its template.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// With the defaults of the template's schema.
    pub completed: Cow<'a, Node>,
    /// What follows from a violation, as it is written: `deny` if nothing is.
    pub action: &'a str,
    /// What follows from a violation here: only for `scoped` more or less than the action itself.
    pub actions: Vec<&'a str>,
    /// Which objects it is about.
    pub matching: Match<'a>,
}

/// At which place something is enforced.
pub mod point {
    /// On admission.
    pub const WEBHOOK: &str = "validation.gatekeeper.sh";
    /// By a program at the command line.
    pub const GATOR: &str = "gator.gatekeeper.sh";
}

impl<'a> Constraint<'a> {
    /// Whether an object is a constraint.
    pub fn is(node: &Node) -> bool {
        gvk(node).group == GROUP
    }

    /// The name of the template of a constraint.
    pub fn template_name(node: &Node) -> String {
        gvk(node).kind.to_lowercase().into()
    }

    /// Checks what does not depend on any schema, as Gatekeeper does before it looks at one.
    pub fn validate(node: &Node, template: &Template<'_>) -> Result<(), Fault> {
        let gvk = gvk(node);
        let name = name(node);
        let at = |path: &[&str]| node.at(path).unwrap_or(node);
        if name.is_empty() {
            return Err(Fault::new(at(&["metadata"]), "a constraint must have a name"));
        }
        if gvk.group != GROUP {
            let message = format!("the group of a constraint must be `{GROUP}`");
            return Err(Fault::new(at(&["apiVersion"]), message));
        }
        Match::validate_selectors(node)?;
        if let Err(fault) = Format::Dns1123Subdomain.check(name) {
            return Err(Fault::new(
                at(&["metadata", "name"]),
                format!("the name `{name}` {fault}"),
            ));
        }
        if gvk.kind != template.kind {
            let message = format!("there is no template of the kind `{}`", gvk.kind);
            let help = did_you_mean(&gvk.kind, [template.kind]);
            return Err(Fault { help, ..Fault::new(at(&["kind"]), message) });
        }
        if !VERSIONS.contains(&gvk.version.as_str()) {
            let message = format!("there are no constraints of the version `{}`", gvk.version);
            let help = format!("there are: {}", VERSIONS.join(", "));
            return Err(Fault::new(at(&["apiVersion"]), message).help(help));
        }
        Ok(())
    }

    /// Reads a constraint of a template. Whether its parameters fit the template's schema is not
    /// asked.
    pub fn new(node: &'a Node, template: &Template<'a>, point: &str) -> Result<Self, Fault> {
        Self::validate(node, template)?;
        let spec = get(node, "spec");
        let spec_fields = spec.map_or(Ok(None), |spec| of_mapping(spec, "spec"))?;
        let matching = spec_fields.and_then(|spec| spec.get("match")).filter(|one| !one.is_null());
        let matching = matching.map_or_else(|| Ok(Match::default()), Match::new)?;
        if let Some(fault) = matching.fault() {
            return Err(fault);
        }
        let action = spec.and_then(|spec| get(spec, "enforcementAction"));
        let action = action.map_or(Ok("deny"), |one| string(one, "spec.enforcementAction"))?;
        let actions = match (action, spec) {
            ("scoped", Some(spec)) => scoped(spec, point)?,
            _ => vec![action],
        };
        Ok(Self {
            node,
            kind: template.kind,
            name: super::object::name(node),
            completed: with_defaults(node, template.schema),
            action,
            actions,
            matching,
        })
    }

    /// The parameters, with the defaults of the template's schema.
    pub fn parameters(&self) -> Option<&Node> {
        self.completed.at(&["spec", "parameters"]).filter(|one| !one.is_null())
    }
}

/// The actions of `spec.scopedEnforcementActions` at a place, each once and in order.
fn scoped<'a>(spec: &'a Node, point: &str) -> Result<Vec<&'a str>, Fault> {
    const FIELD: &str = "spec.scopedEnforcementActions";
    let Some(list) = get(spec, "scopedEnforcementActions") else {
        let message = format!("`enforcementAction: scoped` needs `{FIELD}`");
        return Err(Fault::new(spec.get("enforcementAction").unwrap_or(spec), message));
    };
    let mut actions = Vec::new();
    for (number, one) in sequence(list, FIELD)?.iter().enumerate() {
        let path = format!("{FIELD}[{number}]");
        of_mapping(one, &path)?;
        let action = get(one, "action");
        let action = action.map_or(Ok(""), |action| string(action, format!("{path}.action")))?;
        let path = format!("{path}.enforcementPoints");
        let points = get(one, "enforcementPoints");
        for one in points.map_or(Ok(&[][..]), |points| sequence(points, &path))? {
            of_mapping(one, &path)?;
            let name = get(one, "name");
            let name = name.map_or(Ok(""), |name| string(name, format!("{path}[].name")))?;
            if name == EVERYWHERE || name == point {
                actions.push(action);
            }
        }
    }
    actions.sort_unstable();
    actions.dedup();
    Ok(actions)
}
