//! What is wrong with a part of a policy.

use std::fmt;

use crate::{
    diag::{Code, Diagnostic},
    source::Span,
    yaml::Node,
};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One line, as a diagnostic says it.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(at: &Node, message: impl Into<String>) -> Self {
        Self { message: message.into(), span: at.span, help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(super) fn type_of(at: &Node, path: impl fmt::Display, wanted: &str) -> Self {
        Self::new(at, format!("`{path}` must be {wanted}, not {}", at.describe()))
    }

    /// As an error of a rule.
    pub fn into_diagnostic(self, code: Code) -> Diagnostic {
        let diagnostic = Diagnostic::error(code, self.message, self.span);
        Diagnostic { help: self.help, ..diagnostic }
    }
}
