//! `xtask.toml`, at the root of a repository: what it says about how it is checked.
//!
//! Invariant: reading is total. A wrong entry is a diagnostic at its place and counts as if it were
//! not there; the others hold. Nothing here knows Kubernetes: whether a version or an environment
//! exists is for the caller to say.

use std::{collections::BTreeMap, path::Path};

use crate::{
    diag::{Code, Diagnostic, Finding},
    source::{FileError, Sources, Span, read_text},
};

mod pattern;
mod read;

pub use pattern::{Pattern, PatternError};

/// The name of the file.
pub const FILE: &str = "xtask.toml";

/// What a repository says about how it is checked.
#[derive(Debug, Default)]
pub struct Config {
    /// The versions of Kubernetes to check for; without any, all that are known.
    pub kubernetes_versions: Vec<Setting<String>>,
    /// The findings that are known and accepted.
    pub suppressions: Vec<Suppression>,
    /// The objects that something outside of the repository makes.
    pub externals: Vec<External>,
    /// What is said of images.
    pub images: Vec<Image>,
    /// What is said of an environment, by its name.
    pub environments: BTreeMap<String, Setting<Environment>>,
}

/// A value with the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

/// A `[[suppress]]` entry: findings that are known and accepted.
#[derive(Debug)]
pub struct Suppression {
    /// Their rule.
    pub code: Code,
    /// What the path of their first place is like.
    pub path: Option<Pattern>,
    /// What their message contains.
    pub contains: Option<String>,
    /// Why they are accepted.
    pub reason: String,
    /// Where the code is written.
    pub span: Span,
}

/// An `[[external]]` entry: objects that something outside of the repository makes.
#[derive(Debug)]
pub struct External {
    /// Their kind.
    pub kind: String,
    /// Their `apiVersion`; none stands for any.
    pub api_version: Option<String>,
    /// Their namespace; none stands for any, and for a kind without namespaces.
    pub namespace: Option<String>,
    /// Their name, in which `*` stands for any characters.
    pub name: String,
    /// The keys of their data; none says nothing about them.
    pub keys: Vec<String>,
    /// The environments that they are in; none stands for all.
    pub environments: Vec<Setting<String>>,
    /// What makes them.
    pub reason: String,
    /// Where the name is written.
    pub span: Span,
}

/// An `[[image]]` entry: an image that no pod of the repository names, or why one has no digest.
#[derive(Debug)]
pub struct Image {
    /// Its name with the registry, without tag and digest.
    pub name: Setting<String>,
    /// The object that names it in other fields than those of a pod, as `Kind/name`.
    pub object: Option<Setting<String>>,
    /// The field of the object with the tag, which may have the digest after it.
    pub tag: Option<Setting<String>>,
    /// The field of the object with the digest.
    pub digest: Option<Setting<String>>,
    /// Why it has no digest.
    pub reason: Option<String>,
}

/// What is said of an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Whether it is production; none leaves that to its name.
    pub production: Option<bool>,
}

impl Config {
    /// The configuration of the repository at `root`, which need not have any. What is wrong with it
    /// is added to `out`.
    pub fn load(
        root: &Path,
        sources: &mut Sources,
        out: &mut Vec<Diagnostic>,
    ) -> Result<Self, FileError> {
        match read_text(&root.join(FILE)) {
            Ok(text) => Ok(Self::read(text, sources, out)),
            Err(FileError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }

    /// The configuration that a text is.
    pub fn read(text: String, sources: &mut Sources, out: &mut Vec<Diagnostic>) -> Self {
        let source = sources.add(FILE, text);
        read::read(&sources.get(source).text, source, out)
    }
}

impl Suppression {
    /// Whether it accepts a finding, whose first place is in the file `path` of the repository; none
    /// if it is in another place.
    pub fn accepts(&self, finding: &Finding, path: Option<&str>) -> bool {
        finding.code == self.code
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| path.is_some_and(|path| pattern.matches(path)))
            && self.contains.as_ref().is_none_or(|text| finding.message.contains(text))
    }
}

#[cfg(test)]
mod tests;
