//! The custom kinds that are built in: the bundles of `schemas/custom`, out of the binary.

use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

use super::{super::packed, CustomKind};

/// A bundle as `build.rs` has packed it.
#[derive(Debug)]
struct Packed {
    name: &'static str,
    source: &'static str,
    version: &'static str,
    /// Sorted; each is a line of the unpacked text.
    kinds: &'static [&'static str],
    compressed: &'static [u8],
}

const PACKED: &[Packed] = include!(concat!(env!("OUT_DIR"), "/custom.rs"));

/// What one project defines.
#[derive(Clone, Copy, Debug)]
pub struct Bundle {
    /// The name of its file, without the extension.
    pub name: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// The version of the project.
    pub version: &'static str,
    /// Its kinds.
    pub kinds: &'static [&'static str],
}

/// The bundles that are built in, by name.
pub fn bundles() -> impl Iterator<Item = Bundle> {
    PACKED.iter().map(|one| Bundle {
        name: one.name,
        source: one.source,
        version: one.version,
        kinds: one.kinds,
    })
}

/// Every kind of the bundles.
pub(in crate::schema) fn names() -> impl Iterator<Item = &'static str> {
    PACKED.iter().flat_map(|one| one.kinds.iter().copied())
}

/// The kind of a name.
pub(in crate::schema) fn get(name: &str) -> Option<&'static CustomKind> {
    static KINDS: OnceLock<BTreeMap<&'static str, OnceLock<CustomKind>>> = OnceLock::new();
    let kinds = KINDS.get_or_init(|| names().map(|name| (name, OnceLock::new())).collect());
    let kind = kinds.get(name)?;
    let line = line(name)?;
    Some(kind.get_or_init(|| CustomKind::new(name.into(), Cow::Borrowed(line))))
}

/// The text of a kind. A bundle is unpacked when a kind of it is first needed.
pub(super) fn line(name: &str) -> Option<&'static str> {
    static TEXTS: OnceLock<Vec<OnceLock<Vec<&'static str>>>> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| PACKED.iter().map(|_| OnceLock::new()).collect());
    let (at, index) = PACKED
        .iter()
        .enumerate()
        .find_map(|(at, one)| one.kinds.binary_search(&name).ok().map(|index| (at, index)))?;
    let one = PACKED.get(at)?;
    let text = || packed::text(one.compressed).lines().collect();
    let lines = texts.get(at)?.get_or_init(text);
    lines.get(index).copied()
}
