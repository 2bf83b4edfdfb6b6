//! The cluster: starting minikube, or finding the one that the kubeconfig leads to.

use anyhow::Result;

use super::{
    super::{
        Context,
        cluster::{
            CREATED_BY, UP,
            minikube::{Network, Profile},
            process::Interrupt,
            target::{Provider, Target, need},
        },
        context::note,
    },
    Args, loader,
};

/// A cluster that answers.
pub(super) fn bring_up(args: &Args, context: &Context) -> Result<Target> {
    let created = args.cluster == Provider::Minikube && start(args, context)?;
    let target = args.target.look_up(args.cluster, context, Interrupt::default())?;
    note(&format!("    {target}"));
    target.check()?;
    if created {
        target.kubectl.text(&mark().each_ref().map(String::as_str))?;
    }
    let kubectl = &target.kubectl;
    if let Some(loader) = loader(args, &target.context, || args.target.minikube(kubectl))
        && !args.no_build
    {
        need(&loader.missing().into_iter().collect::<Vec<_>>(), "up")?;
    }
    Ok(target)
}

/// The arguments that note in the cluster who made it.
pub(super) fn mark() -> [String; 5] {
    let annotation = format!("{CREATED_BY}={UP}");
    ["annotate", "namespace", "kube-system", "--overwrite", &annotation].map(str::to_owned)
}

/// Starts minikube if it does not run; whether it did not exist before.
fn start(args: &Args, context: &Context) -> Result<bool> {
    let planned = args.target.planned(Provider::Minikube, context)?;
    let minikube = args.target.minikube(&planned);
    let profile = &minikube.profile;
    match minikube.look_up()? {
        Profile::Running(network) => {
            note(&format!("    the minikube profile {profile} runs already"));
            if network == Network::Ignores {
                note(
                    "    warning: its network does not enforce NetworkPolicies: nothing is \
                     isolated, and `cargo xtask smoke` fails (`minikube delete`, then `up`, makes \
                     one that does)",
                );
            }
            Ok(false)
        }
        Profile::Stopped(status) => {
            note(&format!("    the minikube profile {profile} is started: {status}"));
            minikube.show(&minikube.start(false))?;
            Ok(false)
        }
        Profile::Missing => {
            note(&format!("    the minikube profile {profile} is made"));
            minikube.show(&minikube.start(true))?;
            Ok(true)
        }
    }
}
