//! A repository of git in a temporary directory.

use std::{fs, path::Path, process::Command};

/// With a branch `main`, and a working tree that may differ from it.
pub struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    /// A directory that is no repository yet.
    pub fn none() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// With one commit of these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self::none();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit();
        repository
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
    }

    pub fn git(&self, arguments: &[&str]) {
        let name = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        let mut command = Command::new("git");
        let output = command.args(name).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}
