//! References by name: what an object names, and in which field.
//!
//! Invariant: nothing here knows whether what is named is there. A family of kinds is one file
//! beside this one, a function that hands each reference of an object to a [`Collector`].

use super::{
    field::Field,
    kinds::{CONFIG_MAP, SECRET},
};
use crate::{cluster::Object, yaml::Text};

/// A kind whose objects are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its group.
    pub group: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// Whether its objects are in no namespace.
    pub is_cluster_scoped: bool,
}

/// An object that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The group of its kind, in any version.
    pub group: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; `None` for a kind whose objects are in none.
    pub namespace: Option<Text>,
    /// Its name.
    pub name: &'a str,
}

/// That an object names another one.
#[derive(Clone, Debug)]
pub struct Reference<'a, 'p> {
    /// Which object.
    pub from: &'p Object<'a>,
    /// The value that names the other one.
    pub at: Field<'a, 'p>,
    /// The other one.
    pub target: Target<'a>,
    /// The values that name keys of its data.
    pub keys: &'p [Field<'a, 'p>],
    /// The keys of its data that the field needs without naming them.
    pub needs: &'static [&'static str],
    /// The types that a Secret must have one of; none stands for any.
    pub types: &'static [&'static str],
    /// What the other one must be like or have.
    pub part: Option<Part<'a, 'p>>,
    /// Whether it need not be there.
    pub optional: bool,
}

/// What an object that is named must be like or have.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a, 'p> {
    /// A ConfigMap or a Secret must have data.
    Data,
    /// A Service must have no address of its own.
    Headless,
    /// A Service must have a port of this number, which is written in the field if it is written.
    Port(i64, Option<Field<'a, 'p>>),
    /// A Gateway must have the listener that the field names.
    Listener(Field<'a, 'p>),
}

/// What is done with each reference.
pub type Visit<'v, 'a> = dyn FnMut(&Reference<'a, '_>) + 'v;

/// Takes the references of an object.
pub struct Collector<'s, 'v, 'a> {
    /// The object.
    pub object: &'s Object<'a>,
    visit: &'s mut Visit<'v, 'a>,
}

impl Kind {
    /// A kind whose objects are in namespaces.
    pub const fn namespaced(group: &'static str, kind: &'static str) -> Self {
        Self { group, kind, is_cluster_scoped: false }
    }

    /// A kind whose objects are in no namespace.
    pub const fn cluster(group: &'static str, kind: &'static str) -> Self {
        Self { group, kind, is_cluster_scoped: true }
    }

    /// The object of this kind in a namespace, unless its kind has none.
    pub fn named(self, namespace: Text, name: &str) -> Target<'_> {
        let namespace = (!self.is_cluster_scoped).then_some(namespace);
        Target { group: self.group, kind: self.kind, namespace, name }
    }
}

impl<'a, 'p> Reference<'a, 'p> {
    /// That an object names another one in a field.
    pub fn new(from: &'p Object<'a>, at: Field<'a, 'p>, target: Target<'a>) -> Self {
        Self { from, at, target, keys: &[], needs: &[], types: &[], part: None, optional: false }
    }

    /// Whether it names an object of this kind.
    pub fn is_to(&self, kind: Kind) -> bool {
        self.target.kind == kind.kind && self.target.group == kind.group
    }
}

impl<'s, 'v, 'a> Collector<'s, 'v, 'a> {
    /// For the references of one object.
    pub fn new(object: &'s Object<'a>, visit: &'s mut Visit<'v, 'a>) -> Self {
        Self { object, visit }
    }

    /// The namespace that a map says; that of the object if it says none.
    pub fn namespace_in(&self, map: &Field<'a, '_>) -> Text {
        map.text_at("namespace").map_or_else(|| self.object.namespace(), Text::from)
    }

    /// A value that is the name of an object of a kind, in the namespace of this one.
    pub fn name(&mut self, at: Option<Field<'a, '_>>, kind: Kind) {
        self.name_in(at, kind, self.object.namespace());
    }

    /// A value that is the name of an object of a kind in a namespace.
    pub fn name_in(&mut self, at: Option<Field<'a, '_>>, kind: Kind, namespace: Text) {
        let Some(at) = at else { return };
        let Some(name) = at.text() else { return };
        self.target(at, kind.named(namespace, name));
    }

    /// A value that names an object.
    pub fn target(&mut self, at: Field<'a, '_>, target: Target<'a>) {
        self.reference(&Reference::new(self.object, at, target));
    }

    /// A `SecretKeySelector`, a `ConfigMapEnvSource` or the like: a map with `name`, maybe with `key`
    /// and `optional`, in the namespace of this object.
    pub fn selector(&mut self, map: Option<Field<'a, '_>>, kind: Kind) {
        self.selector_in(map, kind, self.object.namespace());
    }

    /// The same in a namespace.
    pub fn selector_in(&mut self, map: Option<Field<'a, '_>>, kind: Kind, namespace: Text) {
        let Some(map) = map else { return };
        let key = map.get("key").filter(|key| key.text().is_some());
        self.keys_of(map, "name", kind, namespace, key.as_slice());
    }

    /// A map whose `field` names an object, with the fields that name keys of it.
    pub fn keys_of(
        &mut self,
        map: Field<'a, '_>,
        field: &'static str,
        kind: Kind,
        namespace: Text,
        keys: &[Field<'a, '_>],
    ) {
        let Some(at) = map.get(field) else { return };
        let Some(name) = at.text() else { return };
        let takes_all = keys.is_empty() && (kind == CONFIG_MAP || kind == SECRET);
        self.reference(&Reference {
            keys,
            part: takes_all.then_some(Part::Data),
            optional: map.is_true("optional"),
            ..Reference::new(self.object, at, kind.named(namespace, name))
        });
    }

    /// A value that is the name of a Secret with certain keys, in a namespace.
    pub fn secret(
        &mut self,
        at: Option<Field<'a, '_>>,
        namespace: Text,
        needs: &'static [&'static str],
    ) {
        let Some(at) = at else { return };
        let Some(name) = at.text() else { return };
        let target = SECRET.named(namespace, name);
        self.reference(&Reference { needs, ..Reference::new(self.object, at, target) });
    }

    /// A value that is the name of a Secret with a certificate and its key, in a namespace.
    pub fn certificate(&mut self, at: Option<Field<'a, '_>>, namespace: Text) {
        self.secret(at, namespace, &["tls.crt", "tls.key"]);
    }

    /// Any reference.
    pub fn reference(&mut self, reference: &Reference<'a, '_>) {
        (self.visit)(reference);
    }
}
