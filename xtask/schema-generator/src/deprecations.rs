//! The kinds that are deprecated or gone: `xtask/schemas/kubernetes/deprecations.tsv`.
//!
//! The table is kept by hand and read beside the bundles, since a kind that is gone is in no
//! bundle. Here it is only checked against each version: what was removed is not served, what is
//! deprecated still is.

use anyhow::{Context, Result, ensure};

use crate::table::Minor;

/// The table, as it is committed.
pub const TABLE: &str = include_str!("../../schemas/kubernetes/deprecations.tsv");

const HEADER: &str = "kind\tdeprecated\tremoved\tuse\tsource";

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Deprecation<'a> {
    /// `policy/v1beta1/PodDisruptionBudget`.
    pub kind: &'a str,
    /// Since when the server warns, if that is known.
    pub deprecated: Option<Minor>,
    /// The first version that does not serve the kind; it may lie ahead.
    pub removed: Option<Minor>,
    /// The kind to use instead, or what else to do; empty if there is nothing.
    pub instead: &'a str,
}

/// Reads the table.
pub fn rows(table: &str) -> Result<Vec<Deprecation<'_>>> {
    let mut lines = table.lines();
    ensure!(lines.next() == Some(HEADER), "deprecations.tsv does not start with its header");
    lines.map(|line| row(line).with_context(|| format!("deprecations.tsv: {line}"))).collect()
}

fn row(line: &str) -> Result<Deprecation<'_>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [kind, deprecated, removed, instead, source] = columns.as_slice() else {
        anyhow::bail!("expected 5 columns, found {}", columns.len());
    };
    let version =
        |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<Minor>().map(Some) };
    let row =
        Deprecation { kind, deprecated: version(deprecated)?, removed: version(removed)?, instead };
    ensure!(!source.is_empty(), "the row names no source");
    ensure!(row.deprecated.is_some() || row.removed.is_some(), "the row names no version");
    Ok(row)
}

/// Checks the table against the kinds of a version. The error lists every row that does not fit.
pub fn check(version: Minor, kinds: &[String]) -> Result<()> {
    let rows = rows(TABLE)?;
    let misfits: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let is_served = kinds.iter().any(|kind| kind == row.kind);
            let is_removed = row.removed.is_some_and(|removed| removed <= version);
            let is_deprecated = row.deprecated.is_some_and(|deprecated| deprecated <= version);
            match (is_served, is_removed) {
                (true, true) => Some(format!("`{}` is served", row.kind)),
                (false, false) if is_deprecated => Some(format!("`{}` is not served", row.kind)),
                _ => None,
            }
        })
        .collect();
    ensure!(
        misfits.is_empty(),
        "rows of deprecations.tsv that do not fit Kubernetes {version}:\n  {}",
        misfits.join("\n  ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_in_order_and_there_is_one_a_kind() {
        let rows = rows(TABLE).expect("the table is well-formed");
        let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
        assert!(
            kinds.is_sorted_by(|left, right| left < right),
            "the rows are sorted by kind, none is there twice"
        );
    }

    #[cfg(feature = "v1_37")]
    #[test]
    fn the_successors_are_served() {
        let kinds: Vec<String> = crate::kinds::all().iter().map(crate::kinds::Kind::key).collect();
        for row in rows(TABLE).expect("the table is well-formed") {
            let is_kind = row.instead.contains('/');
            assert!(
                !is_kind || kinds.iter().any(|kind| kind == row.instead),
                "{}: no kind `{}`",
                row.kind,
                row.instead
            );
        }
    }

    #[test]
    fn a_kind_that_is_removed_must_not_be_served() {
        let kinds = ["policy/v1beta1/PodDisruptionBudget".to_owned()];
        let error = check(Minor(33), &kinds).expect_err("the kind was removed in 1.25");
        assert!(
            error.to_string().contains("`policy/v1beta1/PodDisruptionBudget` is served"),
            "{error}"
        );
    }
}
