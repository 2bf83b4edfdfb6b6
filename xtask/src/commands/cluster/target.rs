//! Which cluster a command works on.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use super::{
    super::{
        Context,
        tools::{INSTALL_KUBECTL, INSTALL_MINIKUBE, find},
    },
    json::{list, text},
    kubectl::{Kubectl, parse},
    minikube::Minikube,
    process::Interrupt,
};

/// The options that choose a cluster.
#[derive(Clone, Debug, clap::Args)]
pub(in super::super) struct ClusterArgs {
    /// The kubeconfig; by default what KUBECONFIG names, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context in it; by default the current one, and with minikube the profile of this name
    #[arg(long)]
    context: Option<String>,
}

/// Where the cluster comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Provider {
    /// A minikube profile, started if it does not run
    Minikube,
    /// Whatever the kubeconfig leads to; nothing is started
    Current,
}

/// A cluster that answers.
#[derive(Clone, Debug)]
pub(in super::super) struct Target {
    pub kubectl: Kubectl,
    /// The name of the context.
    pub context: String,
    /// The address of the API server.
    pub server: String,
}

/// A program that is not there, and how to get it.
pub(in super::super) type Missing = (String, String);

impl ClusterArgs {
    /// The `kubectl` for these options, without a look at the machine.
    pub fn planned(&self, provider: Provider, context: &Context) -> Result<Kubectl> {
        let absolute = |path: &PathBuf| std::path::absolute(path);
        Ok(Kubectl {
            program: "kubectl".into(),
            dir: context.root.clone(),
            kubeconfig: self.kubeconfig.as_ref().map(absolute).transpose()?,
            context: match provider {
                Provider::Minikube => Some(self.profile()),
                Provider::Current => self.context.clone(),
            },
            interrupt: Interrupt::default(),
        })
    }

    /// The minikube profile for these options.
    pub fn minikube(&self, kubectl: &Kubectl) -> Minikube {
        Minikube {
            program: find("minikube").unwrap_or_else(|| "minikube".into()),
            profile: self.profile(),
            kubeconfig: kubectl.kubeconfig.clone(),
        }
    }

    fn profile(&self) -> String {
        self.context.clone().unwrap_or_else(|| "minikube".to_owned())
    }

    /// The programs for these options that are not installed.
    pub fn missing(provider: Provider) -> Vec<Missing> {
        let mut wanted = vec![("kubectl", INSTALL_KUBECTL.to_owned())];
        if provider == Provider::Minikube {
            let how = format!("{INSTALL_MINIKUBE}, or --cluster current for another cluster");
            wanted.push(("minikube", how));
        }
        wanted.retain(|(name, _)| find(name).is_none());
        wanted.into_iter().map(|(name, how)| (name.to_owned(), how)).collect()
    }

    /// The context that the kubeconfig has, and its server. Does not ask the cluster.
    pub fn look_up(
        &self,
        provider: Provider,
        context: &Context,
        interrupt: Interrupt,
    ) -> Result<Target> {
        let planned = self.planned(provider, context)?;
        if let Some(path) = &planned.kubeconfig
            && !path.is_file()
        {
            bail!("--kubeconfig: there is no file {}", path.display());
        }
        let program = find("kubectl").context("kubectl is not installed")?;
        let mut kubectl = Kubectl { program, interrupt, ..planned };
        let answer = kubectl.text(&["config", "view", "--minify", "--output", "json"]).context(
            "the kubeconfig leads to no cluster: choose one with --kubeconfig or --context",
        )?;
        let config = parse(&answer).context("kubectl config view")?;
        let name = list(&config, "/contexts").first().map(|one| text(one, "/name"));
        let server = list(&config, "/clusters").first().map(|one| text(one, "/cluster/server"));
        let (Some(name), Some(server)) = (name, server) else {
            bail!("the kubeconfig leads to no cluster: choose one with --kubeconfig or --context");
        };
        kubectl.context = Some(name.to_owned());
        Ok(Target { context: name.to_owned(), server: server.to_owned(), kubectl })
    }
}

impl Target {
    /// Fails if the API server does not answer.
    pub fn check(&self) -> Result<()> {
        let args = ["get", "--raw", "/readyz", "--request-timeout", "15s"];
        let output = self.kubectl.call(&args, String::new(), Duration::from_secs(30))?;
        if !output.status.success() {
            bail!("the cluster {self} does not answer: {}", output.reason());
        }
        Ok(())
    }
}

/// `kind-dev at https://127.0.0.1:6443`.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.context, self.server)
    }
}

/// Fails with one line for each program that is missing.
pub(in super::super) fn need(missing: &[Missing], command: &str) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing.iter().map(|(name, how)| format!("  {name}: {how}")).collect();
    bail!("`cargo xtask {command}` needs what is not there:\n{}", lines.join("\n"))
}
