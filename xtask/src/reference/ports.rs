//! The ports that the containers of pods declare.
//!
//! Source: `FindPort` of Kubernetes' pkg/api/v1/pod: a port is looked up by name and protocol in the
//! containers that keep running, of which the first wins.

use std::collections::BTreeMap;

use crate::{
    cluster::{Container, Object, Workload},
    diag::Anchor,
    yaml::Node,
};

/// The ports of some pods.
#[derive(Debug, Default)]
pub(super) struct Ports<'a> {
    /// By name; of each name those that the first pods declare.
    named: BTreeMap<&'a str, Vec<Declared<'a>>>,
    /// By number.
    numbered: BTreeMap<u16, Vec<Declared<'a>>>,
    /// By name: two containers of one pod that declare it with different numbers.
    contradictions: BTreeMap<&'a str, (Declared<'a>, Declared<'a>)>,
    /// Whether a container declares no ports, so that it may listen on any.
    is_open: bool,
}

/// A port that a container declares.
#[derive(Clone, Debug)]
pub(super) struct Declared<'a> {
    pub protocol: &'a str,
    pub number: u16,
    /// Where it is declared: its name, or its number.
    pub at: Anchor,
    /// Its container.
    pub container: &'a str,
}

/// How many of the ports that are alike are kept, and how many of these for each protocol.
const MAX_ALIKE: (usize, usize) = (16, 4);

impl<'a> Ports<'a> {
    /// Adds the ports of a workload's pods.
    pub fn add(&mut self, workload: &Workload<'a>, object: &Object<'a>) {
        let mut of_pod: BTreeMap<(&str, &str), Declared<'_>> = BTreeMap::new();
        for container in workload.containers().filter(Container::keeps_running) {
            let ports = container.node.get("ports").and_then(Node::as_sequence);
            let ports = ports.unwrap_or_default();
            self.is_open |= ports.is_empty();
            let container = container.node.get("name").and_then(Node::as_str).unwrap_or_default();
            for port in ports {
                let Some(node) = port.get("containerPort") else { continue };
                let Some(number) = number(node) else { continue };
                let name = port.get("name");
                let at = object.at(name.unwrap_or(node).span);
                let declared = Declared { protocol: protocol(port), number, at, container };
                if let Some(name) = name.and_then(Node::as_str) {
                    let first = of_pod.entry((name, declared.protocol)).or_insert(declared.clone());
                    if first.number != number {
                        let both = || (first.clone(), declared.clone());
                        self.contradictions.entry(name).or_insert_with(both);
                    }
                    keep(self.named.entry(name).or_default(), declared.clone());
                }
                keep(self.numbered.entry(number).or_default(), declared);
            }
        }
    }

    /// The ports of a name.
    pub fn named(&self, name: &str) -> &[Declared<'a>] {
        self.named.get(name).map_or(&[], Vec::as_slice)
    }

    /// The ports with a number from the one to the other.
    pub fn numbered(&self, first: u16, last: u16) -> impl Iterator<Item = &Declared<'a>> {
        self.numbered.range(first..=last.max(first)).flat_map(|(_, ports)| ports)
    }

    /// Two ports of one pod that have this name and different numbers.
    pub fn contradiction(&self, name: &str) -> Option<&(Declared<'a>, Declared<'a>)> {
        self.contradictions.get(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.named.keys().copied()
    }

    /// All numbers.
    pub fn numbers(&self) -> impl Iterator<Item = u16> {
        self.numbered.keys().copied()
    }

    /// A port, for a reader who is to see which there are.
    pub fn first(&self) -> Option<&Declared<'a>> {
        self.numbered.values().flatten().next()
    }

    /// Whether the pods may listen on ports that they do not declare.
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

fn keep<'a>(ports: &mut Vec<Declared<'a>>, declared: Declared<'a>) {
    let (most, most_of_protocol) = MAX_ALIKE;
    let alike = ports.iter().filter(|port| port.protocol == declared.protocol);
    if ports.len() < most && alike.count() < most_of_protocol {
        ports.push(declared);
    }
}

/// The protocol of a port.
pub(super) fn protocol(port: &Node) -> &str {
    port.get("protocol").and_then(Node::as_str).unwrap_or("TCP")
}

/// The number of a port.
pub(super) fn number(node: &Node) -> Option<u16> {
    node.scalar_text()?.parse().ok()
}
