//! The built-in kinds of all Kubernetes versions, out of the binary.
//!
//! A definition or a kind is read from its JSON when it is first needed, and then kept: an object
//! needs a few dozen of some hundreds.

use std::sync::OnceLock;

use super::{
    deprecation::Deprecation,
    model::{KindEntry, Schema},
    packed,
    version::{Minor, Version, Versions},
};
use crate::yaml::Text;

/// What `build.rs` wrote; its documentation has the format.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kubernetes.deflate"));

/// A definition or a kind, in the form that it has in some versions.
#[derive(Debug)]
struct Line<T> {
    name: &'static str,
    versions: Versions,
    json: &'static str,
    value: OnceLock<T>,
}

/// The bundles of all versions.
#[derive(Debug)]
pub(super) struct Bundle {
    versions: Vec<(&'static str, Minor)>,
    /// By name, then by versions.
    definitions: Vec<Line<Schema>>,
    kinds: Vec<Line<KindEntry>>,
    /// By kind.
    deprecations: Vec<Deprecation>,
}

/// A definition in the form that it has in some versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant<'a> {
    pub versions: Versions,
    pub schema: &'a Schema,
}

impl Bundle {
    /// The bundles that are built in, unpacked once.
    pub fn built_in() -> &'static Self {
        static BUNDLE: OnceLock<Bundle> = OnceLock::new();
        BUNDLE.get_or_init(|| Self::read(packed::text(COMPRESSED)))
    }

    fn read(text: &'static str) -> Self {
        let mut bundle = Self {
            versions: Vec::new(),
            definitions: Vec::new(),
            kinds: Vec::new(),
            deprecations: Vec::new(),
        };
        for line in text.lines() {
            match line.split_once('\t') {
                None => {
                    let minor = Minor::parse(line).expect("a bundle is of a version");
                    bundle.versions.push((line, minor));
                }
                Some(("x", row)) => {
                    bundle.deprecations.push(Deprecation::read(row).expect("a row of five fields"));
                }
                Some((section, rest)) => {
                    let mut fields = rest.splitn(3, '\t');
                    let mut next = || fields.next().expect("a line has four fields");
                    let (name, mask, json) = (next(), next(), next());
                    let versions = Versions(mask.parse().expect("a set of versions is a number"));
                    if section == "k" {
                        bundle.kinds.push(Line::new(name, versions, json));
                    } else {
                        bundle.definitions.push(Line::new(name, versions, json));
                    }
                }
            }
        }
        bundle.deprecations.sort_by_key(|one| one.kind);
        bundle
    }

    /// The versions that there are bundles for.
    pub fn all_versions(&self) -> Versions {
        Versions::first(self.versions.len())
    }

    /// The version of this name.
    pub fn version(&self, name: &str) -> Option<Version> {
        let at = self.versions.iter().position(|(one, _)| *one == name)?;
        u8::try_from(at).ok().map(Version)
    }

    /// The name of a version.
    pub fn version_name(&self, version: Version) -> &'static str {
        self.versions.get(usize::from(version.0)).map_or("", |(name, _)| name)
    }

    /// A version as numbers.
    pub fn minor(&self, version: Version) -> Option<Minor> {
        self.versions.get(usize::from(version.0)).map(|(_, minor)| *minor)
    }

    /// What is known of a kind that was served once or will not be for long.
    pub fn deprecation(&self, kind: &str) -> Option<&Deprecation> {
        let at = self.deprecations.partition_point(|one| one.kind < kind);
        self.deprecations.get(at).filter(|one| one.kind == kind)
    }

    /// The forms of a kind in some versions. `name` is `apps/v1/Deployment`.
    pub fn kind(
        &self,
        name: &str,
        versions: Versions,
    ) -> impl Iterator<Item = (Versions, &KindEntry)> {
        forms_of(&self.kinds, name, versions, |json| serde_json::from_str(json))
    }

    /// Every kind of some versions.
    pub fn kind_names(&self, versions: Versions) -> impl Iterator<Item = &'static str> {
        let lines = self.kinds.iter();
        lines.filter(move |line| !line.versions.and(versions).is_empty()).map(|line| line.name)
    }

    /// The forms of a definition in some versions.
    pub fn definition(
        &self,
        name: &Text,
        versions: Versions,
    ) -> impl Iterator<Item = Variant<'_>> + Clone {
        forms_of(&self.definitions, name, versions, Schema::parse)
            .map(|(versions, schema)| Variant { versions, schema })
    }
}

impl<T> Line<T> {
    fn new(name: &'static str, versions: Versions, json: &'static str) -> Self {
        Self { name, versions, json, value: OnceLock::new() }
    }

    fn value(&self, read: fn(&str) -> serde_json::Result<T>) -> &T {
        self.value.get_or_init(|| match read(self.json) {
            Ok(value) => value,
            Err(error) => unreachable!("{}: {error}", self.name),
        })
    }
}

/// What the lines of one name say for some versions.
fn forms_of<'a, T>(
    lines: &'a [Line<T>],
    name: &str,
    versions: Versions,
    read: fn(&str) -> serde_json::Result<T>,
) -> impl Iterator<Item = (Versions, &'a T)> + Clone + use<'a, T> {
    lines_of(lines, name).iter().filter_map(move |line| {
        let common = line.versions.and(versions);
        (!common.is_empty()).then(|| (common, line.value(read)))
    })
}

/// The lines of one name.
fn lines_of<'a, T>(lines: &'a [Line<T>], name: &str) -> &'a [Line<T>] {
    let start = lines.partition_point(|line| line.name < name);
    let rest = lines.get(start..).unwrap_or_default();
    let count = rest.iter().take_while(|line| line.name == name).count();
    rest.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_can_be_read_and_refers_to_what_there_is() {
        let bundle = Bundle::built_in();
        let all = bundle.all_versions();
        assert!(all.len() >= 5);
        for line in &bundle.definitions {
            let mut references = Vec::new();
            collect(line.value(Schema::parse), &mut references);
            for name in references {
                let found = bundle.definition(&name, line.versions);
                let covered = found.fold(Versions::NONE, |all, one| all.or(one.versions));
                assert_eq!(covered, line.versions, "{} refers to {name}", line.name);
            }
        }
        for line in &bundle.kinds {
            for (versions, entry) in bundle.kind(line.name, all) {
                assert!(bundle.definition(&entry.definition, versions).next().is_some());
                if let Some(name) = &entry.name {
                    assert!(super::super::formats::Format::named(name).is_some(), "{name}");
                }
            }
        }
    }

    fn collect(schema: &Schema, out: &mut Vec<Text>) {
        out.extend(schema.reference.clone());
        schema.properties.iter().for_each(|(_, schema)| collect(schema, out));
        schema.items.iter().for_each(|schema| collect(schema, out));
        schema.alternatives.iter().for_each(|(_, schema)| collect(schema, out));
        if let super::super::model::Additional::Schema(schema) = &schema.additional {
            collect(schema, out);
        }
    }

    #[test]
    fn a_version_has_a_name() {
        let bundle = Bundle::built_in();
        let version = bundle.version("1.36").unwrap();
        assert_eq!(bundle.version_name(version), "1.36");
        assert_eq!(bundle.version("1.2"), None);
        let kind = bundle.kind("apps/v1/Deployment", Versions::NONE.with(version));
        assert_eq!(kind.count(), 1);
    }
}
