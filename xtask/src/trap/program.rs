//! Programs that containers run, and what these are told.
//!
//! A program is known by the name of its image or by its command. Invariant: a setting that cannot
//! be seen is [`Setting::Unknown`], never absent: a shell's script is not read, and neither is a
//! value that Kubernetes puts in when the container starts.

use super::{image::Image, items};
use crate::{
    cluster::{Cluster, Container, ContainerRole, Object, Workload},
    yaml::Node,
};

/// A container that runs a program.
#[derive(Debug)]
pub(super) struct Program<'c, 'a> {
    pub object: &'c Object<'a>,
    pub workload: &'c Workload<'a>,
    pub container: Container<'a>,
    /// The name of the image, with the place of it.
    pub image: Option<(Image<'a>, &'a Node)>,
    /// The command and its arguments.
    words: Vec<(&'a str, &'a Node)>,
    /// Whether the words are a script for a shell.
    is_script: bool,
}

/// What a program is told about one thing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting<'a> {
    /// Nothing.
    Absent,
    /// Something that cannot be seen from here.
    Unknown,
    /// These values, in order, each with its place.
    Values(Vec<(&'a str, &'a Node)>),
}

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "busybox", "env", "tini"];

/// The containers of a cluster, beside those that only run first, that run one of `commands`: by
/// their command, or by an image of one of the names `images` that is told no other.
pub(super) fn programs<'c, 'a>(
    cluster: &'c Cluster<'a>,
    commands: &[&str],
    images: &[&str],
) -> Vec<Program<'c, 'a>> {
    let all = cluster.workloads().iter().flat_map(|workload| {
        let main = workload.containers().filter(|one| one.role == ContainerRole::Main);
        main.map(move |container| Program::of(cluster, workload, container))
    });
    all.filter(|program| program.is(commands, images)).collect()
}

impl<'c, 'a> Program<'c, 'a> {
    fn of(cluster: &'c Cluster<'a>, workload: &'c Workload<'a>, container: Container<'a>) -> Self {
        let node = container.node;
        let list = |field| items(node, &[field]).iter();
        let words: Vec<_> = list("command")
            .chain(list("args"))
            .filter_map(|word| Some((word.scalar_text()?, word)))
            .collect();
        let command = list("command").next().and_then(Node::as_str).map(base_name);
        let image = node.get("image");
        Self {
            object: cluster.object_of(workload),
            workload,
            image: image.and_then(|image| Some((Image::parse(image.as_str()?)?, image))),
            is_script: command.is_some_and(|command| SHELLS.contains(&command)),
            words,
            container,
        }
    }

    fn is(&self, commands: &[&str], images: &[&str]) -> bool {
        let is_command = |word: &str| commands.contains(&base_name(word));
        if self.is_script {
            let mut words = self.words.iter().flat_map(|(word, _)| word.split_ascii_whitespace());
            return words.any(is_command);
        }
        match self.words.first() {
            // An image that is given no command takes a first word that is no flag for one.
            Some((word, _)) if !word.starts_with('-') => is_command(word),
            _ => self.image.is_some_and(|(image, _)| images.contains(&image.name())),
        }
    }

    /// The place of what it is told, or else of its image.
    pub fn place(&self) -> &'a Node {
        let node = self.container.node;
        node.get("args")
            .or_else(|| node.get("command"))
            .or_else(|| node.get("image"))
            .unwrap_or(node)
    }

    /// What it is told by the flag `--name`, or by the variable of that name after `prefix`:
    /// `EXTERNAL_DNS_POLICY` for `--policy`.
    pub fn setting(&self, cluster: &Cluster<'a>, name: &str, prefix: &str) -> Setting<'a> {
        if self.is_script {
            return Setting::Unknown;
        }
        let mut values = Vec::new();
        let mut words = self.words.iter();
        while let Some((word, node)) = words.next() {
            let Some(rest) = word.strip_prefix("--").and_then(|rest| rest.strip_prefix(name))
            else {
                continue;
            };
            match rest.strip_prefix('=') {
                Some(value) => values.push((value, *node)),
                None if rest.is_empty() => values.extend(words.next().copied()),
                None => {}
            }
        }
        if values.is_empty() {
            let variable = format!("{prefix}_{}", name.replace('-', "_").to_ascii_uppercase());
            match self.variable(cluster, &variable) {
                Setting::Values(lines) => {
                    let each = |(text, node): (&'a str, &'a Node)| {
                        text.lines().map(move |line| (line, node))
                    };
                    values.extend(lines.into_iter().flat_map(each));
                }
                other => return other,
            }
        }
        if values.iter().any(|(value, _)| value.contains("$(")) {
            return Setting::Unknown;
        }
        Setting::Values(values)
    }

    fn variable(&self, cluster: &Cluster<'a>, name: &str) -> Setting<'a> {
        let node = self.container.node;
        let is_named = |entry: &&Node| entry.text_at(&["name"]) == Some(name);
        if let Some(entry) = items(node, &["env"]).iter().rfind(is_named) {
            let value = entry.get("value").and_then(|value| Some((value.as_str()?, value)));
            return value.map_or(Setting::Unknown, |value| Setting::Values(vec![value]));
        }
        let namespace = self.workload.namespace();
        let has = |source: &Node, field: &str, kind: &str| {
            let prefix = source.text_at(&["prefix"]).unwrap_or_default();
            let object = source
                .text_at(&[field, "name"])
                .and_then(|object| cluster.find("", kind, namespace, object));
            let key = name.strip_prefix(prefix);
            object.zip(key).is_some_and(|(object, key)| {
                ["data", "stringData"].iter().any(|data| object.node.at(&[data, key]).is_some())
            })
        };
        let is_there = items(node, &["envFrom"]).iter().any(|source| {
            has(source, "configMapRef", "ConfigMap") || has(source, "secretRef", "Secret")
        });
        if is_there { Setting::Unknown } else { Setting::Absent }
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}
