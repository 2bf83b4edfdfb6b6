//! Makes the schema bundles of Kubernetes, `xtask/schemas/kubernetes/<version>.json`, which `xtask
//! validate` reads.
//!
//! The types come from `k8s-openapi`, which holds one Kubernetes version per build. So one build of
//! this crate makes one bundle, and all of them are written by
//!
//! ```text
//! for minor in 33 34 35 36 37; do
//!     cargo run --locked -p schema-generator --no-default-features --features v1_$minor -- \
//!         --output xtask/schemas/kubernetes/1.$minor.json
//! done
//! ```
//!
//! With `--check FILE` in place of `--output FILE` a run says what differs instead, and exits with
//! 1 if something does. It exits with 2 if it could not do its work.
//!
//! # What a bundle says
//!
//! The `OpenAPI` document of Kubernetes tells the properties and their types. The API server
//! refuses much more, in Go code. A bundle holds both, in these steps:
//!
//! 1. [`upstream`]: the schemas of all kinds, as `k8s-openapi` gives them.
//! 2. [`corrections`]: where they differ from the `OpenAPI` document and from the server, one entry
//!    a reason.
//! 3. [`rules`]: the rows of `tables/*.txt`, with the values, syntaxes, ranges and requirements
//!    that stand in the code of Kubernetes alone. Each row names its source, and fails the run when
//!    it no longer fits the types or their descriptions.
//! 4. [`merge`]: types that are equal in several versions of their group are kept once.
//!
//! Only what holds without a condition is in a bundle. That one field calls for another, that names
//! must agree between parts of an object, and what a CEL expression says, is no matter of a schema;
//! a reader checks it in code.
//!
//! # The format of a bundle
//!
//! JSON with sorted keys and one kind or definition a line:
//!
//! ```text
//! {
//! "definitions":{
//! "apps.v1.Deployment":{"additionalProperties":false,"properties":{...},"type":"object"},
//! ...
//! },
//! "kinds":{
//! "apps/v1/Deployment":{"definition":"apps.v1.Deployment","name":"dns1123-subdomain",...},
//! ...
//! },
//! "version":"1.36"
//! }
//! ```
//!
//! A **kind** (`apiVersion/kind`; `v1/Pod` in the core group) has
//! - `definition`: the name of its definition, perhaps that of a more stable version of the group;
//! - `scope`: `Namespaced`, `Cluster`, or `Subresource` for what is posted to a part of another
//!   object (`Eviction`);
//! - `plural`: the name of the resource in paths;
//! - `name`: the format of `metadata.name`. The server requires the name (or
//!   `metadata.generateName`, which has the format with a `-` at the end allowed). Without `name`,
//!   objects of the kind are never stored and need no name;
//! - `nameMaxLength`: the greatest length of the name, where it is not that of the format.
//!
//! A **definition** is JSON Schema 2020-12; a reference is `#/definitions/NAME`. Names are those of
//! the `OpenAPI` document without what stands in front of the group: `core.v1.PodSpec`,
//! `meta.v1.ObjectMeta`, `resource.Quantity`, `intstr.IntOrString`.
//!
//! - Every object that has named properties, or none at all, says `additionalProperties: false`.
//! - Keywords beside a `$ref` narrow what the definition says, for this place: a Deployment's
//!   template allows one `restartPolicy` only. Such an addition has no `type`.
//! - `enum`, `const`, `format`, `minLength`, `maxLength`, `minimum`, `maximum`, `exclusiveMinimum`,
//!   `minItems`, `maxItems`, `minProperties`, `propertyNames`, `required`, `not: {}` (the field is
//!   forbidden here) are used as JSON Schema means them. The formats and their grammars are
//!   [`formats::FORMATS`]; integers have the range of their Go type.
//! - An `enum` lists `""` where the server replaces the empty string by a default; a message need
//!   not offer it.
//!
//! Keywords of our own:
//! - `x-kubernetes-list-map-keys: ["containerPort", "protocol"]`: how items are told apart when
//!   lists are merged. A server-side apply refuses two items with the same keys; a POST may take
//!   them, so this is worth a warning. A key that is absent or empty has the `default` of its
//!   property (`TCP`).
//! - `x-unique: [["name"], ["port", "protocol"]]`: the server refuses two items that agree in all
//!   keys of one entry. An item in which a key without `default` is absent, empty or 0 is not
//!   compared.
//! - `x-kubernetes-list-type: "set"`: the server refuses two equal items.
//! - `x-at-parent: true`: the server names the list, map or object around the value when it refuses
//!   it.
//! - `x-deprecated: {"since": "1.36", "use": "..."}`: the field should not be written any more;
//!   `since` may be missing. It is there only in the versions in which the field is deprecated.
//!
//! # What a reader adds
//!
//! **Null** is not in a schema, as Go decodes it before anything is checked: a property that is
//! null is absent; a null item of a list, and a null value of a map with free keys, is the zero
//! value of its type (`""`, `0`, `{}`, the quantity `0`).
//!
//! A fault in a place that is narrowed beside a `$ref` may be told twice, by the definition and by
//! the addition; one of them is enough. A namespace on an object whose kind has the scope `Cluster`
//! is dropped by the server, not refused.
//!
//! **Kinds that are deprecated or gone** stand in `xtask/schemas/kubernetes/deprecations.tsv`,
//! beside the bundles, as no bundle knows what was removed before it: `kind`, `deprecated` and
//! `removed` (the first version without it; it may lie ahead), `use` (the most stable kind that
//! takes its place, or a sentence; the target version may not serve that kind yet) and `source`.
//!
//! # Adding a version
//!
//! Raise `k8s-openapi`, add the feature here and in `build.rs`, run the loop. A row that no longer
//! fits says so: give it `until:`, and add a row with `since:` if the rule goes on in another form.

pub mod assertion;
pub mod bundle;
pub mod corrections;
pub mod deprecations;
pub mod field;
pub mod formats;
pub mod kinds;
pub mod merge;
pub mod names;
pub mod rules;
pub mod table;
pub mod upstream;
