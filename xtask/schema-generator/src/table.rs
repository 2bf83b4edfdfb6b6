//! The tables in `tables/*.txt`: what the API server checks and no `OpenAPI` document says.
//!
//! A table is text, one row a line, so that it can be reviewed beside the file of Kubernetes that
//! it follows:
//!
//! ```text
//! # A remark.
//! = pkg/apis/core/validation/validation.go
//! core.v1.Container.imagePullPolicy | enum Always IfNotPresent Never "" | | validatePullPolicy
//! ```
//!
//! `=` names the source file of the rows below it. A row has four columns: a subject, what holds of
//! it, flags, and the function or type of the source file. The flags `since:1.35` and `until:1.36`
//! (both inclusive) bound the versions in which the row holds; `undocumented` says that the field's
//! description does not name all values of an `enum`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

/// A minor version of Kubernetes 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minor(pub u32);

impl FromStr for Minor {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let minor = text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
        minor.map(Self).with_context(|| format!("`{text}` is no version like `1.36`"))
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// One row of a table.
#[derive(Clone, Debug)]
pub struct Row<Subject, Content> {
    pub subject: Subject,
    pub content: Content,
    pub since: Option<Minor>,
    pub until: Option<Minor>,
    pub undocumented: bool,
    /// The file of Kubernetes and the function or type in it.
    pub source: String,
    /// Where the row stands: `tables/enums.txt:12`.
    pub position: String,
}

impl<Subject, Content> Row<Subject, Content> {
    /// Whether the row speaks of this version.
    pub fn holds_in(&self, version: Minor) -> bool {
        self.since.is_none_or(|since| since <= version)
            && self.until.is_none_or(|until| version <= until)
    }
}

/// Reads a table.
pub fn parse<Subject, Content>(file: &str, text: &str) -> Result<Vec<Row<Subject, Content>>>
where
    Subject: FromStr<Err: Into<anyhow::Error>>,
    Content: FromStr<Err: Into<anyhow::Error>>,
{
    let mut rows = Vec::new();
    let mut source_file = None;
    for (index, line) in text.lines().enumerate() {
        let position = format!("{file}:{}", index + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(path) = line.strip_prefix('=') {
            source_file = Some(path.trim());
            continue;
        }
        let source_file =
            source_file.with_context(|| format!("{position}: no `= FILE` line above this row"))?;
        rows.push(
            parse_row(line, source_file, &position)
                .with_context(|| format!("{position}: {line}"))?,
        );
    }
    Ok(rows)
}

fn parse_row<Subject, Content>(
    line: &str,
    source_file: &str,
    position: &str,
) -> Result<Row<Subject, Content>>
where
    Subject: FromStr<Err: Into<anyhow::Error>>,
    Content: FromStr<Err: Into<anyhow::Error>>,
{
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let [subject, content, flags, function] = columns.as_slice() else {
        bail!(
            "expected 4 columns (subject | what holds | flags | function), found {}",
            columns.len()
        );
    };
    ensure!(!function.is_empty(), "the row names no source");
    let mut row = Row {
        subject: subject.parse().map_err(Into::into)?,
        content: content.parse().map_err(Into::into)?,
        since: None,
        until: None,
        undocumented: false,
        source: format!("{source_file}: {function}"),
        position: position.to_owned(),
    };
    for flag in flags.split_ascii_whitespace() {
        match flag.split_once(':') {
            Some(("since", version)) => row.since = Some(version.parse()?),
            Some(("until", version)) => row.until = Some(version.parse()?),
            None if flag == "undocumented" => row.undocumented = true,
            _ => bail!("unknown flag `{flag}`"),
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row<String, String>>> {
        parse("table", text)
    }

    #[test]
    fn a_row_knows_its_source_its_versions_and_its_position() {
        let rows = read("# remark\n\n= a.go\nfield | what | since:1.34 until:1.35 | check\n")
            .expect("the table is well-formed");
        let [row] = rows.as_slice() else { panic!("one row is expected, not {}", rows.len()) };
        assert_eq!((row.source.as_str(), row.position.as_str()), ("a.go: check", "table:4"));
        let holds = [33, 34, 35, 36].map(|minor| row.holds_in(Minor(minor)));
        assert_eq!(holds, [false, true, true, false]);
    }

    #[test]
    fn a_row_without_a_source_is_refused() {
        assert!(read("field | what | | check").is_err(), "no source file stands above the row");
        assert!(read("= a.go\nfield | what | |").is_err(), "the row names no function");
        assert!(read("= a.go\nfield | what | check").is_err(), "the flags are missing");
        assert!(read("= a.go\nfield | what | sinec:1.34 | check").is_err(), "the flag is unknown");
    }
}
