//! An object and the place that it comes from.

use std::fmt;

use crate::{
    diag::{Anchor, Code, Diagnostic},
    resource::ResId,
    source::Span,
    yaml::{Node, Text},
};

/// An object of a cluster.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// The object.
    pub node: &'a Node,
    /// What identifies it.
    pub id: ResId,
    /// The set of sources that its spans point into.
    pub unit: usize,
    /// The application that it belongs to, which is the overlay's name; the file's for a file.
    pub app: &'a str,
}

impl<'a> Object<'a> {
    /// An object of a set of sources.
    pub fn new(node: &'a Node, unit: usize, app: &'a str) -> Self {
        Self { node, id: ResId::of(node), unit, app }
    }

    /// Whether it is of a kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.id.gvk.kind == kind && self.id.gvk.group == group
    }

    /// Its namespace: the default one if none is written.
    pub fn namespace(&self) -> Text {
        self.id.effective_namespace()
    }

    /// A place in it.
    pub fn at(&self, span: Span) -> Anchor {
        Anchor { unit: self.unit, span, is_secret: false }
    }

    /// A place in it where a secret stands, which is not shown.
    pub fn secret_at(&self, span: Span) -> Anchor {
        Anchor { is_secret: true, ..self.at(span) }
    }

    /// Where its name is written, for a reader who is to look at the whole object.
    pub fn name_anchor(&self) -> Anchor {
        self.at(self.node.at(&["metadata", "name"]).unwrap_or(self.node).span)
    }

    /// A problem with a value of it that fails the run.
    pub fn error(&self, code: Code, message: String, at: &Node) -> Diagnostic<Anchor> {
        Diagnostic::error(code, message, self.at(at.span))
    }

    /// A problem with a value of it that is worth a look.
    pub fn warning(&self, code: Code, message: String, at: &Node) -> Diagnostic<Anchor> {
        Diagnostic::warning(code, message, self.at(at.span))
    }

    /// An annotation of it.
    pub fn annotation(&self, key: &str) -> Option<&'a Node> {
        self.node.at(&["metadata", "annotations", key])
    }
}

/// ``Deployment `web` ``, for messages.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.id.gvk.kind, self.id.name)
    }
}
