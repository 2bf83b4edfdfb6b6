//! What must hold of the violations of a case.

use crate::{
    formats::pattern,
    policy::Fault,
    yaml::{Node, Scalar, ScalarKind, canonical},
};

/// How many violations there must be with a message.
#[derive(Clone, Debug)]
pub struct Assertion<'a> {
    /// The whole of it.
    pub node: &'a Node,
    /// How many there must be.
    pub violations: Violations,
    /// The regular expression that their messages must match; all count without one.
    pub message: Option<&'a Node>,
}

/// How many violations there must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violations {
    /// At least one.
    Yes,
    /// None.
    No,
    /// So many.
    Exactly(usize),
    /// A value that means nothing, which is told when the assertion is checked.
    Unknown(String),
}

/// Why an assertion does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There are other violations than it expects, in words.
    Count(String),
    /// It cannot be checked at all.
    Unusable(String),
}

impl Violations {
    /// Reads `violations`: a whole number or a text.
    pub(super) fn new(node: &Node, path: &str) -> Result<Self, Fault> {
        let is_number =
            |scalar: &&Scalar| matches!(scalar.kind, ScalarKind::Int | ScalarKind::Float);
        // `1.0` is a whole number for JSON, which the suite is read as.
        let number = node.as_scalar().filter(is_number).and_then(canonical);
        match (node.as_str(), number) {
            (Some("yes"), _) => Ok(Self::Yes),
            (Some("no"), _) => Ok(Self::No),
            (Some(other), _) => Ok(Self::Unknown(other.to_owned())),
            (None, Some(number)) => match number.parse::<i32>() {
                Ok(count) => Ok(usize::try_from(count)
                    .map_or_else(|_| Self::Unknown(count.to_string()), Self::Exactly)),
                Err(_) => Err(Fault::new(node, format!("`{path}` is no number of violations"))),
            },
            (None, None) => {
                let help = "write `violations: yes`, `no` or a whole number";
                Err(Fault::type_of(node, path, "a whole number or a string").help(help))
            }
        }
    }
}

impl Assertion<'_> {
    /// Whether it holds of the messages of all violations.
    pub fn check(&self, messages: &[&str]) -> Result<(), Failure> {
        let pattern = self.message.and_then(Node::as_str);
        let regex = pattern.map(pattern::cached).transpose().map_err(|why| {
            let text = pattern.unwrap_or_default();
            Failure::Unusable(format!("the message `{text}` is no regular expression: {why}"))
        })?;
        let is_meant = |message: &&&str| regex.as_ref().is_none_or(|regex| regex.is_match(message));
        let count = messages.iter().filter(is_meant).count();
        let wanted = match &self.violations {
            Violations::Yes if count == 0 => "at least one".to_owned(),
            Violations::No if count > 0 => "none".to_owned(),
            Violations::Exactly(wanted) if *wanted != count => format!("exactly {wanted}"),
            Violations::Yes | Violations::No | Violations::Exactly(_) => return Ok(()),
            Violations::Unknown(word) => {
                let message =
                    format!("`violations` must be a whole number, `yes` or `no`, not `{word}`");
                return Err(Failure::Unusable(message));
            }
        };
        let noun = if count == 1 { "violation" } else { "violations" };
        let of = pattern.map(|text| format!(" with `{text}`")).unwrap_or_default();
        Err(Failure::Count(format!("{count} {noun}{of} where the suite wants {wanted}")))
    }
}
