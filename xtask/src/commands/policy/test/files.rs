//! Finding suites, and reading what they name.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use crate::{
    policy::suite::{File, GROUP},
    source::{Sources, normalize, read_text},
    yaml::{Dialect, EmitError, parse, to_json},
};

/// How gator says that a directory is searched with all that is below it.
const BELOW: &str = "...";

/// A file that may be a suite.
pub(super) struct Found {
    /// As seen from the current directory, if it is below that.
    pub path: PathBuf,
    pub text: String,
}

/// The files at some paths that may be suites, each once and in order.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    for path in paths {
        let path = if path.ends_with(BELOW) { path.parent().unwrap_or(path) } else { path };
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if path.is_file() {
            files.push(normalize(path));
            continue;
        }
        if !path.is_dir() {
            bail!("there is no file and no directory {}", path.display());
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            let entry = entry.with_context(|| format!("failed to search {}", path.display()))?;
            let extension = entry.path().extension().and_then(|one| one.to_str());
            if entry.file_type().is_file() && matches!(extension, Some("yaml" | "yml")) {
                files.push(normalize(entry.path()));
            }
        }
    }
    let current = env::current_dir().context("failed to find the current directory")?;
    let mut found = Vec::new();
    for path in &mut files {
        if let Ok(below) = path.strip_prefix(&current) {
            *path = below.to_owned();
        }
    }
    files.sort();
    files.dedup();
    for path in files {
        let text =
            read_text(&path).with_context(|| format!("failed to read {}", path.display()))?;
        if text.contains(GROUP) {
            found.push(Found { path, text });
        }
    }
    Ok(found)
}

/// Reads a file that a suite names.
pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<File, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    let id = sources.add(path.to_string_lossy(), text);
    let mut diagnostics = Vec::new();
    let documents = parse(sources, id, Dialect::Resource, &mut diagnostics);
    // What JSON has no place for reaches no policy.
    let unwritable = documents.iter().filter_map(|node| to_json(node, &mut String::new()).err());
    diagnostics.extend(unwritable.map(EmitError::diagnostic));
    Ok(File { documents, diagnostics })
}
