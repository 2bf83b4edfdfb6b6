//! Finding suites, and reading what they name.

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    commands::reading,
    policy::suite::{File, GROUP},
    resource::{hide_broken_secrets, hide_secrets},
    source::{FileError, Sources, normalize, read_text},
    yaml::{Dialect, EmitError, parse, to_json},
};

/// How gator says that a directory is searched with all that is below it.
const BELOW: &str = "...";

/// A file that may be a suite.
pub(super) struct Found {
    /// As seen from the current directory, if it is below that.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Result<Vec<u8>, FileError>,
}

/// The files at some paths that may be suites, each once and in order.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut files = BTreeSet::new();
    let current = env::current_dir().context("failed to find the current directory")?;
    for path in paths {
        let path = if path.ends_with(BELOW) { path.parent().unwrap_or(path) } else { path };
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if !path.exists() {
            bail!("there is no file and no directory {}", path.display());
        }
        for (path, _) in reading::yaml_files(path) {
            let path = normalize(&path);
            files.insert(path.strip_prefix(&current).map(Path::to_owned).unwrap_or(path));
        }
    }
    let found = files.into_iter().map(|path| Found { bytes: reading::read(&path), path });
    Ok(found.filter(Found::may_be_suite).collect())
}

impl Found {
    /// Whether it may be one; what that cannot be told of may be.
    fn may_be_suite(&self) -> bool {
        let text = self.bytes.as_ref().ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.is_none_or(|text| text.contains(GROUP))
    }
}

/// Reads a file that a suite names.
pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<File, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    let id = sources.add(path.to_string_lossy(), text);
    let mut diagnostics = Vec::new();
    let documents = parse(sources, id, Dialect::Resource, &mut diagnostics);
    hide_broken_secrets(sources, &diagnostics);
    for document in &documents {
        hide_secrets(sources, document);
    }
    // What JSON has no place for reaches no policy.
    let unwritable = documents.iter().filter_map(|node| to_json(node, &mut String::new()).err());
    diagnostics.extend(unwritable.map(EmitError::diagnostic));
    Ok(File { documents, diagnostics })
}
