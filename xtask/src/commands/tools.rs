//! Other programs: where they are, and running them.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::note;

/// How to get the reference that `build` is compared with.
pub(super) const INSTALL_KUSTOMIZE: &str = "go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2";

/// How to get the reference that `validate` is measured beside.
pub(super) const INSTALL_KUBECONFORM: &str =
    "go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0";

/// How to get the reference that policies are measured beside.
pub(super) const INSTALL_GATOR: &str =
    "go install github.com/open-policy-agent/gatekeeper/v3/cmd/gator@v3.23.1";

/// How to get what `up`, `down` and `smoke` talk to a cluster with.
pub(super) const INSTALL_KUBECTL: &str = "https://kubernetes.io/docs/tasks/tools";

/// How to get the cluster of a developer.
pub(super) const INSTALL_MINIKUBE: &str = "https://minikube.sigs.k8s.io/docs/start";

/// The program `name` on the path, or where `go install` puts it.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    on_path(name).or_else(|| {
        let gopath = on_path("go").and_then(|go| output(&go, &["env", "GOPATH"]));
        let gopath = gopath.map(PathBuf::from).or_else(|| Some(env::home_dir()?.join("go")))?;
        Some(gopath.join("bin").join(name)).filter(|path| is_program(path))
    })
}

/// Installs a reference where `go install` puts it, unless it is there.
pub(super) fn install_reference(name: &str, command: &str) -> Result<()> {
    if find(name).is_some() {
        return Ok(());
    }
    let (_, arguments) = command.split_once(' ').unwrap_or_default();
    let Some(go) = on_path("go") else {
        bail!("this needs {name}, and Go to install it: get Go, then run {command}");
    };
    note(&format!("{name} is not installed, running {command}"));
    let status =
        Command::new(go).args(arguments.split(' ')).status().context("failed to run go")?;
    if !status.success() || find(name).is_none() {
        bail!("{name} could not be installed: {command} failed");
    }
    Ok(())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.with_extension(env::consts::EXE_EXTENSION).is_file()
}

/// The first line that a program prints; `None` if it fails.
pub(super) fn output(program: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    output.status.success().then(|| line.to_owned())
}

/// The cargo that runs us, or the one on the path.
pub(super) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs cargo in `dir` with our standard streams; whether it succeeded.
pub(super) fn run_cargo(dir: &Path, args: &[impl AsRef<OsStr>]) -> Result<bool> {
    let status = Command::new(cargo()).args(args).current_dir(dir).status();
    Ok(status.context("failed to run cargo; `cargo xtask doctor` says how to get it")?.success())
}

/// A command as a line that can be pasted into a shell.
pub(super) fn shell_line(program: &str, args: &[String]) -> String {
    let mut line = quoted(program);
    for arg in args {
        line.push(' ');
        line.push_str(&quoted(arg));
    }
    line.push('\n');
    line
}

/// A word for a POSIX shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=/.,:@%{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted() {
        let args = ["a b", "it's", "", "--x=y:z"].map(str::to_owned);
        assert_eq!(shell_line("run", &args), "run 'a b' 'it'\\''s' '' --x=y:z\n");
    }
}
