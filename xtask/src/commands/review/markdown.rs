//! Changes of the rendered tree as Markdown.
//!
//! Source: GitHub's flavour, in which a comment has at most 65,536 characters. Invariant: no text of
//! a manifest or a path ends the block that it is in, and no value of a Secret is shown.

use std::{collections::BTreeMap, fmt::Write};

use similar::{ChangeTag, TextDiff};

use super::Change;
use crate::{
    resource::hide_secrets,
    source::Sources,
    yaml::{Dialect, parse},
};

/// The first line, by which a comment is found again.
const MARK: &str = "<!-- cargo xtask review -->\n";

/// How long the whole may be, in bytes, of which a text has at least as many as characters. What is
/// said at the end has to fit in as well.
const MAX_LENGTH: usize = 65_000;

/// How many applications are counted one by one.
const MAX_ROWS: usize = 100;

/// Longer texts are not compared line by line; their difference would hardly fit.
const MAX_LINES: usize = 5_000;

/// How many files of an application are added, changed and removed.
type Counts = [usize; 3];

/// A comment about changes, compared with `base`.
pub(super) fn comment(changes: &[Change], base: &str) -> String {
    let mut out = MARK.to_owned();
    if changes.is_empty() {
        out.push_str("Nothing changes in a cluster: `rendered/` stays as it is.\n");
        return out;
    }
    out.push_str("### What changes in the clusters\n\n");
    out.push_str(&table(changes));
    let (mut app, mut left_out) = (None, 0);
    for change in changes {
        let mut block = String::new();
        let own = Some((&change.env, &change.app));
        if app != own {
            let _ = writeln!(block, "\n#### {}", code(&format!("{}/{}", change.env, change.app)));
        }
        block.push_str(&details(change));
        if out.len() + block.len() > MAX_LENGTH {
            left_out += 1;
            continue;
        }
        app = own;
        out.push_str(&block);
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\n**{left_out} of {} files are not shown**, because a comment would be too long with \
             them. `git diff {}... -- rendered` has all.",
            changes.len(),
            base.replace(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)), "?"),
        );
    }
    out
}

/// How much changes where.
fn table(changes: &[Change]) -> String {
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for change in changes {
        let [added, changed, removed] = counts.entry((&change.env, &change.app)).or_default();
        *match (&change.before, &change.after) {
            (None, _) => added,
            (_, None) => removed,
            _ => changed,
        } += 1;
    }
    let mut out = "| environment | application | added | changed | removed |\n".to_owned();
    out.push_str("|---|---|---|---|---|\n");
    for ((env, app), counts) in counts.iter().take(MAX_ROWS) {
        let [added, changed, removed] =
            counts.map(|count| if count == 0 { String::new() } else { count.to_string() });
        let (env, app) = (code(env), code(app));
        let _ = writeln!(out, "| {env} | {app} | {added} | {changed} | {removed} |");
    }
    let hidden = counts.len().saturating_sub(MAX_ROWS);
    if hidden > 0 {
        let _ = writeln!(out, "\nand {hidden} more applications");
    }
    out
}

/// One file, as a part that is unfolded with a click.
fn details(change: &Change) -> String {
    let state = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let before = shown(change.before.as_deref().unwrap_or_default());
    let after = shown(change.after.as_deref().unwrap_or_default());
    let file = code(&change.file);
    if before == after {
        let why = "only values of a Secret, or what cannot be read, which are not shown";
        return format!("\n- {state} {file}: {why}\n");
    }
    if before.lines().count().max(after.lines().count()) > MAX_LINES {
        return format!("\n- {state} {file}: too long to be compared here\n");
    }
    let diff = TextDiff::from_lines(&before, &after);
    let count = |tag| diff.iter_all_changes().filter(|line| line.tag() == tag).count();
    let (more, less) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
    let text = diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string();
    let fence = fence(&text);
    format!(
        "\n<details><summary>{state} {file} (+{more} -{less})</summary>\n\n{fence}diff\n{text}{fence}\n\n\
         </details>\n"
    )
}

/// A text without the values of Secrets; nothing of one that is not YAML, as nobody knows what it is.
fn shown(text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("", text);
    let mut problems = Vec::new();
    let documents = parse(&sources, source, Dialect::Config, &mut problems);
    for document in &documents {
        hide_secrets(&mut sources, document);
    }
    if !problems.is_empty() {
        sources.hide(sources.whole(source));
    }
    let end = sources.whole(source).end;
    let mut shown = sources.get(source).shown(0..end).into_owned();
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

/// A line of backticks that no line of the text is as long as.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// A name in HTML, in which nothing of it means anything else.
fn code(name: &str) -> String {
    let mut out = "<code>".to_owned();
    for c in name.chars() {
        match c {
            c if c.is_alphanumeric() || "/.- ".contains(c) => out.push(c),
            c => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
        }
    }
    out + "</code>"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(file: &str, before: Option<&str>, after: Option<&str>) -> Change {
        let [before, after] = [before, after].map(|text| text.map(str::to_owned));
        Change { env: "prod".into(), app: "web".into(), file: file.into(), before, after }
    }

    #[test]
    fn the_values_of_a_secret_are_not_shown() {
        let secret = |value: &str| format!("apiVersion: v1\nkind: Secret\ndata:\n  a: {value}\n");
        let (old, new) = (secret("aHVudGVyMQ=="), secret("aHVudGVyMTI="));
        let changes = [
            change("a.yaml", None, Some(&new)),
            change("b.yaml", Some(&old), Some(&new)),
            change("c.yaml", Some(&old), None),
            change("d.yaml", Some(&old), Some(&old.replace("Secret", "ConfigMap"))),
            change("e.yaml", Some(&format!("{old}  a: [")), None),
        ];
        let comment = comment(&changes, "main");
        let of_config_map = "+  a: aHVudGVyMQ==";
        assert!(comment.contains(of_config_map));
        let rest = comment.replace(of_config_map, "");
        assert!(!rest.contains("aHVu") && !rest.contains("TEy"), "{rest}");
        assert!(rest.contains("changed <code>b.yaml</code>: only values of a Secret"), "{rest}");
    }

    #[test]
    fn no_text_ends_its_block() {
        let hostile = "a: |\n  ```\n  </details>\n  ````\n";
        let shown = details(&change("a.yaml", None, Some(hostile)));
        assert!(shown.contains("\n`````diff\n"), "{shown}");
        let name = code("a<b>|`@x`.yaml");
        assert_eq!(name, "<code>a&#60;b&#62;&#124;&#96;&#64;x&#96;.yaml</code>");
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_counted() {
        let large = "a: bcdefghijklmnopqrstuvwxyz\n".repeat(3_000);
        let mut changes =
            vec![change("a.yaml", None, Some(&large)), change("b.yaml", None, Some("b: 1\n"))];
        let comment_of = |changes: &[Change]| comment(changes, "main");
        let short = comment_of(&changes);
        assert!(short.contains("b.yaml") && !short.contains("a.yaml"), "{short}");
        assert!(short.contains("**1 of 2 files are not shown**"), "{short}");
        changes.extend((0..2_000).map(|n| change(&format!("{n}.yaml"), None, Some("b: 1\n"))));
        changes.extend((0..500).map(|n| Change {
            app: format!("{n}{}", "<".repeat(50)),
            ..change("x.yaml", Some("b: 1\n"), None)
        }));
        let long = comment_of(&changes);
        assert!(long.chars().count() < 65_536, "{}", long.len());
        assert!(long.contains("of 2502 files are not shown**"));
    }
}
