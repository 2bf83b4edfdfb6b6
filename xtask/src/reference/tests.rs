//! What the golden cases cannot show: declared objects, and the references themselves.

use super::*;
use crate::{
    cluster::{External, Object, World},
    source::Sources,
    yaml::{Dialect, parse},
};

/// What a closed world of these objects and declarations says.
fn check(text: &str, externals: &[External]) -> Vec<String> {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", text);
    let nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    let objects = nodes.iter().map(|node| Object::new(node, 0, "web")).collect();
    let cluster = Cluster::new("prod", World::Closed, objects).with_externals(externals);
    let mut out = Vec::new();
    super::check(&cluster, &mut out);
    out.into_iter().map(|diagnostic| diagnostic.message.into_owned()).collect()
}

fn external(kind: &str, name: &str, namespace: Option<&str>) -> External {
    let mut external = External::default();
    kind.clone_into(&mut external.kind);
    name.clone_into(&mut external.name);
    external.namespace = namespace.map(str::to_owned);
    external
}

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: fast}
";

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - env:
    - {name: A, valueFrom: {secretKeyRef: {name: login, key: password}}}
";

const BINDING: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: prometheus, namespace: monitoring}
";

#[test]
fn what_is_declared_is_there() {
    assert_eq!(check(CLAIM, &[]).len(), 1);
    let class = [external("StorageClass", "fast", None)];
    assert!(check(CLAIM, &class).is_empty());
    assert!(class[0].is_used());
}

#[test]
fn the_keys_of_what_is_declared_are_those_that_are_said() {
    let namespace = || external("Namespace", "shop", None);
    let secret = |keys: &[&str]| {
        let mut secret = external("Secret", "login", Some("shop"));
        secret.keys = keys.iter().map(|&key| key.to_owned()).collect();
        secret
    };
    assert!(check(POD, &[namespace(), secret(&[])]).is_empty());
    assert!(check(POD, &[namespace(), secret(&["user", "password"])]).is_empty());
    let said = check(POD, &[namespace(), secret(&["user"])]);
    assert!(matches!(said.as_slice(), [one] if one.contains("names key `password`")), "{said:?}");
}

#[test]
fn what_is_in_a_namespace_of_others_is_theirs() {
    let shop = || external("Namespace", "shop", None);
    assert_eq!(check(BINDING, &[shop()]).len(), 1);
    assert!(check(BINDING, &[shop(), external("Namespace", "monitoring", None)]).is_empty());
    // An object beside the one that names it is to be here.
    assert_eq!(check(POD, &[shop()]).len(), 1);
}

#[test]
fn a_reference_says_its_field_and_what_is_named() {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", POD);
    let nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
    let objects = nodes.iter().map(|node| Object::new(node, 0, "web")).collect();
    let cluster = Cluster::new("prod", World::Closed, objects);
    let mut seen = Vec::new();
    visit_names(&cluster, &mut |reference| {
        let Reference { from, at, target, keys, .. } = reference;
        let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        let namespace = target.namespace.as_deref().unwrap_or_default();
        seen.push(format!("{from} {at} {} {namespace}/{} {keys:?}", target.kind, target.name));
    });
    let field = "spec.containers[0].env[0].valueFrom.secretKeyRef";
    assert_eq!(seen, [format!("Pod `web` {field}.name Secret shop/login [\"{field}.key\"]")]);
}
