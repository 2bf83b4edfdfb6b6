//! The environment that a build is of, as its templates see it: its name and its applications.
//!
//! Invariant: a directory `overlays/<env>/<app>` with a kustomization is an application, and
//! nothing else says so. Where a name comes from is that directory.

use std::{io, path::Path};

use super::{context::Context, loader::FILE_NAMES};
use crate::{
    source::{OriginId, Span, directories},
    yaml::{Node, Value},
};

/// The directory that holds the environments.
pub const OVERLAYS: &str = "overlays";

/// The directory of the environment that an overlay belongs to: `overlays/<env>` of
/// `overlays/<env>/<app>`.
pub(super) fn environment(dir: &Path) -> Option<&Path> {
    let environment = dir.parent()?;
    (environment.parent()?.file_name()? == OVERLAYS).then_some(environment)
}

/// The names of the applications of an environment, sorted.
pub fn applications(environment: &Path) -> io::Result<Vec<String>> {
    let mut names = directories(environment)?;
    names.retain(|app| {
        let dir = environment.join(app);
        FILE_NAMES.iter().any(|name| dir.join(name).is_file())
    });
    Ok(names)
}

impl Context<'_> {
    /// What templates see of an environment: `{name, apps}`. Each name is the text of a source of
    /// its own, which is named as its directory.
    pub(super) fn environment_node(&mut self, directory: &Path) -> io::Result<Node> {
        let apps = applications(directory)?;
        let name = self.name_of(directory);
        let span = name.span;
        let apps = apps.iter().map(|app| self.name_of(&directory.join(app))).collect();
        let mut node = Node::mapping(span, OriginId::NONE);
        if let Some(map) = node.as_mapping_mut() {
            map.push("name", span, name);
            map.push(
                "apps",
                span,
                Node::new(Value::Sequence(apps), Span { end: span.start, ..span }),
            );
        }
        Ok(node)
    }

    fn name_of(&mut self, directory: &Path) -> Node {
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = self.sources.add(self.show(directory), name.as_str());
        Node::string(name, self.sources.whole(source), OriginId::NONE)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_application_is_a_directory_with_a_kustomization() {
        let root = tempfile::tempdir().unwrap();
        for (app, file) in [("web", "kustomization.yaml"), ("db", "Kustomization"), ("notes", "x")]
        {
            fs::create_dir_all(root.path().join(app)).unwrap();
            fs::write(root.path().join(app).join(file), "").unwrap();
        }
        fs::write(root.path().join("values.yaml"), "").unwrap();
        assert_eq!(applications(root.path()).unwrap(), ["db", "web"]);
        assert!(applications(&root.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn an_environment_is_directly_in_overlays() {
        let of = |dir| environment(Path::new(dir));
        assert_eq!(of("/r/overlays/prod/web"), Some(Path::new("/r/overlays/prod")));
        assert_eq!(of("/r/overlays/prod/web/part"), None);
        assert_eq!(of("/r/base/web"), None);
    }
}
