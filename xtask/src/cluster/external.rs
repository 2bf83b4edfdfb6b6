//! Objects that are in a cluster although nothing here makes them.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{config, resource::Gvk};

/// An object that is declared to be made by something else: a person, an operator, the cloud.
#[derive(Debug, Default)]
pub struct External {
    /// Its kind.
    pub kind: String,
    /// Its group; `None` stands for any.
    pub group: Option<String>,
    /// Its namespace; `None` stands for any, and for a kind without namespaces.
    pub namespace: Option<String>,
    /// Its name, in which `*` stands for any characters.
    pub name: String,
    /// The keys of its data; none says nothing about them.
    pub keys: Vec<String>,
    /// The environments that it is in; none stands for all.
    pub environments: Vec<String>,
    used: AtomicBool,
}

impl External {
    /// What an entry of the configuration declares.
    pub fn new(entry: &config::External) -> Self {
        let group = entry.api_version.as_deref();
        Self {
            kind: entry.kind.clone(),
            group: group.map(|version| Gvk::new(version, "").group.to_string()),
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
            keys: entry.keys.clone(),
            environments: entry.environments.iter().map(|one| one.value.clone()).collect(),
            used: AtomicBool::default(),
        }
    }

    /// Whether it is the object of this identity, which is remembered.
    pub(super) fn is(
        &self,
        environment: &str,
        (group, kind): (&str, &str),
        namespace: &str,
        name: &str,
    ) -> bool {
        let is = self.kind == kind
            && self.group.as_ref().is_none_or(|one| one == group)
            && self.namespace.as_ref().is_none_or(|one| one == namespace)
            && (self.environments.is_empty()
                || self.environments.iter().any(|one| one == environment))
            && is_like(name, &self.name);
        if is {
            self.used.store(true, Ordering::Relaxed);
        }
        is
    }

    /// Whether anything has asked for it.
    pub fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// Whether a text is like a pattern, in which `*` stands for any characters.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = rest.get(at + before.len()..).unwrap_or_default();
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (text, pattern) in [
            ("web", "web"),
            ("web", "*"),
            ("web-tls", "*-tls"),
            ("web-a-tls", "web-*-tls"),
            ("aXbXc", "a*b*c"),
            ("", ""),
        ] {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in
            [("web", "we"), ("web", "eb"), ("ab", "ab*b"), ("web-tls", "*-tl"), ("", "a")]
        {
            assert!(!is_like(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn an_object_is_known_by_what_is_said_of_it() {
        let secret = External {
            kind: "Secret".into(),
            namespace: Some("shop".into()),
            name: "db-*".into(),
            environments: vec!["prod".into()],
            ..External::default()
        };
        assert!(!secret.is("prod", ("", "Secret"), "other", "db-a"));
        assert!(!secret.is("dev", ("", "Secret"), "shop", "db-a"));
        assert!(!secret.is("prod", ("", "ConfigMap"), "shop", "db-a"));
        assert!(!secret.is_used());
        assert!(secret.is("prod", ("", "Secret"), "shop", "db-a"));
        assert!(secret.is_used());
    }
}
