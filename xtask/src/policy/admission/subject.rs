//! What policies are asked about: an object of the cluster that is about to be made, or what a
//! controller makes of one.

use std::borrow::Cow;

use super::{
    super::{
        object,
        request::{Request, User, Versioned},
    },
    kinds::{ADMISSION, Equivalent, Kinds, is_built_in},
    served,
};
use crate::{
    cluster::{Cluster, Object},
    resource::Gvk,
    yaml::{Node, Scalar, Text, Value},
};

/// An object to be made.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub gvk: Gvk,
    pub resource: Text,
    pub equivalents: Vec<Equivalent>,
    pub name: Text,
    /// Empty for what is in none; of a Namespace its own name.
    pub namespace: Text,
    pub namespace_labels: Vec<(Text, Text)>,
    /// The object that is written, in which places are looked for.
    pub written: Cow<'a, Node>,
    /// The object as policies see it.
    pub served: Node,
}

/// In which version an object is asked for.
#[derive(Clone, Debug)]
pub(super) enum Version {
    /// As it is written.
    Own,
    /// In another one.
    Other(Equivalent),
}

impl<'a> Subject<'a> {
    /// Of an object. None for what has no kind, and for what no policy is asked about.
    pub fn new(node: Cow<'a, Node>, cluster: &Cluster<'_>, kinds: &Kinds<'_>) -> Option<Self> {
        let gvk = object::gvk(&node);
        // So that nobody locks himself out.
        let (group, kinds_of_admission) = ADMISSION;
        let is_exempt = gvk.group == group && kinds_of_admission.contains(&gvk.kind.as_str());
        if gvk == Gvk::default() || is_exempt {
            return None;
        }
        let is_namespace = object::is_namespace(&gvk);
        let namespace: Text = if is_namespace {
            object::name(&node).into()
        } else if kinds.is_namespaced(&gvk, Some(&node)) {
            let written = object::namespace(&node);
            if written.is_empty() { Text::const_new("default") } else { written.into() }
        } else {
            Text::default()
        };
        let served = if is_built_in(&gvk.group) {
            served::built_in(&node, &gvk, has_token(cluster, &namespace, &node))
        } else {
            served::custom(&node, kinds.schema(&gvk))
        };
        let namespace_labels = if is_namespace {
            let owned = |(key, value): (&str, &str)| (key.into(), value.into());
            object::labels(&served).map(owned).collect()
        } else {
            cluster.namespace_labels(&namespace)
        };
        Some(Self {
            resource: kinds.resource(&gvk),
            equivalents: kinds.equivalents(&gvk),
            name: object::name(&served).into(),
            namespace,
            namespace_labels,
            written: node,
            served,
            gvk,
        })
    }

    /// Whether a controller makes it of an object.
    pub fn is_made(&self) -> bool {
        matches!(self.written, Cow::Owned(_))
    }

    /// Whether it is a Namespace.
    pub fn is_namespace(&self) -> bool {
        object::is_namespace(&self.gvk)
    }

    /// The labels of the object.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        object::labels(&self.served)
    }

    /// The object in a version.
    pub fn node(&self, version: &Version) -> Cow<'_, Node> {
        let Version::Other(other) = version else { return Cow::Borrowed(&self.served) };
        let mut node = self.served.clone();
        if let Some(place) = node.get_mut("apiVersion") {
            let gvk = Gvk { version: other.version.clone(), ..self.gvk.clone() };
            place.value = Value::Scalar(Scalar::string(gvk.api_version()));
        }
        Cow::Owned(node)
    }

    /// The request that makes it. Who makes it is not known.
    pub fn request<'r>(&'r self, version: &Version, options: &'r Node) -> Request<'r> {
        let asked = match version {
            Version::Own => &self.gvk.version,
            Version::Other(other) => &other.version,
        };
        let part = |version: &Text, name: &Text| Versioned {
            group: self.gvk.group.clone(),
            version: version.clone(),
            name: name.clone(),
        };
        Request {
            kind: part(asked, &self.gvk.kind),
            resource: part(asked, &self.resource),
            original_kind: part(&self.gvk.version, &self.gvk.kind),
            original_resource: part(&self.gvk.version, &self.resource),
            sub_resource: "",
            name: &self.name,
            namespace: &self.namespace,
            operation: "CREATE",
            user: User::Unknown,
            is_dry_run: false,
            options: Some(options),
        }
    }
}

/// Whether the service account of a Pod lets it have a token.
fn has_token(cluster: &Cluster<'_>, namespace: &str, pod: &Node) -> bool {
    let account = ["serviceAccountName", "serviceAccount"]
        .iter()
        .find_map(|key| pod.text_at(&["spec", key]))
        .unwrap_or("default");
    let account: Option<&Object<'_>> = cluster.find("", "ServiceAccount", namespace, account);
    let wants = account.and_then(|account| account.node.get("automountServiceAccountToken"));
    wants.and_then(Node::scalar_text) != Some("false")
}
