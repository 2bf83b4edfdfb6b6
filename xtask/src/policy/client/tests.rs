//! Reviewing objects with what is loaded.

use super::*;
use crate::{
    policy::rego,
    yaml::{Dialect, parse},
};

const TEMPLATE: &str = "
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: hostnetwork}
spec:
  crd:
    spec:
      names: {kind: HostNetwork}
      validation:
        openAPIV3Schema:
          type: object
          properties:
            word: {type: string, default: has}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package hostnetwork
      violation[{\"msg\": msg}] {
        input.review.object.spec.hostNetwork
        msg := sprintf(\"%v %v the host's network\", [input.review.name, input.parameters.word])
      }
";

const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: HostNetwork
metadata: {name: no-host-network}
spec:
  parameters: {}
  match:
    kinds: [{apiGroups: [''], kinds: [Pod]}]
";

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec: {hostNetwork: true}
";

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop}
spec: {hostNetwork: true}
";

fn loaded<'a>(policy: &'a [Node], sources: &Sources, options: Options) -> Policies<'a> {
    let mut policies = Policies::new(options);
    for node in policy {
        if Template::is(node) {
            policies.add_template(node, sources).unwrap();
        } else if ExpansionTemplate::is(node) {
            let faults = policies.add_expansions([ExpansionTemplate::new(node).unwrap()]);
            assert!(faults.is_empty(), "{faults:?}");
        } else {
            policies.add_constraint(node).unwrap();
        }
    }
    policies
}

/// The messages about some objects, with the action and the number of each.
fn messages(policy: &[&str], objects: &[&str], options: Options) -> Vec<String> {
    let mut sources = Sources::default();
    let mut nodes = |text: &&str| {
        let id = sources.add("a.yaml", *text);
        let mut wrong = Vec::new();
        let nodes = parse(&sources, id, Dialect::Resource, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        nodes
    };
    let policy: Vec<_> = policy.iter().flat_map(&mut nodes).collect();
    let objects: Vec<_> = objects.iter().flat_map(&mut nodes).collect();
    let policies = loaded(&policy, &sources, options);
    let inventory = Inventory::default();
    let reviews: Vec<_> = objects.iter().map(Review::of).collect();
    let outcome = policies.review_all(&reviews, &inventory);
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    let of = |(number, finding): &(usize, Finding<'_>)| {
        format!("{number} {} {}", finding.actions.join(","), finding.violation.message)
    };
    let together: Vec<_> = outcome.findings.iter().map(of).collect();
    // Its own, as what was said once is kept.
    let policies = loaded(&policy, &sources, options);
    let mut engines = Engines::default();
    let mut alone = Vec::new();
    for (number, review) in reviews.iter().enumerate() {
        let outcome = policies.review(*review, &inventory, &mut engines);
        alone.extend(outcome.findings.iter().map(|(_, finding)| of(&(number, finding.clone()))));
    }
    assert_eq!(together, alone);
    together
}

#[test]
fn a_policy_about_pods_speaks_of_what_makes_them() {
    let found = messages(&[TEMPLATE, CONSTRAINT], &[DEPLOYMENT, POD], Options::default());
    assert_eq!(
        found,
        [
            "0 deny [Implied by the Pods of this Deployment] web-pod has the host's network",
            "1 deny one has the host's network",
        ]
    );
    let alone = Options { has_built_in_expansions: false, ..Options::default() };
    let found = messages(&[TEMPLATE, CONSTRAINT], &[DEPLOYMENT, POD], alone);
    assert_eq!(found, ["1 deny one has the host's network"]);
}

#[test]
fn an_expansion_template_takes_the_place_of_what_is_built_in() {
    let template = "
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: pods}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {version: v1, kind: Pod}
  enforcementAction: warn
";
    let found = messages(&[TEMPLATE, CONSTRAINT, template], &[DEPLOYMENT], Options::default());
    assert_eq!(found, ["0 warn [Implied by pods] web-pod has the host's network"]);
}

#[test]
fn what_cannot_be_matched_is_refused() {
    let selector = "  match:\n    namespaceSelector: {matchLabels: {a: b}}\n";
    let constraint = CONSTRAINT.replace("  match:\n", selector);
    let found = messages(&[TEMPLATE, &constraint], &[POD], Options::default());
    let message = "unable to match constraints: error matching the requested object: one :failed to \
                   run Match criteria: namespace selector for namespace-scoped object but missing \
                   Namespace";
    assert_eq!(found, [format!("0 deny {message}")]);
}

#[test]
fn a_scoped_constraint_is_enforced_where_it_says() {
    let scoped = CONSTRAINT.replace(
        "parameters: {}",
        "enforcementAction: scoped\n  scopedEnforcementActions:\n  \
         - {action: warn, enforcementPoints: [{name: validation.gatekeeper.sh}]}\n  \
         - {action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}",
    );
    let found = messages(&[TEMPLATE, &scoped], &[POD], Options::default());
    assert_eq!(found, [] as [&str; 0], "without parameters there are no defaults");
    let scoped = scoped.replace("spec:\n", "spec:\n  parameters: {word: needs}\n");
    let found = messages(&[TEMPLATE, &scoped], &[POD], Options::default());
    assert_eq!(found, ["0 warn one needs the host's network"]);
    let gator = Options { point: point::GATOR, ..Options::default() };
    assert_eq!(messages(&[TEMPLATE, &scoped], &[POD], gator), [] as [&str; 0]);
}

#[test]
fn the_code_sees_what_gatekeeper_shows_it() {
    let mut sources = Sources::default();
    let id =
        sources.add("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\n");
    let nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    let expected = r#"{"kind": {"group": "", "kind": "Pod", "version": "v1"}, "name": "p",
        "namespace": "a", "namespaceObject": {}, "oldObject": null, "operation": "",
        "options": null, "resource": {"group": "", "resource": "", "version": ""}, "uid": "",
        "userInfo": {}, "object": {"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": "a"}}}"#;
    let expected = rego::Value::from_json_str(expected).unwrap();
    assert_eq!(Review::of(&nodes[0]).value(), expected);
}

#[test]
fn what_depends_on_the_content_alone_is_asked_once() {
    let kept = |code: &str, objects: &[&str]| {
        let mut sources = Sources::default();
        let mut nodes = |text: &str| {
            let id = sources.add("a.yaml", text);
            parse(&sources, id, Dialect::Resource, &mut Vec::new())
        };
        let template = TEMPLATE.replace("input.review.object.spec.hostNetwork", code);
        let policy: Vec<_> =
            [template.as_str(), CONSTRAINT].into_iter().flat_map(&mut nodes).collect();
        let objects: Vec<_> = objects.iter().flat_map(|text| nodes(text)).collect();
        let policies = loaded(&policy, &sources, Options::default());
        let reviews: Vec<_> = objects.iter().map(Review::of).collect();
        let outcome = policies.review_all(&reviews, &Inventory::default());
        assert_eq!(outcome.findings.len(), objects.len());
        policies.templates.values().map(|code| code.kept()).sum::<usize>()
    };
    let other = POD.replace("one", "other");
    assert_eq!(kept("input.review.object.spec.hostNetwork", &[POD, &other, POD, POD]), 2);
    assert_eq!(kept("time.now_ns() > 0", &[POD, POD]), 0);
    assert_eq!(kept("not data.inventory.cluster", &[POD, POD]), 0);
}
