//! The lines that the working tree changes, for `--changed`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::super::{Context, git::Git, settings::Extent};
use crate::diag::{Finding, Location, codes};

/// What is compared with if no revision is named.
pub(super) const DEFAULT: &str = "HEAD";

/// How the patch is asked for.
const PATCH: &[&str] = &[
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

/// The lines that differ from a commit, by the path of their file.
#[derive(Debug, Default)]
pub(super) struct Changed {
    files: BTreeMap<String, Lines>,
}

/// Lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lines {
    All,
    /// The first and the last line of each stretch, in order.
    Some(Vec<(u32, u32)>),
}

impl Changed {
    /// What the working tree changes since the newest commit that it has in common with `revision`.
    pub fn since(revision: &str, context: &Context) -> Result<Self> {
        Self::read(revision, context).context("--changed")
    }

    fn read(revision: &str, context: &Context) -> Result<Self> {
        let git = Git::new(&context.root)?;
        let hint = format!(
            "; to compare with {DEFAULT} and check `{revision}`, write `{revision} --changed`"
        );
        let base = git.base(revision, &hint)?;
        let mut changed = Self::default();
        let mut file = None;
        git.differences(&base, PATCH, &[], b'\n', |line| changed.add_line(line, &mut file))?;
        git.others(&[], |path| {
            changed.files.insert(path, Lines::All);
        })?;
        Ok(changed)
    }

    /// Adds a line of a patch. `file` is the one that it is about.
    fn add_line(&mut self, line: &[u8], file: &mut Option<String>) {
        if let Some(names) = line.strip_prefix(b"diff --git ") {
            *file = same_name(names);
        } else if line.starts_with(b"Binary files ") {
            // There are no lines to tell apart.
            if let Some(path) = file {
                self.files.insert(path.clone(), Lines::All);
            }
        } else if let Some(hunk) = line.strip_prefix(b"@@ ")
            && let Some(stretch) = stretch(hunk)
            && let Some(path) = file
            && let Lines::Some(lines) =
                self.files.entry(path.clone()).or_insert(Lines::Some(Vec::new()))
        {
            lines.push(stretch);
        }
    }

    /// Whether a finding is to be reported: one of its places is in a line that changes. Of what
    /// could not be read or built nothing else is known, and what is to be rendered again may follow
    /// from any change.
    pub fn concerns(&self, finding: &Finding, extent: &Extent<'_>, context: &Context) -> bool {
        let related = finding.related.iter().map(|related| &related.location);
        finding.is_obstacle()
            || finding.code == codes::RENDER_STALE
            || std::iter::once(&finding.primary).chain(related).any(|place| {
                let path = extent.in_repository(&context.root, &place.path);
                path.is_some_and(|path| self.touches(&path, place))
            })
    }

    fn touches(&self, path: &str, place: &Location) -> bool {
        let (first, mut last) = (place.start.line, place.end.line);
        if last > first && place.end.col == 1 {
            last -= 1;
        }
        match self.files.get(path) {
            None => false,
            Some(Lines::All) => true,
            Some(Lines::Some(lines)) => {
                let next = lines.partition_point(|(_, end)| *end < first);
                lines.get(next).is_some_and(|(start, _)| *start <= last)
            }
        }
    }
}

/// The path in `a/PATH b/PATH`, either in quotes if it has special characters.
fn same_name(names: &[u8]) -> Option<String> {
    let (one, rest) = names.split_at_checked(names.len() / 2)?;
    let other = rest.strip_prefix(b" ")?;
    match (one, other) {
        ([b'"', one @ .., b'"'], [b'"', ..]) => {
            let path = unquoted(one);
            Some(String::from_utf8_lossy(path.strip_prefix(b"a/")?).into_owned())
        }
        _ => Some(String::from_utf8_lossy(one.strip_prefix(b"a/")?).into_owned()),
    }
}

/// A path without the escapes that it has in quotes, which are those of C.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(first @ b'0'..=b'7') => {
                let mut value = first - b'0';
                for _ in 0..2 {
                    let Some(next) = bytes.next_if(|byte| (b'0'..=b'7').contains(byte)) else {
                        break;
                    };
                    value = value.wrapping_mul(8).wrapping_add(next - b'0');
                }
                out.push(value);
            }
            Some(letter) => out.push(match letter {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                other => other,
            }),
            None => {}
        }
    }
    out
}

/// The lines of the new file in `-a,b +c,d @@`. Where lines are only removed, those around the gap.
fn stretch(hunk: &[u8]) -> Option<(u32, u32)> {
    let hunk = std::str::from_utf8(hunk.split(|byte| *byte == b'@').next()?).ok()?;
    let added = hunk.split(' ').find_map(|part| part.strip_prefix('+'))?;
    let (start, count) = added.split_once(',').unwrap_or((added, "1"));
    let (start, count): (u32, u32) = (start.parse().ok()?, count.parse().ok()?);
    Some(match count {
        0 => (start, start.saturating_add(1)),
        count => (start, start.saturating_add(count - 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    fn read(patch: &str) -> Changed {
        let (mut changed, mut file) = (Changed::default(), None);
        patch.lines().for_each(|line| changed.add_line(line.as_bytes(), &mut file));
        changed
    }

    #[test]
    fn a_patch_says_which_lines_change() {
        let changed = read(
            "diff --git a/b/c b/b/c\nindex 1..2 100644\n--- a/b/c\n+++ b/b/c\n\
             @@ -3 +3,2 @@ spec:\n-x\n+diff --git a/z b/z\n+@@ -1 +1 @@\n\
             @@ -9,2 +9,0 @@\n-x\n-y\n\
             diff --git a/bin b/bin\nBinary files a/bin and b/bin differ\n",
        );
        let files: Vec<_> = changed.files.iter().map(|(path, lines)| (&**path, lines)).collect();
        let expected = Lines::Some(vec![(3, 4), (9, 10)]);
        assert_eq!(files, [("b/c", &expected), ("bin", &Lines::All)]);
    }

    #[test]
    fn a_path_is_read_with_its_spaces_and_escapes() {
        let name = |names: &str| same_name(names.as_bytes());
        assert_eq!(name("a/x y.yaml b/x y.yaml").as_deref(), Some("x y.yaml"));
        assert_eq!(name("a/x b/x b/x b/x").as_deref(), Some("x b/x"));
        assert_eq!(
            name(r#""a/\303\251 \"\t\\.yaml" "b/\303\251 \"\t\\.yaml""#).as_deref(),
            Some("é \"\t\\.yaml")
        );
        for odd in ["", "a", "a/x", "\"a/x", "\"a/\\\" \"b/\\\""] {
            name(odd);
        }
    }

    #[test]
    fn a_place_is_touched_by_any_of_its_lines() {
        let changed = read("diff --git a/x b/x\n@@ -3 +3 @@\n@@ -6,0 +6,2 @@\n");
        let mut sources = Sources::default();
        let id = sources.add("x", "1\n2\n3\n4\n5\n6\n7\n8\n");
        let touched = |first: u32, last: u32| {
            // From the start of a line to the start of the one after the last.
            let place = Location::new(&sources, Span::new(id, (first - 1) * 2..last * 2));
            changed.touches("x", &place)
        };
        let lines: Vec<u32> = (1..=8).filter(|line| touched(*line, *line)).collect();
        assert_eq!(lines, [3, 6, 7]);
        assert!(touched(1, 3) && touched(1, 8) && !touched(4, 5) && !touched(1, 2));
        let place = Location::new(&sources, Span::new(id, 0..16));
        assert!(!changed.touches("y", &place));
    }

    #[test]
    fn hunks_that_are_none_are_no_lines() {
        for hunk in ["", "-1 @@", "+x @@", "-1 +1,x @@", "-1 +99999999999 @@"] {
            assert_eq!(stretch(hunk.as_bytes()), None, "{hunk}");
        }
        assert_eq!(stretch(b"-1,2 +0,0 @@"), Some((0, 1)));
        assert_eq!(stretch(b"-1 +4294967295,2 @@"), Some((u32::MAX, u32::MAX)));
    }
}
