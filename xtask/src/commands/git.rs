//! What git knows of the repository, asked of its plumbing commands.

use std::{
    ffi::OsStr,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// A directory of a repository of git.
pub(super) struct Git<'a> {
    dir: &'a Path,
}

impl<'a> Git<'a> {
    /// The repository that `dir` is in.
    pub fn new(dir: &'a Path) -> Result<Self> {
        let git = Self { dir };
        if git.ask(&["rev-parse", "--git-dir"])?.is_none() {
            bail!("{} is in no repository of git", dir.display());
        }
        Ok(git)
    }

    /// The name of the commit that a revision stands for.
    pub fn commit(&self, revision: &str) -> Result<Option<String>> {
        let revision = format!("{revision}^{{commit}}");
        self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &revision])
    }

    /// The newest commit that two commits both go back to.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>> {
        self.ask(&["merge-base", one, other])
    }

    /// Calls `look` with each line of what a command prints, without the byte `end` that ends it.
    pub fn lines(&self, arguments: &[&str], end: u8, mut look: impl FnMut(&[u8])) -> Result<()> {
        let name = arguments.first().copied().unwrap_or_default();
        let context = || format!("failed to run git {name}");
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(not_run)?;
        let mut output = BufReader::new(child.stdout.take().with_context(context)?);
        let mut line = Vec::new();
        while output.read_until(end, &mut line).with_context(context)? > 0 {
            look(line.strip_suffix(&[end]).unwrap_or(&line));
            line.clear();
        }
        let status = child.wait().with_context(context)?;
        if !status.success() {
            bail!("git {name} failed: {status}");
        }
        Ok(())
    }

    /// The text of a file that git keeps under this name.
    pub fn blob(&self, name: &str) -> Result<String> {
        let output = self.command(&["cat-file", "blob", name]).output().map_err(not_run)?;
        if !output.status.success() {
            bail!("git has no file {name}; is the clone a partial one?");
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The line that a command prints; none if it fails.
    fn ask(&self, arguments: &[&str]) -> Result<Option<String>> {
        let output = self.command(arguments).output().map_err(not_run)?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(output.status.success().then(|| text.trim_end().to_owned()))
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.dir).args(arguments);
        // Looking must not write to the index.
        command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
        command
    }
}

fn not_run(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        return anyhow::anyhow!("git is not installed");
    }
    anyhow::Error::new(error).context("failed to run git")
}
