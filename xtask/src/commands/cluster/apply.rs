//! Server-side apply of the rendered files, and what it changed.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{
    super::context::note,
    CREATED_BY, FIELD_MANAGER, SMOKE_MANAGER, UP,
    json::{label, objects, text},
    kubectl::{CALL, Kubectl, parse},
    manifests::Manifest,
};

/// What an apply did with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Effect {
    Created,
    Changed,
    Unchanged,
}

/// How objects are applied, without what is applied.
const APPLY: &[&str] = &["apply", "--server-side", "--field-manager", FIELD_MANAGER];

/// With this the answer tells what has changed. Nobody sees it: it holds the values of Secrets.
const ANSWER: &[&str] = &["--output", "json"];

/// The arguments that apply these files, or the standard input if there are none.
pub(in super::super) fn arguments<'a>(manifests: &[&'a Manifest]) -> Vec<&'a str> {
    if manifests.is_empty() {
        return [APPLY, &["--filename", "-"]].concat();
    }
    [APPLY.to_vec(), files(manifests)].concat()
}

/// Applies objects, and says what became of each, in their order.
pub(in super::super) fn apply(kubectl: &Kubectl, manifests: &[&Manifest]) -> Result<Vec<Effect>> {
    if manifests.is_empty() {
        return Ok(Vec::new());
    }
    let before = kubectl.get(&files(manifests))?;
    let after = match apply_files(kubectl, manifests) {
        Ok(after) => after,
        // Which object was refused is only known where there is one.
        Err(_) if manifests.len() > 1 => one_by_one(kubectl, manifests)?,
        Err(error) => {
            let name = manifests.first().map(|one| one.label()).unwrap_or_default();
            return Err(error.context(name));
        }
    };
    Ok(manifests.iter().map(|one| effect(one, &before, &after)).collect())
}

/// Applies a Namespace. One that does not exist is marked as made by us, which `down` looks for.
pub(in super::super) fn namespace(kubectl: &Kubectl, manifest: &Manifest) -> Result<Effect> {
    let before = kubectl.get(&files(&[manifest]))?;
    let is_ours = before.first().is_none_or(is_marked);
    let mut object = manifest.object.clone();
    if is_ours {
        mark(&mut object)?;
    }
    let after = applied(kubectl, &arguments(&[]), object.to_string()).context(manifest.label())?;
    Ok(effect(manifest, &before, &after))
}

/// Whether an object carries our mark.
pub(in super::super) fn is_marked(object: &Value) -> bool {
    object.pointer("/metadata/annotations").and_then(|all| all.get(CREATED_BY)).is_some()
}

fn mark(object: &mut Value) -> Result<()> {
    let metadata = object.pointer_mut("/metadata").and_then(Value::as_object_mut);
    let annotations = metadata
        .context("a Namespace has no metadata")?
        .entry("annotations")
        .or_insert_with(|| Value::Object(serde_json::Map::new()));
    let map = annotations.as_object_mut().context("annotations are no map")?;
    map.insert(CREATED_BY.to_owned(), UP.into());
    Ok(())
}

fn files<'a>(manifests: &[&'a Manifest]) -> Vec<&'a str> {
    manifests.iter().flat_map(|one| ["--filename", one.path.as_str()]).collect()
}

fn apply_files(kubectl: &Kubectl, manifests: &[&Manifest]) -> Result<Vec<Value>> {
    applied(kubectl, &arguments(manifests), String::new())
}

fn applied(kubectl: &Kubectl, args: &[&str], input: String) -> Result<Vec<Value>> {
    let mut output = kubectl.call(&[args, ANSWER].concat(), input.clone(), CALL)?;
    if !output.status.success() && is_left_by_a_smoke_test(&output.reason()) {
        note("    a smoke test was ended before it could put back what it changed: done now");
        let args = [args, ANSWER, &["--force-conflicts"]].concat();
        output = kubectl.call(&args, input, CALL)?;
    }
    if !output.status.success() {
        bail!("{}", refusal(&output.reason()));
    }
    for warning in output.stderr.lines().filter(|line| line.starts_with("Warning:")) {
        note(&format!("    {warning}"));
    }
    Ok(objects(parse(&output.stdout)?))
}

/// Applies every object that can be, and fails with a line for each that is refused.
fn one_by_one(kubectl: &Kubectl, manifests: &[&Manifest]) -> Result<Vec<Value>> {
    let (mut after, mut refused) = (Vec::new(), Vec::new());
    for one in manifests {
        match apply_files(kubectl, &[one]) {
            Ok(applied) => after.extend(applied),
            Err(error) => refused.push(format!("  {}: {error:#}", one.label())),
        }
    }
    if refused.is_empty() {
        return Ok(after);
    }
    bail!("the cluster refused:\n{}", refused.join("\n"))
}

/// Whether all that is in the way are changes of our own.
fn is_left_by_a_smoke_test(reason: &str) -> bool {
    let mut managers = reason
        .split(['\n', ';'])
        .flat_map(|line| {
            line.split("conflict with \"").skip(1).chain(line.split("conflicts with \"").skip(1))
        })
        .filter_map(|rest| rest.split('"').next())
        .peekable();
    managers.peek().is_some() && managers.all(|manager| manager == SMOKE_MANAGER)
}

/// What a refusal means, where that is not plain from its words.
fn refusal(reason: &str) -> String {
    let first = reason.split("; Please review").next().unwrap_or(reason);
    if reason.contains("Apply failed with") && reason.contains("conflict") {
        return format!(
            "{first} (somebody else set this field to another value; nothing was overwritten. To \
             take it over, apply the file with --force-conflicts)"
        );
    }
    first.to_owned()
}

fn effect(manifest: &Manifest, before: &[Value], after: &[Value]) -> Effect {
    let key = |object: &Value| (label(object), text(object, "/apiVersion").to_owned());
    let wanted = key(&manifest.object);
    let find = |all: &[Value]| all.iter().find(|one| key(one) == wanted).map(settled);
    match (find(before), find(after)) {
        (None, _) => Effect::Created,
        (Some(before), Some(after)) if before == after => Effect::Unchanged,
        (Some(_), _) => Effect::Changed,
    }
}

/// An object without what controllers write all the time.
fn settled(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(all) = object.as_object_mut() {
        all.remove("status");
    }
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        for field in ["resourceVersion", "managedFields", "generation"] {
            metadata.remove(field);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_no_change() {
        let manifest = Manifest {
            path: "a.yaml".to_owned(),
            object: json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}),
            namespace: "shop".to_owned(),
        };
        let live = |version: &str, port: i64, status: &str| {
            vec![json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "a", "resourceVersion": version},
                "spec": {"port": port}, "status": {"x": status}})]
        };
        assert_eq!(effect(&manifest, &[], &live("1", 80, "a")), Effect::Created);
        assert_eq!(effect(&manifest, &live("1", 80, "a"), &live("2", 80, "b")), Effect::Unchanged);
        assert_eq!(effect(&manifest, &live("1", 80, "a"), &live("2", 81, "a")), Effect::Changed);
    }

    #[test]
    fn a_conflict_says_what_it_means() {
        let reason = "Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: \
                      .spec.replicas; Please review the fields above--they currently have other \
                      managers.; * If you intend";
        let text = refusal(reason);
        assert!(
            text.contains("conflict with \"kubectl\" using apps/v1: .spec.replicas ("),
            "{text}"
        );
        assert!(text.contains("--force-conflicts"), "{text}");
        assert_eq!(refusal("no"), "no");
    }

    #[test]
    fn only_a_change_of_our_own_is_taken_back() {
        let one = "Apply failed with 1 conflict: conflict with \"cargo-xtask-smoke\" with subresource \
                   \"scale\" using apps/v1: .spec.replicas; Please review";
        assert!(is_left_by_a_smoke_test(one));
        assert!(!is_left_by_a_smoke_test(&one.replace("cargo-xtask-smoke", "helm")));
        let two = "Apply failed with 2 conflicts: conflicts with \"cargo-xtask-smoke\" using apps/v1:; \
                   - .spec.replicas; conflicts with \"helm\" using apps/v1:; - .spec.paused";
        assert!(!is_left_by_a_smoke_test(two));
        assert!(!is_left_by_a_smoke_test("forbidden"));
    }

    #[test]
    fn a_namespace_of_ours_is_marked() {
        let mut object = json!({"metadata": {"name": "a"}});
        assert!(!is_marked(&object));
        mark(&mut object).unwrap();
        assert!(is_marked(&object));
        assert_eq!(object.pointer("/metadata/name"), Some(&json!("a")));
    }
}
