//! Functions of the interpreter behind a look at how much they would make.

use std::sync::LazyLock;

use regorus::{
    Source, Value,
    unstable::{BUILTINS, Expr, Ref, Span},
};

use super::{Function, elements, integer, text};
use crate::policy::rego::{limits::spend, value::size};

macro_rules! guarded {
    ($name:literal, $bytes:expr) => {
        |arguments| {
            let bytes: fn(&[Value]) -> usize = $bytes;
            spend(bytes(arguments))?;
            Ok(native($name, arguments))
        }
    };
}

/// No part of a program is larger.
const LARGEST: usize = 48 << 20;

/// The name of a function that gives back its argument, if that is not too large to walk.
pub(in crate::policy::rego) const SIZED: &str = "walked__";

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    (SIZED, 1, |arguments| {
        spend(whole(arguments))?;
        Ok(arguments.first().cloned())
    }),
    (
        "array.concat",
        2,
        guarded!("array.concat", |arguments| 24 * (count(arguments, 0) + count(arguments, 1))),
    ),
    ("base64.encode", 1, guarded!("base64.encode", |arguments| 2 * length(arguments, 0))),
    ("base64url.encode", 1, guarded!("base64url.encode", |arguments| 2 * length(arguments, 0))),
    (
        "base64url.encode_no_pad",
        1,
        guarded!("base64url.encode_no_pad", |arguments| 2 * length(arguments, 0)),
    ),
    (
        "bits.lsh",
        2,
        guarded!("bits.lsh", |arguments| {
            // More than 1024 bits are no number that can be printed.
            let shift = integer(arguments.get(1)).unwrap_or(i64::MAX);
            if shift <= 1024 { 128 } else { usize::MAX }
        }),
    ),
    (
        "concat",
        2,
        guarded!("concat", |arguments| {
            let items = elements(arguments.get(1)).unwrap_or_default();
            let texts: usize = items.iter().filter_map(|item| text(Some(item))).map(str::len).sum();
            texts.saturating_add(items.len().saturating_mul(length(arguments, 0)))
        }),
    ),
    ("hex.encode", 1, guarded!("hex.encode", |arguments| 2 * length(arguments, 0))),
    ("json.filter", 2, guarded!("json.filter", whole)),
    ("json.patch", 2, guarded!("json.patch", whole)),
    ("json.remove", 2, guarded!("json.remove", whole)),
    ("numbers.range", 2, guarded!("numbers.range", |arguments| range(arguments, 1))),
    (
        "numbers.range_step",
        3,
        guarded!("numbers.range_step", |arguments| {
            range(arguments, integer(arguments.get(2)).unwrap_or(1).max(1))
        }),
    ),
    ("object.union", 2, guarded!("object.union", whole)),
    ("object.union_n", 1, guarded!("object.union_n", whole)),
    (
        "replace",
        3,
        guarded!("replace", |arguments| {
            let (subject, old) = (length(arguments, 0), length(arguments, 1));
            let times = subject.checked_div(old).unwrap_or(subject + 1);
            subject.saturating_add(times.saturating_mul(length(arguments, 2)))
        }),
    ),
    (
        "split",
        2,
        guarded!("split", |arguments| {
            let subject = text(arguments.first()).unwrap_or_default();
            let pieces = match text(arguments.get(1)).unwrap_or_default() {
                "" => subject.len(),
                delimiter => subject.matches(delimiter).count(),
            };
            subject.len() + 48 * pieces
        }),
    ),
    ("strings.any_prefix_match", 2, guarded!("strings.any_prefix_match", pairs)),
    ("strings.any_suffix_match", 2, guarded!("strings.any_suffix_match", pairs)),
    ("trim", 2, guarded!("trim", cut)),
    ("trim_left", 2, guarded!("trim_left", cut)),
    ("trim_right", 2, guarded!("trim_right", cut)),
];

/// Calls a function of the interpreter. An error makes the call undefined.
pub(super) fn native(name: &str, arguments: &[Value]) -> Option<Value> {
    /// Where the call is and what its arguments are, for errors that nobody reads.
    static PLACE: LazyLock<Option<(Span, Vec<Ref<Expr>>)>> = LazyLock::new(|| {
        let source = Source::from_contents(String::new(), " ".to_owned()).ok()?;
        let span = Span { source, line: 1, col: 1, start: 0, end: 1 };
        let null = || Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 });
        let arguments = std::iter::repeat_with(null).take(8).collect();
        Some((span, arguments))
    });
    let (span, places) = PLACE.as_ref()?;
    let (function, _) = BUILTINS.get(name)?;
    let places = places.get(..arguments.len())?;
    function(span, places, arguments, true).ok().filter(|value| *value != Value::Undefined)
}

fn length(arguments: &[Value], at: usize) -> usize {
    text(arguments.get(at)).map_or(0, str::len)
}

fn count(arguments: &[Value], at: usize) -> usize {
    match arguments.get(at) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Set(items)) => items.len(),
        _ => 1,
    }
}

/// The size of all arguments with everything in them.
pub(super) fn whole(arguments: &[Value]) -> usize {
    arguments.iter().map(|argument| size(argument, LARGEST)).fold(0, usize::saturating_add)
}

fn range(arguments: &[Value], step: i64) -> usize {
    let ends = integer(arguments.first()).zip(integer(arguments.get(1)));
    let count = ends.map_or(u64::MAX, |(from, to)| from.abs_diff(to) / step.unsigned_abs());
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(24)
}

/// How often something is compared, as if each took a byte.
fn pairs(arguments: &[Value]) -> usize {
    count(arguments, 0).saturating_mul(count(arguments, 1))
}

fn cut(arguments: &[Value]) -> usize {
    length(arguments, 0).saturating_mul(length(arguments, 1)) / 8
}
