//! The Python environment of `api/`: made once from its lock file, and made again when that
//! changes.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt::Write,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Context,
    context::note,
    tools::{find, output},
};

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
        let wanted = fingerprint(&[&locked, version.as_bytes()]);
        if fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
            note(&format!("installing the packages of api/Pipfile.lock for Python {version} ..."));
            let requirements = requirements(&locked).context("api/Pipfile.lock")?;
            environment.make(&python, &requirements)?;
            fs::write(&stamp, wanted).context("failed to record what was installed")?;
        }
        Ok(environment)
    }

    /// Installs what is locked and nothing else, each package with its hash.
    fn make(&self, python: &Path, requirements: &str) -> Result<()> {
        if self.venv.exists() {
            fs::remove_dir_all(&self.venv)
                .with_context(|| format!("failed to remove {}", self.venv.display()))?;
        }
        quiet(Command::new(python).args(["-m", "venv"]).arg(&self.venv))
            .context("python3 cannot make environments: on Debian, install python3-venv")?;
        let file = self.venv.join("requirements.txt");
        fs::write(&file, requirements).context("failed to write the requirements")?;
        let options = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
        let locked = ["--no-deps", "--require-hashes", "--requirement"];
        let mut pip = Command::new(self.venv.join("bin/python"));
        quiet(pip.args(options).args(locked).arg(&file))
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

/// The packages of a lock file in the format of pip: the locked versions alone, as the ranges of the
/// Pipfile were resolved when it was locked.
fn requirements(lock: &[u8]) -> Result<String> {
    #[derive(Deserialize)]
    struct Lock {
        default: BTreeMap<String, Package>,
        develop: BTreeMap<String, Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        /// `==1.2.3`.
        version: String,
        hashes: Vec<String>,
        markers: Option<String>,
    }
    let Lock { mut default, develop } = serde_json::from_slice(lock)?;
    // A package of both is locked at one version; the markers of the service are the wider ones.
    for (name, package) in develop {
        default.entry(name).or_insert(package);
    }
    let mut lines = String::new();
    for (name, Package { version, hashes, markers }) in &default {
        let marker = markers.as_ref().map(|markers| format!("; {markers}")).unwrap_or_default();
        let hashes: Vec<_> = hashes.iter().map(|hash| format!(" --hash={hash}")).collect();
        let _ = writeln!(lines, "{name}{version}{marker}{}", hashes.concat());
    }
    Ok(lines)
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
    fn a_lock_file_is_read() {
        let lock = br#"{
            "_meta": {"sources": []},
            "default": {"b": {"version": "==2", "hashes": ["sha256:1", "sha256:2"]}},
            "develop": {"a": {"version": "==1", "hashes": ["sha256:3"], "markers": "os_name == 'nt'"},
                        "b": {"version": "==2", "hashes": ["sha256:4"], "markers": "extra"}}
        }"#;
        let expected =
            "a==1; os_name == 'nt' --hash=sha256:3\nb==2 --hash=sha256:1 --hash=sha256:2\n";
        assert_eq!(requirements(lock).unwrap(), expected);
        let without = br#"{"default": {"a": {"version": "==1"}}, "develop": {}}"#;
        assert!(requirements(without).is_err());
    }

    #[test]
    fn what_goes_into_a_fingerprint_is_kept_apart() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
        assert_eq!(fingerprint(&[b"ab"]), fingerprint(&[b"ab"]));
    }
}
