//! Images: their names, and where a cluster names them.
//!
//! Source: the grammar of `github.com/distribution/reference`, and a pod's fields that name an
//! image. What a program is told to run by its arguments is not seen.

use crate::{
    cluster::{Cluster, Container, Object, Workload},
    kustomize::split_image,
    yaml::Node,
};

use super::items;

/// The name of an image in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// The registry and the path in it, as written.
    pub repository: &'a str,
    pub tag: Option<&'a str>,
    pub digest: Option<&'a str>,
}

/// A place at which an object names an image.
#[derive(Debug)]
pub struct ImageUse<'c, 'a> {
    pub object: &'c Object<'a>,
    pub node: &'a Node,
    pub image: Image<'a>,
    workload: &'c Workload<'a>,
    holder: Holder<'a>,
}

/// What has an image in a pod.
#[derive(Debug)]
enum Holder<'a> {
    Container(Container<'a>),
    /// A volume, by its place in the list.
    Volume(usize),
}

impl ImageUse<'_, '_> {
    /// The path of the field: `spec.template.spec.containers[0].image`.
    pub fn path(&self) -> String {
        self.workload.field(&match &self.holder {
            Holder::Container(container) => format!("{}.image", container.path()),
            Holder::Volume(index) => format!("spec.volumes[{index}].image.reference"),
        })
    }
}

impl<'a> Image<'a> {
    /// `None` for what names nothing, which the schema reports.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (repository, tag, digest) = split_image(text);
        let tag = tag.filter(|tag| !tag.is_empty());
        (!repository.is_empty()).then_some(Self { repository, tag, digest })
    }

    /// The last part of the path: `external-dns` of `registry.k8s.io/external-dns/external-dns`.
    pub fn name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or(self.repository)
    }

    /// Major and minor version, if the tag says them: `v0.22.0`, `8.0.28-noble`.
    pub fn version(&self) -> Option<(u32, u32)> {
        let tag = self.tag?;
        let mut parts = tag.strip_prefix('v').unwrap_or(tag).split(['.', '-', '_', '+']);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

/// All places of the pods of a cluster that name an image, in order: containers of every role, and
/// volumes that are images.
pub fn image_uses<'c, 'a>(cluster: &'c Cluster<'a>) -> impl Iterator<Item = ImageUse<'c, 'a>> {
    cluster.workloads().iter().flat_map(move |workload| {
        let object = cluster.object_of(workload);
        let containers = workload.containers().filter_map(|container| {
            Some((container.node.get("image")?, Holder::Container(container)))
        });
        let volumes = items(workload.spec, &["volumes"]).iter().enumerate();
        let volumes = volumes.filter_map(|(index, volume)| {
            Some((volume.at(&["image", "reference"])?, Holder::Volume(index)))
        });
        containers.chain(volumes).filter_map(move |(node, holder)| {
            Some(ImageUse { object, node, image: Image::parse(node.as_str()?)?, workload, holder })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_tag() {
        let version = |text| Image::parse(text).and_then(|image| image.version());
        assert_eq!(version("registry.k8s.io/external-dns/external-dns:v0.22.0"), Some((0, 22)));
        assert_eq!(version("host:5000/mongo:8.0.28-noble@sha256:ab"), Some((8, 0)));
        assert_eq!(version("mongo:8"), None);
        assert_eq!(version("mongo:latest"), None);
        assert_eq!(version("host:5000/mongo"), None);
    }
}
