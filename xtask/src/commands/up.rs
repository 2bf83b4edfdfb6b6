//! `up`: brings the development environment up on a cluster.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::{
    Context, Verdict,
    cluster::{
        ENVIRONMENT,
        apply::{self, Effect},
        json,
        kubectl::CALL,
        load::Loader,
        manifests::{Manifest, Manifests, Phase},
        minikube::Minikube,
        steps::Steps,
        target::{ClusterArgs, Provider, Target, need},
        wait,
    },
    context::{counted, note, print},
    image::{self, BuildArgs},
    render,
};

mod browse;
mod dry_run;
mod local_image;
mod start;

/// Bring the development environment up
///
/// Starts minikube if it does not run, builds the image of the API and loads it, applies
/// rendered/dev in order, but for the policies and what Argo CD installs, waits until everything is ready, runs the client
/// once, and forwards a port of this machine to the API. What is there already is kept, so that it
/// can be run again after a change or an interruption. `cargo xtask down` removes what it made.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask up
  cargo xtask up --dry-run
  cargo xtask up --cluster current --context kind-dev
  cargo xtask up --cluster current --load 'ssh node ctr -n k8s.io images import - <'
  cargo xtask up --base registry.example.com/mirror/python:3.14-slim -- --no-cache")]
pub(super) struct Args {
    #[command(flatten)]
    target: ClusterArgs,
    /// Where the cluster comes from
    #[arg(long, value_enum, default_value = "minikube")]
    cluster: Provider,
    /// Print the commands and run none
    #[arg(long)]
    dry_run: bool,
    /// How long to wait for what is started to become ready
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// The port of this machine that leads to the API
    #[arg(long, default_value_t = 7777, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// A command that loads an image into the cluster, given the path of an archive; known for
    /// minikube, kind and k3d
    #[arg(long, value_name = "COMMAND")]
    load: Option<String>,
    /// Use the image that the cluster has
    #[arg(long)]
    no_build: bool,
    #[command(flatten)]
    image: BuildArgs,
}

/// The run of the command.
struct Up<'a> {
    args: &'a Args,
    context: &'a Context,
    manifests: Manifests,
    target: Target,
    /// Whether something is not as it was before.
    changed: bool,
    /// What was applied, with what came of it.
    effects: Vec<(String, Effect)>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if args.dry_run {
        print(&dry_run::plan(args, context)?)?;
        return Ok(Verdict::Clean);
    }
    check_tools(args)?;
    let mut steps = Steps::new();
    let verdict = all(args, context, &mut steps);
    note(&steps.times());
    verdict
}

/// Fails with what has to be installed, all of it at once.
fn check_tools(args: &Args) -> Result<()> {
    let mut missing = ClusterArgs::missing(args.cluster);
    if !args.no_build
        && let Err(error) = image::check_builder(&args.image)
    {
        let how = format!("{error:#}; or use the image that the cluster has, with --no-build");
        missing.push(("a builder of images".to_owned(), how));
    }
    need(&missing, "up")
}

fn all(args: &Args, context: &Context, steps: &mut Steps) -> Result<Verdict> {
    let envs = [ENVIRONMENT.to_owned()];
    if steps.step("rendered", || render::check(context, &envs))? == Verdict::Failed {
        note(
            "rendered/dev is not what would be rendered now: run `cargo xtask render`, look at it",
        );
        return Ok(Verdict::Failed);
    }
    let manifests = Manifests::read(context, ENVIRONMENT)?;
    browse::check_port(context, args.port)?;
    let target = steps.step("cluster", || start::bring_up(args, context))?;
    let mut up = Up { args, context, manifests, target, changed: false, effects: Vec::new() };
    let image = steps.step("image", || up.provide_image())?;
    steps.step("settings", || up.settings())?;
    let ready = steps.step("workloads", || up.workloads(image.as_ref()))?
        && steps.step("jobs", || up.jobs())?
        && steps.step("port-forward", || up.browse())?;
    Ok(if ready { Verdict::Clean } else { Verdict::Failed })
}

impl Up<'_> {
    /// What the loader is for this cluster.
    fn loader(&self) -> Option<Loader> {
        loader(self.args, &self.target.context, || self.args.target.minikube(&self.target.kubectl))
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.args.timeout)
    }

    /// Applies what pods need to start.
    fn settings(&mut self) -> Result<()> {
        self.wait_for_an_older_namespace()?;
        let kubectl = self.target.kubectl.clone();
        for one in self.manifests.of(Phase::Namespaces).into_iter().cloned().collect::<Vec<_>>() {
            let effect = apply::namespace(&kubectl, &one)?;
            self.keep(&[&one], &[effect]);
        }
        for phase in [Phase::Definitions, Phase::Settings] {
            self.apply(phase)?;
            if phase == Phase::Definitions {
                self.wait_for_definitions()?;
            }
        }
        self.say(&[Phase::Namespaces, Phase::Definitions, Phase::Settings]);
        Ok(())
    }

    /// Nothing can be made in a namespace that is being deleted, by a `down` just now for example.
    fn wait_for_an_older_namespace(&self) -> Result<()> {
        let (kubectl, name) = (&self.target.kubectl, self.manifests.namespace.as_str());
        let end = Instant::now() + self.timeout();
        let mut said = false;
        loop {
            let found = kubectl.get(&["namespace", name])?;
            if !found.iter().any(|one| one.pointer("/metadata/deletionTimestamp").is_some()) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "namespace {name} is still being deleted");
            if !said {
                note(&format!("    namespace/{name} is still being deleted"));
                said = true;
            }
            kubectl.interrupt.sleep(wait::POLL)?;
        }
    }

    /// A kind can be used only after the API server has taken over its definition.
    fn wait_for_definitions(&self) -> Result<()> {
        for one in self.manifests.of(Phase::Definitions) {
            let name = format!("customresourcedefinition/{}", one.name());
            self.target.kubectl.text(&[
                "wait",
                "--for=condition=Established",
                "--timeout=30s",
                &name,
            ])?;
        }
        Ok(())
    }

    /// Applies what runs, replaces pods of an older image, and waits. Whether all is ready.
    fn workloads(&mut self, image: Option<&local_image::Image>) -> Result<bool> {
        self.apply(Phase::Workloads)?;
        self.say(&[Phase::Workloads]);
        if let Some(image) = image {
            // Pods that cannot start with the older image are replaced at once, but those that an
            // apply replaces anyway only if they are still there when it is done.
            self.replace_older(image, false)?;
        }
        if !self.wait(Phase::Workloads)? {
            return Ok(false);
        }
        match image {
            Some(image) if self.replace_older(image, true)? => self.wait(Phase::Workloads),
            _ => Ok(true),
        }
    }

    fn wait(&self, phase: Phase) -> Result<bool> {
        let all = self.manifests.of(phase);
        let workloads: Vec<_> = all.iter().map(|one| (one.kind(), one.name())).collect();
        let Target { kubectl, .. } = &self.target;
        wait::until_done(kubectl, &self.manifests.namespace, &workloads, self.timeout())
    }

    /// Runs what runs once. What has completed is kept, unless something has changed since.
    fn jobs(&mut self) -> Result<bool> {
        let namespace = self.manifests.namespace.clone();
        let jobs: Vec<Manifest> = self.manifests.of(Phase::Jobs).into_iter().cloned().collect();
        let mut run = Vec::new();
        for job in &jobs {
            let kubectl = &self.target.kubectl;
            let found = kubectl.find(&namespace, "job", job.name())?;
            let completed = found.as_ref().is_some_and(|job| json::holds(job, "Complete"));
            if completed && !self.changed {
                // A template that is another one cannot be applied.
                if let Ok([Effect::Unchanged]) = apply::apply(kubectl, &[job]).as_deref() {
                    note(&format!("    {}: completed before, and nothing has changed", job.name()));
                    continue;
                }
            }
            if found.is_some() {
                note(&format!("    {}: runs again", job.name()));
                let limit = format!("--timeout={}s", self.args.timeout);
                let args = [
                    "delete",
                    "--namespace",
                    &namespace,
                    "job",
                    job.name(),
                    "--ignore-not-found",
                    "--cascade=foreground",
                    &limit,
                ];
                let output = kubectl.call(&args, String::new(), self.timeout() + CALL)?;
                if !output.status.success() {
                    bail!("{}: {}", job.label(), output.reason());
                }
            }
            apply::apply(kubectl, &[job])?;
            self.changed = true;
            run.push(("Job", job.name()));
        }
        let done = wait::until_done(&self.target.kubectl, &namespace, &run, self.timeout())?;
        for (_, name) in run {
            let job = format!("job/{name}");
            let args = ["logs", "--namespace", &namespace, &job, "--tail", "1"];
            if done && let Ok(line) = self.target.kubectl.text(&args) {
                note(&format!("    {name} said: {}", line.trim_end()));
            }
        }
        Ok(done)
    }

    fn apply(&mut self, phase: Phase) -> Result<()> {
        let all: Vec<Manifest> = self.manifests.of(phase).into_iter().cloned().collect();
        let all: Vec<&Manifest> = all.iter().collect();
        let effects = apply::apply(&self.target.kubectl, &all)?;
        self.keep(&all, &effects);
        Ok(())
    }

    fn keep(&mut self, manifests: &[&Manifest], effects: &[Effect]) {
        self.changed |= effects.iter().any(|effect| *effect != Effect::Unchanged);
        let labels = manifests.iter().map(|one| one.label());
        self.effects.extend(labels.zip(effects.iter().copied()));
    }

    /// What was done with an object.
    fn effect(&self, manifest: &Manifest) -> Option<Effect> {
        let label = manifest.label();
        self.effects.iter().find(|(one, _)| *one == label).map(|(_, effect)| *effect)
    }

    /// Says what became of the objects of some phases.
    fn say(&self, phases: &[Phase]) {
        let all: Vec<&Manifest> =
            self.manifests.iter().filter(|one| phases.contains(&one.phase())).collect();
        let of = |wanted| all.iter().filter(move |one| self.effect(one) == Some(wanted));
        for (effect, word) in [(Effect::Created, "created"), (Effect::Changed, "changed")] {
            of(effect).for_each(|one| note(&format!("    {word} {}", one.label())));
        }
        let unchanged = of(Effect::Unchanged).count();
        if unchanged > 0 {
            note(&format!("    {} unchanged", counted(unchanged, "object")));
        }
    }
}

/// How images are loaded into a cluster; `None` if there is no way that is known.
fn loader(args: &Args, context: &str, minikube: impl FnOnce() -> Minikube) -> Option<Loader> {
    match (&args.load, args.cluster) {
        (Some(command), _) => Some(Loader::Command(command.clone())),
        (None, Provider::Minikube) => Some(Loader::Minikube(minikube())),
        (None, Provider::Current) => Loader::of_context(context),
    }
}
