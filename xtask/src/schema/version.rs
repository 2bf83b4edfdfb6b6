//! Versions of Kubernetes, and sets of them.

use std::fmt;

/// A minor version that there is a bundle for, such as `1.36`: its place in the order of the
/// bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) u8);

/// A set of versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Versions(pub(super) u8);

impl Versions {
    /// No version.
    pub const NONE: Self = Self(0);

    /// The first `count` versions.
    pub(super) fn first(count: usize) -> Self {
        Self(
            u8::MAX
                .checked_shr(8_u32.saturating_sub(u32::try_from(count).unwrap_or(8)))
                .unwrap_or(0),
        )
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether a version is in the set.
    pub fn contains(self, version: Version) -> bool {
        self.0 & (1 << version.0) != 0
    }

    /// With another version.
    #[must_use]
    pub fn with(self, version: Version) -> Self {
        Self(self.0 | (1 << version.0))
    }

    /// Those that are in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in one of the sets.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in the other set.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The versions in order.
    pub fn iter(self) -> impl Iterator<Item = Version> {
        (0..8).map(Version).filter(move |version| self.contains(*version))
    }
}

/// `1.36` as two numbers, for comparisons with versions that there is no bundle for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minor(u32, u32);

impl Minor {
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let all = Versions::first(5);
        assert_eq!((all.0, all.len(), Versions::first(8).0, Versions::first(0).0), (31, 5, 255, 0));
        let odd = Versions::NONE.with(Version(1)).with(Version(3));
        assert_eq!(all.and(odd), odd);
        assert_eq!(all.without(odd).iter().map(|one| one.0).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(odd.or(all), all);
    }

    #[test]
    fn minors_are_compared_as_numbers() {
        assert!(Minor::parse("1.9") < Minor::parse("1.33"));
        assert_eq!(Minor::parse("v1"), None);
    }
}
