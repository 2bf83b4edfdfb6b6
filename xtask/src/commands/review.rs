//! `review`: what a change does to the rendered tree, as the comment on a pull request.
//!
//! Invariant: what is compared may come from anybody. No link is followed, and nothing of it is
//! more than text in the result.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use anyhow::{Context as _, Result};

use super::{Context, Verdict, context::print, git::Git};
use crate::repository::rendered_directory;

mod markdown;

/// How the differences are asked for.
const DIFFERENCES: &[&str] = &["--raw", "--no-abbrev", "--ignore-submodules", "-z"];

/// What is compared.
const PATHS: &[&str] = &["rendered"];

/// Shows what changes in the rendered tree, as Markdown for a pull request
///
/// The working tree is compared with the newest commit that it has in common with BASE: each object
/// that is added, changed or removed, by environment and application. The result is short enough
/// for a comment, and the values of Secrets are not in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask review origin/main
  cargo xtask review HEAD > comment.md")]
pub(super) struct Args {
    /// A branch, or another revision of git
    base: String,
}

/// A file of the rendered tree, before and after: `None` where it is not there.
#[derive(Debug)]
struct Change {
    env: String,
    app: String,
    file: String,
    before: Option<String>,
    after: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let git = Git::new(&context.root)?;
    let base = git.base(&args.base, "")?;
    let changes = changes(&git, &base, &context.root)?;
    print(&markdown::comment(&changes, &args.base))?;
    Ok(Verdict::Clean)
}

/// The files of the rendered tree that differ, sorted by their path.
fn changes(git: &Git<'_>, base: &str, root: &Path) -> Result<Vec<Change>> {
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    let mut paths: BTreeSet<String> = BTreeSet::new();
    let mut blob = None;
    git.differences(base, DIFFERENCES, PATHS, 0, |field| {
        let field = String::from_utf8_lossy(field);
        // Each file has two fields: `:MODE MODE BLOB BLOB STATE`, and its path.
        let Some(blob) = blob.take() else {
            blob = Some(field.split(' ').nth(2).unwrap_or_default().to_owned());
            return;
        };
        paths.insert(field.clone().into_owned());
        if blob.contains(|digit| digit != '0') {
            before.insert(field.into_owned(), blob);
        }
    })?;
    git.others(PATHS, |path| {
        paths.insert(path);
    })?;
    let mut blobs = git.blobs()?;
    let mut changes = Vec::new();
    for path in paths {
        let Some([env, app, file]) = place(&path) else { continue };
        let before = before.get(&path).map(|blob| blobs.text(blob)).transpose()?;
        let after = text(&rendered_directory(root).join(env).join(app).join(file))?;
        if before != after {
            let [env, app, file] = [env, app, file].map(str::to_owned);
            changes.push(Change { env, app, file, before, after });
        }
    }
    Ok(changes)
}

/// The environment, the application and the rest of the path of a rendered file.
fn place(path: &str) -> Option<[&str; 3]> {
    let (env, rest) = path.strip_prefix("rendered/")?.split_once('/')?;
    let (app, file) = rest.split_once('/')?;
    Some([env, app, file])
}

/// The text of a file; of a link, as in git, where it leads to.
fn text(path: &Path) -> Result<Option<String>> {
    let read = || -> io::Result<Vec<u8>> {
        if fs::symlink_metadata(path)?.is_symlink() {
            return Ok(fs::read_link(path)?.into_os_string().into_encoded_bytes());
        }
        fs::read(path)
    };
    match read() {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("failed to read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_an_application() {
        assert_eq!(place("rendered/dev/web/a.yaml"), Some(["dev", "web", "a.yaml"]));
        assert_eq!(place("rendered/dev/web/b/a.yaml"), Some(["dev", "web", "b/a.yaml"]));
        assert_eq!(place("rendered/dev/README.md"), None);
        assert_eq!(place("base/dev/web/a.yaml"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("secret"), "hunter2").unwrap();
        std::os::unix::fs::symlink("secret", dir.path().join("a.yaml")).unwrap();
        assert_eq!(text(&dir.path().join("a.yaml")).unwrap().as_deref(), Some("secret"));
        assert_eq!(text(&dir.path().join("b.yaml")).unwrap(), None);
    }
}
