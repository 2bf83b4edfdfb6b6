//! Bringing an image to the nodes, and finding out whether they have it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{
    super::tools::{find, shell_line},
    json::{list, text},
    minikube::Minikube,
    target::Missing,
};

/// How images reach the nodes of a cluster.
#[derive(Clone, Debug)]
pub(in super::super) enum Loader {
    Minikube(Minikube),
    /// A cluster of kind, by its name.
    Kind(String),
    /// A cluster of k3d, by its name.
    K3d(String),
    /// A command that takes the path of an archive as its last argument.
    Command(String),
}

impl Loader {
    /// The loader for a context; `None` if there is no way that is known.
    pub fn of_context(context: &str) -> Option<Self> {
        let kind = context.strip_prefix("kind-").map(|name| Self::Kind(name.to_owned()));
        kind.or_else(|| Some(Self::K3d(context.strip_prefix("k3d-")?.to_owned())))
    }

    /// What has to be installed for it, if it is not.
    pub fn missing(&self) -> Option<Missing> {
        let (name, how) = match self {
            Self::Kind(_) => ("kind", "https://kind.sigs.k8s.io, or --load COMMAND"),
            Self::K3d(_) => ("k3d", "https://k3d.io, or --load COMMAND"),
            Self::Minikube(_) | Self::Command(_) => return None,
        };
        find(name).is_none().then(|| (name.to_owned(), how.to_owned()))
    }

    /// The command that loads an archive, as a line that can be pasted into a shell.
    pub fn line(&self, archive: &Path) -> String {
        match self {
            Self::Minikube(minikube) => minikube.line(&minikube.load(archive)),
            Self::Command(command) => {
                let archive = shell_line(&archive.to_string_lossy(), &[]);
                format!("{command} {}", archive.trim_end())
            }
            Self::Kind(_) | Self::K3d(_) => {
                let (program, words) = self.words(archive);
                shell_line(program, &words).trim_end().to_owned()
            }
        }
    }

    /// Puts the images of an archive on the nodes.
    pub fn load(&self, archive: &Path) -> Result<()> {
        if let Self::Minikube(minikube) = self {
            return minikube.show(&minikube.load(archive));
        }
        let (program, words) = self.words(archive);
        let status = Command::new(program)
            .args(&words)
            .stdin(Stdio::null())
            // Standard output is for results.
            .stdout(std::io::stderr())
            .status()
            .with_context(|| format!("failed to run {program}"))?;
        ensure!(status.success(), "`{}` failed: see above", self.line(archive));
        Ok(())
    }

    fn words(&self, archive: &Path) -> (&'static str, Vec<String>) {
        let archive = archive.to_string_lossy().into_owned();
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Self::Minikube(minikube) => ("minikube", minikube.load(Path::new(&archive))),
            Self::Kind(name) => {
                ("kind", words(&["load", "image-archive", &archive, "--name", name]))
            }
            Self::K3d(name) => ("k3d", words(&["image", "import", &archive, "--cluster", name])),
            Self::Command(command) => {
                ("sh", words(&["-c", &format!("{command} \"$1\""), "sh", &archive]))
            }
        }
    }
}

/// Whether a node says that it has an image of this name. Nodes name no more than 50 images, the
/// largest first, so that a no may be wrong.
pub(in super::super) fn is_on_a_node(nodes: &[Value], reference: &str) -> bool {
    let images = nodes.iter().flat_map(|node| list(node, "/status/images"));
    images.flat_map(|image| list(image, "/names")).any(|name| name == reference)
}

/// The images of this name that pods run, as nodes name them.
pub(in super::super) fn ids<'a>(pods: &[&'a Value], reference: &str) -> Vec<&'a str> {
    let containers = |&pod: &&'a Value| {
        let named = list(pod, "/spec/containers").iter();
        let named = named.filter(|container| text(container, "/image") == reference);
        named.filter_map(move |container| {
            let name = text(container, "/name");
            let statuses = list(pod, "/status/containerStatuses").iter();
            let status = statuses.into_iter().find(|status| text(status, "/name") == name)?;
            Some(text(status, "/imageID")).filter(|id| !id.is_empty())
        })
    };
    pods.iter().flat_map(containers).collect()
}

/// Whether an image that a pod runs is the one that was built, as far as their ids can tell.
pub(in super::super) fn is_same(running: &str, built: &str) -> bool {
    let digest = running.rsplit("://").next().unwrap_or(running);
    digest.trim_start_matches("sha256:") == built.trim_start_matches("sha256:")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_context_says_how_images_are_loaded() {
        let line = |context| Loader::of_context(context).map(|one| one.line(Path::new("a b.tar")));
        let kind = "kind load image-archive 'a b.tar' --name dev";
        assert_eq!(line("kind-dev").as_deref(), Some(kind));
        assert_eq!(line("k3d-dev").as_deref(), Some("k3d image import 'a b.tar' --cluster dev"));
        assert_eq!(line("production"), None);
        let own = Loader::Command("ssh node load <".to_owned());
        assert_eq!(own.line(Path::new("a b.tar")), "ssh node load < 'a b.tar'");
    }

    #[test]
    fn the_image_of_a_container_is_found_by_its_name() {
        let pod = json!({
            "spec": {"containers": [
                {"name": "web", "image": "localhost/web:dev"}, {"name": "log", "image": "log:1"},
            ]},
            "status": {"containerStatuses": [
                {"name": "log", "imageID": "sha256:ff"}, {"name": "web", "imageID": "sha256:ab"},
            ]},
        });
        assert_eq!(ids(&[&pod], "localhost/web:dev"), ["sha256:ab"]);
        assert_eq!(ids(&[&pod], "localhost/other:dev"), [] as [&str; 0]);
    }

    #[test]
    fn an_image_is_the_same_whatever_names_its_id() {
        assert!(is_same("sha256:ab", "sha256:ab"));
        assert!(is_same("docker://sha256:ab", "sha256:ab"));
        assert!(!is_same("sha256:cd", "sha256:ab"));
        assert!(!is_same("docker.io/library/import-1@sha256:ab", "sha256:ab"));
    }

    #[test]
    fn a_node_lists_its_images() {
        let nodes = [json!({"status": {"images": [{"names": ["a@sha256:1", "a:1"]}]}})];
        assert!(is_on_a_node(&nodes, "a:1"));
        assert!(!is_on_a_node(&nodes, "a:2"));
    }
}
