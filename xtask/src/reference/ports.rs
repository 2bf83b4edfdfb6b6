//! The ports that the containers of pods declare.
//!
//! Source: `FindPort` of Kubernetes' pkg/api/v1/pod: a port is looked up by name and protocol in the
//! containers that keep running, of which the first wins.

use std::collections::BTreeMap;

use crate::{
    cluster::{Container, Object, Workload},
    diag::{Anchor, Code, Diagnostic, did_you_mean},
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

/// How many ports a message lists.
const MAX_LISTED: usize = 8;

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
                let protocol = port.get("protocol").and_then(Node::as_str).unwrap_or("TCP");
                let at = object.at(name.unwrap_or(node).span);
                let declared = Declared { protocol, number, at, container };
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

    /// Two ports of one pod that have this name and different numbers.
    pub fn contradiction(&self, name: &str) -> Option<&(Declared<'a>, Declared<'a>)> {
        self.contradictions.get(name)
    }

    /// The ports that are like what is wanted, in any protocol.
    fn alike(&self, port: Port<'_>) -> impl Iterator<Item = &Declared<'a>> + Clone {
        let (named, numbered) = match port {
            Port::Named(name) => (self.named.get(name), None),
            Port::Numbered(first, last) => {
                (None, Some(self.numbered.range(first..=last.max(first))))
            }
        };
        let numbered = numbered.into_iter().flatten().flat_map(|(_, ports)| ports);
        named.into_iter().flatten().chain(numbered)
    }
}

/// A port of pods that an object asks for.
pub(super) struct Wanted<'u, 'a> {
    from: &'u Object<'a>,
    /// Where the port is written.
    path: &'u str,
    node: &'u Node,
    port: Port<'u>,
    protocol: &'u str,
}

/// A port, as it is asked for.
#[derive(Clone, Copy)]
enum Port<'u> {
    Named(&'u str),
    /// From the one to the other.
    Numbered(u16, u16),
}

impl<'u, 'a> Wanted<'u, 'a> {
    /// What `node` asks for, in an entry that may have a protocol; `None` if it is no port.
    pub fn new(
        from: &'u Object<'a>,
        path: &'u str,
        node: &'u Node,
        entry: &'u Node,
    ) -> Option<Self> {
        let port = match number(node) {
            Some(number) => Port::Numbered(number, number),
            None => Port::Named(node.as_str()?),
        };
        let protocol = entry.get("protocol").and_then(Node::as_str).unwrap_or("TCP");
        Some(Self { from, path, node, port, protocol })
    }

    /// With all ports up to this one.
    pub fn up_to(self, end: u16) -> Self {
        match self.port {
            Port::Numbered(first, _) => Self { port: Port::Numbered(first, end), ..self },
            Port::Named(_) => self,
        }
    }

    /// Its name, if it is asked for by that.
    pub fn name(&self) -> Option<&'u str> {
        match self.port {
            Port::Named(name) => Some(name),
            Port::Numbered(..) => None,
        }
    }

    /// The problem that none of some pods have the port: as a warning, since a pod may listen on a
    /// number that it does not declare.
    pub fn missing(&self, code: Code, pods: &[&Ports<'_>]) -> Option<Diagnostic<Anchor>> {
        let Self { from, path, node, protocol, .. } = self;
        let mut alike = pods.iter().flat_map(|ports| ports.alike(self.port));
        if alike.clone().any(|port| port.protocol == *protocol) {
            return None;
        }
        let may_be_undeclared = self.name().is_none() && pods.iter().any(|ports| ports.is_open);
        let all = pods.iter().flat_map(|ports| ports.numbered.values().flatten());
        if may_be_undeclared {
            return None;
        }
        let given = match self.port {
            Port::Named(name) => format!("`{name}`"),
            Port::Numbered(first, last) if last > first => format!("`{first}` to `{last}`"),
            Port::Numbered(first, _) => format!("`{first}`"),
        };
        if let Some(port) = alike.next() {
            let message = format!(
                "`{path}` of {from} is {given} over {protocol}, and the pods have that over {}",
                port.protocol
            );
            let told =
                from.warning(code, message, node).with_related(port.at, "the port of the pods");
            return Some(told.with_help(format!("write `protocol: {}`", port.protocol)));
        }
        let message =
            format!("`{path}` of {from} is {given}, which no container of the pods declares");
        let mut told = from.warning(code, message, node);
        if let Some(port) = all.clone().next() {
            told = told.with_related(port.at, "a port of the pods");
        }
        Some(told.with_help(self.instead(pods)))
    }

    /// What may have been meant.
    fn instead(&self, pods: &[&Ports<'_>]) -> String {
        let list = |all: Vec<String>| match all.as_slice() {
            [] => "give a port of the container this name".to_owned(),
            all => format!("the ports of the pods are {}", all.join(", ")),
        };
        match self.port {
            Port::Named(name) => {
                let names = pods.iter().flat_map(|ports| ports.named.keys().copied());
                let names: Vec<&str> = names.take(MAX_LISTED).collect();
                did_you_mean(name, names.iter().copied())
                    .unwrap_or_else(|| list(names.iter().map(|one| format!("`{one}`")).collect()))
            }
            Port::Numbered(..) => {
                let numbers = pods.iter().flat_map(|ports| ports.numbered.keys());
                list(numbers.take(MAX_LISTED).map(|one| format!("`{one}`")).collect())
            }
        }
    }
}

fn keep<'a>(ports: &mut Vec<Declared<'a>>, declared: Declared<'a>) {
    let (most, most_of_protocol) = MAX_ALIKE;
    let alike = ports.iter().filter(|port| port.protocol == declared.protocol);
    if ports.len() < most && alike.count() < most_of_protocol {
        ports.push(declared);
    }
}

/// The number of a port.
pub(super) fn number(node: &Node) -> Option<u16> {
    node.scalar_text()?.parse().ok()
}
