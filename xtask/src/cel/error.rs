//! Why an expression has no value, and what it may cost to find one.

use std::{borrow::Cow, ops::Range};

/// Why an expression cannot be compiled: what the API server refuses when it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// What is wrong, to follow a colon.
    pub message: String,
    /// Where, in bytes of the expression.
    pub range: Range<usize>,
}

impl CompileError {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range }
    }
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In a few words.
    pub message: Cow<'static, str>,
    /// Of which kind it is.
    pub kind: ErrorKind,
}

/// What an error means for the rest of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A value is not as the expression takes it to be. `true || ...` has a value all the same.
    Value,
    /// The evaluation takes too many steps.
    Budget,
    /// A part of an expression that is not known here.
    Unsupported,
}

impl Error {
    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), kind: ErrorKind::Value }
    }

    pub(super) fn unsupported(what: impl Into<Cow<'static, str>>) -> Self {
        Self { message: what.into(), kind: ErrorKind::Unsupported }
    }

    pub(super) fn no_overload() -> Self {
        Self::new("no such overload")
    }

    /// Whether another operand can make up for it.
    pub(super) fn is_absorbed(&self) -> bool {
        self.kind == ErrorKind::Value
    }
}

/// How many steps evaluations may still take: about one for a part of an expression, and one for
/// a dozen bytes that are copied or compared.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// A number of steps.
    pub fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// Lets an evaluation have at most so many of the steps that are left.
    #[must_use]
    pub fn at_most(self, steps: u64) -> Self {
        Self { left: self.left.min(steps) }
    }

    /// How many steps are left.
    pub fn left(self) -> u64 {
        self.left
    }

    /// Takes steps away that another budget has taken.
    pub fn spend(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    pub(super) fn charge(&mut self, steps: usize) -> Result<(), Error> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.map(drop).ok_or(Error {
            message: Cow::Borrowed("it takes more steps than are allowed"),
            kind: ErrorKind::Budget,
        })
    }

    /// Charges for bytes that are looked at.
    pub(super) fn charge_bytes(&mut self, count: usize) -> Result<(), Error> {
        self.charge(count / 16 + 1)
    }
}

/// How many expressions of one object are compiled: so many bytes, with so many patterns. What is
/// beyond is left to the server. The largest of the curated definitions has a tenth of it.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    bytes: usize,
    patterns: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { bytes: 1_000_000, patterns: 300 }
    }
}

impl Allowance {
    /// Whether an expression is among those that are compiled.
    pub fn takes(&mut self, expression: &str) -> bool {
        let functions = ["matches(", "find(", "findAll("];
        let patterns: usize = functions.iter().map(|name| expression.matches(name).count()).sum();
        let left =
            self.bytes.checked_sub(expression.len()).zip(self.patterns.checked_sub(patterns));
        if let Some((bytes, patterns)) = left {
            *self = Self { bytes, patterns };
        }
        left.is_some()
    }
}
