//! The kinds of the enabled Kubernetes version, in the order of their keys.

use k8s_openapi::Resource;
use schemars::{JsonSchema, SchemaGenerator};

/// Where the objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Cluster,
    Namespaced,
    /// Part of another object (`pods/eviction`): such a kind can be posted, but never stands in a
    /// repository's tree.
    Subresource,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            Self::Namespaced => "Namespaced",
            Self::Subresource => "Subresource",
        }
    }
}

/// One kind and how to get its schema.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub scope: Scope,
    /// Adds the definition of this kind, and all that it refers to, to the generator.
    pub add_schema: fn(&mut SchemaGenerator),
    /// The name of the definition.
    pub definition: fn() -> String,
}

impl Kind {
    /// `apps/v1/Deployment`, and `v1/Pod` in the core group.
    pub fn key(&self) -> String {
        format!("{}/{}", self.api_version, self.kind)
    }
}

fn kind<T: Resource + JsonSchema>(scope: Scope) -> Kind {
    Kind {
        api_version: T::API_VERSION,
        kind: T::KIND,
        plural: T::URL_PATH_SEGMENT,
        scope,
        add_schema: |generator| {
            generator.subschema_for::<T>();
        },
        definition: || T::schema_name().into_owned(),
    }
}

/// All kinds, in the order of their keys.
pub fn all() -> Vec<Kind> {
    let mut kinds = kinds();
    kinds.sort_by_key(Kind::key);
    kinds
}

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));
