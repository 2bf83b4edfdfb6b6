//! What git knows of the repository, asked of its plumbing commands.

use std::{
    ffi::OsStr,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
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

    /// The newest commit that a revision and the working tree both go back to. `hint` is added where
    /// there is no such revision.
    pub fn base(&self, revision: &str, hint: &str) -> Result<String> {
        let Some(head) = self.commit("HEAD")? else {
            bail!("there is no commit yet that the working tree could be compared with");
        };
        let Some(commit) = self.commit(revision)? else {
            bail!("git knows no commit `{revision}`{hint}");
        };
        let Some(base) = self.ask(&["merge-base", &commit, &head])? else {
            bail!("`{revision}` and HEAD have no commit in common; is the clone a shallow one?");
        };
        Ok(base)
    }

    /// Calls `look` with each line, or what else ends in `end`, of how the working tree differs from a
    /// commit below some paths. `form` says how it is written: all of it, so that no configuration of
    /// the reader does.
    pub fn differences(
        &self,
        base: &str,
        form: &[&str],
        paths: &[&str],
        end: u8,
        look: impl FnMut(&[u8]),
    ) -> Result<()> {
        let always = ["diff-index", "--no-renames", "--relative"];
        let arguments: Vec<&str> =
            [&always[..], form, &[base, "--"], paths].into_iter().flatten().copied().collect();
        self.lines(&arguments, end, look)
    }

    /// Calls `look` with each file below some paths that git does not know and is not told to ignore.
    pub fn others(&self, paths: &[&str], mut look: impl FnMut(String)) -> Result<()> {
        let mut arguments = vec!["ls-files", "--others", "--exclude-standard", "-z", "--"];
        arguments.extend(paths);
        self.lines(&arguments, 0, |path| look(String::from_utf8_lossy(path).into_owned()))
    }

    /// The name of the commit that a revision stands for.
    fn commit(&self, revision: &str) -> Result<Option<String>> {
        let revision = format!("{revision}^{{commit}}");
        self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &revision])
    }

    /// Calls `look` with each line of what a command prints, without the byte `end` that ends it.
    fn lines(&self, arguments: &[&str], end: u8, mut look: impl FnMut(&[u8])) -> Result<()> {
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

    /// The files that git keeps.
    pub fn blobs(&self) -> Result<Blobs> {
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(not_run)?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("failed to run git cat-file")?;
        Ok(Blobs { child, input, output: BufReader::new(output) })
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

/// The files that git keeps, from one process that is asked for one after the other.
pub(super) struct Blobs {
    child: Child,
    /// None once the process is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Blobs {
    /// The text of the file of this name.
    pub fn text(&mut self, name: &str) -> Result<String> {
        let bytes = self.read(name).context("failed to run git cat-file")?;
        let Some(bytes) = bytes else {
            bail!("git has no file {name}; is the clone a partial one?");
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(&mut self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(input) = &mut self.input else { return Ok(None) };
        writeln!(input, "{name}")?;
        // `NAME blob SIZE`, the content and an end of line; or `NAME missing`.
        let mut head = String::new();
        self.output.read_line(&mut head)?;
        let mut words = head.split_whitespace().skip(1);
        let (kind, size) = (words.next(), words.next().and_then(|size| size.parse::<u64>().ok()));
        let Some(size) = size else { return Ok(None) };
        let mut bytes = Vec::new();
        (&mut self.output).take(size + 1).read_to_end(&mut bytes)?;
        if bytes.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((kind == Some("blob")).then_some(bytes))
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        self.input = None;
        // It has nothing left to say.
        let _ = self.child.wait();
    }
}

fn not_run(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        return anyhow::anyhow!("git is not installed");
    }
    anyhow::Error::new(error).context("failed to run git")
}
