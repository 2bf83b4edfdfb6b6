//! The tree of an expression.
//!
//! Source: `google/cel-spec`, `doc/langdef.md`. Invariant: nodes are kept in one list, none is more
//! than [`DEPTH_LIMIT`] levels high, and a macro is a node of its own instead of the loop that it
//! stands for.

use std::ops::Range;

use crate::yaml::Text;

/// How many levels a tree has at most: checking and evaluating it take as many calls.
pub(super) const DEPTH_LIMIT: u16 = 200;

/// Names that no variable has.
pub(super) const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// The place of a node in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u32);

/// A parsed expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// Where it is written, in bytes: of a call the name, of an operator its sign.
    pub at: Range<usize>,
    pub height: u16,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Literal(Literal),
    Name(Text),
    Select {
        operand: Id,
        field: Text,
        /// `a.?b`
        is_optional: bool,
    },
    /// `has(a.b)`
    Has {
        operand: Id,
        field: Text,
    },
    Index {
        operand: Id,
        index: Id,
        /// `a[?b]`
        is_optional: bool,
    },
    /// A call or an operator, whose name is then like `_+_`. Whether the first argument is what
    /// the function is called on.
    Call {
        function: Text,
        has_target: bool,
        arguments: Vec<Id>,
    },
    And(Vec<Id>),
    Or(Vec<Id>),
    Conditional {
        condition: Id,
        yes: Id,
        no: Id,
    },
    /// The items, each with whether it is left out where it is an empty optional.
    List(Vec<(Id, bool)>),
    Map(Vec<Entry>),
    /// A message; no environment here has types of which one can be made.
    Struct(Text),
    Fold(Fold),
}

/// An entry of a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub key: Id,
    pub value: Id,
    pub is_optional: bool,
}

/// A macro that goes through a collection.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub macro_: Macro,
    pub range: Id,
    /// The names of the variables: one, or two for index and item or key and value.
    pub first: Text,
    pub second: Option<Text>,
    /// Which items are taken; of `all` and the like what is asked of each.
    pub filter: Option<Id>,
    /// What becomes of an item.
    pub result: Option<Id>,
}

/// Which macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    /// `map` and `transformList`
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    OptMap,
    OptFlatMap,
}

/// A value that is written out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Box<str>),
    Bytes(Box<[u8]>),
}

impl Tree {
    /// Adds a node, unless the tree would be too high.
    pub fn add(&mut self, kind: Kind, at: Range<usize>) -> Option<Id> {
        let below = kind.parts().map(|id| self.get(id).height).max();
        let height = below.map_or(0, |below| below + 1);
        if height > DEPTH_LIMIT {
            return None;
        }
        let id = Id(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(Node { kind, at, height });
        Some(id)
    }

    /// Adds an operand to a chain of `&&` or `||`. None if the node is none; whether the tree stays
    /// low enough.
    pub fn extend(&mut self, chain: Id, is_and: bool, operand: Id) -> Option<bool> {
        let height = self.get(operand).height + 1;
        let node = self.nodes.get_mut(chain.index())?;
        match &mut node.kind {
            Kind::And(all) if is_and => all.push(operand),
            Kind::Or(all) if !is_and => all.push(operand),
            _ => return None,
        }
        node.height = node.height.max(height);
        Some(node.height <= DEPTH_LIMIT)
    }

    /// A node.
    #[expect(clippy::indexing_slicing, reason = "an Id is only made by `add`")]
    pub fn get(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// All nodes.
    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(Id)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
}

impl Id {
    /// The place in the list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Kind {
    /// The nodes that this one is made of.
    fn parts(&self) -> impl Iterator<Item = Id> {
        let (few, many): ([Option<Id>; 3], &[Id]) = match self {
            Self::Literal(_) | Self::Name(_) | Self::Struct(_) | Self::List(_) | Self::Map(_) => {
                ([None; 3], &[])
            }
            Self::Select { operand, .. } | Self::Has { operand, .. } => {
                ([Some(*operand), None, None], &[])
            }
            Self::Index { operand, index, .. } => ([Some(*operand), Some(*index), None], &[]),
            Self::Call { arguments, .. } => ([None; 3], arguments),
            Self::And(all) | Self::Or(all) => ([None; 3], all),
            Self::Conditional { condition, yes, no } => {
                ([Some(*condition), Some(*yes), Some(*no)], &[])
            }
            Self::Fold(fold) => ([Some(fold.range), fold.filter, fold.result], &[]),
        };
        let items = if let Self::List(items) = self { items.as_slice() } else { &[] };
        let entries = if let Self::Map(entries) = self { entries.as_slice() } else { &[] };
        few.into_iter()
            .flatten()
            .chain(many.iter().copied())
            .chain(items.iter().map(|(id, _)| *id))
            .chain(entries.iter().flat_map(|entry| [entry.key, entry.value]))
    }
}
