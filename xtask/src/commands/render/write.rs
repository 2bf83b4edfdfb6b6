//! Brings the rendered tree up to date in one step.
//!
//! The new content is made beside the tree, in a directory of the repository: unchanged files are
//! links to the old ones, so that they keep their identity and time. Then one call of the system
//! exchanges the old directory and the new one. Whatever fails before it, and a kill at any
//! moment, leaves the old tree; there is no moment at which a reader sees a part of each. Only the
//! smallest directory that holds all changes is exchanged, and a single file is replaced on its own,
//! so that a shell or an editor that is inside the tree rarely notices.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use crate::repository::{Change, State, rendered_directory};

/// How the name of a staging directory begins; `.gitignore` names it.
const STAGE: &str = ".rendered-";

/// Does something to a path, which the words before it name if it fails.
type Act<'a> = &'a dyn Fn(&str, &Path, &dyn Fn() -> io::Result<()>) -> Result<()>;

/// Called before each change to the disk with what is done to which path; a test lets it fail.
type Probe<'a> = &'a dyn Fn(&str, &Path) -> io::Result<()>;

/// Keeps other renderings of the same repository out until it is dropped. Where the file system has
/// no locks, everyone is let in.
pub(super) fn lock(root: &Path) -> Option<File> {
    let handle = File::open(root).ok()?;
    handle.lock().ok()?;
    Some(handle)
}

/// Makes `changes` to the rendered tree of the repository at `root`; the caller holds the lock.
pub(super) fn apply(root: &Path, changes: &[Change]) -> Result<()> {
    remove_leftovers(root);
    apply_with(root, changes, &|_, _| Ok(()))
}

/// Staging directories of renderings that were killed.
fn remove_leftovers(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGE) {
            // It is only in the way; the rendering itself does not need it gone.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn apply_with(root: &Path, changes: &[Change], probe: Probe<'_>) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let rendered = rendered_directory(root);
    // A link to the tree stays a link.
    let rendered = fs::canonicalize(&rendered).unwrap_or(rendered);
    refuse_read_only(&rendered, changes)?;
    let place = rendered.parent().unwrap_or(root);
    let act = |what: &str, path: &Path, action: &dyn Fn() -> io::Result<()>| {
        probe(what, path)
            .and_then(|()| action())
            .with_context(|| format!("{what} {}", path.display()))
    };
    probe("create a directory in", place)
        .with_context(|| format!("create a directory in {}", place.display()))?;
    let stage = tempfile::Builder::new()
        .prefix(STAGE)
        .tempdir_in(place)
        .with_context(|| format!("create a directory in {}", place.display()))?;

    if let [Change { path, state: State::Differs { after, .. }, .. }] = changes {
        let (staged, target) = (stage.path().join("file"), rendered.join(path));
        act("write", &target, &|| fs::write(&staged, after))?;
        return act("replace", &target, &|| fs::rename(&staged, &target));
    }

    let scope = scope(&rendered, changes);
    let old = rendered.join(&scope);
    let new = stage.path().join("new");
    let texts: BTreeMap<PathBuf, &State> = changes
        .iter()
        .filter_map(|change| {
            let below = Path::new(&change.path).strip_prefix(&scope).ok()?;
            Some((below.to_path_buf(), &change.state))
        })
        .collect();
    act("create", &new, &|| fs::create_dir(&new))?;
    link_unchanged(&old, &new, &texts, &act)?;
    for (below, state) in &texts {
        let (State::Missing(text) | State::Differs { after: text, .. }) = state else { continue };
        let path = new.join(below);
        if let Some(parent) = path.parent() {
            act("create", parent, &|| fs::create_dir_all(parent))?;
        }
        act("write", &path, &|| fs::write(&path, text))?;
    }
    if old.exists() {
        act("exchange", &old, &|| exchange(&new, &old, stage.path()))?;
    } else {
        act("exchange", &old, &|| fs::rename(&new, &old))?;
    }
    // What is left there is the old content; it is in nobody's way if it cannot be removed now.
    drop(stage);
    Ok(())
}

/// What protects a directory from changes protects it from being replaced as well.
fn refuse_read_only(rendered: &Path, changes: &[Change]) -> Result<()> {
    for change in changes {
        let path = rendered.join(&change.path);
        let existing = path.ancestors().skip(1).find_map(|dir| Some((dir, dir.metadata().ok()?)));
        if let Some((dir, metadata)) = existing
            && metadata.permissions().readonly()
        {
            bail!("{} is read-only", dir.display());
        }
    }
    Ok(())
}

/// The smallest directory, below `rendered`, that holds all changes, exists, and will hold a file.
fn scope(rendered: &Path, changes: &[Change]) -> PathBuf {
    let parent = |path: &str| Path::new(path).parent().map(Path::to_path_buf).unwrap_or_default();
    let mut scope = changes.first().map(|change| parent(&change.path)).unwrap_or_default();
    let gone = |path: &Path| {
        let removed = changes.iter().any(|change| {
            Path::new(&change.path) == path && matches!(change.state, State::Extra(_))
        });
        removed || path.as_os_str().is_empty()
    };
    let fits = |scope: &Path| {
        let dir = rendered.join(scope);
        let stays = |entry: walkdir::DirEntry| {
            let below = entry.path().strip_prefix(rendered).unwrap_or(Path::new(""));
            !entry.file_type().is_dir() && !gone(below)
        };
        changes.iter().all(|change| Path::new(&change.path).starts_with(scope))
            && fs::symlink_metadata(&dir).is_ok_and(|metadata| metadata.is_dir())
            && (changes.iter().any(|change| !matches!(change.state, State::Extra(_)))
                || WalkDir::new(&dir).into_iter().flatten().any(stays))
    };
    while !scope.as_os_str().is_empty() && !fits(&scope) {
        scope.pop();
    }
    scope
}

/// Links every file of `old` that is not among `texts` into `new`.
fn link_unchanged(
    old: &Path,
    new: &Path,
    texts: &BTreeMap<PathBuf, &State>,
    act: Act<'_>,
) -> Result<()> {
    if !old.exists() {
        return Ok(());
    }
    for entry in WalkDir::new(old).min_depth(1) {
        let entry = entry.with_context(|| format!("read {}", old.display()))?;
        let below = entry.path().strip_prefix(old).context("a walk leaves its directory")?;
        if entry.file_type().is_dir() || texts.contains_key(below) {
            continue;
        }
        // A new file takes the place of what was a directory, or the other way round.
        let replaced = |path: &PathBuf| path.starts_with(below) || below.starts_with(path);
        if texts.iter().any(|(path, state)| !matches!(state, State::Extra(_)) && replaced(path)) {
            continue;
        }
        let target = new.join(below);
        if let Some(parent) = target.parent() {
            act("create", parent, &|| fs::create_dir_all(parent))?;
        }
        act("link", entry.path(), &|| {
            fs::hard_link(entry.path(), &target)
                // Some file systems have no links.
                .or_else(|_| fs::copy(entry.path(), &target).map(drop))
        })?;
    }
    Ok(())
}

/// Exchanges two directories, at once where the system can do that.
fn exchange(new: &Path, old: &Path, stage: &Path) -> io::Result<()> {
    fs::set_permissions(new, fs::metadata(old)?.permissions())?;
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    // Some network and layered file systems cannot: then the old directory is put back on failure.
    let aside = stage.join("old");
    fs::rename(old, &aside)?;
    fs::rename(new, old).inspect_err(|_| {
        let _ = fs::rename(&aside, old);
    })
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
