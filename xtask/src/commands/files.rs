//! Writing files so that a reader sees the old content or the new, never a part of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// Replaces or makes the file at `path`. What is no regular file, such as `/dev/stdout`, is
/// written to instead.
pub(super) fn write_atomic(path: &Path, text: &str) -> Result<()> {
    let context = || format!("failed to write {}", path.display());
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => fs::write(path, text).with_context(context),
        Ok(metadata) => {
            // Through a symbolic link, the file that it names is replaced, and keeps its mode.
            let real = fs::canonicalize(path).with_context(context)?;
            let stage = stage(&real, text).with_context(context)?;
            fs::set_permissions(stage.path(), metadata.permissions()).with_context(context)?;
            stage.persist(&real).with_context(context)?;
            Ok(())
        }
        Err(_) => {
            stage(path, text).with_context(context)?.persist(path).with_context(context)?;
            Ok(())
        }
    }
}

/// Writes files into `dir`: first all texts beside it, then all names, so that a full disk is
/// noticed before the first file is replaced.
pub(super) fn write_all_atomic(dir: &Path, files: &[(String, String)]) -> Result<()> {
    let mut staged: Vec<(tempfile::NamedTempFile, PathBuf)> = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        let context = || format!("failed to write {}", path.display());
        staged.push((stage(&path, text).with_context(context)?, path));
    }
    for (stage, path) in staged {
        stage.persist(&path).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// A temporary file beside `path` that holds `text`.
fn stage(path: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".xtask-");
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(mode);
    let mut file = builder.tempfile_in(dir)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.yaml");
        for text in ["one", "two"] {
            write_atomic(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let files =
            [("a.yaml".to_owned(), "1".to_owned()), ("out.yaml".to_owned(), "3".to_owned())];
        write_all_atomic(dir.path(), &files).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "3");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(write_atomic(&dir.path().join("none/out.yaml"), "").is_err());
        assert!(write_atomic(Path::new("/dev/null"), "x").is_ok());
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_can_be_read_by_others_as_the_user_s_mask_allows() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("plain"), "").unwrap();
        write_atomic(&dir.path().join("ours"), "").unwrap();
        let mode = |name| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("ours"), mode("plain"));
    }
}
