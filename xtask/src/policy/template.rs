//! `ConstraintTemplate`: the code of a policy, and the kind of the constraints that use it.
//!
//! Source: `apis/templates/{v1,v1beta1,v1alpha1}` and `client/client.go` of the constraint framework.
//! What Gatekeeper refuses is an error; the schema of the kind is checked elsewhere.

use super::{
    Fault,
    matching::{of_mapping, sequence, string, texts},
    object::{get, gvk, name},
    rego::{Source, Version},
};
use crate::{diag::did_you_mean, yaml::Node};

/// The group of templates.
pub const GROUP: &str = "templates.gatekeeper.sh";

/// The versions that Gatekeeper serves.
const VERSIONS: [&str; 3] = ["v1", "v1beta1", "v1alpha1"];

/// The only target that Gatekeeper has.
const TARGET: &str = "admission.k8s.gatekeeper.sh";

/// The engines that Gatekeeper has.
const REGO: &str = "Rego";
const NATIVE: &str = "K8sNativeValidation";

/// A template, as it is written.
#[derive(Clone, Debug)]
pub struct Template<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// The kind of its constraints.
    pub kind: &'a str,
    /// The schema of their parameters.
    pub schema: Option<&'a Node>,
    /// The code in Rego.
    pub rego: Option<Rego<'a>>,
    /// The code in CEL: the `source` of its engine.
    pub native: Option<&'a Node>,
}

/// Code in Rego: the scalars with the texts.
#[derive(Clone, Debug)]
pub struct Rego<'a> {
    /// The module with the rule `violation`.
    pub entry: &'a Node,
    /// The libraries that it uses.
    pub libs: Vec<&'a Node>,
    /// The version of all of them.
    pub version: Version,
}

impl<'a> Template<'a> {
    /// Whether an object is a template, in any version.
    pub fn is(node: &Node) -> bool {
        let gvk = gvk(node);
        gvk.group == GROUP && gvk.kind == "ConstraintTemplate"
    }

    /// Reads a template.
    pub fn new(node: &'a Node) -> Result<Self, Fault> {
        if !Self::is(node) {
            return Err(Fault::new(node, "this is no `ConstraintTemplate`"));
        }
        let version = gvk(node).version;
        if !VERSIONS.contains(&version.as_str()) {
            let at = node.get("apiVersion").unwrap_or(node);
            let message = format!("there are no templates of the version `{version}`");
            return Err(Fault::new(at, message).help(format!("there are: {}", VERSIONS.join(", "))));
        }
        let spec = part(node, "spec", "spec")?;
        let crd = spec.map_or(Ok(None), |spec| part(spec, "crd", "spec.crd"))?;
        let crd = crd.map_or(Ok(None), |crd| part(crd, "spec", "spec.crd.spec"))?;
        let names = crd.map_or(Ok(None), |crd| part(crd, "names", "spec.crd.spec.names"))?;
        let kind = names.and_then(|names| get(names, "kind"));
        let kind_text = kind.map_or(Ok(""), |kind| string(kind, "spec.crd.spec.names.kind"))?;
        let targets = spec.and_then(|spec| get(spec, "targets"));
        let target = target(targets, spec.unwrap_or(node))?;
        let Some(kind) = kind.filter(|_| !kind_text.is_empty()) else {
            let at = names.or(crd).or(spec).unwrap_or(node);
            return Err(Fault::new(
                at,
                "a template must have a kind in `spec.crd.spec.names.kind`",
            ));
        };
        if name(node) != kind_text.to_lowercase() {
            let message = format!(
                "the name of a template must be its kind `{kind_text}` in lower case, not `{}`",
                name(node)
            );
            let at = node.at(&["metadata", "name"]).unwrap_or(kind);
            let help = format!("name it `{}`", kind_text.to_lowercase());
            return Err(Fault::new(at, message).help(help));
        }
        let validation = crd.and_then(|crd| get(crd, "validation"));
        if let Some(validation) = validation {
            of_mapping(validation, "spec.crd.spec.validation")?;
        }
        let schema = validation.and_then(|validation| get(validation, "openAPIV3Schema"));
        if let Some(schema) = schema {
            of_mapping(schema, "spec.crd.spec.validation.openAPIV3Schema")?;
        }
        let (rego, native) = code(target)?;
        Ok(Self { node, kind: kind_text, schema, rego, native })
    }

    /// Whether it takes any parameters beside those of its schema, which are the default of the
    /// versions before v1.
    pub fn is_legacy(&self) -> bool {
        let path = ["spec", "crd", "spec", "validation", "legacySchema"];
        let said = self.node.at(&path).and_then(Node::scalar_text);
        said.map_or(gvk(self.node).version != "v1", |said| said == "true")
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        name(self.node)
    }
}

impl<'a> Rego<'a> {
    /// The texts, for the engine.
    pub fn source(&self, name: &'a str) -> Source<'a> {
        let text = |node: &'a Node| node.scalar_text().unwrap_or_default();
        Source {
            name,
            rego: text(self.entry),
            libs: self.libs.iter().map(|lib| text(lib)).collect(),
            version: self.version,
        }
    }

    /// The scalar with a text: the entry is the first.
    pub fn text(&self, number: usize) -> &'a Node {
        let lib = number.checked_sub(1).and_then(|number| self.libs.get(number));
        lib.unwrap_or(&self.entry)
    }
}

/// The part of an object that is a mapping.
fn part<'a>(node: &'a Node, key: &str, path: &str) -> Result<Option<&'a Node>, Fault> {
    let part = get(node, key);
    if let Some(part) = part {
        of_mapping(part, path)?;
    }
    Ok(part)
}

/// The one target.
fn target<'a>(targets: Option<&'a Node>, spec: &'a Node) -> Result<&'a Node, Fault> {
    let list = targets.map_or(Ok(&[][..]), |targets| sequence(targets, "spec.targets"))?;
    let [target] = list else {
        let at = targets.unwrap_or(spec);
        let message = format!("a template must have exactly one target, not {}", list.len());
        return Err(Fault::new(at, message));
    };
    of_mapping(target, "spec.targets[0]")?;
    let Some(name) = get(target, "target") else {
        return Err(Fault::new(target, "`spec.targets[0].target` must name the target")
            .help(format!("write `target: {TARGET}`")));
    };
    let text = string(name, "spec.targets[0].target")?;
    if text != TARGET {
        let message = format!("there is no target `{text}`");
        return Err(Fault::new(name, message).help(format!("the target is `{TARGET}`")));
    }
    Ok(target)
}

/// The code of a target in each engine that has some.
fn code(target: &Node) -> Result<(Option<Rego<'_>>, Option<&Node>), Fault> {
    const CODE: &str = "spec.targets[0].code";
    let (mut rego, mut native, mut unknown) = (None, None, None);
    let list = get(target, "code");
    for (number, one) in list.map_or(Ok(&[][..]), |list| sequence(list, CODE))?.iter().enumerate() {
        let path = format!("{CODE}[{number}]");
        of_mapping(one, &path)?;
        let engine = get(one, "engine");
        let name = engine.map_or(Ok(""), |engine| string(engine, format!("{path}.engine")))?;
        let source = one.get("source").unwrap_or(one);
        match name {
            REGO if rego.is_none() => rego = Some((source, format!("{path}.source"))),
            NATIVE if native.is_none() => {
                of_mapping(source, format!("{path}.source"))?;
                native = Some(source);
            }
            // Only an API server refuses an engine that is there twice; Gatekeeper takes the first.
            REGO | NATIVE => {}
            _ => unknown = unknown.or(Some(engine.unwrap_or(one))),
        }
    }
    // What stands beside `code` takes the place of what stands in it.
    let legacy = get(target, "rego");
    let legacy_text = legacy.map_or(Ok(""), |rego| string(rego, "spec.targets[0].rego"))?;
    let libs = get(target, "libs");
    let legacy_libs = libs.map_or(Ok(&[][..]), |libs| scalars(libs, "spec.targets[0].libs"))?;
    let rego = match (legacy, rego) {
        (Some(entry), _) if !legacy_text.is_empty() => {
            Some(Rego { entry, libs: legacy_libs.iter().collect(), version: Version::V0 })
        }
        (_, Some((source, path))) => Some(rego_source(source, &path)?),
        _ => None,
    };
    if rego.is_some() || native.is_some() {
        return Ok((rego, native));
    }
    let Some(unknown) = unknown else {
        let message = "a template must have code in `spec.targets[0].code`";
        return Err(Fault::new(target, message));
    };
    let name = unknown.as_str().unwrap_or_default();
    let help = did_you_mean(name, [REGO, NATIVE]);
    let help = help.unwrap_or_else(|| format!("the engines are `{REGO}` and `{NATIVE}`"));
    Err(Fault::new(unknown, format!("there is no engine `{name}`")).help(help))
}

fn rego_source<'a>(source: &'a Node, path: &str) -> Result<Rego<'a>, Fault> {
    of_mapping(source, path)?;
    let Some(entry) = get(source, "rego") else {
        return Err(Fault::new(source, format!("`{path}.rego` must be there")));
    };
    string(entry, format!("{path}.rego"))?;
    let version = source.get("version");
    // Gatekeeper takes every other text for `v0`.
    let version = match version.map_or(Ok(""), |one| string(one, format!("{path}.version")))? {
        "v1" => Version::V1,
        _ => Version::V0,
    };
    let libs = source.get("libs");
    let libs = libs.map_or(Ok(&[][..]), |libs| scalars(libs, &format!("{path}.libs")))?;
    Ok(Rego { entry, libs: libs.iter().collect(), version })
}

/// The items of a list of texts.
fn scalars<'a>(node: &'a Node, path: &str) -> Result<&'a [Node], Fault> {
    texts(node, path)?;
    sequence(node, path)
}
