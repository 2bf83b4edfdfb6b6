//! The syntax of the names of objects, by kind.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::table::{self, Minor, Row};

const FILE: &str = "tables/names.txt";
const TABLE: &str = include_str!("../tables/names.txt");

/// How the name of an object is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameSyntax {
    Format {
        name: String,
        max_length: Option<u64>,
    },
    /// Objects of the kind are answered, not stored; their name is not looked at.
    Unnamed,
}

impl Default for NameSyntax {
    fn default() -> Self {
        Self::Format { name: "dns1123-subdomain".to_owned(), max_length: None }
    }
}

impl FromStr for NameSyntax {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["unnamed"] => Ok(Self::Unnamed),
            [name] => Ok(Self::Format { name: (*name).to_owned(), max_length: None }),
            [name, length] => {
                Ok(Self::Format { name: (*name).to_owned(), max_length: Some(length.parse()?) })
            }
            _ => bail!("expected `unnamed`, or a format and perhaps a length, not `{text}`"),
        }
    }
}

/// Every row of the table, whatever the version.
pub fn rows() -> Result<Vec<Row<String, NameSyntax>>> {
    table::parse(FILE, TABLE)
}

/// The syntax by the key of the kind, for the kinds whose names are no plain DNS subdomains.
pub fn syntaxes(version: Minor, keys: &[String]) -> Result<BTreeMap<String, NameSyntax>> {
    let mut syntaxes = BTreeMap::new();
    for row in rows()?.into_iter().filter(|row| row.holds_in(version)) {
        ensure!(
            keys.contains(&row.subject),
            "{}: no kind `{}` in Kubernetes {version}",
            row.position,
            row.subject
        );
        let known = syntaxes.insert(row.subject.clone(), row.content);
        known
            .is_none()
            .then_some(())
            .with_context(|| format!("{}: a second row for the kind", row.position))?;
    }
    Ok(syntaxes)
}
