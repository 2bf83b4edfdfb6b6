//! Kinds that are no longer served, or will not be for long.

use super::version::Minor;

/// A kind of one apiVersion that was given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deprecation {
    /// `policy/v1beta1/PodSecurityPolicy`.
    pub kind: &'static str,
    /// The version that deprecates it.
    pub deprecated: Option<Minor>,
    /// The first version that does not serve it; it may lie ahead.
    pub removed: Option<Minor>,
    /// What takes its place: a kind, or a sentence.
    pub replacement: &'static str,
}

impl Deprecation {
    /// Reads a row of the table: kind, deprecated, removed, use and source, separated by tabs.
    pub fn read(row: &'static str) -> Option<Self> {
        let mut fields = row.split('\t');
        let kind = fields.next()?;
        let deprecated = Minor::parse(fields.next()?);
        let removed = Minor::parse(fields.next()?);
        Some(Self { kind, deprecated, removed, replacement: fields.next()? })
    }
}
