//! `kubectl` as a child process, always for the same cluster.

use std::{
    env,
    ffi::OsString,
    path::{self, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{
    super::tools::shell_line,
    json::objects,
    process::{Interrupt, Output, Running, run},
};

/// How long a call may take that waits for nothing but the answer of the API server.
pub(in super::super) const CALL: Duration = Duration::from_mins(1);

/// `kubectl` for one cluster.
#[derive(Clone, Debug)]
pub(in super::super) struct Kubectl {
    /// The program.
    pub program: PathBuf,
    /// The directory that it runs in, which paths of files are relative to.
    pub dir: PathBuf,
    /// The file that was named; `KUBECONFIG` or the default if there is none.
    pub kubeconfig: Option<PathBuf>,
    /// The context; `None` only where no kubeconfig was looked at.
    pub context: Option<String>,
    /// Whether calls stop after a signal.
    pub interrupt: Interrupt,
}

impl Kubectl {
    /// The options that choose the cluster, and the arguments.
    pub fn arguments(&self, args: &[&str]) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(path) = &self.kubeconfig {
            all.extend(["--kubeconfig".to_owned(), path.to_string_lossy().into_owned()]);
        }
        if let Some(context) = &self.context {
            all.extend(["--context".to_owned(), context.clone()]);
        }
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        all
    }

    /// The call as a line that can be pasted into a shell.
    pub fn line(&self, args: &[&str]) -> String {
        shell_line("kubectl", &self.arguments(args)).trim_end().to_owned()
    }

    /// The same cluster, for calls that go on after a signal.
    pub fn uninterrupted(&self) -> Self {
        Self { interrupt: self.interrupt.ignored(), ..self.clone() }
    }

    /// Starts a call that is not waited for yet.
    pub fn start(&self, args: &[&str], input: String) -> Result<Running> {
        Running::start(self.command(args), input, &self.interrupt)
    }

    /// What a call answers, whether it succeeds or not.
    pub fn call(&self, args: &[&str], input: String, timeout: Duration) -> Result<Output> {
        run(self.command(args), input, timeout, &self.interrupt).with_context(|| self.line(args))
    }

    /// What a call that must succeed prints.
    pub fn text(&self, args: &[&str]) -> Result<String> {
        let output = self.call(args, String::new(), CALL)?;
        if !output.status.success() {
            bail!("{}: {}", self.line(args), output.reason());
        }
        Ok(output.stdout)
    }

    /// The objects that `kubectl get ... -o json` answers with.
    pub fn get(&self, args: &[&str]) -> Result<Vec<Value>> {
        let args = [&["get", "-o", "json", "--ignore-not-found"], args].concat();
        let text = self.text(&args)?;
        parse(&text).with_context(|| self.line(&args)).map(objects)
    }

    /// One object; `None` if it is not there.
    pub fn find(&self, namespace: &str, kind: &str, name: &str) -> Result<Option<Value>> {
        let found = self.get(&["--namespace", namespace, kind, name])?;
        Ok(found.into_iter().next())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments(args)).current_dir(&self.dir);
        if let Some(files) = absolute_kubeconfig() {
            command.env("KUBECONFIG", files);
        }
        command
    }
}

/// `KUBECONFIG` as it is meant in the directory that we were started in.
fn absolute_kubeconfig() -> Option<OsString> {
    let files = env::var_os("KUBECONFIG").filter(|files| !files.is_empty())?;
    let files = env::split_paths(&files).map(|file| path::absolute(&file).unwrap_or(file));
    env::join_paths(files).ok()
}

/// Reads what was printed with `-o json`; nothing at all is null.
pub(in super::super) fn parse(text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).context("the answer is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_names_its_cluster() {
        let kubectl = Kubectl {
            program: "kubectl".into(),
            dir: ".".into(),
            kubeconfig: Some("my config".into()),
            context: Some("kind-a".into()),
            interrupt: Interrupt::default(),
        };
        let line = kubectl.line(&["get", "pods"]);
        assert_eq!(line, "kubectl --kubeconfig 'my config' --context kind-a get pods");
        let current = Kubectl { kubeconfig: None, context: None, ..kubectl };
        assert_eq!(current.line(&["get", "pods"]), "kubectl get pods");
    }
}
