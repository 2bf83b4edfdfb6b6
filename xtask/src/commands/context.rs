//! What every command shares: where the repository is, how diagnostics are shown, and writing to
//! the standard streams.

use std::{
    env, fmt,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use super::Verdict;
use crate::{
    diag::{Format, Report, Severity},
    source::repository_root,
};

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// How diagnostics are written
    #[arg(long, global = true, value_enum, default_value = "pretty")]
    format: FormatArg,
    /// Take warnings for errors
    #[arg(long, global = true)]
    strict: bool,
    /// The least severe diagnostic that makes the exit code 1
    #[arg(long, global = true, value_enum, default_value = "error", value_name = "SEVERITY")]
    fail_on: SeverityArg,
    /// The repository; by default the directory above the current one that has `.git`
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// With the lines of source, for a person
    Pretty,
    /// `path:line:col: error[code]: message`
    Concise,
    /// One JSON object a line
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// One SARIF 2.1.0 document, for code scanning
    Sarif,
    /// One JUnit document, for the test reports of a build server
    Junit,
    /// Of `validate` with files: no diagnostics but `{"file": ..., "ok": ...}`, one file a line
    Verdicts,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SeverityArg {
    Info,
    Warning,
    Error,
}

/// The global options with their meaning.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The repository, absolute.
    pub root: PathBuf,
    /// How diagnostics are written.
    pub format: Format,
    /// Whether verdicts are written instead.
    pub verdicts: bool,
    strict: bool,
    fail_on: Severity,
}

/// The reader of our standard output is gone.
#[derive(Debug)]
pub(super) struct ClosedPipe;

impl fmt::Display for ClosedPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the standard output is closed")
    }
}

impl std::error::Error for ClosedPipe {}

impl Context {
    pub fn new(args: &GlobalArgs) -> Result<Self> {
        let current = env::current_dir().context("failed to find the current directory")?;
        let root = match &args.root {
            Some(dir) if dir.is_dir() => std::path::absolute(dir)?,
            Some(dir) => bail!("--root: there is no directory {}", dir.display()),
            None => repository_root(&current).unwrap_or(current),
        };
        let root = crate::source::normalize(&root);
        Ok(Self {
            root,
            format: match args.format {
                FormatArg::Pretty | FormatArg::Verdicts => Format::Pretty,
                FormatArg::Concise => Format::Concise,
                FormatArg::Json => Format::Json,
                FormatArg::Github => Format::Github,
                FormatArg::Sarif => Format::Sarif,
                FormatArg::Junit => Format::Junit,
            },
            verdicts: matches!(args.format, FormatArg::Verdicts),
            strict: args.strict,
            fail_on: match args.fail_on {
                SeverityArg::Info => Severity::Info,
                SeverityArg::Warning => Severity::Warning,
                SeverityArg::Error => Severity::Error,
            },
        })
    }

    /// An empty report.
    pub fn report(&self) -> Report {
        Report::new(self.strict)
    }

    /// Writes a report beside the data of a command, to standard error, and says what it means for
    /// the exit code.
    pub fn show(&self, report: &Report) -> Verdict {
        let colour = has_colour(&io::stderr());
        let text = report.render(self.format, colour);
        // There is nobody left to tell if standard error is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        self.verdict(report)
    }

    /// Writes the report of a command that has no other data. A document is data itself and goes to
    /// standard output, so a run may publish one report only.
    pub fn publish(&self, report: &Report) -> Result<Verdict> {
        if !self.format.is_document() {
            return Ok(self.show(report));
        }
        print(&report.render(self.format, false))?;
        Ok(self.verdict(report))
    }

    /// What a report means for the exit code.
    pub fn verdict(&self, report: &Report) -> Verdict {
        match report.worst() {
            Some(worst) if worst >= self.fail_on => Verdict::Failed,
            _ => Verdict::Clean,
        }
    }

    /// Whether the reader is a person: other formats carry nothing but diagnostics.
    pub fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Pretty | Format::Concise)
    }
}

/// Whether colours may be written to a stream: see <https://no-color.org>.
pub(super) fn has_colour(stream: &impl IsTerminal) -> bool {
    let unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
    stream.is_terminal()
        && unset("NO_COLOR")
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes data to standard output.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ClosedPipe.into()),
        other => other.context("failed to write to standard output"),
    }
}

/// Writes a line for the person at the terminal to standard error.
pub(super) fn note(line: &str) {
    // There is nobody left to tell if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// `text` padded to `width` characters.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

/// Rows in aligned columns, two spaces apart, without spaces at the end of a line.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| pad(cell, *width));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "bb", "c"], ["ééé", "b", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a    bb  c\nééé  b\n");
    }
}
