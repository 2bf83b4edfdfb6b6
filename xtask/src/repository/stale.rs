//! How the rendered tree on disk differs from what the overlays build to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{File, rendered_directory};
use crate::source::directories;

/// Which part of the tree is compared.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Every environment, also those that no longer have an overlay.
    All,
    /// These environments.
    Envs(BTreeSet<String>),
}

/// One file that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path below `rendered/`.
    pub path: String,
    /// How it differs.
    pub state: State,
    /// Whether the file is, or was, a Secret, whose values are not shown.
    pub secret: bool,
}

/// How a file differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not there and should hold this text.
    Missing(String),
    /// It holds another text.
    Differs {
        /// The text on disk.
        before: String,
        /// The text it should hold.
        after: String,
    },
    /// It is there with this text, and nothing renders to it.
    Extra(String),
}

/// Compares the tree below `root` with `wanted`, by path. Files that lie directly in `rendered/` or
/// in the directory of an environment are not ours and are left alone.
pub fn compare(
    root: &Path,
    wanted: &BTreeMap<String, File>,
    scope: &Scope,
) -> io::Result<Vec<Change>> {
    let rendered = rendered_directory(root);
    let mut changes: Vec<Change> = wanted
        .par_iter()
        .map(|(path, file)| changed(&rendered, path, file))
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    for path in present(&rendered, scope)? {
        if !wanted.contains_key(&path) {
            let before = text(&rendered.join(&path))?.unwrap_or_default();
            let secret = is_secret(&before);
            changes.push(Change { path, state: State::Extra(before), secret });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn changed(rendered: &Path, path: &str, file: &File) -> io::Result<Option<Change>> {
    let (path, after) = (path.to_owned(), file.text.clone());
    Ok(match text(&rendered.join(&path))? {
        Some(before) if before == after => None,
        Some(before) => {
            let secret = file.secret || is_secret(&before);
            Some(Change { path, state: State::Differs { before, after }, secret })
        }
        None => Some(Change { path, state: State::Missing(after), secret: file.secret }),
    })
}

/// Every file in `rendered/<env>/<app>/`.
fn present(rendered: &Path, scope: &Scope) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for env in directories(rendered)? {
        if matches!(scope, Scope::Envs(envs) if !envs.contains(&env)) {
            continue;
        }
        for app in directories(&rendered.join(&env))? {
            let dir = rendered.join(&env).join(&app);
            for entry in WalkDir::new(&dir).sort_by_file_name() {
                let entry = entry?;
                if entry.file_type().is_dir() {
                    continue;
                }
                let below = entry.path().strip_prefix(rendered).unwrap_or(entry.path());
                let below = below.to_str().ok_or_else(|| {
                    let message = format!("the name of {} is not UTF-8", below.display());
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })?;
                paths.push(below.to_owned());
            }
        }
    }
    Ok(paths)
}

/// The text of a file; `None` if there is none. What is no regular file, a link for example, has
/// a text that no rendered file has, so that it counts as different.
fn text(path: &Path) -> io::Result<Option<String>> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("failed to read {}: {error}", path.display()))
    };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            let bytes = fs::read(path).map_err(named)?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Ok(_) => Ok(Some(String::new())),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(named(error)),
    }
}

/// Whether a text that was found on disk may hold a Secret; a guess on the safe side.
fn is_secret(text: &str) -> bool {
    text.lines().any(|line| line.contains("kind") && line.contains("Secret"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { text: text.to_owned(), secret: false }
    }

    #[test]
    fn missing_different_and_extra_files_are_found() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join("rendered").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("README.md", "not ours");
        write("dev/README.md", "not ours");
        write("dev/web/same.yaml", "a");
        write("dev/web/other.yaml", "a");
        write("dev/gone/old.yaml", "kind: Secret");
        write("old/web/x.yaml", "a");
        let wanted = BTreeMap::from(
            [("dev/web/same.yaml", "a"), ("dev/web/other.yaml", "b"), ("dev/web/new.yaml", "c")]
                .map(|(path, text)| (path.to_owned(), file(text))),
        );
        let state = |scope| {
            let changes = compare(root.path(), &wanted, &scope).unwrap();
            changes.into_iter().map(|one| (one.path, one.state, one.secret)).collect::<Vec<_>>()
        };
        let differs = State::Differs { before: "a".into(), after: "b".into() };
        let mut expected = vec![
            ("dev/gone/old.yaml".to_owned(), State::Extra("kind: Secret".into()), true),
            ("dev/web/new.yaml".to_owned(), State::Missing("c".into()), false),
            ("dev/web/other.yaml".to_owned(), differs, false),
        ];
        assert_eq!(state(Scope::Envs(["dev".to_owned()].into())), expected);
        expected.push(("old/web/x.yaml".to_owned(), State::Extra("a".into()), false));
        assert_eq!(state(Scope::All), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_a_file_is_different() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("rendered/dev/web");
        fs::create_dir_all(&dir).unwrap();
        fs::write(root.path().join("x"), "a").unwrap();
        std::os::unix::fs::symlink(root.path().join("x"), dir.join("x.yaml")).unwrap();
        let wanted = BTreeMap::from([("dev/web/x.yaml".to_owned(), file("a"))]);
        assert_eq!(compare(root.path(), &wanted, &Scope::All).unwrap().len(), 1);
    }
}
