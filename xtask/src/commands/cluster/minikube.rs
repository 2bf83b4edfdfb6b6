//! minikube: a cluster on this machine.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    super::tools::shell_line,
    json::{list, text},
    process::{Interrupt, Output, run},
};

/// How long a question to minikube may take.
const ASK: Duration = Duration::from_mins(1);

/// A minikube profile, which is also the name of its context.
#[derive(Clone, Debug)]
pub(in super::super) struct Minikube {
    pub program: PathBuf,
    pub profile: String,
    /// The kubeconfig that it writes to, if not the default one.
    pub kubeconfig: Option<PathBuf>,
}

/// What there is of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Profile {
    Missing,
    /// It exists and does not run; with what it was found in.
    Stopped(String),
    Running(Network),
}

/// What the network of a cluster does with network policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Network {
    Enforces,
    Ignores,
    Unknown,
}

impl Minikube {
    /// What there is of the profile.
    pub fn look_up(&self) -> Result<Profile> {
        let output = self.ask(&["profile", "list", "--output", "json"])?;
        let answer: Value = serde_json::from_str(&output.stdout)
            .with_context(|| format!("minikube profile list: {}", output.reason()))?;
        Ok(profile(&answer, &self.profile))
    }

    /// The words that start the profile.
    pub fn start(&self, is_new: bool) -> Vec<String> {
        let mut words = vec!["start", "--profile", &self.profile];
        if is_new {
            // The default network does not enforce NetworkPolicies.
            words.extend(["--cni", "calico"]);
        }
        words.into_iter().map(str::to_owned).collect()
    }

    /// The words that remove the profile.
    pub fn delete(&self) -> Vec<String> {
        ["delete", "--profile", &self.profile].map(str::to_owned).into()
    }

    /// The words that put the images of an archive on the nodes.
    pub fn load(&self, archive: &Path) -> Vec<String> {
        let archive = archive.to_string_lossy();
        ["image", "load", "--profile", &self.profile, &archive].map(str::to_owned).into()
    }

    /// Whether the nodes have this image under this name.
    pub fn has_image(&self, reference: &str, id: &str) -> bool {
        let args = ["image", "ls", "--format", "json", "--profile", &self.profile];
        let answer =
            self.ask(&args).ok().and_then(|output| serde_json::from_str(&output.stdout).ok());
        answer.is_some_and(|images: Value| has_image(&images, reference, id))
    }

    /// A call as a line that can be pasted into a shell.
    pub fn line(&self, words: &[String]) -> String {
        let line = shell_line("minikube", words);
        match &self.kubeconfig {
            Some(path) => {
                let variable = format!("KUBECONFIG={}", path.display());
                format!("{} {}", shell_line("env", &[variable]).trim_end(), line.trim_end())
            }
            None => line.trim_end().to_owned(),
        }
    }

    /// Runs a call that shows its own progress.
    pub fn show(&self, words: &[String]) -> Result<()> {
        let mut command = self.command();
        // Standard output is for results.
        command.args(words).stdin(Stdio::null()).stdout(std::io::stderr());
        let status = command.status().context("failed to run minikube")?;
        ensure!(status.success(), "`{}` failed: see above", self.line(words));
        Ok(())
    }

    fn ask(&self, args: &[&str]) -> Result<Output> {
        let mut command = self.command();
        command.args(args);
        run(command, String::new(), ASK, &Interrupt::default())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(path) = &self.kubeconfig {
            command.env("KUBECONFIG", path);
        }
        command
    }

    /// Fails if the profile does not run: nothing but `up` starts it.
    pub fn need_running(&self) -> Result<()> {
        match self.look_up()? {
            Profile::Running(_) => Ok(()),
            Profile::Missing => bail!("there is no minikube profile {}", self.profile),
            Profile::Stopped(status) => {
                bail!("the minikube profile {} does not run: {status}", self.profile)
            }
        }
    }
}

/// Reads `minikube profile list --output json`.
fn profile(answer: &Value, name: &str) -> Profile {
    let named = |field| list(answer, field).iter().find(|one| text(one, "/Name") == name);
    if named("/invalid").is_some() {
        return Profile::Stopped("its configuration is damaged".to_owned());
    }
    let Some(found) = named("/valid") else { return Profile::Missing };
    match text(found, "/Status") {
        "Running" | "OK" => Profile::Running(network(text(found, "/Config/KubernetesConfig/CNI"))),
        status => Profile::Stopped(status.to_owned()),
    }
}

/// What is known of the networks that `minikube start --cni` takes.
fn network(cni: &str) -> Network {
    match cni {
        "calico" | "cilium" => Network::Enforces,
        "" | "auto" | "true" | "false" | "bridge" | "kindnet" | "flannel" => Network::Ignores,
        _ => Network::Unknown,
    }
}

/// Reads `minikube image ls --format json`.
fn has_image(images: &Value, reference: &str, id: &str) -> bool {
    let bare = |id: &str| id.trim_start_matches("sha256:").to_owned();
    list(images, "").iter().any(|image| {
        bare(text(image, "/id")) == bare(id)
            && list(image, "/repoTags").iter().any(|tag| tag == reference)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_profile_runs_stands_still_or_is_not_there() {
        let answer = json!({"invalid": [{"Name": "bad"}], "valid": [
            {"Name": "minikube", "Status": "Running",
             "Config": {"KubernetesConfig": {"CNI": "calico"}}},
            {"Name": "plain", "Status": "OK", "Config": {"KubernetesConfig": {"CNI": ""}}},
            {"Name": "own", "Status": "OK", "Config": {"KubernetesConfig": {"CNI": "my.yaml"}}},
            {"Name": "off", "Status": "Stopped"},
        ]});
        let of = |name| profile(&answer, name);
        assert_eq!(of("minikube"), Profile::Running(Network::Enforces));
        assert_eq!(of("plain"), Profile::Running(Network::Ignores));
        assert_eq!(of("own"), Profile::Running(Network::Unknown));
        assert_eq!(of("off"), Profile::Stopped("Stopped".to_owned()));
        assert_eq!(of("other"), Profile::Missing);
        assert!(matches!(of("bad"), Profile::Stopped(_)));
    }

    #[test]
    fn an_image_is_known_by_its_name_and_its_id() {
        let images = json!([{"id": "abc", "repoTags": ["localhost/a:dev"]}]);
        assert!(has_image(&images, "localhost/a:dev", "sha256:abc"));
        assert!(!has_image(&images, "localhost/a:dev", "sha256:abd"));
        assert!(!has_image(&images, "localhost/b:dev", "sha256:abc"));
    }
}
