//! The functions and operators that expressions can call: what they take and what they do.
//!
//! Source: `google/cel-go`, `common/stdlib` and `ext` (strings version 2, sets, two-variable
//! comprehensions), and `k8s.io/apiserver/pkg/cel/library`, as
//! `k8s.io/apiserver/pkg/cel/environment/base.go` puts them together.

mod table;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use super::{
    bindings::Bindings,
    error::{Budget, Error},
    types::Type,
    value::Value,
};
use table::{UNSUPPORTED, table};

/// What an evaluation comes to.
pub(super) type Evaluated<'a> = Result<Value<'a>, Error>;

/// What a function does with its arguments, of which the first is what it is called on.
pub(super) type Call = for<'a> fn(&mut Budget, &[Value<'a>]) -> Evaluated<'a>;

/// A function, or an operator.
#[derive(Debug)]
pub(super) struct Function {
    /// With the name of its group, as in `optional.of`.
    pub name: &'static str,
    /// Whether it is called on its first argument.
    pub is_member: bool,
    signatures: &'static [&'static str],
    pub call: Call,
    read: OnceLock<Vec<Signature>>,
}

/// What a function takes and returns. Its variables are numbered from 0.
#[derive(Debug)]
pub(super) struct Signature {
    pub arguments: Vec<Type>,
    pub result: Type,
}

impl Function {
    /// Its signatures.
    pub fn signatures(&self) -> &[Signature] {
        self.read.get_or_init(|| self.signatures.iter().map(|text| Signature::read(text)).collect())
    }
}

/// The functions of a name, called on something or not.
pub(super) fn named(name: &str) -> &'static [Function] {
    static BY_NAME: OnceLock<BTreeMap<&'static str, Vec<Function>>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let mut by_name: BTreeMap<&str, Vec<Function>> = BTreeMap::new();
        for (name, is_member, signatures, call) in table() {
            let function = Function { name, is_member, signatures, call, read: OnceLock::new() };
            by_name.entry(name).or_default().push(function);
        }
        by_name
    });
    by_name.get(name).map_or(&[], Vec::as_slice)
}

/// The names of all functions that are no operators.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    table().map(|(name, ..)| name).filter(|name| !name.contains('_'))
}

impl Signature {
    /// Reads `list(A), int -> A`.
    fn read(text: &str) -> Self {
        let (arguments, result) = text.split_once("->").unwrap_or((text, "dyn"));
        let mut reader = Reader(arguments);
        let mut types = Vec::new();
        while let Some(one) = reader.one() {
            types.push(one);
            reader.takes(',');
        }
        Self { arguments: types, result: Reader(result).one().unwrap_or(Type::Dyn) }
    }

    /// The signature with variables of its own.
    pub fn instance(&self, bindings: &mut Bindings) -> (Vec<Type>, Type) {
        let mut fresh: [Option<Type>; 2] = [None, None];
        let mut renamed = |one: &Type| rename(one, &mut fresh, bindings);
        let arguments = self.arguments.iter().map(&mut renamed).collect();
        let result = renamed(&self.result);
        (arguments, result)
    }
}

fn rename(one: &Type, fresh: &mut [Option<Type>; 2], bindings: &mut Bindings) -> Type {
    match one {
        Type::Variable(at) => match fresh.get_mut(*at as usize) {
            Some(known) => known.get_or_insert_with(|| bindings.fresh()).clone(),
            None => Type::Dyn,
        },
        Type::List(item) => Type::List(Arc::new(rename(item, fresh, bindings))),
        Type::Optional(value) => Type::Optional(Arc::new(rename(value, fresh, bindings))),
        Type::Map(key, value) => Type::Map(
            Arc::new(rename(key, fresh, bindings)),
            Arc::new(rename(value, fresh, bindings)),
        ),
        other => other.clone(),
    }
}

/// Reads types.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn takes(&mut self, sign: char) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn one(&mut self) -> Option<Type> {
        self.0 = self.0.trim_start();
        let length = self.0.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let mut parts = Vec::new();
        if self.takes('(') {
            while let Some(part) = self.one() {
                parts.push(Arc::new(part));
                self.takes(',');
            }
            self.takes(')');
        }
        Some(match (name, parts.as_slice()) {
            ("list", [item]) => Type::List(Arc::clone(item)),
            ("map", [key, value]) => Type::Map(Arc::clone(key), Arc::clone(value)),
            ("optional", [value]) => Type::Optional(Arc::clone(value)),
            ("A", _) => Type::Variable(0),
            ("B", _) => Type::Variable(1),
            ("null", _) => Type::Null,
            ("bool", _) => Type::Bool,
            ("int", _) => Type::Int,
            ("uint", _) => Type::Uint,
            ("double", _) => Type::Double,
            ("string", _) => Type::String,
            ("bytes", _) => Type::Bytes,
            ("duration", _) => Type::Duration,
            ("timestamp", _) => Type::Timestamp,
            ("type", _) => Type::Type,
            ("dyn", _) => Type::Dyn,
            (name, _) => Type::Opaque(OPAQUE.iter().find(|one| **one == name)?),
        })
    }
}

/// The types of the libraries.
const OPAQUE: &[&str] = &[
    "quantity",
    "url",
    "ip",
    "cidr",
    "semver",
    "format",
    "authorizer",
    "pathcheck",
    "groupcheck",
    "resourcecheck",
    "decision",
];

/// The type of a library by its name.
pub(super) fn opaque(name: &str) -> Type {
    OPAQUE.iter().find(|one| **one == name).map_or(Type::Dyn, |name| Type::Opaque(name))
}

impl Function {
    /// Whether it is known, but not what it does.
    pub fn is_unsupported(&self) -> bool {
        UNSUPPORTED.iter().any(|(name, ..)| *name == self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_can_be_read() {
        for (name, _, signatures, _) in table() {
            for text in signatures {
                let read = Signature::read(text);
                let shown: Vec<_> = read.arguments.iter().map(ToString::to_string).collect();
                let shown = format!("{} -> {}", shown.join(", "), read.result);
                let plain = text
                    .replace("(A, B)", "(dyn, dyn)")
                    .replace("(A)", "(dyn)")
                    .replace("(B)", "(dyn)");
                let plain: Vec<_> = plain
                    .split(' ')
                    .map(|word| match word {
                        "A" | "B" => "dyn",
                        "A," => "dyn,",
                        word => word,
                    })
                    .collect();
                assert_eq!(shown.trim(), plain.join(" "), "{name}");
            }
        }
    }
}
