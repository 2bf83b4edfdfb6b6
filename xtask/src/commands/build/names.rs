//! The names of the files that `--output DIR` writes.
//!
//! Source: kustomize v5.8.2, `kustomize build --output DIR`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Diagnostic, codes},
    kustomize::Build,
    resource::{Gvk, ResId, Resource},
    yaml::emit,
};

/// The name and text of a file for each object.
pub(super) fn files(build: &Build, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let ids = build.resources.iter().map(Resource::id);
    let namespaces: BTreeSet<&str> = ids.filter_map(namespace).collect();
    let mut taken = BTreeMap::new();
    let mut files = Vec::new();
    for resource in &build.resources {
        let id = resource.id();
        let name = file_name(id, namespaces.len() > 1);
        let mut refuse = |why: String| {
            let message = format!("`{id}` cannot be written to a file: {why}");
            diagnostics.push(Diagnostic::error(codes::RENDER_FILE_NAME, message, resource.span()));
        };
        if name.contains(['/', '\\', '\0']) {
            refuse(format!("`{name}` is not a file name"));
            continue;
        }
        if let Some(other) = taken.insert(name.clone(), id) {
            refuse(format!("`{other}` has the same name, `{name}`"));
            continue;
        }
        let mut text = String::new();
        if let Err(error) = emit(&resource.node, &mut text) {
            diagnostics.push(error.diagnostic());
        }
        files.push((name, text));
    }
    files
}

/// `apps_v1_deployment_web.yaml`; objects of several namespaces have theirs in front.
fn file_name(id: &ResId, with_namespace: bool) -> String {
    let Gvk { group, version, kind } = &id.gvk;
    let namespace = namespace(id).filter(|_| with_namespace).unwrap_or("");
    let parts = [namespace, group, version, kind, &id.name];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.yaml", parts.join("_")).to_lowercase()
}

/// The namespace that an object is in; `None` for one without.
fn namespace(id: &ResId) -> Option<&str> {
    if id.is_cluster_scoped {
        return None;
    }
    Some(if id.namespace.is_empty() { "default" } else { &id.namespace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kustomize() {
        let name = |api_version, kind, namespace: &str, name: &str, several| {
            let gvk = Gvk::new(api_version, kind);
            file_name(&ResId::new(gvk, namespace.into(), name.into()), several)
        };
        assert_eq!(name("apps/v1", "Deployment", "x", "Web", false), "apps_v1_deployment_web.yaml");
        assert_eq!(name("v1", "ConfigMap", "", "a.B", true), "default_v1_configmap_a.b.yaml");
        assert_eq!(name("v1", "Namespace", "", "a", true), "v1_namespace_a.yaml");
        assert_eq!(name("example.com/v1", "Foo", "b", "x", true), "b_example.com_v1_foo_x.yaml");
        let role = name("rbac.authorization.k8s.io/v1", "Role", "", "sys:admin", false);
        assert_eq!(role, "rbac.authorization.k8s.io_v1_role_sys:admin.yaml");
    }
}
