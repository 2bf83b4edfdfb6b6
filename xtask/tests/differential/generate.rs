//! Random kustomizations: bases, a component, an overlay, and any of the features together.
//!
//! Few names and few labels, so that patches, selectors and references meet what they look for.

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};

use crate::tree::{File, ROOT, Tree};

#[path = "objects.rs"]
mod objects;

/// The case of a seed.
pub fn tree(seed: u64) -> Tree {
    let mut maker = Maker {
        rng: Rng::with_seed(seed),
        tree: Tree::default(),
        files: 0,
        objects: Vec::new(),
        generated: Vec::new(),
    };
    maker.repository();
    maker.tree
}

/// Names of objects.
pub const NAMES: &[&str] = &["web", "api", "db"];
/// Namespaces.
pub const NAMESPACES: &[&str] = &["shop", "default", "blue"];
const GENERATED: &[&str] = &["settings", "keys", "web"];

struct Maker {
    rng: Rng,
    tree: Tree,
    files: usize,
    /// The objects that there are.
    objects: Vec<Identity>,
    /// The names of generated objects, and whether they are Secrets.
    generated: Vec<(&'static str, bool)>,
}

/// What one kustomization is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Base,
    Component,
    Overlay,
}

/// A kind, its version, and a name.
type Identity = (String, String, String);

pub fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.usize(..from.len())]
}

impl Maker {
    /// Whether something with a chance of one in `of` is there.
    fn one_in(&mut self, of: usize) -> bool {
        self.rng.usize(..of) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        pick(&mut self.rng, from)
    }

    fn documents(&mut self, dir: &str, documents: &[Json]) -> String {
        self.files += 1;
        let name = format!("f{}.yaml", self.files);
        let documents = documents.iter().map(|one| serde_yaml::to_value(one).unwrap()).collect();
        self.tree.files.insert(format!("{dir}/{name}"), File::Documents(documents));
        name
    }

    /// Objects that are new, in a file of their own.
    fn some_objects(&mut self, count: usize) -> Vec<Json> {
        let objects = objects::some(&mut self.rng, count);
        let items = |one: &Json| one["items"].as_array().cloned().unwrap_or(vec![one.clone()]);
        for object in objects.iter().flat_map(items) {
            let text = |value: &Json| value.as_str().unwrap().to_owned();
            let name = text(&object["metadata"]["name"]);
            self.objects.push((text(&object["kind"]), text(&object["apiVersion"]), name));
        }
        objects
    }

    /// Mostly what there is, so that most cases build.
    fn identity(&mut self) -> Identity {
        if !self.objects.is_empty() && !self.one_in(12) {
            return self.objects[self.rng.usize(..self.objects.len())].clone();
        }
        let (kind, version) = objects::kind(&mut self.rng);
        (kind.to_owned(), version.to_owned(), self.pick(NAMES).to_owned())
    }

    fn object_patch(&mut self) -> Json {
        let (kind, version, name) = self.identity();
        objects::patch(&mut self.rng, &kind, &version, &name)
    }

    /// The name of something that has replicas.
    fn scaled(&mut self) -> String {
        let scaled = |one: &&Identity| matches!(one.0.as_str(), "Deployment" | "StatefulSet");
        let found: Vec<&Identity> = self.objects.iter().filter(scaled).collect();
        if found.is_empty() {
            return self.pick(NAMES).to_owned();
        }
        found[self.rng.usize(..found.len())].2.clone()
    }

    fn repository(&mut self) {
        self.kustomization("base", Role::Base, &[], &[]);
        let mut bases = vec!["../base"];
        match self.rng.u8(..6) {
            0 => {
                self.kustomization("other", Role::Base, &[], &[]);
                bases.push("../other");
            }
            1 => {
                self.kustomization("middle", Role::Base, &["../base"], &[]);
                bases = vec!["../middle"];
            }
            2 => {
                // A diamond: the same objects twice, which only different names keep apart.
                self.kustomization("left", Role::Base, &["../base"], &[]);
                self.kustomization("right", Role::Base, &["../base"], &[]);
                for (dir, field) in [("left", "namePrefix"), ("right", "nameSuffix")] {
                    let Some(File::Documents(documents)) =
                        self.tree.files.get_mut(&format!("{dir}/kustomization.yaml"))
                    else {
                        continue;
                    };
                    for document in documents {
                        document.as_mapping_mut().unwrap().insert(field.into(), "d-d".into());
                    }
                }
                bases = vec!["../left", "../right"];
            }
            _ => {}
        }
        let mut components = Vec::new();
        if self.one_in(3) {
            self.kustomization("part", Role::Component, &[], &[]);
            components.push("../part");
        }
        self.kustomization(ROOT, Role::Overlay, &bases, &components);
    }

    fn kustomization(&mut self, dir: &str, role: Role, bases: &[&str], components: &[&str]) {
        let mut fields = Map::new();
        if role == Role::Component {
            fields.insert("apiVersion".into(), json!("kustomize.config.k8s.io/v1alpha1"));
            fields.insert("kind".into(), json!("Component"));
        }
        let mut resources: Vec<String> = bases.iter().map(|&base| base.to_owned()).collect();
        if role == Role::Base && bases.is_empty() {
            let count = self.rng.usize(2..6);
            let mut objects = self.some_objects(count);
            while !objects.is_empty() {
                let take = self.rng.usize(1..=objects.len());
                let group: Vec<Json> = objects.drain(..take).collect();
                resources.push(self.documents(dir, &group));
            }
        } else if self.one_in(3) {
            let object = self.some_objects(1);
            resources.push(self.documents(dir, &object));
        }
        if !resources.is_empty() {
            fields.insert("resources".into(), json!(resources));
        }
        if !components.is_empty() {
            fields.insert("components".into(), json!(components));
        }
        // Few at a time in a base, so that most cases build.
        let least = usize::from(fields.keys().all(|key| key == "kind" || key == "apiVersion"));
        let features =
            if role == Role::Overlay { self.rng.usize(1..4) } else { self.rng.usize(least..2) };
        for _ in 0..features {
            self.feature(dir, role, &mut fields);
        }
        let kustomization = serde_yaml::to_value(Json::Object(fields)).unwrap();
        self.tree
            .files
            .insert(format!("{dir}/kustomization.yaml"), File::Documents(vec![kustomization]));
    }

    fn feature(&mut self, dir: &str, role: Role, fields: &mut Map<String, Json>) {
        let name = self.pick(&["blue-", "x-", "p"]);
        let (field, value) = match self.rng.u8(..24) {
            0 => ("namePrefix", json!(name)),
            1 => ("nameSuffix", json!("-s")),
            2 => ("namespace", json!(self.pick(NAMESPACES))),
            3 | 4 => ("labels", json!([self.labels()])),
            5 => ("commonLabels", self.pairs()),
            6 => ("commonAnnotations", self.pairs()),
            7 => ("images", json!([self.image()])),
            8 => ("replicas", json!([{"name": self.scaled(), "count": self.rng.u8(..9)}])),
            9..=12 => ("patches", json!([self.patch(dir)])),
            13 => {
                let object = self.object_patch();
                ("patchesStrategicMerge", json!([self.documents(dir, &[object])]))
            }
            14 => {
                let (kind, version, name) = self.identity();
                let (group, version) = version.split_once('/').unwrap_or(("", &version));
                let target = json!({
                    "group": group, "version": version, "kind": kind, "name": name });
                let operations = self.operations(&kind);
                let path = self.documents(dir, &[operations]);
                ("patchesJson6902", json!([{"target": target, "path": path}]))
            }
            15 | 16 => ("configMapGenerator", json!([self.generator(dir, role, false)])),
            17 => ("secretGenerator", json!([self.generator(dir, role, true)])),
            18 => ("generatorOptions", self.generator_options()),
            19 | 20 => ("replacements", json!([self.replacement()])),
            21 => ("vars", json!([self.var()])),
            22 => ("transformers", json!([self.transformer()])),
            _ => match self.rng.u8(..4) {
                0 => {
                    let all = ["originAnnotations", "transformerAnnotations", "managedByLabel"];
                    ("buildMetadata", json!([self.pick(&all)]))
                }
                1 if role == Role::Overlay => ("sortOptions", self.order()),
                2 => ("configurations", json!([self.configuration(dir)])),
                _ => ("namespace", json!("shop")),
            },
        };
        match (fields.get_mut(field), value) {
            (Some(Json::Array(old)), Json::Array(new)) => old.extend(new),
            (_, value) => _ = fields.insert(field.to_owned(), value),
        }
    }

    fn pairs(&mut self) -> Json {
        let mut pairs = Map::new();
        for _ in 0..self.rng.usize(1..3) {
            let key = self.pick(&["app", "tier", "example.com/team", "env"]);
            let value = self.pick(&["web", "true", "1", "a b", "x:y", "", "prod"]);
            pairs.insert(key.to_owned(), json!(value));
        }
        Json::Object(pairs)
    }

    fn labels(&mut self) -> Json {
        let mut entry = json!({"pairs": self.pairs()});
        match self.rng.u8(..5) {
            0 => entry["includeSelectors"] = json!(true),
            1 => entry["includeTemplates"] = json!(true),
            2 => {
                let path = self.pick(&["spec/labels", "spec/selector/matchLabels", "spec/x/y"]);
                let create = self.rng.bool();
                entry["fields"] = json!([{"path": path, "create": create}]);
            }
            _ => {}
        }
        entry
    }

    fn image(&mut self) -> Json {
        let name = self.pick(&["web", "registry.example/api", "nginx", "we.", "busybox"]);
        let mut image = json!({ "name": name });
        if self.rng.bool() {
            image["newName"] = json!(self.pick(&["other", "registry.example:5000/web"]));
        }
        match self.rng.u8(..4) {
            0 | 1 => image["newTag"] = json!(self.pick(&["v2", "1.0", "latest"])),
            2 => {
                image["digest"] = json!(
                    "sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"
                );
            }
            _ => {}
        }
        image
    }

    fn patch(&mut self, dir: &str) -> Json {
        let mut patch = json!({});
        if self.rng.bool() {
            let object = self.object_patch();
            if self.rng.bool() {
                patch["path"] = json!(self.documents(dir, &[object]));
            } else {
                patch["patch"] = json!(serde_yaml::to_string(&object).unwrap());
            }
            if self.one_in(3) {
                patch["target"] = self.target();
            }
            if self.one_in(8) {
                patch["options"] = json!({"allowNameChange": true});
            }
        } else {
            let (kind, _, name) = self.identity();
            let operations = self.operations(&kind);
            patch["patch"] = json!(serde_yaml::to_string(&operations).unwrap());
            patch["target"] = match self.rng.u8(..4) {
                0 => self.target(),
                1 => json!({ "kind": kind }),
                _ => json!({"kind": kind, "name": name}),
            };
        }
        patch
    }

    fn target(&mut self) -> Json {
        match self.rng.u8(..6) {
            0 => {
                let (kind, _, name) = self.identity();
                json!({"kind": kind, "name": name})
            }
            1 => json!({"kind": self.identity().0}),
            2 => {
                json!({"labelSelector": self.pick(&["app=web", "app", "app in (web,api)", "!tier", "app!=web"])})
            }
            3 => json!({"annotationSelector": "note=a"}),
            4 => json!({"name": self.pick(&["w.*", "web|api", "x-web"])}),
            _ => json!({"group": "apps", "namespace": self.pick(NAMESPACES)}),
        }
    }

    fn operations(&mut self, kind: &str) -> Json {
        let mut operations = Vec::new();
        for _ in 0..self.rng.usize(1..3) {
            let path = match self.rng.u8(..4) {
                0 => self.pick(&[
                    "/metadata/labels/app",
                    "/metadata/annotations/note",
                    "/metadata/labels/x~1y",
                    "/metadata/name",
                    "/spec/extra",
                ]),
                _ => self.pick(objects::pointers(kind)),
            };
            let value = match self.rng.u8(..5) {
                0 => json!(3),
                1 => json!({"name": "added", "image": "busybox"}),
                2 => json!(null),
                _ => json!(self.pick(&["new", "true", "1"])),
            };
            let op = self.pick(&[
                "add", "add", "add", "add", "replace", "replace", "remove", "test", "copy", "move",
            ]);
            operations.push(match op {
                "remove" => json!({"op": op, "path": path}),
                // There kustomize keeps notes of its own during a build, which it would copy.
                "copy" | "move" if path == "/metadata/annotations" => {
                    json!({"op": "remove", "path": path})
                }
                "copy" | "move" => json!({"op": op, "from": path, "path": "/spec/extra"}),
                _ => json!({"op": op, "path": path, "value": value}),
            });
        }
        json!(operations)
    }

    fn generator(&mut self, dir: &str, role: Role, secret: bool) -> Json {
        let mut name = self.pick(GENERATED);
        let known: Vec<_> = self.generated.iter().filter(|one| one.1 == secret).collect();
        let mut behavior = None;
        if role != Role::Base && !known.is_empty() && self.rng.bool() {
            name = known[self.rng.usize(..known.len())].0;
            behavior = Some(self.pick(&["merge", "replace"]));
        } else if role != Role::Base && self.one_in(8) {
            behavior = Some(self.pick(&["merge", "create"]));
        }
        self.generated.push((name, secret));
        let mut generator = json!({ "name": name });
        if let Some(behavior) = behavior {
            generator["behavior"] = json!(behavior);
        }
        let mut literals = Vec::new();
        for _ in 0..self.rng.usize(1..3) {
            literals.push(self.pick(&[
                "KEY=value",
                "A=1",
                "B=true",
                "C='quoted'",
                "D=\"x\"",
                "E=a=b",
                "F= x ",
                "G=",
                "H=é",
            ]));
        }
        literals.sort_unstable();
        literals.dedup();
        generator["literals"] = json!(literals);
        if self.one_in(3) {
            self.files += 1;
            let name = format!("f{}.txt", self.files);
            let text = self.pick(&[
                "one line",
                "two\nlines\n",
                "a: 1\nb: [x]\n",
                " lead\n",
                "t\tab\n",
                "",
            ]);
            self.tree.files.insert(format!("{dir}/{name}"), File::Text(text.to_owned()));
            generator["files"] =
                json!([if self.rng.bool() { name } else { format!("key.txt={name}") }]);
        }
        if self.one_in(4) {
            self.files += 1;
            let name = format!("f{}.env", self.files);
            let text = self.pick(&["X=1\n# no\n\nY=two words\n", "Z = 3\n", "W='q'\nV\n"]);
            self.tree.files.insert(format!("{dir}/{name}"), File::Text(text.to_owned()));
            generator["envs"] = json!([name]);
        }
        if self.one_in(4) {
            generator["options"] = self.generator_options();
        }
        if self.one_in(8) {
            generator["namespace"] = json!(self.pick(NAMESPACES));
        }
        if secret && self.one_in(3) {
            generator["type"] = json!("example.com/keys");
        }
        generator
    }

    fn generator_options(&mut self) -> Json {
        let mut options = json!({});
        if self.rng.bool() {
            options["disableNameSuffixHash"] = json!(self.rng.bool());
        }
        if self.rng.bool() {
            options["labels"] = self.pairs();
        }
        if self.one_in(3) {
            options["annotations"] = self.pairs();
        }
        if self.one_in(3) {
            options["immutable"] = json!(true);
        }
        options
    }

    /// A field for a replacement, mostly one that objects of this kind have.
    fn field(&mut self, kind: &str) -> &'static str {
        match self.rng.u8(..4) {
            0 => self.pick(&[
                "metadata.name",
                "metadata.namespace",
                "metadata.labels.app",
                "metadata.annotations.[example.com/team]",
            ]),
            _ => self.pick(objects::field_paths(kind)),
        }
    }

    fn selector(&mut self) -> (Json, String) {
        let (kind, _, name) = self.identity();
        let mut selector = json!({ "kind": kind });
        if self.rng.u8(..5) > 0 {
            selector["name"] = json!(name);
        }
        if self.one_in(9) {
            selector["group"] = json!("apps");
        }
        (selector, kind)
    }

    fn replacement(&mut self) -> Json {
        let (mut source, kind) = self.selector();
        if self.rng.bool() {
            source["fieldPath"] = json!(self.field(&kind));
        }
        if self.one_in(4) {
            source["options"] =
                json!({"delimiter": self.pick(&[":", "/"]), "index": self.rng.u8(..2)});
        }
        let (select, kind) = self.selector();
        let mut target = json!({"select": select, "fieldPaths": [self.field(&kind)]});
        if self.one_in(5) {
            target["fieldPaths"] = json!([self.field(&kind), self.field(&kind)]);
        }
        if self.one_in(4) {
            target["reject"] = json!([{"name": self.pick(NAMES)}]);
        }
        match self.rng.u8(..4) {
            0 => target["options"] = json!({"create": true}),
            1 => {
                let index = self.rng.i8(-1..4);
                target["options"] = json!({"delimiter": self.pick(&[":", "/"]), "index": index});
            }
            _ => {}
        }
        json!({"source": source, "targets": [target]})
    }

    fn var(&mut self) -> Json {
        let (kind, version, name) = self.identity();
        let mut reference = json!({"kind": kind, "apiVersion": version, "name": name});
        if self.one_in(9) {
            reference["namespace"] = json!(self.pick(NAMESPACES));
        }
        let mut var = json!({"name": self.pick(&["NAME", "PORT"]), "objref": reference});
        if self.rng.bool() {
            let path = self.pick(&[
                "metadata.labels.app",
                "spec.replicas",
                "data.KEY",
                "metadata.namespace",
            ]);
            var["fieldref"] = json!({ "fieldpath": path });
        }
        var
    }

    /// A transformer of its own, with field specs of its own.
    fn transformer(&mut self) -> Json {
        let specs = match self.rng.u8(..3) {
            0 => json!([{"path": "metadata/labels", "create": true}]),
            1 => json!([{"path": "spec/host", "kind": "Shop"}, {"path": "metadata/name"}]),
            _ => {
                json!([{"path": "spec/template/metadata/labels", "create": true, "kind": "Deployment"}])
            }
        };
        let kind = self.pick(&[
            "PrefixTransformer",
            "SuffixTransformer",
            "LabelTransformer",
            "AnnotationsTransformer",
            "NamespaceTransformer",
            "ImageTagTransformer",
            "ReplicaCountTransformer",
        ]);
        let mut transformer = json!({
            "apiVersion": "builtin", "kind": kind, "metadata": {"name": "own"}
        });
        match kind {
            "PrefixTransformer" => transformer["prefix"] = json!("t-"),
            "SuffixTransformer" => transformer["suffix"] = json!("-t"),
            "LabelTransformer" => transformer["labels"] = self.pairs(),
            "AnnotationsTransformer" => transformer["annotations"] = self.pairs(),
            "NamespaceTransformer" => {
                transformer["metadata"]["namespace"] = json!(self.pick(NAMESPACES));
                if self.rng.bool() {
                    transformer["unsetOnly"] = json!(true);
                }
                let mode = self.pick(&["none", "allServiceAccounts", "defaultOnly"]);
                transformer["setRoleBindingSubjects"] = json!(mode);
            }
            "ImageTagTransformer" => transformer["imageTag"] = self.image(),
            _ => transformer["replica"] = json!({"name": self.scaled(), "count": 5}),
        }
        let specs = match kind {
            "LabelTransformer" | "AnnotationsTransformer" => specs,
            "NamespaceTransformer" => json!([{"path": "metadata/namespace", "create": true}]),
            "ReplicaCountTransformer" => json!([{"path": "spec/replicas", "create": true}]),
            "ImageTagTransformer" => json!([{"path": "spec/image", "kind": "Shop"}]),
            _ => json!([{"path": "metadata/name"}]),
        };
        transformer["fieldSpecs"] = specs;
        json!(serde_yaml::to_string(&transformer).unwrap())
    }

    fn order(&mut self) -> Json {
        match self.rng.u8(..3) {
            0 => json!({"order": "fifo"}),
            1 => json!({"order": "legacy"}),
            _ => json!({"order": "legacy", "legacySortOptions": {
                "orderFirst": ["Shop", "Service"], "orderLast": ["Namespace"]
            }}),
        }
    }

    fn configuration(&mut self, dir: &str) -> String {
        let configuration = match self.rng.u8(..4) {
            0 => json!({"nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [
                {"path": "spec/configName", "kind": "Shop"}
            ]}]}),
            1 => json!({"commonLabels": [{"path": "spec/labels", "kind": "Shop", "create": true}]}),
            2 => json!({"images": [{"path": "spec/image", "kind": "Shop"}]}),
            _ => json!({"varReference": [{"path": "spec/host", "kind": "Shop"}]}),
        };
        self.documents(dir, &[configuration])
    }
}
