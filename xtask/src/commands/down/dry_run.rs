//! What `down` would run, as lines for a shell. Nothing is asked, as for `up`.

use anyhow::Result;

use super::{
    super::{
        Context,
        cluster::{
            CREATED_BY, ENVIRONMENT, FIELD_MANAGER, UP,
            manifests::{Manifests, Phase},
            target::Provider,
        },
    },
    Args,
    owned::full_name,
};

/// The commands of a run.
pub(super) fn plan(args: &Args, context: &Context) -> Result<String> {
    let manifests = Manifests::read(context, ENVIRONMENT)?;
    let kubectl = args.target.planned(args.cluster, context)?;
    let namespace = manifests.namespace.as_str();
    let limit = format!("--timeout={}s", args.timeout);
    let mut lines = vec![
        "# port-forward: the process that target/xtask/port-forward.json names is ended".to_owned(),
    ];
    if args.cluster == Provider::Minikube {
        let minikube = args.target.minikube(&kubectl);
        lines.push(format!(
            "# minikube, if kube-system has the annotation {CREATED_BY}: {UP}, and no namespace is \
             somebody else's; then this is all:"
        ));
        lines.push(minikube.line(&minikube.delete()));
    }
    lines.push(format!(
        "# objects, as far as {FIELD_MANAGER} has applied them, and those of earlier versions"
    ));
    for phase in [Phase::Jobs, Phase::Workloads, Phase::Settings, Phase::Definitions] {
        let names: Vec<String> =
            manifests.of(phase).into_iter().rev().map(|one| full_name(&one.object)).collect();
        if names.is_empty() {
            continue;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let words = ["delete", "--namespace", namespace, "--ignore-not-found"];
        lines.push(kubectl.line(&[&words[..], &["--cascade=foreground", &limit], &names].concat()));
    }
    lines.push(format!(
        "# namespace, if it has the annotation {CREATED_BY}: {UP}, and nothing else is in it"
    ));
    lines.push(kubectl.line(&["delete", "namespace", namespace, &limit]));
    lines.push(String::new());
    Ok(lines.join("\n"))
}
