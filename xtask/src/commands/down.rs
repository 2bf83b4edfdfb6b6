//! `down`: removes what `up` made, and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::{
    Context, Verdict,
    cluster::{
        ENVIRONMENT,
        forward::{self, Forward},
        json::{label, text},
        kubectl::Kubectl,
        manifests::{Manifests, Phase, position},
        minikube::{Minikube, Profile},
        process::Interrupt,
        steps::Steps,
        target::{ClusterArgs, Provider, Target, need},
        wait::POLL,
    },
    context::{counted, note, print},
};

mod dry_run;
mod owned;

use owned::Listing;

/// Remove what `up` made
///
/// Stops the port-forward, and deletes the objects that `up` applied, also those of an earlier
/// version of the repository. The namespace goes if `up` made it and nothing of others is in it,
/// and so does minikube. What stays is named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask down
  cargo xtask down --cluster current --dry-run")]
pub(super) struct Args {
    #[command(flatten)]
    target: ClusterArgs,
    /// Where the cluster comes from
    #[arg(long, value_enum, default_value = "minikube")]
    cluster: Provider,
    /// Print the commands and run none
    #[arg(long)]
    dry_run: bool,
    /// How long to wait until what is deleted is gone
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if args.dry_run {
        print(&dry_run::plan(args, context)?)?;
        return Ok(Verdict::Clean);
    }
    need(&ClusterArgs::missing(args.cluster), "down")?;
    let mut steps = Steps::new();
    let verdict = all(args, context, &mut steps);
    note(&steps.times());
    verdict
}

fn all(args: &Args, context: &Context, steps: &mut Steps) -> Result<Verdict> {
    let planned = args.target.planned(args.cluster, context)?;
    let minikube = (args.cluster == Provider::Minikube).then(|| args.target.minikube(&planned));
    if let Some(minikube) = &minikube {
        // Its cluster may be gone: the name of the profile is all there is.
        steps.step("port-forward", || {
            stop_forward(context, |forward| forward.context == minikube.profile)
        })?;
        if minikube.look_up()? == Profile::Missing {
            note(&format!("nothing to remove: there is no minikube profile {}", minikube.profile));
            return Ok(Verdict::Clean);
        }
        minikube.need_running()?;
    }
    let target = args.target.look_up(args.cluster, context, Interrupt::default())?;
    note(&format!("cluster: {target}"));
    target.check()?;
    if minikube.is_none() {
        // Contexts of two kubeconfigs can have the same name.
        steps.step("port-forward", || {
            stop_forward(context, |forward| {
                forward.context == target.context && forward.server == target.server
            })
        })?;
    }
    let manifests = Manifests::read(context, ENVIRONMENT)?;
    if let Some(minikube) = &minikube
        && steps.step("minikube", || remove_minikube(&target.kubectl, minikube, &manifests))?
    {
        return Ok(Verdict::Clean);
    }
    let down = Down { manifests, target, timeout: Duration::from_secs(args.timeout) };
    let gone = steps.step("objects", || down.objects())?
        && steps.step("namespace", || down.namespaces())?;
    Ok(if gone { Verdict::Clean } else { Verdict::Failed })
}

/// Stops the port-forward if it leads to the cluster.
fn stop_forward(context: &Context, leads_there: impl Fn(&Forward) -> bool) -> Result<()> {
    match forward::running(&context.root)? {
        None => {
            note("    there is none");
            forward::forget(&context.root)
        }
        Some(record) if leads_there(&record.forward) => {
            record.stop(&context.root)?;
            note(&format!("    port {} is free again", record.forward.port));
            Ok(())
        }
        Some(record) => {
            note(&format!("    it leads to {} and stays", record.forward.context));
            Ok(())
        }
    }
}

/// Deletes minikube if `up` made it and nobody else uses it; whether it is gone.
fn remove_minikube(kubectl: &Kubectl, minikube: &Minikube, manifests: &Manifests) -> Result<bool> {
    let namespaces = kubectl.get(&["namespaces"])?;
    if !owned::is_made_by_up(&namespaces, "kube-system") {
        note("    minikube ran before `up` and stays");
        return Ok(false);
    }
    let others = owned::namespaces_of_others(&namespaces, &manifests.namespace);
    let words = minikube.delete();
    if !others.is_empty() {
        note(&format!(
            "    minikube stays, because others use it: namespace {} (`{}` removes it with them)",
            others.join(", "),
            minikube.line(&words)
        ));
        return Ok(false);
    }
    minikube.show(&words)?;
    Ok(true)
}

/// The run of the command on a cluster.
struct Down {
    manifests: Manifests,
    target: Target,
    timeout: Duration,
}

impl Down {
    /// Deletes the objects that `up` made, in reverse order; whether they are gone.
    fn objects(&self) -> Result<bool> {
        let (kubectl, namespace) = (&self.target.kubectl, &self.manifests.namespace);
        let Listing { objects: mut live, unknown } = owned::everything(kubectl, namespace)?;
        if let Some(reason) = &unknown
            && live.is_empty()
        {
            bail!("what is in the namespace {namespace} cannot be listed: {reason}");
        }
        for one in self.manifests.iter().filter(|one| one.namespace.is_empty()) {
            if one.phase() != Phase::Namespaces {
                live.extend(kubectl.get(&["--show-managed-fields", "--filename", &one.path])?);
            }
        }
        for one in owned::not_ours(&self.manifests, &live) {
            note(&format!("    {one} was not made by `up` and stays"));
        }
        live.retain(owned::is_ours);
        live.sort_by_cached_key(|one| {
            std::cmp::Reverse((position(text(one, "/kind")), label(one)))
        });
        if live.is_empty() {
            note(&format!("    nothing of `up` is in the namespace {namespace}"));
        }
        for phase in [Phase::Jobs, Phase::Workloads, Phase::Settings, Phase::Definitions] {
            let all: Vec<&Value> =
                live.iter().filter(|one| position(text(one, "/kind")).0 == phase).collect();
            if !all.is_empty() && !self.delete(&all)? {
                return Ok(false);
            }
        }
        // What could not be listed may be ours.
        if let Some(reason) = &unknown {
            note(&format!("not everything in {namespace} could be listed: {reason}"));
        }
        Ok(unknown.is_none())
    }

    /// Deletes objects with what they own, and waits until they are gone.
    fn delete(&self, objects: &[&Value]) -> Result<bool> {
        let (kubectl, namespace) = (&self.target.kubectl, self.manifests.namespace.as_str());
        let names: Vec<String> = objects.iter().map(|one| owned::full_name(one)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let words = ["delete", "--namespace", namespace, "--ignore-not-found", "--wait=false"];
        kubectl.text(&[&words[..], &["--cascade=foreground"], &names].concat())?;
        for one in objects {
            note(&format!("    deleted {}", label(one)));
        }
        let uids: Vec<&str> = objects.iter().map(|one| text(one, "/metadata/uid")).collect();
        self.until_gone(|| {
            let mut left = kubectl.get(&[&["--namespace", namespace], &names[..]].concat())?;
            left.retain(|one| uids.contains(&text(one, "/metadata/uid")));
            let kinds = "pods,persistentvolumeclaims";
            let mut owned = kubectl.get(&["--namespace", namespace, kinds])?;
            owned.retain(|one| owned::is_ending(one) || owned::has_owner(one, &uids));
            left.extend(owned);
            Ok(left.iter().map(label).collect())
        })
    }

    /// Deletes the namespace if `up` made it and it is empty; whether what is deleted is gone.
    fn namespaces(&self) -> Result<bool> {
        let (kubectl, name) = (&self.target.kubectl, self.manifests.namespace.as_str());
        let found = kubectl.get(&["namespace", name])?;
        if found.is_empty() {
            note(&format!("    there is no namespace {name}"));
            return Ok(true);
        }
        if !owned::is_made_by_up(&found, name) {
            note(&format!("    {name} was there before `up` and stays"));
            return Ok(true);
        }
        let listing = owned::everything(kubectl, name)?;
        let keeps: Vec<String> =
            listing.objects.iter().filter(|one| owned::keeps_a_namespace(one)).map(label).collect();
        if let Some(reason) = listing.unknown {
            note(&format!("{name} stays, because what it holds cannot be listed: {reason}"));
            return Ok(false);
        }
        if !keeps.is_empty() {
            note(&format!("    {name} stays, because it still holds {}", keeps.join(", ")));
            return Ok(true);
        }
        kubectl.text(&["delete", "namespace", name, "--wait=false"])?;
        note(&format!("    deleted namespace/{name}"));
        self.until_gone(|| Ok(kubectl.get(&["namespace", name])?.iter().map(label).collect()))
    }

    /// Waits until nothing is left, and says what is; whether that was so in time.
    fn until_gone(&self, left: impl Fn() -> Result<Vec<String>>) -> Result<bool> {
        let end = Instant::now() + self.timeout;
        let mut said = String::new();
        loop {
            let left = left()?;
            if left.is_empty() {
                return Ok(true);
            }
            let line = format!("    {} left: {}", counted(left.len(), "object"), left.join(", "));
            if line != said {
                note(&line);
                said = line;
            }
            if Instant::now() >= end {
                note(&format!("not gone after {} s", self.timeout.as_secs()));
                return Ok(false);
            }
            self.target.kubectl.interrupt.sleep(POLL)?;
        }
    }
}
