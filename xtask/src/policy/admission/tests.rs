//! What a real API server says, and what is said here.

use std::fmt::Write;

use super::{load::Unusable, *};
use crate::{cluster::World, diag::Severity};

/// What is in the cluster of `server.yaml` beside what it says.
const CLUSTER: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {tier: gold}, annotations: {a: note}}
---
apiVersion: v1
kind: Namespace
metadata: {name: rules}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wodgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: wodgets, kind: Widget, singular: widget}
  versions:
  - &version
    name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties: {size: {type: integer}, color: {type: string, default: red}}
  - <<: *version
    name: v1alpha1
    storage: false
";

fn documents(text: &str) -> Vec<Node> {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", text);
    let mut wrong = Vec::new();
    let nodes = parse(&sources, id, Dialect::Resource, &mut wrong);
    let errors: Vec<_> = wrong.iter().filter(|one| one.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    nodes
}

/// An object of a kind with a `spec`.
fn object_of(kind: &str, name: &str, spec: &Node) -> Node {
    let text = format!("apiVersion: {GROUP}/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n");
    let mut object = documents(&text).remove(0);
    object.as_mapping_mut().unwrap().push("spec", spec.span, spec.clone());
    object
}

/// What an answer says, line by line.
fn expected(answer: &Node) -> Vec<String> {
    let text = |key: &str| answer.get(key).and_then(Node::scalar_text);
    let mut lines = Vec::new();
    lines.extend(text("refused").map(|_| "refused".to_owned()));
    lines.extend(text("unknown").map(|_| "unknown".to_owned()));
    lines.extend(text("denied").map(|text| format!("denied: {text}")));
    let warnings = answer.get("warnings").and_then(Node::as_sequence).unwrap_or_default();
    lines.extend(warnings.iter().map(|one| format!("warned: {}", one.scalar_text().unwrap())));
    lines
}

/// What is said here of a case of `server.yaml`.
fn found(case: &Node, there: &[Node]) -> Vec<String> {
    let mut nodes = there.to_vec();
    let policy = case.get("policy").unwrap();
    nodes.push(object_of(POLICY, "policy", policy));
    for (at, spec) in case.get("bindings").and_then(Node::as_sequence).unwrap().iter().enumerate() {
        let mut spec = spec.clone();
        let name = Node::string("policy", spec.span, spec.origin);
        spec.as_mapping_mut().unwrap().push("policyName", name.span, name);
        nodes.push(object_of(BINDING, &format!("binding-{at}"), &spec));
    }
    let objects = nodes.iter().map(|node| Object::new(node, 0, "app")).collect();
    let cluster = Cluster::new("", World::Closed, objects);
    let kinds = Kinds::of(&cluster);
    let policy = cluster.of_kind(GROUP, POLICY).next().unwrap();
    if matches!(Policy::load(policy), Err(Unusable::Refused)) {
        return vec!["refused".to_owned()];
    }
    let bound = bound(&cluster, &kinds, &mut Vec::new());
    let object = case.get("object").unwrap();
    let Some(subject) = Subject::new(Cow::Borrowed(object), &cluster, &kinds) else {
        return Vec::new();
    };
    let (mut unknown, mut denied, mut warned) = (None, None, Vec::new());
    for said in review(&subject, &bound, &cluster) {
        match said {
            Said::Unknown { .. } => unknown = Some("unknown".to_owned()),
            Said::Without { denied: why, .. } => {
                denied.get_or_insert(format!("denied: {}", why.message()));
            }
            Said::Against { denial, action: Action::Deny, .. } => {
                denied.get_or_insert(format!("denied: {}", denial.message));
            }
            Said::Against { denial, action: Action::Warn, .. } => {
                warned.push(format!("warned: {}", denial.message));
            }
            Said::Against { action: Action::Audit, .. } => {}
        }
    }
    unknown.into_iter().chain(denied).chain(warned).collect()
}

#[test]
fn policies_say_what_a_server_says() {
    let mut cases = documents(include_str!("tests/server.yaml"));
    let mut there = documents(CLUSTER);
    let first = cases.remove(0);
    there.extend(first.get("there").and_then(Node::as_sequence).unwrap().iter().cloned());
    assert!(cases.len() > 130);
    let mut wrong = String::new();
    for case in &cases {
        let name = case.get("name").and_then(Node::scalar_text).unwrap();
        let (found, mut expected) = (found(case, &there), expected(case.get("answer").unwrap()));
        // A kind that the server does not know is one of which there is no object.
        if name == "parameters of an unknown kind" {
            expected = vec![format!("denied: {}", Denied::NotFound.message())];
        }
        if found != expected {
            let _ = write!(wrong, "\n{name}\n  is  {found:?}\n  not {expected:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Where two trees differ.
fn differences(a: Option<&Node>, b: Option<&Node>, path: &str, out: &mut String) {
    let (Some(a), Some(b)) = (a, b) else {
        let what = if a.is_some() { "should not be there" } else { "is not there" };
        let _ = write!(out, "\n  {path} {what}");
        return;
    };
    if a == b {
        return;
    }
    if let (Some(one), Some(other)) = (a.as_mapping(), b.as_mapping()) {
        let keys: BTreeSet<&Text> = one.iter().chain(other).map(|entry| &entry.key).collect();
        for key in keys {
            differences(one.get(key), other.get(key), &format!("{path}.{key}"), out);
        }
    } else if let (Some(one), Some(other)) = (a.as_sequence(), b.as_sequence()) {
        for at in 0..one.len().max(other.len()) {
            differences(one.get(at), other.get(at), &format!("{path}[{at}]"), out);
        }
    } else {
        let _ = write!(out, "\n  {path} is {:?}, not {:?}", a.value, b.value);
    }
}

#[test]
fn objects_are_seen_as_a_server_sees_them() {
    let cases = documents(include_str!("tests/served.yaml"));
    assert!(cases.len() > 40);
    let mut wrong = String::new();
    for case in &cases {
        let (given, expected) = (case.get("given").unwrap(), case.get("served").unwrap());
        let gvk = crate::policy::object::gvk(given);
        let served = served::built_in(given, &gvk, true);
        let mut different = String::new();
        differences(Some(&served), Some(expected), "", &mut different);
        if !different.is_empty() {
            let _ = write!(wrong, "\n{}{different}", gvk.kind);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
