//! Functions of the interpreter behind a look at how much they would make.

use std::sync::LazyLock;

use regorus::{
    Source, Value,
    unstable::{BUILTINS, Expr, Ref, Span},
};

use super::{Function, Outcome, elements, integer, text};
use crate::policy::rego::limits::{self, Size, spend};

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

/// The name of a function that gives back its argument, if that is not too large to be compared.
pub(in crate::policy::rego) const SIZED: &str = "sized__";

/// The name of a function that gives back its argument, if that is not too large for `walk`, which makes
/// an array of the path to each part.
pub(in crate::policy::rego) const WALKED: &str = "walked__";

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    (SIZED, 1, |arguments| {
        arguments.iter().try_for_each(limits::measure)?;
        Ok(arguments.first().cloned())
    }),
    (WALKED, 1, |arguments| {
        let size = arguments.first().map(|value| Size::of(value, LARGEST));
        spend(size.unwrap_or_default().with_paths)?;
        Ok(arguments.first().cloned())
    }),
    ("array.concat", 2, guarded!("array.concat", whole)),
    ("array.reverse", 1, guarded!("array.reverse", items)),
    ("array.slice", 3, guarded!("array.slice", items)),
    ("base64.encode", 1, guarded!("base64.encode", |arguments| 2 * length(arguments, 0))),
    ("base64url.decode", 1, guarded!("base64url.decode", one)),
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
    ("hex.decode", 1, guarded!("hex.decode", one)),
    ("hex.encode", 1, guarded!("hex.encode", |arguments| 2 * length(arguments, 0))),
    ("intersection", 1, guarded!("intersection", whole)),
    ("json.filter", 2, |arguments| of_paths("json.filter", arguments)),
    ("json.remove", 2, |arguments| of_paths("json.remove", arguments)),
    ("numbers.range", 2, guarded!("numbers.range", |arguments| range(arguments, 1))),
    (
        "numbers.range_step",
        3,
        guarded!("numbers.range_step", |arguments| {
            range(arguments, integer(arguments.get(2)).unwrap_or(1).max(1))
        }),
    ),
    ("object.filter", 2, guarded!("object.filter", items)),
    ("object.keys", 1, guarded!("object.keys", items)),
    ("object.remove", 2, guarded!("object.remove", items)),
    ("object.union", 2, guarded!("object.union", whole)),
    (
        "replace",
        3,
        guarded!("replace", |arguments| {
            let (subject, old) = (length(arguments, 0), length(arguments, 1));
            let times = subject.checked_div(old).unwrap_or(subject + 1);
            subject.saturating_add(times.saturating_mul(length(arguments, 2)))
        }),
    ),
    ("sort", 1, guarded!("sort", items)),
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
    ("strings.reverse", 1, guarded!("strings.reverse", one)),
    ("trim", 2, guarded!("trim", cut)),
    ("trim_left", 2, guarded!("trim_left", cut)),
    ("trim_prefix", 2, guarded!("trim_prefix", one)),
    ("trim_right", 2, guarded!("trim_right", cut)),
    ("trim_space", 1, guarded!("trim_space", one)),
    ("trim_suffix", 2, guarded!("trim_suffix", one)),
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

/// The length of the first argument.
fn one(arguments: &[Value]) -> usize {
    length(arguments, 0)
}

fn count(arguments: &[Value], at: usize) -> usize {
    match arguments.get(at) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Set(items)) => items.len(),
        Some(Value::Object(fields)) => fields.len(),
        _ => 1,
    }
}

/// What the first argument takes without what is in its items.
fn items(arguments: &[Value]) -> usize {
    48 * count(arguments, 0)
}

/// The size of all arguments with everything in them.
pub(super) fn whole(arguments: &[Value]) -> usize {
    let bytes = |argument| Size::of(argument, LARGEST).bytes;
    arguments.iter().map(bytes).fold(0, usize::saturating_add)
}

fn range(arguments: &[Value], step: i64) -> usize {
    let is_whole = |value: &Value| matches!(value, Value::Number(number) if number.is_integer());
    if !arguments.iter().all(is_whole) {
        // It has no value.
        return 0;
    }
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

/// The interpreter makes a tree of the paths, and each level of it calls itself.
fn of_paths(name: &str, arguments: &[Value]) -> Outcome {
    /// No object nests as deep.
    const STEPS: usize = 1_000;
    spend(whole(arguments))?;
    let steps = |path: &Value| match path {
        Value::String(path) => path.matches('/').count(),
        Value::Array(path) => path.len(),
        _ => 0,
    };
    let paths = elements(arguments.get(1)).unwrap_or_default();
    if paths.into_iter().map(steps).any(|steps| steps > STEPS) {
        return Err("a path is too long".to_owned());
    }
    Ok(native(name, arguments))
}
