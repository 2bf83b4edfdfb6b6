//! `IAMPolicyGenerator`: the service account of a workload that acts as one of a cloud's.
//!
//! Source: kustomize's `filters/iampolicygenerator`, which knows Google's cloud.

use super::super::{
    context::Context,
    decode::{Fields, Spanned},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Resource, Step},
    yaml::{Mapping, Node, Text, Value},
};

/// Makes the service account that a configuration describes.
pub(super) fn generate(context: &mut Context<'_>, config: &Resource) -> Option<Resource> {
    let mut out = Vec::new();
    let mut fields = Fields::new(&config.node, "a generator", &mut out).lenient();
    let cloud = fields.string("cloud", &mut out);
    let mut part = |name, keys: [&'static str; 2], out: &mut Vec<Diagnostic>| {
        let Some(entry) = fields.take(name) else { return [None, None] };
        let mut fields = Fields::new(&entry.value, "a part of a generator", out).lenient();
        keys.map(|key| fields.string(key, out))
    };
    let [name, namespace] = part("kubernetesService", ["name", "namespace"], &mut out);
    let [account, project] = part("serviceAccount", ["name", "projectId"], &mut out);
    context.diagnostics.extend(out);
    if cloud.as_ref().is_none_or(|cloud| cloud.value != "gke") {
        let shown = cloud.as_ref().map_or("", |cloud| cloud.value.as_str());
        let message = format!("{}: `cloud` must be `gke`, not `{shown}`", config.id());
        let at = cloud.as_ref().map_or(config.span(), |cloud| cloud.span);
        context.report(Diagnostic::error(codes::KUSTOMIZE_PLUGIN, message, at));
        return None;
    }
    let Some(name) = name else {
        let message = format!("{}: `kubernetesService` must have a `name`", config.id());
        context.report(Diagnostic::error(codes::KUSTOMIZE_PLUGIN, message, config.span()));
        return None;
    };
    let by = context.by(Step::Generator, config.span());
    let mapping = |pairs: Vec<(&str, Node)>| {
        let mut map = Mapping::default();
        for (key, value) in pairs {
            map.push(key, by.span, value);
        }
        Node { value: Value::Mapping(map), span: by.span, origin: by.origin }
    };
    let text = |text: &str, span| Node::string(text, span, by.origin);
    let or_empty = |part: &Option<Spanned<Text>>| {
        part.as_ref().map(|part| part.value.clone()).unwrap_or_default()
    };
    let member = format!("{}@{}.iam.gserviceaccount.com", or_empty(&account), or_empty(&project));
    let at = account.as_ref().map_or(by.span, |account| account.span);
    let annotations = mapping(vec![("iam.gke.io/gcp-service-account", text(&member, at))]);
    let mut metadata = vec![("annotations", annotations), ("name", text(&name.value, name.span))];
    if let Some(namespace) = namespace.filter(|namespace| !namespace.value.is_empty()) {
        metadata.push(("namespace", text(&namespace.value, namespace.span)));
    }
    Some(Resource::new(mapping(vec![
        ("apiVersion", text("v1", by.span)),
        ("kind", text("ServiceAccount", by.span)),
        ("metadata", mapping(metadata)),
    ])))
}
