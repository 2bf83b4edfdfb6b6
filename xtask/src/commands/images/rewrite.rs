//! Writing digests into the text of a file, and into the comment above that says where they are from.
//!
//! Invariant: nothing else changes.

use std::ops::Range;

use anyhow::{Context as _, Result, ensure};

use super::find::{Form, Spot};

/// How the sentence about a digest begins, up to which a comment is kept.
const SENTENCE: &str = "The digest is ";

/// A digest to write.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub spot: &'a Spot,
    /// What is written before it, where no digest is.
    pub tag: &'a str,
    pub digest: String,
    /// Lines without indentation and `#`. The first begins with [`SENTENCE`].
    pub comment: [String; 2],
}

/// A line of a text, without its end.
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn trimmed(&self) -> &str {
        self.text.trim_start()
    }

    fn indentation(&self) -> &str {
        self.text.get(..self.text.len() - self.trimmed().len()).unwrap_or_default()
    }
}

/// The text of a file with its digests.
pub(super) fn apply(text: &str, changes: &[Change<'_>]) -> Result<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = lines(text);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for change in changes {
        let Spot { start, end, form, .. } = *change.spot;
        let at = lines.partition_point(|line| line.start <= start).saturating_sub(1);
        let line = lines.get(at).context("the file is not the one that was read")?;
        let old = text.get(start..end).context("the file is not the one that was read")?;
        let before = text.get(..start).unwrap_or_default().trim_end_matches(['"', '\'']);
        let is_as_read = if old.is_empty() {
            before.ends_with(change.tag)
        } else {
            old.starts_with("sha256:") || old.starts_with("sha512:")
        };
        ensure!(is_as_read, "the file is not the one that was read");
        let digest = &change.digest;
        edits.push(match form {
            Form::Digest | Form::Entry => (start..end, digest.clone()),
            Form::AfterTag => (start..end, format!("@{digest}")),
            Form::NewKey => {
                let key = line.text.find("newTag").unwrap_or_default();
                let before = line.text.get(..key).unwrap_or_default();
                ensure!(
                    before.chars().all(|c| c == ' ' || c == '-'),
                    "write the entry of `images:` with a key on each line, and `digest: {digest}` in it"
                );
                let indentation = " ".repeat(before.len());
                (line.end()..line.end(), format!("{newline}{indentation}digest: {digest}"))
            }
        });
        let is_entry = matches!(form, Form::Entry | Form::NewKey);
        edits.extend(comment(&lines, at, is_entry, &change.comment, newline));
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut out, mut end) = (String::with_capacity(text.len() + 200 * changes.len()), 0);
    for (range, new) in &edits {
        let between = text.get(end..range.start).context("two digests are in one place")?;
        out.push_str(between);
        out.push_str(new);
        end = range.end;
    }
    out.push_str(text.get(end..).unwrap_or_default());
    Ok(out)
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let line = |text| {
        let line = Line { start, text: str::trim_end_matches(text, ['\r', '\n']) };
        start += text.len();
        line
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The comment above line `at`, or above the entry that the line is in: its last sentences, about the
/// digest, are replaced, and what is before them is kept.
fn comment(
    lines: &[Line<'_>],
    at: usize,
    is_entry: bool,
    comment: &[String],
    newline: &str,
) -> Option<(Range<usize>, String)> {
    let above = lines.get(..=at)?;
    let first = if is_entry {
        above.iter().rposition(|line| line.trimmed().starts_with("- "))?
    } else {
        at
    };
    let entry = lines.get(first)?;
    let indentation = entry.indentation();
    let comment: Vec<String> =
        comment.iter().map(|line| format!("{indentation}# {line}{newline}")).collect();
    let comment = comment.concat();
    let block = above.get(..first)?;
    let block =
        block.iter().rev().take_while(|line| line.trimmed().starts_with('#')).collect::<Vec<_>>();
    // The block is upside down.
    let old = block.iter().rev().find_map(|line| Some((*line, line.text.find(SENTENCE)?)));
    let Some((line, sentence)) = old else {
        return Some((entry.start..entry.start, comment));
    };
    let before = line.text.get(..sentence).unwrap_or_default().trim_end();
    let kept = if before.trim() == "#" { String::new() } else { format!("{before}{newline}") };
    Some((line.start..entry.start, kept + &comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:new";

    fn applied(text: &str, old: &str, form: Form) -> Result<String> {
        let start = text.find(old).unwrap();
        let (start, end) = match form {
            Form::Digest | Form::Entry => (start, start + old.len()),
            Form::AfterTag | Form::NewKey => (start + old.len(), start + old.len()),
        };
        let spot = Spot { file: "x".to_owned(), start, end, form };
        let comment = ["The digest is that of `a:1`, from".to_owned(), "https://a/1".to_owned()];
        apply(text, &[Change { spot: &spot, tag: "1", digest: DIGEST.to_owned(), comment }])
    }

    #[test]
    fn a_digest_follows_its_tag_inside_of_quotes() {
        assert_eq!(
            applied("# Why.\n\n# What.\nimage: \"a:1\"  # x\nb: 2\n", "a:1", Form::AfterTag)
                .unwrap(),
            "# Why.\n\n# What.\n# The digest is that of `a:1`, from\n# https://a/1\n\
             image: \"a:1@sha256:new\"  # x\nb: 2\n"
        );
    }

    #[test]
    fn the_last_sentences_of_a_comment_are_replaced() {
        assert_eq!(
            applied(
                "x:\r\n  # Decides. The digest is old,\r\n  # from https://b\r\n  i: a:1@sha256:old",
                "sha256:old",
                Form::Digest
            )
            .unwrap(),
            "x:\r\n  # Decides.\r\n  # The digest is that of `a:1`, from\r\n  # https://a/1\r\n  \
             i: a:1@sha256:new"
        );
    }

    #[test]
    fn an_entry_has_its_comment_above_it() {
        let text = "images:\n  # Other.\n  - name: b\n    newTag: 2\n  # The digest is old.\n  - name: a\n    newTag: 1\n";
        let comment = "  # The digest is that of `a:1`, from\n  # https://a/1\n";
        assert_eq!(
            applied(text, "newTag: 1", Form::NewKey).unwrap(),
            format!(
                "images:\n  # Other.\n  - name: b\n    newTag: 2\n{comment}  - name: a\n    \
                 newTag: 1\n    digest: sha256:new\n"
            )
        );
        let text = "images:\n  - digest: sha256:old\n    name: a\n";
        assert_eq!(
            applied(text, "sha256:old", Form::Entry).unwrap(),
            format!("images:\n{comment}  - digest: sha256:new\n    name: a\n")
        );
        let flow = applied("images: [{name: a, newTag: 1}]\n", "newTag: 1", Form::NewKey);
        assert!(flow.is_err());
    }

    #[test]
    fn a_file_that_has_changed_is_left_as_it_is() {
        assert!(applied("image: a:1\n", "a:1", Form::Digest).is_err());
        assert!(applied("image: a:2\n", "a:2", Form::AfterTag).is_err());
    }
}
