//! Diagnostics: what is wrong in the reader's files, where, and what to do about it.
//!
//! Invariant: nothing here reads a file or knows a kind; a diagnostic is values and spans, and a
//! renderer turns it into text.

use std::borrow::Cow;

use crate::source::Span;

pub mod codes;
mod render;
mod report;
mod suggest;

pub use codes::Code;
pub use render::{Format, TestCase, TestSuite, junit_of_cases, render};
pub use report::{Finding, Location, Related, Report};
pub use suggest::{closest, did_you_mean};

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never fails a run, not even a strict one.
    Info,
    /// Worth a look; fails a run only under `--strict`.
    Warning,
    /// Fails the run.
    Error,
}

/// One problem in the reader's files. Its places are spans of one set of sources, or of several.
#[derive(Clone, Debug)]
pub struct Diagnostic<P = Span> {
    /// The stable name of the rule, `area/rule`.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One line that stands on its own: lower case, no full stop, literals in backticks.
    pub message: Cow<'static, str>,
    /// Where to look first.
    pub primary: P,
    /// Places that explain it, each with a few words.
    pub related: Vec<(P, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place where several sets of sources are looked at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anchor {
    /// Which of the sets.
    pub unit: usize,
    /// Where in it.
    pub span: Span,
    /// Whether what stands there must not be shown: its letters become `*`.
    pub is_secret: bool,
}

impl Severity {
    /// The word for it; a format with a vocabulary of its own says it in that.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl<P> Diagnostic<P> {
    /// A problem that fails the run.
    pub fn error(code: Code, message: impl Into<Cow<'static, str>>, primary: P) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary,
            related: Vec::new(),
            help: None,
        }
    }

    /// A problem that is worth a look.
    pub fn warning(code: Code, message: impl Into<Cow<'static, str>>, primary: P) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, primary) }
    }

    /// What is worth knowing.
    pub fn info(code: Code, message: impl Into<Cow<'static, str>>, primary: P) -> Self {
        Self { severity: Severity::Info, ..Self::error(code, message, primary) }
    }

    /// Whether it fails the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Adds a place that explains it.
    #[must_use]
    pub fn with_related(mut self, place: P, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
