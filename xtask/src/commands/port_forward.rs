//! `port-forward`: keeps a port-forward alive. `up` leaves it in the background.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use super::{Verdict, context::note, tools::find};

/// How long it is tried again without success: the cluster is gone then.
const GIVE_UP: Duration = Duration::from_mins(10);

/// How long a port-forward lives that has worked.
const WORKED: Duration = Duration::from_secs(5);

/// Forward a port and start again whenever that ends
///
/// `kubectl port-forward` ends with the pod that it leads to.
#[derive(Debug, clap::Args)]
#[command(
    hide = true,
    after_help = "Example:
  cargo xtask port-forward --context minikube --namespace shop service/web 7777:80"
)]
pub(super) struct Args {
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    #[arg(long)]
    context: String,
    #[arg(long)]
    namespace: String,
    /// What it leads to
    service: String,
    /// The port of this machine and that of the Service
    ports: String,
}

pub(super) fn run(args: &Args) -> Result<Verdict> {
    let kubectl = find("kubectl").context("kubectl is not installed")?;
    let mut last_success = Instant::now();
    loop {
        let start = Instant::now();
        let mut command = Command::new(&kubectl);
        if let Some(path) = &args.kubeconfig {
            command.arg("--kubeconfig").arg(path);
        }
        command.args(["--context", &args.context, "--namespace", &args.namespace]);
        command.args(["port-forward", "--address", "127.0.0.1", &args.service, &args.ports]);
        // It says something for each connection, without end.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let status = command.status().context("failed to run kubectl")?;
        if start.elapsed() >= WORKED {
            last_success = Instant::now();
        } else if last_success.elapsed() >= GIVE_UP {
            bail!("gave up after {} s: {status}", GIVE_UP.as_secs());
        }
        note(&format!("kubectl port-forward has ended ({status}), started again"));
        sleep(Duration::from_millis(500));
    }
}
