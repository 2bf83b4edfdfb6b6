//! Which kinds there are, and checking an object of one of them.

use std::sync::Arc;

use super::{
    bundle::Bundle,
    check::Walk,
    custom::{self, CustomKind, CustomKinds},
    deprecation::Deprecation,
    findings::names,
    metadata,
    model::KindEntry,
    rules::{self, Report},
    version::Versions,
};
use crate::{
    diag::{Diagnostic, closest, codes},
    resource::Gvk,
    yaml::{Node, Text},
};

/// Up to how many diagnostics an unknown kind is compared with all that there are.
const COMPARED: usize = 1_000;

/// The schemas that objects are checked against.
#[derive(Clone, Debug)]
pub struct Store {
    bundle: &'static Bundle,
    versions: Versions,
    /// Those that are not built in.
    custom: Arc<CustomKinds>,
}

/// A kind in the form that it has in some versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind<'a> {
    pub versions: Versions,
    pub entry: &'a KindEntry,
}

impl Store {
    /// The built-in kinds of all versions that there are bundles for.
    pub fn all_versions() -> Self {
        let bundle = Bundle::built_in();
        Self { bundle, versions: bundle.all_versions(), custom: Arc::default() }
    }

    /// The built-in kinds of some versions. The error is a name that is not the one of a version.
    pub fn for_versions(names: &[String]) -> Result<Self, &str> {
        let bundle = Bundle::built_in();
        let mut versions = Versions::NONE;
        for name in names {
            versions = versions.with(bundle.version(name).ok_or(name.as_str())?);
        }
        Ok(Self { bundle, versions, custom: Arc::default() })
    }

    /// With custom kinds, which take the place of those that are built in. They hold for all
    /// versions alike.
    #[must_use]
    pub fn with_custom(&self, custom: CustomKinds) -> Self {
        Self { custom: Arc::new(custom), ..self.clone() }
    }

    /// The versions that objects are checked for.
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// The names of the versions that objects are checked for.
    pub fn version_names(&self) -> String {
        names(self.bundle, self.versions)
    }

    /// The names of all versions that there are bundles for.
    pub fn known_versions(&self) -> String {
        let all = self.bundle.all_versions().iter();
        all.map(|version| self.bundle.version_name(version)).collect::<Vec<_>>().join(", ")
    }

    /// The versions, each with the number of its kinds.
    pub fn kind_counts(&self) -> Vec<(&'static str, usize)> {
        let count = |version| self.bundle.kind_names(Versions::NONE.with(version)).count();
        let versions = self.versions.iter();
        versions.map(|version| (self.bundle.version_name(version), count(version))).collect()
    }

    /// Whether the schema of an object may be in another object: its kind is not one of
    /// Kubernetes.
    pub fn may_be_custom(&self, node: &Node) -> bool {
        self.bundle.kind(&kind_name(&gvk_of(node)), self.versions).next().is_none()
    }

    /// A custom kind: of the objects that are checked, or built in.
    fn custom_kind(&self, name: &str) -> Option<&CustomKind> {
        self.custom.get(name).or_else(|| custom::get(name))
    }

    /// Checks an object, which has an `apiVersion` and a `kind`.
    pub fn check(&self, node: &Node, out: &mut Vec<Diagnostic>) {
        let gvk = gvk_of(node);
        let name = kind_name(&gvk);
        let forms = self.bundle.kind(&name, self.versions);
        let kinds: Vec<Kind<'_>> =
            forms.map(|(versions, entry)| Kind { versions, entry }).collect();
        if kinds.is_empty()
            && let Some(kind) = self.custom_kind(&name)
        {
            self.check_custom(node, kind, out);
            return;
        }
        let is_secret = gvk.group.is_empty() && gvk.kind == "Secret";
        let old = self.bundle.deprecation(&name);
        let served = kinds.iter().fold(Versions::NONE, |all, kind| all.or(kind.versions));
        let missing = self.versions.without(served);
        if !missing.is_empty() {
            self.not_served(node, &gvk, old, missing, out);
        }
        if served.is_empty() {
            return;
        }
        if let Some(old) = old {
            self.deprecated(node, &gvk, old, served, out);
        }
        let mut walk = Walk::new(self.bundle, is_secret);
        for kind in &kinds {
            let definitions = self.bundle.definition(&kind.entry.definition, kind.versions);
            for definition in definitions {
                walk.object(node, definition.schema, definition.versions);
            }
            metadata::check(node, kind, &mut walk.findings);
        }
        rules::check(node, &gvk, Report::new(node, self.bundle, served, &mut walk.findings));
        if !walk.findings.is_empty() {
            walk.findings.finish(self.bundle, self.versions, out);
        }
    }

    fn check_custom(&self, node: &Node, kind: &CustomKind, out: &mut Vec<Diagnostic>) {
        let mut walk = Walk::custom(self.bundle);
        let read = kind.read();
        walk.object(node, &read.schema, self.versions);
        if let Some(rules) = &read.rules
            && !walk.findings.is_in_the_way_of_rules()
        {
            let mut value = custom::settled(node, Some(&read.schema));
            if let Some(fields) = value.as_object_mut().filter(|_| read.has_status) {
                fields.remove("status");
            }
            for wrong in custom::evaluate(rules, &value, node) {
                walk.findings.add(wrong, self.versions);
            }
        }
        let kind = Kind { versions: self.versions, entry: &read.entry };
        metadata::check(node, &kind, &mut walk.findings);
        if !walk.findings.is_empty() {
            walk.findings.finish(self.bundle, self.versions, out);
        }
    }

    /// A kind that some versions do not serve: removed, not there yet, or nobody's.
    fn not_served(
        &self,
        node: &Node,
        gvk: &Gvk,
        old: Option<&Deprecation>,
        missing: Versions,
        out: &mut Vec<Diagnostic>,
    ) {
        let at = node.get("apiVersion").unwrap_or(node).span;
        let removed = old.and_then(|old| Some((old, old.removed?)));
        if let Some((old, removed)) = removed
            && missing.iter().all(|version| self.bundle.minor(version) >= Some(removed))
        {
            let message =
                format!("{} {} was removed in Kubernetes {removed}", gvk.api_version(), gvk.kind);
            let wrong = Diagnostic::error(codes::SCHEMA_REMOVED_KIND, message, at);
            out.push(wrong.with_help(instead(old)));
            return;
        }
        if missing == self.versions {
            let few = out.len() < COMPARED;
            out.push(self.unknown(node, gvk, few));
            return;
        }
        let message = format!(
            "{} {} is not there in Kubernetes {}",
            gvk.api_version(),
            gvk.kind,
            names(self.bundle, missing)
        );
        out.push(Diagnostic::error(codes::SCHEMA_UNKNOWN_KIND, message, at));
    }

    /// A kind without a schema. Its name is compared with all that there are if there are `few`
    /// diagnostics: nobody reads a thousandth proposal.
    fn unknown(&self, node: &Node, gvk: &Gvk, few: bool) -> Diagnostic {
        let wanted = kind_name(gvk);
        let at = node.get("kind").unwrap_or(node).span;
        let message = format!("there is no schema for {} {}", gvk.api_version(), gvk.kind);
        let unknown = Diagnostic::error(codes::SCHEMA_UNKNOWN_KIND, message, at);
        if gvk.group == "constraints.gatekeeper.sh" {
            return unknown.with_help(format!(
                "add the ConstraintTemplate whose `spec.crd.spec.names.kind` is `{}`",
                gvk.kind
            ));
        }
        let names = || self.kind_names().filter(|_| few);
        let same_kind =
            names().find(|name| name.rsplit_once('/').is_some_and(|(_, kind)| kind == gvk.kind));
        let near = same_kind.or_else(|| closest(&wanted, names()));
        let help = near.and_then(|name| name.rsplit_once('/')).map_or_else(
            || {
                "add its CustomResourceDefinition to the repository, or import it with \
                 `cargo xtask schema add FILE`"
                    .to_owned()
            },
            |(version, kind)| format!("did you mean `apiVersion: {version}` with `kind: {kind}`?"),
        );
        unknown.with_help(help)
    }

    /// The names of all kinds that can be checked.
    fn kind_names(&self) -> impl Iterator<Item = &str> {
        let built_in = self.bundle.kind_names(self.versions).chain(custom::names());
        built_in.map(|name| -> &str { name }).chain(self.custom.iter().map(CustomKind::name))
    }

    fn deprecated(
        &self,
        node: &Node,
        gvk: &Gvk,
        old: &Deprecation,
        served: Versions,
        out: &mut Vec<Diagnostic>,
    ) {
        let newest = served.iter().last().and_then(|version| self.bundle.minor(version));
        let Some(since) = old.deprecated.filter(|since| newest >= Some(*since)) else { return };
        let removed = old.removed.map(|removed| format!(", and removed in {removed}"));
        let message = format!(
            "{} {} is deprecated since Kubernetes {since}{}",
            gvk.api_version(),
            gvk.kind,
            removed.unwrap_or_default()
        );
        let at = node.get("apiVersion").unwrap_or(node).span;
        let warning = Diagnostic::warning(codes::SCHEMA_DEPRECATED_KIND, message, at);
        out.push(warning.with_help(instead(old)));
    }
}

fn gvk_of(node: &Node) -> Gvk {
    let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
    Gvk::new(text("apiVersion"), text("kind"))
}

/// `apps/v1/Deployment`, `v1/Pod`.
fn kind_name(gvk: &Gvk) -> Text {
    compact_str::format_compact!("{}/{}", gvk.api_version(), gvk.kind)
}

/// What to use in place of a kind.
fn instead(old: &Deprecation) -> String {
    match old.replacement.rsplit_once('/') {
        Some((version, kind)) if !kind.contains(' ') => format!("use {kind} of {version}"),
        _ => format!("use {}", old.replacement),
    }
}
