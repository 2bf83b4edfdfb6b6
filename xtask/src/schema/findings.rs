//! What is wrong with one object, told once for all versions in which it is.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::{bundle::Bundle, version::Versions};
use crate::{
    diag::{Code, Diagnostic, Severity, codes},
    source::Span,
};

/// More findings in one object than a person reads; a generated file can have thousands.
pub(super) const LIMIT: usize = 200;

/// The findings of one object so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: IndexMap<Key, Rest>,
}

/// Two findings that agree in this are the same one, seen in two versions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    primary: Span,
    code: Code,
    message: Cow<'static, str>,
}

#[derive(Debug)]
struct Rest {
    severity: Severity,
    versions: Versions,
    /// Whether the message says since when it is so.
    is_dated: bool,
    help: Option<String>,
    related: Vec<(Span, String)>,
}

impl Findings {
    /// Adds what is wrong in some versions.
    pub fn add(&mut self, diagnostic: Diagnostic, versions: Versions) {
        self.insert(diagnostic, versions, false);
    }

    /// Adds what is wrong since a version that the message names.
    pub fn add_dated(&mut self, diagnostic: Diagnostic, versions: Versions) {
        self.insert(diagnostic, versions, true);
    }

    fn insert(&mut self, diagnostic: Diagnostic, versions: Versions, is_dated: bool) {
        let Diagnostic { code, severity, message, primary, related, help } = diagnostic;
        let full = self.is_full();
        let key = Key { primary, code, message };
        match self.all.get_mut(&key) {
            Some(rest) => rest.versions = rest.versions.or(versions),
            None if full => {}
            None => {
                self.all.insert(key, Rest { severity, versions, is_dated, help, related });
            }
        }
    }

    /// Whether more would not be told.
    pub fn is_full(&self) -> bool {
        self.all.len() >= LIMIT
    }

    /// Whether rules say nothing of the object: the server does not look at them where a value is not
    /// what its schema says.
    ///
    /// Source: `hasBlockingErr` of `apiextensions-apiserver/pkg/registry/customresource/strategy.go`.
    pub fn is_in_the_way_of_rules(&self) -> bool {
        const BLOCKING: &[Code] = &[
            codes::SCHEMA_ENUM,
            codes::SCHEMA_FORBIDDEN,
            codes::SCHEMA_LENGTH,
            codes::SCHEMA_MISSING_FIELD,
            codes::SCHEMA_TYPE,
            codes::SCHEMA_UNKNOWN_FIELD,
        ];
        self.is_full() || self.all.keys().any(|key| BLOCKING.contains(&key.code))
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The diagnostics. What is wrong in some of the versions that were asked for only says in
    /// which.
    pub fn finish(self, bundle: &Bundle, asked: Versions, out: &mut Vec<Diagnostic>) {
        for (Key { primary, code, message }, rest) in self.all {
            let message = if rest.versions == asked || rest.is_dated {
                message
            } else {
                Cow::Owned(format!("{message} in Kubernetes {}", names(bundle, rest.versions)))
            };
            let Rest { severity, help, related, .. } = rest;
            out.push(Diagnostic { code, severity, message, primary, related, help });
        }
    }
}

/// `1.33`, `1.33 and 1.34`, `1.33 to 1.35`.
pub(super) fn names(bundle: &Bundle, versions: Versions) -> String {
    let all: Vec<_> = versions.iter().collect();
    let name = |at: usize| all.get(at).map_or("", |version| bundle.version_name(*version));
    let last = all.len().saturating_sub(1);
    let is_run = all.first().zip(all.last()).is_some_and(|(a, b)| usize::from(b.0 - a.0) == last);
    match all.len() {
        0 | 1 => name(0).to_owned(),
        2 => format!("{} and {}", name(0), name(1)),
        _ if is_run => format!("{} to {}", name(0), name(last)),
        _ => {
            let names: Vec<_> = all.iter().map(|version| bundle.version_name(*version)).collect();
            names.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::version::Version;

    #[test]
    fn versions_are_named_shortly() {
        let bundle = Bundle::built_in();
        let set =
            |bits: &[u8]| bits.iter().fold(Versions::NONE, |all, bit| all.with(Version(*bit)));
        assert_eq!(names(bundle, set(&[1])), "1.34");
        assert_eq!(names(bundle, set(&[1, 3])), "1.34 and 1.36");
        assert_eq!(names(bundle, set(&[1, 2, 3])), "1.34 to 1.36");
        assert_eq!(names(bundle, set(&[0, 2, 3])), "1.33, 1.35, 1.36");
    }

    #[test]
    fn a_fault_of_several_versions_is_told_once() {
        let bundle = Bundle::built_in();
        let (one, two) = (Versions::NONE.with(Version(0)), Versions::NONE.with(Version(1)));
        let span = Span::start_of(crate::source::Sources::default().add("a.yaml", ""));
        let wrong = || Diagnostic::error(codes::YAML_SYNTAX, "wrong", span);
        let told = |asked| {
            let mut findings = Findings::default();
            findings.add(wrong(), one);
            findings.add(wrong(), two);
            let mut out = Vec::new();
            findings.finish(bundle, asked, &mut out);
            assert_eq!(out.len(), 1);
            out.remove(0).message.into_owned()
        };
        assert_eq!(told(one.or(two)), "wrong");
        assert_eq!(told(bundle.all_versions()), "wrong in Kubernetes 1.33 and 1.34");
    }
}
