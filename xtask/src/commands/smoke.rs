//! `smoke`: tests the development environment from the inside.
//!
//! Invariant: every step has a control that fails if the step could pass for another reason, and
//! the cluster is left as it was found, also after a failure or Ctrl-C.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;

use super::{
    Context, Verdict,
    cluster::{
        ENVIRONMENT,
        kubectl::Kubectl,
        manifests::Manifests,
        process::{Interrupt, Interrupted},
        state::{Stage, progress},
        steps::seconds,
        target::{ClusterArgs, Provider, Target, need},
        wait::{POLL, snapshot},
    },
    context::{note, print},
};

mod availability;
mod isolation;
mod pods;
mod requests;
mod scale;
mod users;

use pods::Pods;
use requests::User;
use scale::Scaled;

/// The Deployment of the API.
const API: &str = "sample-api";

/// The StatefulSet of the database.
const DATABASE: &str = "mongodb";

/// The Job whose pods may call the API.
const CLIENT: &str = "http-client";

/// How long pods may take to become ready again.
const RECOVERY: Duration = Duration::from_mins(4);

/// Test the development environment from the inside
///
/// Runs against what `cargo xtask up` has brought up. The steps make users, delete pods, take the
/// database away for a moment and try connections that must not work. Everything is put back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask smoke
  cargo xtask smoke --context kind-dev --only readiness --only replacement
  cargo xtask smoke --internet proxy.example.com:3128")]
pub(super) struct Args {
    #[command(flatten)]
    target: ClusterArgs,
    /// The least number of requests while an API pod is replaced
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..))]
    requests: u32,
    /// An address outside of the cluster, which the API must not reach
    #[arg(long, value_name = "HOST:PORT", default_value = "1.1.1.1:443", value_parser = address)]
    internet: Address,
    /// Only this step; can be given several times
    #[arg(long, value_enum, value_name = "STEP")]
    only: Vec<Step>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn address(text: &str) -> Result<Address, String> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| {
        let port = port.parse().ok().filter(|&port| port > 0)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Address { host: host.to_owned(), port })
    });
    parts.ok_or_else(|| "it must be HOST:PORT, such as 1.1.1.1:443".to_owned())
}

/// A step, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Users are created and read back
    Users,
    /// Data survives the deletion of the database pod
    Persistence,
    /// Only the API reaches the database
    Isolation,
    /// The API can't reach the Kubernetes API
    KubernetesApi,
    /// The API can't reach the internet
    Internet,
    /// Readiness goes red when the database is away, and green again
    Readiness,
    /// A deleted API pod drops no request
    Replacement,
}

/// What a step has shown.
enum Shown {
    /// That it is so; with the figures.
    Yes(String),
    /// Nothing, because the control does not work either.
    Nothing(String),
}

/// The run of the command.
struct Smoke<'a> {
    args: &'a Args,
    root: PathBuf,
    kubectl: Kubectl,
    manifests: Manifests,
    pods: Pods,
    /// The users that were made, which are removed in the end.
    users: Vec<User>,
    /// What runs in another number than it did.
    scaled: Vec<Scaled>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    need(&ClusterArgs::missing(Provider::Current), "smoke")?;
    let manifests = Manifests::read(context, ENVIRONMENT)?;
    let target = args.target.look_up(Provider::Current, context, Interrupt::caught()?)?;
    note(&format!("cluster: {target}"));
    target.check()?;
    let mut smoke = Smoke::new(args, context, target, manifests)?;
    smoke.need_ready()?;
    smoke.remove_leftovers()?;
    let outcome = smoke.all();
    note("==> putting everything back");
    let start = Instant::now();
    let clean = smoke.clean_up();
    note(&format!("    took {}", seconds(start.elapsed())));
    let verdict = outcome?;
    Ok(if clean { verdict } else { Verdict::Failed })
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn title(self) -> String {
        let help =
            self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }

    fn run(self, smoke: &mut Smoke<'_>) -> Result<Shown> {
        match self {
            Self::Users => smoke.users(),
            Self::Persistence => smoke.persistence(),
            Self::Isolation => smoke.isolation(),
            Self::KubernetesApi => smoke.kubernetes_api(),
            Self::Internet => smoke.internet(),
            Self::Readiness => smoke.readiness(),
            Self::Replacement => smoke.replacement(),
        }
    }
}

impl<'a> Smoke<'a> {
    fn new(
        args: &'a Args,
        context: &Context,
        target: Target,
        manifests: Manifests,
    ) -> Result<Self> {
        let pods = Pods::new(&manifests)?;
        Ok(Self {
            args,
            root: context.root.clone(),
            kubectl: target.kubectl,
            manifests,
            pods,
            users: Vec::new(),
            scaled: Vec::new(),
        })
    }

    fn namespace(&self) -> &str {
        &self.manifests.namespace
    }

    /// Fails if there is nothing to test, or it is not ready.
    fn need_ready(&self) -> Result<()> {
        let now = snapshot(&self.kubectl, self.namespace())?;
        for (kind, name) in [("Deployment", API), ("StatefulSet", DATABASE)] {
            let progress = progress(&now, kind, name);
            ensure!(
                progress.stage == Stage::Done && !progress.text.contains(" 0/0 "),
                "there is nothing to test yet: {}; `cargo xtask up` brings it up",
                progress.text
            );
        }
        Ok(())
    }

    /// Runs the steps that were asked for, and says what each has shown.
    fn all(&mut self) -> Result<Verdict> {
        let steps: Vec<Step> = Step::value_variants()
            .iter()
            .copied()
            .filter(|step| self.args.only.is_empty() || self.args.only.contains(step))
            .collect();
        let (mut failed, mut not_shown) = (0, 0);
        for (at, step) in steps.iter().enumerate() {
            let number = format!("{}/{}", at + 1, steps.len());
            note(&format!("==> {number} {}", step.title()));
            let start = Instant::now();
            let result = step.run(self);
            let (mark, detail) = match result {
                Ok(Shown::Yes(detail)) => ("ok", detail),
                Ok(Shown::Nothing(why)) => {
                    not_shown += 1;
                    ("-", format!("not shown: {why}"))
                }
                Err(error) if error.is::<Interrupted>() => return Err(Interrupted.into()),
                Err(error) => {
                    failed += 1;
                    ("FAILED", format!("{error:#}"))
                }
            };
            let time = seconds(start.elapsed());
            print(&format!("{number} {mark:<6} {}: {detail} ({time})\n", step.name()))?;
        }
        let passed = steps.len() - failed - not_shown;
        note(&format!(
            "{passed} of {} steps passed, {failed} failed, {not_shown} not shown",
            steps.len()
        ));
        Ok(if failed == 0 { Verdict::Clean } else { Verdict::Failed })
    }

    /// Asks until there is an answer, which takes `timeout` at most.
    fn until<T>(
        &self,
        what: &str,
        timeout: Duration,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let end = Instant::now() + timeout;
        loop {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            if Instant::now() >= end {
                bail!("{what}: not within {} s", timeout.as_secs());
            }
            self.kubectl.interrupt.sleep(POLL / 4)?;
        }
    }

    /// Waits until a workload is ready.
    fn until_ready(&self, kind: &str, name: &str) -> Result<()> {
        let mut last = String::new();
        let outcome = self.until(name, RECOVERY, || {
            let progress = progress(&snapshot(&self.kubectl, self.namespace())?, kind, name);
            let done = progress.stage == Stage::Done;
            last = progress.text;
            Ok(done.then_some(()))
        });
        outcome.with_context(|| last)
    }

    /// Puts everything back; whether that was possible. Nothing stops it, not even Ctrl-C.
    fn clean_up(&mut self) -> bool {
        self.kubectl = self.kubectl.uninterrupted();
        let results = [
            ("the number of pods", self.restore_all()),
            ("the users", self.remove_users()),
            ("the pods", self.remove_leftovers()),
        ];
        for (what, result) in &results {
            if let Err(error) = result {
                note(&format!("    {what} could not be put back: {error:#}"));
            }
        }
        results.iter().all(|(_, result)| result.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let parsed = |text| address(text).map(|address| (address.host, address.port));
        assert_eq!(parsed("1.1.1.1:443"), Ok(("1.1.1.1".to_owned(), 443)));
        assert_eq!(parsed("[2606:4700::1111]:443"), Ok(("2606:4700::1111".to_owned(), 443)));
        for text in ["1.1.1.1", ":443", "a:0", "a:b", "a:70000"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_step_has_a_title() {
        assert!(Step::value_variants().iter().all(|step| !step.title().is_empty()));
    }
}
