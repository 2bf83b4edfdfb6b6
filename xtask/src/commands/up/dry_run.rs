//! What `up` would run, as lines for a shell.
//!
//! Invariant: nothing is asked, neither the cluster nor what is installed, so that the lines are
//! the same everywhere. What depends on the state of the cluster says so.

use std::path::Path;

use anyhow::Result;

use super::{
    super::{
        Context,
        cluster::{
            CREATED_BY, ENVIRONMENT, UP, apply,
            kubectl::Kubectl,
            manifests::{Manifests, Phase},
            target::Provider,
        },
        tools::shell_line,
    },
    Args, browse, loader,
    local_image::ARCHIVE,
    start,
};

/// The commands of a run.
pub(super) fn plan(args: &Args, context: &Context) -> Result<String> {
    let manifests = Manifests::read(context, ENVIRONMENT)?;
    let kubectl = args.target.planned(args.cluster, context)?;
    let mut lines = vec![
        "# rendered".to_owned(),
        format!("cargo xtask render {ENVIRONMENT} --check"),
        "# cluster".to_owned(),
    ];
    match args.cluster {
        Provider::Minikube => {
            let minikube = args.target.minikube(&kubectl);
            lines.push("# if there is no such profile yet:".to_owned());
            lines.push(minikube.line(&minikube.start(true)));
            lines.push(kubectl.line(&start::mark().each_ref().map(String::as_str)));
        }
        Provider::Current => lines.push(kubectl.line(&["get", "--raw", "/readyz"])),
    }
    image(args, &manifests, &kubectl, &mut lines)?;
    objects(args, &manifests, &kubectl, &mut lines);
    if let Some((service, port)) = browse::entry(&manifests)? {
        lines.push("# port-forward, kept alive in the background:".to_owned());
        let (service, ports) =
            (format!("service/{}", service.name()), format!("{}:{port}", args.port));
        let namespace = ["--namespace", &manifests.namespace];
        let words =
            [&["port-forward"], &namespace[..], &["--address", "127.0.0.1", &service, &ports]];
        lines.push(format!("{} &", kubectl.line(&words.concat())));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

fn image(
    args: &Args,
    manifests: &Manifests,
    kubectl: &Kubectl,
    lines: &mut Vec<String>,
) -> Result<()> {
    let Some(reference) = manifests.local_image()?.filter(|_| !args.no_build) else {
        return Ok(());
    };
    lines.push("# image".to_owned());
    let words = ["xtask", "image", "--tag", reference, "--save", ARCHIVE].map(str::to_owned);
    let words = [words.to_vec(), args.image.arguments()].concat();
    lines.push(shell_line("cargo", &words).trim_end().to_owned());
    let context = kubectl.context.as_deref().unwrap_or_default();
    match loader(args, context, || args.target.minikube(kubectl)) {
        Some(loader) => lines.push(loader.line(Path::new(ARCHIVE))),
        None => lines.push(
            "# loaded as the context of the cluster says (kind-..., k3d-...), or with --load"
                .to_owned(),
        ),
    }
    Ok(())
}

fn objects(args: &Args, manifests: &Manifests, kubectl: &Kubectl, lines: &mut Vec<String>) {
    let namespace = manifests.namespace.as_str();
    let limit = format!("--timeout={}s", args.timeout);
    lines.push("# settings".to_owned());
    for one in manifests.of(Phase::Namespaces) {
        lines.push("# a namespace that is there already is applied as it is".to_owned());
        let mark = format!("{CREATED_BY}={UP}");
        let words = ["annotate", "--local", "--filename", &one.path, &mark, "--output", "json"];
        let apply = kubectl.line(&apply::arguments(&[]));
        lines.push(format!("{} | {apply}", kubectl.line(&words)));
    }
    let apply = |phase: Phase, lines: &mut Vec<String>| {
        let all = manifests.of(phase);
        if !all.is_empty() {
            lines.push(kubectl.line(&apply::arguments(&all)));
        }
        all
    };
    for one in apply(Phase::Definitions, lines) {
        let name = format!("customresourcedefinition/{}", one.name());
        lines.push(kubectl.line(&["wait", "--for=condition=Established", "--timeout=30s", &name]));
    }
    apply(Phase::Settings, lines);
    lines.push("# workloads".to_owned());
    let workloads = apply(Phase::Workloads, lines);
    let image = manifests.local_image().ok().flatten().filter(|_| !args.no_build);
    for one in image.into_iter().flat_map(|image| manifests.running(image)) {
        let name = one.label();
        lines.push("# if its pods run an older image of the same name:".to_owned());
        lines.push(kubectl.line(&["rollout", "restart", "--namespace", namespace, &name]));
    }
    for one in workloads {
        let words = ["rollout", "status", "--namespace", namespace, &one.label(), &limit];
        lines.push(kubectl.line(&words));
    }
    let jobs = manifests.of(Phase::Jobs);
    if !jobs.is_empty() {
        lines.push("# jobs, unless they have completed and nothing has changed".to_owned());
    }
    for one in jobs {
        let words = ["delete", "--namespace", namespace, "job", one.name(), "--ignore-not-found"];
        lines.push(kubectl.line(&[&words[..], &["--cascade=foreground", &limit]].concat()));
        lines.push(kubectl.line(&apply::arguments(&[one])));
        let label = one.label();
        let words = ["wait", "--for=condition=Complete", "--namespace", namespace, &label, &limit];
        lines.push(kubectl.line(&words));
    }
}
