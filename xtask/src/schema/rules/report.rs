//! What a rule says: a fault at a value, whose place is looked up only when there is one.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    diag::{Code, Diagnostic, codes},
    schema::{
        bundle::Bundle,
        check::{Step, first_line, shown_path},
        custom::Fuel,
        findings::{Findings, LIMIT},
        rules::value::{get, one_of},
        version::{Minor, Versions},
    },
    source::Span,
    yaml::{Node, Text, Value},
};

/// The object at hand, and what is wrong with it so far.
pub(in crate::schema) struct Report<'a> {
    root: &'a Node,
    bundle: &'a Bundle,
    versions: Versions,
    findings: &'a mut Findings,
    pending: Vec<Pending>,
    /// What the costly rules may still cost.
    fuel: Fuel,
}

/// A fault before its places are looked up, which is done for all of them at once: an object can
/// have as many faults as values. A node is known by its address.
struct Pending {
    versions: Versions,
    code: Code,
    at: *const Node,
    named: *const Node,
    missing: Vec<Text>,
    marks_key: bool,
    says: Cow<'static, str>,
    related: Option<(*const Node, Cow<'static, str>)>,
    help: Option<String>,
}

/// Where a node is.
struct Place<'a> {
    node: &'a Node,
    /// The key that it is under, or the beginning of the item that it is.
    key: Span,
    way: Vec<Step<'a>>,
}

/// What is wrong at a value.
pub(super) struct Fault<'a> {
    code: Code,
    at: &'a Node,
    /// The value whose path is in the message.
    named: &'a Node,
    /// The way on from `at` to a field that is not there.
    missing: &'a [&'a str],
    /// The key is marked, not the value.
    marks_key: bool,
    /// What follows the path in the message.
    says: Cow<'static, str>,
    related: Option<(&'a Node, Cow<'static, str>)>,
    help: Option<String>,
}

impl<'a> Fault<'a> {
    /// `says` follows the path of the value: "must be ...".
    pub fn new(code: Code, at: &'a Node, says: impl Into<Cow<'static, str>>) -> Self {
        let says = says.into();
        Self {
            code,
            at,
            named: at,
            missing: &[],
            marks_key: false,
            says,
            related: None,
            help: None,
        }
    }

    /// A field that another one calls for.
    pub fn missing(parent: &'a Node, way: &'a [&'a str], why: &str) -> Self {
        let says = format!("is missing: {why}");
        let fault = Self::new(codes::SCHEMA_DEPENDS, parent, says);
        Self { missing: way, marks_key: true, ..fault }
    }

    /// A field that another one excludes.
    pub fn excluded(at: &'a Node, why: &str) -> Self {
        let fault = Self::new(codes::SCHEMA_DEPENDS, at, format!("must not be set: {why}"));
        Self { marks_key: true, ..fault }
    }

    /// A name that nothing has.
    pub fn unknown_name(at: &'a Node, says: impl Into<Cow<'static, str>>) -> Self {
        Self::new(codes::SCHEMA_UNKNOWN_NAME, at, says)
    }

    /// A value that does not go with another one.
    pub fn depends(at: &'a Node, says: impl Into<Cow<'static, str>>) -> Self {
        Self::new(codes::SCHEMA_DEPENDS, at, says)
    }

    /// A number or quantity on the wrong side of another one.
    pub fn order(at: &'a Node, says: impl Into<Cow<'static, str>>) -> Self {
        Self::new(codes::SCHEMA_ORDER, at, says)
    }

    /// With another code than the one that is usual for such a fault.
    pub fn code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Shows the other side.
    pub fn beside(mut self, other: &'a Node, label: impl Into<Cow<'static, str>>) -> Self {
        self.related = Some((other, label.into()));
        self
    }

    /// Names the value that the server names, around the one that is marked.
    pub fn of(self, named: &'a Node) -> Self {
        Self { named, ..self }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl<'a> Report<'a> {
    pub fn new(
        root: &'a Node,
        bundle: &'a Bundle,
        versions: Versions,
        findings: &'a mut Findings,
    ) -> Self {
        Self { root, bundle, versions, findings, pending: Vec::new(), fuel: Fuel::default() }
    }

    /// Whether more faults are left out.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= LIMIT
    }

    /// Takes some steps of a costly rule; none are left for an object that lies.
    pub(super) fn burn(&mut self, steps: usize) -> bool {
        self.fuel.burn(steps)
    }

    /// Adds a fault, for every version that serves the object.
    pub(super) fn add(&mut self, fault: Fault<'_>) {
        self.add_for(self.versions, fault);
    }

    /// Adds a fault for the versions from `first` on.
    pub(super) fn add_since(&mut self, first: &str, fault: Fault<'_>) {
        self.add_for(self.since(first), fault);
    }

    /// Adds a fault for the versions before `first`.
    pub(super) fn add_before(&mut self, first: &str, fault: Fault<'_>) {
        self.add_for(self.versions.without(self.since(first)), fault);
    }

    fn since(&self, first: &str) -> Versions {
        let first = Minor::parse(first);
        let all = self.versions.iter();
        all.filter(|version| self.bundle.minor(*version) >= first)
            .fold(Versions::NONE, Versions::with)
    }

    fn add_for(&mut self, versions: Versions, fault: Fault<'_>) {
        if versions.is_empty() || self.is_full() {
            return;
        }
        self.pending.push(Pending {
            versions,
            code: fault.code,
            at: fault.at,
            named: fault.named,
            missing: fault.missing.iter().map(|name| Text::from(*name)).collect(),
            marks_key: fault.marks_key,
            says: fault.says,
            related: fault.related.map(|(node, label)| (std::ptr::from_ref(node), label)),
            help: fault.help,
        });
    }

    /// Adds the faults to the findings.
    pub fn finish(self) {
        if self.pending.is_empty() {
            return;
        }
        let of_related = |one: &Pending| one.related.as_ref().map(|(node, _)| *node);
        let nodes =
            self.pending.iter().flat_map(|one| [Some(one.at), Some(one.named), of_related(one)]);
        let mut places: BTreeMap<_, _> = nodes.flatten().map(|node| (node, None)).collect();
        locate(self.root, first_line(self.root.span), &mut Vec::new(), &mut places);
        let place = |node: &*const Node| places.get(node).and_then(Option::as_ref);
        for fault in self.pending {
            let Some((at, named)) = place(&fault.at).zip(place(&fault.named)) else { continue };
            let mut way = named.way.clone();
            // What there is of the way is where the rest belongs.
            let (mut parent, mut key) = (at.node, at.key);
            for name in &fault.missing {
                if let Some(entry) = parent.as_mapping().and_then(|mapping| mapping.entry(name)) {
                    (parent, key) = (&entry.value, entry.key_span);
                }
                way.push(Step::Key(name));
            }
            let primary = if fault.marks_key { key } else { at.mark() };
            let message = format!("`{}` {}", shown_path(&way), fault.says);
            let mut wrong = Diagnostic::error(fault.code, message, primary);
            if let Some((node, label)) = fault.related
                && let Some(other) = place(&node)
            {
                wrong = wrong.with_related(other.mark(), label);
            }
            wrong.help = fault.help;
            self.findings.add(wrong, fault.versions);
        }
    }

    /// Reports every field after the first of those of which only one may be set.
    /// Returns how many are set. The fields are in the order in which the server looks at them.
    pub(super) fn at_most_one(&mut self, parent: &Node, fields: &[&str]) -> usize {
        let mut first = None;
        let mut count = 0;
        for field in fields {
            let Some(value) = get(parent, field) else { continue };
            count += 1;
            let Some((name, other)) = first else {
                first = Some((field, value));
                continue;
            };
            let says = format!("must not be set beside `{name}`: only one of them is possible");
            let fault = Fault::new(codes::SCHEMA_ONE_OF, value, says);
            self.add(Fault { marks_key: true, ..fault }.beside(other, "the other one"));
        }
        count
    }

    /// Reports fields of which exactly one must be set.
    pub(super) fn exactly_one(&mut self, parent: &Node, fields: &[&str]) {
        if self.at_most_one(parent, fields) == 0 {
            let says = format!("must have {}", one_of(fields));
            self.add(Fault::new(codes::SCHEMA_ONE_OF, parent, says));
        }
    }
}

impl Place<'_> {
    /// What to mark of a value: a scalar itself, of a collection its key.
    fn mark(&self) -> Span {
        if matches!(self.node.value, Value::Scalar(_)) { self.node.span } else { self.key }
    }
}

/// Notes the places of those nodes that are asked for.
fn locate<'a>(
    node: &'a Node,
    key: Span,
    way: &mut Vec<Step<'a>>,
    places: &mut BTreeMap<*const Node, Option<Place<'a>>>,
) {
    if let Some(place) = places.get_mut(&std::ptr::from_ref(node)) {
        *place = Some(Place { node, key, way: way.clone() });
    }
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(Step::Index(index));
                locate(item, first_line(item.span), way, places);
                way.pop();
            }
        }
        Value::Mapping(mapping) => {
            for entry in mapping {
                way.push(Step::Key(&entry.key));
                locate(&entry.value, entry.key_span, way, places);
                way.pop();
            }
        }
    }
}
