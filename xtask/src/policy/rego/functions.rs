//! The functions of OPA that the interpreter lacks, or has in another way.
//!
//! Invariant: what is wrong with an argument makes the call undefined, as OPA does by default; only
//! a limit ends the evaluation.
//!
//! Source: `topdown` of OPA 1.17.1.

mod documents;
mod extended;
mod globs;
mod graphs;
mod guarded;
mod hashes;
mod identifiers;
mod networks;
mod numbers;
mod patterns;
mod schemas;
mod searches;
mod sets;
mod texts;
mod unions;
mod units;
mod urls;
mod versions;

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
pub(super) use guarded::{SIZED, WALKED};
use regorus::{Engine, Value};

/// A value, nothing where the call is undefined, or what ends the evaluation.
type Outcome = Result<Option<Value>, String>;

type Function = fn(&[Value]) -> Outcome;

/// Name, number of arguments and what it does; they hide those of the interpreter.
const FUNCTIONS: &[&[(&str, u8, Function)]] = &[
    documents::FUNCTIONS,
    globs::FUNCTIONS,
    graphs::FUNCTIONS,
    guarded::FUNCTIONS,
    hashes::FUNCTIONS,
    identifiers::FUNCTIONS,
    networks::FUNCTIONS,
    numbers::FUNCTIONS,
    patterns::FUNCTIONS,
    schemas::FUNCTIONS,
    searches::FUNCTIONS,
    sets::FUNCTIONS,
    texts::FUNCTIONS,
    unions::FUNCTIONS,
    units::FUNCTIONS,
    urls::FUNCTIONS,
    versions::FUNCTIONS,
];

/// Gives an engine the functions that the code uses.
pub(super) fn register(engine: &mut Engine, used: &BTreeSet<String>) -> Result<()> {
    for (name, arity, function) in FUNCTIONS.iter().copied().flatten() {
        if used.contains(*name) {
            let call = move |arguments: Vec<Value>| match function(&arguments) {
                Ok(value) => Ok(value.unwrap_or(Value::Undefined)),
                Err(limit) => Err(anyhow!(limit)),
            };
            engine.add_extension((*name).to_owned(), *arity, Box::new(call))?;
        }
    }
    Ok(())
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The elements of an array or a set.
fn elements(value: Option<&Value>) -> Option<Vec<&Value>> {
    match value? {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Set(items) => Some(items.iter_sorted().collect()),
        _ => None,
    }
}

fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

/// The character that a text consists of, if it is one.
fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use regorus::unstable::BUILTINS;

    use super::{super::signatures, *};
    use crate::policy::rego::Version;

    #[test]
    fn every_function_of_opa_is_here_or_refused() {
        // Operators, which are written as such.
        let operators = ["and", "equal", "gt", "gte", "lt", "lte", "neq", "or"];
        let own: BTreeSet<&str> =
            FUNCTIONS.iter().copied().flatten().map(|(name, ..)| *name).collect();
        let missing: Vec<&str> = signatures::names(Version::V0)
            .filter(|name| signatures::unsupported(name).is_none() && !operators.contains(name))
            .filter(|name| !own.contains(name) && !BUILTINS.contains_key(name))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
        // A function is evaluated or there is a reason why it is not.
        for (prefix, why) in signatures::UNSUPPORTED {
            assert!(
                signatures::names(Version::V0).any(|name| name.starts_with(prefix)),
                "{prefix}"
            );
            assert!(!own.iter().any(|name| name.starts_with(prefix)), "{prefix}: {why}");
        }
    }

    #[test]
    fn the_functions_take_as_many_arguments_as_those_of_opa() {
        for (name, arity, _) in FUNCTIONS.iter().copied().flatten() {
            if let Some(expected) = signatures::arity(name) {
                assert_eq!(usize::from(*arity), expected, "{name}");
            }
        }
    }
}
