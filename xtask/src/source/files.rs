//! Reading files, and paths that stay inside what they may reach.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Larger files are refused: manifests are text that people review, and positions are 32 bits.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Why a file gave no text.
#[derive(Debug)]
pub enum FileError {
    /// The system's own reason.
    Io(io::Error),
    /// Its length in bytes, over [`MAX_FILE_BYTES`].
    TooLarge(u64),
    /// It is not a regular file.
    NotAFile,
    /// The first byte that is not UTF-8.
    NotUtf8(usize),
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such file")
            }
            Self::Io(error) => write!(f, "{error}"),
            Self::TooLarge(bytes) => write!(
                f,
                "{} MiB is more than the limit of {} MiB",
                bytes.div_ceil(1024 * 1024),
                MAX_FILE_BYTES / (1024 * 1024)
            ),
            Self::NotAFile => f.write_str("not a regular file"),
            Self::NotUtf8(at) => write!(f, "byte {at} is not UTF-8"),
        }
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The bytes of a regular file within the size limit.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge(metadata.len()));
    }
    Ok(fs::read(path)?)
}

/// The text of a regular file within the size limit.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|error| FileError::NotUtf8(error.utf8_error().valid_up_to()))
}

/// The names of the directories in `dir`, sorted; none if there is no such directory.
pub fn directories(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir()) {
            // A name that is not UTF-8 could not be written into a message or a comment.
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A directory that a build may read below, resolved through symbolic links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root(PathBuf);

impl Root {
    /// The directory at `path`, with every symbolic link followed.
    pub fn new(path: &Path) -> io::Result<Self> {
        let real = fs::canonicalize(path)?;
        if real.is_dir() { Ok(Self(real)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// The absolute path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether `path`, with its symbolic links followed, is in this directory or below it.
    pub fn contains(&self, path: &Path) -> io::Result<bool> {
        Ok(fs::canonicalize(path)?.starts_with(&self.0))
    }
}

/// `path` without `.` and with `..` resolved by text alone, so that a path can be shown and
/// compared although it does not exist.
pub fn normalize(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match clean.components().next_back() {
                Some(Component::Normal(_)) => {
                    clean.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => clean.push(".."),
            },
            other => clean.push(other),
        }
    }
    if clean.as_os_str().is_empty() { PathBuf::from(".") } else { clean }
}

/// `path` as seen from `base`, with `/` between its parts; both absolute and normalized.
pub fn relative_to(path: &Path, base: &Path) -> String {
    let shared = path.components().zip(base.components()).take_while(|(a, b)| a == b).count();
    let up = base.components().count() - shared;
    let mut parts: Vec<String> = vec!["..".to_owned(); up];
    parts.extend(path.components().skip(shared).map(|c| c.as_os_str().to_string_lossy().into()));
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_text() {
        let clean = |path: &str| normalize(Path::new(path)).display().to_string();
        assert_eq!(clean("/a/./b/../c"), "/a/c");
        assert_eq!(clean("../../base/x"), "../../base/x");
        assert_eq!(clean("a/.."), ".");
        assert_eq!(clean("/.."), "/");
    }

    #[test]
    fn relative_paths_go_up_and_down() {
        let relative = |path: &str, base: &str| relative_to(Path::new(path), Path::new(base));
        assert_eq!(relative("/r/base/web", "/r/overlays/dev"), "../../base/web");
        assert_eq!(relative("/r/a", "/r/a"), ".");
        assert_eq!(relative("/r/a/b.yaml", "/r"), "a/b.yaml");
    }
}
