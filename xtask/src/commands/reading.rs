//! Reading the files that a command finds. One that cannot be read is a diagnostic, and keeps no
//! other file from being looked at.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use crate::{
    diag::{Diagnostic, codes},
    source::{FileError, Sources, Span, read_bytes},
};

/// The YAML files at a path and below it, in order, with how deep each lies. The path itself is taken
/// whatever its name is. What is not a regular file, and a directory that cannot be listed, is
/// among them: reading it says why it gives no text.
pub(super) fn yaml_files(path: &Path) -> Vec<(PathBuf, usize)> {
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.path().is_dir() => {}
            Ok(entry) if entry.depth() > 0 && !is_yaml(entry.path()) => {}
            Ok(entry) => {
                let depth = entry.depth();
                files.push((entry.into_path(), depth));
            }
            Err(error) => {
                files.push((error.path().unwrap_or(path).to_owned(), error.depth()));
            }
        }
    }
    files
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The bytes of a regular file; of a directory the reason why it cannot be listed.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    if path.is_dir() {
        return Err(fs::read_dir(path).err().map_or(FileError::NotAFile, FileError::Io));
    }
    read_bytes(path)
}

/// The text of what was read under a name. If it is none, that is reported where the text ends.
pub(super) fn text(
    name: &str,
    bytes: Result<Vec<u8>, FileError>,
    sources: &mut Sources,
    out: &mut Vec<Diagnostic>,
) -> Option<String> {
    let (error, prefix) = match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => return Some(text),
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to();
            let prefix = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default());
            (FileError::NotUtf8(at), prefix.into_owned())
        }
        Err(error) => (error, String::new()),
    };
    let end = u32::try_from(prefix.len()).unwrap_or(u32::MAX);
    let source = sources.add(name, prefix);
    let message = format!("`{name}` cannot be read: {error}");
    let unreadable =
        Diagnostic::error(codes::KUSTOMIZE_UNREADABLE, message, Span::new(source, end..end));
    out.push(match error {
        FileError::NotUtf8(_) => unreadable.with_help("save it as UTF-8"),
        _ => unreadable,
    });
    None
}
