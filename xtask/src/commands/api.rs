//! The Python environment of `api/`: made once from its lock file, and made again when that
//! changes.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use sha2::{Digest, Sha256};

use super::{
    Context,
    context::note,
    tools::{find, output},
};

/// What reads the lock file. The image pins the same version in `api/Dockerfile`.
const PIPENV: &str = "pipenv==2026.10.3";

/// The oldest Python that the tests pass on.
const OLDEST: (u32, u32) = (3, 11);

/// An environment with the packages of `api/Pipfile.lock`, those for development included.
#[derive(Debug)]
pub(super) struct Environment {
    /// The directory of the service.
    pub dir: PathBuf,
    venv: PathBuf,
}

impl Environment {
    /// Makes the environment, if it is not there for this lock file and this Python.
    pub fn prepare(context: &Context) -> Result<Self> {
        let dir = context.root.join("api");
        let lock = dir.join("Pipfile.lock");
        let locked =
            fs::read(&lock).with_context(|| format!("failed to read {}", lock.display()))?;
        let (python, version) = find_python()?;
        let home = context.root.join("target/api");
        fs::create_dir_all(&home)
            .with_context(|| format!("failed to create {}", home.display()))?;
        // Two runs at once must not install into the same directory.
        let guard = File::create(home.join("lock")).context("failed to make a lock file")?;
        guard.lock().context("failed to lock the Python environment")?;
        let environment = Self { dir, venv: home.join("venv") };
        let stamp = environment.venv.join("made-from");
        let wanted = fingerprint(&[&locked, version.as_bytes(), PIPENV.as_bytes()]);
        if fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
            note(&format!("installing the packages of api/Pipfile.lock for Python {version} ..."));
            environment.make(&python, &home)?;
            fs::write(&stamp, wanted).context("failed to record what was installed")?;
        }
        Ok(environment)
    }

    /// Installs what the lock file names and nothing else, each package with its hash.
    fn make(&self, python: &Path, home: &Path) -> Result<()> {
        let tool = home.join("pipenv");
        for dir in [&self.venv, &tool] {
            if dir.exists() {
                fs::remove_dir_all(dir)
                    .with_context(|| format!("failed to remove {}", dir.display()))?;
            }
            let made = quiet(Command::new(python).args(["-m", "venv"]).arg(dir));
            made.context("python3 cannot make environments: on Debian, install python3-venv")?;
        }
        quiet(pip(&tool).args(["install", "--quiet", PIPENV]))?;
        let mut export = Command::new(tool.join("bin/pipenv"));
        export.args(["requirements", "--dev", "--hash"]).current_dir(&self.dir);
        // Its own environment is enough to read a lock file.
        export.env("PIPENV_IGNORE_VIRTUALENVS", "1").env("PIPENV_VERBOSITY", "-1");
        let exported = export.stdin(Stdio::null()).output().context("failed to run pipenv")?;
        let said = String::from_utf8_lossy(&exported.stderr);
        ensure!(exported.status.success(), "pipenv cannot read api/Pipfile.lock: {}", said.trim());
        let requirements = home.join("requirements.txt");
        fs::write(&requirements, exported.stdout).context("failed to write the requirements")?;
        let options = ["install", "--quiet", "--no-deps", "--require-hashes", "--requirement"];
        quiet(pip(&self.venv).args(options).arg(&requirements))
    }

    /// A command that runs a module of the environment in `api/`.
    pub fn module(&self, name: &str, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(self.venv.join("bin/python"));
        command.args(["-m", name]).args(args).current_dir(&self.dir);
        command
    }

    /// A command that runs a program of the environment in `api/`.
    pub fn program(&self, name: &str, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(self.venv.join("bin").join(name));
        command.args(args).current_dir(&self.dir);
        command
    }
}

fn pip(venv: &Path) -> Command {
    let mut command = Command::new(venv.join("bin/python"));
    command.args(["-m", "pip", "--disable-pip-version-check"]);
    command
}

/// Runs a command whose output matters only if it fails.
fn quiet(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to run {program}"))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!("{program} failed:\n{}", String::from_utf8_lossy(&text).trim());
    }
    Ok(())
}

fn find_python() -> Result<(PathBuf, String)> {
    let wanted = format!("{}.{}", OLDEST.0, OLDEST.1);
    let Some(python) = find("python3") else {
        bail!(
            "the tests of api/ need Python {wanted} or later: https://www.python.org/downloads \
             (`cargo xtask test rust` runs the others)"
        );
    };
    let script = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let Some(version) = output(&python, &["-c", script]) else {
        bail!("{} does not say its version", python.display());
    };
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    ensure!(
        found >= OLDEST,
        "the tests of api/ need Python {wanted} or later, and this is {version}"
    );
    Ok((python, version))
}

fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_fingerprint_is_kept_apart() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
        assert_eq!(fingerprint(&[b"ab"]), fingerprint(&[b"ab"]));
    }
}
