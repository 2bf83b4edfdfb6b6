//! The image of the API: built, brought to the nodes, and used by the pods.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{
    super::{
        cluster::{
            apply::Effect,
            load::{Loader, ids, is_on_a_node, is_same},
            manifests::Manifest,
            state::Snapshot,
            wait::snapshot,
        },
        context::note,
        image,
    },
    Up,
};

/// On a Deployment: the image that its pods were last replaced for, where its id does not tell.
const IMAGE_ID: &str = "users-service.example.com/image-id";

/// Where the image is on its way into the cluster, relative to the repository.
pub(super) const ARCHIVE: &str = "target/xtask/image.tar";

/// An image that was built and is on the nodes.
pub(super) struct Image {
    reference: String,
    id: String,
}

impl Up<'_> {
    /// Builds the image and brings it to the nodes. `None` if pods may run what is there.
    pub(super) fn provide_image(&self) -> Result<Option<Image>> {
        let Some(reference) = self.manifests.local_image()? else {
            note("    nothing to build: rendered/dev uses no image without a registry");
            return Ok(None);
        };
        // Who may not list the nodes may still use them.
        let nodes = self.target.kubectl.get(&["nodes"]).unwrap_or_default();
        let on_a_node = is_on_a_node(&nodes, reference);
        if self.args.no_build {
            let known = if on_a_node { "is on a node" } else { "is not listed by any node" };
            note(&format!("    {reference} is not built, and {known}"));
            return Ok(None);
        }
        let Some(loader) = self.loader() else {
            if on_a_node {
                note(&format!(
                    "    {reference} is on a node and stays as it is: how images are loaded into \
                     this cluster is not known (--load COMMAND says it)"
                ));
                return Ok(None);
            }
            bail!(
                "how images are loaded into the cluster {} is not known: --load COMMAND says it, \
                 or load {reference} yourself (`cargo xtask image --save FILE` builds it) and use \
                 --no-build",
                self.target
            );
        };
        let built = image::build(&self.args.image, self.context, reference)?;
        let image = Image { reference: reference.to_owned(), id: built.id.clone() };
        if self.has(&loader, &image, nodes.len())? {
            note(&format!("    {reference} is on a node already: {}", image.id));
            return Ok(Some(image));
        }
        let archive = self.context.root.join(ARCHIVE);
        let dir = archive.parent().unwrap_or(&self.context.root);
        std::fs::create_dir_all(dir)
            .with_context(|| format!("failed to make {}", dir.display()))?;
        built.save(&archive)?;
        note(&format!("    {}", loader.line(&archive)));
        let loaded = loader.load(&archive);
        // It is large, and of no use to anybody else.
        let _ = std::fs::remove_file(&archive);
        loaded?;
        Ok(Some(image))
    }

    /// Whether the nodes certainly have the image.
    fn has(&self, loader: &Loader, image: &Image, nodes: usize) -> Result<bool> {
        if let Loader::Minikube(minikube) = loader
            && minikube.has_image(&image.reference, &image.id)
        {
            return Ok(true);
        }
        let snapshot = snapshot(&self.target.kubectl, &self.manifests.namespace)?;
        let deployments = self.manifests.running(&image.reference);
        Ok(deployments.map(|one| Runs::of(&snapshot, one, image)).any(|runs| match runs {
            // With several nodes, what one runs says nothing of the others.
            Runs::Same => nodes == 1,
            Runs::Noted => true,
            Runs::Other | Runs::Nothing => false,
        }))
    }

    /// Replaces the pods that run an older image of the same name; whether there were any.
    pub(super) fn replace_older(&mut self, image: &Image, rolled_out: bool) -> Result<bool> {
        let namespace = &self.manifests.namespace;
        let kubectl = &self.target.kubectl;
        let snapshot = snapshot(kubectl, namespace)?;
        let mut replaced = false;
        for deployment in self.manifests.running(&image.reference) {
            let effect = self.effect(deployment);
            // What has changed is being replaced right now.
            if !rolled_out && effect != Some(Effect::Unchanged) {
                continue;
            }
            if Runs::of(&snapshot, deployment, image) != Runs::Other {
                continue;
            }
            let name = format!("deployment/{}", deployment.name());
            // The pods of a new Deployment were started after the image was loaded.
            if effect != Some(Effect::Created) {
                note(&format!("    {name} runs an older {}: restarted", image.reference));
                kubectl.text(&["rollout", "restart", "--namespace", namespace, &name])?;
                replaced = true;
            }
            let noted = format!("{IMAGE_ID}={}", image.id);
            kubectl.text(&["annotate", "--namespace", namespace, &name, "--overwrite", &noted])?;
        }
        self.changed |= replaced;
        Ok(replaced)
    }
}

/// Which image the pods of a Deployment run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    /// The one that was built.
    Same,
    /// Not known by its id, but the pods were replaced for the one that was built. Some nodes name
    /// an image by the digest of a manifest, which its builder does not know, or the other way round.
    Noted,
    Other,
    /// There are no pods yet.
    Nothing,
}

impl Runs {
    fn of(snapshot: &Snapshot, deployment: &Manifest, image: &Image) -> Self {
        let Some(live) = snapshot.find("Deployment", deployment.name()) else {
            return Self::Nothing;
        };
        let mut pods = snapshot.pods(live);
        pods.retain(|pod| pod.pointer("/metadata/deletionTimestamp").is_none());
        let running = ids(&pods, &image.reference);
        let noted = live.pointer("/metadata/annotations").and_then(|all| all.get(IMAGE_ID));
        if running.is_empty() {
            Self::Nothing
        } else if running.iter().all(|id| is_same(id, &image.id)) {
            Self::Same
        } else if noted.and_then(Value::as_str) == Some(&image.id) {
            Self::Noted
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn runs(id: &str, annotations: &Value) -> Runs {
        let snapshot = Snapshot::new(vec![
            json!({"kind": "Deployment",
                "metadata": {"name": "web", "uid": "1", "annotations": annotations}}),
            json!({"kind": "ReplicaSet",
                "metadata": {"name": "web-a", "uid": "2", "ownerReferences": [{"uid": "1"}]}}),
            json!({"kind": "Pod",
                "metadata": {"name": "web-a-b", "uid": "3", "ownerReferences": [{"uid": "2"}]},
                "spec": {"containers": [{"name": "web", "image": "localhost/web:dev"}]},
                "status": {"containerStatuses": [{"name": "web", "imageID": id}]}}),
        ]);
        let deployment = Manifest {
            path: "web.yaml".to_owned(),
            object: json!({"kind": "Deployment", "metadata": {"name": "web"}}),
            namespace: "shop".to_owned(),
        };
        let image =
            Image { reference: "localhost/web:dev".to_owned(), id: "sha256:new".to_owned() };
        Runs::of(&snapshot, &deployment, &image)
    }

    #[test]
    fn pods_of_an_older_image_are_found() {
        assert_eq!(runs("sha256:old", &json!({})), Runs::Other);
        assert_eq!(runs("sha256:new", &json!({})), Runs::Same);
        assert_eq!(runs("", &json!({})), Runs::Nothing);
    }

    #[test]
    fn where_the_id_does_not_tell_a_note_does() {
        let imported = "docker.io/library/import-1@sha256:abc";
        assert_eq!(runs(imported, &json!({})), Runs::Other);
        assert_eq!(runs(imported, &json!({IMAGE_ID: "sha256:old"})), Runs::Other);
        assert_eq!(runs(imported, &json!({IMAGE_ID: "sha256:new"})), Runs::Noted);
    }
}
