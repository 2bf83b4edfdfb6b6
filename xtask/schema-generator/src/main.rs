//! Writes or checks the schema bundle of the Kubernetes version that this crate was built for.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use schema_generator::bundle::{Bundle, differences};

const EXAMPLE: &str = "\
Example:
  cargo run -p schema-generator --no-default-features --features v1_36 -- \\
    --output xtask/schemas/kubernetes/1.36.json";

/// Writes the schema bundle of one Kubernetes version, to stdout if no file is named.
#[derive(Parser)]
#[command(after_help = EXAMPLE)]
struct Arguments {
    /// Write the bundle to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    output: Option<PathBuf>,
    /// Compare the bundle with this file, say what differs; exit with 1 if something does.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        // A closed stderr takes the message with it; the exit code remains.
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::from(2)
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let bundle = Bundle::generate()?;
    if let Some(file) = &arguments.check {
        let committed = fs::read_to_string(file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let differences = differences(&committed, &bundle)
            .with_context(|| format!("failed to compare {}", file.display()))?;
        let mut stderr = io::stderr().lock();
        for difference in &differences {
            writeln!(stderr, "{}: {difference}", file.display())?;
        }
        return Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let text = bundle.to_text();
    match &arguments.output {
        Some(file) => {
            fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))?;
        }
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
